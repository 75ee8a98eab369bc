"""Networks of pipes without any units: the form in which test cases come."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import IntArray
from heatrouter.envs.network.pipe_data import pipe_data
from heatrouter.envs.network.topology import PipeData, Topology, index_network


@dataclass(frozen=True, slots=True)
class PipeLine:
    """One supply pipe and its mirrored return pipe.

    Attributes:
        from_location: Upstream end of the supply.
        to_location: Downstream end of the supply.
        length_m: Length.
        inner_diameter_m: Inner diameter.
        resistance_mk_w: Thermal resistance from water to surroundings, m K/W.
        wall_capacity_j_mk: Heat capacity of the wall per metre, J/(m K).
        roughness_m: Of the inner wall.
        loss_coefficient: Sum of zeta.
    """

    from_location: str
    to_location: str
    length_m: float
    inner_diameter_m: float
    resistance_mk_w: float
    wall_capacity_j_mk: float = 0.0
    roughness_m: float = 0.0
    loss_coefficient: float = 0.0


@dataclass(frozen=True, slots=True)
class PipeNetwork:
    """A network ready for the solvers.

    Attributes:
        net: Index arrays.
        pipes: Physical data.
        location: Index of each location by name.
        pair: Index of each pair of pipes by its two locations, upstream first.
    """

    net: Topology
    pipes: PipeData
    location: dict[str, int]
    pair: dict[tuple[str, str], int]


def ends_of_tree(net: Topology) -> IntArray:
    """Locations from which no pipe leads further away from the root."""
    inner = {int(net.parent[i]) for i in range(net.order.size)}
    return np.array([i for i in range(net.order.size) if i not in inner], dtype=np.int64)


def build_network(
    lines: Sequence[PipeLine], root: str, *, density_kg_m3: float, heat_capacity_j_kgk: float
) -> PipeNetwork:
    """Build a network.

    Args:
        lines: Its pipes.
        root: Location that holds pressure and closes the balance.
        density_kg_m3: Of the water.
        heat_capacity_j_kgk: Of the water.

    Returns:
        The network.

    Raises:
        UnreachedError: a location has no path of pipes to the root.
    """
    names = [*dict.fromkeys([root, *(n for p in lines for n in (p.from_location, p.to_location))])]
    location = {n: i for i, n in enumerate(names)}
    pair_from = np.array([location[p.from_location] for p in lines], dtype=np.int64)
    pair_to = np.array([location[p.to_location] for p in lines], dtype=np.int64)
    net = index_network(pair_from, pair_to, len(names), np.zeros(1, dtype=np.int64))
    pipes = pipe_data(
        length_m=np.array([p.length_m for p in lines]),
        inner_diameter_m=np.array([p.inner_diameter_m for p in lines]),
        roughness_m=np.array([p.roughness_m for p in lines]),
        loss_coefficient=np.array([p.loss_coefficient for p in lines]),
        wall_capacity_j_mk=np.array([p.wall_capacity_j_mk for p in lines]),
        to_ground_w_mk=1.0 / np.array([p.resistance_mk_w for p in lines]),
        between_w_mk=np.zeros(len(lines)),
        density_kg_m3=np.full(len(lines), density_kg_m3),
        heat_capacity_j_kgk=np.full(len(lines), heat_capacity_j_kgk),
    )
    pair = {(p.from_location, p.to_location): i for i, p in enumerate(lines)}
    return PipeNetwork(net, pipes, location, pair)


def shell_resistance_mk_w(*shells: tuple[float, float, float]) -> float:
    """Thermal resistance of concentric shells, m K/W.

    Args:
        shells: Inner diameter in m, outer diameter in m, conductivity in W/(m K) of each.
    """
    return sum(math.log(outer / inner) / (2.0 * math.pi * k) for inner, outer, k in shells)


def wall_capacity_j_mk(
    inner_diameter_m: float, outer_diameter_m: float, density_kg_m3: float, heat_j_kgk: float
) -> float:
    """Heat capacity of a tube's wall per metre, J/(m K)."""
    area = 0.25 * math.pi * (outer_diameter_m**2 - inner_diameter_m**2)
    return area * density_kg_m3 * heat_j_kgk
