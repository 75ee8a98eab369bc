"""Greenhouse: rails against bisection, film proportions, two-node step against its own balance."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.greenhouse import (
    cover_conductances,
    greenhouse_request,
    greenhouse_step,
    leakage_conductance,
    rail_heat,
    rail_return_temp,
)

CP = 4190.0
FLOOR_M2 = 2.0e4
LOSS = 6.0 * FLOOR_M2
LEAK = 0.6 * FLOOR_M2
AIR = 60e3 * FLOOR_M2
COVER = 15e3 * FLOOR_M2
SOLAR = 0.35 * FLOOR_M2
VENT = 60.0 * FLOOR_M2


def _step(
    air: float = 18.5,
    cover: float = 10.0,
    heat: float = 0.0,
    irradiance: float = 0.0,
    ambient: float = 0.0,
    wind: float = 4.0,
    lamp: float = 0.0,
    closed: float = 0.0,
    vent_temp: float = 24.5,
    dt: float = 60.0,
) -> tuple[float, float, float, float, float]:
    return greenhouse_step(
        air,
        cover,
        heat,
        irradiance,
        ambient,
        wind,
        lamp,
        LOSS,
        LEAK,
        1.29,
        AIR,
        COVER,
        SOLAR,
        0.5,
        0.25,
        closed,
        vent_temp,
        VENT,
        dt,
    )


def _bisected(flow: float, supply: float, limit: float, design: float, air: float) -> float:
    low, high = 0.0, limit
    for _ in range(80):
        middle = 0.5 * (low + high)
        top, back = rail_return_temp(middle, design, 80.0, 42.0, air)
        if top <= supply and middle <= flow * CP * (supply - back):
            low = middle
        else:
            high = middle
    return high


@given(
    flow=st.floats(1e-3, 200.0),
    over=st.floats(0.1, 90.0),
    air=st.floats(0.0, 35.0),
    share=st.floats(1e-3, 1.5),
)
def test_rails_give_what_bisection_finds(
    flow: float, over: float, air: float, share: float
) -> None:
    design = 4e6
    heat = rail_heat(flow, air + over, share * design, design, 80.0, 42.0, air, CP)
    expected = _bisected(flow, air + over, share * design, design, air)
    assert heat == pytest.approx(expected, rel=1e-6)


def test_films_in_series_are_the_design_loss() -> None:
    inside, outside = cover_conductances(LOSS, 1.29, 4.0, 0.25, 0.0)
    assert inside * outside / (inside + outside) == pytest.approx(LOSS, rel=1e-12)
    inside, outside = cover_conductances(LOSS, 1.29, 4.0, 0.25, 1.0)
    assert inside * outside / (inside + outside) == pytest.approx(0.75 * LOSS, rel=1e-12)


def test_wind_takes_more_heat_in_the_outer_film_only() -> None:
    """2.8 + 1.2 v is 7.6 at 4 m/s and 14.8 at 10 m/s."""
    calm, windy = (cover_conductances(LOSS, 1.29, v, 0.0, 0.0) for v in (4.0, 10.0))
    assert windy[0] == calm[0]
    assert windy[1] / calm[1] == pytest.approx(14.8 / 7.6, rel=1e-12)
    assert leakage_conductance(LEAK, 8.0) == pytest.approx(2.0 * LEAK)
    assert leakage_conductance(LEAK, 0.0) == leakage_conductance(LEAK, 0.25) > 0.0


@given(
    air=st.floats(-5.0, 45.0),
    cover=st.floats(-25.0, 45.0),
    heat=st.floats(0.0, 6e6),
    irradiance=st.floats(0.0, 1100.0),
    ambient=st.floats(-25.0, 40.0),
    wind=st.floats(0.0, 25.0),
    lamp=st.floats(0.0, 2e6),
    closed=st.floats(0.0, 1.0),
    dt=st.floats(1.0, 3600.0),
)
def test_energy_closes(
    air: float,
    cover: float,
    heat: float,
    irradiance: float,
    ambient: float,
    wind: float,
    lamp: float,
    closed: float,
    dt: float,
) -> None:
    new, glass, lost, vented, latent = _step(
        air, cover, heat, irradiance, ambient, wind, lamp, closed, dt=dt
    )
    brought = (heat + lamp + SOLAR * irradiance) * dt
    gained = AIR * (new - air) + COVER * (glass - cover)
    throughput = brought + abs(lost) + abs(vented) + (AIR + COVER) * 50.0
    assert gained == pytest.approx(brought - lost - vented - latent, abs=1e-12 * throughput)
    low = min(air, cover, ambient)
    assert new >= low - 1e-9
    assert glass >= low - 1e-9


@given(irradiance=st.floats(0.0, 1000.0), ambient=st.floats(-10.0, 40.0), air=st.floats(10.0, 40.0))
def test_vents_hold_their_temperature_or_are_wide_open(
    irradiance: float, ambient: float, air: float
) -> None:
    new, _, _, vented, _ = _step(air, air, 1e6, irradiance, ambient)
    conductance = vented / 60.0 / (new - ambient) - LEAK if abs(new - ambient) > 0.01 else 0.0
    if new > 24.5 + 1e-6 and new > ambient + 0.01:
        assert conductance == pytest.approx(VENT, rel=1e-4)
    else:
        assert conductance <= VENT * (1.0 + 1e-6)
    if new < 24.5 - 1e-6:
        assert conductance == pytest.approx(0.0, abs=1e-2 * LEAK)


def test_everything_at_ambient_stays() -> None:
    assert _step(10.0, 10.0, ambient=10.0) == (10.0, 10.0, 0.0, 0.0, 0.0)


def test_request_settles_at_the_set_temperature() -> None:
    """The heat asked for holds 18.5 degC once the cover has settled (by hand: 6.6 W/(m2 K))."""
    heat = greenhouse_request(
        18.5, 18.5, 0.0, -5.0, 4.0, 0.0, LOSS, LEAK, 1.29, AIR, SOLAR, 0.5, 0.25, 0.0, 3600.0, 1e9
    )
    assert heat == pytest.approx(6.6 * FLOOR_M2 * 23.5, rel=1e-12)
    air, cover = 18.5, 5.0
    for _ in range(2000):
        air, cover, *_ = _step(air, cover, heat, ambient=-5.0)
    assert air == pytest.approx(18.5, abs=1e-6)
    assert -5.0 < cover < 18.5


def test_screen_saves_heat_and_warms_the_air() -> None:
    open_air, _, open_loss, _, _ = _step(18.5, 5.0, 1e6, closed=0.0, dt=3600.0)
    closed_air, _, closed_loss, _, _ = _step(18.5, 5.0, 1e6, closed=1.0, dt=3600.0)
    assert closed_air > open_air
    assert closed_loss < open_loss


@given(numbers=st.tuples(*(st.floats(-1e12, 1e12) for _ in range(6))))
def test_step_is_finite(numbers: tuple[float, ...]) -> None:
    air, cover, heat, irradiance, ambient, wind = numbers
    for result in (
        _step(air, cover, heat, irradiance, ambient, wind),
        greenhouse_step(
            air, cover, heat, irradiance, ambient, wind, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
            0.0, 0.0, cover, 0.0, 60.0,
        ),
    ):  # fmt: skip
        assert all(math.isfinite(value) for value in result)
