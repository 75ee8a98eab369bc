"""Rows 19 to 21, 24, 25 and 27 on real processes: the guard process and the machine under it."""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.deploy.faults.board import NO_BOUND_S, Occasion, RowResult, judged
from heatrouter.deploy.faults.real_site import (
    SPEED,
    TICK_S,
    Watch,
    own_site,
    shared_site,
    tick_lengths_s,
    ticks_s,
    wall_s,
)
from heatrouter.deploy.faults.site_processes import Body, SiteError, busy_processes, until

READY_S: Final = 5.0
"""Real seconds until a restarted service ticks."""

HEARTBEATS: Final = 3
WATCHDOG_TICKS: Final = 10
LIVES: Final = 30
BUSY_PER_CORE: Final = 3
STARVED_TICK_S: Final = 1.0
STARVED_TICKS: Final = 60
WORKER_NICENESS: Final = -7
"""The worker does not inherit real time; a CPUWeight of 500 is five times the usual share."""

MEMORY_BYTES: Final = 2 * 2**30
"""As the unit file has it."""


def _restart_in_shadow(watch: Watch) -> None:
    """Started again it comes up in SHADOW, soon, and a person arms it."""
    site = watch.site
    site.start_service()
    took_s = site.service.ready_s()
    pid = site.service.process.pid

    def own_status() -> Body | None:
        # Written beside the ticks: for a moment it is still that of the life before.
        seen = site.service.status()
        return seen if seen.get("pid") == pid else None

    status = until(own_status, READY_S, named="the status of the restarted service")
    used_s = sum(_cpu_s(int(pid)) for pid in (status["pid"], status["worker_pid"]))
    watch.notes.append(f"ready after {took_s:.1f} s, {used_s:.1f} s of a core")
    # What other programs take of the machine is not the service's; it starts one step at a time.
    watch.must(used_s <= READY_S, f"ready after {used_s:.1f} s of a core, at most {READY_S:g}")
    first = site.service.ticks(site.service.first_record)[0]
    if first["mode"] != "SHADOW":
        watch.recovered = False
        watch.failures.append(f"came up in {first['mode']}, not in SHADOW")
    watch.must(not first["written"], "wrote before anybody armed it")
    site.arm()


def _taken_over(watch: Watch, at: float) -> None:
    """The plant's own controller has to take over; counted at the plant."""
    site = watch.site

    def local() -> Body | None:
        seen = site.plant.look()
        return seen if seen["status"] != "external" else None

    try:
        seen = until(local, 30.0, named="the plant's own controller")
    except SiteError as error:
        watch.failures.append(str(error))
        return
    watch.reaction_s.append((float(seen["at"]) - at) * site.speed)


def guard_killed(occasion: Occasion) -> RowResult:
    """Row 19: SIGKILL to the guard process."""
    with own_site(occasion.folder) as site:
        watch = site.watch()
        at = time.time()
        site.service.kill()
        _taken_over(watch, at)
        _restart_in_shadow(watch)
        watch.event("service started")
        # The PLC looks once in each of its own ticks.
        return watch.result(19, HEARTBEATS * TICK_S + ticks_s(1.0))


class WatchdogStandIn(threading.Thread):
    """What systemd does with ``Type=notify`` and ``WatchdogSec``: listens, waits, kills.

    Args:
        address: Path of the socket.
    """

    def __init__(self, address: Path) -> None:
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(address))
        self.patience_s = 60.0
        self.lines: list[str] = []
        self.pid: int | None = None
        self.killed_at: float | None = None
        self.end = threading.Event()

    def run(self) -> None:
        """Listen until told to end; kill whoever was heard last when it falls silent."""
        heard = time.monotonic()
        self._socket.settimeout(0.05)
        while not self.end.is_set():
            with contextlib.suppress(TimeoutError):
                lines = self._socket.recv(4096).decode().splitlines()
                self.lines += lines
                for line in lines:
                    if line.startswith("WATCHDOG_USEC="):
                        self.patience_s = 1e-6 * int(line.partition("=")[2])
                heard = time.monotonic()
            silent = time.monotonic() - heard > self.patience_s
            if silent and self.pid is not None and self.killed_at is None:
                # systemd sends SIGABRT first; a stopped process takes nothing but SIGKILL.
                os.kill(self.pid, signal.SIGKILL)
                self.killed_at = time.time()
        self._socket.close()


def loop_blocked(occasion: Occasion) -> RowResult:
    """Row 20: the guard process stands still; whoever stands in for systemd ends it."""
    occasion.folder.mkdir(parents=True, exist_ok=True)
    address = occasion.folder / "notify"
    watchdog = WatchdogStandIn(address)
    watchdog.start()
    environment = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "60000000"}
    try:
        with own_site(occasion.folder / "site", environment=environment) as site:
            watch = site.watch()
            watch.must("READY=1" in watchdog.lines, "the service never said that it was ready")
            watchdog.pid = site.service.process.pid
            at = time.time()
            os.kill(watchdog.pid, signal.SIGSTOP)
            _taken_over(watch, at)
            watch.notes.append(f"plant on its own after {watch.reaction_s.pop():.0f} s")
            killed_at = until(lambda: watchdog.killed_at, 60.0, named="the watchdog's kill")
            watch.reaction_s.append((killed_at - at) * SPEED)
            site.service.process.wait(10.0)
            _restart_in_shadow(watch)
            watch.event("service started")
            return watch.result(20, ticks_s(WATCHDOG_TICKS))
    finally:
        watchdog.end.set()


def power_loss(occasion: Occasion) -> RowResult:
    """Row 21: a few of the thousand kills of ``benchmarks/kill_harness.py``."""
    command = [sys.executable, "-m", "heatrouter.deploy.faults.killed_writers"]
    command += ["--lives", str(LIVES), "--folder", str(occasion.folder)]
    done = subprocess.run(command, capture_output=True, check=False)
    failures = [] if done.returncode == 0 else [done.stderr.decode()[-300:]]
    content = json.loads(done.stdout) if done.stdout else {"corrupt": ["nothing was said"]}
    failures += content["corrupt"]
    return judged(
        21,
        "real",
        reaction_s=(),
        bound_s=NO_BOUND_S,
        unsafe_writes=0,
        failures=failures,
        detail=f"{content.get('kills')} kills, {content.get('records')} records",
    )


def bad_settings(_: Occasion) -> RowResult:
    """Row 24: SIGHUP with settings that are wrong, then with good ones."""
    with shared_site() as site:
        watch = site.watch()
        site.service.write_settings({**site.settings, "tick_s": -1.0})
        at = time.time()
        site.service.process.send_signal(signal.SIGHUP)
        if body := watch.event("alarm SETTINGS raised"):
            watch.reacted(at, body)
        site.service.write_settings(site.settings)
        site.service.process.send_signal(signal.SIGHUP)
        watch.event("alarm SETTINGS cleared")
        modes = {body["mode"] for body in site.service.ticks(watch.mark)}
        watch.must(modes <= {"POLICY"}, f"modes {sorted(modes)}: {site.reason()}")
        return watch.result(24, ticks_s(1.0))


def disk_full(_occasion: Occasion) -> RowResult:
    """Row 25: no file may grow, as on a full disk; needs no other user than the service's."""
    with shared_site() as site:
        watch = site.watch()
        pid = site.service.process.pid
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        writes = int(site.plant.look()["external_writes"])
        before = len(site.service.ticks(0))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
        try:
            time.sleep(12.0 * TICK_S / SPEED)
            more = int(site.plant.look()["external_writes"]) - writes
            watch.must(more > 0, "control stopped with the disk")
            watch.must(len(site.service.ticks(0)) == before, "the log was written after all")
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        site.service.wait_tick(watch.mark, lambda _: True, 20.0)
        lost = sum(int(b["lost_before"]) for b in site.service.audit.look()[watch.mark :])
        watch.named = lost > 0
        watch.notes.append(f"{lost} records lost, and counted in the log")
        watch.event("fault AUDIT cleared")
        modes = [b["mode"] for b in site.service.ticks(watch.mark)]
        watch.must("RULES" in modes, f"the policy went on without a log: {modes[:3]}")
        watch.comes_back(hold_off=False)
        return watch.result(25, NO_BOUND_S)


def starved(occasion: Occasion) -> RowResult:
    """Row 27: three busy processes for each core, and the unit file's priority and memory."""
    with own_site(occasion.folder, real_tick_s=STARVED_TICK_S) as site:
        status = site.service.status()
        pids = (int(status["pid"]), int(status["worker_pid"]))
        # The plant's server would be on another machine, which nobody starves.
        scheduled = [_favour(process) for process in (pids[0], site.plant.process.pid)]
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, pids[1], WORKER_NICENESS)
        watch = site.watch()
        with busy_processes(BUSY_PER_CORE * (os.cpu_count() or 1)):
            time.sleep(STARVED_TICKS * STARVED_TICK_S)
            ticks = site.service.ticks(watch.mark)
        peak = _peak_bytes(pids[0])
        watch.must(peak < MEMORY_BYTES, f"{peak / 2**20:.0f} MiB")
        late_s = max(wall_s(b) - wall_s(a) for a, b in pairwise(ticks))
        modes = {body["mode"] for body in ticks}
        watch.must(modes <= {"POLICY"}, f"modes {sorted(modes)}: {site.reason()}")
        watch.must(late_s < 2.0 * STARVED_TICK_S, f"{late_s:.2f} s between two ticks")
        p50_s, p99_s = np.percentile(tick_lengths_s(ticks, site.speed), (50, 99))
        by = "first in, first out" if all(scheduled) else "niceness"
        watch.notes.append(
            f"ticks {1e3 * p50_s:.1f} ms, p99 {1e3 * p99_s:.1f} ms more than the shortest; "
            f"guard {peak / 2**20:.0f} MiB, scheduled by {by}"
        )
        watch.must(p99_s < 0.1 * STARVED_TICK_S, f"p99 {1e3 * p99_s:.0f} ms")
        return watch.result(27, NO_BOUND_S)


def _favour(pid: int) -> bool:
    """Let a process go before others, as far as this user may; whether in real time."""
    try:
        os.sched_setscheduler(pid, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except PermissionError:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, pid, -5)
        return False
    return True


def _cpu_s(pid: int) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_bytes(pid: int) -> int:
    """Most memory that a process ever had, resident."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    return 0
