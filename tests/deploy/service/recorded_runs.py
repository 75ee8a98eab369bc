"""Services that run on a turned clock with a plant in memory, and their replay."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from heatrouter.agents.bundle import load_bundle
from heatrouter.agents.onnx_policy import OnnxPolicy
from heatrouter.deploy.audit import AuditLog, AuditRecord, read_audit
from heatrouter.deploy.cli_replay import BundleFinder
from heatrouter.deploy.config import ServiceConfig, ServiceSetup, prepare
from heatrouter.deploy.field_link import Quality
from heatrouter.deploy.in_memory import InMemoryPlant, InMemoryWorker, TurnedClock
from heatrouter.deploy.modes import Mode
from heatrouter.deploy.policy_worker import Decision, FaultKind
from heatrouter.deploy.replay import ReplayResult, recorded_config, replay
from heatrouter.deploy.service import Service
from heatrouter.deploy.state_dir import StateDir
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.guard import Prediction

TICK_S = 60.0


class RunningWorker(InMemoryWorker):
    """A policy without a process that runs the bundle's model."""

    policy: OnnxPolicy

    async def decide(self, observation: Float32Array, deadline_s: float) -> Decision:
        decision = await InMemoryWorker.decide(self, observation, deadline_s)
        return replace(decision, action=self.policy.act(observation[np.newaxis])[0])


class ToldTwin:
    """Looks ahead as it is told: the same span each time, or nothing."""

    def __init__(self) -> None:
        self.cause: str | None = "told not to answer"
        self.span: tuple[FloatArray, FloatArray] | None = None
        self._answer: Prediction | None = None

    async def poll(self) -> None:
        """There is no process."""

    async def ask(
        self,
        *,
        now_s: float,
        plant_time_s: float,
        clock: FloatArray,
        values: dict[str, float],
        applied: FloatArray,
        proposal: FloatArray,
        deadline_s: float,
    ) -> None:
        self._answer = None
        if self.span is not None:
            lowest, highest = (side[np.newaxis] for side in self.span)
            known = np.ones(1, dtype=np.bool_)
            issued = np.array([now_s])
            self._answer = Prediction(issued, np.array([3600.0]), lowest, highest, known)

    def answer(self) -> Prediction | None:
        return self._answer


def start(
    bundle: Path, folder: Path, mode: str = "policy", twin: ToldTwin | None = None
) -> tuple[Service, "Hands"]:
    config = ServiceConfig.model_validate(
        {
            "bundle": bundle,
            "mode": mode,
            "arm": mode == "policy",
            "tick_s": TICK_S,
            "state_dir": folder / "state",
        }
    )
    setup = prepare(config)
    clock = TurnedClock()
    plant = InMemoryPlant(setup.district, setup.contract, setup.tags, clock)
    loaded = load_bundle(bundle)
    worker = RunningWorker(np.zeros(len(setup.contract.action)), bundle_digest=loaded.digest)
    worker.policy = OnnxPolicy(loaded)
    state_dir = StateDir(config.state_dir)
    state_dir.create()
    audit = AuditLog(state_dir.audit_path, sync_interval_s=None)
    service = Service(
        setup, plant, worker, audit=audit, state_dir=state_dir, clock=clock, twin=twin
    )
    return service, Hands(service, plant, worker, clock, audit, state_dir)


class Hands:
    """Turns the clock, and everything that a plant shows, at random but repeatably."""

    def __init__(
        self,
        service: Service,
        plant: InMemoryPlant,
        worker: InMemoryWorker,
        clock: TurnedClock,
        audit: AuditLog,
        state_dir: StateDir,
    ) -> None:
        self.service, self.plant, self.worker = service, plant, worker
        self.clock, self.audit, self.state_dir = clock, audit, state_dir
        self.random = np.random.default_rng(5)

    async def begin(self) -> None:
        """What run() does before its first tick."""
        self.service.begin()

    async def run(self, ticks: int, each: Callable[[int], None] | None = None) -> None:
        for i in range(ticks):
            if each is not None:
                each(i)
            for name in self.plant.values:
                if name.startswith(("tank.", "main.", "site.", "tariff:")):
                    self.plant.values[name] *= 1.0 + 0.002 * self.random.standard_normal()
            for windows in self.plant.arrays.values():
                windows += 0.1 * self.random.standard_normal(windows.shape)
            self.plant.values["clock:local_hour"] = (self.clock.now_s / 3600.0) % 24.0
            await self.service.safe_tick()
            self.clock.now_s += TICK_S

    def records(self) -> list[AuditRecord]:
        self.audit.close()
        return list(read_audit(self.state_dir.audit_path))


def setup_of(identity: Mapping[str, object]) -> ServiceSetup:
    return prepare(recorded_config(identity))


def replayed(records: list[AuditRecord], bundle: Path) -> ReplayResult:
    return replay(records, setup_of, BundleFinder([bundle]))


def troubles(hands: Hands) -> Callable[[int], None]:
    """Half a day in which much goes wrong."""

    def each(i: int) -> None:
        plant, worker = hands.plant, hands.worker
        some_input = next(n for n in plant.quality if n.startswith("tank."))
        plant.quality[some_input] = Quality.BAD if 20 <= i < 40 else Quality.GOOD
        worker.fault = FaultKind.LATE if 60 <= i < 77 else None
        plant.lost = 100 <= i < 104
        plant.plc.override = 120 <= i < 130
        refused = next(n for n in plant.quality if n.startswith("set_point:"))
        plant.refuse = (refused,) if i in {150, 151, 180} else ()

    return each


def mode_of(service: Service) -> Mode:
    """The mode, which a type checker would otherwise believe to stay as it was."""
    return service.state.actual
