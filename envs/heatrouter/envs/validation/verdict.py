"""What a comparison found: figures with their limits, and pictures of the curves behind them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Check:
    """One figure of one case.

    Attributes:
        case: What was compared, as in ``ulg 151202``.
        figure: Which figure, as in ``RMSE at 1 s``.
        value: The figure.
        unit: Its unit, ``%`` and ``1`` included.
        limit: Largest magnitude allowed; None where the figure is only reported.
        references: The same figure of other tools, by name.
        note: Why there is no limit, or what else the reader needs.
    """

    case: str
    figure: str
    value: float
    unit: str
    limit: float | None = None
    references: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def missed(self) -> bool:
        """Whether a limit is missed; a figure that is no number misses every limit."""
        return self.limit is not None and not abs(self.value) <= self.limit

    def as_json(self) -> dict[str, object]:
        """Return the check for machines; JSON knows no NaN, so that is null."""
        return {
            "case": self.case,
            "figure": self.figure,
            "value": _finite(self.value),
            "unit": self.unit,
            "limit": self.limit,
            "passed": None if self.limit is None else not self.missed,
            "references": {name: _finite(value) for name, value in self.references.items()},
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Curves:
    """A measured course, ours and others'.

    Attributes:
        name: Name of the file that is drawn, without ending.
        title: Heading.
        time: Of the measured samples, shape (n,).
        time_unit: As in ``s``.
        measured: degC, shape (n,).
        ours: degC at the same times.
        others: By name, time and value of each.
        label: Of the measured course.
        inlet: degC at the same times, drawn thin; None to leave it out.
        judged: Which samples count; None for all.
        ylabel: Quantity and unit.
        error_label: Quantity and unit of the difference.
        window: Times between which it is drawn; None for all.
        value_span: Lowest and highest value drawn; None for what fits.
        error_span: Lowest and highest difference drawn; None for what fits.
    """

    name: str
    title: str
    time: FloatArray
    time_unit: str
    measured: FloatArray
    ours: FloatArray
    others: Mapping[str, tuple[FloatArray, FloatArray]] = field(default_factory=dict)
    label: str = "measured"
    inlet: FloatArray | None = None
    judged: BoolArray | None = None
    ylabel: str = "temperature, °C"
    error_label: str = "error, K"
    window: tuple[float, float] | None = None
    value_span: tuple[float, float] | None = None
    error_span: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """Deviations of tools from a reference, one group per quantity.

    Attributes:
        name: Name of the file that is drawn, without ending.
        title: Heading.
        ylabel: Quantity and unit of the bars.
        groups: Quantities.
        values: By tool, one value per group (NaN where there is none).
        limits: One per group.
    """

    name: str
    title: str
    ylabel: str
    groups: tuple[str, ...]
    values: Mapping[str, FloatArray]
    limits: FloatArray


@dataclass(frozen=True, slots=True)
class Panel:
    """One scatter plot.

    Attributes:
        title: What is compared.
        ylabel: Quantity and unit.
        values: By series, abscissa and ordinate.
        limit: A line at plus and minus this.
    """

    title: str
    ylabel: str
    values: Mapping[str, tuple[FloatArray, FloatArray]]
    limit: float


@dataclass(frozen=True, slots=True)
class Scatter:
    """Scatter plots side by side.

    Attributes:
        name: Name of the file that is drawn, without ending.
        title: Heading.
        xlabel: Quantity and unit of the abscissa of all.
        panels: The plots.
    """

    name: str
    title: str
    xlabel: str
    panels: tuple[Panel, ...]


Picture = Curves | Bars | Scatter


@dataclass(frozen=True, slots=True)
class Report:
    """What one part of the validation found.

    Attributes:
        part: Its name on the command line.
        summary: What was compared with what, one line.
        checks: Figures.
        pictures: For ``--plot``.
        skipped: Why nothing was compared; empty where it was.
    """

    part: str
    summary: str
    checks: tuple[Check, ...] = ()
    pictures: tuple[Picture, ...] = ()
    skipped: str = ""

    @property
    def missed(self) -> tuple[Check, ...]:
        """The checks that miss their limits."""
        return tuple(check for check in self.checks if check.missed)


def rmse(error: FloatArray) -> float:
    """Root mean square, NaN where there is nothing."""
    return float(np.sqrt(np.mean(error * error))) if error.size else math.nan


def bias(error: FloatArray) -> float:
    """Mean, NaN where there is nothing."""
    return float(np.mean(error)) if error.size else math.nan


def worst(values: Iterable[float]) -> float:
    """Largest magnitude; NaN where one of them is no number or there are none."""
    array = np.abs(np.array([*values], dtype=np.float64))
    return float(array.max()) if array.size else math.nan


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
