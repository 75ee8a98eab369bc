"""Random networks for the hydraulic tests, one way to solve them, and a judge made by scipy."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import root

from heatrouter.envs.components.friction import pipe_drop
from heatrouter.envs.network.circles import NO_FLOW_KG_S, break_circles
from heatrouter.envs.network.hydraulics import solve_network
from heatrouter.envs.network.pipe_data import pipe_data
from heatrouter.envs.network.topology import PipeData, Topology, index_network

DENSITY, VISCOSITY, HEAT_CAPACITY = 983.0, 4.7e-4, 4190.0
NO_LIMIT_PA = 1e12


class Network(NamedTuple):
    """Index arrays and pipes of one or more circuits."""

    net: Topology
    pipes: PipeData


class Load(NamedTuple):
    """What units ask of a network."""

    consumers: np.ndarray  # location of each consumer
    set_flow: np.ndarray  # kg/s that each wants
    withdrawal: np.ndarray  # kg/s that others take from each node, shape (2 n_loc,)


class Pump(NamedTuple):
    """The pump of every circuit and the valves of all consumers."""

    max_head: float = NO_LIMIT_PA
    head_drop: float = 0.0
    min_dp: float = 6e4
    valve: float = 1e3


class Solved(NamedTuple):
    """What a solve gives."""

    steps: int
    flow: np.ndarray
    drop: np.ndarray
    pressure: np.ndarray
    consumer_flow: np.ndarray
    head: np.ndarray
    root_flow: np.ndarray
    available_dp: np.ndarray
    saturated: np.ndarray
    chord_flow: np.ndarray
    friction: np.ndarray


def random_network(seed: int, n_loc: int, n_loops: int, circuits: int = 1) -> Network:
    """Random trees plus extra pipes, with locations in any order and pipes in any direction."""
    rng = np.random.default_rng(seed)
    name = rng.permutation(n_loc * circuits)
    edges: list[tuple[int, int]] = []
    for c in range(circuits):
        own = [(int(rng.integers(i)), i) for i in range(1, n_loc)]
        while len(own) < n_loc - 1 + n_loops:
            a, b = (int(x) for x in rng.integers(n_loc, size=2))
            if a != b:
                own.append((a, b))
        edges += [(c * n_loc + a, c * n_loc + b) for a, b in own]
    order = rng.permutation(len(edges))
    ends = name[np.array([edges[i] for i in order])]
    turned = rng.random(len(ends)) < 0.5
    ends[turned] = ends[turned][:, ::-1]
    roots = np.array([name[c * n_loc] for c in range(circuits)])
    return network(ends, n_loc * circuits, roots, rng)


def network(ends: np.ndarray, n_loc: int, roots: np.ndarray, rng: np.random.Generator) -> Network:
    """A network of given pairs with pipes of random size."""
    n = len(ends)
    return Network(_indexed(ends, n_loc, roots), _pipes(rng.uniform(0.05, 0.25, n), rng))


def sized_network(ends: np.ndarray, n_loc: int, set_flow: np.ndarray) -> Network:
    """One circuit from location 0 whose pipes fall about 100 Pa/m at ``set_flow``, shape (n_loc,).

    f = 0.02 and flows along the tree; what closes a ring is as wide as what it meets.
    """
    net = _indexed(ends, n_loc, np.zeros(1, dtype=np.int64))
    downstream = set_flow.copy()
    largest = np.zeros(len(ends))
    for here in net.order[:0:-1]:
        largest[net.parent_pair[here]] = downstream[here]
        downstream[net.parent[here]] += downstream[here]
    for pair in net.chords:
        largest[pair] = np.median([downstream[end] for end in ends[pair]])
    diameter = (8.0 * 0.02 * largest**2 / (np.pi**2 * DENSITY * 100.0)) ** 0.2
    return Network(net, _pipes(np.maximum(diameter, 0.025), np.random.default_rng(0)))


def _indexed(ends: np.ndarray, n_loc: int, roots: np.ndarray) -> Topology:
    return index_network(
        np.ascontiguousarray(ends[:, 0]), np.ascontiguousarray(ends[:, 1]), n_loc, roots
    )


def _pipes(diameter: np.ndarray, rng: np.random.Generator) -> PipeData:
    n = diameter.size
    return pipe_data(
        length_m=rng.uniform(10.0, 80.0, n) if n > 100 else rng.uniform(20.0, 500.0, n),
        inner_diameter_m=diameter,
        roughness_m=np.full(n, 5e-5),
        loss_coefficient=rng.uniform(0.0, 5.0, n),
        wall_capacity_j_mk=np.full(n, 1e3),
        to_ground_w_mk=np.full(n, 0.2),
        between_w_mk=np.full(n, 0.02),
        density_kg_m3=np.full(n, DENSITY),
        heat_capacity_j_kgk=np.full(n, HEAT_CAPACITY),
    )


def part(whole: Network, circuit: int) -> tuple[Network, np.ndarray, np.ndarray]:
    """One circuit by itself, with its locations and pairs as numbered in the whole."""
    net = whole.net
    places = np.flatnonzero(net.circuit_of == circuit)
    pairs = np.flatnonzero(net.circuit_of[net.pair_from] == circuit)
    new = np.full(net.order.size, -1)
    new[places] = np.arange(places.size)
    alone = index_network(
        new[net.pair_from[pairs]], new[net.pair_to[pairs]], places.size,
        new[net.root[circuit : circuit + 1]],
    )  # fmt: skip
    own = {name: array[pairs] for name, array in whole.pipes._asdict().items()}
    return Network(alone, whole.pipes._replace(**own)), places, pairs


def random_load(seed: int, net: Topology, *, producers: int = 0, boosters: int = 0) -> Load:
    """A consumer everywhere but at the roots, a fifth of them asking for nothing."""
    rng = np.random.default_rng(10_000 + seed)
    n_loc = net.order.size
    consumers = np.setdiff1d(np.arange(n_loc), net.root)
    flow = rng.uniform(0.0, 6.0, consumers.size) * (rng.random(consumers.size) > 0.2)
    withdrawal = np.zeros(2 * n_loc)
    for place in rng.integers(n_loc, size=producers):
        given = rng.uniform(0.0, 15.0)
        withdrawal[place] -= given
        withdrawal[n_loc + place] += given
    for _ in range(boosters):
        line = n_loc * int(rng.integers(2))
        start = int(rng.integers(n_loc))
        same = np.flatnonzero(net.circuit_of == net.circuit_of[start])
        moved = rng.uniform(0.0, 4.0)
        withdrawal[line + start] += moved
        withdrawal[line + rng.choice(same)] -= moved
    return Load(consumers, flow, withdrawal)


def solve(network: Network, load: Load, pump: Pump, warm: Solved | None = None) -> Solved:
    """Solve with all the scratch that the kernel wants, cold or from an earlier solution."""
    net, pipes = network
    n_loc, n_pairs, n_chords = net.order.size, net.pair_from.size, net.chords.size
    n_circuits, n_consumers = net.root.size, load.consumers.size
    solved = Solved(
        0,
        flow=np.zeros(2 * n_pairs),
        drop=np.zeros(2 * n_pairs),
        pressure=np.zeros(2 * n_loc),
        consumer_flow=np.zeros(n_consumers),
        head=np.zeros(n_circuits),
        root_flow=np.zeros(n_circuits),
        available_dp=np.zeros(n_consumers),
        saturated=np.zeros(n_consumers, dtype=bool),
        chord_flow=np.zeros(2 * n_chords) if warm is None else warm.chord_flow.copy(),
        friction=np.zeros(2 * n_pairs) if warm is None else warm.friction.copy(),
    )
    steps = solve_network(
        net,
        pipes,
        np.full((2, n_circuits), VISCOSITY),
        load.withdrawal,
        load.consumers,
        load.set_flow,
        np.full(n_consumers, pump.valve),
        np.full(n_circuits, pump.min_dp),
        np.full(n_circuits, pump.max_head),
        np.full(n_circuits, pump.head_drop),
        solved.chord_flow,
        solved.friction,
        solved.consumer_flow,
        solved.flow,
        solved.drop,
        np.zeros(2 * n_pairs),
        solved.pressure,
        solved.head,
        solved.root_flow,
        solved.available_dp,
        solved.saturated,
        np.zeros((3, n_loc)),
        np.zeros((n_chords, n_chords)),
        np.zeros(n_chords),
        np.zeros(n_consumers),
    )
    return solved._replace(steps=steps)


def without_circles(network: Network, solved: Solved) -> np.ndarray:
    """Flows of a solution after circulations have been taken out."""
    n_loc = network.net.order.size
    flow = solved.flow.copy()
    scratch = np.zeros((2, n_loc), dtype=np.int64)
    break_circles(network.net, flow, solved.pressure, scratch[0], scratch[1])
    return flow


def runs_in_a_circle(net: Topology, flow: np.ndarray, line: int) -> bool:
    """Whether the flows of a line have no order downstream, by taking away ends one by one."""
    n_pairs = net.pair_from.size
    edges = []
    for a, b, m in zip(net.pair_from, net.pair_to, flow[line * n_pairs :], strict=False):
        if abs(m) > NO_FLOW_KG_S:
            edges.append((a, b) if m > 0.0 else (b, a))
    while edges:
        fed = {b for _, b in edges}
        left = [(a, b) for a, b in edges if a in fed]
        if len(left) == len(edges):
            return True
        edges = left
    return False


def drop_of(pipes: PipeData, pair: int, flow: float) -> float:
    """Pressure drop of a pair's pipe by the law alone, without a warm start, Pa."""
    return pipe_drop(
        flow,
        pipes.reynolds_per_flow[pair],
        pipes.relative_roughness[pair],
        pipes.friction_scale[pair],
        pipes.fitting_scale[pair],
        pipes.laminar_scale[pair],
        VISCOSITY,
        0.0,
    )[0]


def node_balance(net: Topology, flow: np.ndarray, line: int) -> np.ndarray:
    """What the pipes of one line bring to each location, kg/s."""
    n_pairs = net.pair_from.size
    m = flow[line * n_pairs : (line + 1) * n_pairs]
    mass = np.zeros(net.order.size)
    np.add.at(mass, net.pair_to, m)
    np.add.at(mass, net.pair_from, -m)
    return mass


def flows_by_scipy(network: Network, withdrawal: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Flows of one line from mass balance and potential, unknown flows and pressures together."""
    net, pipes = network
    n_loc, n_pairs = net.order.size, net.pair_from.size
    free = [i for i in range(n_loc) if net.parent[i] >= 0]

    def residual(x: np.ndarray) -> np.ndarray:
        m, pressure = x[:n_pairs], np.zeros(n_loc)
        pressure[free] = x[n_pairs:] * 1e5
        mass = np.zeros(n_loc)
        np.add.at(mass, net.pair_to, m)
        np.add.at(mass, net.pair_from, -m)
        drops = np.array([drop_of(pipes, p, m[p]) for p in range(n_pairs)])
        gap = pressure[net.pair_from] - pressure[net.pair_to] - drops
        return np.concatenate([gap / 1e5, (mass - withdrawal)[free]])

    start = np.concatenate([guess, np.zeros(len(free))])
    found = root(residual, start, tol=1e-12)
    assert found.success, found.message
    return np.asarray(found.x[:n_pairs], dtype=np.float64)
