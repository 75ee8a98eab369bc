"""Gas holder, boiler and engine: balances and declared points."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.boiler import boiler_fuel, condensing_efficiency, heat_of_fuel
from heatrouter.envs.components.chp import chp_fuel_and_power
from heatrouter.envs.components.fuel_store import fuel_step

heats = st.floats(0.0, 1e7)


@given(
    stored=st.floats(0.0, 1e11),
    inflow=heats,
    wanted=heats,
    spare=st.floats(0.0, 1e11),
    dt=st.floats(1.0, 3600.0),
)
def test_holder_keeps_every_joule(
    stored: float, inflow: float, wanted: float, spare: float, dt: float
) -> None:
    capacity = stored + spare
    new, taken, flared = fuel_step(stored, inflow, wanted, capacity, dt)
    assert 0.0 <= new <= capacity
    assert 0.0 <= taken <= wanted
    assert flared >= 0.0
    scale = stored + inflow * dt
    assert new - stored == pytest.approx((inflow - taken - flared) * dt, abs=1e-12 * scale)
    if taken < wanted:
        assert new == 0.0
    if flared > 0.0:
        assert new == capacity


def test_full_holder_flares_what_is_not_burnt() -> None:
    assert fuel_step(1e9, 5e5, 2e5, 1e9, 60.0) == pytest.approx((1e9, 2e5, 3e5))
    assert fuel_step(6e6, 1e5, 5e5, 1e9, 60.0) == pytest.approx((0.0, 2e5, 0.0), abs=1e-6)


def test_boiler_losses_at_full_and_half_load() -> None:
    """1 MW at 0.9: 1.111 MW of fuel; 0.5 MW: 0.5556 MW and half of 2 % stand-by loss."""
    assert boiler_fuel(1e6, 1e6, 0.90, 0.02) == pytest.approx(1e6 / 0.9)
    half = boiler_fuel(5e5, 1e6, 0.90, 0.02)
    assert half == pytest.approx(5e5 / 0.9 + 0.02 * 5e5)
    assert boiler_fuel(0.0, 1e6, 0.90, 0.02) == 0.0


@given(heat=heats, more=heats, standby=st.floats(0.0, 0.1), back=st.floats(20.0, 90.0))
def test_more_heat_burns_more(heat: float, more: float, standby: float, back: float) -> None:
    efficiency = condensing_efficiency(back, 0.97, 0.88)
    less = boiler_fuel(heat, 5e6, efficiency, standby)
    assert less >= heat
    assert boiler_fuel(heat + more, 5e6, efficiency, standby) >= less
    if 0.0 < heat <= 5e6:
        assert heat_of_fuel(less, 5e6, efficiency, standby) == pytest.approx(heat, abs=1e-2)


def test_engine_at_its_declared_points() -> None:
    """1 MW heat at 0.5 / 0.4; at half load 0.36."""
    assert chp_fuel_and_power(1e6, 1e6, 0.5, 0.40, 0.36, 0.5) == pytest.approx((2e6, 8e5))
    assert chp_fuel_and_power(5e5, 1e6, 0.5, 0.40, 0.36, 0.5) == pytest.approx((1e6, 3.6e5))
    assert chp_fuel_and_power(7.5e5, 1e6, 0.5, 0.40, 0.36, 0.5)[1] == pytest.approx(1.5e6 * 0.38)
    assert chp_fuel_and_power(0.0, 1e6, 0.5, 0.40, 0.36, 0.5) == (0.0, 0.0)


@given(
    heat=heats,
    more=heats,
    thermal=st.floats(0.3, 0.7),
    electric=st.floats(0.15, 0.55),
    drop=st.floats(0.0, 0.15),
    least=st.floats(0.3, 1.0),
)
def test_engine_keeps_the_first_law_and_rises_with_heat(
    heat: float, more: float, thermal: float, electric: float, drop: float, least: float
) -> None:
    fuel, power = chp_fuel_and_power(heat, 5e6, thermal, electric, electric - drop, least)
    assert 0.0 <= power <= fuel - heat + 1e-9 * fuel
    fuel_more, power_more = chp_fuel_and_power(
        heat + more, 5e6, thermal, electric, electric - drop, least
    )
    assert fuel_more >= fuel
    assert power_more >= power * (1.0 - 1e-12)


@given(numbers=st.tuples(*(st.floats(-1e12, 1e12) for _ in range(6))))
def test_finite(numbers: tuple[float, float, float, float, float, float]) -> None:
    assert all(math.isfinite(value) for value in chp_fuel_and_power(*numbers))
    assert all(math.isfinite(value) for value in fuel_step(*numbers[:4], 60.0))
