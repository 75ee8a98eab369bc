"""A recording as the field: to watch in shadow mode what the service would have done.

One reading is one tick further in the recording, however fast the service runs. Nothing can be
written: the plant of a recording permits no external set-points.
"""

import math
from collections.abc import Mapping

import numpy as np

from heatrouter.deploy.field_link import FieldValue, LinkLostError, Quality, Snapshot
from heatrouter.deploy.host_calendar import HostCalendar
from heatrouter.deploy.recording import Recording, Track
from heatrouter.deploy.snapshot_builder import SnapshotBuilder
from heatrouter.deploy.tags import READ_CONTROL_TAGS, TagMap
from heatrouter.envs.arrays import FloatArray

FORECAST_COLUMN = "{node}[{index}]"
"""Column of one window of a forecast, as in ``forecast:ambient_temp_c[0]``."""


class ReplayLink:
    """Reads a recording tick by tick.

    Args:
        recording: What was recorded.
        tags: Which column holds what, in which unit.
        tick_s: Plant seconds between readings.
        timezone: Of the site, for a calendar that was not recorded.
    """

    def __init__(self, recording: Recording, tags: TagMap, *, tick_s: float, timezone: str) -> None:
        self._recording = recording
        partly = any(recording.track(tag) is None for tag in tags.clock.values())
        calendar = HostCalendar(timezone, lambda: self._now_s)
        self._builder = SnapshotBuilder(tags, calendar, always=partly)
        self._tracks = {name: self._track(name, tags) for name in self._builder.scalars}
        self._arrays = {
            name: _window_tracks(recording, tag.node) for name, tag in tags.forecast.items()
        }
        self._tick_s = tick_s
        self._now_s = recording.begin_s
        self._next = 0
        self.ticks = 1 + math.floor((recording.end_s - recording.begin_s) / tick_s)
        self.connected, self.reconnects = False, 0

    def _track(self, name: str, tags: TagMap) -> Track | None:
        track = self._recording.track(self._builder.scalars[name])
        group, _, rest = name.partition(":")
        if track is None and group in {"applied", "set_point"}:
            # A plant that follows its set-points: one recorded of the two is enough.
            other = tags.set_points if group == "applied" else tags.applied
            track = self._recording.track(other[rest])
        return track

    async def open(self) -> None:
        """Begin at the beginning; the recording was read before."""
        self.connected = True

    async def close(self) -> None:
        """There is nothing to disconnect from."""
        self.connected = False

    async def read(self) -> Snapshot:
        """The next tick; raises LinkLostError beyond the end."""
        if self._next >= self.ticks:
            self.connected = False
            msg = f"{self._recording.path}: the recording ends after {self.ticks} ticks"
            raise LinkLostError(msg)
        self._now_s = self._recording.begin_s + self._next * self._tick_s
        self._next += 1
        raws: list[float] = []
        quality: list[int] = []
        stamps: list[float] = []
        for name, track in self._tracks.items():
            value, code, stamp = self._standing(name, track)
            raws.append(value)
            quality.append(code)
            stamps.append(stamp)
        arrays: dict[str, FloatArray] = {}
        for name, tracks in self._arrays.items():
            found = [track.at(self._now_s) for track in tracks]
            if found and all(code == Quality.GOOD for _, code, _ in found):
                arrays[name] = np.array([value for value, _, _ in found])
        return self._builder.build(raws, quality, stamps, arrays)

    def _standing(self, name: str, track: Track | None) -> tuple[float, int, float]:
        if name in {f"control:{flag}" for flag in READ_CONTROL_TAGS}:
            return 0.0, int(Quality.GOOD), self._now_s
        if track is None:
            return math.nan, int(Quality.BAD), math.nan
        return track.at(self._now_s)

    async def write(self, values: Mapping[str, FieldValue]) -> tuple[str, ...]:
        """Refuse everything."""
        return tuple(values)


def _window_tracks(recording: Recording, node: str) -> list[Track]:
    tracks: list[Track] = []
    while True:
        track = recording.tracks.get(FORECAST_COLUMN.format(node=node, index=len(tracks)))
        if track is None:
            return tracks
        tracks.append(track)
