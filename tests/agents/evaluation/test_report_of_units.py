"""Charts of heat for every kind of unit: nothing is left out and nothing counts twice."""

import numpy as np
import pytest
from tests.envs.expected_columns import expected_columns
from tests.envs.small_districts import SMALL_DISTRICTS
from tests.envs.two_circuit_districts import (
    two_circuits_with_exchanger,
    two_circuits_with_heat_pump,
)

from heatrouter.agents.evaluation_results import ControllerResult, DecisionTime
from heatrouter.agents.report_courses import Course, dispatch
from heatrouter.agents.report_heat import fed_in
from heatrouter.agents.report_palette import OTHER, unit_colours
from heatrouter.agents.report_sankey import heat_flows, sankey
from heatrouter.agents.report_terms import GROUP_COLOURS, term_of
from heatrouter.envs.objective import TERMS
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import HeatExchanger, Producer


def result_of(district: District, values: dict[str, float]) -> ControllerResult:
    means = {**dict.fromkeys(expected_columns(district), 0.0), **values}
    return ControllerResult(
        name="rules",
        origin="made by hand",
        parametrisation="absolute",
        weeks=(),
        breaches=(),
        mean_outputs=means,
        unmet_share=0.0,
        guard_share=0.0,
        exogenous_digest="",
        decision_time=DecisionTime(p50_ms=1.0, p99_ms=1.0, decisions=1),
    )


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
def test_every_kind_is_drawn_in_a_colour_of_its_own(name: str) -> None:
    district = SMALL_DISTRICTS[name]()
    plain = {u.name for u in district.units if u.kind != "cooling_load"}
    assert all(unit_colours(district)[unit] != OTHER for unit in plain)
    columns = expected_columns(district)
    rng = np.random.default_rng(1)
    outputs = rng.uniform(0.0, 1000.0, (96, len(columns)))
    outputs[:, columns["site.local_hour"]] = np.arange(96) * 0.25 % 24.0
    outputs[:, columns["site.weekday"]] = 2.0
    picture, entries = dispatch(district, Course.from_outputs(outputs, columns, 900.0), "week")
    assert picture.startswith("<svg")
    shown = {text for _, _, text in entries}
    feeding = {u.name.replace("_", " ") for u in district.units if fed_in(u)}
    assert {text.split(",")[0].lower() for text in shown} >= feeding
    means = dict(zip(columns, outputs.mean(axis=0), strict=True))
    assert "<svg" in sankey(district, result_of(district, means), 168.0)


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
def test_flows_in_and_out_are_equal(name: str) -> None:
    district = SMALL_DISTRICTS[name]()
    means = {key: 100.0 for key in expected_columns(district) if key.endswith("_kw")}
    sources, sinks = heat_flows(district, result_of(district, means), 168.0)
    assert sum(f.mwh for f in sources) == pytest.approx(sum(f.mwh for f in sinks))
    producers = [u for u in district.units if isinstance(u, Producer)]
    links = [u for u in producers if isinstance(u, HeatExchanger)]
    names = " ".join(flow.name for flow in sources)
    assert all(link.name.replace("_", " ") not in names for link in links)


def test_heat_between_circuits_enters_once() -> None:
    linked = two_circuits_with_exchanger()
    values = {"mill_exhaust.heat_kw": 200.0, "transfer.heat_kw": 150.0}
    sources, _ = heat_flows(linked, result_of(linked, values), 10.0)
    assert [(f.name, f.mwh) for f in sources] == [("mill exhaust", 2.0)]
    lifted = two_circuits_with_heat_pump()
    values = {"servers.heat_kw": 200.0, "lift.heat_kw": 250.0, "lift.evaporator_kw": 180.0}
    sources, _ = heat_flows(lifted, result_of(lifted, values), 10.0)
    assert {f.name: f.mwh for f in sources} == pytest.approx(
        {"servers": 2.0, "electricity, lift": 0.7}
    )


def test_every_term_has_a_name_and_a_colour() -> None:
    assert {term_of(term).group for term in TERMS} == set(GROUP_COLOURS)
