"""Days of a service beside the virtual plant on a turned clock, a fault an hour, and an operator.

Everything is the real thing but the clock, the sockets and the policy's process: the simulator
with the PLC's side of the hand-shake, the service with its modes, rules, guard, alarms and audit
log, the bundle's model on onnxruntime. One tick is one step of the simulator (60 s); shorter ones
would show the service the same numbers again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.deploy.audit import AuditError, AuditLog, AuditRecord
from heatrouter.deploy.config import ServiceConfig, ServiceSetup, prepare
from heatrouter.deploy.faults.week_link import WeekLink
from heatrouter.deploy.faults.week_plan import Outage, draw_outages
from heatrouter.deploy.faults.week_policy import RunningPolicy
from heatrouter.deploy.faults.write_checker import WriteChecker
from heatrouter.deploy.field_link import Quality
from heatrouter.deploy.in_memory import TurnedClock
from heatrouter.deploy.modes import Mode
from heatrouter.deploy.plant import VirtualPlant
from heatrouter.deploy.plant_building import plant_of
from heatrouter.deploy.plc import PlcPoint, PlcState
from heatrouter.deploy.policy_worker import FaultKind
from heatrouter.deploy.service import Service
from heatrouter.deploy.state_dir import ModeRequest, StateDir
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.hashchain import Link

TICK_S: Final = 60.0
SPLIT: Final = "test"
"""Set of scenarios that the plant's year belongs to: no policy has been trained on it."""
OPERATOR_S: Final = 300.0
"""Plant seconds until the operator has seen that the service waits, and arms it again."""
OPERATOR: Final = "anna"
POSIX_START_S: Final = 1_767_225_600.0
"""What the calendar of the run's audit log begins with: 2026-01-01."""


class FillableLog(AuditLog):
    """An audit log whose disk can be full."""

    full = False

    def write(self, record: AuditRecord) -> Link:
        """Append a record, if there is room.

        Raises:
            AuditError: There is none.
        """
        if self.full:
            self.lost += 1
            message = f"audit record of tick {record.tick} is lost: no space left on device"
            raise AuditError(message)
        return super().write(record)


@dataclass(slots=True)
class WeekRun:
    """What a run leaves behind.

    Attributes:
        setup: Of the service.
        audit_path: Its audit log.
        outages: What was done to it.
        points: Range and rate of each set-point, as the PLC knows them.
        tick_s: Plant seconds of a tick.
        ticks: Ticks of the plant; the service may have had fewer.
        applied: Set-points in force after each tick of the plant, ``(ticks, n_set_points)``.
        external: Whether the service's set-points were in force, ``(ticks,)``.
        outputs: Outputs of the simulator of each tick, ``(ticks, n_columns)``.
        columns: Name to position of an output.
        modes: Mode of the service in each tick; empty where none ran.
        writes: Set-points that arrived.
        unsafe: Those that were unsafe, in words.
        restarts: Services that were started after a kill.
        rearms: Requests by the operator, with the first.
    """

    setup: ServiceSetup
    audit_path: Path
    outages: tuple[Outage, ...]
    points: tuple[PlcPoint, ...]
    tick_s: float
    ticks: int
    applied: FloatArray
    external: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
    outputs: FloatArray
    columns: dict[str, int]
    modes: list[str] = field(default_factory=list)
    writes: int = 0
    unsafe: list[str] = field(default_factory=list)
    restarts: int = 0
    rearms: int = 0


class WeekBench:
    """Plant, service and operator of one run.

    Args:
        bundle: The policy.
        folder: For the service's state.
        seed: Of the year that the plant lives through.
        start_day: Day of the year, 0 is 1 January.
    """

    def __init__(self, bundle: Path, folder: Path, *, seed: int, start_day: int) -> None:
        config = ServiceConfig.model_validate(
            {
                "bundle": bundle,
                "tick_s": TICK_S,
                "state_dir": folder / "state",
                "history": {"enabled": False},
                "http": {"enabled": False},
            }
        )
        self.setup = prepare(config)
        self.clock = TurnedClock(0.0)
        self.plant: VirtualPlant = plant_of(
            self.setup.district,
            self.setup.task,
            speed=1.0,
            tick_s=TICK_S,
            split=SPLIT,
            seed=seed,
            start_day=start_day,
            clock=self.clock,
        )
        self.checker = WriteChecker(self.plant.plc.points, read_back_s=TICK_S)
        self.link = WeekLink(self.setup, self.plant, self.clock, self.checker)
        self.policy = RunningPolicy(bundle, self.clock)
        self.state_dir = StateDir(config.state_dir)
        self.state_dir.create()
        self.audit = self._new_log()
        self.service: Service | None = self._new_service()
        self.restarts = self.rearms = 0
        self._waiting_since_s: float | None = None
        self._stuck: dict[float, float] = {}
        self._inputs = tuple(self.setup.tags.measured)
        limits = [name for name in self._inputs if name.endswith((".level", ".supply_temp_c"))]
        self._critical = tuple(n for n in limits if n.split(".")[0] in _critical_owners(self.setup))
        self._plain = tuple(
            n for n in self._inputs if n not in limits and n != "site.ambient_temp_c"
        )

    def _new_log(self) -> FillableLog:
        return FillableLog(
            self.state_dir.audit_path,
            sync_interval_s=None,
            wall_clock=lambda: POSIX_START_S + self.clock(),
        )

    def _new_service(self) -> Service:
        service = Service(
            self.setup,
            self.link,
            self.policy,
            audit=self.audit,
            state_dir=self.state_dir,
            clock=self.clock,
        )
        service.begin()
        return service

    # --- faults ---

    def apply(self, active: tuple[Outage, ...], begun: tuple[Outage, ...]) -> None:
        """Set every switch as the faults that are present want it."""
        link, policy = self.link, self.policy
        link.quality.clear()
        link.twists.clear()
        link.foreign.clear()
        link.refuse = frozenset()
        link.lost = link.stamps_frozen = False
        link.source_shift_s = 0.0
        link.forecasts_stopped = False
        policy.fault, policy.answer = None, "ok"
        self.audit.full = False
        wanted = {"override": False, "enable": True}
        alive = True
        for outage in active:
            plain = self._plain[int(outage.draw * len(self._plain))]
            critical = self._critical[int(outage.draw * len(self._critical))]
            point = self.link.plant.plc.points[int(outage.draw * len(self.plant.plc.points))]
            match outage.kind:
                case "plain tag bad":
                    link.quality[plain] = Quality.BAD
                case "critical tag bad":
                    link.quality[critical] = Quality.BAD
                case "tag uncertain":
                    link.quality[critical] = Quality.UNCERTAIN
                case "no number":
                    link.twists[critical] = _nan
                case "stuck value":
                    stuck = self._stuck.setdefault(outage.begin_s, link.shown(critical))
                    link.twists[critical] = _stuck_at(stuck)
                case "spike":
                    link.twists[critical] = _spike
                case "unit swap":
                    link.twists[critical] = _kelvin
                case "old stamps":
                    link.stamps_frozen = True
                case "source clock jumps":
                    link.source_shift_s = 3600.0 if outage.draw < 0.5 else -3600.0
                case "forecasts stop":
                    link.forecasts_stopped = True
                case "plant does not answer":
                    link.lost = True
                case "write refused":
                    link.refuse = frozenset({f"set_point:{point.name}"})
                case "competing writer":
                    link.foreign[point.name] = 0.5 * (point.low + point.high) + 0.01
                case "override":
                    wanted["override"] = True
                case "enable withdrawn":
                    wanted["enable"] = False
                case "policy late":
                    policy.fault = FaultKind.LATE
                case "policy answers NaN":
                    policy.answer = "NaN"
                case "policy beyond its range":
                    policy.answer = "beyond"
                case "worker dies":
                    if outage in begun:
                        policy.die()
                case "guard killed":
                    alive = False
                case "audit disk full":
                    self.audit.full = True
                case _:
                    raise KeyError(outage.kind)
        for name, value in wanted.items():
            link.operate(name, value)
        if not alive and self.service is not None:
            # As a kill leaves it: nothing is handed over, the status file says that it runs.
            self.service = None
        elif alive and self.service is None:
            self.restarts += 1
            self.service = self._new_service()

    # --- operator ---

    def operate(self) -> None:
        """Arm the service again, once it waits for a person and nothing speaks against it."""
        service = self.service
        if service is None:
            self._waiting_since_s = None
            return
        state = service.state
        waits = state.target is not Mode.POLICY or bool(state.latched)
        plc = self.plant.plc
        permitted = plc.enabled and not plc.override and not state.faults & state.latched
        permitted = permitted and self.link.connected and not self.link.lost and self.policy.ready
        if not (waits and permitted):
            self._waiting_since_s = None
            return
        now_s = self.clock()
        if self._waiting_since_s is None:
            self._waiting_since_s = now_s
        if now_s - self._waiting_since_s >= OPERATOR_S or self.rearms == 0:
            self.state_dir.ask(ModeRequest(mode="POLICY", user=OPERATOR, reason="looked after it"))
            self.rearms += 1
            self._waiting_since_s = None


async def run_week(
    bundle: Path,
    folder: Path,
    *,
    days: float,
    seed: int,
    start_day: int = 14,
    on_hour: Callable[[int], None] | None = None,
) -> WeekRun:
    """Run it.

    Args:
        bundle: The policy.
        folder: For the service's state; empty.
        days: How long.
        seed: Of the faults and of the plant's year.
        start_day: Day of the year on which it begins, 0 is 1 January.
        on_hour: Called with each hour's number.
    """
    bench = WeekBench(bundle, folder, seed=seed, start_day=start_day)
    ticks = round(days * 86_400.0 / TICK_S)
    outages = draw_outages(seed, days * 86_400.0)
    n = len(bench.plant.plc.points)
    columns = dict(bench.plant.columns)
    applied, outputs = np.empty((ticks, n)), np.empty((ticks, len(columns)))
    external = np.empty(ticks, dtype=np.bool_)
    modes = []
    for tick in range(ticks):
        now_s = tick * TICK_S
        bench.clock.now_s = now_s
        bench.link.catch_up()
        active = tuple(o for o in outages if o.active(now_s))
        begun = tuple(o for o in active if not o.active(now_s - TICK_S))
        bench.apply(active, begun)
        if bench.service is not None:
            await bench.service.safe_tick()
        bench.operate()
        service = bench.service
        modes.append("" if service is None else str(service.state.actual))
        applied[tick] = bench.plant.plc.applied
        external[tick] = bench.plant.plc.state is PlcState.EXTERNAL
        outputs[tick] = bench.plant.outputs[0]
        if on_hour is not None and now_s % 3600.0 == 0.0:
            on_hour(int(now_s // 3600.0))
    bench.audit.full = False
    bench.audit.close()
    return WeekRun(
        setup=bench.setup,
        audit_path=bench.state_dir.audit_path,
        outages=outages,
        points=bench.plant.plc.points,
        tick_s=TICK_S,
        ticks=ticks,
        applied=applied,
        external=external,
        outputs=outputs,
        columns=columns,
        modes=modes,
        writes=bench.checker.writes,
        unsafe=bench.checker.unsafe,
        restarts=bench.restarts,
        rearms=bench.rearms,
    )


def _critical_owners(setup: ServiceSetup) -> set[str]:
    """Circuits and stores: control without them is a fault."""
    circuits = {c.name for c in setup.district.circuits}
    return circuits | {n.partition(".")[0] for n in setup.tags.measured if n.endswith(".level")}


def _nan(_: float) -> float:
    return float("nan")


def _stuck_at(value: float) -> Callable[[float], float]:
    return lambda _: value


def _spike(value: float) -> float:
    return value + 400.0


def _kelvin(value: float) -> float:
    return value + 273.15
