"""Random networks for the hydraulic tests, and an independent solution by scipy."""

from types import SimpleNamespace
from typing import NamedTuple, cast

import numpy as np
from scipy.optimize import root

from heatrouter.envs.components.friction import pressure_drop
from heatrouter.envs.network.hydraulics import solve_network
from heatrouter.envs.network.topology import PipeData, Topology, build_topology
from heatrouter.envs.spec.district import District

DENSITY, VISCOSITY = 983.0, 4.7e-4


class Solved(NamedTuple):
    """What a solve gives."""

    steps: int
    flow: np.ndarray
    drop: np.ndarray
    consumer_flow: np.ndarray
    head: np.ndarray
    available_dp: np.ndarray
    saturated: np.ndarray


def random_network(seed: int, n_loc: int, n_loops: int) -> tuple[Topology, PipeData]:
    """A random tree plus extra pipes."""
    rng = np.random.default_rng(seed)
    edges = [(int(rng.integers(i)), i) for i in range(1, n_loc)]
    while len(edges) < n_loc - 1 + n_loops:
        a, b = (int(x) for x in rng.integers(n_loc, size=2))
        if a != b and (a, b) not in edges and (b, a) not in edges:
            edges.append((a, b) if rng.random() < 0.5 else (b, a))
    net = build_topology(_bare_district(n_loc, edges))
    n = len(edges)
    diameter = rng.uniform(0.05, 0.25, n)
    length = rng.uniform(20.0, 500.0, n)
    pipes = PipeData(
        length,
        diameter,
        5e-5 / diameter,
        rng.uniform(0.0, 5.0, n),
        0.25 * np.pi * diameter**2 * length * DENSITY,
        np.full(n, 1e5),
        np.full(n, 20.0),
        np.full(n, 2.0),
    )
    return net, pipes


def _bare_district(n_loc: int, edges: list[tuple[int, int]]) -> District:
    """No more of a district than its graph: what build_topology reads."""
    names = [f"n{i}" for i in range(n_loc)]
    graph = SimpleNamespace(
        name="random",
        circuits=(SimpleNamespace(root="n0"),),
        locations=tuple(SimpleNamespace(name=name) for name in names),
        pipes=tuple(
            SimpleNamespace(from_location=names[a], to_location=names[b]) for a, b in edges
        ),
    )
    return cast("District", graph)


def solve(
    net: Topology,
    pipes: PipeData,
    consumers: np.ndarray,
    set_flow: np.ndarray,
    *,
    valve: float = 1e3,
    max_head_pa: float = 1e8,
    feed: np.ndarray | None = None,
) -> Solved:
    """Solve with one circuit; ``feed`` is what producers give at each location, kg/s."""
    n_loc, n_pairs = net.order.size, pipes.length.size
    given = np.zeros(n_loc) if feed is None else feed
    flow, drop = np.zeros(2 * n_pairs), np.zeros(2 * n_pairs)
    got, head = np.zeros(len(consumers)), np.zeros(1)
    available, saturated = np.zeros(len(consumers)), np.zeros(len(consumers), dtype=bool)
    steps = solve_network(
        net,
        pipes,
        DENSITY,
        VISCOSITY,
        VISCOSITY,
        -given,
        given.copy(),
        consumers.astype(np.int64),
        set_flow,
        np.full(len(consumers), valve),
        np.array([6e4]),
        np.array([max_head_pa]),
        np.zeros(1),
        np.zeros(2 * net.chords.size),
        got,
        flow,
        drop,
        head,
        available,
        saturated,
    )
    return Solved(steps, flow, drop, got, head, available, saturated)


def node_pressures_by_scipy(
    net: Topology, pipes: PipeData, withdrawal: np.ndarray, guess: np.ndarray
) -> np.ndarray:
    """Flows of one line from mass balance and potential, unknown flows and pressures together."""
    n_loc, n_pairs = net.order.size, pipes.length.size
    free = [i for i in range(n_loc) if net.parent[i] >= 0]

    def residual(x: np.ndarray) -> np.ndarray:
        m, pressure = x[:n_pairs], np.zeros(n_loc)
        pressure[free] = x[n_pairs:] * 1e5
        mass = np.zeros(n_loc)
        np.add.at(mass, net.pair_to, m)
        np.add.at(mass, net.pair_from, -m)
        drops = [
            pressure_drop(
                m[p],
                pipes.diameter[p],
                pipes.length[p],
                pipes.relative_roughness[p],
                pipes.loss_coefficient[p],
                DENSITY,
                VISCOSITY,
            )[0]
            for p in range(n_pairs)
        ]
        gap = pressure[net.pair_from] - pressure[net.pair_to] - np.array(drops)
        return np.concatenate([gap / 1e5, (mass - withdrawal)[free]])

    start = np.concatenate([guess, np.zeros(len(free))])
    found = root(residual, start, tol=1e-12)
    assert found.success, found.message
    return np.asarray(found.x[:n_pairs], dtype=np.float64)
