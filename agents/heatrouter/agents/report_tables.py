"""The report's tables: key figures, costs by term, limits, and every week."""

from datetime import datetime
from html import escape
from typing import Final

import numpy as np

from heatrouter.agents.evaluation_comparison import Interval
from heatrouter.agents.evaluation_kpis import OF_SOME_UNITS
from heatrouter.agents.evaluation_results import DecisionTime, Evaluation
from heatrouter.agents.report_template import section, table
from heatrouter.agents.report_terms import mean_terms, term_of
from heatrouter.agents.report_text import (
    THIN_SPACE,
    estimate,
    interval,
    number,
    percent,
    title_of,
    verdict_class,
)

_BESIDE: Final = 2
"""So many controllers have room for a column of differences of their own."""


def key_figures(evaluation: Evaluation, order: list[str]) -> str:
    """Every key figure of the baseline and of the others, with paired differences.

    Args:
        evaluation: What was found.
        order: Names of the controllers, the baseline first.

    Returns:
        A section.
    """
    base = evaluation.controller(order[0])
    others = sorted(evaluation.comparisons, key=lambda c: order.index(c.controller))
    beside = len(others) <= _BESIDE
    head = ["mean of a week", escape(title_of(order[0]))]
    cost = ["Cost, €", number(float(np.mean(base.costs_eur)), decimals=0)]
    timing = [
        "Time of a decision, ms<small>median; 99 of 100 below</small>",
        _timing(base.decision_time),
    ]
    for comparison in others:
        name = escape(title_of(comparison.controller))
        head += [name, "difference"] if beside else [f"{name}<small>difference</small>"]
        result = evaluation.controller(comparison.controller)
        change = comparison.saving_eur_per_week.scaled(-1.0)
        mean = number(float(np.mean(result.costs_eur)), decimals=0)
        cost += _pair(mean, _difference(change, verdict_class("lower", change)), beside=beside)
        timing += [_timing(result.decision_time), *([""] if beside else [])]
    rows = [cost]
    for kpi in evaluation.kpis:
        mean_of_base = base.kpi(kpi.name)
        found_by_others = [comparison.kpi(kpi.name) for comparison in others]
        some = mean_of_base or any(found is not None and found.value for found in found_by_others)
        if mean_of_base is None or (kpi.name in OF_SOME_UNITS and not some):
            continue
        label = f"{escape(kpi.label)}, {escape(kpi.unit)}" if kpi.unit else escape(kpi.label)
        row = [label, _value(mean_of_base * kpi.factor, kpi.unit)]
        for found in found_by_others:
            if found is None:
                row += ["", ""] if beside else [""]
                continue
            change = found.difference.scaled(kpi.factor)
            shown = _difference(change, verdict_class(kpi.better, change))
            row += _pair(_value(found.value * kpi.factor, kpi.unit), shown, beside=beside)
        rows.append(row)
    return section(
        "Key figures",
        table(head, [*rows, timing], stacked=not beside),
        f'<p class="note">Differences are paired by week, with their 95{THIN_SPACE}% interval. '
        '<span class="better">better</span> and <span class="worse">worse</span> where it '
        "excludes zero.</p>",
    )


def _pair(value: str, difference: str, *, beside: bool) -> list[str]:
    """A value and its difference in two cells, or the difference below in the same."""
    return [value, difference] if beside else [f"{value}<small>{difference}</small>"]


def term_table(evaluation: Evaluation, order: list[str]) -> str:
    """Mean cost of a week by term, as numbers."""
    means = mean_terms(evaluation)
    # What no district of this kind has would only fill the page.
    shown = [term for term in means[order[0]] if any(means[name][term] for name in order)]
    rows = [
        [escape(term_of(term).label), *(number(means[name][term], decimals=0) for name in order)]
        for term in shown
    ]
    sums = (number(sum(means[name].values()), decimals=0) for name in order)
    head = ["€ a week", *(escape(title_of(name)) for name in order)]
    return table(head, [*rows, ["sum", *sums]], last_is_total=True)


def limits(evaluation: Evaluation, order: list[str]) -> str:
    """Which limits were left, how often, for how long and how far."""
    results = [evaluation.controller(name) for name in order]
    rows = []
    kept = 0
    for same in zip(*(result.breaches for result in results), strict=True):
        if not any(breach.events for breach in same):
            kept += 1
            continue
        unit, _, what = same[0].limit.partition(".")
        row = [f"{escape(title_of(unit))}<small>{escape(title_of(what))}</small>"]
        for breach in same:
            if breach.events == 0:
                row.append("kept")
                continue
            times = "once" if breach.events == 1 else f"{number(breach.events, decimals=0)} times"
            row.append(
                f"{number(breach.hours)}{THIN_SPACE}h, {times},<small>at most "
                f"{number(breach.depth)}{THIN_SPACE}{escape(breach.unit)}</small>"
            )
        rows.append(row)
    total = kept + len(rows)
    if not rows:
        text = f"<p>All {total} limits were kept in every step of every week by every controller."
        return section("Limits", f"{text}</p>")
    rest = f"<p>The other {kept} of {total} limits were kept by every controller.</p>"
    return section(
        "Limits",
        "<p>For how long and how often a limit was left over all weeks, and how far at most. "
        "These are reported whatever they cost. Temperatures count from 0.2 K beyond their limit, "
        "missing heat from 1 % of the demand.</p>",
        table(["limit", *(escape(title_of(name)) for name in order)], rows),
        rest if kept else "",
    )


def every_week(evaluation: Evaluation, order: list[str]) -> str:
    """Cost of every week under every controller."""
    head = ["week from", *(f"{escape(title_of(n))}, €" for n in order), "outdoor, °C", "scenario"]
    results = [evaluation.controller(name) for name in order]
    rows = []
    for position, week in enumerate(evaluation.weeks):
        start = datetime.fromisoformat(week.start_utc)
        costs = (number(result.costs_eur[position], decimals=0) for result in results)
        outdoor = number(week.ambient_mean_c, decimals=1)
        rows.append(
            [f"{start.day} {start:%b}, {week.season}", *costs, outdoor, escape(week.scenario)]
        )
    return section("Every week", table(head, rows))


def _value(value: float, unit: str) -> str:
    return percent(value) if unit.startswith("%") else number(value)


def _timing(time: DecisionTime) -> str:
    return f"{number(time.p50_ms)}<small>{number(time.p99_ms)}</small>"


def _difference(value: Interval, kind: str) -> str:
    if value.low == value.high == 0.0:
        return '<span class="even">0</span>'
    if value.low == value.high:  # one week has it, or all agree: there is no interval
        return f'<span class="{kind}">{estimate(value, signed=True)}</span>'
    return (
        f'<span class="{kind}">{estimate(value, signed=True)}</span>'
        f" <small>{interval(value, signed=True)}</small>"
    )
