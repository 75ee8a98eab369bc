"""Collectors: the standard's curve by hand, flow and heat that belong together."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.solar_thermal import collector_heat

# flat plate for heat networks: 1000 m2, 0.78, 2.5 W/(m2 K), 0.010 W/(m2 K2)
FIELD = (1000.0, 0.78, 2.5, 0.010)
suns = st.floats(0.0, 1200.0)
inlets = st.floats(10.0, 90.0)
ambients = st.floats(-20.0, 40.0)


def test_curve_at_50_k_above_ambient() -> None:
    """0.78 * 800 - 2.5 * 50 - 0.010 * 2500 = 474 W/m2."""
    assert collector_heat(800.0, 70.0, 20.0, *FIELD) == pytest.approx(474e3)
    assert collector_heat(100.0, 90.0, 20.0, *FIELD) == 0.0
    assert collector_heat(0.0, 10.0, 30.0, *FIELD) == 0.0


@given(sun=suns, more=st.floats(0.0, 500.0), mean=inlets, hotter=inlets, ambient=ambients)
def test_more_sun_and_a_colder_collector_yield_more(
    sun: float, more: float, mean: float, hotter: float, ambient: float
) -> None:
    heat = collector_heat(sun, mean, ambient, *FIELD)
    assert collector_heat(sun + more, mean, ambient, *FIELD) >= heat >= 0.0
    assert collector_heat(sun, mean + hotter, ambient, *FIELD) <= heat


@given(numbers=st.tuples(*(st.floats(-1e9, 1e9) for _ in range(3))))
def test_finite(numbers: tuple[float, float, float]) -> None:
    assert math.isfinite(collector_heat(*numbers, *FIELD))
