"""Where the gap between the rules and the best that is possible goes, controller by controller."""

from html import escape
from itertools import pairwise
from typing import Final

from heatrouter.agents.evaluation_results import ControllerResult, Evaluation
from heatrouter.agents.report_svg import WIDTH, Chart, legend, nice_ticks, plain, span
from heatrouter.agents.report_template import figure, grid, section, table
from heatrouter.agents.report_text import rounded, short, title_of

_SAVED: Final = "#0072b2"
_LOST: Final = "#d55e00"
_START: Final = "#6b7280"

_RANKS: Final = {"constant-price": 1, "policy": 2, "sb3": 2, "mpc": 4, "reference": 5}
_OTHER: Final = 3
_ROW: Final = 34.0
_BAR: Final = 0.3
"""Half the height of a bar, in rows."""
_LETTER: Final = 9.3
"""Width of a bold letter at the size that phones get, in units of a chart."""
_LONGEST_NAME: Final = 22


def gaps(evaluation: Evaluation, baseline: str) -> str:
    """The section on the gap; empty where there is nothing below the baseline to show.

    Args:
        evaluation: What was found.
        baseline: Name of the controller that the gap begins at.

    Returns:
        A section with a waterfall: each row begins at the cost where the one above it ended.
    """
    rows = levels(evaluation, baseline)
    if min(cost for _, cost in rows) >= rows[0][1]:
        return ""
    small = "€ a week; the axis does not begin at zero"
    return section(
        "Where the gap goes",
        "<p>What each way to decide costs, from the "
        f"{escape(title_of(baseline))} to the best that is known. A step is the difference from "
        "the row above, its share that of the whole gap.</p>",
        grid(figure("Gap decomposition", _waterfall(rows), small=small), _table(rows)),
    )


def _table(rows: list[tuple[str, float]]) -> str:
    whole = rows[0][1] - rows[-1][1]
    first, cost = rows[0]
    cells = [[escape(first), rounded(cost, decimals=0), "", ""]]
    for (_, before), (name, cost) in pairwise(rows):
        step = rounded(cost - before, signed=True, decimals=0)
        share = _share(before - cost, whole)
        cells.append([escape(name), rounded(cost, decimals=0), step, share])
    return table(["mean of a week", "cost, €", "step, €", "of the gap"], cells)


def levels(evaluation: Evaluation, baseline: str) -> list[tuple[str, float]]:
    """Names and mean costs of a week, €: baseline, price, policies, planners, reference, bound."""
    first = evaluation.controller(baseline)
    others = [result for result in evaluation.controllers if result.name != baseline]
    others.sort(key=_rank)
    rows = [(title_of(result.name), _mean(result.costs_eur)) for result in [first, *others]]
    if evaluation.bound is not None:
        rows.append(("bound", _mean(evaluation.bound.cost_eur)))
    return rows


def _rank(result: ControllerResult) -> int:
    return _RANKS.get(result.family or short(result.name), _OTHER)


def _mean(values: tuple[float, ...]) -> float:
    return sum(values) / len(values)


def _waterfall(rows: list[tuple[str, float]]) -> str:
    costs = [cost for _, cost in rows]
    names = [_fitting(name) for name, _ in rows]
    values = [rounded(cost, decimals=0) for cost in costs]
    low, high = span(costs)
    air = 0.05 * (high - low)
    chart = Chart(
        "Mean cost of a week from the baseline to the best that is possible",
        (low - air, high + air),
        (len(rows) - 0.5, -0.5),
        "",
        height=56.0 + _ROW * len(rows),
        left=12.0 + _LETTER * max(map(len, names)),
        right=16.0 + _LETTER * max(map(len, values)),
    )
    chart.x_axis((tick, tick, plain(tick)) for tick in nice_ticks(*chart.x_range, 4))
    before = costs[0]
    for position, ((name, cost), text) in enumerate(zip(rows, values, strict=True)):
        x, middle = chart.x(cost), chart.y(position)
        top, bottom = chart.y(position - _BAR), chart.y(position + _BAR)
        if position:
            colour = _SAVED if cost <= before else _LOST
            tip = f"{name}: {rounded(cost - before, signed=True, decimals=0)} € a week"
            chart.bar((before, cost), (position - _BAR, position + _BAR), colour, tip)
        # Names and values stand at the height of their bar whatever the size of the letters.
        centred = f'y="{middle:.1f}" dominant-baseline="central"'
        chart.add(
            f'<rect fill="{_START}" x="{x - 1.5:.1f}" y="{top - 2.0:.1f}" width="3" '
            f'height="{bottom - top + 4.0:.1f}"/>'
            f'<text class="name" x="4" {centred}>{escape(names[position])}</text>'
            f'<text x="{WIDTH - 4.0:g}" {centred} text-anchor="end">{escape(text)}</text>'
        )
        if position + 1 < len(rows):
            below = chart.y(position + 1 - _BAR)
            chart.add(
                f'<line class="zero" stroke-dasharray="2 3" x1="{x:.1f}" x2="{x:.1f}" '
                f'y1="{bottom:.1f}" y2="{below:.1f}"/>'
            )
        before = cost
    marks = [("area", _SAVED, "cheaper than the row above")]
    if any(after > cost for cost, after in pairwise(costs)):
        marks.append(("area", _LOST, "dearer than the row above"))
    return f"{chart.svg()}{legend(marks)}"


def _share(step: float, whole: float) -> str:
    if whole < 1e-9:
        return ""
    return f"{rounded(100.0 * step / whole, signed=True, decimals=0)} %"


def _fitting(name: str) -> str:
    """The name, cut where it would take the room of the bars; the table has it in full."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
