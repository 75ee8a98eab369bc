"""Figures of a study's page."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from heatrouter.training.study.tables import Chosen

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK: Final = "#1f2933"
_GRID: Final = "#e4e7eb"
_PLAIN: Final = "#6b7280"
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1")
_WIDTH_INCH: Final = 8.0
_ROW_INCH: Final = 0.36


def draw_methods(chosen: Chosen, path: Path) -> None:
    """Draw optimality with its interval, and the single seeds as dots.

    Args:
        chosen: What to draw; without a score it is the saving in percent.
        path: The PNG file.
    """
    scored = chosen.first.verdict == "scored"
    rows = [
        (score, score.optimality if scored else score.saving_percent) for score in chosen.scores
    ]
    figure, axes = _figure(1.1 + _ROW_INCH * len(rows))
    for position, (score, found) in enumerate(rows):
        colour = _COLOURS[0] if score.seeds else _PLAIN
        for controller in chosen.controllers:
            if controller.method == score.method and controller.seed is not None:
                value = _value(chosen, sum(controller.costs_eur), scored=scored)
                axes.plot(value, position, "o", color=colour, alpha=0.35, markersize=4)
        if found is not None:
            axes.plot([found.low, found.high], [position] * 2, color=colour, linewidth=2.0)
            axes.plot(found.estimate, position, "D", color=colour, markersize=6)
    axes.set_yticks(range(len(rows)), [score.title for score, _ in rows])
    axes.invert_yaxis()
    axes.axvline(0.0, color=_INK, linewidth=0.8)
    axes.set_xlabel(
        "optimality: 0 rules, 1 perfect foresight" if scored else "saving, % of the rules' cost"
    )
    axes.set_title(chosen.first.title, loc="left", fontsize=10, color=_INK)
    _save(figure, path)


def draw_curves(chosen: Chosen, path: Path) -> None:
    """Draw what trainings saved on validation weeks, over core-seconds; a line for each seed."""
    figure, axes = _figure(3.8)
    trained = [score for score in chosen.scores if score.seeds]
    for number, score in enumerate(trained):
        colour = _COLOURS[number % len(_COLOURS)]
        label: str | None = score.title
        for controller in chosen.controllers:
            if controller.method != score.method or controller.training is None:
                continue
            curve = controller.training.curve
            axes.plot(
                [core_s for core_s, _ in curve],
                [100.0 * saving for _, saving in curve],
                color=colour,
                alpha=0.7,
                linewidth=1.2,
                marker="o",
                markersize=4,
                markevery=[-1],  # imitation has its scores within seconds
                label=label,
            )
            label = None
    axes.axhline(0.0, color=_INK, linewidth=0.8)
    axes.set_xlabel("core-seconds, labels included")
    axes.set_ylabel("saving on validation weeks, %")
    axes.set_title(chosen.first.title, loc="left", fontsize=10, color=_INK)
    if trained:
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    _save(figure, path)


def _value(chosen: Chosen, cost_eur: float, *, scored: bool) -> float:
    if scored:
        found = chosen.optimality(cost_eur)
        return float("nan") if found is None else found
    rules = chosen.costs("rules")
    return float("nan") if not rules else 100.0 * (rules - cost_eur) / rules


def _figure(height: float) -> "tuple[Figure, Axes]":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH_INCH, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.grid(color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _save(figure: "Figure", path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stage = path.with_name(f".{path.name}")
    # without the time, so that the same numbers give the same file
    figure.savefig(stage, format="png", metadata={"Software": None})
    stage.replace(path)
