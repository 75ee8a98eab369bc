"""Objective, key figures and heat use of every kind of unit, by hand."""

from collections.abc import Mapping

import numpy as np
import pytest
from tests.envs.expected_columns import expected_columns
from tests.envs.small_districts import SMALL_DISTRICTS, biogas, chp_and_solar, fab, pcm_and_batch
from tests.envs.two_circuit_districts import (
    two_circuits_with_exchanger,
    two_circuits_with_heat_pump,
)

from heatrouter.envs import kpis
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Parametrisation
from heatrouter.envs.heat_use import fed_in_kw, heat_columns, useful_heat_kw, waste_heat_kw
from heatrouter.envs.objective import TERMS, step_cost
from heatrouter.envs.observe import build_contract, measured_columns
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_task
from heatrouter.envs.spec.task import Task

HOUR_S = 3600.0
SITE = {
    "site.electricity_eur_per_mwh": 60.0,
    "site.gas_eur_per_mwh": 35.0,
    "site.co2_eur_per_t": 70.0,
    "site.carbon_intensity_g_per_kwh": 400.0,
}


def task() -> Task:
    preset = load_task("energy-web")
    weights = preset.objective.model_copy(
        update={
            "curtailment_eur_per_mwh": 200.0,
            "batch_delay_eur_per_h": 10.0,
            "unmet_eur_per_mwh": 800.0,
            "ramp_eur_per_mw": 0.5,
        }
    )
    return preset.model_copy(update={"objective": weights})


def outputs_of(district: District, values: Mapping[str, float]) -> FloatArray:
    columns = expected_columns(district)
    outputs = np.zeros((1, len(columns)))
    for name, value in {**SITE, **values}.items():
        outputs[0, columns[name]] = value
    return outputs


def costs(district: District, values: Mapping[str, float]) -> dict[str, float]:
    outputs = outputs_of(district, values)
    cost = step_cost(district, task(), expected_columns(district), outputs, HOUR_S)
    assert set(cost) <= set(TERMS)
    return {name: float(value[0]) for name, value in cost.items() if value[0] != 0.0}


def figures(district: District, values: Mapping[str, float]) -> dict[str, float]:
    layout = kpis.KpiLayout.build(district, expected_columns(district))
    sums = kpis.accumulate(layout, kpis.start(1), outputs_of(district, values), {}, HOUR_S)
    return {name: float(value[0]) for name, value in kpis.summary(sums).items()}


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
@pytest.mark.parametrize("parametrisation", ["absolute", "offset", "heat_price"])
def test_every_measured_channel_is_a_column(name: str, parametrisation: Parametrisation) -> None:
    district = SMALL_DISTRICTS[name]()
    contract = build_contract(
        district, task().model_copy(update={"parametrisation": parametrisation})
    )
    columns = expected_columns(district)
    picked = measured_columns(contract, columns)
    assert len(set(picked.tolist())) == picked.size
    low, high = contract.bounds("observation")
    assert (low < high).all()


def test_an_engine_buys_gas_and_sells_power_without_the_fee() -> None:
    values = {
        "engine.heat_kw": 300.0,
        "engine.fuel_kw": 625.0,
        "engine.generated_kw": 237.5,
        "engine.starts": 1.0,
        "engine.ramp_kw": 300.0,
    }
    assert costs(chp_and_solar(), values) == pytest.approx(
        {
            "gas": 0.625 * 43.0,
            "electricity_sold": -0.2375 * 60.0,
            "co2_gas": 0.625 * 0.201 * 70.0,
            "co2_sold": -0.2375 * 0.4 * 70.0,
            "starts": 6.0,
            "ramping": 0.15,
        }
    )
    found = figures(chp_and_solar(), values)
    assert found["generated_kwh"] == 237.5
    assert found["electricity_kwh"] == 0.0
    assert found["engine_kwh"] == 300.0
    assert found["boiler_kwh"] == 0.0
    assert found["co2_t"] == pytest.approx(0.625 * 0.201 - 0.2375 * 0.4)
    assert found["primary_energy_kwh"] == pytest.approx(625.0 * 1.1 / 1.108 - 1.8 * 237.5)
    assert found["machine_starts"] == 1.0


def test_the_sun_is_free_fed_in_and_no_waste_heat() -> None:
    district = chp_and_solar()
    values = {"collectors.heat_kw": 200.0, "collectors.available_kw": 250.0}
    assert costs(district, values) == {}
    heat = heat_columns(district, expected_columns(district))
    outputs = outputs_of(district, values)
    assert fed_in_kw(heat, outputs)[0] == 200.0
    assert waste_heat_kw(heat, outputs)[0] == 0.0
    assert figures(district, values)["solar_kwh"] == 200.0


def test_fuels_have_their_own_prices_and_emissions() -> None:
    district = biogas()
    units = tuple(
        u.model_copy(update={"emission_factor_kg_mwh": 20.0}) if u.name == "wood_boiler" else u
        for u in district.units
    )
    district = district.model_copy(update={"units": units})
    values = {
        "wood_boiler.fuel_kw": 400.0,
        "electrode_boiler.power_kw": 100.0,
        "biogas_boiler.fuel_kw": 300.0,
        "digester.flared_kw": 50.0,
        "reserve_boiler.fuel_kw": 200.0,
    }
    assert costs(district, values) == pytest.approx(
        {
            "gas": 0.2 * 43.0,
            "other_fuel": 0.4 * 35.0,
            "electricity_boilers": 0.1 * 135.0,
            "co2_gas": 0.2 * 0.201 * 70.0,
            "co2_other_fuel": 0.4 * 0.02 * 70.0,
            "co2_electricity": 0.1 * 0.4 * 70.0,
        }
    )
    found = figures(district, values)
    assert found["fuel_kwh"] == 200.0
    assert found["other_fuel_kwh"] == 700.0
    assert found["flared_kwh"] == 50.0
    assert found["electricity_kwh"] == 100.0
    assert found["co2_t"] == pytest.approx(0.2 * 0.201 + 0.4 * 0.02 + 0.1 * 0.4)
    primary = (200.0 + 300.0) * 1.1 / 1.108 + 400.0 * 0.2 / 1.08 + 1.8 * 100.0
    assert found["primary_energy_kwh"] == pytest.approx(primary)


def test_a_batch_pays_for_its_own_fuel_and_for_delay_but_has_no_unmet_demand() -> None:
    values = {
        "moulds.heat_kw": 80.0,
        "moulds.demand_kw": 100.0,
        "moulds.unmet_kw": 20.0,
        "moulds.fuel_kw": 500.0,
        "moulds.delay_h": 1.5,
        "furnace.curtailed_kw": 30.0,
    }
    assert costs(pcm_and_batch(), values) == pytest.approx(
        {
            "gas": 0.5 * 43.0,
            "co2_gas": 0.5 * 0.201 * 70.0,
            "curtailment": 0.03 * 200.0,
            "batch_delay": 15.0,
        }
    )
    found = figures(pcm_and_batch(), values)
    assert found["unmet_kwh"] == 0.0
    assert found["batch_delay_h"] == 1.5
    assert found["curtailed_kwh"] == 30.0
    heat = heat_columns(pcm_and_batch(), expected_columns(pcm_and_batch()))
    assert useful_heat_kw(heat, outputs_of(pcm_and_batch(), values))[0] == 80.0


def test_fab_heat_has_a_demand_and_lamps_draw_power() -> None:
    values = {
        "clean_rooms.demand_kw": 300.0,
        "clean_rooms.heat_kw": 280.0,
        "clean_rooms.unmet_kw": 20.0,
        "tomatoes.lamp_power_kw": 100.0,
        "process_cooling.tower_power_kw": 10.0,
        "process_cooling.curtailed_kw": 5.0,
    }
    assert costs(fab(), values) == pytest.approx(
        {
            "electricity_towers": 0.01 * 135.0,
            "electricity_processes": 0.1 * 135.0,
            "co2_electricity": 0.11 * 0.4 * 70.0,
            "unmet": 0.02 * 800.0,
            "curtailment": 0.005 * 200.0,
        }
    )
    assert figures(fab(), values)["unmet_demand_share"] == pytest.approx(20.0 / 300.0)


def test_only_heat_from_cooling_loads_is_waste_heat() -> None:
    district = fab()
    values = {
        "recovery_chiller.heat_kw": 400.0,
        "recovery_chiller.evaporator_kw": 300.0,
        "ground_heat_pump.heat_kw": 100.0,
        "ground_heat_pump.evaporator_kw": 70.0,
    }
    heat = heat_columns(district, expected_columns(district))
    outputs = outputs_of(district, values)
    assert waste_heat_kw(heat, outputs)[0] == 300.0
    assert fed_in_kw(heat, outputs)[0] == 500.0


def test_heat_that_changes_circuits_counts_once() -> None:
    linked = two_circuits_with_exchanger()
    heat = heat_columns(linked, expected_columns(linked))
    values = {"mill_exhaust.heat_kw": 200.0, "transfer.heat_kw": 150.0}
    assert fed_in_kw(heat, outputs_of(linked, values))[0] == 200.0
    lifted = two_circuits_with_heat_pump()
    heat = heat_columns(lifted, expected_columns(lifted))
    values = {"servers.heat_kw": 200.0, "lift.heat_kw": 250.0, "lift.evaporator_kw": 180.0}
    outputs = outputs_of(lifted, values)
    assert fed_in_kw(heat, outputs)[0] == pytest.approx(200.0 + 70.0)
    assert waste_heat_kw(heat, outputs)[0] == 200.0
    assert figures(lifted, values)["waste_heat_share"] == pytest.approx(200.0 / 270.0)
