"""What becomes of old history: means over the control step, then nothing."""

import math
import sqlite3
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from heatrouter.deploy.history_file import Layout, believed, block, layouts

_CHUNK: Final = 5_000
"""Rows deleted in one go: the writer is not to be kept from its samples for long."""

_DELETE_SAMPLES: Final = (
    "DELETE FROM sample WHERE id IN (SELECT id FROM sample WHERE wall_time < ? LIMIT ?)"
)
_DELETE_MEANS: Final = (
    "DELETE FROM mean WHERE id IN (SELECT id FROM mean WHERE wall_time < ? LIMIT ?)"
)
_DELETE_OLDEST: Final = "DELETE FROM sample WHERE id IN (SELECT id FROM sample ORDER BY id LIMIT ?)"

_Row: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept, real seconds.

    Attributes:
        ticks_s: Age up to which every tick is kept.
        means_s: Age up to which means are kept.
        max_bytes: Of the file.
        mean_s: Plant seconds that a mean covers.
    """

    ticks_s: float
    means_s: float
    max_bytes: int
    mean_s: float


def write_means(base: sqlite3.Connection, mean_s: float) -> None:
    """Put means of the intervals that have ended since the last call into the file.

    They are made of the samples in the file, so that a writer that was killed makes up for them.

    Args:
        base: Open for writing.
        mean_s: Plant seconds of an interval.
    """
    row = base.execute("SELECT last_sample FROM mean ORDER BY id DESC LIMIT 1").fetchone()
    known = layouts(base)
    groups: dict[tuple[int, int, int], list[_Row]] = {}
    for sample in base.execute(
        "SELECT run, layout, id, wall_time, time_s, plant_time_s, series, causes FROM sample "
        "WHERE id > ? ORDER BY id",
        (0 if row is None else row[0],),
    ):
        number, layout = int(sample[0]), int(sample[1])
        key = (number, layout, math.floor(float(sample[4]) / mean_s))
        groups.setdefault(key, []).append(sample)
    if len(groups) < 2:
        return
    # The last one goes on.
    ended = list(groups.items())[:-1]
    base.execute("BEGIN IMMEDIATE")
    base.executemany(
        "INSERT INTO mean (run, layout, last_sample, wall_time, time_s, plant_time_s, samples, "
        "series, least, greatest, known) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_mean(known[layout], group) for (_, layout, _), group in ended],
    )
    base.execute("COMMIT")


def drop_old(base: sqlite3.Connection, keeping: Keeping, now: float) -> int:
    """Remove what is too old, and the oldest ticks while the file is too large.

    Args:
        base: Open for writing.
        keeping: What is kept.
        now: POSIX time, s.

    Returns:
        How many samples were removed.
    """
    removed = _delete(base, _DELETE_SAMPLES, now - keeping.ticks_s)
    _delete(base, _DELETE_MEANS, now - keeping.means_s)
    while _bytes_in_use(base) > keeping.max_bytes:
        count = base.execute(_DELETE_OLDEST, (_CHUNK,)).rowcount
        if count <= 0:
            break
        removed += count
    # Not execute(), which takes one step of it and so frees one page.
    base.executescript("PRAGMA incremental_vacuum")
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return removed


def _delete(base: sqlite3.Connection, query: str, before: float) -> int:
    removed = 0
    while True:
        count = base.execute(query, (before, _CHUNK)).rowcount
        removed += max(count, 0)
        if count < _CHUNK:
            return removed


def _bytes_in_use(base: sqlite3.Connection) -> int:
    pages, free, size = (
        int(base.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _mean(layout: Layout, group: list[_Row]) -> _Row:
    values = np.array([believed(layout, row[6], row[7]) for row in group])
    known = np.isfinite(values)
    count = known.sum(axis=0)
    # Not nanmean: a series that was never known is no reason for a warning.
    total = np.where(known, values, 0.0).sum(axis=0)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    least = np.where(count > 0, np.where(known, values, np.inf).min(axis=0), np.nan)
    greatest = np.where(count > 0, np.where(known, values, -np.inf).max(axis=0), np.nan)
    share = count / len(group)
    run, number, _, wall_time, time_s, plant_time_s, *_ = group[0]
    return (
        run, number, group[-1][2], wall_time, time_s, plant_time_s, len(group),
        block(mean), block(least), block(greatest), block(share),
    )  # fmt: skip
