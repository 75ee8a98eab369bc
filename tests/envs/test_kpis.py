"""Key figures by hand."""

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.kpis import KPIS, KpiLayout, accumulate, start, summary
from heatrouter.envs.simulation.outputs import output_layout
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district

STEP = {
    "site.carbon_intensity_g_per_kwh": 400.0,
    "glassworks.heat_kw": 1000.0,
    "glassworks.available_kw": 1600.0,
    "dairy.heat_kw": 500.0,
    "dairy.available_kw": 400.0,
    "dairy.sink_power_kw": 20.0,
    "chip_fab_cooling.cooling_kw": 2000.0,
    "chip_fab_cooling.tower_power_kw": 30.0,
    "fab_heat_pump.heat_kw": 2000.0,
    "fab_heat_pump.power_kw": 500.0,
    "fab_heat_pump.evaporator_kw": 1500.0,
    "fab_heat_pump.starts": 1.0,
    "gas_boiler.heat_kw": 1500.0,
    "gas_boiler.fuel_kw": 1600.0,
    "main.pump_power_kw": 10.0,
    "main.loss_kw": 450.0,
    "tank.loss_kw": 50.0,
    "town_old.heat_kw": 2900.0,
    "town_old.demand_kw": 3000.0,
    "town_old.unmet_kw": 60.0,
    "town_north.heat_kw": 1200.0,
    "town_north.demand_kw": 1000.0,
    "town_old.comfort_kh": 0.5,
    "greenhouse.heat_kw": 900.0,
    "greenhouse.useful_heat_kw": 800.0,
    "greenhouse.comfort_kh": 0.25,
    "energy.residual_kwh": 1e-6,
    "energy.throughput_kwh": 1000.0,
}


@pytest.fixture(scope="module")
def district() -> District:
    preset = load_district("energy-web")
    units = tuple(
        u.model_copy(update={"emission_factor_kg_mwh": 200.0}) if u.kind == "boiler" else u
        for u in preset.units
    )
    return preset.model_copy(update={"units": units})


@pytest.fixture(scope="module")
def columns(district: District) -> dict[str, int]:
    return output_layout(district).columns


def step(columns: dict[str, int], factor: float = 1.0) -> FloatArray:
    outputs = np.zeros((1, len(columns)))
    for name, value in STEP.items():
        outputs[0, columns[name]] = value * (factor if name.endswith("_kw") else 1.0)
    return outputs


def test_figures_by_hand(district: District, columns: dict[str, int]) -> None:
    layout = KpiLayout.build(district, columns)
    sums = start(1)
    for _ in range(4):  # an hour
        sums = accumulate(layout, sums, step(columns), {"gas": np.array([2.5])}, 900.0)
    figures = {name: float(value[0]) for name, value in summary(sums).items()}
    waste, offered, fed_in = 1500.0 + 1500.0, 2000.0 + 2000.0, 1500.0 + 2000.0 + 1500.0
    electricity = 20.0 + 30.0 + 500.0 + 10.0
    expected = {
        "cost_eur": 10.0,
        "cost_eur.gas": 10.0,
        "unmet_demand_share": 60.0 / 4000.0,
        "demand_coverage": 1.0 - 60.0 / 4000.0,
        "unmet_kwh": 60.0,
        "recapture": waste / offered,
        "waste_heat_share": waste / fed_in,
        "reuse_rate": waste / fed_in * (2900.0 + 1000.0 + 800.0) / offered,
        "source_recovery": 0.75,
        "recovery_target_met": 0.0,
        "room_comfort_kh": 2.0,
        "crop_comfort_kh": 1.0,
        "co2_t": 1.6 * 0.2 + electricity * 400.0 * 1e-6,
        "primary_energy_kwh": 1.1 * 1600.0 / 1.108 + 1.8 * electricity,
        "fuel_kwh": 1600.0,
        "other_fuel_kwh": 0.0,
        "flared_kwh": 0.0,
        "electricity_kwh": electricity,
        "generated_kwh": 0.0,
        "boiler_kwh": 1500.0,
        "engine_kwh": 0.0,
        "solar_kwh": 0.0,
        "peak_boiler_kw": 1500.0,
        "seasonal_cop": 4.0,
        "pump_electricity_kwh": 10.0,
        "loss_share": 500.0 / fed_in,
        "machine_starts": 4.0,
        "curtailed_kwh": 0.0,
        "batch_delay_h": 0.0,
        "energy_closure_relative": 1e-9,
    }
    assert figures == pytest.approx(expected, rel=1e-12)


def test_every_figure_is_described(district: District, columns: dict[str, int]) -> None:
    layout = KpiLayout.build(district, columns)
    sums = accumulate(layout, start(1), step(columns), {"gas": np.ones(1)}, 900.0)
    described = [kpi.name for kpi in KPIS]
    assert [name for name in summary(sums) if not name.startswith("cost_eur.")] == described
    without = summary(accumulate(layout, start(1), step(columns), {}, 900.0))
    assert [name for name in described if name not in without] == ["cost_eur"]


def test_ratios_are_formed_at_the_end(district: District, columns: dict[str, int]) -> None:
    layout = KpiLayout.build(district, columns)
    small, large = step(columns, 0.1), step(columns)
    large[0, columns["glassworks.heat_kw"]] = 0.0
    sums = start(1)
    for outputs in (small, large):
        sums = accumulate(layout, sums, outputs, {}, 900.0)
    figures = summary(sums)
    assert figures["source_recovery"][0] == pytest.approx((150.0 + 500.0) / 2200.0)
    assert figures["peak_boiler_kw"][0] == pytest.approx(1500.0)


def test_what_is_not_defined_is_no_number(district: District, columns: dict[str, int]) -> None:
    layout = KpiLayout.build(district, columns)
    nothing = np.zeros((2, len(columns)))
    figures = summary(accumulate(layout, start(2), nothing, {}, 900.0))
    for name in ("demand_coverage", "recapture", "seasonal_cop", "recovery_target_met"):
        assert np.isnan(figures[name]).all()
    assert (figures["co2_t"] == 0.0).all()


def test_sums_are_not_changed_in_place(district: District, columns: dict[str, int]) -> None:
    layout = KpiLayout.build(district, columns)
    terms = {"gas": np.ones(1)}
    first = accumulate(layout, start(1), step(columns), terms, 900.0)
    kept = first.energies.copy()
    accumulate(layout, first, step(columns), terms, 900.0)
    np.testing.assert_array_equal(first.energies, kept)
    assert first.terms["gas"][0] == terms["gas"][0] == 1.0


def test_overheated_greenhouses_and_overdelivery_are_no_reuse(
    district: District, columns: dict[str, int]
) -> None:
    layout = KpiLayout.build(district, columns)
    plain, wasteful = step(columns), step(columns)
    wasteful[0, columns["greenhouse.heat_kw"]] += 1000.0
    wasteful[0, columns["town_north.heat_kw"]] += 500.0
    rates = [
        summary(accumulate(layout, start(1), outputs, {}, 900.0))["reuse_rate"][0]
        for outputs in (plain, wasteful)
    ]
    assert rates[0] == rates[1]
