"""A policy that can be exchanged while it runs: the next one is loaded beside it, then takes over.

Loading happens in a process of its own while the one in force goes on deciding. The exchange is the
turn of a reference, between two ticks; a bundle that is refused never touches the one in force.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from heatrouter.deploy.policy_worker import BundleAbout, Decision, PolicyWorker
from heatrouter.envs.arrays import Float32Array


class ManagedWorker(PolicyWorker, Protocol):
    """A worker whose life is in our hands, such as a ``WorkerLink``."""

    async def open(self) -> None:
        """Start it and wait until its bundle is checked; raises BundleError."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


MakeWorker = Callable[[Path], ManagedWorker]
"""Makes the worker of a bundle, not started yet."""


class SwapWorker:
    """The policy in force, and the way to the next.

    Args:
        worker: The first one, started.
    """

    def __init__(self, worker: ManagedWorker) -> None:
        self._current = worker
        self._decided_by = ""
        self._replaced = 0
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        """Whether a question would be answered."""
        return self._current.ready

    @property
    def pid(self) -> int | None:
        """Process id, or None while there is no process."""
        return self._current.pid

    @property
    def restarts(self) -> int:
        """How many times a new process replaced a dead one."""
        return self._replaced + self._current.restarts

    @property
    def bundle_digest(self) -> str:
        """Of the bundle whose decision is in force: the old one's until the new one decides."""
        return self._decided_by or self._current.bundle_digest

    @property
    def about(self) -> BundleAbout | None:
        """The bundle that will decide next."""
        return self._current.about

    def poll(self) -> str | None:
        """Look once each tick; the cause if the worker died since the last look."""
        return self._current.poll()

    async def decide(self, observation: Float32Array, deadline_s: float) -> Decision:
        """Ask for a decision; raises WorkerFault instead of being late."""
        worker = self._current
        decision = await worker.decide(observation, deadline_s)
        self._decided_by = worker.bundle_digest
        return decision

    def replace(self, worker: ManagedWorker) -> None:
        """Let a worker that is ready decide from now on; the old one ends by itself.

        To be called between two ticks. Set-points move on from where they are, at the guard's
        rates, once the new policy decides.
        """
        old, self._current = self._current, worker
        self._replaced += old.restarts
        task = asyncio.get_running_loop().create_task(old.close(), name="old-worker-close")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """End whatever runs."""
        await self._current.close()
        if self._closing:
            await asyncio.gather(*self._closing)
