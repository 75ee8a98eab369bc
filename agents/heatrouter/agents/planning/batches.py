"""Batch processes in a plan: when waiting charges are started."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.agents.planning.horizon import Horizon
from heatrouter.agents.planning.linear_program import LinearProgram
from heatrouter.agents.planning.plant_facts import PlantFacts
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.spec.consumer_units import BatchProcess

USUAL_PREHEAT: Final = 0.15
"""Share of a charge's heat that the network gives where the course shows none."""
_PAST_DUE_EUR: Final = 50.0
"""Price of a charge and hour that starts later than its slack allows."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchNumbers:
    """Of each batch process, by plan step."""

    arrivals: FloatArray  # (n_batches, n_steps) charges that become due
    waiting: FloatArray  # (n_batches,) now
    started: FloatArray  # (n_batches, n_steps) by the course
    cost: FloatArray  # (n_batches, n_steps) EUR/kWh of fuel
    preheat: FloatArray  # (n_batches,) share of the charge's heat


class BatchBlock:
    """Variables and rows of all batch processes of a district.

    Charges are counted as they start. Cumulated starts lie between what has become due and what
    must have started, and no more start than fit one after the other. A charge takes its heat
    evenly over its duration: the share of it in each step is a matrix made once.

    Args:
        program: Taken into it.
        facts: The plant.
        horizon: Steps.
        balance_rows: Heat balance of each circuit, ``(n_circuits, n_steps)``.
        whole: Steps in which a charge starts or does not, ``(n_steps,)``.
    """

    def __init__(
        self,
        program: LinearProgram,
        facts: PlantFacts,
        horizon: Horizon,
        balance_rows: IntArray,
        whole: "np.typing.NDArray[np.bool_]",
    ) -> None:
        self._program, self._horizon = program, horizon
        self.units: tuple[BatchProcess, ...] = facts.batches
        count, n = len(self.units), horizon.n_steps
        self.starts = program.variables((count, n))
        self._late = program.variables((count, n), cost=_PAST_DUE_EUR * horizon.hours)
        # before they are due no charges start; after their slack all have
        self._due_rows, _ = program.rows((count, n), [], high=0.0)
        self._slack_rows, _ = program.rows((count, n), [(self._late, 1.0)], low=0.0)
        begins = horizon.starts * horizon.control_dt_s / 3600.0
        self._share = np.zeros(
            (count, n, n)
        )  # of a charge started in the first, heated in the second
        self._charge_kwh = np.zeros(count)
        self._preheat_at: list[IntArray] = []
        lower = np.tril(np.ones((n, n), dtype=np.bool_))
        k, j = np.nonzero(lower)
        for b, unit in enumerate(self.units):
            program.add(self._due_rows[b][k], self.starts[b][j], 1.0)
            program.add(self._slack_rows[b][k], self.starts[b][j], 1.0)
            duration = unit.duration_min / 60.0
            self._charge_kwh[b] = (
                unit.charge_kg
                * unit.heat_capacity_kj_kgk
                * (unit.target_temp_c - unit.start_temp_c)
                / 3600.0
            )
            ends = begins + horizon.hours
            # started evenly within a long step, at the beginning of a short one
            lead = np.maximum(horizon.hours - duration, 0.0) / 2.0
            first = (begins + lead)[:, np.newaxis]
            overlap = np.minimum(ends, first + duration) - np.maximum(begins, first)
            share = np.maximum(overlap, 0.0) / duration
            self._share[b] = share
            # no more at a time than one
            rows, _ = program.rows((n,), [], high=np.maximum(horizon.hours / duration, 1.0))
            window = [
                (late, early)
                for late in range(n)
                for early in range(late + 1)
                if early == late or begins[late] < begins[early] + duration - 1e-9
            ]
            at = np.array(window, dtype=np.int64)
            program.add(rows[at[:, 0]], self.starts[b][at[:, 1]], 1.0)
            # preheating is taken from the network
            source, step = np.nonzero(share)
            circuit = int(facts.batch_circuit[b])
            self._preheat_at.append(
                program.add(balance_rows[circuit][step], self.starts[b][source], 0.0)
            )
        program.integers(self.starts[:, whole])

    def update(self, numbers: BatchNumbers) -> FloatArray:
        """Take new numbers.

        Returns:
            What the course's own starts took from each unit's circuit, kW, ``(n_batches,
            n_steps)``: it stands in the demand already.
        """
        program, hours = self._program, self._horizon.hours
        taken = np.zeros(self.starts.shape)
        for b, unit in enumerate(self.units):
            due = numbers.waiting[b] + np.cumsum(numbers.arrivals[b])
            # what has become due within a step may wait for the next
            program.row_high[self._due_rows[b]] = due
            program.row_low[self._slack_rows[b]] = self._must(unit, numbers.waiting[b], due)
            share = self._share[b]
            heat = self._charge_kwh[b] * numbers.preheat[b]
            fuel = self._charge_kwh[b] * (1.0 - numbers.preheat[b]) / unit.fuel_efficiency
            program.cost[self.starts[b]] = fuel * (share @ numbers.cost[b])
            source, step = np.nonzero(share)
            per_start = heat * share / hours
            program.coefficients[self._preheat_at[b]] = -per_start[source, step]
            taken[b] = numbers.started[b] @ per_start
        return taken

    def _must(self, unit: BatchProcess, waiting: float, due: FloatArray) -> FloatArray:
        """Charges that must have started by the end of each step."""
        ends = np.cumsum(self._horizon.hours)
        slack = unit.slack_min / 60.0
        known = np.concatenate([[waiting], due])
        times = np.concatenate([[0.0], ends])
        # those that wait now have waited for a while: half of their slack
        before = np.interp(ends - slack, times, known, left=0.0)
        now_due = np.where(ends >= 0.5 * slack, min(waiting, 1.0), 0.0)
        must: FloatArray = np.floor(np.maximum(before, now_due) + 1e-6)
        return must
