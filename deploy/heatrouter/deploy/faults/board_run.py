"""Runs rows of the board, and keeps what they showed in one file."""

import json
import math
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from heatrouter.deploy.faults.board import (
    NO_BOUND_S,
    FaultRow,
    Kind,
    Occasion,
    RowResult,
    Scenario,
    judged,
)
from heatrouter.envs.errors import ConfigError

SCHEMA_VERSION = 1


class Measured(BaseModel):
    """A row as it is kept: what was measured, when, and how long it took."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    row: int
    kind: Kind
    reaction_s: tuple[float | None, ...] = Field(description="null where there was none")
    bound_s: float | None = Field(description="null where the bound is no time")
    unsafe_writes: int
    audit_names_cause: bool
    recovered_properly: bool
    passed: bool
    detail: str
    seeds: int
    took_s: float
    at_utc: str
    command: str
    machine: str

    @property
    def ordered_s(self) -> tuple[float, ...]:
        """Reactions from the fastest to the slowest, s; infinite where there was none."""
        return tuple(sorted(math.inf if t is None else t for t in self.reaction_s))


class Board(BaseModel):
    """Everything that was measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    rows: tuple[Measured, ...] = ()

    def with_rows(self, rows: Iterable[Measured]) -> "Board":
        """This board with rows measured anew in the place of their older measurements."""
        known = {(m.row, m.kind): m for m in self.rows}
        known |= {(m.row, m.kind): m for m in rows}
        return self.model_copy(update={"rows": tuple(known[key] for key in sorted(known))})

    def of(self, row: int, kind: Kind) -> Measured | None:
        """A row's measurement, if there is one."""
        return next((m for m in self.rows if (m.row, m.kind) == (row, kind)), None)


def run_row(row: FaultRow, kind: Kind, seeds: int, command: str = "") -> Measured | None:
    """Run one row; None where it has no such side.

    A scenario that raises has failed: what broke it is the verdict.
    """
    scenario: Scenario | None = row.virtual if kind == "virtual" else row.real
    if scenario is None:
        return None
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="heatrouter-faults-") as folder:
        try:
            result = scenario(Occasion(Path(folder), tuple(range(seeds))))
        except Exception as error:  # noqa: BLE001  # a scenario's single boundary
            result = _broken(row.number, kind, error)
    fields = asdict(result) | {
        "reaction_s": tuple(t if math.isfinite(t) else None for t in result.reaction_s),
        "bound_s": result.bound_s if math.isfinite(result.bound_s) else None,
    }
    return Measured(
        **fields,
        seeds=seeds,
        took_s=round(time.perf_counter() - begin, 2),
        at_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        machine=machine(),
    )


def _broken(row: int, kind: Kind, error: Exception) -> RowResult:
    failure = f"the scenario broke: {error!r}"
    return judged(row, kind, reaction_s=(), bound_s=NO_BOUND_S, unsafe_writes=0, failures=[failure])


def run_rows(
    rows: Mapping[int, FaultRow],
    kinds: Iterable[Kind],
    seeds: int,
    on_row: Callable[[Measured], None],
    command: str,
) -> list[Measured]:
    """Run rows in the order of the board, telling of each as it ends."""
    measured = []
    for row in rows.values():
        for kind in kinds:
            found = run_row(row, kind, seeds, command)
            if found is not None:
                on_row(found)
                measured.append(found)
    return measured


def machine() -> str:
    """What the numbers were measured on, in words."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores of {model}, {platform.system()}, Python {platform.python_version()}"


def read_board(path: Path) -> Board:
    """Read a board that was kept.

    Raises:
        ConfigError: It is none, or of another version.
    """
    try:
        return Board.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        msg = f"{path}: no fault board: {error}; write one with `heatrouter faults run --out`"
        raise ConfigError(msg) from None


def to_json(board: Board) -> str:
    """A board for machines."""
    return json.dumps(board.model_dump(mode="json"), indent=1, allow_nan=False) + "\n"


def write_whole(path: Path, text: str) -> None:
    """Write a text by a temporary file and a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
