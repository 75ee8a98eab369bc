"""What plans said of the time until the next plan, compared with what then came.

Predictions are those of the programme: heat of every producer, what each circuit takes, energy of
every store when the next plan is made. What came is read from the observations that the controller
gets anyway.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.agents.planning.horizon import Horizon
from heatrouter.agents.planning.planner import Plan
from heatrouter.agents.planning.plant_facts import PlantFacts
from heatrouter.envs.arrays import Float32Array, FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.units import SECONDS_PER_HOUR

UNKNOWN: Final = float("nan")


@dataclass(slots=True)
class _Errors:
    """Sums over pairs of predicted and actual energies, kWh."""

    count: int = 0
    came: float = 0.0
    error: float = 0.0
    square: float = 0.0

    def add(self, predicted: FloatArray, came: FloatArray) -> None:
        error = predicted - came
        self.count += error.size
        self.came += float(came.sum())
        self.error += float(error.sum())
        self.square += float(error @ error)

    @property
    def bias(self) -> float:
        """Sum of all errors over the sum of what came."""
        return self.error / self.came if self.came > 0.0 else UNKNOWN

    @property
    def root_mean_square(self) -> float:
        """Of one value, kWh."""
        return math.sqrt(self.square / self.count) if self.count else UNKNOWN

    @property
    def relative(self) -> float:
        """Root of the mean square over the mean of what came."""
        mean = self.came / self.count if self.count else 0.0
        return self.root_mean_square / mean if mean > 0.0 else UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class _Expected:
    until_s: int
    demand_kwh: FloatArray  # (n_circuits,)
    heat_kwh: FloatArray  # (n_producers,)
    store_kwh: FloatArray  # (n_stores,)


class MismatchRecord:
    """Compares plans with what came, for all environments of a loop together.

    Args:
        facts: The plant.
        contract: Of the loop.
        horizon: Steps of the plans.
        replan_steps: Control steps between plans.
        num_envs: Environments.
    """

    def __init__(
        self,
        facts: PlantFacts,
        contract: Contract,
        horizon: Horizon,
        replan_steps: int,
        num_envs: int,
    ) -> None:
        self._facts, self._horizon, self._steps = facts, horizon, replan_steps
        self._hours = horizon.control_dt_s / SECONDS_PER_HOUR
        names = {at: name for name, at in facts.columns.items()}

        def seen(column: int) -> int:
            return contract.observation_index(names[column])

        self._charge_at = _positions(seen(at) for at in facts.charge_at.tolist())
        self._links_at = _positions(seen(at) for at in facts.balancing_heat_at.tolist())
        # a heat pump takes from the other circuit what it gives less its electricity
        linked = facts.plan.linked
        self._draws_power = np.array([float(link.pump >= 0) for link in linked])
        self._power_at = _positions(
            contract.observation_index(f"{facts.plan.names[link.producer]}.power_kw")
            if link.pump >= 0
            else 0
            for link in linked
        )
        self._expected: list[_Expected | None] = [None] * num_envs
        circuits, producers = facts.plan.n_circuits, facts.plan.n_producers
        self._demand_came = np.zeros((num_envs, circuits))
        self._heat_came = np.zeros((num_envs, producers))
        self._demand, self._heat, self._store = _Errors(), _Errors(), _Errors()

    def expect(self, env: int, plan: Plan | None, time_s: int) -> None:
        """Remember what a plan says, which begins now; None where nothing is to be compared."""
        self._demand_came[env] = 0.0
        self._heat_came[env] = 0.0
        self._expected[env] = None if plan is None else self._predicted(plan, time_s)

    def add(self, observation: Float32Array) -> None:
        """Count the control step that these observations end, ``(num_envs, n_obs)``."""
        seen = observation.astype(np.float64)
        facts = self._facts
        heat = seen[:, facts.heat_seen_at]
        self._heat_came += heat * self._hours
        power = seen[:, self._power_at] * self._draws_power
        taken = facts.taken_kw(
            heat,
            seen[:, self._charge_at],
            heat[:, facts.linked_producers] - power,
            seen[:, self._links_at],
        )
        self._demand_came += taken * self._hours

    def compare(self, env: int, observation: Float32Array, time_s: int) -> None:
        """Compare what was expected of the time until now.

        Args:
            env: The environment.
            observation: Of now, ``(num_envs, n_obs)``.
            time_s: Of the plant. Where it is not the end of what was expected, since another
                episode has begun, nothing is compared.
        """
        expected = self._expected[env]
        if expected is None or time_s != expected.until_s:
            return
        stored = self._facts.store_energy(observation[env].astype(np.float64))
        came = (self._demand_came[env], self._heat_came[env], stored)
        # a meter that is no number says nothing
        if all(np.isfinite(values).all() for values in came):
            self._demand.add(expected.demand_kwh, came[0])
            self._heat.add(expected.heat_kwh, came[1])
            self._store.add(expected.store_kwh, came[2])

    def summary(self) -> dict[str, float]:
        """Figures over all plans that have been compared, NaN where none has.

        ``mismatch_demand_bias`` and ``mismatch_demand_rmse``: of what a circuit takes until the
        next plan, relative to its mean; ``mismatch_heat_rmse``: of a producer's heat, likewise;
        ``mismatch_store_rmse_kwh``: of the energy of a store when the next plan is made.
        """
        return {
            "mismatch_demand_bias": self._demand.bias,
            "mismatch_demand_rmse": self._demand.relative,
            "mismatch_heat_rmse": self._heat.relative,
            "mismatch_store_rmse_kwh": self._store.root_mean_square,
        }

    def _predicted(self, made: Plan, time_s: int) -> _Expected:
        facts, horizon = self._facts, self._horizon
        values, numbers = made.values, made.numbers
        drawing = facts.linked_producers
        taken = facts.taken_kw(
            values.heat_kw.T,
            values.charge_kw.T,
            (numbers.draw[drawing] * values.heat_kw[drawing]).T,
            values.linked_kw.T,
        )
        taken = taken.T - values.spill_kw
        until_h = self._steps * self._hours
        ends = np.concatenate([[0.0], np.cumsum(horizon.hours)])
        stored = np.column_stack([numbers.store_now, values.store_kwh])
        return _Expected(
            until_s=time_s + round(self._steps * horizon.control_dt_s),
            demand_kwh=self._until_next(taken),
            heat_kwh=self._until_next(values.heat_kw),
            store_kwh=np.array([np.interp(until_h, ends, course) for course in stored]),
        )

    def _until_next(self, power_kw: FloatArray) -> FloatArray:
        """Energy until the next plan of powers by plan step, kWh."""
        total: FloatArray = self._horizon.spread(power_kw.T)[: self._steps].sum(axis=0)
        return total * self._hours


def _positions(values: Iterable[int]) -> IntArray:
    return np.array(list(values), dtype=np.int64)
