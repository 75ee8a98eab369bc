"""The picture of docs/policies.md: what controllers save on each preset, with intervals."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

_TITLES: Final = {
    "constant-price": "constant price",
    "mpc": "MPC, same forecast",
    "policy": "policy",
    "reference": "MPC, foresight",
}
_COLUMNS: Final = 3
_INK: Final = "#1f2933"
_GRID: Final = "#e4e7eb"
_PLAIN: Final = "#6b7280"
_POLICY: Final = "#0072b2"


def draw(records: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw one panel for each preset, each with its own scale.

    Args:
        records: What ``judged.json`` holds beside each bundle.
        path: The PNG file.
    """
    rows = -(-len(records) // _COLUMNS)
    figure = Figure(figsize=(7.2, 1.6 * rows + 0.4), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for number, axes in enumerate(panels):
        if number < len(records):
            _panel(axes, records[number], names=number % _COLUMNS == 0)
        else:
            axes.set_axis_off()
    figure.supxlabel("saved against the tuned rules, % of their cost", fontsize=9, color=_INK)
    figure.savefig(path, dpi=150, metadata={"Software": None})


def _panel(axes: Axes, record: dict[str, Any], *, names: bool) -> None:
    controllers = record["controllers"]
    for position, name in enumerate(_TITLES):
        found = controllers.get(name)
        if found is None:
            axes.annotate(
                "not run",
                (0.0, position),
                xytext=(4, 0),  # points, right of the axis
                textcoords="offset points",
                fontsize=8,
                color=_PLAIN,
                va="center",
            )
            continue
        estimate, low, high = found["saving_percent"]
        colour = _POLICY if name == "policy" else _PLAIN
        axes.plot([low, high], [position] * 2, color=colour, linewidth=2.0)
        axes.plot(estimate, position, "D", color=colour, markersize=5)
    axes.axvline(0.0, color=_INK, linewidth=0.8)
    axes.set_yticks(range(len(_TITLES)), list(_TITLES.values()) if names else [])
    axes.set_ylim(len(_TITLES) - 0.5, -0.5)
    axes.set_title(record["preset"], loc="left", fontsize=9, color=_INK)
    axes.tick_params(labelsize=8, colors=_INK, length=0)
    axes.grid(axis="x", color=_GRID)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
