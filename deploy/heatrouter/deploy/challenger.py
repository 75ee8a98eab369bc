"""A second policy in shadow: asked like the first, guarded like the first, and never written.

Its set-points are what the guard would let through had it been in control since it was loaded, at
the guard's rates, with a memory of its own. What it would have saved is not known, for the plant
follows the champion; what is known is how often it would have been refused or clipped, and how far
from the champion it would have gone.
"""

import asyncio
import contextlib
from dataclasses import dataclass

import numpy as np

from heatrouter.deploy.control_cycle import ControlCycle, GuardedStep
from heatrouter.deploy.policy_worker import Decision, WorkerFault
from heatrouter.deploy.swap_worker import ManagedWorker
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.guard import GuardMemory, Reason, check

DEADLINE_S = 1.0
"""Real seconds for its answer; nobody waits for it."""

_ORDINARY = np.uint16(Reason.RATE | Reason.DEADBAND)
"""A ramp on the way and a change too small to make are no clipping."""


@dataclass(slots=True)
class ShadowRecord:
    """What a challenger would have done, summed up.

    Attributes:
        decisions: Answers that could be used.
        faults: Questions without one.
        ticks: Ticks with a proposal.
        clipped: Ticks in which the guard would have changed something, ramps aside.
        refused: Ticks in which it would have refused all of it.
        disagreement: Sum over ticks of the mean distance from the set-points in force, in ranges.
    """

    decisions: int = 0
    faults: int = 0
    ticks: int = 0
    clipped: int = 0
    refused: int = 0
    disagreement: float = 0.0

    def summary(self) -> dict[str, object]:
        """Shares per tick; None before the first."""

        def share(value: float) -> float | None:
            return round(value / self.ticks, 4) if self.ticks else None

        return {
            "decisions": self.decisions,
            "faults": self.faults,
            "ticks": self.ticks,
            "clipping_share": share(self.clipped),
            "refused_share": share(self.refused),
            "disagreement": share(self.disagreement),
        }


class Challenger:
    """One challenger.

    Args:
        worker: Its process, ready.
        cycle: The champion's computation: observations, limits, what is in force.
    """

    def __init__(self, worker: ManagedWorker, cycle: ControlCycle) -> None:
        self.worker = worker
        self.record = ShadowRecord()
        self.fault: str | None = None
        self.set_points: FloatArray | None = None
        self.action: FloatArray | None = None
        self._cycle = cycle
        self._decoder_memory = cycle.decoder.initial_memory(1)
        self._memory: GuardMemory | None = None
        self._proposal: FloatArray | None = None
        self._question: asyncio.Task[Decision] | None = None
        self._asked_with: FloatArray | None = None
        low, high = cycle.contract.bounds("set_points")
        self._range = np.maximum(high - low, 1e-9)

    def ask(self, observation: Float32Array) -> None:
        """Ask about a control step; the answer is looked for in later ticks."""
        if self._question is not None and not self._question.done():
            return
        self._asked_with = observation[np.newaxis].astype(np.float64)
        question = self.worker.decide(observation, DEADLINE_S)
        self._question = asyncio.get_running_loop().create_task(question, name="challenger")

    def look(self, now_s: float) -> bool:
        """Take an answer that has come, and go one tick on.

        Args:
            now_s: Now.

        Returns:
            Whether an answer came.
        """
        death = self.worker.poll()
        if death is not None:
            self.fault = death
        decided = self._take_answer()
        step = self._guarded(now_s)
        if step is not None:
            self._count(step)
        return decided

    async def close(self) -> None:
        """End its process."""
        if self._question is not None:
            self._question.cancel()
            with contextlib.suppress(asyncio.CancelledError, WorkerFault):
                await self._question
        await self.worker.close()

    def _take_answer(self) -> bool:
        question, observation = self._question, self._asked_with
        if question is None or observation is None or not question.done():
            return False
        self._question = None
        try:
            action = question.result().action
        except WorkerFault as error:
            self.record.faults += 1
            self.fault = str(error)
            return False
        if not self._cycle.in_range(action):
            self.record.faults += 1
            self.fault = "decision beyond the range of its action"
            return False
        proposal, self._decoder_memory = self._cycle.decoder.decode(
            self._decoder_memory, observation, action[np.newaxis]
        )
        self.action, self._proposal = action, proposal[0]
        self.record.decisions += 1
        self.fault = None
        return True

    def _guarded(self, now_s: float) -> GuardedStep | None:
        cycle = self._cycle
        if self._proposal is None or cycle.memory is None or cycle.observation is None:
            return None
        memory = cycle.memory if self._memory is None else self._memory
        set_points, verdict, after = check(
            cycle.limits, memory, cycle.guard_reading(now_s), self._proposal[np.newaxis], None
        )
        refused = not bool(verdict.accepted.all())
        if not refused:
            self._memory, self.set_points = after, set_points[0]
        return GuardedStep(
            "challenger", self._proposal, set_points[0], verdict, after, policy_refused=refused
        )

    def _count(self, step: GuardedStep) -> None:
        assert self._cycle.memory is not None
        self.record.ticks += 1
        self.record.clipped += bool((step.verdict.reasons & ~_ORDINARY).any())
        self.record.refused += step.policy_refused
        if self.set_points is not None:
            apart = np.abs(self.set_points - self._cycle.memory.set_points[0]) / self._range
            self.record.disagreement += float(apart.mean())
