"""Several districts at a glance."""

from collections.abc import Sequence
from html import escape

from heatrouter.agents.evaluation_comparison import Comparison
from heatrouter.agents.evaluation_results import Evaluation
from heatrouter.agents.report_template import section, table
from heatrouter.agents.report_text import THIN_SPACE, estimate, interval, number, title_of


def overview(evaluations: Sequence[Evaluation]) -> str:
    """What every controller saves in every district, with the way to its part of the report.

    Args:
        evaluations: What was found, one for each district.

    Returns:
        A section.
    """
    names = list(
        dict.fromkeys(c.controller for evaluation in evaluations for c in evaluation.comparisons)
    )
    rows = []
    for evaluation in evaluations:
        found = {comparison.controller: comparison for comparison in evaluation.comparisons}
        link = f'<a href="#{escape(evaluation.district)}">{escape(evaluation.district_title)}</a>'
        wrong = "failed" if evaluation.wrong else f"{len(evaluation.weeks)} weeks"
        rows.append(
            [
                f"{link}<small>{wrong}</small>",
                _headroom(evaluation),
                *(_saving(found[name]) if name in found else "" for name in names),
            ]
        )
    head = ["district", "headroom", *(escape(title_of(name)) for name in names)]
    return section(
        "At a glance",
        f"<p>Cost saved against the baseline, with its 95{THIN_SPACE}% interval; below it the "
        "share of what the reference saves. Headroom is what the reference saves.</p>",
        table(head, rows),
    )


def _headroom(evaluation: Evaluation) -> str:
    scores = [c.score for c in evaluation.comparisons if c.score is not None]
    return f"{number(scores[0].headroom_percent)}{THIN_SPACE}%" if scores else "not known"


def _saving(comparison: Comparison) -> str:
    share, score = comparison.saving_percent, comparison.score
    text = "n/a" if share is None else f"{estimate(share)}{THIN_SPACE}%"
    bounds = "" if share is None else f"<small>{interval(share)}</small>"
    if score is not None and score.optimality is not None:
        bounds += f"<small>optimality {estimate(score.optimality)}</small>"
    elif score is not None:
        bounds += f"<small>{escape(score.verdict)}</small>"
    return text + bounds
