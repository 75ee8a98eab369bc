"""Reads the history: courses for charts, rows for exports, settlement and the look-ahead."""

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from heatrouter.deploy.history_file import (
    HistoryError,
    Layout,
    believed,
    layouts,
    open_for_reading,
    unblock,
)
from heatrouter.envs.arrays import FloatArray

TICKS_PER_POINT: Final = 50
"""So many ticks are read for a point of a chart; where there are more, means."""

_OF_SAMPLES: Final = (
    "SELECT count(*), max(id) FROM sample WHERE wall_time >= ? AND wall_time <= ?",
    (
        "SELECT wall_time, layout, series, causes FROM sample "
        "WHERE wall_time >= ? AND wall_time <= ? AND (? - id) % ? = 0 ORDER BY id"
    ),
)
_OF_MEANS: Final = (
    "SELECT count(*), max(id) FROM mean WHERE wall_time >= ? AND wall_time <= ?",
    (
        "SELECT wall_time, layout, series, x'' FROM mean "
        "WHERE wall_time >= ? AND wall_time <= ? AND (? - id) % ? = 0 ORDER BY id"
    ),
)
"""Count and newest; then those that are left when only every so-many-th is wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class HistoryRow:
    """One tick, or the means of one interval.

    Attributes:
        run: Start of the service, the first on record is 1.
        wall_time: POSIX time, s; of an interval its begin.
        time_s: Plant time since that start, s.
        plant_time_s: The plant's own clock, s; NaN where not known.
        mode: Actual mode; empty for means.
        target: What a person asked for; empty for means.
        written: Whether set-points reached the plant.
        layout: Names of the series.
        series: Shape ``(n_series,)``; inputs as read, whatever was thought of them.
        causes: Why an input is not believed, shape ``(n_inputs,)``; None for means.
        known: Share of the interval for which each series is known, same shape as ``series``; of
            a tick 0 or 1.
    """

    run: int
    wall_time: float
    time_s: float
    plant_time_s: float
    mode: str
    target: str
    written: bool
    layout: Layout
    series: FloatArray
    causes: "np.ndarray[tuple[int], np.dtype[np.uint8]] | None"
    known: FloatArray


@dataclass(frozen=True, slots=True)
class HistorySpan:
    """What a history holds.

    Attributes:
        samples: Ticks.
        means: Intervals.
        begin: POSIX time of the oldest of either, s; NaN for an empty one.
        end: Of the newest.
        bytes: Size of the file.
    """

    samples: int
    means: int
    begin: float
    end: float
    bytes: int


class HistoryReader:
    """An open history; a service may go on writing it.

    Args:
        path: The file.

    Raises:
        HistoryError: There is none, or it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._base = open_for_reading(path)
        self._layouts = layouts(self._base)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @property
    def names(self) -> tuple[str, ...]:
        """Series of the newest layout."""
        layout = self.layout
        return () if layout is None else layout.names

    @property
    def layout(self) -> Layout | None:
        """The newest layout; None for an empty history."""
        row = self._one("SELECT layout FROM sample ORDER BY id DESC LIMIT 1")
        return None if row is None else self._layout(int(row[0]))

    def span(self) -> HistorySpan:
        """What there is."""
        spans = "SELECT count(*), min(wall_time), max(wall_time) FROM "
        samples, begin, end = self._must(spans + "sample")
        means, early, late = self._must(spans + "mean")
        times = [t for t in (begin, end, early, late) if t is not None]
        return HistorySpan(
            int(samples),
            int(means),
            min(times, default=math.nan),
            max(times, default=math.nan),
            self.path.stat().st_size,
        )

    def rows(self, begin: float = -math.inf, end: float = math.inf) -> Iterator[HistoryRow]:
        """Ticks of a span of POSIX time, oldest first."""
        query = (
            "SELECT run, layout, wall_time, time_s, plant_time_s, mode, target, written, series, "
            "causes FROM sample WHERE wall_time >= ? AND wall_time <= ? ORDER BY id"
        )
        for row in self._query(query, (begin, end)):
            layout = self._layout(row[1])
            series, causes = unblock(row[8]), np.frombuffer(row[9], dtype=np.uint8)
            known = np.isfinite(series).astype(np.float64)
            known[: causes.size][causes != 0] = 0.0
            plant_time_s = math.nan if row[4] is None else row[4]
            yield HistoryRow(
                row[0], row[2], row[3], plant_time_s, row[5], row[6], bool(row[7]), layout, series,
                causes, known,
            )  # fmt: skip

    def means(self, begin: float = -math.inf, end: float = math.inf) -> Iterator[HistoryRow]:
        """Means over control steps that begin in a span of POSIX time, oldest first."""
        query = (
            "SELECT run, layout, wall_time, time_s, plant_time_s, series, known FROM mean "
            "WHERE wall_time >= ? AND wall_time <= ? ORDER BY id"
        )
        for row in self._query(query, (begin, end)):
            plant_time_s = math.nan if row[4] is None else row[4]
            yield HistoryRow(
                row[0], row[2], row[3], plant_time_s, "", "", False, self._layout(row[1]),
                unblock(row[5]), None, unblock(row[6]),
            )  # fmt: skip

    def course(
        self, names: Sequence[str], *, begin_s: float, end_s: float, points: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Courses of some series.

        Times count from the last start of the service; what was before it has negative ones.

        Args:
            names: Some of :attr:`names`.
            begin_s: Plant time since the service started, s.
            end_s: Same.
            points: At most so many; longer stretches are thinned, keeping the last point.

        Returns:
            Plant time, s, and POSIX time, s, each of shape ``(n_points,)``, rising; values of shape
            ``(n_series, n_points)``, NaN where nothing is known or believed.
        """
        run = self._one("SELECT wall_time, speed FROM run ORDER BY id DESC LIMIT 1")
        start, speed = (0.0, 1.0) if run is None else run
        begin, end = start + begin_s / speed, start + end_s / speed
        # Where ticks were removed already there are means, and where ticks are very many they do.
        oldest = self._must("SELECT min(wall_time) FROM sample")[0]
        if self._must(_OF_SAMPLES[0], (begin, end))[0] > TICKS_PER_POINT * points:
            newest = self._one("SELECT wall_time FROM mean ORDER BY id DESC LIMIT 1")
            oldest = oldest if newest is None else newest[0]
        before = end if oldest is None else min(end, math.nextafter(oldest, -math.inf))
        early = self._thinned(_OF_MEANS, begin, before, points)
        late = begin if oldest is None else max(begin, oldest)
        found = early + self._thinned(_OF_SAMPLES, late, end, points)
        found = found[::-1][:: max(1, math.ceil(len(found) / max(points, 1)))][::-1]
        wall = np.array([time for time, _, _ in found])
        values = np.full((len(names), len(found)), np.nan)
        for i, (_, layout, series) in enumerate(found):
            position = {name: at for at, name in enumerate(layout.names)}
            for k, name in enumerate(names):
                if name in position:
                    values[k, i] = series[position[name]]
        return (wall - start) * speed, wall, values

    def _thinned(
        self, queries: tuple[str, str], begin: float, end: float, points: int
    ) -> list[tuple[float, Layout, FloatArray]]:
        counting, reading = queries
        count, last = self._must(counting, (begin, end))
        step = max(1, math.ceil(count / max(points, 1)))
        found = []
        for time, number, series, bad in self._query(reading, (begin, end, last, step)):
            layout = self._layout(number)
            values = believed(layout, series, bad) if bad else unblock(series)
            found.append((float(time), layout, values))
        return found

    def _layout(self, number: int) -> Layout:
        if number not in self._layouts:
            self._layouts = layouts(self._base)
        return self._layouts[number]

    def _one(self, query: str) -> tuple[Any, ...] | None:
        return next(iter(self._query(query, ())), None)

    def _must(self, query: str, values: tuple[object, ...] = ()) -> tuple[Any, ...]:
        return next(iter(self._query(query, values)))

    def _query(self, query: str, values: tuple[object, ...]) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._base.execute(query, values)
        except sqlite3.Error as error:
            message = f"{self.path}: cannot be read: {error}"
            raise HistoryError(message) from error
