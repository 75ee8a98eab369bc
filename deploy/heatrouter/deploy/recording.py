"""Recorded tags from a file: wide (a column per tag) or long (a row per value, as historians do).

Wide::

    time,tank.level,main.supply_temp_c,applied:main.supply_temp_c
    2026-01-15T06:00:00Z,0.43,81.2,82.0

Long, with the last column as you like: ``good``, ``uncertain``, ``bad`` or nothing::

    time,tag,value,quality
    2026-01-15T06:00:00Z,TI_4711,81.2,good

Times are ISO 8601 with their zone, or POSIX seconds. Parquet files have the same columns.
"""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.deploy.field_link import Quality
from heatrouter.deploy.tags import Tag, TagMap, default_tags
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import Mistake, ServiceConfigError

TIME: Final = "time"
LONG_COLUMNS: Final = frozenset({"time", "tag", "value"})
MOST_MISTAKES: Final = 20
_QUALITIES: Final = {"": 0, "good": 0, "uncertain": 1, "bad": 2}


@dataclass(frozen=True, slots=True)
class Track:
    """What one tag did.

    Attributes:
        time_s: POSIX seconds, rising, shape ``(n,)``.
        values: Raw values; NaN where there was none.
        quality: :class:`Quality` of each.
    """

    time_s: FloatArray
    values: FloatArray
    quality: IntArray

    def at(self, time_s: float) -> tuple[float, int, float]:
        """Value, quality and time stamp that stood there at a time."""
        i = int(np.searchsorted(self.time_s, time_s, side="right")) - 1
        if i < 0:
            return math.nan, int(Quality.BAD), math.nan
        return float(self.values[i]), int(self.quality[i]), float(self.time_s[i])


@dataclass(frozen=True, slots=True)
class Recording:
    """Tracks by column or tag."""

    path: Path
    tracks: Mapping[str, Track]

    @property
    def begin_s(self) -> float:
        """POSIX time of the first value."""
        return min(float(track.time_s[0]) for track in self.tracks.values())

    @property
    def end_s(self) -> float:
        """POSIX time of the last value."""
        return max(float(track.time_s[-1]) for track in self.tracks.values())

    def track(self, tag: Tag) -> Track | None:
        """What a tag did; None where it was not recorded."""
        return self.tracks.get(tag.node)

    def check(self, tags: TagMap) -> None:
        """Raise ServiceConfigError for a recording that says nothing about the plant's state."""
        mistakes = []
        if not any(tag.node in self.tracks for tag in tags.measured.values()):
            some = ", ".join(list(self.tracks)[:5])
            message = f"{self.path}: none of the measured tags is in it; it has {some}, …"
            mistakes.append(Mistake("", message))
        for name, tag in tags.applied.items():
            if tag.node not in self.tracks and tags.set_points[name].node not in self.tracks:
                message = f"{self.path}: neither applied:{name} nor set_point:{name} is in it"
                mistakes.append(Mistake("", message))
        if mistakes:
            raise ServiceConfigError(str(self.path), mistakes)


def recorded_tags(contract: Contract) -> TagMap:
    """The default map of a recording: columns are named as snapshots name their entries."""
    tags = default_tags(contract)

    def named(prefix: str, group: dict[str, Tag]) -> dict[str, Tag]:
        return {n: t.model_copy(update={"node": f"{prefix}{n}"}) for n, t in group.items()}

    return tags.model_copy(
        update={
            "measured": named("", tags.measured),
            "tariff": named("tariff:", tags.tariff),
            "clock": named("clock:", tags.clock),
            "forecast": named("forecast:", tags.forecast),
            "forecast_issue": Tag(node="forecast_issue", unit="s"),
            "set_points": named("set_point:", tags.set_points),
            "applied": named("applied:", tags.applied),
            "control": named("control:", tags.control),
        }
    )


def read_recording(path: Path) -> Recording:
    """Read a CSV or Parquet file.

    Raises:
        ServiceConfigError: It cannot be read, or has times or values that are none; all at once.
    """
    columns = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    if TIME not in columns:
        msg = f"{path}: no column {TIME!r}; it has {', '.join(list(columns)[:8])}"
        raise ServiceConfigError(msg)
    mistakes: list[Mistake] = []
    times = _times(columns[TIME], mistakes)
    tracks = (
        _long(columns, times, mistakes)
        if columns.keys() >= LONG_COLUMNS
        else _wide(columns, times, mistakes)
    )
    if not mistakes and not tracks:
        mistakes.append(Mistake("", "there are no rows in it"))
    if mistakes:
        raise ServiceConfigError(str(path), mistakes[:MOST_MISTAKES])
    return Recording(path, tracks)


def _csv(path: Path) -> dict[str, Sequence[object]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            rows = list(
                csv.reader(file, delimiter=";" if head.count(";") > head.count(",") else ",")
            )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path}: the recording cannot be read ({error})"
        raise ServiceConfigError(msg) from error
    if not rows:
        msg = f"{path}: the recording is empty; its first row has to name the columns"
        raise ServiceConfigError(msg)
    names = [name.strip() for name in rows[0]]
    uneven = [i for i, row in enumerate(rows) if row and len(row) != len(names)]
    if uneven:
        msg = f"{path}: row {uneven[0] + 1} has not {len(names)} columns as the first"
        raise ServiceConfigError(msg)
    body = [row for row in rows[1:] if row]
    return {name: [row[i] for row in body] for i, name in enumerate(names)}


def _parquet(path: Path) -> dict[str, Sequence[object]]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import read_table
    except ModuleNotFoundError as error:
        msg = f"{path}: Parquet needs the package pyarrow; install heatrouter[study] or write CSV"
        raise ServiceConfigError(msg) from error
    try:
        table = read_table(path)
    except (OSError, ArrowException) as error:
        msg = f"{path}: the recording cannot be read ({error})"
        raise ServiceConfigError(msg) from error
    return {name: table.column(name).to_pylist() for name in table.column_names}


def _times(cells: Sequence[object], mistakes: list[Mistake]) -> FloatArray:
    times = np.full(len(cells), np.nan)
    for i, cell in enumerate(cells):
        number = _value(cell)
        if isinstance(cell, datetime) and cell.tzinfo is not None:
            times[i] = cell.timestamp()
        elif number is not None and math.isfinite(number):
            times[i] = number
        elif isinstance(cell, str):
            times[i] = _iso(cell)
        if math.isnan(times[i]):
            message = f"{cell!r} is no time with its zone, as in 2026-01-15T06:00:00Z"
            mistakes.append(Mistake(f"time[{i}]", message))
    return times


def _iso(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return math.nan
    return math.nan if moment.tzinfo is None else moment.timestamp()


def _wide(
    columns: Mapping[str, Sequence[object]], times: FloatArray, mistakes: list[Mistake]
) -> dict[str, Track]:
    back = np.flatnonzero(np.diff(times) <= 0.0)
    mistakes += [Mistake(f"time[{i + 1}]", "is not later than the one before it") for i in back[:3]]
    tracks = {}
    for name, cells in columns.items():
        if name != TIME and times.size:
            values = _values(name, cells, mistakes)
            quality = np.where(np.isnan(values), int(Quality.BAD), int(Quality.GOOD))
            tracks[name] = Track(times, values, quality)
    return tracks


def _long(
    columns: Mapping[str, Sequence[object]], times: FloatArray, mistakes: list[Mistake]
) -> dict[str, Track]:
    values = _values("value", columns["value"], mistakes)
    words = columns.get("quality", [""] * len(values))
    codes = []
    for i, word in enumerate(words):
        code = _QUALITIES.get(str(word or "").strip().lower())
        if code is None:
            mistakes.append(Mistake(f"quality[{i}]", f"{word!r} is not good, uncertain or bad"))
        codes.append(2 if code is None else code)
    quality = np.where(np.isnan(values), int(Quality.BAD), np.array(codes, dtype=np.int64))
    rows: dict[str, list[int]] = {}
    for i in np.argsort(times, kind="stable"):
        rows.setdefault(str(columns["tag"][i]), []).append(int(i))
    return {tag: Track(times[r], values[r], quality[r]) for tag, r in rows.items()}


def _values(name: str, cells: Sequence[object], mistakes: list[Mistake]) -> FloatArray:
    return np.array(list(_numbers(name, cells, mistakes)))


def _numbers(name: str, cells: Sequence[object], mistakes: list[Mistake]) -> Iterator[float]:
    for i, cell in enumerate(cells):
        number = _value(cell)
        if number is None:
            mistakes.append(Mistake(f"{name}[{i}]", f"{cell!r} is no number; leave gaps empty"))
        yield math.nan if number is None else number


def _value(cell: object) -> float | None:
    """A number, NaN for a gap, None for what is neither."""
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in {"", "nan", "null"}):
        return math.nan
    if isinstance(cell, bool | int | float):
        return float(cell)
    text = str(cell).strip().lower()
    if text in {"true", "false"}:
        return float(text == "true")
    try:
        return float(text)
    except ValueError:
        return None
