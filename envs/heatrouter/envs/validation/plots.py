"""Pictures of a validation as PNG.

matplotlib is imported when something is drawn, and without pyplot: no window, no global state.
"""

import math
from collections.abc import Iterable
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.validation.verdict import Bars, Curves, Picture, Scatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 100
OURS, MEASURED, INLET, LIMIT = "#d55e00", "#111111", "#c4c9cf", "#9aa0a6"
_OTHERS = (
    "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#a6761d", "#66c2a5",
)  # fmt: skip
_INK = "#1f2933"
_LOG_FLOOR = 1e-8
_COLOURS = 96
_DENSE = 500
"""Samples from which lines get thinner, and other tools' fainter."""
_SOLID, _ONE_ROW = 6, 6


def require_matplotlib() -> None:
    """Make sure that pictures can be drawn.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        message = (
            "--plot: the package 'matplotlib' is not installed; "
            "install it with: pip install 'heatrouter[study]'"
        )
        raise ConfigError(message)


def save_pictures(pictures: Iterable[Picture], folder: Path) -> list[Path]:
    """Draw pictures into a folder.

    Args:
        pictures: What to draw.
        folder: Made where it does not exist; files of the same names are replaced.

    Returns:
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for picture in pictures:
        path = folder / f"validation-{picture.name}.png"
        _save(draw(picture), path)
        written.append(path)
    return written


def _save(figure: "Figure", path: Path) -> None:
    """Save with a palette: a third of the size, and lines need no more colours."""
    from PIL import Image

    buffer = BytesIO()
    figure.savefig(buffer, dpi=DPI)
    with Image.open(buffer) as image:
        image.convert("RGB").quantize(_COLOURS).save(path, optimize=True)


def draw(picture: Picture) -> "Figure":
    """Draw one picture."""
    match picture:
        case Curves():
            return _draw_curves(picture)
        case Bars():
            return _draw_bars(picture)
        case Scatter():
            return _draw_scatter(picture)


def _figure(width_in: float, height_in: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), layout="constrained")


def _style(axes: "Axes", ylabel: str) -> None:
    axes.set_ylabel(ylabel, color=_INK)
    axes.grid(visible=True, color="#e5e8eb", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _draw_curves(picture: Curves) -> "Figure":
    figure = _figure(9.0, 5.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1.0))
    _style(upper, picture.ylabel)
    _style(lower, picture.error_label)
    time = picture.time
    begin, end = picture.window or (float(time[0]), float(time[-1]))
    wide = 1.0 if _seen(time, begin, end).sum() > _DENSE else 1.6
    faint = 0.9 if wide > 1.0 else 0.7
    if picture.inlet is not None:
        upper.plot(time, picture.inlet, color=INLET, linewidth=1.2, label="inlet, measured")
    for k, (tool, (their_time, theirs)) in enumerate(picture.others.items()):
        colour = _OTHERS[k % len(_OTHERS)]
        # The palette's last two repeat earlier hues.
        dashes = "-" if k < _SOLID else "-."
        inside = _seen(their_time, float(time[0]), float(time[-1]))
        t, v = their_time[inside], theirs[inside]
        upper.plot(t, v, color=colour, linewidth=0.9, alpha=faint, linestyle=dashes, label=tool)
        error = v - np.interp(t, time, picture.measured)
        lower.plot(t, error, color=colour, linewidth=0.8, alpha=faint, linestyle=dashes)
    style = "--" if wide > 1.0 else "-"
    error = picture.ours - picture.measured
    upper.plot(time, picture.measured, color=MEASURED, linewidth=wide, label=picture.label)
    upper.plot(
        time, picture.ours, color=OURS, linewidth=wide - 0.1, linestyle=style, label="heatrouter"
    )
    lower.axhline(0.0, color=MEASURED, linewidth=0.8)
    lower.plot(time, error, color=OURS, linewidth=wide - 0.2)
    if picture.judged is not None:
        _shade(upper, lower, time, picture.judged)
    mine = _seen(time, begin, end)
    if picture.judged is not None:
        mine &= picture.judged
    _set_span(upper, picture.value_span, np.append(picture.measured[mine], picture.ours[mine]))
    if picture.judged is not None or picture.error_span is not None:
        _set_span(lower, picture.error_span, error[mine] * 1.4)
    upper.set_title(picture.title.replace("_", " "), loc="left", color=_INK)
    lower.set_xlabel(f"time, {picture.time_unit}", color=_INK)
    lower.set_xlim(begin, end)
    entries = 2 + len(picture.others) + (picture.inlet is not None) + (picture.judged is not None)
    columns = entries if entries <= _ONE_ROW else math.ceil(entries / 2)
    figure.legend(loc="outside lower center", ncols=columns, frameon=False, fontsize="small")
    return figure


def _seen(time: FloatArray, begin: float, end: float) -> BoolArray:
    return (time >= begin) & (time <= end)


def _set_span(axes: "Axes", wanted: tuple[float, float] | None, values: FloatArray) -> None:
    if wanted is not None:
        axes.set_ylim(*wanted)
    elif values.size:
        low, high = float(values.min()), float(values.max())
        margin = 0.08 * max(high - low, 1e-6)
        axes.set_ylim(low - margin, high + margin)


def _shade(upper: "Axes", lower: "Axes", time: FloatArray, judged: BoolArray) -> None:
    """Shade what does not count."""
    for axes in (upper, lower):
        axes.fill_between(
            time,
            0.0,
            1.0,
            where=(~judged).tolist(),
            step="mid",
            transform=axes.get_xaxis_transform(),
            color="#eef1f4",
            linewidth=0.0,
            zorder=0,
            label="not judged" if axes is upper else None,
        )


def _draw_bars(picture: Bars) -> "Figure":
    figure = _figure(9.0, 4.6)
    axes = figure.subplots()
    _style(axes, picture.ylabel)
    axes.grid(visible=False, axis="x")
    tools = [*picture.values]
    width = 0.82 / len(tools)
    base = np.arange(len(picture.groups), dtype=np.float64)
    for k, tool in enumerate(tools):
        colour = OURS if k == 0 else _OTHERS[(k - 1) % len(_OTHERS)]
        at = base + (k - 0.5 * (len(tools) - 1)) * width
        axes.bar(at, picture.values[tool], width, color=colour, label=tool, linewidth=0.0)
    limited = np.flatnonzero(np.isfinite(picture.limits))
    for sign in (-1.0, 1.0):
        axes.hlines(
            sign * picture.limits[limited],
            base[limited] - 0.45,
            base[limited] + 0.45,
            color=LIMIT,
            linewidth=1.2,
            linestyle=":",
            label="limit" if sign > 0.0 and limited.size else "_nolegend_",
        )
    axes.axhline(0.0, color=MEASURED, linewidth=0.8)
    axes.set_xticks(base, [group.replace("_", " ") for group in picture.groups])
    axes.tick_params(axis="x", labelrotation=35, length=0)
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("right")
        label.set_rotation_mode("anchor")
    axes.set_title(picture.title, loc="left", color=_INK)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize="small")
    return figure


def _draw_scatter(picture: Scatter) -> "Figure":
    figure = _figure(10.5, 4.2)
    panels = figure.subplots(1, len(picture.panels), squeeze=False)[0]
    colours = (OURS, "#0072b2", "#009e73", "#b5b5b5")
    markers = ("o", "s", "^", "x")
    for position, (axes, panel) in enumerate(zip(panels, picture.panels, strict=True)):
        _style(axes, panel.ylabel)
        for k, (name, (x, y)) in enumerate(panel.values.items()):
            shown = np.maximum(y, _LOG_FLOOR)
            axes.scatter(
                x,
                shown,
                s=16,
                color=colours[k % len(colours)],
                marker=markers[k % len(markers)],
                linewidths=0.9,
                label=name if position == 0 else None,
            )
        axes.axhline(
            panel.limit,
            color=MEASURED,
            linewidth=1.0,
            linestyle=":",
            label="limit" if position == 0 else None,
        )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_title(panel.title, loc="left", fontsize="medium", color=_INK)
        axes.set_xlabel(picture.xlabel, color=_INK)
    figure.suptitle(picture.title, x=0.01, horizontalalignment="left", color=_INK)
    figure.legend(loc="outside lower center", ncols=5, frameon=False, fontsize="small")
    return figure
