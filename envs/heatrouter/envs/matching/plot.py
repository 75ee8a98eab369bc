"""Picture of a match: composite curves beside the grand composite curve.

matplotlib is imported when something is drawn, and without pyplot: no window, no global state.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from heatrouter.envs.matching.curves import placed_composites
from heatrouter.envs.matching.problem_table import problem_table
from heatrouter.envs.matching.streams import Stream

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HOT, COLD, GRAND, RECOVERED = "#c92a2a", "#1864ab", "#1f2933", "#e9ecef"
_INK: Final = "#1f2933"
_MW_FROM_KW: Final = 10_000.0


def draw_match(title: str, streams: Sequence[Stream], dt_min_k: float | None = None) -> "Figure":
    """Draw composite curves (real temperatures) and grand composite curve (shifted).

    Args:
        title: Above the picture.
        streams: At least one hot and one cold.
        dt_min_k: Least temperature difference, K; by default the sum of the contributions.
    """
    from matplotlib.figure import Figure

    table = problem_table(streams, dt_min_k)
    hot, cold = placed_composites(streams, dt_min_k)
    largest = max((float(c[0][-1]) for c in (hot, cold) if c[0].size), default=0.0)
    scale, unit = (1000.0, "MW") if largest >= _MW_FROM_KW else (1.0, "kW")
    figure = Figure(figsize=(11.0, 4.8), dpi=100, layout="constrained")
    figure.suptitle(title, color=_INK, fontsize=12, fontweight="bold")
    left, right = figure.subplots(1, 2)
    if table.recovery_kw > 0.0:
        begin = table.cold_utility_kw / scale
        left.axvspan(begin, begin + table.recovery_kw / scale, color=RECOVERED, zorder=0)
    for (heat, temps), colour, name in ((hot, HOT, "hot streams"), (cold, COLD, "cold streams")):
        left.plot(
            heat / scale, temps, color=colour, linewidth=2.0, label=name, solid_capstyle="butt"
        )
    left.set_title(
        f"composite curves: {table.recovery_kw / scale:,.4g} {unit} recovered (grey)", fontsize=10
    )
    _finish(left, f"heat, {unit}", "temperature, °C")
    left.legend(loc="best", frameon=False, fontsize=9)
    right.plot(table.cascade_kw / scale, table.temps_c, color=GRAND, linewidth=2.0)
    if table.temps_c.size:
        ends = zip((0, -1), (HOT, COLD), strict=True)
        for row, colour in ends:
            at = (table.cascade_kw[row] / scale, table.temps_c[row])
            right.plot(*at, marker="o", markersize=6, color=colour, clip_on=False)
    for pinch in table.pinch_temps_c:
        right.axhline(pinch, color=RECOVERED, linewidth=1.2, zorder=0)
        right.annotate(
            f"pinch {pinch:.4g} °C", (0.99, pinch), xycoords=("axes fraction", "data"),
            ha="right", va="bottom", fontsize=9, color=_INK,
        )  # fmt: skip
    _utilities(right, table.hot_utility_kw / scale, table.cold_utility_kw / scale, unit)
    right.set_title("grand composite curve", fontsize=10)
    _finish(right, f"heat that passes, {unit}", "shifted temperature, °C")
    right.set_xlim(left=0.0)
    left.set_xlim(left=0.0)
    return figure


def _utilities(axes: "Axes", hot: float, cold: float, unit: str) -> None:
    """Say both utilities at the ends of the curve."""
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.08 * (high - low), high + 0.10 * (high - low))
    for text, height, align, colour in (
        (f"hot utility {hot:,.4g} {unit}", 0.985, "top", HOT),
        (f"cold utility {cold:,.4g} {unit}", 0.015, "bottom", COLD),
    ):
        axes.text(
            0.985, height, text, transform=axes.transAxes, ha="right", va=align, fontsize=9,
            color=colour,
        )  # fmt: skip


def _finish(axes: "Axes", across: str, up: str) -> None:
    axes.set_xlabel(across, color=_INK)
    axes.set_ylabel(up, color=_INK)
    axes.grid(color="#f1f3f5", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def save_match(
    path: Path, title: str, streams: Sequence[Stream], dt_min_k: float | None = None
) -> None:
    """Draw a match into a file, PNG; its folder is made where it does not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_match(title, streams, dt_min_k).savefig(path, format="png")
