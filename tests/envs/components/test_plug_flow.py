"""Plug flow: mass and enthalpy kept, fronts in time, cooling exact."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatrouter.envs.components.plug_flow import (
    MASS,
    PSI,
    RING,
    SHARES,
    merge_cheapest,
    psi_total,
    shift_parcels,
    traced_heat,
    wall_flush,
)

CONTENT = 100.0


def _pipe(origins: int = 0) -> np.ndarray:
    """A pipe full of water of 50 degC, all of it of the last origin."""
    parcels = np.zeros((RING, 2 + origins))
    parcels[0, :2] = CONTENT, 50.0
    if origins:
        parcels[0, -1] = 1.0
    return parcels


def _push(
    parcels: np.ndarray,
    where: tuple[int, int],
    moved: float,
    entering: float,
    forward: bool = True,
    shares: np.ndarray | None = None,
) -> tuple[tuple[int, int], float, np.ndarray]:
    """Push water of ``entering`` degC; returns start and count, what left, and its origins."""
    given = np.zeros(0) if shares is None else shares
    left_by_origin = np.zeros(given.size)
    start, count, left = shift_parcels(
        parcels, *where, moved, entering, CONTENT, forward, 0.0, 1.0, given, left_by_origin
    )
    return (start, count), left, left_by_origin


@settings(max_examples=60)
@given(
    moves=st.lists(
        st.tuples(st.floats(0.01, 250.0), st.floats(-20.0, 120.0), st.booleans()),
        min_size=1,
        max_size=200,
    )
)
def test_mass_and_enthalpy_are_kept(moves: list[tuple[float, float, bool]]) -> None:
    parcels = _pipe()
    where = (0, 1)
    held = CONTENT * 50.0
    scale = held
    for moved, entering, forward in moves:
        where, left, _ = _push(parcels, where, moved, entering, forward)
        held += moved * entering - left
        scale += abs(moved * entering)
        start, count = where
        assert 1 <= count <= RING
        slots = [(start + i) % RING for i in range(count)]
        assert parcels[slots, MASS].sum() == pytest.approx(CONTENT, rel=1e-9)
        assert (parcels[slots, MASS] >= 0.0).all()
        assert psi_total(parcels, start, count) == pytest.approx(held, abs=1e-10 * scale)


@settings(max_examples=40)
@given(
    moves=st.lists(
        st.tuples(st.floats(0.01, 250.0), st.floats(15.0, 120.0), st.integers(0, 2), st.booleans()),
        min_size=1,
        max_size=200,
    )
)
def test_heat_of_every_origin_is_kept(moves: list[tuple[float, float, int, bool]]) -> None:
    """Above 10 degC, whatever is split, joined or merged; shares add up to one."""
    parcels = _pipe(origins=4)
    where = (0, 1)
    held = np.array([0.0, 0.0, 0.0, traced_heat(CONTENT, 50.0)])
    scale = held.sum()
    for moved, entering, origin, forward in moves:
        shares = np.zeros(4)
        shares[origin] = 1.0
        where, left, by_origin = _push(parcels, where, moved, entering, forward, shares)
        brought = traced_heat(moved, entering)
        held += brought * shares - by_origin
        scale += brought
        assert by_origin.sum() == pytest.approx(left - 10.0 * moved, abs=1e-9 * scale)
        slots = [(where[0] + i) % RING for i in range(where[1])]
        inside = parcels[slots]
        assert inside[:, SHARES:].sum(axis=1) == pytest.approx(np.ones(len(slots)))
        heat = inside[:, MASS] * (inside[:, PSI] - 10.0)
        assert heat @ inside[:, SHARES:] == pytest.approx(held, abs=1e-9 * scale)


def test_a_front_leaves_after_one_content() -> None:
    parcels = _pipe()
    where = (0, 1)
    outlets = []
    for _ in range(60):
        where, left, _ = _push(parcels, where, 2.0, 90.0)
        outlets.append(left / 2.0)
    assert outlets[:50] == pytest.approx([50.0] * 50)
    assert outlets[50:] == pytest.approx([90.0] * 10)


def test_reversed_flow_brings_the_water_back() -> None:
    parcels = _pipe()
    where, _, _ = _push(parcels, (0, 1), 30.0, 90.0)
    where, left, _ = _push(parcels, where, 30.0, 10.0, forward=False)
    assert left / 30.0 == pytest.approx(90.0)


def test_several_contents_in_one_step_leave_as_their_mean() -> None:
    """A step may push more than the pipe holds: what leaves is the old water, then the new."""
    parcels = _pipe()
    (start, count), left, _ = _push(parcels, (0, 1), 2.5 * CONTENT, 90.0)
    assert left == pytest.approx(CONTENT * 50.0 + 1.5 * CONTENT * 90.0)
    assert count == 1
    assert parcels[start, MASS] == CONTENT
    assert parcels[start, PSI] == 90.0


@pytest.mark.parametrize("start", [0, 1, RING - 1])
def test_merging_takes_the_pair_that_costs_least(start: int) -> None:
    """In a full ring, wherever it begins, the first of the squares is the cheapest pair."""
    parcels = np.ones((RING, 2))
    slots = (start + np.arange(RING)) % RING
    parcels[slots, PSI] = np.arange(RING, dtype=np.float64) ** 2
    assert merge_cheapest(parcels, start, RING, 0.0, 1.0) == 0
    kept = parcels[slots[: RING - 1]]
    assert kept[0] == pytest.approx([2.0, 0.5])
    assert kept[1:, PSI] == pytest.approx(np.arange(2, RING) ** 2.0)
    assert kept[1:, MASS] == pytest.approx(np.ones(RING - 2))


def test_a_full_ring_keeps_mass_and_enthalpy() -> None:
    """A thousand small slugs of other temperatures never overflow the ring."""
    rng = np.random.default_rng(0)
    parcels = _pipe()
    where, held = (0, 1), CONTENT * 50.0
    for _ in range(1000):
        entering = float(rng.uniform(40.0, 90.0))
        where, left, _ = _push(parcels, where, 0.5, entering)
        held += 0.5 * entering - left
    assert where[1] == RING
    assert psi_total(parcels, *where) == pytest.approx(held, rel=1e-12)


@given(
    wall=st.floats(0.0, 120.0),
    inlet=st.floats(0.0, 120.0),
    ratio=st.floats(1e-6, 1e3),
)
def test_wall_keeps_energy(wall: float, inlet: float, ratio: float) -> None:
    """What water loses in passing, m cp dt (T_in - T_out), the wall gains."""
    closed, kept = wall_flush(ratio)
    after = wall - (wall - inlet) * closed
    outlet = inlet + (wall - inlet) * kept
    assert after - wall == pytest.approx(ratio * (inlet - outlet), abs=1e-9 * (1.0 + ratio))
    assert min(wall, inlet) - 1e-9 <= outlet <= max(wall, inlet) + 1e-9


def test_wall_relaxes_exponentially() -> None:
    closed, _ = wall_flush(0.7)
    assert closed == pytest.approx(1.0 - math.exp(-0.7))
