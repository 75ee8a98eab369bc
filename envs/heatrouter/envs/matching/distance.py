"""How far heat has to travel: along the network or straight, and what a pipe of its own would cost.

Pipe costs are those of Persson & Werner, Applied Energy 88 (2011) 568: C_1 + C_2 d per metre of
trench, outer city areas, Swedish prices of 2007. They rank, they do not budget.
"""

import heapq
import math
from dataclasses import dataclass
from typing import Final

from heatrouter.envs.components.pipe_loss import BuriedPipe, pair_conductance
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import HeatExchanger, HeatPump
from heatrouter.envs.units import W_PER_KW, WATER_CP_J_KGK, WATER_DENSITY_KG_M3

PIPE_BASE_EUR_M: Final = 214.0
PIPE_EUR_PER_M2: Final = 1725.0
_DESIGN_SPEED_M_S: Final = 1.5
"""Water in a main at its peak, within the 1 to 2.5 m/s of practice."""
_WATER_KJ_KGK: Final = WATER_CP_J_KGK / W_PER_KW


@dataclass(frozen=True)
class Route:
    """A way from a source to a user.

    Attributes:
        length_m: Of the trench.
        along_network: Whether it follows pipes of the district; else it is the straight line.
    """

    length_m: float
    along_network: bool


@dataclass(frozen=True)
class PipeProxy:
    """What a pair of pipes for one match alone would lose and cost, per metre of trench.

    Attributes:
        inner_diameter_m: For the peak at 1.5 m/s.
        loss_kw_per_km: At design temperatures.
        cost_eur_per_m: Laid.
    """

    inner_diameter_m: float
    loss_kw_per_km: float
    cost_eur_per_m: float


class Routes:
    """Shortest ways between the locations of a district.

    Links and heat pumps between circuits are crossed without length.

    Args:
        district: The description, checked.
    """

    def __init__(self, district: District) -> None:
        self._places = {place.name: (place.x_m, place.y_m) for place in district.locations}
        self._neighbours: dict[str, list[tuple[str, float]]] = {name: [] for name in self._places}
        for pipe in district.pipes:
            self._join(pipe.from_location, pipe.to_location, pipe.length_m)
        for unit in district.units:
            if isinstance(unit, HeatExchanger):
                self._join(unit.primary_location, unit.location, 0.0)
            elif isinstance(unit, HeatPump) and unit.source_location is not None:
                self._join(unit.source_location, unit.location, 0.0)
        self._found: dict[str, dict[str, float]] = {}

    def _join(self, one: str, other: str, length_m: float) -> None:
        self._neighbours[one].append((other, length_m))
        self._neighbours[other].append((one, length_m))

    def between(self, start: str, end: str) -> Route:
        """Return the shortest way along pipes, or the straight line where there is none."""
        if start not in self._found:
            self._found[start] = self._shortest_from(start)
        along = self._found[start].get(end)
        if along is not None:
            return Route(along, along_network=True)
        return Route(math.dist(self._places[start], self._places[end]), along_network=False)

    def _shortest_from(self, start: str) -> dict[str, float]:
        """Dijkstra."""
        done: dict[str, float] = {}
        waiting = [(0.0, start)]
        while waiting:
            length, place = heapq.heappop(waiting)
            if place in done:
                continue
            done[place] = length
            for neighbour, more in self._neighbours[place]:
                if neighbour not in done:
                    heapq.heappush(waiting, (length + more, neighbour))
        return done


def pipe_proxy(
    district: District, peak_kw: float, supply_c: float, return_c: float, ground_c: float
) -> PipeProxy:
    """Return what a pair of pipes for one match would lose and cost.

    Diameter from the peak at 1.5 m/s; insulation, depth and soil of the district's series nearest
    to it.

    Args:
        district: Its pipe series, soil and pipes.
        peak_kw: Largest heat, > 0.
        supply_c: Of the supply pipe, degC.
        return_c: Of the return pipe, degC, below ``supply_c``.
        ground_c: Undisturbed, mean of the year, degC.
    """
    span_k = max(supply_c - return_c, 1.0)
    flow_m3_s = peak_kw / (_WATER_KJ_KGK * span_k * WATER_DENSITY_KG_M3)
    diameter_m = math.sqrt(4.0 * flow_m3_s / (math.pi * _DESIGN_SPEED_M_S))
    series = min(district.pipe_series, key=lambda s: abs(s.inner_diameter_m - diameter_m))
    laid = [pipe for pipe in district.pipes if pipe.series == series.name]
    depth_m = laid[0].burial_depth_m if laid else 1.0
    apart_m = laid[0].axis_distance_m if laid else 0.5
    pipe = BuriedPipe(
        inner_diameter_m=series.inner_diameter_m,
        wall_thickness_m=series.wall_thickness_m,
        casing_diameter_m=series.casing_diameter_m,
        wall_conductivity_w_mk=series.wall_conductivity_w_mk,
        insulation_conductivity_w_mk=series.insulation_conductivity_w_mk,
        soil_conductivity_w_mk=district.soil.conductivity_w_mk,
        burial_depth_m=depth_m,
    )
    per_m = pair_conductance(pipe, axis_distance_m=max(apart_m, series.casing_diameter_m))
    excess_k = max(supply_c + return_c - 2.0 * ground_c, 0.0)
    return PipeProxy(
        diameter_m,
        per_m.to_ground * excess_k,  # W/m is kW/km
        PIPE_BASE_EUR_M + PIPE_EUR_PER_M2 * diameter_m,
    )
