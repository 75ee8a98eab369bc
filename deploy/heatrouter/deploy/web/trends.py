"""Recent history for charts: a ring in memory now, a historian behind the same protocol later."""

import math
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from heatrouter.deploy.web.snapshots import Received
from heatrouter.deploy.web_site import Site
from heatrouter.envs.arrays import FloatArray

ROWS_AT_MOST: Final = 10_000
"""Of the ring: some hundred channels of 4 bytes make a few MB."""

POINTS_AT_MOST: Final = 2_000
"""Of an answer, per series: more than a screen has pixels for."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Values over time.

    Attributes:
        time_s: Plant time since the service started, s, shape ``(n_points,)``, rising.
        wall_time: POSIX time, s, same shape.
        values: Shape ``(n_series, n_points)``; NaN where nothing is known.
    """

    time_s: FloatArray
    wall_time: FloatArray
    values: FloatArray


class History(Protocol):
    """Whoever remembers what inputs and set-points were."""

    @property
    def names(self) -> tuple[str, ...]:
        """Series that are kept: inputs, ``applied:`` and ``wanted:`` set-points."""
        ...

    def course(self, names: list[str], *, begin_s: float, end_s: float, points: int) -> Course:
        """Courses of some series.

        Args:
            names: Some of :attr:`names`.
            begin_s: Plant time since the service started, s.
            end_s: Same.
            points: At most so many; longer stretches are thinned, keeping the last point.
        """
        ...


class RecentHistory:
    """A ring of the last hours in memory, one row per interval.

    Args:
        site: Names and ticks.
    """

    def __init__(self, site: Site) -> None:
        points = [p.name for p in site.set_points]
        self._n_points = len(points)
        self._n_inputs = len(site.inputs)
        self._names = (
            *(c.name for c in site.inputs),
            *(f"applied:{name}" for name in points),
            *(f"wanted:{name}" for name in points),
        )
        self._position = {name: i for i, name in enumerate(self._names)}
        kept_s = site.http.trend_h * 3600.0
        self._interval_s = max(site.tick_s, kept_s / ROWS_AT_MOST)
        rows = max(2, math.ceil(kept_s / self._interval_s))
        self._rows = np.full((rows, len(self._names)), np.nan, dtype=np.float32)
        self._times = np.full((rows, 2), np.nan)
        self._count = 0
        self._last_s = -math.inf

    @property
    def names(self) -> tuple[str, ...]:
        """Series that are kept."""
        return self._names

    def note(self, snapshot: Received) -> None:
        """Keep what a snapshot shows, if it is time for another row."""
        # Half a tick of slack: ticks come a little early or late.
        if snapshot.time_s - self._last_s < 0.99 * self._interval_s:
            return
        row = self._count % len(self._rows)
        self._rows[row] = self._row(snapshot)
        self._times[row] = snapshot.time_s, snapshot.wall_time
        self._count += 1
        self._last_s = snapshot.time_s

    def _row(self, snapshot: Received) -> FloatArray:
        row = np.full(len(self._names), np.nan)
        inputs, points = self._n_inputs, self._n_points
        if snapshot.values is not None:
            values = np.array(snapshot.values, dtype=np.float64)
            # A stand-in for a value that is not believed is no history.
            row[:inputs] = np.where(np.array(snapshot.causes) == 0, values, np.nan)
        if snapshot.applied is not None:
            row[inputs : inputs + points] = np.array(snapshot.applied, dtype=np.float64)
        if snapshot.decision is not None:
            row[inputs + points :] = np.array(snapshot.decision.executed, dtype=np.float64)
        return row

    def course(self, names: list[str], *, begin_s: float, end_s: float, points: int) -> Course:
        """Courses of some series; see :class:`History`."""
        kept = min(self._count, len(self._rows))
        # Oldest first.
        order = np.arange(self._count - kept, self._count) % len(self._rows)
        times = self._times[order]
        order = order[(times[:, 0] >= begin_s) & (times[:, 0] <= end_s)]
        step = max(1, math.ceil(order.size / max(points, 1)))
        order = order[::-1][::step][::-1]
        columns = [self._position[name] for name in names]
        values = self._rows[np.ix_(order, np.array(columns, dtype=np.int64))].T.astype(np.float64)
        return Course(self._times[order, 0], self._times[order, 1], values)
