"""Dry cooler: design point, fan law, saturation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.dry_cooler import AIR_EXPONENT, AIR_SHARE, dry_cooler
from heatrouter.envs.components.exchanger import exchanged_heat

DESIGN = (2e6, 30.0, 42.0, 36.0)
FAN_W = 4e4


def _cool(
    load: float, ambient: float, water_in: float = 42.0, water_out: float = 36.0
) -> tuple[float, float]:
    return dry_cooler(load, water_in, water_out, ambient, *DESIGN, FAN_W)


def test_design_point_takes_full_speed() -> None:
    rejected, power = _cool(2e6 * (1.0 - 1e-9), 30.0)
    assert rejected == pytest.approx(2e6, rel=1e-8)
    assert power == pytest.approx(FAN_W, rel=1e-4)


def test_half_speed_by_hand() -> None:
    """Load that half the air carries, then P = P_full / 8 less the air that moves by itself."""
    air = 2e6 / 6.0
    ua = air * 0.5 / 0.5
    film = AIR_SHARE * 0.5**-AIR_EXPONENT + 1.0 - AIR_SHARE
    load = 1.2e6
    for _ in range(200):
        load = exchanged_heat(ua / film, load / 6.0, 0.5 * air, 42.0 - 25.0)
    rejected, power = _cool(load, 25.0)
    assert rejected == load
    assert power == pytest.approx(FAN_W * (0.125 - 0.001) / 0.999, rel=1e-3)


def test_cold_air_needs_no_fan() -> None:
    assert _cool(1e5, -10.0) == (1e5, 0.0)


def test_air_warmer_than_the_water_takes_nothing() -> None:
    assert _cool(1e6, 45.0) == (0.0, FAN_W)


@given(
    load=st.floats(1.0, 4e6),
    more=st.floats(0.0, 1e6),
    ambient=st.floats(-20.0, 45.0),
    warmer=st.floats(0.0, 10.0),
    water_in=st.floats(30.0, 60.0),
    water_range=st.floats(1.0, 12.0),
)
def test_monotone_and_bounded(
    load: float, more: float, ambient: float, warmer: float, water_in: float, water_range: float
) -> None:
    out = water_in - water_range
    rejected, power = _cool(load, ambient, water_in, out)
    assert 0.0 <= rejected <= load
    assert -1e-9 <= power <= FAN_W
    if rejected < load:
        assert power == FAN_W
    rejected_warm, power_warm = _cool(load, ambient + warmer, water_in, out)
    assert rejected_warm <= rejected * (1.0 + 1e-9)
    assert power_warm >= power - 1e-4 * FAN_W
    rejected_more, power_more = _cool(load + more, ambient, water_in, out)
    assert rejected_more >= rejected * (1.0 - 1e-9)
    assert power_more >= power - 1e-4 * FAN_W


@given(numbers=st.tuples(*(st.floats(-1e9, 1e9) for _ in range(9))))
def test_finite(numbers: tuple[float, ...]) -> None:
    load, water_in, water_out, ambient, capacity, air, design_in, design_out, fan = numbers
    result = dry_cooler(
        load, water_in, water_out, ambient, capacity, air, design_in, design_out, fan
    )
    assert all(math.isfinite(value) for value in result)
