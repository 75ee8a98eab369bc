"""Model predictive control, with the forecast that every controller gets or with foresight."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from heatrouter.agents.planning.settings import REFERENCE, PlannerSettings
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.errors import ConfigError, DeadlineError, NumericalError

if TYPE_CHECKING:
    # Loads numba and the solver, which --help does without.
    from heatrouter.agents.planning.mismatch import MismatchRecord
    from heatrouter.agents.planning.planner import Plan, Planner
    from heatrouter.envs.simulation.district_batch import DistrictBatch


class MpcController:
    """Plans the hours ahead, carries the plan out, and plans again every hour.

    Args:
        settings: How to look ahead.
        name: How it is called in results.
        parametrisation: Through which layer it acts: set-points, offsets from the rules, or prices
            of heat.
    """

    def __init__(
        self,
        settings: PlannerSettings | None = None,
        *,
        name: str = "mpc",
        parametrisation: Parametrisation = "absolute",
    ) -> None:
        self.name = name
        self.parametrisation: Parametrisation = parametrisation
        self.settings = PlannerSettings() if settings is None else settings
        self._batch: DistrictBatch | None = None
        self._planner: Planner | None = None
        self._mismatch: MismatchRecord | None = None
        self._plans: list[Plan | None] = []
        self._step = 0
        self._failures = self._solves = self._deadlines = 0
        self._gaps: list[float] = []
        self._seconds: list[float] = []

    def attach(self, batch: "DistrictBatch") -> None:
        """Take the closed loop that it is going to control."""
        self._batch = batch
        self._planner = None

    def reset(self, contract: Contract, num_envs: int) -> None:
        """Forget all plans.

        Raises:
            ConfigError: It was not attached to a closed loop.
        """
        from heatrouter.agents.planning.mismatch import MismatchRecord
        from heatrouter.agents.planning.planner import Planner

        if self._batch is None:
            msg = (
                f"controller {self.name!r} plans with the plant's model; attach it to a loop first"
            )
            raise ConfigError(msg)
        if contract.parametrisation != self.parametrisation:
            msg = (
                f"controller {self.name!r} acts by {self.parametrisation!r}, the contract means "
                f"{contract.parametrisation!r}"
            )
            raise ConfigError(msg)
        if self._planner is None:
            self._planner = Planner(self._batch, self.settings)
        self._mismatch = MismatchRecord(
            self._planner.facts,
            contract,
            self._planner.horizon,
            self.settings.replan_steps,
            num_envs,
        )
        self._plans = [None] * num_envs
        self._step = 0
        self._failures = self._solves = self._deadlines = 0
        self._gaps, self._seconds = [], []

    def act(self, observation: Float32Array) -> FloatArray:
        """Answer with the step of the plan; plans anew every ``replan_steps``."""
        from heatrouter.agents.planning.plan_actions import plan_action

        planner, batch, mismatch = self._planner, self._batch, self._mismatch
        if planner is None or batch is None or mismatch is None:
            msg = f"controller {self.name!r} was not reset"
            raise ConfigError(msg)
        turn = self._step % self.settings.replan_steps
        if self._step > 0:
            mismatch.add(observation)
        if turn == 0:
            saved = batch.save_state()
            for env in range(len(observation)):
                time_s = int(saved["plant.time_s"][env])
                mismatch.compare(env, observation, time_s)
                self._plans[env], fresh = self._planned(planner, saved, env)
                mismatch.expect(env, self._plans[env] if fresh else None, time_s)
        self._step += 1
        rules = batch.rules_proposal()
        rows = [
            plan_action(planner, batch, plan, turn, env, rules[env])
            for env, plan in enumerate(self._plans)
        ]
        return np.stack(rows)

    def planning_record(self) -> Mapping[str, FloatArray | float]:
        """Counts, gaps, times and how far plans were off since the last reset.

        Beside what every planner records: the figures of
        :meth:`heatrouter.agents.planning.mismatch.MismatchRecord.summary`.
        """
        gaps = np.array(self._gaps)
        return {
            "solves": float(self._solves),
            "infeasible": float(self._failures),
            "deadline": float(self._deadlines),
            "gap_mean": float(gaps.mean()) if gaps.size else float("nan"),
            "gap_worst": float(gaps.max()) if gaps.size else float("nan"),
            "decision_s": np.array(self._seconds),
            **({} if self._mismatch is None else self._mismatch.summary()),
        }

    @property
    def plans(self) -> "tuple[Plan | None, ...]":
        """The present plan of each environment."""
        return tuple(self._plans)

    def _planned(
        self, planner: "Planner", saved: Mapping[str, np.ndarray], env: int
    ) -> "tuple[Plan | None, bool]":
        """The plan to follow, and whether it is a new one."""
        self._solves += 1
        last = self._plans[env]
        begin = time.perf_counter()
        try:
            plan = planner.plan(saved, env, last)
        except NumericalError as error:
            # the last plan goes on where it was; without one the rules decide
            late = isinstance(error, DeadlineError)
            self._deadlines += late
            self._failures += not late
            return (None if last is None else planner.shifted(last)), False
        self._deadlines += plan.deadline
        self._gaps.append(plan.values.solution.gap)
        self._seconds.append(time.perf_counter() - begin)
        return plan, True


def reference_controller() -> MpcController:
    """Perfect foresight over three days, planned anew every hour: what the score refers to."""
    return MpcController(REFERENCE, name="reference")
