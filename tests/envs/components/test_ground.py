"""Yearly wave in the ground by hand, and against the heat equation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.ground import YEAR_D, depth_ratio

depths = st.floats(0.0, 10.0)
diffusivities = st.floats(0.01, 0.2)


def test_damping_depth_by_hand() -> None:
    """0.06 m2/d: d = sqrt(365 * 0.06 / pi) = 2.640 m; one d deeper: 1/e and 58 days later."""
    ratio, lag = depth_ratio(3.640, 1.0, 0.06)
    assert ratio == pytest.approx(math.exp(-1.0), rel=1e-3)
    assert lag == pytest.approx(58.1, rel=2e-3)


@given(a=depths, b=depths, c=depths, diffusivity=diffusivities)
def test_steps_in_depth_add_up(a: float, b: float, c: float, diffusivity: float) -> None:
    first, second, both = (depth_ratio(*pair, diffusivity) for pair in ((b, a), (c, b), (c, a)))
    assert first[0] * second[0] == pytest.approx(both[0], rel=1e-9)
    assert first[1] + second[1] == pytest.approx(both[1], abs=1e-9)
    assert depth_ratio(a, a, diffusivity) == (1.0, 0.0)


def test_wave_satisfies_the_heat_equation() -> None:
    diffusivity = 0.06

    def wave(z: float, t: float) -> float:
        ratio, lag = depth_ratio(z, 1.0, diffusivity)
        return ratio * math.cos(2.0 * math.pi * (t - lag) / YEAR_D)

    h = 1e-3
    for z, t in ((0.5, 30.0), (1.5, 200.0), (4.0, 300.0)):
        by_time = (wave(z, t + h) - wave(z, t - h)) / (2.0 * h)
        by_depth = (wave(z + h, t) - 2.0 * wave(z, t) + wave(z - h, t)) / (h * h)
        assert by_time == pytest.approx(diffusivity * by_depth, abs=1e-7)


@pytest.mark.parametrize("wrong", [(-1.0, 1.0, 0.06), (1.0, -1.0, 0.06), (1.0, 1.0, 0.0)])
def test_impossible_ground_is_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        depth_ratio(*wrong)
