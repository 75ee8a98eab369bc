"""The report's table of scores: what a controller saves, reaches and leaves."""

from html import escape

from heatrouter.agents.evaluation_comparison import Comparison
from heatrouter.agents.evaluation_results import Evaluation
from heatrouter.agents.evaluation_statistics import BEST_COMPARED
from heatrouter.agents.report_template import section, table
from heatrouter.agents.report_text import THIN_SPACE, estimate, interval, number, title_of


def scores(evaluation: Evaluation, order: list[str]) -> str:
    """The section on scores; empty where nothing is compared.

    Args:
        evaluation: What was found.
        order: Names of the controllers, the baseline first.

    Returns:
        A section.
    """
    found = sorted(evaluation.comparisons, key=lambda c: order.index(c.controller))
    if not found:
        return ""
    base = escape(title_of(found[0].baseline))
    against = found[0].regret_against
    best = "cheapest one of each week" if against == BEST_COMPARED else title_of(against)
    head = [
        "controller",
        "saving, %",
        "optimality",
        "probability of improvement",
        "regret, € a week",
        "in the worst tenth, €",
    ]
    return section(
        "Scores",
        f"<p>Saving against the {base}; optimality is the share of what the reference saves; "
        "probability of improvement that a week costs less, ties counting half; regret is the "
        f"cost above the {escape(best)}. Intervals hold 95{THIN_SPACE}%.</p>",
        table(head, [_row(comparison) for comparison in found]),
    )


def _row(comparison: Comparison) -> list[str]:
    share, chance = comparison.saving_percent, comparison.probability_of_improvement
    saving = "n/a" if share is None else f"{estimate(share)}<small>{interval(share)}</small>"
    return [
        escape(title_of(comparison.controller)),
        saving,
        _optimality(comparison),
        f"{estimate(chance)}<small>{interval(chance)}</small>",
        number(comparison.regret_mean_eur, decimals=0),
        number(comparison.regret_worst_decile_eur, decimals=0),
    ]


def _optimality(comparison: Comparison) -> str:
    score = comparison.score
    if score is None:
        return "no reference"
    if score.optimality is None:
        return escape(score.verdict)
    return f"{estimate(score.optimality)}<small>{interval(score.optimality)}</small>"
