"""Cycling below the least load."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.heat_pump import part_load_cop


def test_half_of_the_least_load() -> None:
    """0.5 / (0.9 * 0.5 + 0.1) = 0.909."""
    assert part_load_cop(4.0, 0.15, 0.3) == pytest.approx(4.0 * 0.5 / 0.55)
    assert part_load_cop(4.0, 0.3, 0.3) == 4.0
    assert part_load_cop(4.0, 1.0, 0.3) == 4.0


@given(
    cop=st.floats(1.0, 8.0),
    load=st.floats(0.0, 1.0),
    more=st.floats(0.0, 1.0),
    least=st.floats(0.0, 1.0),
)
def test_less_load_never_helps(cop: float, load: float, more: float, least: float) -> None:
    part = part_load_cop(cop, load, least)
    assert 0.0 < part <= cop
    assert part_load_cop(cop, load + more, least) >= part * (1.0 - 1e-12)
