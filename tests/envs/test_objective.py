"""The objective by hand, its names, and that stock telescopes."""

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import TaskError
from heatrouter.envs.objective import (
    STOCK_TERMS,
    TERMS,
    Objective,
    step_cost,
    stock_value,
    total_cost,
)
from heatrouter.envs.simulation.outputs import output_layout
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task


@pytest.fixture(scope="module")
def district() -> District:
    preset = load_district("energy-web")
    grid = preset.grid.model_copy(
        update={"electricity_fee_eur_per_mwh": 50.0, "gas_fee_eur_per_mwh": 10.0}
    )
    pinned: dict[str, dict[str, float]] = {
        "glassworks": {"heat_price_eur_per_mwh": 5.0},
        "dairy": {"heat_price_eur_per_mwh": 3.0},
        "fab_heat_pump": {"start_cost_eur": 25.0},
        "gas_boiler": {"start_cost_eur": 15.0, "emission_factor_kg_mwh": 200.0},
        "town_old": {"space_heat_design_kw": 2500.0},
        "greenhouse": {"floor_area_m2": 20000.0},
    }
    units = tuple(u.model_copy(update=pinned.get(u.name, {})) for u in preset.units)
    return preset.model_copy(update={"grid": grid, "units": units})


@pytest.fixture(scope="module")
def task() -> Task:
    preset = load_task("energy-web")
    weights = preset.objective.model_copy(
        update={
            "unmet_eur_per_mwh": 800.0,
            "co2_eur_per_t": None,
            "room_comfort_eur_per_kh_mw": 20.0,
            "crop_comfort_eur_per_kh_ha": 100.0,
            "ramp_eur_per_mw": 0.5,
            "reuse_credit_eur_per_mwh": 0.0,
            "stock_eur_per_mwh": 35.0,
            "building_stock_eur_per_mwh": 25.0,
        }
    )
    return preset.model_copy(update={"objective": weights})


@pytest.fixture(scope="module")
def columns(district: District) -> dict[str, int]:
    return output_layout(district).columns


VALUES = {
    "site.electricity_eur_per_mwh": 100.0,
    "site.gas_eur_per_mwh": 40.0,
    "site.co2_eur_per_t": 80.0,
    "site.carbon_intensity_g_per_kwh": 400.0,
    "glassworks.heat_kw": 1000.0,
    "dairy.heat_kw": 500.0,
    "dairy.sink_power_kw": 20.0,
    "chip_fab_cooling.tower_power_kw": 40.0,
    "fab_heat_pump.heat_kw": 2000.0,
    "fab_heat_pump.power_kw": 500.0,
    "fab_heat_pump.evaporator_kw": 1500.0,
    "fab_heat_pump.starts": 1.0,
    "fab_heat_pump.ramp_kw": 2000.0,
    "gas_boiler.heat_kw": 3600.0,
    "gas_boiler.fuel_kw": 4000.0,
    "gas_boiler.starts": 2.0,
    "main.pump_power_kw": 10.0,
    "town_old.heat_kw": 3000.0,
    "town_old.demand_kw": 3100.0,
    "town_old.unmet_kw": 100.0,
    "town_old.comfort_kh": 0.5,
    "greenhouse.comfort_kh": 0.25,
    "greenhouse.useful_heat_kw": 1000.0,
    "energy.stock_kwh": 300_000.0,
    "energy.mass_stock_kwh": 200_000.0,
}
# By hand, for half an hour: MWh x price.
EXPECTED = {
    "gas": 2.0 * 50.0,
    "electricity_heat_pumps": 0.25 * 150.0,
    "electricity_pumps": 0.005 * 150.0,
    "electricity_towers": 0.02 * 150.0,
    "electricity_sinks": 0.01 * 150.0,
    "waste_heat": 0.5 * 5.0 + 0.25 * 3.0,
    "co2_gas": 2.0 * 0.2 * 80.0,
    "co2_electricity": (0.25 + 0.005 + 0.02 + 0.01) * 0.4 * 80.0,
    "starts": 25.0 + 2 * 15.0,
    "ramping": 2.0 * 0.5,
    "unmet": 0.05 * 800.0,
    "room_comfort": 0.5 * 2.5 * 20.0,
    "crop_comfort": 0.25 * 2.0 * 100.0,
    "reuse_credit": 0.0,
}


def outputs(columns: dict[str, int], num_envs: int = 1, **changes: float) -> FloatArray:
    row = np.zeros(len(columns))
    for name, value in (VALUES | {k.replace("__", "."): v for k, v in changes.items()}).items():
        row[columns[name]] = value
    return np.tile(row, (num_envs, 1))


def test_terms_by_hand(district: District, task: Task, columns: dict[str, int]) -> None:
    cost = step_cost(district, task, columns, outputs(columns, 2), 1800.0)
    assert tuple(cost) == tuple(t for t in TERMS if t not in STOCK_TERMS)
    for name, expected in EXPECTED.items():
        np.testing.assert_allclose(cost[name], expected, rtol=1e-12, atol=1e-12, err_msg=name)


def test_fixed_co2_price(district: District, task: Task, columns: dict[str, int]) -> None:
    weights = task.objective.model_copy(update={"co2_eur_per_t": 160.0})
    fixed = task.model_copy(update={"objective": weights})
    cost = step_cost(district, fixed, columns, outputs(columns), 1800.0)
    assert cost["co2_gas"][0] == pytest.approx(2.0 * EXPECTED["co2_gas"])
    assert cost["co2_electricity"][0] == pytest.approx(2.0 * EXPECTED["co2_electricity"])


def test_reuse_credit_is_pro_rata(district: District, task: Task, columns: dict[str, int]) -> None:
    weights = task.objective.model_copy(update={"reuse_credit_eur_per_mwh": 10.0})
    credited = task.model_copy(update={"objective": weights})
    cost = step_cost(district, credited, columns, outputs(columns), 1800.0)
    share = (1500.0 + 1500.0) / (1500.0 + 2000.0 + 3600.0)
    assert cost["reuse_credit"][0] == pytest.approx(-10.0 * share * 4.0 * 0.5)


def test_stock_value(district: District, task: Task, columns: dict[str, int]) -> None:
    value = stock_value(district, task, columns, outputs(columns))
    assert value[0] == pytest.approx(100.0 * 35.0 + 200.0 * 25.0)


def test_stock_telescopes(district: District, task: Task, columns: dict[str, int]) -> None:
    objective = Objective.build(district, task, columns)
    random = np.random.default_rng(0)
    series = [
        outputs(columns, energy__stock_kwh=3e5 + random.normal(0.0, 1e3), energy__mass_stock_kwh=m)
        for m in 2e5 + random.normal(0.0, 1e3, 50)
    ]
    before = first = objective.stock_values(series[0])
    total = np.zeros(1)
    for step in series[1:]:
        terms, before = objective.terms(step, before, 900.0)
        total += terms[:, TERMS.index("stock")] + terms[:, TERMS.index("building_stock")]
    expected = first.sum() - objective.stock_values(series[-1]).sum()
    assert total[0] == pytest.approx(expected, rel=1e-9)
    ends = [stock_value(district, task, columns, series[i])[0] for i in (0, -1)]
    assert total[0] == pytest.approx(ends[0] - ends[1], rel=1e-9)


def test_total_refuses_missing_and_unknown_names() -> None:
    terms = {name: np.ones(2) for name in TERMS}
    assert total_cost(terms).tolist() == [float(len(TERMS))] * 2
    with pytest.raises(TaskError, match="bonus: is no term") as caught:
        total_cost({name: terms[name] for name in TERMS[1:]} | {"bonus": np.ones(2)})
    assert "gas: is missing" in str(caught.value)


def test_a_column_that_is_missing_raises(
    district: District, task: Task, columns: dict[str, int]
) -> None:
    fewer = {name: at for name, at in columns.items() if name != "gas_boiler.fuel_kw"}
    with pytest.raises(KeyError, match=r"gas_boiler\.fuel_kw"):
        Objective.build(district, task, fewer)


def test_batch_equals_singles_bit_for_bit(
    district: District, task: Task, columns: dict[str, int]
) -> None:
    weights = task.objective.model_copy(update={"reuse_credit_eur_per_mwh": 10.0})
    credited = task.model_copy(update={"objective": weights})
    objective = Objective.build(district, credited, columns)
    together = np.random.default_rng(1).random((17, len(columns))) * 1e3
    before = objective.stock_values(together)
    terms, stock = objective.terms(together, before * 0.9, 900.0)
    for e in range(17):
        row = together[e : e + 1]
        alone, one = objective.terms(row, before[e : e + 1] * 0.9, 900.0)
        np.testing.assert_array_equal(alone[0], terms[e])
        np.testing.assert_array_equal(one[0], stock[e])
        assert alone.sum(axis=1)[0] == terms.sum(axis=1)[e]
