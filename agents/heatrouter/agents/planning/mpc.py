"""Model predictive control: forecast, twin, programme, set-points; again every hour."""

import time
from typing import Final

import numpy as np

from heatrouter.agents.planning.coefficients import coefficients
from heatrouter.agents.planning.district_program import DistrictProgram, PlanValues
from heatrouter.agents.planning.expectation import Expectation, Foresight
from heatrouter.agents.planning.horizon import Horizon
from heatrouter.agents.planning.plant_facts import PlantFacts
from heatrouter.agents.planning.twin_run import TwinRun
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch import heating_curve
from heatrouter.envs.simulation.district_batch import DistrictBatch


class Mpc:
    parametrisation: Final = "absolute"

    def __init__(self, *, hours=24.0, fine_hours=6.0, foresight: Foresight = "forecast",
                 replan_steps=4, binary_hours=6.0, integers=True, name="mpc", end_value=None,
                 levels=(0.0,), greenhouse=True, time_limit=0.5, ramping=True, round_at=0.3,
                 first_passes=3, passes=1, floor=0.25) -> None:
        self.name = name
        self.hours, self.fine_hours, self.foresight = hours, fine_hours, foresight
        self.replan_steps, self.binary_hours, self.integers = replan_steps, binary_hours, integers
        self.end_value, self.supply_levels, self.greenhouse = end_value, levels, greenhouse
        self.time_limit = time_limit
        self.ramping, self.round_at = ramping, round_at
        self.first_passes, self.passes, self.floor = first_passes, passes, floor
        self.seconds = {"twin": [], "lp": [], "all": []}

    def attach(self, batch: DistrictBatch) -> None:
        self.batch = batch
        d, t, lib = batch.district, batch.task, batch.library
        self.horizon = Horizon.of(t.control_dt_s, self.hours, self.fine_hours)
        self.expectation = Expectation(lib, t, d, self.horizon, self.foresight)
        self.twin = TwinRun(d, t, lib, n_steps=self.expectation.n_steps, n_variants=len(self.supply_levels)+1,
                            parametrisation="absolute", rules=batch.decoder.rules)
        self.facts = PlantFacts.build(d, batch.contract, batch.columns)
        self.program = DistrictProgram(self.facts, t, self.horizon, binary_hours=self.binary_hours,
                                       end_value_eur_per_mwh=self.end_value, ramping=self.ramping)
        self.mean_at = [batch.columns[f"{g.name}.air_mean_24h_c"] for g in self.facts.greenhouses]
        self.offset_points = self.facts.plan.greenhouse_points

    def reset(self, contract: Contract, num_envs: int) -> None:
        self.step = 0
        self.planned = [None] * num_envs

    def act(self, observation: Float32Array) -> FloatArray:
        k = self.step % self.replan_steps
        if k == 0:
            saved = self.batch.save_state()
            for e in range(len(observation)):
                self.planned[e] = self._plan(saved, e)
        self.step += 1
        return np.stack([p[k] for p in self.planned])

    def _plan(self, saved, e):
        t0 = time.perf_counter()
        lib = self.batch.library
        scenario = int(saved["plant.scenario"][e])
        step = int(saved["plant.time_s"][e]) // lib.step_s
        n = lib.n_steps
        series = self.expectation.at(scenario, step % n)
        past = lib.values[scenario, np.arange(step - 96, step) % n]
        nc = self.horizon.n_control
        plan = self.facts.plan
        ambient = series[(np.arange(nc) * self.horizon.control_dt_s // lib.step_s).astype(int), lib.column("ambient_temp_c")]
        curve = heating_curve(plan, self.batch.decoder.rules, ambient)
        last = self.planned[e] if e < len(self.planned) else None
        if last is None:
            nominal = np.tile(plan.set_point_high, (nc, 1))
            nominal[:, plan.greenhouse_points] = 0.0
            nominal[:, plan.producer_points[plan.n_sources + plan.n_machines:]] = 0.0
            nominal[:, plan.commanded.set_point_at] = 0.0
        else:
            day = min(96, nc) - self.replan_steps
            nominal = np.concatenate([last[self.replan_steps:], last[-min(96, nc):][:self.replan_steps]])
        passes = self.first_passes if last is None else self.passes
        for _ in range(passes):
            nominal = self._improve(saved, e, past, series, curve, nominal)
        self.seconds["all"].append(time.perf_counter() - t0)
        return nominal

    def _improve(self, saved, e, past, series, curve, nominal):
        t0 = time.perf_counter()
        plan, facts = self.facts.plan, self.facts
        self.twin.start(saved, e, past, series)
        levels = self.supply_levels
        k = len(levels) + 1
        action = np.repeat(nominal[np.newaxis], k, axis=0)
        for i, level in enumerate((*levels, levels[0])):
            action[i][:, plan.supply_points] = np.clip(curve + level, plan.supply_low, plan.supply_high)
        action[-1][:, plan.greenhouse_points] -= 1.0
        course = self.twin.run(action)
        t1 = time.perf_counter()
        now = saved["observation"][e]
        limit = np.array([g.crop_mean_min_c for g in facts.greenhouses])
        reach = np.array([g.offset_max_k for g in facts.greenhouses])[:, None]
        dq = course.outputs[-1][:, facts.greenhouse_heat_at] - course.outputs[0][:, facts.greenhouse_heat_at]
        dT = course.outputs[-1][:, facts.greenhouse_air_at] - course.outputs[0][:, facts.greenhouse_air_at]
        settled = dT < -0.8
        area = np.array([g.floor_area_m2 for g in facts.greenhouses])
        G = np.where(settled.any(0), (dq * settled).sum(0) / np.minimum((dT * settled).sum(0), -1e-9), area * 5e-3)
        G = np.clip(G, area * 1e-3, area * 9e-3)
        best = None
        for i in range(len(levels)):
            numbers = coefficients(facts, self.horizon, course.observations[i], course.outputs[i], now)
            span = numbers.store_high - numbers.store_low
            numbers.store_low[:] = np.minimum(numbers.store_low + self.floor * span, np.maximum(numbers.store_now[:, None], numbers.store_low))
            cold = limit[:, None] - self.horizon.mean(course.outputs[i][:, self.mean_at]).T
            base = self.horizon.mean(course.set_points[i][:, self.offset_points]).T
            lo, hi = -reach - base, reach - base
            if not self.greenhouse:
                lo, hi = lo * 0, hi * 0
            self.program.update(numbers, cold, (lo, hi), G)
            values = self.program.solve(integers=False, time_limit_s=self.time_limit)
            total = values.cost_eur + numbers.pump_eur
            if best is None or total < best[0] - 1e-6:
                best = (total, i, numbers, cold, lo, hi, base, values)
        total, i, numbers, cold, lo, hi, base, values = best
        if self.integers:
            self.program.update(numbers, cold, (lo, hi), G)
            values = self.program.solve(integers=True, time_limit_s=self.time_limit)
        self.seconds["twin"].append(t1 - t0); self.seconds["lp"].append(time.perf_counter() - t1)
        self.last = (course, numbers, values)
        self.chosen = i
        return self._set_points(action[i], numbers, values, base)

    def _set_points(self, nominal, numbers, v: PlanValues, base):
        plan = self.facts.plan
        steps = np.repeat(np.arange(self.horizon.n_steps), self.horizon.counts)
        n = len(steps)
        out = np.empty((n, plan.set_point_low.size))
        out[:] = plan.set_point_safe
        heat, limit = v.heat_kw[:, steps].T, numbers.limit_kw[:, steps].T
        share = heat / plan.capacity_kw
        share[:, :plan.n_sources] = heat[:, :plan.n_sources] / np.maximum(limit[:, :plan.n_sources], 1e-3)
        share = np.where(heat > 0.98 * limit, 1.0, share)
        least = self.facts.min_kw / plan.capacity_kw
        runs = heat > self.round_at * self.facts.min_kw
        share = np.where(runs, np.maximum(share, least), 0.0)
        share[:, :plan.n_sources] = np.where(limit[:, :plan.n_sources] < 1.0, 1.0, share[:, :plan.n_sources])
        out[:, plan.producer_points] = np.clip(share, 0, 1)
        out[:, plan.supply_points] = nominal[:, plan.supply_points]
        out[:, plan.greenhouse_points] = (base + v.offset_k)[:, steps].T
        com = plan.commanded
        for j, name in enumerate(com.names):
            s = self.facts.store_names.index(name)
            spread = np.maximum((numbers.store_high[s] - numbers.store_low[s]) / self.facts.store_kwh_k[s], 5.0)
            out[:, com.set_point_at[j]] = (v.charge_kw[s] / (com.flow_kw_k[j] * spread))[steps]
        if plan.release_points.size:
            out[:, plan.release_points] = 1.0
        return np.clip(out, plan.set_point_low, plan.set_point_high)
