"""Losses of buried pairs: limits, symmetry, and an independent solution of the two-pipe problem."""

import math

import pytest

from heatrouter.envs.components.pipe_loss import BuriedPipe, pair_conductance

DN100 = BuriedPipe(
    inner_diameter_m=0.1071,
    wall_thickness_m=0.0036,
    casing_diameter_m=0.20,
    wall_conductivity_w_mk=50.0,
    insulation_conductivity_w_mk=0.030,
    soil_conductivity_w_mk=1.6,
    burial_depth_m=1.0,
)


def test_typical_transmittance() -> None:
    """The handbook gives 0.15 to 0.35 W/(m K) for DN25 to DN150."""
    pair = pair_conductance(DN100, axis_distance_m=0.5)
    assert 0.15 <= pair.to_ground + pair.between <= 0.35


def test_far_apart_is_a_single_pipe() -> None:
    pair = pair_conductance(DN100, axis_distance_m=1e4)
    assert pair.between == pytest.approx(0.0, abs=1e-6)


def test_symmetric_and_antisymmetric_problem() -> None:
    """Image sources give the same: equal and opposite line sources mirrored at the surface."""
    pair = pair_conductance(DN100, axis_distance_m=0.5)
    outer = 0.1071 + 2 * 0.0036
    depth = 1.0 + 0.0685 * 1.6
    own = (
        math.log(outer / 0.1071) / (2 * math.pi * 50.0)
        + math.log(0.20 / outer) / (2 * math.pi * 0.030)
        + math.log(4 * depth / 0.20) / (2 * math.pi * 1.6)
    )
    mutual = math.log(math.hypot(2 * depth, 0.5) / 0.5) / (2 * math.pi * 1.6)
    same = 1.0 / (own + mutual)
    opposite = 1.0 / (own - mutual)
    assert pair.to_ground == pytest.approx(same, rel=1e-12)
    assert pair.to_ground + 2 * pair.between == pytest.approx(opposite, rel=1e-12)


def test_overlapping_pipes_are_refused() -> None:
    with pytest.raises(ValueError, match="axis distance"):
        pair_conductance(
            DN100._replace(insulation_conductivity_w_mk=1.0, soil_conductivity_w_mk=0.3),
            axis_distance_m=0.001,
        )
