"""Friction against its defining equation, its limits and published viscosities."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.friction import colebrook, pipe_drop, water_viscosity

DENSITY, VISCOSITY, LENGTH = 983.0, 4.7e-4, 120.0


def _drop(
    flow: float, diameter: float, zeta: float = 0.0, roughness: float = 5e-4, warm: float = 0.0
) -> tuple[float, float, float]:
    """The kernel's law with its scales made from dimensions, as ``pipe_data`` makes them."""
    area = 0.25 * math.pi * diameter**2
    dynamic = 2.0 * DENSITY * area**2
    return pipe_drop(
        flow,
        4.0 / (math.pi * diameter),
        roughness,
        LENGTH / diameter / dynamic,
        zeta / dynamic,
        32.0 * LENGTH / (DENSITY * area * diameter**2),
        VISCOSITY,
        warm,
    )


def _near_a_kink(flow: float, diameter: float) -> bool:
    reynolds = 4.0 * flow / (math.pi * diameter * VISCOSITY)
    return min(abs(reynolds - 2300.0), abs(reynolds - 4000.0)) < 1.0


@given(
    reynolds=st.floats(4000.0, 1e8),
    roughness=st.floats(1e-6, 0.05),
    warm=st.just(0.0) | st.floats(2.0, 15.0),
)
def test_friction_factor_solves_colebrook(reynolds: float, roughness: float, warm: float) -> None:
    """1/sqrt(f) = -2 log10(k/3.7 + 2.51/(Re sqrt(f))), cold and from any earlier value."""
    x, _ = colebrook(reynolds, roughness, warm)
    assert x == pytest.approx(-2.0 * math.log10(roughness / 3.7 + 2.51 * x / reynolds), abs=1e-6)


@given(reynolds=st.floats(4000.0, 1e7), roughness=st.floats(1e-6, 0.05))
def test_slope_of_the_friction_factor(reynolds: float, roughness: float) -> None:
    """d ln f / d ln Re against a difference of the equation's own root."""

    def log_f(re: float) -> float:
        x = 8.0
        for _ in range(60):
            x = -2.0 * math.log10(roughness / 3.7 + 2.51 * x / re)
        return -2.0 * math.log(x)

    step = 1e-4
    expected = (log_f(reynolds * (1.0 + step)) - log_f(reynolds * (1.0 - step))) / (2.0 * step)
    assert colebrook(reynolds, roughness, 0.0)[1] == pytest.approx(expected, abs=3e-4)


def test_laminar_flow_is_hagen_poiseuille() -> None:
    diameter = 0.05
    flow = 1000.0 * math.pi * diameter * VISCOSITY / 4.0  # Re 1000
    expected = 128.0 * VISCOSITY * LENGTH * flow / (math.pi * DENSITY * diameter**4)
    assert _drop(flow, diameter)[0] == pytest.approx(expected, rel=1e-12)


def test_turbulent_drop_by_hand() -> None:
    """DN100, 10 kg/s: v 1.2953 m/s, Re 2.709e5, 1/sqrt(f) = 7.3827; 1200 f rho v^2/2 = 18.15 kPa.

    -2 log10(5e-4/3.7 + 2.51 * 7.3827/2.709e5) = 7.3827.
    """
    drop, _, x = _drop(10.0, 0.1)
    assert x == pytest.approx(7.3827, abs=2e-4)
    assert drop == pytest.approx(18154.0, rel=2e-4)


@given(
    flow=st.floats(1e-3, 200.0),
    diameter=st.floats(0.02, 0.5),
    zeta=st.floats(0.0, 20.0),
)
def test_derivative_matches_a_difference(flow: float, diameter: float, zeta: float) -> None:
    slope = _drop(flow, diameter, zeta)[1]
    step = 1e-4 * flow
    above, below = (_drop(flow + s, diameter, zeta)[0] for s in (step, -step))
    # the law has kinks at Re 2300 and 4000, where a difference straddles two slopes
    close = slope == pytest.approx((above - below) / (2.0 * step), rel=5e-3)
    assert close or _near_a_kink(flow, diameter)


@given(flow=st.floats(0.0, 200.0))
def test_drop_is_odd_in_flow_and_slope_positive(flow: float) -> None:
    forward, slope, _ = _drop(flow, 0.1, 2.0)
    backward, _, _ = _drop(-flow, 0.1, 2.0)
    assert backward == -forward
    assert slope > 0.0


@given(flow=st.floats(0.0, 100.0), before=st.floats(0.0, 100.0), diameter=st.floats(0.03, 0.4))
def test_a_warm_start_changes_nothing_that_matters(
    flow: float, before: float, diameter: float
) -> None:
    """Relative 1e-6 of a drop, whatever the flow was when the friction was kept."""
    kept = _drop(before, diameter)[2]
    cold, warm = _drop(flow, diameter)[0], _drop(flow, diameter, warm=kept)[0]
    assert warm == pytest.approx(cold, rel=1e-6)


def test_no_jump_where_the_laws_meet() -> None:
    for reynolds in (2300.0, 4000.0):
        at = reynolds * math.pi * 0.1 * VISCOSITY / 4.0
        below, above = _drop(at * (1.0 - 1e-9), 0.1)[0], _drop(at * (1.0 + 1e-9), 0.1)[0]
        assert above == pytest.approx(below, rel=1e-6)


@pytest.mark.parametrize(
    ("temp_c", "viscosity"),
    [(20.0, 1.0016e-3), (40.0, 0.6527e-3), (60.0, 0.4660e-3), (90.0, 0.3142e-3)],
)
def test_viscosity_against_iapws(temp_c: float, viscosity: float) -> None:
    assert water_viscosity(temp_c) == pytest.approx(viscosity, rel=0.025)
