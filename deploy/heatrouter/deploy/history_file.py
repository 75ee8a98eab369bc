"""The file of the historian: tables, how a row is packed, who may open it how.

SQLite with a write-ahead log: one process writes, others read at the same time, and a process that
is killed at any moment leaves a file that opens and whose last whole batch is there. A row holds
all series of one tick as one block of little-endian 64-bit floats, so that a day of ticks a second
stays below 100 MB; ``heatrouter history export`` makes columns of it.

    layout   names of the series, once per contract
    run      starts of the service
    sample   ticks: values as read, validity causes, read-back, what the guard let through, mode
    mean     intervals: mean, least and greatest of what could be believed, and for how long
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import HeatrouterError

HISTORY_FILE: Final = "history.sqlite"
FORMAT_VERSION: Final = 1

_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE layout (
    id INTEGER PRIMARY KEY, digest TEXT UNIQUE NOT NULL, district TEXT NOT NULL,
    names TEXT NOT NULL, n_inputs INTEGER NOT NULL, n_points INTEGER NOT NULL
);
CREATE TABLE run (id INTEGER PRIMARY KEY, wall_time REAL NOT NULL, speed REAL NOT NULL);
CREATE TABLE sample (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, layout INTEGER NOT NULL, tick INTEGER NOT NULL,
    wall_time REAL NOT NULL, time_s REAL NOT NULL, plant_time_s REAL,
    mode TEXT NOT NULL, target TEXT NOT NULL, written INTEGER NOT NULL,
    series BLOB NOT NULL, causes BLOB NOT NULL
);
CREATE INDEX sample_time ON sample (wall_time);
CREATE TABLE mean (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, layout INTEGER NOT NULL,
    last_sample INTEGER NOT NULL,
    wall_time REAL NOT NULL, time_s REAL NOT NULL, plant_time_s REAL, samples INTEGER NOT NULL,
    series BLOB NOT NULL, least BLOB NOT NULL, greatest BLOB NOT NULL, known BLOB NOT NULL
);
CREATE INDEX mean_time ON mean (wall_time);
"""


class HistoryError(HeatrouterError):
    """The historian's file cannot be read or is of another version."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which series a row holds.

    Attributes:
        district: Name of the district.
        inputs: Measured channels and tariffs.
        set_points: Each is kept twice: ``applied:`` by the plant and ``wanted:`` by the guard.
    """

    district: str
    inputs: tuple[str, ...]
    set_points: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All series, in the order of a row."""
        return (
            *self.inputs,
            *(f"applied:{name}" for name in self.set_points),
            *(f"wanted:{name}" for name in self.set_points),
        )


@dataclass(frozen=True, slots=True, eq=False)
class HistorySample:
    """One tick.

    Attributes:
        tick: Number of the tick since the service started.
        wall_time: POSIX time, s.
        time_s: Plant time since the service started, s.
        plant_time_s: The plant's own clock, s; NaN where not known.
        mode: Actual mode.
        target: What a person asked for.
        written: Whether set-points reached the plant.
        series: Shape ``(n_series,)`` in the layout's order, as read; NaN where nothing is known.
        causes: Why an input is not believed, shape ``(n_inputs,)``, 0 where it is.
    """

    tick: int
    wall_time: float
    time_s: float
    plant_time_s: float
    mode: str
    target: str
    written: bool
    series: FloatArray
    causes: "np.ndarray[tuple[int], np.dtype[np.uint8]]"


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open the file, and make it if it is not there.

    Raises:
        sqlite3.Error: It cannot be opened, or is no database.
        HistoryError: It is of another version.
    """
    new = not path.exists() or path.stat().st_size == 0
    base = sqlite3.connect(path, timeout=5.0, isolation_level=None)
    try:
        if new:
            # Room that retention frees goes back to the disk in small steps.
            base.execute("PRAGMA auto_vacuum = INCREMENTAL")
        base.execute("PRAGMA journal_mode = WAL")
        # Of a power loss the last transactions may be missing; the file stays sound.
        base.execute("PRAGMA synchronous = NORMAL")
        if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            base.executescript(f"BEGIN; {_TABLES}")
            base.execute("INSERT INTO meta VALUES ('format', ?)", (str(FORMAT_VERSION),))
            base.execute("COMMIT")
        _check_version(base, path)
    except BaseException:
        base.close()
        raise
    if new:
        path.chmod(0o600)
    return base


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open the file without changing anything in it.

    Raises:
        HistoryError: There is none, or it cannot be read.
    """
    if not path.exists():
        message = f"{path}: there is no history; is `history: {{enabled: true}}` in the settings?"
        raise HistoryError(message)
    try:
        base = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)
        _check_version(base, path)
    except sqlite3.Error as error:
        message = f"{path}: cannot be read: {error}"
        raise HistoryError(message) from error
    return base


def _check_version(base: sqlite3.Connection, path: Path) -> None:
    row = base.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    if row is None or row[0] != str(FORMAT_VERSION):
        message = (
            f"{path}: is a history of format {row and row[0]}, this version writes "
            f"{FORMAT_VERSION}; move the file away and a new one is begun"
        )
        raise HistoryError(message)


def layout_id(base: sqlite3.Connection, layout: Layout, digest: str) -> int:
    """Number of a layout in the file; put there where it is new."""
    names = json.dumps([layout.inputs, layout.set_points])
    base.execute(
        "INSERT OR IGNORE INTO layout (digest, district, names, n_inputs, n_points) "
        "VALUES (?, ?, ?, ?, ?)",
        (digest, layout.district, names, len(layout.inputs), len(layout.set_points)),
    )
    row = base.execute("SELECT id FROM layout WHERE digest = ?", (digest,)).fetchone()
    return int(row[0])


def layouts(base: sqlite3.Connection) -> dict[int, Layout]:
    """Every layout in the file by its number, oldest first."""
    found = {}
    for number, district, names in base.execute(
        "SELECT id, district, names FROM layout ORDER BY id"
    ):
        inputs, points = json.loads(names)
        found[int(number)] = Layout(district, tuple(inputs), tuple(points))
    return found


def block(values: Sequence[float] | FloatArray) -> bytes:
    """Pack series."""
    return np.asarray(values, dtype="<f8").tobytes()


def unblock(data: bytes) -> FloatArray:
    """Unpack series; a fresh array."""
    return np.frombuffer(data, dtype="<f8").astype(np.float64)


def believed(layout: Layout, series: bytes, causes: bytes) -> FloatArray:
    """Series of a sample, NaN where an input may not be believed."""
    values = unblock(series)
    bad = np.frombuffer(causes, dtype=np.uint8) != 0
    values[: len(layout.inputs)][bad] = np.nan
    return values
