"""From locations and pipes to index arrays: spanning forest, chords, cycles.

Every location has a supply and a return node; pair p has a supply pipe p and a return pipe
n_pairs + p with the same from and to locations. Supply nodes are 0..n_loc-1, return nodes follow.
Lists of lists are kept as one array with starts, so that memory and work grow with the pipes.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import DistrictError, Mistake
from heatrouter.envs.spec.district import District


class Topology(NamedTuple):
    """Index arrays of the network, shared by all environments."""

    pair_from: IntArray  # (n_pairs,) location
    pair_to: IntArray  # (n_pairs,) location
    circuit_of: IntArray  # (n_loc,) circuit of each location
    root: IntArray  # (n_circuits,) root location
    order: IntArray  # (n_loc,) locations from the roots outwards
    parent: IntArray  # (n_loc,) location nearer to the root, -1 at a root
    parent_pair: IntArray  # (n_loc,) pair towards the parent, -1 at a root
    parent_sign: FloatArray  # (n_loc,) +1 where that pair points away from the root
    incident_start: IntArray  # (n_loc + 1,) where a location's pairs begin in ``incident``
    incident: IntArray  # (2 n_pairs,) pairs at a location
    chords: IntArray  # (n_chords,) pairs outside the spanning forest
    cycle_start: IntArray  # (n_chords + 1,) where a chord's cycle begins
    cycle_pair: IntArray  # pairs of the cycle, the chord included
    cycle_sign: FloatArray  # +1 where the pair points along the chord
    looped: IntArray  # pairs that lie in any cycle
    overlap: IntArray  # (n_overlaps, 3) chord, chord, pair in both their cycles
    overlap_sign: FloatArray  # (n_overlaps,) product of their signs


class PipeData(NamedTuple):
    """Physical data of the pairs, SI, each of shape ``(n_pairs,)``; both pipes are alike."""

    reynolds_per_flow: FloatArray  # 4 / (pi d), 1/m: Re = this * m / mu
    relative_roughness: FloatArray
    friction_scale: FloatArray  # L / (d 2 rho A^2), 1/(kg m): dp = f * this * m^2
    fitting_scale: FloatArray  # sum zeta / (2 rho A^2), 1/(kg m)
    laminar_scale: FloatArray  # 32 L / (rho A d^2), so that dp = mu * this * m
    water_mass: FloatArray  # kg in one pipe of the pair
    heat_capacity: FloatArray  # J/(kg K) of its circuit's water
    wall_capacity: FloatArray  # J/K of one pipe's wall
    to_ground: FloatArray  # W/K of one pipe
    between: FloatArray  # W/K between the two
    ground_level: IntArray  # which of the district's burial depths


class UnreachedError(ValueError):
    """Locations without a path of pipes to a root."""

    def __init__(self, locations: Sequence[int]) -> None:
        super().__init__(f"locations {list(locations)} have no path of pipes to a root")
        self.locations = tuple(locations)


def index_network(pair_from: IntArray, pair_to: IntArray, n_loc: int, roots: IntArray) -> Topology:
    """Index arrays of a network given by the ends of its pairs.

    Args:
        pair_from: location at each pair's start, shape (n_pairs,).
        pair_to: location at each pair's end.
        n_loc: number of locations.
        roots: root location of each circuit.

    Raises:
        UnreachedError: if a location has no path of pipes to a root.
    """
    neighbours: list[list[tuple[int, int, float]]] = [[] for _ in range(n_loc)]
    for p, (a, b) in enumerate(zip(pair_from.tolist(), pair_to.tolist(), strict=True)):
        neighbours[a].append((b, p, 1.0))
        neighbours[b].append((a, p, -1.0))
    parent = np.full(n_loc, -1, dtype=np.int64)
    parent_pair = np.full(n_loc, -1, dtype=np.int64)
    parent_sign = np.zeros(n_loc)
    circuit_of = np.full(n_loc, -1, dtype=np.int64)
    depth = np.zeros(n_loc, dtype=np.int64)
    order: list[int] = []
    in_tree = np.zeros(pair_from.size, dtype=bool)
    for c, start in enumerate(roots.tolist()):
        circuit_of[start] = c
        queue = deque([start])
        while queue:
            here = queue.popleft()
            order.append(here)
            for there, pair, sign in neighbours[here]:
                if circuit_of[there] >= 0:
                    continue
                circuit_of[there] = c
                depth[there] = depth[here] + 1
                parent[there], parent_pair[there], parent_sign[there] = here, pair, sign
                in_tree[pair] = True
                queue.append(there)
    lost = np.flatnonzero(circuit_of < 0).tolist()
    if lost:
        raise UnreachedError(lost)
    chords = np.flatnonzero(~in_tree).astype(np.int64)
    cycles = [_cycle(int(k), pair_from, pair_to, parent, parent_pair, parent_sign, depth)
              for k in chords]  # fmt: skip
    overlap, overlap_sign = _overlaps(cycles)
    looped = sorted({pair for cycle in cycles for pair, _ in cycle})
    return Topology(
        pair_from, pair_to, circuit_of, roots, np.array(order, dtype=np.int64), parent,
        parent_pair, parent_sign,
        _starts([len(members) for members in neighbours]),
        np.array([pair for members in neighbours for _, pair, _ in members], dtype=np.int64),
        chords,
        _starts([len(cycle) for cycle in cycles]),
        np.array([pair for cycle in cycles for pair, _ in cycle], dtype=np.int64),
        np.array([sign for cycle in cycles for _, sign in cycle], dtype=np.float64),
        np.array(looped, dtype=np.int64), overlap, overlap_sign,
    )  # fmt: skip


def _starts(lengths: Sequence[int]) -> IntArray:
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def _cycle(
    chord: int,
    pair_from: IntArray,
    pair_to: IntArray,
    parent: IntArray,
    parent_pair: IntArray,
    parent_sign: FloatArray,
    depth: IntArray,
) -> list[tuple[int, float]]:
    """Pairs and signs of the cycle that a chord closes, the chord first."""
    # down the chord, then from its end to its start through the tree
    cycle = [(chord, 1.0)]
    a, b = int(pair_from[chord]), int(pair_to[chord])
    while a != b:
        if depth[b] >= depth[a]:
            cycle.append((int(parent_pair[b]), -float(parent_sign[b])))
            b = int(parent[b])
        else:
            cycle.append((int(parent_pair[a]), float(parent_sign[a])))
            a = int(parent[a])
    return cycle


def _overlaps(cycles: Sequence[Sequence[tuple[int, float]]]) -> tuple[IntArray, FloatArray]:
    """Entries of the loop matrix: chord, chord not after it, shared pair; and their signs."""
    through: dict[int, list[tuple[int, float]]] = {}
    for k, cycle in enumerate(cycles):
        for pair, sign in cycle:
            through.setdefault(pair, []).append((k, sign))
    rows: list[tuple[int, int, int]] = []
    signs: list[float] = []
    for pair, members in through.items():
        for i, (a, sign_a) in enumerate(members):
            for b, sign_b in members[: i + 1]:
                rows.append((a, b, pair))
                signs.append(sign_a * sign_b)
    return np.array(rows, dtype=np.int64).reshape(len(rows), 3), np.array(signs, dtype=np.float64)


def build_topology(district: District) -> Topology:
    """Index arrays of a district.

    Raises:
        DistrictError: if a location has no path of pipes to its circuit's root.
    """
    names = [m.name for m in district.locations]
    index = {name: i for i, name in enumerate(names)}
    pair_from = np.array([index[p.from_location] for p in district.pipes], dtype=np.int64)
    pair_to = np.array([index[p.to_location] for p in district.pipes], dtype=np.int64)
    roots = np.array([index[c.root] for c in district.circuits], dtype=np.int64)
    try:
        return index_network(pair_from, pair_to, len(names), roots)
    except UnreachedError as error:
        mistakes = tuple(
            Mistake(
                f"locations[{i}]",
                f"{names[i]!r} has no path of pipes to a circuit's root; add a pipe",
            )
            for i in error.locations
        )
        raise DistrictError(district.name, mistakes) from None
