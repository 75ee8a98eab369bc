"""The report's charts of costs."""

from datetime import datetime
from html import escape
from typing import Final

import numpy as np

from heatrouter.agents.evaluation_results import Evaluation
from heatrouter.agents.report_palette import DEMAND, OTHER, controller_colours, term_colours
from heatrouter.agents.report_svg import Chart, legend, nice_ticks, plain, span
from heatrouter.agents.report_text import rounded, shortened, title_of

_MONTHS: Final = ("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()
_DEARER: Final = "#d55e00"
_SMALL: Final = 0.005
"""Terms below this share of the largest one are drawn together."""


def mean_terms(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    """Controller -> term -> mean over the weeks, €."""
    return {
        result.name: {
            term: sum(week.terms_eur[term] for week in result.weeks) / len(result.weeks)
            for term in result.weeks[0].terms_eur
        }
        for result in evaluation.controllers
    }


def cost_by_term(evaluation: Evaluation, order: list[str]) -> str:
    """Mean cost of a week by term, one stacked bar for each controller.

    Args:
        evaluation: What was found.
        order: Names of the controllers from top to bottom.

    Returns:
        The chart with its legend; what is negative lies left of zero.
    """
    means = mean_terms(evaluation)
    names = list(means[order[0]])
    largest = max(abs(value) for terms in means.values() for value in terms.values())
    shown = [n for n in names if max(abs(means[c][n]) for c in order) >= _SMALL * largest]
    colours = term_colours(names)
    ends = [sum(max(v, 0.0) for v in means[name].values()) for name in order]
    ends += [sum(min(v, 0.0) for v in means[name].values()) for name in order]
    chart = Chart(
        "Mean cost of a week by term",
        span([*ends, 0.0], include=(0.0,)) if min(ends) == 0.0 else span([*ends, 0.0]),
        (-0.5, len(order) - 0.5),
        "€ a week",
        height=64.0 + 44.0 * len(order),
        left=104.0,
    )
    chart.x_axis((tick, tick, plain(tick)) for tick in nice_ticks(*chart.x_range, 4))
    for position, name in enumerate(order):
        row = len(order) - 1.0 - position
        rest = sum(value for term, value in means[name].items() if term not in shown)
        parts = [(title_of(term), colours[term], means[name][term]) for term in shown]
        right = left = 0.0
        for term, colour, value in [*parts, ("all other terms", OTHER, rest)]:
            begin = right if value >= 0.0 else left
            tip = f"{name}: {term} {rounded(value)} € a week"
            chart.bar((begin, begin + value), (row - 0.33, row + 0.33), colour, tip)
            right, left = right + max(value, 0.0), left + min(value, 0.0)
        x, y = chart.x(sum(means[name].values())), chart.y(row)
        chart.add(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 18:.1f}" y2="{y + 18:.1f}"/>')
        chart.add(
            f'<text class="name" x="96" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(shortened(name))}</text>"
        )
    chart.title()
    entries = [("area", colours[term], title_of(term)) for term in shown]
    if len(shown) < len(names):
        entries.append(("area", OTHER, "all other terms"))
    return f"{chart.svg()}{legend([*entries, ('line', DEMAND, 'sum')])}"


def saving_by_week(evaluation: Evaluation, controller: str, baseline: str) -> str:
    """What each week costs less than under the baseline, in the order of the year."""
    costs = np.array(evaluation.controller(controller).costs_eur)
    savings = np.array(evaluation.controller(baseline).costs_eur) - costs
    chart = Chart(
        f"Saving of {controller} in each week",
        (-0.5, len(evaluation.weeks) - 0.5),
        span(savings.tolist(), include=(0.0,)),
        "saving, € a week",
        height=230.0,
    )
    chart.y_axis()
    cheaper = controller_colours(evaluation.controller_names, baseline)[controller]
    labelled = ""
    for position, week in enumerate(evaluation.weeks):
        start = datetime.fromisoformat(week.start_utc)
        month = _MONTHS[start.month - 1]
        if month != labelled:
            chart.x_label(float(position), month)
            labelled = month
        saving = float(savings[position])
        tip = (
            f"week from {start.day} {month}, {week.scenario}, {week.ambient_mean_c:.1f} °C: "
            f"{rounded(saving, signed=True)} €"
        )
        colour = cheaper if saving >= 0.0 else _DEARER
        chart.bar((position - 0.36, position + 0.36), (0.0, saving), colour, tip)
    entries = [("area", cheaper, "cheaper"), ("area", _DEARER, "dearer")]
    return f"{chart.svg()}{legend(entries)}"
