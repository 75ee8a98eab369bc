"""The key figures of an evaluation as a table for the terminal."""

from rich.console import Console
from rich.table import Table

from heatrouter.agents.evaluation_comparison import Comparison, Interval
from heatrouter.agents.evaluation_kpis import OF_SOME_UNITS
from heatrouter.agents.evaluation_results import ControllerResult, Evaluation
from heatrouter.agents.report_text import few_weeks, interval_decimals, rounded, title_of


def show(found: Evaluation, console: Console, baseline: str) -> None:
    """Print the key figures and, for each controller, what it saves.

    Args:
        found: What was found.
        console: Where to print.
        baseline: Name of the controller that the others are measured against.
    """
    weeks = f"{len(found.weeks)} weeks of the {found.split} split"
    table = Table(title=f"{found.district_title}, {weeks}, mean of a week")
    table.add_column("")
    table.add_column(title_of(baseline), justify="right")
    base = found.controller(baseline)
    cost = ["cost, €", rounded(_mean(base.costs_eur), decimals=0)]
    for comparison in found.comparisons:
        table.add_column(title_of(comparison.controller), justify="right")
        table.add_column("difference, 95 % interval", justify="right")
        saving = comparison.saving_eur_per_week
        change = saving.scaled(-1.0)
        mean = _mean(found.controller(comparison.controller).costs_eur)
        cost += [rounded(mean, decimals=0), _signed(change)]
    table.add_row(*cost, style="bold")
    for kpi in found.kpis:
        value = base.kpi(kpi.name)
        others = [found.controller(c.controller).kpi(kpi.name) for c in found.comparisons]
        if value is None or (kpi.name in OF_SOME_UNITS and not any([value, *others])):
            continue
        row = [f"{kpi.label}, {kpi.unit}" if kpi.unit else kpi.label, rounded(value * kpi.factor)]
        for comparison in found.comparisons:
            entry = comparison.kpi(kpi.name)
            if entry is None:
                row += ["", ""]
                continue
            row += [rounded(entry.value * kpi.factor), _signed(entry.difference.scaled(kpi.factor))]
        table.add_row(*row)
    console.print(table)
    for comparison in found.comparisons:
        console.print(_saving(comparison, len(found.weeks)), soft_wrap=True)
    if found.comparisons and (hint := few_weeks(len(found.weeks))):
        console.print(hint, highlight=False, soft_wrap=True)
    for result in found.controllers:
        console.print(_conduct(result), soft_wrap=True)


def _conduct(result: ControllerResult) -> str:
    """How a controller behaved: limits, decisions, solves."""
    left = [violation for violation in result.violations if violation.events]
    kinds = ", ".join(f"{v.kind} {rounded(v.hours)} h" for v in left)
    time = result.decision_time
    text = (
        f"{title_of(result.name)}: {f'limits left: {kinds}' if left else 'every limit kept'}; "
        f"a decision takes {rounded(time.p50_ms)} ms, 99 of 100 at most {rounded(time.p99_ms)} ms"
    )
    planning = result.planning
    if planning is None:
        return text
    worst = planning.gap_worst
    return (
        f"{text}; {planning.solves} solves, {planning.infeasible} infeasible, "
        f"{rounded(100.0 * planning.deadline_share)} % ended by the deadline"
        + ("" if worst is None else f", gap at most {rounded(100.0 * worst)} %")
    )


def _saving(comparison: Comparison, weeks: int) -> str:
    name, share = title_of(comparison.controller), comparison.saving_percent
    text = f"{name}: cheaper in {comparison.weeks_improved} of {weeks} weeks"
    if share is not None:
        decimals = interval_decimals(share)
        bounds = (rounded(end, decimals=decimals) for end in (share.low, share.high))
        saved = rounded(share.estimate, decimals=decimals)
        text = f"{text}, saves {saved} % ({' to '.join(bounds)}) against {comparison.baseline}"
    score = comparison.score
    if score is None:
        return text
    if score.optimality is None:
        return f"{text}; {score.verdict}"
    found = score.optimality
    return f"{text}; optimality {found.estimate:.2f} ({found.low:.2f} to {found.high:.2f})"


def _mean(values: tuple[float, ...]) -> float:
    return sum(values) / len(values)


def _signed(value: Interval) -> str:
    decimals = interval_decimals(value)
    if value.low == value.high:
        return rounded(value.estimate, signed=True, decimals=decimals)
    text = [
        rounded(number, signed=True, decimals=decimals)
        for number in (value.estimate, value.low, value.high)
    ]
    return f"{text[0]} ({text[1]} to {text[2]})"
