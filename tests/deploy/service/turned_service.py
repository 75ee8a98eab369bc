"""A service, its plant and its policy in memory, turned tick by tick."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from heatrouter.deploy.audit import AuditLog, AuditRecord, read_audit
from heatrouter.deploy.config import ServiceConfig, prepare
from heatrouter.deploy.in_memory import InMemoryPlant, InMemoryWorker, TurnedClock
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.service import Service
from heatrouter.deploy.state_dir import ModeRequest, StateDir

TICK_S = 60.0

STEP_TICKS = 15  # control_dt_s 900


@dataclass
class Bench:
    """A service, its plant and its policy, turned tick by tick."""

    service: Service
    plant: InMemoryPlant
    worker: InMemoryWorker
    clock: TurnedClock
    state_dir: StateDir
    audit: AuditLog
    modes: list[Mode] = field(default_factory=list)

    async def run(self, ticks: int) -> list[Mode]:
        modes = []
        for _ in range(ticks):
            await self.service.tick()
            self.clock.now_s += TICK_S
            modes.append(self.service.state.actual)
        self.modes += modes
        return modes

    def ask(self, mode: str, user: str = "anna") -> None:
        self.state_dir.ask(ModeRequest(mode=mode, user=user))

    @property
    def faults(self) -> frozenset[Fault]:
        return self.service.state.faults

    def set_point_writes(self) -> list[dict[str, object]]:
        return [dict(w) for w in self.plant.written if any("set_point" in name for name in w)]

    def records(self) -> list[AuditRecord]:
        self.audit.close()
        return list(read_audit(self.state_dir.audit_path))


def build(bundle: Path, neutral: np.ndarray, folder: Path, mode: str) -> Bench:
    config = ServiceConfig.model_validate(
        {
            "bundle": bundle,
            "mode": mode,
            "arm": mode in {"rules", "policy"},
            "tick_s": TICK_S,
            "state_dir": folder / "state",
        }
    )
    setup = prepare(config)
    clock = TurnedClock()
    plant = InMemoryPlant(setup.district, setup.contract, setup.tags, clock)
    worker = InMemoryWorker(neutral.astype(np.float64))
    state_dir = StateDir(config.state_dir)
    state_dir.create()
    audit = AuditLog(state_dir.audit_path, sync_interval_s=None)
    service = Service(setup, plant, worker, audit=audit, state_dir=state_dir, clock=clock)
    return Bench(service, plant, worker, clock, state_dir, audit)
