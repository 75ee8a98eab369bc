"""A bundle's policy without a process of its own, and with what can go wrong in it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from heatrouter.agents.bundle import load_bundle
from heatrouter.agents.onnx_policy import OnnxPolicy
from heatrouter.deploy.in_memory import InMemoryWorker, TurnedClock
from heatrouter.deploy.policy_worker import BundleAbout, Decision
from heatrouter.envs.arrays import Float32Array

RESTART_S = 10.0
"""Plant seconds until another process stands in for a dead one."""


class RunningPolicy(InMemoryWorker):
    """Runs the bundle's model on onnxruntime, in this process.

    Args:
        path: The bundle.
        clock: Plant seconds.

    Attributes:
        answer: ``ok``, ``NaN`` or ``beyond``: what is made of the model's answer.
    """

    def __init__(self, path: Path, clock: TurnedClock) -> None:
        bundle = load_bundle(path)
        about = BundleAbout(
            bundle.identity, bundle.digest, name=bundle.manifest.name, monitor=bundle.monitor
        )
        super().__init__(
            np.zeros(len(bundle.contract.action)), bundle_digest=bundle.digest, about=about
        )
        self.policy = OnnxPolicy(bundle)
        self.answer = "ok"
        self._clock = clock
        self._ready_s = clock()

    def die(self) -> None:
        """End now; another process is ready after a while."""
        self.death = "killed"
        self.restarts += 1
        self._ready_s = self._clock() + RESTART_S

    def poll(self) -> str | None:
        """The cause of a death, once; ready again when its successor is."""
        death = InMemoryWorker.poll(self)
        if death is None and self._clock() >= self._ready_s:
            self.ready = True
        return death

    async def decide(self, observation: Float32Array, deadline_s: float) -> Decision:
        """Answer at once, in whatever way it is told to."""
        decision = await InMemoryWorker.decide(self, observation, deadline_s)
        self.asked.clear()
        action = self.policy.act(observation[np.newaxis])[0]
        match self.answer:
            case "NaN":
                action = np.full_like(action, np.nan)
            case "beyond":
                action = 10.0 * np.abs(action) + 1e3
        return replace(decision, action=action)
