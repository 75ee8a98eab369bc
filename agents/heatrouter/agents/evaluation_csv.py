"""An evaluation as a table of weeks, for spreadsheets."""

import csv
from collections.abc import Sequence
from io import StringIO

from heatrouter.agents.evaluation_results import Evaluation


def weeks_csv(evaluations: Sequence[Evaluation]) -> str:
    """One line per district, week and controller: cost, every term and every key figure.

    Args:
        evaluations: What was found, at least one.

    Returns:
        CSV with commas and one header row; units are in the names of the columns. A term that a
        district's task does not have is empty.
    """
    terms = list(
        dict.fromkeys(
            term
            for evaluation in evaluations
            for term in evaluation.controllers[0].weeks[0].terms_eur
        )
    )
    kpis = [kpi.name for kpi in evaluations[0].kpis]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            "district",
            "week",
            "start_utc",
            "season",
            "scenario",
            "seed",
            "ambient_mean_c",
            "controller",
            "cost_eur",
            "bound_eur",
            *(f"term_{term}_eur" for term in terms),
            *kpis,
        ]
    )
    for evaluation in evaluations:
        bound = evaluation.bound
        for position, week in enumerate(evaluation.weeks):
            for result in evaluation.controllers:
                found = result.weeks[position]
                writer.writerow(
                    [
                        evaluation.district,
                        position,
                        week.start_utc,
                        week.season,
                        week.scenario,
                        week.seed,
                        week.ambient_mean_c,
                        result.name,
                        found.cost_eur,
                        None if bound is None else bound.cost_eur[position],
                        *(found.terms_eur.get(term) for term in terms),
                        *(found.kpis[kpi] for kpi in kpis),
                    ]
                )
    return text.getvalue()
