"""Rows of a CSV file: time stamps made sense of, everything odd said with its line."""

import csv
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import IntArray
from heatrouter.envs.scenarios.scenario_file import FileSeries

_SHOWN = 3
_CLOCK = re.compile(r"utc(?:([+-])(\d{1,2})(?::(\d{2}))?)?")


class Rows(NamedTuple):
    """One column of a file.

    Attributes:
        seconds: Begin of each interval, s since 1970-01-01 UTC.
        cells: Text of the values.
        lines: Line in the file, from 1.
    """

    seconds: IntArray
    cells: list[str]
    lines: IntArray


class Findings:
    """Mistakes of one file: of each sort the first few, and how many more there are.

    Args:
        subject: Name of the file, which begins every message.
    """

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._by_sort: dict[str, list[str]] = {}

    def add(self, sort: str, message: str) -> None:
        """Note a mistake; ``sort`` is what the rest is counted as."""
        self._by_sort.setdefault(sort, []).append(message)

    def messages(self) -> list[str]:
        """Return what there is to say, in the order in which it was found."""
        found = []
        for sort, messages in self._by_sort.items():
            found += [f"{self._subject}, {message}" for message in messages[:_SHOWN]]
            if len(messages) > _SHOWN:
                found.append(f"{self._subject}: {len(messages) - _SHOWN} more lines with {sort}")
        return found


def read_rows(path: Path, source: FileSeries, findings: Findings) -> Rows | None:
    """Return all rows in the order of the file, checked for increasing time.

    Args:
        path: The file.
        source: Its columns, clock and step.
        findings: Takes what is wrong; after an entry the rows are not to be used.

    Returns:
        The rows, or None where there is nothing to read.
    """
    shift_s = 60 * source.step_minutes if source.stamp == "end" else 0
    clock = _clock(source.clock)
    seconds, cells, lines = [], [], []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            missing = [c for c in (source.timestamp_column, source.column) if c not in header]
            if missing:
                findings.add("columns", _no_columns(missing, header, source))
                return None
            at_stamp, at_value = header.index(source.timestamp_column), header.index(source.column)
            for row in reader:
                if not row:
                    continue
                line = reader.line_num
                if len(row) != len(header):
                    message = f"line {line}: {len(row)} cells, the header has {len(header)}"
                    findings.add("a wrong number of cells", message)
                    continue
                moment = _moment(row[at_stamp], clock, line, source, findings)
                if moment is not None:
                    seconds.append(moment - shift_s)
                    cells.append(row[at_value])
                    lines.append(line)
    except FileNotFoundError:
        findings.add("file", f"not found in {path.parent}; check the data folder and the path")
        return None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        findings.add("file", f"cannot be read: {error}")
        return None
    if not seconds and not findings.messages():
        findings.add("rows", "line 2: no rows below the header")
    rows = Rows(np.array(seconds, dtype=np.int64), cells, np.array(lines, dtype=np.int64))
    _check_order(rows, 60 * source.step_minutes, findings)
    return rows


def _no_columns(missing: list[str], header: list[str], source: FileSeries) -> str:
    """Tell which columns a file lacks, and what to do about the usual reasons."""
    names = ", ".join(map(repr, missing))
    message = f"line 1: no column {names}; there are: {', '.join(header) or 'none'}"
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        return f"{message}; cells have to be separated by commas, decimals by points"
    if source.timestamp_column in missing:
        message += "; timestamp_column names the one with the time stamps"
    return message


def _clock(text: str) -> timedelta | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    sign = -1 if match[1] == "-" else 1
    return sign * timedelta(hours=int(match[2] or 0), minutes=int(match[3] or 0))


def _moment(
    text: str, clock: timedelta | None, line: int, source: FileSeries, findings: Findings
) -> int | None:
    where = f"line {line}, column {source.timestamp_column!r}"
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        findings.add("unreadable time stamps", f"{where}: {text!r} is no ISO-8601 time")
        return None
    if moment.tzinfo is None:
        if clock is None:
            message = (
                f"{where}: {text!r} has no time zone; add Z or an offset to the stamps, or name a "
                "fixed offset as clock, e.g. clock: utc+1. Local stamps with clock changes have "
                "to be converted: their hour in autumn is ambiguous"
            )
            findings.add("no time zone", message)
            return None
        moment = (moment - clock).replace(tzinfo=UTC)
    elif clock is not None:
        message = f"{where}: {text!r} carries its own offset; take clock: {source.clock} out"
        findings.add("two clocks", message)
        return None
    return round(moment.timestamp())


def _check_order(rows: Rows, step_s: int, findings: Findings) -> None:
    lines = rows.lines
    differences = np.diff(rows.seconds)
    for position in np.flatnonzero(differences <= 0):
        line, before = lines[position + 1], lines[position]
        if differences[position] == 0:
            findings.add("repeated stamps", f"line {line}: same time as line {before}; keep one")
        else:
            message = f"line {line}: earlier than line {before}; sort the rows by time"
            findings.add("stamps out of order", message)
    for position in np.flatnonzero((differences > 0) & (differences < step_s)):
        message = (
            f"line {lines[position + 1]}: {differences[position] / 60:g} min after the row before; "
            f"step_minutes is {step_s // 60}"
        )
        findings.add("stamps too close", message)
