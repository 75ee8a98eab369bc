"""The planning model of a district: heat of every unit, stores, greenhouses and starts.

One balance per circuit and step: what producers give, less what links and heat pumps take to
other circuits, less what stores take, is what the twin's course took. Machines with a least load
are on by shares, or, for as many of the first hours as wanted, in whole numbers. What no unit can
cover is unmet at its price, what nobody can take is spilled, store levels beyond what the
set-points allow cost a little: the programme is never infeasible.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from heatrouter.agents.planning.batches import BatchBlock
from heatrouter.agents.planning.coefficients import Coefficients
from heatrouter.agents.planning.greenhouses import GreenhouseBlock
from heatrouter.agents.planning.horizon import Horizon
from heatrouter.agents.planning.linear_program import LinearProgram, Solution
from heatrouter.agents.planning.plant_facts import LEAST_SPREAD_K, PlantFacts
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.spec.task import Task

_BEYOND_EUR_PER_KWH: Final = 0.4
"""Price of a store level beyond its limits, per kWh and hour: below unmet demand, above heat."""
_SPILL_EUR_PER_KWH: Final = 0.001
_GAS_END_EUR_PER_KWH: Final = 0.03
"""Worth of biogas that is left at the end."""


@dataclass(frozen=True, slots=True, eq=False)
class PlanValues:
    """A solved plan; powers in kW by plan step."""

    heat_kw: FloatArray  # (n_producers, n_steps)
    on: FloatArray  # (n_producers, n_steps)
    charge_kw: FloatArray  # (n_stores, n_steps)
    store_kwh: FloatArray  # (n_stores, n_steps) at the end of each step
    air_k: FloatArray  # (n_greenhouses, n_steps) deviation of the air from the twin's course
    batch_starts: FloatArray  # (n_batches, n_steps) charges
    heat_price: FloatArray  # (n_circuits, n_steps) EUR/MWh, dual of the balance
    unmet_kw: FloatArray  # (n_circuits, n_steps)
    spill_kw: FloatArray  # (n_circuits, n_steps)
    linked_kw: FloatArray  # (n_links, n_steps) through exchangers that balance
    extra_kw: FloatArray  # (n_greenhouses, n_steps) more heat than in the twin's course
    cost_eur: float
    solution: Solution

    def with_prices(self, heat_price: FloatArray) -> "PlanValues":
        """The same with prices of a continuous solve: whole numbers have no duals."""
        return replace(self, heat_price=heat_price)


class DistrictProgram:
    """Built once for a district and horizon; :meth:`update` brings new numbers.

    Args:
        facts: The plant.
        task: Prices of unmet demand, comfort and stocks.
        horizon: Steps.
        binary_hours: In these first hours machines are on or off; 0: never.
        end_value_eur_per_mwh: Of heat in stores at the end; the task's by default.
    """

    def __init__(
        self,
        facts: PlantFacts,
        task: Task,
        horizon: Horizon,
        *,
        binary_hours: float,
        end_value_eur_per_mwh: float | None = None,
    ) -> None:
        self.facts, self.horizon = facts, horizon
        plan, n = facts.plan, horizon.n_steps
        h = horizon.hours
        lp = self.program = LinearProgram()
        weights = task.objective
        p, c, s = plan.n_producers, plan.n_circuits, len(facts.store_names)
        self.heat = lp.variables((p, n))
        self.charge = lp.variables((s, n), low=-np.inf)
        self.energy = lp.variables((s, n), low=-np.inf)
        self.below = lp.variables((s, n), cost=_BEYOND_EUR_PER_KWH * h)
        self.above = lp.variables((s, n), cost=_BEYOND_EUR_PER_KWH * h)
        self.unmet = lp.variables((c, n), cost=weights.unmet_eur_per_mwh * 1e-3 * h)
        self.spill = lp.variables((c, n), cost=_SPILL_EUR_PER_KWH * h)
        self.linked = lp.variables(
            (len(facts.balancing_links), n), high=facts.link_limit_kw[:, np.newaxis]
        )
        self._end_value = (
            weights.stock_eur_per_mwh if end_value_eur_per_mwh is None else end_value_eur_per_mwh
        ) * 1e-3
        hour = np.floor(horizon.starts * horizon.control_dt_s / 3600.0 + 1e-9)
        self._first = np.concatenate([[True], np.diff(hour) > 0.0])
        self.early = np.cumsum(h) <= binary_hours + 1e-9
        self._balance(lp)
        self._stores(lp)
        self._switching(lp)
        self._ramping(lp, task)
        self._cooling(lp)
        self._gas(lp)
        self.greenhouses = GreenhouseBlock(lp, facts, task, horizon, self.balance_rows)
        self.batches = BatchBlock(lp, facts, horizon, self.balance_rows, self.early)
        lp.build()

    def _balance(self, lp: LinearProgram) -> None:
        plan, facts, n = self.facts.plan, self.facts, self.horizon.n_steps
        self.balance_rows, _ = lp.rows(
            (plan.n_circuits, n), [(self.unmet, 1.0), (self.spill, -1.0)], 0.0, 0.0
        )
        lp.add(self.balance_rows[plan.circuit_of], self.heat, 1.0)
        lp.add(self.balance_rows[facts.store_circuit], self.charge, -1.0)
        for position, (_, start, end) in enumerate(facts.balancing_links):
            lp.add(self.balance_rows[start], self.linked[position], -1.0)
            lp.add(self.balance_rows[end], self.linked[position], 1.0)
        self.draw_at = [
            lp.add(self.balance_rows[link.from_circuit], self.heat[link.producer], -1.0)
            for link in plan.linked
        ]

    def _stores(self, lp: LinearProgram) -> None:
        n, h = self.horizon.n_steps, self.horizon.hours
        s = len(self.facts.store_names)
        self.store_rows, _ = lp.rows((s, n), [(self.energy, 1.0), (self.charge, -h)], 0.0, 0.0)
        lp.add(self.store_rows[:, 1:], self.energy[:, :-1], -1.0)
        self.low_rows, _ = lp.rows((s, n), [(self.energy, 1.0), (self.below, 1.0)], low=0.0)
        self.high_rows, _ = lp.rows((s, n), [(self.energy, 1.0), (self.above, -1.0)], high=0.0)

    def _switching(self, lp: LinearProgram) -> None:
        facts, n = self.facts, self.horizon.n_steps
        self.machines = np.flatnonzero((facts.min_kw > 0.0) | (facts.start_cost > 0.0))
        m = self.machines.size
        self.on = lp.variables((m, n), high=1.0)
        self.starts = lp.variables((m, n), cost=facts.start_cost[self.machines][:, np.newaxis])
        heat = self.heat[self.machines]
        _, (_, self.limit_at) = lp.rows((m, n), [(heat, 1.0), (self.on, -1.0)], high=0.0)
        _, (_, self.least_at) = lp.rows((m, n), [(heat, 1.0), (self.on, 0.0)], low=0.0)
        self.start_rows, _ = lp.rows((m, n), [(self.starts, 1.0), (self.on, -1.0)], low=0.0)
        lp.add(self.start_rows[:, 1:], self.on[:, :-1], 1.0)
        # one decision for each hour, which its quarters follow
        first, early = self._first, self.early
        lp.integers(self.on[:, early & first])
        for k in np.flatnonzero(~first).tolist():
            lp.rows((m, 1), [(self.on[:, k : k + 1], 1.0), (self.on[:, k - 1 : k], -1.0)], 0.0, 0.0)
        # once started, a machine stays on for its least run
        begin = self.horizon.starts * self.horizon.control_dt_s
        for row, machine in enumerate(self.machines.tolist()):
            for k in np.flatnonzero(early & first).tolist():
                run = (begin > begin[k]) & (begin < begin[k] + facts.min_run_s[machine]) & first
                for later in np.flatnonzero(run).tolist():
                    lp.rows(
                        (1,),
                        [
                            (self.on[row, later : later + 1], 1.0),
                            (self.starts[row, k : k + 1], -1.0),
                        ],
                        low=0.0,
                    )

    def _ramping(self, lp: LinearProgram, task: Task) -> None:
        p, n = self.facts.plan.n_producers, self.horizon.n_steps
        self.ramp = lp.variables((p, n), cost=task.objective.ramp_eur_per_mw * 1e-3)
        self.up_rows, _ = lp.rows((p, n), [(self.ramp, 1.0), (self.heat, -1.0)], low=0.0)
        lp.add(self.up_rows[:, 1:], self.heat[:, :-1], 1.0)
        self.down_rows, _ = lp.rows((p, n), [(self.ramp, 1.0), (self.heat, 1.0)], low=0.0)
        lp.add(self.down_rows[:, 1:], self.heat[:, :-1], -1.0)

    def _cooling(self, lp: LinearProgram) -> None:
        facts, n = self.facts, self.horizon.n_steps
        count = facts.cooling_at.size
        self.cooling_rows, _ = lp.rows((count, n), [], high=np.inf)
        self.cooled = np.flatnonzero(facts.cooling_of >= 0)
        self.evaporator_at = [
            lp.add(self.cooling_rows[facts.cooling_of[i]], self.heat[i], 1.0)
            for i in self.cooled.tolist()
        ]

    def _gas(self, lp: LinearProgram) -> None:
        facts, n, h = self.facts, self.horizon.n_steps, self.horizon.hours
        count = facts.gas_at.size
        self.gas = lp.variables((count, n), high=facts.gas_capacity[:, np.newaxis])
        self.flare = lp.variables((count, n))
        self.gas_rows, _ = lp.rows((count, n), [(self.gas, 1.0), (self.flare, h)], 0.0, 0.0)
        lp.add(self.gas_rows[:, 1:], self.gas[:, :-1], -1.0)
        for i in np.flatnonzero(facts.digester_of >= 0).tolist():
            rows = self.gas_rows[facts.digester_of[i]]
            lp.add(rows, self.heat[i], h * facts.fuel_per_heat[i])

    def update(self, numbers: Coefficients) -> None:
        """Take new numbers."""
        lp, facts, h = self.program, self.facts, self.horizon.hours
        plan = facts.plan
        lp.high[self.heat] = numbers.limit_kw
        lp.cost[self.heat] = numbers.cost * h
        self.greenhouses.update(numbers.greenhouses)
        taken = self.batches.update(numbers.batches)
        demand = numbers.demand_kw.copy()
        np.subtract.at(demand, facts.batch_circuit, taken)
        lp.row_low[self.balance_rows] = demand
        lp.row_high[self.balance_rows] = demand
        for at, link in zip(self.draw_at, plan.linked, strict=True):
            lp.coefficients[at] = -numbers.draw[link.producer]
        for at, i in zip(self.evaporator_at, self.cooled.tolist(), strict=True):
            lp.coefficients[at] = numbers.evaporator[i]
        lp.row_high[self.cooling_rows] = numbers.cooling_kw + 1.0
        begin = np.zeros(self.store_rows.shape)
        begin[:, 0] = numbers.store_now
        begin -= numbers.store_loss_kw * h
        lp.row_low[self.store_rows] = begin
        lp.row_high[self.store_rows] = begin
        lp.row_low[self.low_rows] = np.minimum(numbers.store_low, numbers.store_high)
        lp.row_high[self.high_rows] = numbers.store_high
        spread = np.maximum(
            (numbers.store_high - numbers.store_low) / facts.store_kwh_k[:, np.newaxis],
            LEAST_SPREAD_K,
        )
        power = facts.store_kw_k[:, np.newaxis] * spread
        lp.high[self.charge] = power
        lp.low[self.charge] = -power
        lp.cost[self.energy[:, -1]] = -self._end_value
        limit = numbers.limit_kw[self.machines]
        least = facts.min_kw[self.machines][:, np.newaxis]
        able = limit >= least
        lp.coefficients[self.limit_at] = -limit
        lp.coefficients[self.least_at] = -np.where(able, least, 0.0)
        lp.high[self.on] = able
        lp.row_low[self.start_rows[:, 0]] = -numbers.running[self.machines]
        lp.row_low[self.up_rows[:, 0]] = -numbers.heat_now
        lp.row_low[self.down_rows[:, 0]] = numbers.heat_now
        gas = numbers.gas_kw * h
        gas[:, 0] += numbers.gas_now
        lp.row_low[self.gas_rows] = gas
        lp.row_high[self.gas_rows] = gas
        lp.cost[self.gas[:, -1]] = -_GAS_END_EUR_PER_KWH

    @property
    def has_integers(self) -> bool:
        """Whether anything is decided in whole numbers."""
        return bool(self.program.integer.any())

    def solve(self, *, integers: bool, time_limit_s: float, gap: float = 1e-3) -> PlanValues:
        """Solve with the present numbers.

        Raises:
            NumericalError: There is no solution within the time.
        """
        found = self.program.solve(integers=integers, time_limit_s=time_limit_s, gap=gap)
        x = found.values
        on = np.ones(self.heat.shape)
        on[self.machines] = x[self.on]
        return PlanValues(
            heat_kw=x[self.heat],
            on=on,
            charge_kw=x[self.charge],
            store_kwh=x[self.energy],
            air_k=x[self.greenhouses.air],
            batch_starts=x[self.batches.starts],
            heat_price=found.duals[self.balance_rows] / self.horizon.hours * 1e3,
            unmet_kw=x[self.unmet],
            spill_kw=x[self.spill],
            linked_kw=x[self.linked],
            extra_kw=x[self.greenhouses.extra],
            cost_eur=found.cost,
            solution=found,
        )
