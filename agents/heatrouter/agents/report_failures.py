"""What failed: limits that were left, solves that did not end well, weeks that broke off."""

from collections.abc import Iterator
from html import escape
from typing import Final

from heatrouter.agents.evaluation_results import Evaluation, ViolationKind
from heatrouter.agents.report_template import section, table
from heatrouter.agents.report_text import THIN_SPACE, number, title_of

_KINDS: Final[dict[ViolationKind, str]] = {
    "unmet heat": "Heat missing",
    "hot water": "Supply too cold for hot water",
    "overheating": "Supply above its limit",
    "pressure": "Differential pressure too low",
    "room": "Rooms below their band",
    "crop": "Crop outside its band",
}
"""Kind of limit -> how its violation is called."""


_NAMED: Final = 3
"""Weeks that are named one by one."""


def failures(evaluation: Evaluation, order: list[str]) -> str:
    """The section on what went wrong under which controller.

    Args:
        evaluation: What was found.
        order: Names of the controllers, the baseline first.

    Returns:
        A section; it says so where nothing failed.
    """
    items = [
        f"The {escape(title_of(failure.controller))} did not get through "
        f"{number(len(failure.weeks), decimals=0)} of {len(evaluation.weeks)} weeks and is "
        f"compared nowhere: {escape(failure.message)}"
        for failure in evaluation.failures
    ]
    if evaluation.bound is not None:
        beaten = evaluation.bound.beaten
        items += [f"The bound was beaten: {escape(text)}." for text in beaten[:_NAMED]]
        if len(beaten) > _NAMED:
            items.append(f"{len(beaten) - _NAMED} more such weeks are in the JSON file.")
        if not beaten:
            items.append("No controller beat the bound in any week.")
    listed = f'<ul class="plain">{"".join(f"<li>{item}</li>" for item in items)}</ul>'
    return section(
        "What failed",
        listed if items else "",
        _violations(evaluation, order),
        _planning(evaluation, order),
    )


def _violations(evaluation: Evaluation, order: list[str]) -> str:
    results = [evaluation.controller(name) for name in order]
    rows = []
    for same in zip(*(result.violations for result in results), strict=True):
        row = [f"{_KINDS[same[0].kind]}<small>{_count(same[0].limits)}</small>"]
        for violation in same:
            if violation.events == 0:
                row.append("kept")
                continue
            spells = "spell" if violation.events == 1 else "spells"
            times = f"{number(violation.events, decimals=0)} {spells}"
            depth = f"{number(violation.depth)}{THIN_SPACE}{escape(violation.unit)}"
            hours = f"{number(violation.hours)}{THIN_SPACE}h"
            row.append(f"{hours}<small>{times}, at most {depth}</small>")
        rows.append(row)
    head = ["all weeks together", *(escape(title_of(name)) for name in order)]
    return (
        "<p>How long limits were left, summed over the limits of a kind, in how many spells, and "
        "how far at most. Single limits are listed further down.</p>"
    ) + table(head, rows)


def _count(limits: int) -> str:
    return "1 limit" if limits == 1 else f"{limits} limits"


def _planning(evaluation: Evaluation, order: list[str]) -> str:
    rows = list(_solves(evaluation, order))
    if not rows:
        return ""
    head = ["optimisation", "solves", "infeasible", "ended by the deadline", "gap, mean", "worst"]
    return table(head, rows)


def _solves(evaluation: Evaluation, order: list[str]) -> Iterator[list[str]]:
    for name in order:
        planning = evaluation.controller(name).planning
        if planning is None:
            continue
        yield [
            escape(title_of(name)),
            number(planning.solves, decimals=0),
            number(planning.infeasible, decimals=0),
            f"{number(100.0 * planning.deadline_share)}{THIN_SPACE}%",
            _gap(planning.gap_mean),
            _gap(planning.gap_worst),
        ]


def _gap(value: float | None) -> str:
    return "n/a" if value is None else f"{number(100.0 * value)}{THIN_SPACE}%"
