"""Hydraulics against Kirchhoff's laws and an independent solution."""

import numpy as np
import pytest
from tests.envs.network.networks import node_pressures_by_scipy, random_network, solve

CASES = [(seed, 4 + seed % 9, seed % 4) for seed in range(24)]


def _consumers(seed: int, n_loc: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1000 + seed)
    consumers = np.arange(1, n_loc)
    return consumers, rng.uniform(0.0, 6.0, n_loc - 1)


@pytest.mark.parametrize(("seed", "n_loc", "loops"), CASES)
def test_mass_and_cycles_close(seed: int, n_loc: int, loops: int) -> None:
    net, pipes = random_network(seed, n_loc, loops)
    consumers, flow = _consumers(seed, n_loc)
    solved = solve(net, pipes, consumers, flow)
    assert solved.steps >= 0
    n_pairs = pipes.length.size
    for line, sign in ((0, 1.0), (1, -1.0)):
        m = solved.flow[line * n_pairs : (line + 1) * n_pairs]
        mass = np.zeros(n_loc)
        np.add.at(mass, net.pair_to, m)
        np.add.at(mass, net.pair_from, -m)
        assert mass[1:] == pytest.approx(sign * flow, abs=1e-9)
        drops = solved.drop[line * n_pairs : (line + 1) * n_pairs]
        assert net.cycle @ drops == pytest.approx(np.zeros(len(net.chords)), abs=0.05)


@pytest.mark.parametrize(("seed", "n_loc", "loops"), [c for c in CASES if c[2] > 0][:8])
def test_loops_agree_with_an_independent_solver(seed: int, n_loc: int, loops: int) -> None:
    net, pipes = random_network(seed, n_loc, loops)
    consumers, flow = _consumers(seed, n_loc)
    solved = solve(net, pipes, consumers, flow)
    withdrawal = np.zeros(n_loc)
    withdrawal[consumers] = flow
    n_pairs = pipes.length.size
    ours = solved.flow[:n_pairs]
    rng = np.random.default_rng(seed)
    other = node_pressures_by_scipy(net, pipes, withdrawal, ours * rng.uniform(0.7, 1.3, n_pairs))
    assert ours == pytest.approx(other, abs=2e-4 * flow.sum())


def test_mirrored_lines_carry_opposite_flows() -> None:
    net, pipes = random_network(3, 8, 2)
    consumers, flow = _consumers(3, 8)
    solved = solve(net, pipes, consumers, flow)
    n_pairs = pipes.length.size
    assert solved.flow[:n_pairs] == pytest.approx(-solved.flow[n_pairs:], abs=1e-6)


def test_pump_holds_the_worst_consumer() -> None:
    net, pipes = random_network(5, 10, 0)
    consumers, flow = _consumers(5, 10)
    solved = solve(net, pipes, consumers, flow, valve=1.0)
    assert solved.available_dp.min() == pytest.approx(6e4, rel=1e-9)
    assert not solved.saturated.any()


def test_weak_pump_saturates_valves_and_flow_follows_kv() -> None:
    net, pipes = random_network(5, 10, 2)
    consumers, flow = _consumers(5, 10)
    free = solve(net, pipes, consumers, flow, valve=1e4)
    weak = solve(net, pipes, consumers, flow, valve=1e4, max_head_pa=0.5 * float(free.head[0]))
    assert weak.steps > 0
    assert weak.saturated.any()
    assert weak.head[0] == pytest.approx(0.5 * free.head[0])
    assert (weak.consumer_flow <= flow * (1.0 + 1e-6)).all()
    open_valves = weak.saturated
    assert 1e4 * weak.consumer_flow[open_valves] ** 2 == pytest.approx(
        weak.available_dp[open_valves], abs=1.0
    )
    assert weak.consumer_flow[~open_valves] == pytest.approx(flow[~open_valves])
    shut = ~open_valves
    assert (weak.available_dp[shut] >= 1e4 * flow[shut] ** 2 - 1.0).all()


def test_no_flow_is_still() -> None:
    net, pipes = random_network(7, 7, 2)
    consumers = np.arange(1, 7)
    solved = solve(net, pipes, consumers, np.zeros(6))
    assert np.abs(solved.flow).max() == 0.0
    assert solved.available_dp == pytest.approx(np.full(6, 6e4))


def test_a_second_producer_turns_the_flow_round() -> None:
    net, pipes = random_network(11, 6, 0)
    consumers = np.array([1])
    feed = np.zeros(6)
    feed[5] = 8.0
    solved = solve(net, pipes, consumers, np.array([2.0]), feed=feed)
    out_of_root = solved.flow[: pipes.length.size][net.parent_pair[net.order[1:]]]
    assert np.abs(out_of_root).max() == pytest.approx(8.0)
    mass = np.zeros(6)
    np.add.at(mass, net.pair_to, solved.flow[: pipes.length.size])
    np.add.at(mass, net.pair_from, -solved.flow[: pipes.length.size])
    # six kilograms a second reach the root, where store and boilers take them
    assert mass[0] == pytest.approx(6.0)
