"""Heat of a fab by hand."""

import pytest

from heatrouter.envs.components.fab import make_up_air_heat, ultrapure_water_heat


def test_make_up_air() -> None:
    """100 m3/s from -5 to 14 degC at 1.211 kJ/(m3 K): 2.30 MW; none when it is warmer outside."""
    assert make_up_air_heat(100.0, 14.0, -5.0) == pytest.approx(2.30e6, rel=2e-3)
    assert make_up_air_heat(100.0, 14.0, 20.0) == 0.0


def test_ultrapure_water() -> None:
    """30 kg/s from 10 to 23 degC: 1.632 MW."""
    assert ultrapure_water_heat(30.0, 23.0, 10.0) == pytest.approx(1.632e6, rel=1e-3)
    assert ultrapure_water_heat(30.0, 23.0, 25.0) == 0.0
