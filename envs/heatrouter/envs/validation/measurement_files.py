"""Files of measurements and of other tools' results, read with everything odd said by line.

Line 1 names the columns, line 2 their units, then follow numbers. A blank cell is "not measured",
which only columns that a comparison can do without may have.
"""

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import MeasurementError, Mistake
from heatrouter.envs.scenarios.csv_rows import Findings

WATER_KG_PER_L = 0.998
"""Of cold water, at which flow meters are calibrated."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A physical quantity of a column.

    Attributes:
        units: Factor and offset to the unit used inside, by unit as files write it.
        low: Smallest sensible value, in the unit used inside.
        high: Largest sensible value.
        inside: The unit used inside.
    """

    units: Mapping[str, tuple[float, float]]
    low: float
    high: float
    inside: str


TIME = Quantity({"s": (1.0, 0.0), "min": (60.0, 0.0), "h": (3600.0, 0.0)}, 0.0, 1e10, "s")
TEMPERATURE = Quantity({"degC": (1.0, 0.0), "K": (1.0, -273.15)}, -60.0, 200.0, "degC")
MASS_FLOW = Quantity(
    {
        "kg/s": (1.0, 0.0),
        "kg/h": (1.0 / 3600.0, 0.0),
        "l/s": (WATER_KG_PER_L, 0.0),
        "l/h": (WATER_KG_PER_L / 3600.0, 0.0),
    },
    0.0,
    1e5,
    "kg/s",
)
LENGTH = Quantity({"m": (1.0, 0.0), "mm": (1e-3, 0.0)}, 0.0, 1e5, "m")
CONDUCTIVITY = Quantity(
    {"W/(m.K)": (1.0, 0.0), "W/(m K)": (1.0, 0.0), "W/mK": (1.0, 0.0)}, 1e-6, 1e3, "W/(m K)"
)
POWER = Quantity({"W": (1.0, 0.0), "kW": (1e3, 0.0)}, -1e12, 1e12, "W")
PRESSURE = Quantity({"Pa": (1.0, 0.0), "bar": (1e5, 0.0)}, -1e9, 1e9, "Pa")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a comparison reads.

    Attributes:
        quantity: What it holds; None for text.
        required: Whether the file must have it.
        may_be_blank: Whether single cells may be blank.
    """

    quantity: Quantity | None
    required: bool = True
    may_be_blank: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds.

    Attributes:
        path: The file.
        values: By column, in the quantity's inside unit; NaN where blank.
        text: By column, for columns of text.
    """

    path: Path
    values: Mapping[str, FloatArray]
    text: Mapping[str, tuple[str, ...]]

    def __getitem__(self, name: str) -> FloatArray:
        """Return a column of numbers."""
        return self.values[name]


class Reader:
    """Reads files and keeps the mistakes of all of them, to be told at once.

    Args:
        folder: Mistakes name files relative to it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mistakes: list[Mistake] = []

    def complain(self, path: Path, message: str) -> None:
        """Note a mistake about a file."""
        self.mistakes.append(Mistake(self._shown(path), message))

    def read(
        self, path: Path, columns: Mapping[str, Column], others: Quantity | None = None
    ) -> Table | None:
        """Read a file.

        Args:
            path: The file.
            columns: What is read of it; other columns are left alone.
            others: Where given, all further columns whose unit is one of this quantity are read,
                too (other tools' results); they may be blank.

        Returns:
            The table, or None where something is wrong, which is then among the mistakes.
        """
        findings = Findings(self._shown(path))
        table = _read(path, columns, others, findings)
        messages = findings.messages()
        self.mistakes += [Mistake("", message) for message in messages]
        return None if messages else table

    def check(self) -> None:
        """Raise what was found so far.

        Raises:
            MeasurementError: there is a mistake.
        """
        if self.mistakes:
            subject = f"validation data in {self.folder}"
            raise MeasurementError(subject, self.mistakes)

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)


def find_folder(data: Path, name: str, what: str) -> Path:
    """Return a part's folder.

    Raises:
        MeasurementError: it does not exist.
    """
    for folder in (data, data / name):
        if not folder.is_dir():
            message = (
                f"{folder} is no folder; --data names the folder of the validation data, "
                f"with {what} in {name}/"
            )
            raise MeasurementError(message)
    return data / name


def _read(
    path: Path, columns: Mapping[str, Column], others: Quantity | None, findings: Findings
) -> Table | None:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [(number, row) for number, row in _numbered(csv.reader(file)) if any(row)]
    except FileNotFoundError:
        findings.add("file", "not found; check --data")
        return None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        findings.add("file", f"cannot be read as CSV: {error}")
        return None
    if not rows or rows[0][0] != 1:
        findings.add("header", "line 1: empty; it must name the columns, and line 2 their units")
        return None
    header = [name.strip() for name in rows[0][1]]
    wanted = {name: c for name, c in columns.items() if c.required or name in header}
    missing = [name for name in wanted if name not in header]
    if missing:
        names = ", ".join(map(repr, missing))
        findings.add("columns", f"line 1: no column {names}; there are: {', '.join(header)}")
        return None
    if len(rows) < 2:
        findings.add("rows", "line 2: no units and no rows below the header")
        return None
    units = dict(zip(header, [unit.strip() for unit in rows[1][1]], strict=False))
    if others is not None:
        further = [n for n in header if n not in wanted and units.get(n) in others.units]
        wanted |= {name: Column(others, may_be_blank=True) for name in further}
    body = [(number, row) for number, row in rows[2:] if _whole(number, row, header, findings)]
    if not rows[2:]:
        findings.add("rows", "line 3: no rows below the names and units of the columns")
        return None
    values: dict[str, FloatArray] = {}
    text: dict[str, tuple[str, ...]] = {}
    for name, column in wanted.items():
        at = header.index(name)
        if column.quantity is None:
            text[name] = tuple(row[at].strip() for _, row in body)
            continue
        unit = units.get(name, "")
        if unit not in column.quantity.units:
            known = " or ".join(column.quantity.units)
            findings.add("units", f"line 2, column {name!r}: unit {unit!r}; write {known}")
            continue
        values[name] = _numbers(name, unit, column, [(n, row[at]) for n, row in body], findings)
    if "time" in values:
        if values["time"].size == 1:
            findings.add("rows", f"line {body[0][0]}: the only row; a course needs two or more")
        _check_order(values["time"], [number for number, _ in body], findings)
    return Table(path, values, text)


def _numbered(reader: Iterable[list[str]]) -> Iterable[tuple[int, list[str]]]:
    return enumerate(reader, start=1)


def _whole(number: int, row: list[str], header: list[str], findings: Findings) -> bool:
    if len(row) == len(header):
        return True
    message = f"line {number}: {len(row)} cells, the header has {len(header)}"
    findings.add("a wrong number of cells", message)
    return False


def _numbers(
    name: str, unit: str, column: Column, cells: list[tuple[int, str]], findings: Findings
) -> FloatArray:
    quantity = column.quantity
    assert quantity is not None
    factor, offset = quantity.units[unit]
    values = np.full(len(cells), math.nan)
    for i, (line, cell) in enumerate(cells):
        where = f"line {line}, column {name!r}"
        if not cell.strip():
            if not column.may_be_blank:
                findings.add("blank cells", f"{where}: blank; fill it in or take the row out")
            continue
        try:
            value = float(cell)
        except ValueError:
            findings.add("text in numbers", f"{where}: {cell!r} is no number; correct it")
            continue
        value = value * factor + offset
        if not math.isfinite(value):
            findings.add(
                "values that are no numbers",
                f"{where}: {cell!r} cannot be compared with; leave out the row",
            )
        elif not quantity.low <= value <= quantity.high:
            findings.add(
                "values outside their range",
                f"{where}: {cell!r} {unit} lies outside {quantity.low:g} .. {quantity.high:g} "
                f"{quantity.inside}; check value and unit",
            )
        values[i] = value
    return values


def _check_order(time: FloatArray, lines: list[int], findings: Findings) -> None:
    for i in np.flatnonzero(np.diff(time) <= 0.0):
        line, before = lines[i + 1], lines[i]
        if time[i + 1] == time[i]:
            findings.add("repeated times", f"line {line}: same time as line {before}; keep one")
        else:
            message = f"line {line}: earlier than line {before}; sort the rows by time"
            findings.add("times out of order", message)
