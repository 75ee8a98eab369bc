"""From a district's locations and pipes to index arrays: spanning forest, chords, cycles.

Every location has a supply and a return node; pair p has a supply pipe p and a return pipe
n_pairs + p with the same from and to locations. Supply nodes are 0..n_loc-1, return nodes follow.
"""

from collections import deque
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.pipe_loss import pair_conductance
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
    chords: IntArray  # (n_chords,) pairs outside the spanning forest
    cycle: FloatArray  # (n_chords, n_pairs) sign of each pair in the chord's cycle
    path: FloatArray  # (n_loc, n_pairs) sign of each pair on the way from the root
    incident: IntArray  # (n_loc, max_degree) pairs at a location, -1 padded


class PipeData(NamedTuple):
    """Physical data of the pairs, SI, each of shape ``(n_pairs,)``."""

    length: FloatArray  # m
    diameter: FloatArray  # m, inner
    relative_roughness: FloatArray
    loss_coefficient: FloatArray
    water_mass: FloatArray  # kg in one pipe of the pair
    wall_capacity: FloatArray  # J/K of one pipe's wall
    to_ground: FloatArray  # W/K of one pipe
    between: FloatArray  # W/K between the two


def build_topology(district: District) -> Topology:
    """Index arrays of a district.

    Raises:
        DistrictError: if a location has no path of pipes to its circuit's root.
    """
    names = [m.name for m in district.locations]
    index = {name: i for i, name in enumerate(names)}
    n_loc, n_pairs = len(names), len(district.pipes)
    pair_from = np.array([index[p.from_location] for p in district.pipes], dtype=np.int64)
    pair_to = np.array([index[p.to_location] for p in district.pipes], dtype=np.int64)
    neighbours: list[list[tuple[int, int, float]]] = [[] for _ in names]
    for p in range(n_pairs):
        neighbours[pair_from[p]].append((int(pair_to[p]), p, 1.0))
        neighbours[pair_to[p]].append((int(pair_from[p]), p, -1.0))

    parent = np.full(n_loc, -1, dtype=np.int64)
    parent_pair = np.full(n_loc, -1, dtype=np.int64)
    parent_sign = np.zeros(n_loc)
    circuit_of = np.full(n_loc, -1, dtype=np.int64)
    path = np.zeros((n_loc, n_pairs))
    order: list[int] = []
    in_tree = np.zeros(n_pairs, dtype=bool)
    root = np.array([index[c.root] for c in district.circuits], dtype=np.int64)
    for c, start in enumerate(root.tolist()):
        circuit_of[start] = c
        queue = deque([start])
        while queue:
            here = queue.popleft()
            order.append(here)
            for there, pair, sign in neighbours[here]:
                if circuit_of[there] >= 0:
                    continue
                circuit_of[there] = c
                parent[there], parent_pair[there], parent_sign[there] = here, pair, sign
                path[there] = path[here]
                path[there, pair] += sign
                in_tree[pair] = True
                queue.append(there)
    lost = [i for i in range(n_loc) if circuit_of[i] < 0]
    if lost:
        mistakes = tuple(
            Mistake(
                f"locations[{i}]",
                f"{names[i]!r} has no path of pipes to a circuit's root; add a pipe",
            )
            for i in lost
        )
        raise DistrictError(district.name, mistakes)
    chords = np.flatnonzero(~in_tree).astype(np.int64)
    cycle = np.zeros((len(chords), n_pairs))
    for k, pair in enumerate(chords):
        cycle[k] = path[pair_from[pair]] - path[pair_to[pair]]
        cycle[k, pair] += 1.0
    degree = max(len(n) for n in neighbours)
    incident = np.full((n_loc, degree), -1, dtype=np.int64)
    for i, members in enumerate(neighbours):
        incident[i, : len(members)] = [pair for _, pair, _ in members]
    return Topology(
        pair_from, pair_to, circuit_of, root, np.array(order, dtype=np.int64), parent,
        parent_pair, parent_sign, chords, cycle, path, incident,
    )  # fmt: skip


def build_pipe_data(district: District) -> PipeData:
    """Physical data of the pairs from their series, depth and soil."""
    series = {s.name: s for s in district.pipe_series}
    circuit = district.circuits[0]
    rows = []
    for pipe in district.pipes:
        s = series[pipe.series]
        outer = s.inner_diameter_m + 2.0 * s.wall_thickness_m
        wall_area = 0.25 * np.pi * (outer**2 - s.inner_diameter_m**2)
        water_area = 0.25 * np.pi * s.inner_diameter_m**2
        conductance = pair_conductance(
            inner_diameter_m=s.inner_diameter_m,
            wall_thickness_m=s.wall_thickness_m,
            casing_diameter_m=s.casing_diameter_m,
            wall_conductivity_w_mk=s.wall_conductivity_w_mk,
            insulation_conductivity_w_mk=s.insulation_conductivity_w_mk,
            soil_conductivity_w_mk=district.soil.conductivity_w_mk,
            burial_depth_m=pipe.burial_depth_m,
            axis_distance_m=max(pipe.axis_distance_m, s.casing_diameter_m * 1.02),
        )
        rows.append(
            (
                pipe.length_m,
                s.inner_diameter_m,
                s.roughness_mm / 1000.0 / s.inner_diameter_m,
                pipe.loss_coefficient,
                water_area * pipe.length_m * circuit.density_kg_m3,
                wall_area * pipe.length_m * s.wall_density_kg_m3 * s.wall_heat_capacity_j_kgk,
                conductance.to_ground * pipe.length_m,
                conductance.between * pipe.length_m,
            )
        )
    columns = np.array(rows, dtype=np.float64).T
    return PipeData(*(np.ascontiguousarray(column) for column in columns))
