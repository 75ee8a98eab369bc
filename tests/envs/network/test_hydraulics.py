"""Hydraulics against Kirchhoff's laws, pump and valve curves, and an independent solution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.envs.network.networks import (
    Load,
    Network,
    Pump,
    Solved,
    drop_of,
    flows_by_scipy,
    node_balance,
    part,
    random_load,
    random_network,
    runs_in_a_circle,
    sized_network,
    solve,
    without_circles,
)

from heatrouter.envs.network.hydraulics import VALVE_TOLERANCE_SHARE

CIRCUITS = st.integers(1, 3)
LOOPS = st.integers(0, 4)
PLACES = st.integers(2, 12)
SEEDS = st.integers(0, 10_000)
LOOP_PA = 0.1


def _check_laws(whole: Network, load: Load, pump: Pump, solved: Solved) -> None:
    """Mass at every node, pressure along every pipe, chords included, and the pump's curve."""
    net, pipes = whole
    n_loc, n_pairs = net.order.size, net.pair_from.size
    moved = np.abs(load.withdrawal).sum() + 2.0 * load.set_flow.sum() + 1.0
    for line, sign in ((0, 1.0), (1, -1.0)):
        wanted = load.withdrawal[line * n_loc : (line + 1) * n_loc].copy()
        np.add.at(wanted, load.consumers, sign * solved.consumer_flow)
        gap = node_balance(net, solved.flow, line) - wanted
        gap[net.root] = 0.0
        assert np.abs(gap).max() <= 1e-12 * moved
        for p in range(n_pairs):
            start, end = line * n_loc + net.pair_from[p], line * n_loc + net.pair_to[p]
            fall = solved.pressure[start] - solved.pressure[end]
            law = drop_of(pipes, p, solved.flow[line * n_pairs + p])
            assert fall == pytest.approx(law, abs=LOOP_PA, rel=1e-5)
    fed = -node_balance(net, solved.flow, 0)[net.root] + load.withdrawal[net.root]
    assert solved.root_flow == pytest.approx(fed, abs=1e-12 * moved)
    curve = pump.max_head - pump.head_drop * np.maximum(solved.root_flow, 0.0) ** 2
    assert (solved.head <= np.maximum(curve, 0.0) * (1.0 + 1e-12)).all()
    lift = solved.pressure[net.root] - solved.pressure[n_loc + net.root]
    assert lift == pytest.approx(solved.head, abs=1e-6)
    difference = solved.pressure[load.consumers] - solved.pressure[n_loc + load.consumers]
    assert solved.available_dp == pytest.approx(difference, abs=1e-6)


def _check_valves(load: Load, pump: Pump, solved: Solved, loops: bool) -> None:
    """A wide-open valve passes what its resistance lets through; others pass what is wanted.

    Within 1 Pa on trees; where chords slow the search, within 0.2 % of the head.
    """
    within_pa = max(1.0, VALVE_TOLERANCE_SHARE * float(solved.head.max())) if loops else 1.0
    flow, wanted = solved.consumer_flow, load.set_flow
    needs = pump.valve * flow**2
    wide = solved.saturated
    assert (flow <= wanted).all()
    assert flow[~wide] == pytest.approx(wanted[~wide])
    # without any pressure difference a valve is shut, not fed backwards
    through = wide & (flow > 0.0)
    assert needs[through] == pytest.approx(solved.available_dp[through], abs=within_pa)
    assert (solved.available_dp[wide & (flow == 0.0)] <= within_pa).all()
    assert (solved.available_dp[~wide] >= needs[~wide] - within_pa).all()


@given(seed=SEEDS, n_loc=PLACES, loops=LOOPS, circuits=CIRCUITS)
@settings(max_examples=60)
def test_kirchhoff_with_loops_producers_and_boosters(
    seed: int, n_loc: int, loops: int, circuits: int
) -> None:
    whole = random_network(seed, n_loc, loops, circuits)
    load = random_load(seed, whole.net, producers=3, boosters=1)
    solved = solve(whole, load, Pump())
    assert solved.steps >= 0
    _check_laws(whole, load, Pump(), solved)
    assert not solved.saturated.any()
    for c in range(circuits):
        own = whole.net.circuit_of[load.consumers] == c
        if solved.head[c] > 0.0:
            # the pump does just enough: its worst consumer has what is held or what its valve needs
            need = np.maximum(1e3 * load.set_flow[own] ** 2, 6e4)
            assert (solved.available_dp[own] - need).min() == pytest.approx(0.0, abs=1e-4)


@given(
    seed=SEEDS,
    n_loc=PLACES,
    loops=LOOPS,
    circuits=CIRCUITS,
    share=st.floats(0.02, 1.5),
    bend=st.booleans(),
    valve=st.sampled_from([1e2, 1e3, 1e4]),
)
@settings(max_examples=80)
def test_limited_pumps_and_wide_open_valves(
    seed: int, n_loc: int, loops: int, circuits: int, share: float, bend: bool, valve: float
) -> None:
    """A pump that cannot do it all: residuals, valve law and pump curve, with and without bend."""
    whole = random_network(seed, n_loc, loops, circuits)
    load = random_load(seed, whole.net, producers=1)
    free = solve(whole, load, Pump(valve=valve))
    top = share * float(free.head.max()) + 1e3
    most = max(float(free.root_flow.max()), 1.0)
    pump = Pump(max_head=top, head_drop=0.3 * top / most**2 if bend else 0.0, valve=valve)
    solved = solve(whole, load, pump)
    assert solved.steps >= 0
    _check_laws(whole, load, pump, solved)
    _check_valves(load, pump, solved, loops > 0)


@pytest.mark.parametrize("seed", range(8))
def test_loops_agree_with_an_independent_solver(seed: int) -> None:
    whole = random_network(seed, 4 + seed, 1 + seed % 3)
    load = random_load(seed, whole.net, producers=1)
    solved = solve(whole, load, Pump())
    n_loc, n_pairs = whole.net.order.size, whole.net.pair_from.size
    withdrawal = load.withdrawal[:n_loc].copy()
    np.add.at(withdrawal, load.consumers, load.set_flow)
    ours = solved.flow[:n_pairs]
    rng = np.random.default_rng(seed)
    other = flows_by_scipy(whole, withdrawal, ours * rng.uniform(0.7, 1.3, n_pairs))
    assert ours == pytest.approx(other, abs=2e-4 * load.set_flow.sum())


@given(seed=SEEDS, n_loc=PLACES, loops=LOOPS, weak=st.booleans())
@settings(max_examples=40)
def test_circuits_solved_together_equal_each_alone(
    seed: int, n_loc: int, loops: int, weak: bool
) -> None:
    whole = random_network(seed, n_loc, loops, 3)
    load = random_load(seed, whole.net, producers=2)
    pump = Pump(max_head=1.5e5, head_drop=20.0) if weak else Pump()
    together = solve(whole, load, pump)
    n_loc_all, n_pairs_all = whole.net.order.size, whole.net.pair_from.size
    for c in range(3):
        alone, places, pairs = part(whole, c)
        own = np.flatnonzero(np.isin(load.consumers, places))
        own_load = Load(
            np.searchsorted(places, load.consumers[own]),
            load.set_flow[own],
            np.concatenate([load.withdrawal[places], load.withdrawal[n_loc_all + places]]),
        )
        solved = solve(alone, own_load, pump)
        flows = np.concatenate([together.flow[pairs], together.flow[n_pairs_all + pairs]])
        tolerance = 1e-3 * load.set_flow.sum()
        assert flows == pytest.approx(solved.flow, abs=tolerance)
        assert together.consumer_flow[own] == pytest.approx(solved.consumer_flow, abs=tolerance)
        assert together.head[c] == pytest.approx(solved.head[0], rel=1e-3, abs=5.0)


@given(seed=SEEDS, n_loc=PLACES, loops=LOOPS, weak=st.booleans())
@settings(max_examples=40)
def test_a_warm_start_finds_the_same_flows(seed: int, n_loc: int, loops: int, weak: bool) -> None:
    whole = random_network(seed, n_loc, loops)
    load = random_load(seed, whole.net, producers=1)
    pump = Pump(max_head=1e5) if weak else Pump()
    other = random_load(seed + 1, whole.net, producers=2)
    cold = solve(whole, load, pump)
    warm = solve(whole, load, pump, warm=solve(whole, other, pump))
    again = solve(whole, load, pump, warm=cold)
    _check_laws(whole, load, pump, warm)
    for solved in (warm, again):
        # a ring that nearly stands still closes within the solver's head for some grams either way
        assert solved.flow == pytest.approx(cold.flow, abs=3e-3 * (load.set_flow.sum() + 1.0))
        assert solved.head == pytest.approx(cold.head, rel=1e-3, abs=5.0)
    if not weak:
        assert again.steps == 0


@given(
    seed=SEEDS,
    n_loc=st.integers(3, 12),
    loops=st.integers(1, 5),
    scale=st.sampled_from([0.0, 1e-6, 1e-4, 1e-2, 1.0]),
)
@settings(max_examples=100)
def test_no_flow_runs_in_a_circle(seed: int, n_loc: int, loops: int, scale: float) -> None:
    """Nearly still rings close to less than the tolerance; what circulates there is taken out.

    Warm from another load, every node keeps its balance and no pipe changes by more than grams.
    """
    whole = random_network(seed, n_loc, loops)
    other = random_load(seed + 1, whole.net, producers=2)
    full = random_load(seed, whole.net, producers=1)
    load = full._replace(set_flow=scale * full.set_flow, withdrawal=scale * full.withdrawal)
    solved = solve(whole, load, Pump(), warm=solve(whole, other, Pump()))
    flow = without_circles(whole, solved)
    for line in range(2):
        assert not runs_in_a_circle(whole.net, flow, line)
        before, after = (node_balance(whole.net, f, line) for f in (solved.flow, flow))
        assert after == pytest.approx(before, abs=1e-12)
    assert (np.abs(flow) <= np.abs(solved.flow)).all()
    assert np.abs(flow - solved.flow).max() < 0.02


def test_mirrored_lines_carry_opposite_flows() -> None:
    whole = random_network(3, 8, 2)
    solved = solve(whole, random_load(3, whole.net, producers=1), Pump())
    n_pairs = whole.net.pair_from.size
    assert solved.flow[:n_pairs] == pytest.approx(-solved.flow[n_pairs:], abs=1e-6)


def test_a_tree_takes_no_iteration() -> None:
    whole = random_network(5, 10, 0)
    solved = solve(whole, random_load(5, whole.net), Pump(valve=1.0))
    assert solved.steps == 0
    assert solved.chord_flow.size == 0
    assert solved.available_dp.min() == pytest.approx(6e4, rel=1e-9)


def test_a_weaker_pump_gives_less_to_all_that_lack() -> None:
    """Monotone: with less head no consumer of the same tree gets more."""
    whole = random_network(5, 10, 0)
    load = random_load(5, whole.net)
    before = load.set_flow
    for top in (3e5, 1e5, 3e4, 1e4, 1e3, 0.0):
        solved = solve(whole, load, Pump(max_head=top, valve=1e4))
        _check_valves(load, Pump(max_head=top, valve=1e4), solved, False)
        assert (solved.consumer_flow <= before + 1e-3).all()
        before = solved.consumer_flow
    assert np.abs(before).max() == pytest.approx(0.0, abs=1e-2)


@pytest.mark.parametrize("circuits", [1, 2])
def test_no_flow_is_still(circuits: int) -> None:
    whole = random_network(7, 7, 2, circuits)
    places = np.setdiff1d(np.arange(7 * circuits), whole.net.root)
    load = Load(places, np.zeros(places.size), np.zeros(14 * circuits))
    solved = solve(whole, load, Pump())
    assert np.abs(solved.flow).max() == 0.0
    assert solved.available_dp == pytest.approx(np.full(places.size, 6e4))


def test_a_second_producer_turns_the_flow_round() -> None:
    whole = random_network(11, 6, 0)
    net = whole.net
    near, far = int(net.order[1]), int(net.order[-1])
    withdrawal = np.zeros(12)
    withdrawal[far], withdrawal[6 + far] = -8.0, 8.0
    solved = solve(whole, Load(np.array([near]), np.array([2.0]), withdrawal), Pump())
    last = net.parent_sign[far] * solved.flow[net.parent_pair[far]]
    assert last == pytest.approx(-8.0)
    # six kilograms a second reach the root, where store and boilers take them
    assert solved.root_flow[0] == pytest.approx(-6.0)


def _city(kind: str, n: int) -> tuple[Network, Load]:
    """Streets or one ring of ``n`` pairs, sized for their load, and that load."""
    rng = np.random.default_rng(0)
    n_loc = n if kind == "ring" else n + 1
    flow = rng.uniform(0.0, 0.2, n_loc) * (rng.random(n_loc) < 0.4)
    flow[0] = 0.0
    if kind == "ring":
        ends = np.array([(i, (i + 1) % n) for i in range(n)])
    else:
        # a place hangs on one of the ten before it
        ends = np.array([(int(rng.integers(max(i - 10, 0), i)), i) for i in range(1, n_loc)])
    if kind == "streets with rings":
        cross = [(i, i + 97) for i in range(0, n - 97, 200)]
        ends = np.concatenate([ends, np.array(cross)])
    consumers = np.flatnonzero(flow)
    load = Load(consumers, flow[consumers], np.zeros(2 * n_loc))
    return sized_network(ends, n_loc, flow), load


@pytest.mark.parametrize("kind", ["streets", "streets with rings", "ring"])
@pytest.mark.parametrize("share", [1.0, 0.8, 0.5, 0.1])
def test_two_thousand_pipes(kind: str, share: float) -> None:
    """Sized as networks are; at full head all get what they want, below that not."""
    whole, load = _city(kind, 2000)
    pump = Pump(valve=5e6)
    solved = solve(whole, load, pump)
    if share < 1.0:
        pump = Pump(max_head=share * float(solved.head[0]), valve=5e6)
        solved = solve(whole, load, pump)
        assert solved.saturated.any()
    assert solved.steps >= 0
    _check_laws(whole, load, pump, solved)
    _check_valves(load, pump, solved, kind == "ring")


@pytest.mark.parametrize("share", [0.95, 0.8, 0.5, 0.1])
def test_a_ring_main_with_a_weak_pump(share: float) -> None:
    """Chords couple all valves of a ring; the search must not run in circles."""
    whole, load = _city("ring", 40)
    head = float(solve(whole, load, Pump(valve=5e6)).head[0])
    pump = Pump(max_head=share * head, valve=5e6)
    solved = solve(whole, load, pump)
    assert solved.steps >= 0
    _check_laws(whole, load, pump, solved)
    _check_valves(load, pump, solved, True)
    assert 0.0 < solved.consumer_flow.sum() < load.set_flow.sum()
