"""One plan: from the plant's state and the expected hours to set-points for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from heatrouter.agents.planning.coefficients import Coefficients, coefficients
from heatrouter.agents.planning.district_program import DistrictProgram, PlanValues
from heatrouter.agents.planning.expectation import Expectation
from heatrouter.agents.planning.greenhouses import PROBE_K, measured_loss
from heatrouter.agents.planning.horizon import Horizon
from heatrouter.agents.planning.plan_set_points import first_set_points, plan_set_points
from heatrouter.agents.planning.plant_facts import PlantFacts
from heatrouter.agents.planning.settings import PlannerSettings
from heatrouter.agents.planning.twin_run import TwinRun
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.dispatch import heating_curve
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.units import SECONDS_PER_DAY, SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What was planned, and what it was planned from.

    Attributes:
        set_points: For every control step of the horizon, ``(n_control, n_set_points)``.
        values: Solution of the programme, by plan step.
        numbers: Its coefficients.
        deadline: Whether the mixed-integer solve was ended by its time limit.
        hours_before: Hours of the programme that lie behind: where no new plan was found, the last
            one goes on.
    """

    set_points: FloatArray
    values: PlanValues
    numbers: Coefficients
    deadline: bool
    hours_before: float = 0.0


class Planner:
    """Plans the hours ahead of one environment of a closed loop.

    The twin runs the last plan's set-points on what is expected; the programme is linear round that
    course, so its demands, limits and costs hold close to what it plans. Offsets of the
    supply temperature are enumerated: each has a course and coefficients of its own.

    The state of the plant is taken as known; an engineer would estimate it. That favours the
    planner against controllers that see measured values only.

    Args:
        batch: The closed loop.
        settings: How to look ahead.

    Raises:
        ConfigError: A plan would end before the next one is made, or its steps do not fit.
    """

    def __init__(self, batch: DistrictBatch, settings: PlannerSettings) -> None:
        self._batch, self.settings = batch, settings
        district, task, library = batch.district, batch.task, batch.library
        self.horizon = Horizon.of(task.control_dt_s, settings.horizon_hours, settings.fine_hours)
        if settings.replan_steps > self.horizon.n_control:
            msg = (
                f"replan_steps {settings.replan_steps} is more than the {self.horizon.n_control} "
                "control steps of the horizon; plan more often or lengthen horizon_hours"
            )
            raise ConfigError(msg)
        self.facts = PlantFacts.build(
            district, batch.contract, batch.columns, fixed_co2=task.objective.co2_eur_per_t
        )
        self._expectation = Expectation(library, task, district, self.horizon, settings.foresight)
        self._probes = bool(self.facts.greenhouses)
        self._twin = TwinRun(
            district,
            task,
            library,
            n_steps=self._expectation.n_steps,
            n_variants=len(settings.supply_levels_k) + self._probes,
        )
        self._program = DistrictProgram(
            self.facts,
            task,
            self.horizon,
            binary_hours=settings.binary_hours,
            end_value_eur_per_mwh=settings.end_value_eur_per_mwh,
        )
        self._ambient_at = library.column("ambient_temp_c")

    def plan(self, saved: Mapping[str, np.ndarray], env: int, last: Plan | None) -> Plan:
        """Plan from the present state.

        Args:
            saved: State of the closed loop.
            env: Environment in it.
            last: The plan before, made ``replan_steps`` ago.

        Raises:
            NumericalError: The programme or the twin failed.
        """
        library = self._batch.library
        scenario = int(saved["plant.scenario"][env])
        step = int(saved["plant.time_s"][env]) // library.step_s % library.n_steps
        series = self._expectation.at(scenario, step)
        day = round(SECONDS_PER_DAY / library.step_s)
        past = library.values[scenario, np.arange(step - day, step) % library.n_steps]
        control = np.arange(self.horizon.n_control) * self.horizon.control_dt_s
        ambient = series[(control // library.step_s).astype(np.int64), self._ambient_at]
        curve = heating_curve(self.facts.plan, self._batch.decoder.rules, ambient)
        found = last
        for _ in range(self.settings.first_passes if last is None else self.settings.passes):
            self._twin.start(saved, env, past, series)
            set_points = self._guess(
                found, shift=self.settings.replan_steps if found is last else 0
            )
            found = self._improve(saved["observation"][env], curve, set_points)
        if found is None:  # at least one pass is made
            raise AssertionError
        return found

    def shifted(self, last: Plan) -> Plan:
        """The last plan as the next one: for when no new one could be made."""
        steps = self.settings.replan_steps
        return replace(
            last,
            set_points=self._guess(last, steps),
            hours_before=last.hours_before + steps * self.horizon.control_dt_s / SECONDS_PER_HOUR,
        )

    def _guess(self, last: Plan | None, shift: int) -> FloatArray:
        """Set-points round which the programme is linear."""
        n = self.horizon.n_control
        if last is None:
            return first_set_points(self.facts, n)
        before = last.set_points
        # beyond the end of the last plan a day repeats
        day = min(round(SECONDS_PER_DAY / self.horizon.control_dt_s), n)
        tail = before[n - day : n - day + shift]
        return np.concatenate([before[shift:], tail])

    def _improve(self, now: FloatArray, curve: FloatArray, set_points: FloatArray) -> Plan:
        facts, plan, settings = self.facts, self.facts.plan, self.settings
        levels = settings.supply_levels_k
        actions = np.repeat(set_points[np.newaxis], len(levels) + self._probes, axis=0)
        for variant, level in enumerate((*levels, levels[0])[: len(actions)]):
            supply = np.minimum(np.maximum(curve + level, plan.supply_low), plan.supply_high)
            actions[variant][:, plan.supply_points] = supply
        if self._probes:
            actions[-1][:, plan.greenhouse_points] += PROBE_K
        course = self._twin.run(actions)
        loss = measured_loss(facts, course.outputs[0], course.outputs[-1])
        candidates = []
        for variant in range(len(levels)):
            numbers = coefficients(
                facts,
                self.horizon,
                course.observations[variant],
                course.outputs[variant],
                course.set_points[variant],
                now,
                loss_kw_k=loss,
                stratification_loss=settings.stratification_loss,
                crop_margin_k=settings.crop_margin_k,
            )
            self._program.update(numbers)
            values = self._program.solve(integers=False, time_limit_s=settings.time_limit_s)
            candidates.append((values.cost_eur + numbers.pump_eur, variant, numbers, values))
        _, chosen, numbers, values = min(candidates, key=lambda candidate: candidate[0])
        if settings.binary_hours > 0.0 and self._program.has_integers:
            self._program.update(numbers)
            prices = values.heat_price
            values = self._program.solve(
                integers=True, time_limit_s=settings.time_limit_s, gap=settings.gap
            ).with_prices(prices)
        return Plan(
            set_points=plan_set_points(
                facts, self.horizon, actions[chosen], course.set_points[chosen], numbers, values
            ),
            values=values,
            numbers=numbers,
            deadline=not values.solution.in_time,
        )
