"""The running service, killed again and again beside a running plant over OPC UA.

Each life is a real ``heatrouter serve``. It is killed (SIGKILL) at a random moment, while it
starts or in control; one in four dies with its policy worker. Then the audit log has to hold, the
status has to be readable, nobody may be left behind, and the next life has to come up without
writing.
"""

import contextlib
import os
import random
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from heatrouter.deploy.audit import audit_segments
from heatrouter.deploy.faults.real_site import RealSite
from heatrouter.deploy.faults.site_processes import until
from heatrouter.deploy.modes import Mode
from heatrouter.envs.errors import HeatrouterError
from heatrouter.envs.settlement.chain_files import VerifiedChain, verify_files

LONGEST_IN_CONTROL_S: Final = 3.0
LONGEST_START_S: Final = 3.0
ORPHANS_S: Final = 15.0


@dataclass(slots=True)
class ServicesOutcome:
    """What the kills left behind.

    Attributes:
        kills: Lives ended.
        in_control: Of them, how many wrote to the plant when they died.
        records: Audit records after the last one.
        unsafe_writes: Counted at the plant.
        ready_s: From start to first tick, one per life that came so far; real seconds.
        corrupt: What did not hold, in words.
    """

    kills: int = 0
    in_control: int = 0
    records: int = 0
    unsafe_writes: int = 0
    ready_s: list[float] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)


def kill_services(folder: Path, lives: int, seed: int) -> ServicesOutcome:
    """Let services live and die beside one plant, and look at what each one leaves.

    Args:
        folder: An empty folder.
        lives: How many.
        seed: Of the moments of death.
    """
    outcome = ServicesOutcome()
    draw = random.Random(seed)
    site = RealSite(folder)
    records = 0
    try:
        for life in range(lives):
            try:
                _live(site, draw, life, outcome)
                records = _look(site, records)
                outcome.records = records
            except (HeatrouterError, AssertionError, sqlite3.Error) as error:
                outcome.corrupt.append(f"life {life}: {type(error).__name__}: {error}")
                if site.service.process.poll() is None:
                    site.service.kill()
            outcome.kills += 1
            if life + 1 < lives:
                site.start_service()
        outcome.unsafe_writes = int(site.plant.look()["unsafe_writes"])
    finally:
        site.stop()
    return outcome


def _live(site: RealSite, draw: random.Random, life: int, outcome: ServicesOutcome) -> None:
    service = site.service
    if life % 4 == 3:
        time.sleep(draw.uniform(0.0, LONGEST_START_S))
        service.kill()
        return
    outcome.ready_s.append(round(service.ready_s(), 2))
    first = service.ticks(service.first_record)[0]
    armed_before_death = life == 0
    if not armed_before_death:
        _must(first["mode"] in {"SHADOW", "OFF"}, f"came up in {first['mode']}")
        _must(not first["written"], "wrote before anybody armed it")
        service.ask(Mode.POLICY)
    until(lambda: service.status().get("mode") == "POLICY" or None, 60.0, named=site.reason())
    time.sleep(draw.uniform(0.0, LONGEST_IN_CONTROL_S))
    worker = int(service.status()["worker_pid"])
    outcome.in_control += 1
    if life % 4 == 2:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, 9)
    service.kill()
    until(lambda: True if not Path(f"/proc/{worker}").exists() else None, ORPHANS_S,
          named="the end of the policy worker")  # fmt: skip


def _look(site: RealSite, before: int) -> int:
    """Read everything that the dead one left; raises where something does not hold."""
    service = site.service
    segments = audit_segments(service.audit.path)
    if not segments or not service.audit.path.stat().st_size:
        _must(before == 0, f"{before} records are gone")
        return 0
    verified = verify_files(segments)
    _must(isinstance(verified, VerifiedChain), "the audit log is something else")
    assert isinstance(verified, VerifiedChain)
    records = verified.end.records
    _must(records >= before, f"{before} records were there, {records} are left")
    _must(service.state.read_status() is not None, "the status cannot be read")
    request = service.state.take_request()
    _must(not isinstance(request, str), f"a request is damaged: {request}")
    path = service.state.path / "history.sqlite"
    if path.exists():
        with contextlib.closing(sqlite3.connect(path)) as base:
            _must(base.execute("PRAGMA integrity_check").fetchone() == ("ok",), "history")
    return records


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
