"""Seeded random networks of trees and loops with several producers, sized as an engineer would.

Diameters follow the flows, so that flow is turbulent by design. A loop whose flow comes out low is
taken out again unless it is asked for: below Re 4000 friction laws differ by definition.
"""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.network.steady import steady_state
from heatrouter.envs.network.steady_solve import SteadyState
from heatrouter.envs.validation.pipe_network import PipeLine, PipeNetwork, build_network

DENSITY_KG_M3, HEAT_CAPACITY_J_KGK, VISCOSITY_PA_S = 983.0, 4185.0, 4.66e-4
"""Water at 60 degC."""

GROUND_TEMP_C, ROOT_TEMP_C = 10.0, 85.0
ROUGHNESS_M = 5e-5
TURBULENT_RE = 4000.0
_KEPT_RE = 5000.0
_ATTEMPTS = 50
_INNER_CONSUMERS = 0.3
_SMALL = 6
_LEAST_FLOW_KG_S = 0.3
_VELOCITY_M_S = (0.4, 1.6)
_DIAMETERS_M = (
    0.0217, 0.0273, 0.0372, 0.0431, 0.0545, 0.0703, 0.0825, 0.1071, 0.1325, 0.1603, 0.2101,
    0.2630, 0.3127, 0.3444, 0.3938, 0.4444, 0.4954,
)  # fmt: skip
"""Inner diameters of steel district-heat pipes, DN20 to DN500 (EN 10255, EN 10220)."""


@dataclass(frozen=True, slots=True)
class RandomNetwork:
    """A network with what is imposed on it.

    Attributes:
        seed: It was drawn from.
        lines: Its pairs of pipes.
        network: Ready for the solvers; the root is location 0.
        consumers: Locations.
        consumer_flow_kg_s: Imposed.
        consumer_heat_w: Imposed.
        producers: Locations, the root left out.
        producer_flow_kg_s: Imposed.
        producer_temp_c: Imposed.
    """

    seed: int
    lines: tuple[PipeLine, ...]
    network: PipeNetwork
    consumers: IntArray
    consumer_flow_kg_s: FloatArray
    consumer_heat_w: FloatArray
    producers: IntArray
    producer_flow_kg_s: FloatArray
    producer_temp_c: FloatArray

    @property
    def n_loops(self) -> int:
        """Number of loops in each line."""
        return int(self.network.net.chords.size)

    def solve(self) -> SteadyState:
        """Solve with this project's solver."""
        return steady_state(
            self.network.net,
            self.network.pipes,
            VISCOSITY_PA_S,
            consumers=self.consumers,
            consumer_flow_kg_s=self.consumer_flow_kg_s,
            consumer_heat_w=self.consumer_heat_w,
            root_temp_c=ROOT_TEMP_C,
            ground_temp_c=GROUND_TEMP_C,
            producers=self.producers,
            producer_flow_kg_s=self.producer_flow_kg_s,
            producer_temp_c=self.producer_temp_c,
        )

    def slow_pairs(self) -> set[int]:
        """Pairs with too little flow in supply or return for a margin to the transition."""
        reynolds = self.reynolds(self.solve().flow)
        n_pairs = len(self.lines)
        least = np.minimum(reynolds[:n_pairs], reynolds[n_pairs:])
        return {*np.flatnonzero(least < _KEPT_RE).tolist()}

    def reynolds(self, flow_kg_s: FloatArray) -> FloatArray:
        """Reynolds numbers of flows in all pipes, shape (2 n_pairs,)."""
        per_flow = np.tile(self.network.pipes.reynolds_per_flow, 2)
        result: FloatArray = np.abs(flow_kg_s) * per_flow / VISCOSITY_PA_S
        return result


def draw_network(seed: int, n_pairs: int, *, keep_low_flow: bool = False) -> RandomNetwork:
    """Draw a network.

    Args:
        seed: Of everything random.
        n_pairs: Pairs of pipes wanted; loops with little flow may be taken out of it.
        keep_low_flow: Whether loops with little flow stay.

    Raises:
        ValueError: no turbulent network of this size was found.
    """
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng((seed, attempt))
        candidate = _draw_once(rng, seed, n_pairs, keep_low_flow=keep_low_flow)
        if candidate is not None:
            return candidate
    message = f"no turbulent network of {n_pairs} pairs from seed {seed} in {_ATTEMPTS} attempts"
    raise ValueError(message)


def _draw_once(
    rng: np.random.Generator, seed: int, n_pairs: int, *, keep_low_flow: bool
) -> RandomNetwork | None:
    n_loops = int(rng.integers(0, max(n_pairs // 8, 1) + 1))
    n_loc = n_pairs - n_loops + 1
    place, parent = _tree(rng, n_loc)
    edges = [(int(parent[i]), i) for i in range(1, n_loc)]
    edges += _chords(rng, place, edges, n_loops)
    ends = np.setdiff1d(np.arange(1, n_loc), parent[1:])
    others = np.setdiff1d(np.arange(1, n_loc), ends)
    consumers = np.union1d(ends, others[rng.random(others.size) < _INNER_CONSUMERS])
    flow = rng.uniform(0.15, 3.0, consumers.size)
    n_producers = int(rng.integers(0, 4)) if n_loc > _SMALL else 0
    producers = np.sort(rng.choice(np.arange(1, n_loc), n_producers, replace=False))
    drawn = _Draw(
        seed,
        consumers.astype(np.int64),
        flow,
        flow * HEAT_CAPACITY_J_KGK * rng.uniform(20.0, 40.0, consumers.size),
        producers.astype(np.int64),
        rng.uniform(0.05, 0.2, n_producers) * flow.sum(),
        ROOT_TEMP_C + rng.uniform(-8.0, 5.0, n_producers),
    )
    lines = _sized(rng, place, edges, parent, drawn)
    tree = {*lines[: n_loc - 1]}
    while True:
        candidate = drawn.on(lines)
        if keep_low_flow:
            return candidate
        slow = candidate.slow_pairs()
        if not slow:
            return candidate
        net = candidate.network.net
        cycles = [
            net.cycle_pair[net.cycle_start[k] : net.cycle_start[k + 1]].tolist()
            for k in range(net.chords.size)
        ]
        # a chord of a loop with a slow pipe; where only the tree is slow, this draw is no good
        weak = next(
            (p for cycle in cycles if slow & {*cycle} for p in cycle if lines[p] not in tree), None
        )
        if weak is None:
            return None
        del lines[weak]


@dataclass(frozen=True, slots=True)
class _Draw:
    seed: int
    consumers: IntArray
    flow: FloatArray
    heat: FloatArray
    producers: IntArray
    producer_flow: FloatArray
    producer_temp: FloatArray

    def on(self, lines: list[PipeLine]) -> RandomNetwork:
        network = build_network(
            lines, "n0", density_kg_m3=DENSITY_KG_M3, heat_capacity_j_kgk=HEAT_CAPACITY_J_KGK
        )
        at = network.location
        return RandomNetwork(
            self.seed,
            tuple(lines),
            network,
            np.array([at[f"n{i}"] for i in self.consumers], dtype=np.int64),
            self.flow,
            self.heat,
            np.array([at[f"n{i}"] for i in self.producers], dtype=np.int64),
            self.producer_flow,
            self.producer_temp,
        )


def _tree(rng: np.random.Generator, n_loc: int) -> tuple[FloatArray, IntArray]:
    """Places in m and parents of a tree that grows outwards, near locations joined."""
    place = np.zeros((n_loc, 2))
    parent = np.zeros(n_loc, dtype=np.int64)
    degree = np.zeros(n_loc, dtype=np.int64)
    for i in range(1, n_loc):
        candidates = np.flatnonzero(degree[:i] < 4)
        # the younger, the likelier: streets rather than a star
        weight = (candidates + 1.0) ** 0.5
        up = int(rng.choice(candidates, p=weight / weight.sum()))
        angle, length = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(25.0, 250.0)
        place[i] = place[up] + length * np.array([np.cos(angle), np.sin(angle)])
        parent[i] = up
        degree[up] += 1
        degree[i] += 1
    return place, parent


def _chords(
    rng: np.random.Generator, place: FloatArray, edges: list[tuple[int, int]], count: int
) -> list[tuple[int, int]]:
    """Extra pipes between locations that are near each other."""
    joined = {frozenset(edge) for edge in edges}
    distance = np.linalg.norm(place[:, None] - place[None], axis=2)
    pairs = [
        (a, b)
        for a in range(len(place))
        for b in range(a + 1, len(place))
        if frozenset((a, b)) not in joined
    ]
    pairs.sort(key=lambda ab: distance[ab])
    near = pairs[: 4 * count]
    picked = rng.permutation(len(near))[:count].tolist()
    return [near[k] if rng.random() < 0.5 else near[k][::-1] for k in picked]


def _sized(
    rng: np.random.Generator,
    place: FloatArray,
    edges: list[tuple[int, int]],
    parent: IntArray,
    drawn: _Draw,
) -> list[PipeLine]:
    """Pipes whose diameters suit the flows of the tree; chords take half of what they meet."""
    acc = np.zeros(len(place))
    np.add.at(acc, drawn.consumers, drawn.flow)
    np.add.at(acc, drawn.producers, -drawn.producer_flow)
    for i in range(len(place) - 1, 0, -1):
        acc[parent[i]] += acc[i]
    lines = []
    for k, (a, b) in enumerate(edges):
        tree = k < len(place) - 1
        flow = abs(acc[b]) if tree else 0.5 * min(abs(acc[a]), abs(acc[b]))
        velocity = rng.uniform(*_VELOCITY_M_S)
        ideal = np.sqrt(4.0 * max(flow, _LEAST_FLOW_KG_S) / (np.pi * DENSITY_KG_M3 * velocity))
        inner = float(_DIAMETERS_M[int(np.abs(np.array(_DIAMETERS_M) - ideal).argmin())])
        lines.append(
            PipeLine(
                f"n{a}",
                f"n{b}",
                float(np.linalg.norm(place[a] - place[b])),
                inner,
                float(rng.uniform(2.5, 6.0)),
                roughness_m=ROUGHNESS_M,
                loss_coefficient=float(rng.uniform(0.0, 3.0)),
            )
        )
    return lines
