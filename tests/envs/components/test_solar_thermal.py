"""Collectors: the standard's curve by hand, flow and heat that belong together."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.solar_thermal import (
    collector_flow,
    collector_heat,
    collector_heat_at_flow,
)

CP = 4190.0
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


def test_outlet_held_by_the_flow() -> None:
    heat, flow = collector_flow(800.0, 60.0, 80.0, 20.0, *FIELD, 50.0, CP)
    assert heat == pytest.approx(474e3)
    assert flow == pytest.approx(474e3 / (CP * 20.0))


@given(sun=suns, more=st.floats(0.0, 500.0), mean=inlets, hotter=inlets, ambient=ambients)
def test_more_sun_and_a_colder_collector_yield_more(
    sun: float, more: float, mean: float, hotter: float, ambient: float
) -> None:
    heat = collector_heat(sun, mean, ambient, *FIELD)
    assert collector_heat(sun + more, mean, ambient, *FIELD) >= heat >= 0.0
    assert collector_heat(sun, mean + hotter, ambient, *FIELD) <= heat


@given(flow=st.floats(0.01, 100.0), sun=suns, inlet=inlets, ambient=ambients)
def test_heat_at_a_flow_lies_on_the_curve(
    flow: float, sun: float, inlet: float, ambient: float
) -> None:
    heat = collector_heat_at_flow(flow, sun, inlet, ambient, *FIELD, CP)
    assert heat >= 0.0
    if heat > 0.0:
        mean = inlet + 0.5 * heat / (flow * CP)
        assert collector_heat(sun, mean, ambient, *FIELD) == pytest.approx(heat, abs=1.0)


@given(sun=suns, inlet=inlets, outlet=inlets, ambient=ambients, largest=st.floats(0.1, 40.0))
def test_flow_and_heat_belong_together(
    sun: float, inlet: float, outlet: float, ambient: float, largest: float
) -> None:
    heat, flow = collector_flow(sun, inlet, outlet, ambient, *FIELD, largest, CP)
    assert 0.0 <= flow <= largest
    assert (heat > 0.0) == (flow > 0.0)
    if flow > 0.0:
        reached = inlet + heat / (flow * CP)
        if flow < largest:
            assert reached == pytest.approx(outlet, abs=1e-6)
        else:
            assert reached >= outlet - 1e-6 or outlet <= inlet


@given(numbers=st.tuples(*(st.floats(-1e9, 1e9) for _ in range(5))))
def test_finite(numbers: tuple[float, float, float, float, float]) -> None:
    sun, inlet, outlet, ambient, largest = numbers
    heat, flow = collector_flow(sun, inlet, outlet, ambient, *FIELD, abs(largest), CP)
    assert math.isfinite(heat)
    assert math.isfinite(flow)
