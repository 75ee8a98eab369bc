"""Exchangers against closed forms and the substation case of the model page."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.envs.components.reference_exchanger import (
    plain_flow_for_heat,
    plain_substation_heat,
)

from heatrouter.envs.components.exchanger import (
    counterflow_effectiveness,
    exchanged_heat,
    film_term,
    flow_for_heat,
    substation_heat,
)
from heatrouter.envs.simulation.consumer_table import design_exchanger
from heatrouter.envs.spec.consumer_units import HeatExchangerDesign

CP = 4190.0
DESIGN = HeatExchangerDesign(
    primary_supply_c=85.0,
    primary_return_c=45.0,
    secondary_supply_c=70.0,
    secondary_return_c=40.0,
    max_flow_ratio=5.0,
)
HEAT_W = 1.0e6


def _flow_ratio_and_return(supply_c: float) -> tuple[float, float]:
    sized = design_exchanger(DESIGN, HEAT_W, CP)
    flow = plain_flow_for_heat(
        HEAT_W,
        supply_c,
        sized.secondary_flow,
        40.0,
        sized.primary_flow,
        sized.secondary_flow,
        sized.ua,
        50.0 * sized.primary_flow,
        sized.primary_flow,
        CP,
    )
    return flow / sized.primary_flow, supply_c - HEAT_W / (flow * CP)


@pytest.mark.parametrize(
    ("supply_c", "flow_ratio", "return_c"),
    [(85.0, 1.0, 45.0), (75.0, 1.68, 51.0), (72.0, 2.59, 57.0)],
)
def test_colder_supply_needs_more_flow_and_returns_warmer(
    supply_c: float, flow_ratio: float, return_c: float
) -> None:
    ratio, back = _flow_ratio_and_return(supply_c)
    assert ratio == pytest.approx(flow_ratio, rel=0.02)
    assert back == pytest.approx(return_c, rel=0.02)


def test_supply_at_secondary_supply_cannot_deliver() -> None:
    sized = design_exchanger(DESIGN, HEAT_W, CP)
    top = plain_substation_heat(
        1e3 * sized.primary_flow,
        70.0,
        sized.secondary_flow,
        40.0,
        sized.primary_flow,
        sized.secondary_flow,
        sized.ua,
        CP,
    )
    assert top < HEAT_W


@given(ntu=st.floats(0.0, 50.0), ratio=st.floats(0.0, 1.0))
def test_effectiveness_is_a_share(ntu: float, ratio: float) -> None:
    assert 0.0 <= counterflow_effectiveness(ntu, ratio) <= 1.0


def test_balanced_exchanger() -> None:
    assert counterflow_effectiveness(3.0, 1.0) == pytest.approx(0.75)


@given(
    ua=st.floats(0.0, 1e6),
    hot=st.floats(0.0, 1e6),
    cold=st.floats(0.0, 1e6),
    span=st.floats(-50.0, 200.0),
)
def test_second_law(ua: float, hot: float, cold: float, span: float) -> None:
    """Heat never exceeds what the smaller stream can take and never flows backwards."""
    heat = exchanged_heat(ua, hot, cold, span)
    assert 0.0 <= heat <= min(hot, cold) * max(span, 0.0) * (1.0 + 1e-12)


@given(
    share=st.floats(0.01, 1.2),
    supply=st.floats(41.0, 110.0),
    guess=st.floats(0.0, 100.0),
)
def test_flow_gives_the_heat_or_the_valve_is_open(
    share: float, supply: float, guess: float
) -> None:
    sized = design_exchanger(DESIGN, HEAT_W, CP)
    largest = 2.6 * sized.primary_flow
    heat = share * HEAT_W
    flow = plain_flow_for_heat(
        heat,
        supply,
        sized.secondary_flow,
        40.0,
        sized.primary_flow,
        sized.secondary_flow,
        sized.ua,
        largest,
        guess,
        CP,
    )
    got = plain_substation_heat(
        flow,
        supply,
        sized.secondary_flow,
        40.0,
        sized.primary_flow,
        sized.secondary_flow,
        sized.ua,
        CP,
    )
    assert 0.0 < flow <= largest
    if flow < largest:
        assert got == pytest.approx(heat, rel=2e-4)
    else:
        assert got <= heat * (1.0 + 2e-4)


SIZED = design_exchanger(DESIGN, HEAT_W, CP)
LARGEST = 2.6 * SIZED.primary_flow


def _fast_flow(heat: float, supply: float, secondary: float, inlet: float, guess: float) -> float:
    return flow_for_heat(
        heat,
        supply,
        secondary,
        inlet,
        SIZED.primary_flow,
        film_term(secondary / SIZED.secondary_flow),
        SIZED.ua,
        LARGEST,
        guess,
        CP,
    )


def _heat(flow: float, supply: float, secondary: float, inlet: float) -> float:
    return plain_substation_heat(
        flow,
        supply,
        secondary,
        inlet,
        SIZED.primary_flow,
        SIZED.secondary_flow,
        SIZED.ua,
        CP,
    )


@given(
    flow=st.floats(0.0, 100.0),
    supply=st.floats(-20.0, 130.0),
    secondary=st.floats(0.0, 50.0),
    inlet=st.floats(0.0, 70.0),
)
def test_fast_heat_is_the_heat(flow: float, supply: float, secondary: float, inlet: float) -> None:
    fast = substation_heat(
        flow,
        supply,
        secondary,
        inlet,
        SIZED.primary_flow,
        film_term(secondary / SIZED.secondary_flow),
        SIZED.ua,
        CP,
    )
    assert fast == pytest.approx(_heat(flow, supply, secondary, inlet), rel=1e-4, abs=1e-6)


@given(
    share=st.floats(1e-3, 1.3),
    supply=st.floats(30.0, 120.0),
    part=st.floats(1e-3, 1.3),
    inlet=st.floats(5.0, 60.0),
    guess=st.floats(-1.0, 1e3),
)
def test_fast_flow_gives_the_heat_or_the_valve_is_open(
    share: float, supply: float, part: float, inlet: float, guess: float
) -> None:
    """With the old, slower law as the judge, from any guess."""
    heat, secondary = share * HEAT_W, part * SIZED.secondary_flow
    flow = _fast_flow(heat, supply, secondary, inlet, guess)
    assert 0.0 < flow <= LARGEST
    got = _heat(flow, supply, secondary, inlet)
    if flow < LARGEST:
        assert got == pytest.approx(heat, rel=2e-4)
    else:
        assert got <= heat * (1.0 + 2e-4)


@given(share=st.floats(0.01, 1.2), supply=st.floats(45.0, 110.0), off=st.floats(-0.03, 0.03))
def test_unchecked_newton_step_stays_within_the_tolerance(
    share: float, supply: float, off: float
) -> None:
    heat, secondary = share * HEAT_W, SIZED.secondary_flow
    exact = plain_flow_for_heat(
        heat,
        supply,
        secondary,
        40.0,
        SIZED.primary_flow,
        secondary,
        SIZED.ua,
        LARGEST,
        0.0,
        CP,
    )
    flow = _fast_flow(heat, supply, secondary, 40.0, exact * (1.0 + off))
    if flow < LARGEST:
        assert _heat(flow, supply, secondary, 40.0) == pytest.approx(heat, rel=2e-4)
    assert _fast_flow(heat, supply, secondary, 40.0, flow) == pytest.approx(flow, rel=1e-2)


def test_flow_within_the_tolerance_is_kept() -> None:
    flow = _fast_flow(HEAT_W, 85.0, SIZED.secondary_flow, 40.0, 0.9 * SIZED.primary_flow)
    assert flow == pytest.approx(SIZED.primary_flow, rel=1e-3)
    assert _fast_flow(HEAT_W, 85.0, SIZED.secondary_flow, 40.0, flow) == flow


@given(
    numbers=st.tuples(*(st.floats(-1e12, 1e12) for _ in range(8))),
    term=st.floats(0.0, 1e3),
    guess=st.floats(-1e12, 1e12),
)
def test_fast_exchanger_is_finite(numbers: tuple[float, ...], term: float, guess: float) -> None:
    heat, supply, secondary, inlet, design, ua, largest, flow = numbers
    primary, ua = abs(design), abs(ua)
    assert math.isfinite(
        flow_for_heat(heat, supply, secondary, inlet, primary, term, ua, largest, guess, CP)
    )
    assert math.isfinite(substation_heat(flow, supply, secondary, inlet, primary, term, ua, CP))
