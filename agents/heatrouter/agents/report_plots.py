"""The report's charts of costs."""

import calendar
from datetime import datetime
from html import escape
from typing import Final

import numpy as np

from heatrouter.agents.evaluation_results import Evaluation
from heatrouter.agents.report_palette import DEMAND, OTHER
from heatrouter.agents.report_svg import Chart, legend, nice_ticks, plain, span
from heatrouter.agents.report_terms import GROUP_COLOURS, mean_groups, mean_terms
from heatrouter.agents.report_text import rounded, title_of

_MONTHS: Final = calendar.month_abbr
_CHEAPER: Final = "#0072b2"
_DEARER: Final = "#d55e00"


def cost_by_term(evaluation: Evaluation, order: list[str]) -> str:
    """Mean cost of a week by group of terms, one stacked bar for each controller.

    Args:
        evaluation: What was found.
        order: Names of the controllers from top to bottom.

    Returns:
        The chart with its legend; what is negative lies left of zero.
    """
    terms = mean_terms(evaluation)
    means = {name: mean_groups(terms[name]) for name in order}
    ends = [sum(max(v, 0.0) for v in groups.values()) for groups in means.values()]
    ends += [sum(min(v, 0.0) for v in groups.values()) for groups in means.values()]
    chart = Chart(
        "Mean cost of a week by term",
        span([*ends, 0.0], include=(0.0,)) if min(ends) == 0.0 else span([*ends, 0.0]),
        (-0.5, len(order) - 0.5),
        "",
        height=58.0 + 52.0 * len(order),
        left=8.0,
    )
    chart.x_axis((tick, tick, plain(tick)) for tick in nice_ticks(*chart.x_range, 4))
    shown: dict[str, str] = {}
    for position, name in enumerate(order):
        row = len(order) - 1.0 - position
        right = left = 0.0
        for group, value in means[name].items():
            if value == 0.0:
                continue
            shown.setdefault(group, GROUP_COLOURS.get(group, OTHER))
            begin = right if value >= 0.0 else left
            tip = f"{title_of(name)}: {group} {rounded(value, decimals=0)} € a week"
            chart.bar((begin, begin + value), (row - 0.4, row + 0.15), shown[group], tip)
            right, left = right + max(value, 0.0), left + min(value, 0.0)
        total = sum(means[name].values())
        x, top, bottom = chart.x(total), chart.y(row + 0.2), chart.y(row - 0.45)
        label, size = escape(title_of(name)), rounded(total, decimals=0)
        chart.add(
            f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'
            f'<text class="name" x="{chart.left:g}" y="{top - 2:.1f}">{label}</text>'
            f'<text class="name" x="{x:.1f}" y="{top - 2:.1f}" text-anchor="end">{size}</text>'
        )
    known = [(group, colour) for group, colour in GROUP_COLOURS.items() if group in shown]
    others = [(group, OTHER) for group in shown if group not in GROUP_COLOURS]
    entries = [("area", colour, group) for group, colour in [*known, *others]]
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
    labelled = ""
    for position, week in enumerate(evaluation.weeks):
        start = datetime.fromisoformat(week.start_utc)
        month = _MONTHS[start.month]
        if month != labelled:
            chart.x_label(float(position), month)
            labelled = month
        saving = float(savings[position])
        tip = (
            f"week from {start.day} {month}, {week.scenario}, {week.ambient_mean_c:.1f} °C: "
            f"{rounded(saving, signed=True)} €"
        )
        colour = _CHEAPER if saving >= 0.0 else _DEARER
        chart.bar((position - 0.36, position + 0.36), (0.0, saving), colour, tip)
    entries = [("area", _CHEAPER, "cheaper"), ("area", _DEARER, "dearer")]
    return f"{chart.svg()}{legend(entries)}"
