"""One series from a CSV file onto a regular grid. Nothing is filled in silence.

Every finding names the file and the line. Gaps of up to two hours are filled on straight lines and
counted; everything else that is wrong is refused.
"""

import math
from calendar import isleap
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.scenarios.catalogue import SeriesKind
from heatrouter.envs.scenarios.csv_rows import Findings, read_rows
from heatrouter.envs.scenarios.scenario_file import FileSeries

LONGEST_GAP_H: Final = 2.0
"""Longest gap that is filled, h."""

_EMPTY = {"", "na", "nan", "null", "none", "-"}
_DROPPED: Final = -(2**62)


@dataclass(frozen=True)
class GridSeries:
    """A series on the grid of its file.

    Attributes:
        values: One per interval, shape ``(n,)``, in the unit of the series.
        filled: How many of them were missing and lie on a straight line.
        leap_day: Whether 29 February has the values of the 28th.
    """

    values: FloatArray
    filled: int
    leap_day: bool = False


def read_csv_series(
    folder: Path, source: FileSeries, kind: SeriesKind, start: datetime, n_intervals: int
) -> tuple[GridSeries | None, list[str]]:
    """Read a column onto the grid of the scenario.

    Args:
        folder: Data folder.
        source: File, columns, clock and unit conversion.
        kind: Bounds of the values after conversion.
        start: Begin of the first interval, UTC.
        n_intervals: How many intervals of ``source.step_minutes``.

    Returns:
        The series, or None with everything that is wrong.
    """
    path = folder / source.file
    findings = Findings(source.file)
    rows = read_rows(path, source, findings)
    if rows is None or findings.messages():
        return None, findings.messages()
    seconds, cells, lines = rows
    step_s = 60 * source.step_minutes
    begin = round(start.timestamp())
    if source.align == "calendar":
        seconds = _on_calendar(seconds, start)
    index, remainder = np.divmod(seconds - begin, step_s)
    inside = (index >= 0) & (index < n_intervals) & (seconds > _DROPPED)
    if np.any(remainder[inside]):
        line = lines[int(np.flatnonzero(inside & (remainder != 0))[0])]
        findings.add("grid", f"line {line}: off the grid of {source.step_minutes} min from {start}")
        return None, findings.messages()
    grid = np.full(n_intervals, np.nan)
    line_of = np.full(n_intervals, -1)
    for position in np.flatnonzero(inside):
        at = int(index[position])
        if line_of[at] >= 0:
            message = (
                f"line {lines[position]}: same day and hour as line {line_of[at]} in another "
                "year; align: calendar takes one year"
            )
            findings.add("repeated days", message)
        line_of[at] = lines[position]
        grid[at] = _value(cells[position], int(lines[position]), source, kind, findings)
    if findings.messages():
        return None, findings.messages()
    repeated = source.leap_day == "repeat" and _repeat_28_february(grid, start, step_s)
    series, messages = _fill_gaps(grid, line_of, start, source, findings)
    return (series and replace(series, leap_day=repeated)), messages


def _on_calendar(seconds: IntArray, start: datetime) -> IntArray:
    """The same month, day and time in the scenario's year; 29 February is dropped."""
    moved = np.empty_like(seconds)
    for position, second in enumerate(seconds):
        moment = datetime.fromtimestamp(int(second), tz=UTC)
        try:
            there = moment.replace(year=start.year)
            moved[position] = round(there.timestamp())
        except ValueError:
            moved[position] = _DROPPED
    return moved


def _repeat_28_february(grid: FloatArray, start: datetime, step_s: int) -> bool:
    """Give an empty 29 February the values of the day before; whether it was."""
    per_day = 86400 // step_s
    if not isleap(start.year) or 86400 % step_s:
        return False
    begin = (datetime(start.year, 2, 29, tzinfo=UTC) - start).days * per_day
    if begin < per_day or begin + per_day > grid.size:
        return False
    if not np.isnan(grid[begin : begin + per_day]).all():
        return False
    grid[begin : begin + per_day] = grid[begin - per_day : begin]
    return True


def _value(cell: str, line: int, source: FileSeries, kind: SeriesKind, findings: Findings) -> float:
    text = cell.strip()
    if text.lower() in _EMPTY:
        return math.nan
    where = f"line {line}, column {source.column!r}"
    try:
        value = source.scale * float(text) + source.offset
    except ValueError:
        findings.add("unreadable values", f"{where}: {text!r} is no number")
        return math.nan
    if not kind.low <= value <= kind.high:
        message = (
            f"{where}: {value:g} {kind.unit} leaves {kind.low:g}..{kind.high:g}; "
            "check unit, scale and offset"
        )
        findings.add("values out of range", message)
        return math.nan
    return value


def _fill_gaps(
    grid: FloatArray,
    line_of: IntArray,
    start: datetime,
    source: FileSeries,
    findings: Findings,
) -> tuple[GridSeries | None, list[str]]:
    missing = np.isnan(grid)
    if not missing.any():
        return GridSeries(grid, 0), []
    step = timedelta(minutes=source.step_minutes)
    longest = LONGEST_GAP_H * 60 / source.step_minutes
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    for begin, end in edges.reshape(-1, 2):
        if end - begin <= longest and begin > 0 and end < grid.size:
            continue
        known = line_of[begin - 1] if begin > 0 else -1
        after = f"after line {known}" if known >= 0 else "at the beginning"
        message = (
            f"column {source.column!r}, {after}: nothing from {_utc(start + int(begin) * step)} to "
            f"{_utc(start + int(end) * step)}; gaps are filled up to {LONGEST_GAP_H:g} h, and not "
            "at the ends: complete the file or move start_utc and days"
        )
        findings.add("gaps", message)
    if findings.messages():
        return None, findings.messages()
    at = np.arange(grid.size)
    filled = np.interp(at, at[~missing], grid[~missing])
    return GridSeries(filled, int(missing.sum())), []


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%MZ")
