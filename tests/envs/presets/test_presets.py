"""Every preset: sources, a week under the rules, any action at all."""

import numpy as np
import pytest

from heatrouter.envs import kpis
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import TaskError
from heatrouter.envs.no_reuse import no_reuse_action, reuse_units, rules_action
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task, preset_names

PRESETS = (
    "battery-fab",
    "city-mesh",
    "energy-web",
    "foundry-cascade",
    "kalundborg",
    "sludge-biogas",
    "tomato-piesteritz",
)
START_STEP = 14 * 96  # mid January


def batch_of(name: str, num_envs: int = 1, parametrisation: str = "offset") -> DistrictBatch:
    district = load_district(name)
    task = load_task(name).model_copy(update={"parametrisation": parametrisation})
    return DistrictBatch(
        district, task, build_library(district, "train", 1), num_envs=num_envs, seed=3
    )


def run(batch: DistrictBatch, action: FloatArray, steps: int) -> dict[str, float]:
    layout = kpis.KpiLayout.build(batch.district, batch.columns)
    sums = kpis.start(batch.num_envs)
    starts = np.full(batch.num_envs, START_STEP, np.int64)
    batch.reset_to(np.zeros(batch.num_envs, np.int64), starts, truncate=False)
    for _ in range(steps):
        step = batch.step(np.tile(action, (batch.num_envs, 1)))
        sums = kpis.accumulate(layout, sums, step.outputs, step.terms, batch.task.control_dt_s)
    return {key: float(value[0]) for key, value in kpis.summary(sums).items()}


def test_these_are_the_presets() -> None:
    assert preset_names() == PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_every_size_says_where_it_comes_from(name: str) -> None:
    for unit in load_district(name).units:
        cited = any(mark in unit.sizing for mark in (".dk", ".de", "19", "20"))
        assert "hypothetical" in unit.sizing or cited, unit.name


@pytest.mark.parametrize("name", PRESETS)
def test_a_winter_week_under_the_rules(name: str) -> None:
    batch = batch_of(name)
    figures = run(batch, rules_action(batch.contract), 7 * 96)
    assert figures["unmet_demand_share"] <= 1e-3
    assert figures["energy_closure_relative"] <= 1e-9
    assert figures["recapture"] > 0.3


@pytest.mark.parametrize("name", PRESETS)
def test_without_reuse_boilers_do_it(name: str) -> None:
    batch = batch_of(name)
    action = no_reuse_action(batch.district, batch.contract)
    figures = run(batch, action, 2 * 96)
    # sources that ran before may ramp down first
    assert figures["recapture"] < 0.02
    assert figures["unmet_demand_share"] <= 1e-3


def test_reuse_can_be_forbidden_beside_the_rules_only() -> None:
    batch = batch_of("energy-web", parametrisation="heat_price")
    with pytest.raises(TaskError, match="offset"):
        no_reuse_action(batch.district, batch.contract)


def test_what_counts_as_reuse() -> None:
    assert reuse_units(load_district("sludge-biogas")) == (
        "biogas_boiler",
        "biogas_engine",
        "fryers",
        "dairy_heat_pump",
    )


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("parametrisation", ["heat_price", "absolute"])
def test_any_action_leaves_the_plant_within_its_limits(name: str, parametrisation: str) -> None:
    batch = batch_of(name, num_envs=3, parametrisation=parametrisation)
    low, high = batch.contract.bounds("action")
    least, most = batch.contract.bounds("observation")
    set_low, set_high = batch.contract.bounds("set_points")
    rng = np.random.default_rng(11)
    batch.reset(seed=5)
    for k in range(24):
        action = low + rng.random((3, low.size)) * (high - low)
        if k == 12:
            action[1, 0] = np.nan  # refused, not executed
        step = batch.step(action)
        assert np.isfinite(step.reward).all()
        assert (step.set_points >= set_low).all()
        assert (step.set_points <= set_high).all()
        assert (step.observation >= np.float32(least)).all()
        assert (step.observation <= np.float32(most)).all()


def test_districts_differ_in_what_they_hold() -> None:
    """Grades, stores, batches, gas holders, greenhouses: each preset has what its claim needs."""
    kinds = {name: _kinds(load_district(name)) for name in PRESETS}
    assert {"fab_heat", "heat_pump"} <= kinds["battery-fab"]
    assert {"heat_exchanger", "heat_pump", "cooling_load"} <= kinds["kalundborg"]
    assert {"batch_process", "heat_exchanger"} <= kinds["foundry-cascade"]
    assert {"digester", "chp"} <= kinds["sludge-biogas"]
    assert {"greenhouse", "chp"} <= kinds["tomato-piesteritz"]
    hectares = sum(
        unit.floor_area_m2 / 1e4
        for unit in load_district("tomato-piesteritz").units
        if unit.kind == "greenhouse"
    )
    assert hectares == pytest.approx(15.0)


def _kinds(district: District) -> set[str]:
    return {unit.kind for unit in district.units}
