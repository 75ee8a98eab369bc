"""Audit log, ledgers, state files and history, written by a process that is killed again and again.

Each life is a process of its own that writes all of them as fast as it can and says after each
round what is safe. It is killed (SIGKILL) at a random moment. Every second death is made a power
loss: what a disk does not have yet is cut off the audit log, or zeros stand in its place. Then the
project's own readers have to find everything that the dead one had called safe, and the next life
goes on there.

Processes are made by fork: whoever calls this must have one thread only, so run it as a program of
its own (``benchmarks/kill_harness.py``).
"""

import argparse
import contextlib
import json
import os
import random
import select
import signal
import sqlite3
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, NoReturn

import numpy as np

from heatrouter.deploy.audit import AuditLog, AuditRecord, audit_segments, read_audit
from heatrouter.deploy.faults.ledger_stand_in import make_key, stand_in_deliveries, stand_in_head
from heatrouter.deploy.historian import Historian, HistorySettings
from heatrouter.deploy.history_file import HistorySample, Layout
from heatrouter.deploy.history_reading import HistoryReader
from heatrouter.deploy.mode_requests import target_before_crash
from heatrouter.deploy.modes import Mode
from heatrouter.deploy.state_dir import ModeRequest, StateDir
from heatrouter.envs.errors import HeatrouterError
from heatrouter.envs.settlement.chain_files import VerifiedChain, verify_files
from heatrouter.envs.settlement.ledger import write_ledger
from heatrouter.envs.settlement.signing import SigningKey
from heatrouter.envs.settlement.verification import verify_ledger

LIVES_PER_FOLDER: Final = 25
"""Then a new folder: every check reads the whole log, which grows from life to life."""

LONGEST_LIFE_S: Final = 0.12
PATIENCE_S: Final = 30.0
"""For a life to begin, on a machine that has other things to do."""

SEGMENT_BYTES: Final = 150_000
"""Small, so that lives end while a full file is set aside, too."""

INTERVALS: Final = 4
LEDGER: Final = "*.ledger.jsonl"
HISTORY: Final = "history.sqlite"

_ROUND = struct.Struct("<QQ")
_LAYOUT = Layout("harness", ("a", "b"), ("p",))


@dataclass(slots=True)
class WritersOutcome:
    """What the kills left behind.

    Attributes:
        kills: Lives ended.
        records: Audit records that were called safe, over all lives.
        ledgers: Ledgers that were whole and verified.
        power_losses: Lives whose audit log lost its end.
        torn: Lives that left half a line at the end of the audit log.
        corrupt: What did not hold, in words.
    """

    kills: int = 0
    records: int = 0
    ledgers: int = 0
    power_losses: int = 0
    torn: int = 0
    corrupt: list[str] = field(default_factory=list)


def kill_writers(folder: Path, lives: int, seed: int) -> WritersOutcome:
    """Let writers live and die, and look at what each one leaves.

    Args:
        folder: An empty folder.
        lives: How many.
        seed: Of the moments of death.
    """
    outcome = WritersOutcome()
    draw = random.Random(seed)
    home = folder
    for life in range(lives):
        if life % LIVES_PER_FOLDER == 0:
            home = folder / f"{life:05d}"
            home.mkdir(parents=True)
            key = make_key(home)
        before = _records(home)
        life_s = draw.uniform(0.0, LONGEST_LIFE_S)
        # One in four dies while it starts, the others from their first round on.
        safe, rounds = _live_and_die(home, key, life_s, life, started=life % 4 != 0)
        outcome.kills += 1
        outcome.records += max(0, safe - before)
        if life % 2 and (home / "audit.jsonl").exists():
            outcome.power_losses += 1
            safe = min(safe, _lose_power(home, draw))
        try:
            _look(home, key, safe, rounds, outcome)
        except (HeatrouterError, AssertionError, ValueError, OSError, sqlite3.Error) as error:
            outcome.corrupt.append(f"life {life}: {type(error).__name__}: {error}")
    return outcome


# --- a life ---


def _live_and_die(
    home: Path, key: SigningKey, life_s: float, number: int, *, started: bool
) -> tuple[int, int]:
    """Audit records that were safe when it died, and the last round it had finished."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _write_for_ever(home, key, writing, number)
    os.close(writing)
    if started:
        select.select([reading], [], [], PATIENCE_S)
    time.sleep(life_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    said = b""
    while part := os.read(reading, 65_536):
        said += part
    os.close(reading)
    whole = len(said) - len(said) % _ROUND.size
    return _ROUND.unpack(said[whole - _ROUND.size : whole]) if whole else (0, 0)


def _write_for_ever(home: Path, key: SigningKey, safe: int, number: int) -> NoReturn:
    try:
        state = StateDir(home)
        random_numbers = np.random.default_rng(number)
        history = Historian(home / HISTORY, _LAYOUT, "d" * 64, HistorySettings(), mean_s=900.0)
        history.start()
        head = stand_in_head(INTERVALS, key.public_key)
        audit = AuditLog(home / "audit.jsonl", max_bytes=SEGMENT_BYTES)
        count = 0
        while True:
            count += 1
            link = audit.write(_record(count, random_numbers))
            status = {"running": True, "target": "POLICY", "pid": os.getpid(), "round": count}
            state.write_status(status)
            history.put(_sample(count))
            if count % 3 == 0:
                state.ask(ModeRequest(mode="RULES", user="harness"))
            if count % 7 == 0:
                path = home / f"{number:05d}-{count:06d}.ledger.jsonl"
                write_ledger(path, head, stand_in_deliveries(INTERVALS), key)
            # Not before: what is said to be safe has to be there whatever comes.
            os.write(safe, _ROUND.pack(link.records, count))
    finally:
        os._exit(3)


def _record(count: int, random_numbers: np.random.Generator) -> AuditRecord:
    vector = random_numbers.normal(size=40)
    return AuditRecord(
        tick=count,
        time_s=float(count),
        mode="POLICY",
        target="POLICY",
        observation=vector,
        action=vector[:8],
        executed=vector[:8],
        written=True,
        detail={"round": count},
    )


def _sample(count: int) -> HistorySample:
    return HistorySample(
        tick=count - 1,
        wall_time=time.time(),
        time_s=60.0 * count,
        plant_time_s=60.0 * count,
        mode="POLICY",
        target="POLICY",
        written=True,
        series=np.array([count, -count, 0.5, 1.5], dtype=np.float64),
        causes=np.zeros(2, dtype=np.uint8),
    )


# --- what is left of it ---


def _lose_power(home: Path, draw: random.Random) -> int:
    """Take from the log what a disk may not have had; the number of whole records left."""
    path = home / "audit.jsonl"
    content = path.read_bytes()
    lost = draw.randint(0, min(len(content), 6000))
    # Some file systems keep the new length, and zeros for what was not written yet.
    content = content[: len(content) - lost] + b"\0" * (lost if draw.random() < 0.5 else 0)
    path.write_bytes(content)
    return _records(home)


def _records(home: Path) -> int:
    """Whole lines of the log, counted without the project's readers."""
    segments = [*home.glob("audit.*.jsonl"), home / "audit.jsonl"]
    return sum(path.read_bytes().count(b"\n") for path in segments if path.exists())


def _look(home: Path, key: SigningKey, safe: int, rounds: int, outcome: WritersOutcome) -> None:
    """Read everything back; raises where something is missing or does not hold."""
    _look_at_audit(home, safe, outcome)
    _look_at_state(StateDir(home), rounds)
    for path in home.glob(LEDGER):
        verified = verify_ledger(path, key.public_key)
        _must(verified.signature_checked, f"{path.name}: its signature was not checked")
        _must(verified.totals.deliveries == 2 * INTERVALS, f"{path.name}: lacks deliveries")
        outcome.ledgers += 1
        path.unlink()
    _look_at_history(home / HISTORY)


def _look_at_audit(home: Path, safe: int, outcome: WritersOutcome) -> None:
    path = home / "audit.jsonl"
    if not audit_segments(path):
        _must(safe == 0, f"{safe} records are gone")
        return
    torn = path.exists() and not (path.read_bytes() or b"\n").endswith(b"\n")
    outcome.torn += torn
    found = sum(1 for _ in read_audit(path))
    _must(found >= safe, f"{safe} records were safe, {found} are there")
    with AuditLog(path, max_bytes=SEGMENT_BYTES) as again:
        link = again.write(AuditRecord(tick=0, time_s=0.0, mode="SHADOW", target="SHADOW"))
    _must(link.records == found + 1, f"goes on at record {link.records}, not at {found + 1}")
    verified = verify_files(audit_segments(path))
    _must(isinstance(verified, VerifiedChain) and verified.end == link, "the chain ends elsewhere")


def _look_at_state(state: StateDir, rounds: int) -> None:
    status = state.read_status()
    if rounds:
        _must(status is not None, "the status cannot be read")
        _must(target_before_crash(state) is Mode.POLICY, "what was asked for is forgotten")
    request = state.take_request()
    _must(not isinstance(request, str), f"a request is damaged: {request}")


def _look_at_history(path: Path) -> None:
    if not path.exists():
        return
    with contextlib.closing(sqlite3.connect(path)) as base:
        _must(base.execute("PRAGMA integrity_check").fetchone() == ("ok",), "history is damaged")
        if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            return  # it died before its tables were there
    with HistoryReader(path) as reader:
        runs: dict[int, list[float]] = {}
        for row in reader.rows():
            runs.setdefault(row.run, []).append(float(row.series[0]))
    for run, counts in runs.items():
        _must(counts == list(_counted(len(counts))), f"history of run {run} has a hole")


def _counted(length: int) -> Iterator[float]:
    return (float(count) for count in range(1, length + 1))


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def main() -> int:
    """Kill writers and print what they left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lives", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True, help="an empty one")
    options = parser.parse_args()
    outcome = kill_writers(options.folder, options.lives, options.seed)
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
    return 1 if outcome.corrupt else 0


if __name__ == "__main__":
    sys.exit(main())
