"""Pictures of a simulated time: temperatures, dispatch, and the duration curve of the load."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import HeatExchanger, Producer, WasteHeatSource

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS: Final = (
    "#0072b2", "#009e73", "#56b4e9", "#cc79a7", "#e69f00", "#8c6bb1", "#d55e00", "#a6761d",
    "#66c2a5", "#9aa0a6",
)  # fmt: skip
_INK: Final = "#1f2933"
_SECONDS_PER_DAY: Final = 86400.0
_KW_PER_MW: Final = 1000.0
_SHORT_DAYS: Final = 21.0
"""Shorter times are drawn step by step, longer ones in daily means."""


def draw_courses(
    district: District,
    columns: Mapping[str, int],
    rows: FloatArray,
    dt_s: float,
    first_day: float,
    folder: Path,
) -> list[Path]:
    """Draw what a simulation did.

    Args:
        district: What was simulated.
        columns: Name of an output to its column.
        rows: Outputs of every step, shape ``(n_steps, n_columns)``.
        dt_s: Length of a step, s.
        first_day: Day of the year on which it started.
        folder: Where the files go; it exists.

    Returns:
        The files written: ``temperatures.png``, ``dispatch.png``, ``duration.png``.
    """
    total_days = rows.shape[0] * dt_s / _SECONDS_PER_DAY
    per_mean = 1
    if total_days > _SHORT_DAYS:
        per_mean = max(round(_SECONDS_PER_DAY / dt_s), 1)
    means = _means(rows, per_mean)
    days: FloatArray = (
        first_day
        + (np.arange(means.shape[0], dtype=np.float64) + 0.5) * per_mean * dt_s / _SECONDS_PER_DAY
    )
    files = []
    for name, figure in (
        ("temperatures", _temperatures(district, columns, means, days)),
        ("dispatch", _dispatch(district, columns, means, days)),
        ("duration", _duration(district, columns, rows, dt_s)),
    ):
        path = folder / f"{name}.png"
        figure.savefig(path)
        files.append(path)
    return files


def _means(rows: FloatArray, count: int) -> FloatArray:
    whole = rows.shape[0] // count * count
    blocks = rows[:whole].reshape(-1, count, rows.shape[1])
    return np.asarray(blocks.mean(axis=1), dtype=np.float64)


def _producers(district: District) -> list[str]:
    """Units that feed heat in, free heat first; links only move heat between circuits."""
    units = [u for u in district.units if isinstance(u, Producer)]
    units = [u for u in units if not isinstance(u, HeatExchanger)]
    return [u.name for u in sorted(units, key=lambda u: not isinstance(u, WasteHeatSource))]


def _figure(title: str, x: str, y: str) -> tuple["Figure", "Axes"]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 4.2), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", color=_INK, fontsize=11)
    axes.set_xlabel(x, color=_INK)
    axes.set_ylabel(y, color=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#e4e7eb", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _legend(axes: "Axes") -> None:
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _named(name: str) -> str:
    return name.replace("_", " ")


def _temperatures(
    district: District, columns: Mapping[str, int], means: FloatArray, days: FloatArray
) -> "Figure":
    figure, axes = _figure(f"{district.title}: temperatures", "day of the year", "°C")
    axes.plot(days, means[:, columns["site.ambient_temp_c"]], color="#0072b2", lw=1.0, label="air")
    shades = (("#d55e00", "#e69f00"), ("#8c6bb1", "#cc79a7"), ("#a6761d", "#66c2a5"))
    for circuit, pair in zip(district.circuits, shades, strict=False):
        for part, colour in zip(("supply", "return"), pair, strict=True):
            values = means[:, columns[f"{circuit.name}.{part}_temp_c"]]
            axes.plot(days, values, color=colour, lw=1.0, label=f"{_named(circuit.name)} {part}")
    _span(axes, days)
    _legend(axes)
    return figure


def _dispatch(
    district: District, columns: Mapping[str, int], means: FloatArray, days: FloatArray
) -> "Figure":
    figure, axes = _figure(f"{district.title}: heat by producer", "day of the year", "MW")
    names = _producers(district)
    heat = [means[:, columns[f"{name}.heat_kw"]] / _KW_PER_MW for name in names]
    colours = [_COLOURS[i % len(_COLOURS)] for i in range(len(names))]
    axes.stackplot(
        days, *heat, labels=[_named(name) for name in names], colors=colours, linewidth=0.0
    )
    axes.plot(days, load_mw(district, columns, means), color=_INK, lw=0.8, label="load")
    _span(axes, days)
    axes.set_ylim(bottom=0.0)
    _legend(axes)
    return figure


def _duration(
    district: District, columns: Mapping[str, int], rows: FloatArray, dt_s: float
) -> "Figure":
    figure, axes = _figure(f"{district.title}: duration curves", "hours", "MW")
    hours = (np.arange(rows.shape[0]) + 1.0) * dt_s / 3600.0
    load = np.sort(load_mw(district, columns, rows))[::-1]
    axes.plot(hours, load, color=_INK, lw=1.8, label="load")
    for i, name in enumerate(_producers(district)):
        heat = np.sort(rows[:, columns[f"{name}.heat_kw"]])[::-1] / _KW_PER_MW
        # Standing still is no line: the curve ends where it meets the axis.
        shown = np.where(np.append(True, heat[:-1] > 0.0), heat, np.nan)
        axes.plot(hours, shown, color=_COLOURS[i % len(_COLOURS)], lw=1.3, label=_named(name))
    axes.set_xlim(0.0, float(hours[-1]))
    axes.set_ylim(bottom=0.0)
    _legend(axes)
    return figure


def _span(axes: "Axes", days: FloatArray) -> None:
    if days.size > 1:
        axes.set_xlim(float(days[0]), float(days[-1]))


def load_mw(district: District, columns: Mapping[str, int], rows: FloatArray) -> FloatArray:
    """Load of a district.

    Args:
        district: The description.
        columns: Name of an output to its column.
        rows: Outputs, shape ``(n_steps, n_columns)``.

    Returns:
        The loads of all circuits together, MW, shape ``(n_steps,)``; what an exchanger hands on
        counts once, in the circuit that uses it.
    """
    loads = [rows[:, columns[f"{circuit.name}.load_kw"]] for circuit in district.circuits]
    links = [u.name for u in district.units if isinstance(u, HeatExchanger)]
    handed_on = np.zeros(rows.shape[0])
    for name in links:
        handed_on += rows[:, columns[f"{name}.heat_kw"]]
    return np.asarray((np.sum(loads, axis=0) - handed_on) / _KW_PER_MW, dtype=np.float64)
