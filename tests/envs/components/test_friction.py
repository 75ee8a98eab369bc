"""Friction against its defining equation, its limits and published viscosities."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.friction import colebrook, pressure_drop, water_viscosity


@given(
    reynolds=st.floats(4000.0, 1e8),
    roughness=st.floats(1e-6, 0.05),
)
def test_friction_factor_solves_colebrook(reynolds: float, roughness: float) -> None:
    f, _ = colebrook(reynolds, roughness)
    x = 1.0 / math.sqrt(f)
    assert x == pytest.approx(-2.0 * math.log10(roughness / 3.7 + 2.51 * x / reynolds), abs=1e-6)


def test_laminar_flow_is_hagen_poiseuille() -> None:
    diameter, length, density, viscosity = 0.05, 100.0, 983.0, 4.7e-4
    flow = 1000.0 * math.pi * diameter * viscosity / 4.0  # Re 1000
    drop, _ = pressure_drop(flow, diameter, length, 1e-3, 0.0, density, viscosity)
    expected = 128.0 * viscosity * length * flow / (math.pi * density * diameter**4)
    assert drop == pytest.approx(expected, rel=1e-12)


@given(
    flow=st.floats(1e-3, 200.0),
    diameter=st.floats(0.02, 0.5),
    zeta=st.floats(0.0, 20.0),
)
def test_derivative_matches_a_difference(flow: float, diameter: float, zeta: float) -> None:
    def drop(m: float) -> float:
        return pressure_drop(m, diameter, 120.0, 5e-4, zeta, 983.0, 4.7e-4)[0]

    slope = pressure_drop(flow, diameter, 120.0, 5e-4, zeta, 983.0, 4.7e-4)[1]
    step = 1e-5 * flow
    difference = (drop(flow + step) - drop(flow - step)) / (2.0 * step)
    # the law has kinks at Re 2300 and 4000, where a difference straddles two slopes
    assert slope == pytest.approx(difference, rel=0.02) or _near_a_kink(flow, diameter)


def _near_a_kink(flow: float, diameter: float) -> bool:
    reynolds = 4.0 * flow / (math.pi * diameter * 4.7e-4)
    return min(abs(reynolds - 2300.0), abs(reynolds - 4000.0)) < 1.0


@given(flow=st.floats(0.0, 200.0))
def test_drop_is_odd_in_flow_and_slope_positive(flow: float) -> None:
    forward, slope = pressure_drop(flow, 0.1, 100.0, 5e-4, 2.0, 983.0, 4.7e-4)
    backward, _ = pressure_drop(-flow, 0.1, 100.0, 5e-4, 2.0, 983.0, 4.7e-4)
    assert backward == -forward
    assert slope > 0.0


@pytest.mark.parametrize(
    ("temp_c", "viscosity"),
    [(20.0, 1.0016e-3), (40.0, 0.6527e-3), (60.0, 0.4660e-3), (90.0, 0.3142e-3)],
)
def test_viscosity_against_iapws(temp_c: float, viscosity: float) -> None:
    assert water_viscosity(temp_c) == pytest.approx(viscosity, rel=0.025)
