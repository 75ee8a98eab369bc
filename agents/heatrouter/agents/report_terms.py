"""How the terms of the objective are called and which of them are drawn as one."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from heatrouter.agents.evaluation_results import Evaluation


class Term(NamedTuple):
    """How a term is shown.

    Attributes:
        label: In the table.
        group: In the chart.
    """

    label: str
    group: str


_TERMS: Final[Mapping[str, Term]] = {
    "gas": Term("gas", "gas"),
    "other_fuel": Term("wood and biogas", "wood and biogas"),
    "electricity_heat_pumps": Term("electricity of heat pumps", "electricity"),
    "electricity_pumps": Term("electricity of network pumps", "electricity"),
    "electricity_towers": Term("electricity of cooling towers", "electricity"),
    "electricity_sinks": Term("electricity of the sources' coolers", "electricity"),
    "electricity_boilers": Term("electricity of boilers", "electricity"),
    "electricity_processes": Term("electricity of lamps and batches", "electricity"),
    "electricity_sold": Term("electricity sold", "electricity sold"),
    "waste_heat": Term("waste heat, paid to its owners", "waste heat"),
    "co2_gas": Term("CO₂ of gas", "CO₂"),
    "co2_other_fuel": Term("CO₂ of wood and biogas", "CO₂"),
    "co2_electricity": Term("CO₂ of electricity", "CO₂"),
    "co2_sold": Term("CO₂ that sold electricity spares the grid", "CO₂"),
    "starts": Term("starts", "wear"),
    "ramping": Term("ramping", "wear"),
    "unmet": Term("heat not delivered", "missed heat and comfort"),
    "curtailment": Term("process heat curtailed", "missed heat and comfort"),
    "batch_delay": Term("delay of batches", "missed heat and comfort"),
    "room_comfort": Term("cold rooms", "missed heat and comfort"),
    "crop_comfort": Term("crop outside its band", "missed heat and comfort"),
    "reuse_credit": Term("credit for reuse", "credit for reuse"),
    "stock": Term("heat taken from tank and pipes", "change of stored heat"),
    "building_stock": Term("heat taken from buildings", "change of stored heat"),
}

GROUP_COLOURS: Final[Mapping[str, str]] = {
    "gas": "#7f7f7f",
    "wood and biogas": "#a6761d",
    "electricity": "#56b4e9",
    "electricity sold": "#0072b2",
    "waste heat": "#e69f00",
    "CO₂": "#332288",
    "wear": "#999933",
    "missed heat and comfort": "#882255",
    "credit for reuse": "#44aa99",
    "change of stored heat": "#117733",
}
"""Group -> colour, in the order of the bars."""


def term_of(name: str) -> Term:
    """How a term is shown; one that this version does not know keeps its name."""
    words = name.replace("_", " ")
    return _TERMS.get(name, Term(words, words))


def mean_terms(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    """Controller -> term -> mean over the weeks, €."""
    return {
        result.name: {
            term: sum(week.terms_eur[term] for week in result.weeks) / len(result.weeks)
            for term in result.weeks[0].terms_eur
        }
        for result in evaluation.controllers
    }


def mean_groups(terms: Mapping[str, float]) -> dict[str, float]:
    """Group -> sum of its terms, €, known groups in the order of the bars."""
    groups = dict.fromkeys(GROUP_COLOURS, 0.0)
    for name, value in terms.items():
        group = term_of(name).group
        groups[group] = groups.get(group, 0.0) + value
    return groups
