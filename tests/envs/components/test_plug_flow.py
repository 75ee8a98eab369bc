"""Plug flow: mass and enthalpy kept, fronts in time, cooling exact."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatrouter.envs.components.plug_flow import (
    JOIN_BELOW_K,
    RING,
    merge_cheapest,
    psi_total,
    shift_parcels,
    wall_step,
)

CONTENT = 100.0


def _pipe() -> tuple[np.ndarray, np.ndarray]:
    mass, psi = np.zeros(RING), np.zeros(RING)
    mass[0], psi[0] = CONTENT, 50.0
    return mass, psi


@settings(max_examples=60)
@given(
    moves=st.lists(
        st.tuples(st.floats(0.01, 250.0), st.floats(-20.0, 120.0), st.booleans()),
        min_size=1,
        max_size=200,
    )
)
def test_mass_and_enthalpy_are_kept(moves: list[tuple[float, float, bool]]) -> None:
    mass, psi = _pipe()
    start, count = 0, 1
    held = CONTENT * 50.0
    scale = held
    for moved, entering, forward in moves:
        start, count, left = shift_parcels(
            mass, psi, start, count, moved, entering, CONTENT, forward, JOIN_BELOW_K
        )
        held += moved * entering - left
        scale += abs(moved * entering)
        assert 1 <= count <= RING
        slots = [(start + i) % RING for i in range(count)]
        assert mass[slots].sum() == pytest.approx(CONTENT, rel=1e-9)
        assert (mass[slots] >= 0.0).all()
        assert psi_total(mass, psi, start, count) == pytest.approx(held, abs=1e-10 * scale)


def test_a_front_leaves_after_one_content() -> None:
    mass, psi = _pipe()
    start, count = 0, 1
    outlets = []
    for _ in range(60):
        start, count, left = shift_parcels(
            mass, psi, start, count, 2.0, 90.0, CONTENT, True, JOIN_BELOW_K
        )
        outlets.append(left / 2.0)
    assert outlets[:50] == pytest.approx([50.0] * 50)
    assert outlets[50:] == pytest.approx([90.0] * 10)


def test_reversed_flow_brings_the_water_back() -> None:
    mass, psi = _pipe()
    start, count, _ = shift_parcels(mass, psi, 0, 1, 30.0, 90.0, CONTENT, True, JOIN_BELOW_K)
    start, count, left = shift_parcels(
        mass, psi, start, count, 30.0, 10.0, CONTENT, False, JOIN_BELOW_K
    )
    assert left / 30.0 == pytest.approx(90.0)


def test_merging_takes_the_pair_that_costs_least() -> None:
    mass, psi = np.ones(RING), np.arange(RING, dtype=np.float64) ** 2
    count = merge_cheapest(mass, psi, 0, RING)
    assert count == RING - 1
    assert psi[0] == pytest.approx(0.5)
    assert mass[0] == pytest.approx(2.0)
    assert psi[1] == pytest.approx(4.0)


@given(
    wall=st.floats(0.0, 120.0),
    inlet=st.floats(0.0, 120.0),
    ratio=st.floats(0.0, 1e3),
)
def test_wall_keeps_energy(wall: float, inlet: float, ratio: float) -> None:
    """What water loses in passing, m cp dt (T_in - T_out), the wall gains."""
    after, outlet = wall_step(wall, inlet, ratio)
    assert after - wall == pytest.approx(ratio * (inlet - outlet), abs=1e-9 * (1.0 + ratio))
    assert min(wall, inlet) - 1e-9 <= outlet <= max(wall, inlet) + 1e-9


def test_wall_relaxes_exponentially() -> None:
    after, _ = wall_step(20.0, 80.0, 0.7)
    assert after == pytest.approx(80.0 - 60.0 * math.exp(-0.7))
