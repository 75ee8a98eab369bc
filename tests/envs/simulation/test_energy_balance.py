"""Energy is kept: over days in every district, and by an account made from outputs alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.envs.random_districts import random_district
from tests.envs.simulation.accounts import boundary_flows
from tests.envs.simulation.plants import (
    PLANTS,
    SMALL,
    STEPS_PER_DAY,
    plant,
    random_points,
    run_random,
    start,
    start_plant,
)

from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.set_points import plant_set_points
from heatrouter.envs.simulation.simulation import Simulation

HIGHEST_TEMP_C = 135.0
"""Of boilers 120 degC, and what their limiter and the flow of a moment ago leave above it."""


def _closure(simulation: Simulation, outputs: np.ndarray) -> float:
    """Largest residual over throughput of any environment."""
    c = simulation.columns
    residual, throughput = (
        outputs[:, :, c[f"energy.{name}_kwh"]].sum(axis=0) for name in ("residual", "throughput")
    )
    return float(np.abs(residual / throughput).max())


@pytest.mark.parametrize("name", PLANTS)
def test_energy_closes_over_72_hours(name: str) -> None:
    simulation = start_plant(name)
    outputs, _ = run_random(simulation, seed=1, steps=3 * STEPS_PER_DAY)
    assert _closure(simulation, outputs) <= 1e-9
    assert np.isfinite(outputs).all()


@settings(max_examples=40)
@given(seed=st.integers(0, 1_000_000))
def test_energy_closes_in_any_district(seed: int) -> None:
    """Trees and rings, one circuit or two, any mix of units, any set-points."""
    district = random_district(seed)
    assert district.cross_check() == []
    simulation = start(district, build_library(district, "train", 1), days=(20, 200))
    outputs, _ = run_random(simulation, seed, steps=STEPS_PER_DAY)
    assert _closure(simulation, outputs) <= 1e-9
    for circuit in district.circuits:
        hottest = outputs[:, :, simulation.columns[f"{circuit.name}.max_supply_temp_c"]]
        assert hottest.max() < HIGHEST_TEMP_C
    _check_signs(simulation, outputs)


def _check_signs(simulation: Simulation, outputs: np.ndarray) -> None:
    """Quantities that no plant has below zero."""
    kinds = {"fuel_kw", "heat_kw", "unmet_kw", "power_kw", "waiting", "fill_level", "level"}
    for name, k in simulation.columns.items():
        if name.split(".")[1] in kinds:
            assert outputs[:, :, k].min() >= 0.0, name


def _minutes(name: str, steps: int) -> tuple[np.ndarray, np.ndarray, Simulation]:
    """Outputs of one-minute calls and the stock before and after each, kWh."""
    simulation = start_plant(name)
    points = plant_set_points(plant(name))
    rng = np.random.default_rng(5)
    column = simulation.columns["energy.stock_kwh"]
    stock = [simulation.state.stock / 3.6e6]
    rows = []
    for step in range(steps):
        if step % 60 == 0:
            held = random_points(points, rng, simulation.num_envs)
        rows.append(simulation.advance(held, 1))
        stock.append(rows[-1][:, column])
    return np.array(rows), np.diff(np.array(stock), axis=0), simulation


@pytest.mark.parametrize("name", [*SMALL, "energy-web"])
def test_an_error_of_a_millionth_in_any_flow_is_seen(name: str) -> None:
    """The published columns alone close the account, and no flow is a remainder of the others.

    A relative error of 1e-6 in any single flow, the smallest included, must stand out from what
    rounding leaves of the residual by a factor of ten.
    """
    outputs, change, simulation = _minutes(name, 600)
    flows = boundary_flows(plant(name), simulation.columns, outputs)
    total = sum(flows.values())
    throughput = sum(np.abs(flow).sum() for flow in flows.values()) / 60.0
    residual = np.abs((change - total / 60.0).sum(axis=0)).max()
    assert residual <= 1e-12 * throughput
    for label, flow in flows.items():
        seen = np.abs(1e-6 * flow.sum(axis=0) / 60.0).max()
        if np.any(flow):
            assert seen > 10.0 * residual, label


@pytest.mark.parametrize("name", SMALL)
def test_the_kernels_sums_are_the_published_flows(name: str) -> None:
    outputs, _, simulation = _minutes(name, 120)
    c = simulation.columns
    flows = boundary_flows(plant(name), c, outputs)
    net = outputs[:, :, c["energy.in_kwh"]] - outputs[:, :, c["energy.out_kwh"]]
    throughput = outputs[:, :, c["energy.throughput_kwh"]]
    assert np.abs(net - sum(flows.values()) / 60.0).max() <= 1e-10 * throughput.max()
    moved = sum(np.abs(flow) for flow in flows.values()) / 60.0
    # gains that two units share are booked one by one, so throughput is never the smaller sum
    assert (throughput >= moved * (1.0 - 1e-9)).all()
