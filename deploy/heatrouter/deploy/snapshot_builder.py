"""From raw values of any protocol to a snapshot in the contract's units."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from heatrouter.deploy.field_link import Quality, Snapshot
from heatrouter.deploy.host_calendar import HostCalendar
from heatrouter.deploy.tags import TagMap
from heatrouter.envs.arrays import FloatArray

# An array takes a number several times as fast as a member of an enumeration.
_BAD = int(Quality.BAD)


class SnapshotBuilder:
    """Converts raw values, and adds what the plant has no tag for.

    Args:
        tags: What is read, in which order and unit.
        calendar: Stands in for the plant's calendar where the map has none.
        always: The calendar stands in although the map has tags for it.

    Attributes:
        scalars: The tags whose raw values :meth:`build` takes, by name.
    """

    def __init__(
        self, tags: TagMap, calendar: HostCalendar | None = None, *, always: bool = False
    ) -> None:
        self.scalars = tags.scalars()
        self._arrays = tags.forecast
        self._names = tags.names()
        self._calendar = calendar if always or not tags.clock else None
        self._n = len(self.scalars)
        self._scale = np.array([t.scale for t in self.scalars.values()])
        self._offset = np.array([t.offset for t in self.scalars.values()])
        self._low = np.array([_or(t.low, -math.inf) for t in self.scalars.values()])
        self._high = np.array([_or(t.high, math.inf) for t in self.scalars.values()])
        self._no_value = {i: t.no_value for i, t in enumerate(self.scalars.values()) if t.no_value}
        # A set-point's range is what may be written; what stands there is somebody's business.
        self._ranged = np.array([not n.startswith("set_point:") for n in self.scalars])

    def build(
        self,
        raws: npt.ArrayLike,
        quality: npt.ArrayLike,
        stamps: npt.ArrayLike,
        arrays: Mapping[str, FloatArray],
    ) -> Snapshot:
        """Build the snapshot.

        Args:
            raws: Raw value of each of ``scalars``; NaN where there is none.
            quality: What the source says about each.
            stamps: POSIX time of the source, s; NaN without one.
            arrays: Raw forecast windows by series; without those that are not good.

        Returns:
            Values in the contract's units. A value outside its tag's range, one that stands for
            none and one that is no number are of bad quality.
        """
        total = len(self._names)
        values = np.full(total, np.nan)
        codes = np.full(total, _BAD, dtype=np.int8)
        times = np.full(total, np.nan)
        raw = np.array(raws, dtype=np.float64)
        for i, none in self._no_value.items():
            if raw[i] in none:
                raw[i] = np.nan
        converted = self._scale * raw + self._offset
        outside = self._ranged & ((converted < self._low) | (converted > self._high))
        values[: self._n] = converted
        codes[: self._n] = np.where(
            np.isfinite(converted) & ~outside, np.asarray(quality, dtype=np.int8), _BAD
        )
        times[: self._n] = stamps
        if self._calendar is not None:
            for name, value in self._calendar.read().items():
                at = self._names.index(name)
                values[at], codes[at] = value, Quality.GOOD
        series = {
            name: self._arrays[name].scale * array + self._arrays[name].offset
            for name, array in arrays.items()
        }
        return Snapshot(self._names, values, codes, times, series)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
