"""The week's half an hour over real sockets: plant, service and worker as processes on loopback.

A second is a minute of the plant, so half an hour is thirty hours with a fault in each. Faults are
made where they happen: at the plant's server, on the way to it, by signals to the processes.
"""

import contextlib
import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.deploy.faults.real_network import ProxyThread
from heatrouter.deploy.faults.real_site import PRESET, RealSite, tag, wall_s
from heatrouter.deploy.faults.site_processes import Body
from heatrouter.deploy.faults.week_judging import (
    LEAST_POLICY_SHARE,
    excused_ticks,
    replayed_log,
    travels,
)
from heatrouter.deploy.faults.week_plan import Outage, draw_outages
from heatrouter.deploy.faults.week_result import FaultyRunResult
from heatrouter.deploy.faults.week_run import OPERATOR_S
from heatrouter.deploy.modes import WRITING, Mode
from heatrouter.deploy.plc import PlcPoint, plc_points
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task

SPEED: Final = 60.0
TICK_S: Final = 60.0
LOOK_S: Final = 0.1
"""Real seconds between two looks of whoever makes the faults."""

CRITICAL: Final = ("main.supply_temp_c", "tank.level", "site.ambient_temp_c")
PLAIN: Final = ("main.return_temp_c", "greenhouse.air_temp_c", "site.irradiance_w_m2")

REAL_KINDS: Final[dict[str, tuple[float, float]]] = {
    "plain tag bad": (60.0, 1500.0),
    "critical tag bad": (60.0, 1200.0),
    "tag uncertain": (60.0, 1200.0),
    "no number": (60.0, 1200.0),
    "stuck value": (600.0, 1800.0),
    "unit swap": (60.0, 1200.0),
    "old stamps": (600.0, 1500.0),
    "source clock jumps": (300.0, 1200.0),
    "write refused": (120.0, 900.0),
    "override": (60.0, 1500.0),
    "enable withdrawn": (60.0, 1500.0),
    "packets vanish": (120.0, 900.0),
    "connection reset": (30.0, 30.0),
    "plant frozen": (120.0, 600.0),
    "worker killed": (30.0, 30.0),
    "worker frozen": (420.0, 600.0),
    "guard killed": (60.0, 600.0),
}
"""Kind -> least and longest duration, plant seconds."""

_TAG_FAULTS: Final = {
    "plain tag bad": ("bad", 0.0),
    "critical tag bad": ("bad", 0.0),
    "tag uncertain": ("uncertain", 0.0),
    "no number": ("nan", 0.0),
    "stuck value": ("stuck", 0.0),
    "unit swap": ("offset", 273.15),
    "old stamps": ("stale", 0.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketsResult(FaultyRunResult):
    """What the half hour has shown.

    ``bump`` is the greatest step that the service wrote, over what the rate allows for the time
    since the one before, or since the read-back that it began with. ``unsafe_writes`` are those
    that the plant's PLC refused.

    Attributes:
        minutes: Real time.
        ticks: Of the service.
        longest_gap_s: Real seconds between two ticks of one service.
    """

    minutes: float
    ticks: int
    longest_gap_s: float


class SocketsRun:
    """Makes the faults of a plan, and is the operator.

    Args:
        bundle: The policy.
        folder: Empty.
        seed: Of the faults.
        minutes: Real time.
    """

    def __init__(self, bundle: Path, folder: Path, *, seed: int, minutes: float) -> None:
        self.minutes = minutes
        self.outages = draw_outages(seed, minutes * 60.0 * SPEED, REAL_KINDS)
        self.restarts = self.rearms = 0
        self._threads: list[ProxyThread] = []
        self.site = RealSite(folder, bundle=bundle, through=self._through, real_tick_s=1.0)
        self._waiting_since: float | None = None

    def _through(self, endpoint: str) -> str:
        self._threads.append(ProxyThread(endpoint))
        return f"opc.tcp://127.0.0.1:{self._threads[0].proxy.port}"

    def run(self, on_fault: Callable[[Outage], None] | None = None) -> tuple[float, Body]:
        """Run it.

        Returns:
            POSIX time of its begin, and what the plant saw at the end.
        """
        self.site.in_policy()
        begun = time.time()
        active: dict[Outage, Callable[[], None]] = {}
        while (now_s := (time.time() - begun) * SPEED) < self.minutes * 60.0 * SPEED:
            for outage in [o for o in active if not o.active(now_s)]:
                active.pop(outage)()
            for outage in self.outages:
                if outage.active(now_s) and outage not in active:
                    active[outage] = self.make(outage)
                    if on_fault is not None:
                        on_fault(outage)
            self.operate()
            time.sleep(LOOK_S)
        for end in active.values():
            end()
        return begun, self.site.plant.look()

    def make(self, outage: Outage) -> Callable[[], None]:
        """Make a fault; the answer ends it."""
        site, draw = self.site, outage.draw
        if outage.kind in _TAG_FAULTS:
            names = PLAIN if outage.kind == "plain tag bad" else CRITICAL
            kind, value = _TAG_FAULTS[outage.kind]
            node = tag(names[int(draw * len(names))])
            site.plant.order("fault", node=node, kind=kind, value=value)
            return lambda: self._order("clear")
        proxy = self._threads[0]
        match outage.kind:
            case "source clock jumps":
                site.plant.order("shift_clock", value=3600.0 if draw < 0.5 else -3600.0)
                return lambda: self._order("clear")
            case "write refused":
                points = plc_points_of_preset()
                name = points[int(draw * len(points))].name
                site.plant.order("refuse", node=f"{PRESET}/setpoints/{name}")
                return lambda: self._order("clear")
            case "override":
                site.plant.order("override", value=True)
                return lambda: self._order("override", value=False)
            case "enable withdrawn":
                site.plant.order("enable", value=False)
                return lambda: self._order("enable", value=True)
            case "packets vanish":
                proxy.do(proxy.proxy.black_hole)
                return lambda: _done(proxy.do(proxy.proxy.heal))
            case "connection reset":
                proxy.do(proxy.proxy.reset)
                return _nothing
            case "plant frozen":
                return _frozen(site.plant.process.pid)
            case "worker killed":
                os.kill(self._worker(), signal.SIGKILL)
                return _nothing
            case "worker frozen":
                # Hung for good; the service replaces it, and the kernel keeps what is stopped.
                os.kill(self._worker(), signal.SIGSTOP)
                return _nothing
            case "guard killed":
                site.service.kill()
                return self._restart
        raise KeyError(outage.kind)

    def _worker(self) -> int:
        return int(self.site.service.status()["worker_pid"])

    def _order(self, do: str, **what: object) -> None:
        self.site.plant.order(do, **what)

    def _restart(self) -> None:
        self.restarts += 1
        self.site.start_service()

    def operate(self) -> None:
        """Arm the service again, once it waits for a person and nothing speaks against it."""
        service = self.site.service
        status = service.status()
        running = service.process.poll() is None and status.get("running")
        waits = status.get("target") != "POLICY" or bool(status.get("latched"))
        stands = set(status.get("latched", ())) & set(status.get("faults", ()))
        permitted = running and status.get("link_connected") and status.get("worker_ready")
        permitted = permitted and not stands and status.get("mode") != "LOCAL"
        now = time.monotonic()
        if not (waits and permitted):
            self._waiting_since = None
            return
        if self._waiting_since is None:
            self._waiting_since = now
        if now - self._waiting_since >= OPERATOR_S / SPEED:
            service.ask(Mode.POLICY, "looked after it")
            self.rearms += 1
            self._waiting_since = None

    def stop(self) -> None:
        """End every process."""
        self.site.stop()
        for thread in self._threads:
            thread.stop()


def run_sockets(
    bundle: Path,
    folder: Path,
    *,
    minutes: float,
    seed: int,
    on_fault: Callable[[Outage], None] | None = None,
) -> SocketsResult:
    """Run and judge it.

    Args:
        bundle: The policy.
        folder: Empty; the service's state stays in it.
        minutes: Real time.
        seed: Of the faults.
        on_fault: Called when one is made.
    """
    run = SocketsRun(bundle, folder, seed=seed, minutes=minutes)
    try:
        begun, seen = run.run(on_fault)
    finally:
        run.stop()
    path = run.site.service.audit.path
    bodies = [b for b in run.site.service.audit.look() if b["event"] is None]
    bodies = [b for b in bodies if begun <= wall_s(b) <= begun + 60.0 * minutes]
    walls = np.array([wall_s(b) for b in bodies])
    modes = np.array([str(b["mode"]) for b in bodies])
    excused = excused_ticks(run.outages, (walls - begun) * SPEED, TICK_S)
    policy = modes == "POLICY"
    share = float(policy[~excused].mean())
    bump = greatest_step(bodies, plc_points_of_preset())
    records, replayed = replayed_log(path, bundle)
    external = np.array([bool(b["detail"].get("external")) for b in bodies])
    handed = (modes[1:] != modes[:-1]) | (external[1:] != external[:-1])
    same = np.array([b["tick"] > a["tick"] for a, b in itertools.pairwise(bodies)])
    unsafe = int(seen["unsafe_writes"])
    failures = [
        text
        for text, wrong in (
            (f"policy in control {share:.1%} of the time", share < LEAST_POLICY_SHARE),
            (f"a step of {bump:.3f} rates", bump > 1.0),
            (f"{unsafe} unsafe writes, first {seen.get('unsafe_log', [])[:1]}", unsafe > 0),
            (f"replay differs: {replayed.first}", not replayed.same),
        )
        if wrong
    ]
    return SocketsResult(
        minutes=minutes,
        faults=dict(Counter(o.kind for o in run.outages)),
        ticks=len(bodies),
        policy_share=share,
        policy_share_all=float(policy.mean()),
        excused_share=float(excused.mean()),
        other_modes=dict(Counter(modes[~excused & ~policy].tolist())),
        handovers=int(handed.sum()),
        bump=bump,
        writes=int(seen["external_writes"]),
        unsafe_writes=unsafe,
        restarts=run.restarts,
        rearms=run.rearms,
        longest_gap_s=float(np.diff(walls)[same].max(initial=0.0)),
        audit_records=records,
        replayed_ticks=replayed.ticks,
        differences=replayed.differences,
        passed=not failures,
        failures=tuple(failures),
    )


def greatest_step(bodies: Sequence[Body], points: Sequence[PlcPoint]) -> float:
    """Greatest step that was written, over what its rate allows.

    Args:
        bodies: Records of ticks. A step counts from the set-points written before and the time of
            their confirmation; at the begin of a spell of control from those in force.
        points: Rates, in the order of the set-points in the records.
    """
    greatest = 0.0
    last: tuple[FloatArray, float] | None = None
    for body in bodies:
        detail = body["detail"]
        if not body["written"] or body["mode"] not in WRITING:
            last = None
            continue
        executed = np.array(body["executed"], dtype=np.float64)
        if last is None or not detail["external"]:
            last = (np.array(detail["applied"], dtype=np.float64), float(body["time_s"]) - TICK_S)
        before, since_s = last
        passed_s = max(float(body["time_s"]) - since_s, 1e-3)
        greatest = max(greatest, float(travels(points, np.array([before, executed]), passed_s)[1]))
        kept = [int(i) for i in detail.get("kept", [])]
        executed[kept] = before[kept]
        last = (executed, float(detail.get("written_s", body["time_s"])))
    return greatest


def plc_points_of_preset() -> tuple[PlcPoint, ...]:
    """Range and rate of each set-point, in the contract's order."""
    district = load_district(PRESET)
    contract = build_contract(district, load_task(PRESET))
    return plc_points(district, tuple(p.name for p in contract.set_points))


def _frozen(pid: int) -> Callable[[], None]:
    os.kill(pid, signal.SIGSTOP)

    def go_on() -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    return go_on


def _nothing() -> None:
    """It ends by itself."""


def _done(_: object) -> None:
    """What was answered is of no interest."""
