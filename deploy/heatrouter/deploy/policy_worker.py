"""What the control loop knows of a policy: a question, a deadline, and an answer or a fault."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from heatrouter.envs.arrays import Float32Array, FloatArray


class FaultKind(StrEnum):
    """What was wrong with a decision."""

    LATE = "late"
    OUTPUT = "output"
    DEAD = "dead"


class WorkerFault(Exception):  # noqa: N818  # a fault of the mode machine, handled in the tick
    """The policy gave no usable decision.

    Args:
        kind: What was wrong.
        cause: For the log.
    """

    def __init__(self, kind: FaultKind, cause: str) -> None:
        self.kind = kind
        super().__init__(cause)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy decided.

    Attributes:
        action: Shape ``(n_action,)``, physical units, finite.
        compute_s: Inference alone, as the worker measured it.
        round_trip_s: From the question to the answer in the guard process.
    """

    action: FloatArray
    compute_s: float
    round_trip_s: float


class PolicyWorker(Protocol):
    """Whoever decides, as the control loop sees it."""

    @property
    def ready(self) -> bool:
        """Whether a question would be answered."""
        ...

    @property
    def pid(self) -> int | None:
        """Process id, or None while there is no process."""
        ...

    @property
    def restarts(self) -> int:
        """How many times a new process replaced a dead one."""
        ...

    @property
    def bundle_digest(self) -> str:
        """What the bundle does, as a hash; empty before it was loaded."""
        ...

    def poll(self) -> str | None:
        """Look once each tick; the cause if the worker died since the last look."""
        ...

    async def decide(self, observation: Float32Array, deadline_s: float) -> Decision:
        """Ask for a decision; raises WorkerFault instead of being late."""
        ...
