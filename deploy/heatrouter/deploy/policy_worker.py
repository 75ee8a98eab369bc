"""What the control loop knows of a policy: a question, a deadline, and an answer or a fault."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from heatrouter.agents.manifest import sha256_of
from heatrouter.agents.monitor import Monitor
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.spec.task import Task


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


@dataclass(frozen=True, slots=True)
class BundleAbout:
    """What a worker says of the bundle that it has checked.

    Attributes:
        identity: sha256 of its manifest: of everything in it.
        digest: Of what it does, see ``Manifest.digest``.
        name: How it was called at export.
        signed_by: Id of the key that vouches for it; None where nobody had to.
        monitor: What its policy has seen, if it says so.
        metrics: Scores on validation.
        load_s: Real seconds that the checks took.
    """

    identity: str
    digest: str
    name: str = ""
    signed_by: str | None = None
    monitor: Monitor | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    load_s: float = 0.0


def rules_digest(task: Task) -> str:
    """sha256 of the rules' parameters: actions are decoded with them, whatever the contract."""
    return sha256_of(task.rules.model_dump_json().encode())


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

    @property
    def about(self) -> BundleAbout | None:
        """The bundle that it runs; None before it was loaded."""
        ...

    def poll(self) -> str | None:
        """Look once each tick; the cause if the worker died since the last look."""
        ...

    async def decide(self, observation: Float32Array, deadline_s: float) -> Decision:
        """Ask for a decision; raises WorkerFault instead of being late."""
        ...
