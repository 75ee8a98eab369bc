"""An evaluation as a table of weeks, for spreadsheets."""

import csv
from io import StringIO

from heatrouter.agents.evaluation_results import Evaluation


def weeks_csv(evaluation: Evaluation) -> str:
    """One line per week and controller: the week, its cost, every term and every key figure.

    Args:
        evaluation: What was found.

    Returns:
        CSV with commas and one header row; units are in the names of the columns.
    """
    terms = list(evaluation.controllers[0].weeks[0].terms_eur)
    kpis = [kpi.name for kpi in evaluation.kpis]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            "week",
            "start_utc",
            "season",
            "scenario",
            "ambient_mean_c",
            "controller",
            "cost_eur",
            *(f"term_{term}_eur" for term in terms),
            *kpis,
        ]
    )
    for position, week in enumerate(evaluation.weeks):
        for result in evaluation.controllers:
            found = result.weeks[position]
            writer.writerow(
                [
                    position,
                    week.start_utc,
                    week.season,
                    week.scenario,
                    week.ambient_mean_c,
                    result.name,
                    found.cost_eur,
                    *(found.terms_eur[term] for term in terms),
                    *(found.kpis[kpi] for kpi in kpis),
                ]
            )
    return text.getvalue()
