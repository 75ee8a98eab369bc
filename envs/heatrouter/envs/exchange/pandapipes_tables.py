"""The tables of a pandapipes network as `pandapipes.to_json` writes them, read without pandapipes.

`pandapipes.from_json` makes objects of any class that the file names; a file from elsewhere should
not be able to. Here the tables are taken as plain data.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from heatrouter.envs.exchange.import_report import ImportReport

_LARGEST_BYTES = 200_000_000


class Row:
    """One row of a table, whose cells are checked as they are taken.

    Args:
        table: Name of the table.
        index: Of the row, as written.
        cells: By column.
        taken: Takes the columns that are read.
        report: Takes mistakes.
    """

    def __init__(
        self,
        table: str,
        index: object,
        cells: dict[str, Any],
        taken: set[str],
        report: ImportReport,
    ) -> None:
        self.path = f"{table}[{index}]"
        self._cells = cells
        self._taken = taken
        self._report = report

    def text(self, column: str) -> str:
        """A text, empty where there is none."""
        value = self.raw(column)
        return value.strip() if isinstance(value, str) else ""

    def flag(self, column: str, default: bool) -> bool:
        """A truth value."""
        value = self.raw(column)
        return bool(value) if isinstance(value, bool | int) else default

    def number(self, column: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        """A number within bounds; None where there is none, with a mistake where it is wrong."""
        value = self.raw(column)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._report.mistake(f"{self.path}.{column}", f"{value!r:.60} is no number")
            return None
        if not math.isfinite(value):
            self._report.mistake(f"{self.path}.{column}", f"{value:g} is no number")
            return None
        if not low <= value <= high:
            bounds = f">= {low:g}" if math.isinf(high) else f"within {low:g} and {high:g}"
            self._report.mistake(f"{self.path}.{column}", f"{value:g} must be {bounds}")
            return None
        return float(value)

    def needed(self, column: str, low: float, high: float) -> float:
        """A number that must be there; `low` in its place, with a mistake, where it is not."""
        value = self.number(column, low, high)
        cell = self.raw(column)
        if value is None and (cell is None or (isinstance(cell, float) and math.isnan(cell))):
            self._report.mistake(f"{self.path}.{column}", "is missing")
        return low if value is None else value

    def node(self, column: str, known: set[str]) -> str:
        """A junction, as text; empty, with a mistake, where there is no such junction."""
        value = self.raw(column)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or str(value) not in known:
            self._report.mistake(f"{self.path}.{column}", f"{value!r:.60} is no junction")
            return ""
        return str(value)

    def raw(self, column: str) -> Any:  # noqa: ANN401
        """A cell as it is."""
        self._taken.add(column)
        return self._cells.get(column)


class Tables:
    """All tables of a network."""

    def __init__(self, objects: dict[str, Any], report: ImportReport) -> None:
        self._objects = objects
        self._report = report
        self._taken: dict[str, set[str]] = {}

    def rows(self, table: str) -> Iterator[Row]:
        """Rows of a table in their order; none where there is no such table."""
        taken = self._taken.setdefault(table, set())
        for index, cells in self._cells(table):
            yield Row(table, index, cells, taken, self._report)

    def unread(self) -> Iterator[tuple[str, list[str]]]:
        """Tables with the columns that hold something and were not read; none for whole tables."""
        for table in self._objects:
            rows = [] if table.startswith(("res_", "_")) else self._cells(table)
            if not rows:
                continue
            filled = dict.fromkeys(c for _, row in rows for c, v in row.items() if v is not None)
            left = [column for column in filled if column not in self._taken.get(table, ())]
            if table not in self._taken:
                yield table, []
            elif left:
                yield table, left

    def fluid(self) -> str:
        """Name of the fluid, empty where there is none."""
        fluid = self._objects.get("fluid")
        inner = fluid.get("_object") if isinstance(fluid, dict) else None
        if isinstance(inner, str):
            inner = _parsed(inner)
        name = inner.get("name") if isinstance(inner, dict) else None
        return name if isinstance(name, str) else ""

    def _cells(self, table: str) -> list[tuple[object, dict[str, Any]]]:
        entry = self._objects.get(table)
        if not isinstance(entry, dict) or entry.get("_class") != "DataFrame":
            return []
        frame = entry.get("_object")
        if isinstance(frame, str):
            frame = _parsed(frame)
        if not isinstance(frame, dict):
            self._report.mistake(table, "is no table of columns and rows")
            return []
        columns, index, data = (frame.get(k) for k in ("columns", "index", "data"))
        if not all(isinstance(part, list) for part in (columns, index, data)):
            self._report.mistake(table, "needs columns, index and data; write it with to_json")
            return []
        assert isinstance(columns, list)
        assert isinstance(index, list)
        assert isinstance(data, list)
        if len(index) != len(data) or any(
            not isinstance(row, list) or len(row) != len(columns) for row in data
        ):
            self._report.mistake(table, "has rows of unequal length")
            return []
        names = [str(column) for column in columns]
        return [
            (number, dict(zip(names, row, strict=True)))
            for number, row in zip(index, data, strict=True)
        ]


def read_tables(path: Path, report: ImportReport) -> Tables:
    """Read the JSON of a network.

    Raises:
        DistrictError: The file is not there, or not what pandapipes writes.
    """
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8") if size <= _LARGEST_BYTES else ""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        report.mistake("", f"cannot be read: {reason}")
        report.check()
        raise AssertionError from None  # check has raised
    if size > _LARGEST_BYTES:
        report.mistake("", f"has {size} bytes, at most {_LARGEST_BYTES} are read")
        report.check()
    return tables_of(text, report)


def tables_of(text: str, report: ImportReport) -> Tables:
    """Take the JSON text of a network apart; raises as `read_tables` does."""
    data = _parsed(text)
    objects = data.get("_object") if isinstance(data, dict) else None
    if isinstance(objects, str):
        objects = _parsed(objects)
    if not isinstance(objects, dict) or "junction" not in objects:
        report.mistake("", "is no pandapipes network; write one with pandapipes.to_json")
        report.check()
    assert isinstance(objects, dict)
    return Tables(objects, report)


def _parsed(text: str) -> Any:  # noqa: ANN401
    """JSON data; None where it is none, or nested beyond reason."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
