"""A town's network of any size: streets grown as a tree, rings closed, several producers.

The preset ``city-mesh`` is what this makes of 250 pipes and seed 7; thousands work, too. Everything
is drawn from the seed: the same size and seed give the same text.
"""

import heapq
import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from heatrouter.envs.design_flow import design_flow
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.pipe_sizing import STEEL_SERIES, sized
from heatrouter.envs.presets.city_units import producers, quarter
from heatrouter.envs.spec.consumer_units import Consumer
from heatrouter.envs.spec.design_load import design_heat_kw
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.district_text import district_text

LEAST_PIPES: Final = 40
_RING_SHARE = 0.05
"""Pipes that close rings, of all pipes."""
_BLOCK_M = 170.0
_JITTER = 0.28
"""By which a crossing leaves its place in the grid, of the length of a block."""
_DETOUR = 1.08
"""Length of a street over the straight line."""
_CONSUMER_SHARE = 0.7
"""Crossings with a quarter, besides all ends of streets."""
_MOST_GRADIENT_PA_M = 140.0
_HEAD_RESERVE = 1.5


@dataclass(frozen=True)
class _Streets:
    place: np.ndarray  # (n_places, 2) m
    tree: list[tuple[int, int]]  # parent, child, from the root outward
    rings: list[tuple[int, int]]


def city_mesh(pipes: int = 250, seed: int = 7, name: str = "city-mesh") -> District:
    """Generate a town.

    Args:
        pipes: Number of pipe pairs, at least 40.
        seed: Another seed, another town.
        name: Of the district.

    Returns:
        The district; its pipes are sized and its boilers cover the peak without the largest one.

    Raises:
        ConfigError: Too few pipes for a town.
    """
    return District.model_validate(_fields(pipes, seed, name))


def city_mesh_text(pipes: int = 250, seed: int = 7, name: str = "city-mesh") -> str:
    """YAML text of :func:`city_mesh`, to edit."""
    heading = [
        f"A generated town: `heatrouter districts generate --pipes {pipes} --seed {seed}`.",
        "Every number may be edited; `heatrouter districts check FILE` reports all mistakes.",
    ]
    return district_text(_fields(pipes, seed, name), heading)


def _fields(pipes: int, seed: int, name: str) -> dict[str, Any]:
    if pipes < LEAST_PIPES:
        msg = f"pipes {pipes} must be >= {LEAST_PIPES}: below it there is no town to mesh"
        raise ConfigError(msg)
    rng = np.random.default_rng(seed)
    streets = _grow(rng, pipes)
    names = [f"c{i:04d}" for i in range(len(streets.place))]
    names[0] = "central"
    ends = _ends(streets)
    consuming = [i for i in range(1, len(names)) if ends[i] or rng.random() < _CONSUMER_SHARE]
    quarters = [quarter(rng, f"q{i:04d}", names[i]) for i in consuming]
    sites = _outskirts(streets, ends, 5)
    trial = _draft(name, streets, names, quarters, [])
    peak_kw = _peak_kw(trial)
    trial = _draft(name, streets, names, quarters, producers(peak_kw, [names[i] for i in sites]))
    fitted = sized(District.model_validate(trial), _MOST_GRADIENT_PA_M)
    used = {series.name for series in fitted.pipe_series}
    trial["pipe_series"] = [s for s in trial["pipe_series"] if s["name"] in used]
    for fields, pipe in zip(trial["pipes"], fitted.pipes, strict=True):
        fields["series"] = pipe.series
        if pipe.axis_distance_m != PIPE_AXIS_M:
            fields["axis_distance_m"] = pipe.axis_distance_m
    _lift(trial)
    return trial


PIPE_AXIS_M: Final = 0.5
"""Default distance of the axes of a pair."""


def _grow(rng: np.random.Generator, pipes: int) -> _Streets:
    """Grow a tree over a jittered grid of crossings by Prim's rule, then close rings."""
    rings = max(2, round(_RING_SHARE * pipes))
    count = pipes - rings + 1
    wide = math.ceil(math.sqrt(1.3 * count))
    centre = np.array([wide // 2, wide // 2])
    cells = [(x, y) for x in range(wide) for y in range(wide)]
    # the town is round: its outer crossings are left out
    cells.sort(key=lambda cell: (math.hypot(*(np.array(cell) - centre)), cell))
    cells = cells[:count]
    at = {cell: i for i, cell in enumerate(cells)}
    grid = np.array(cells, dtype=np.float64) - centre
    place = (grid + rng.uniform(-_JITTER, _JITTER, grid.shape)) * _BLOCK_M
    place[0] = 0.0
    place = np.round(place)
    near: list[list[int]] = [
        [at[n] for n in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)) if n in at]
        for x, y in cells
    ]
    tree = _prim(rng, place, near)
    return _Streets(place, tree, _close_rings(place, near, tree, rings))


def _prim(
    rng: np.random.Generator, place: np.ndarray, near: list[list[int]]
) -> list[tuple[int, int]]:
    """A tree whose ways to the root stay short: an edge weighs by how far its end comes to lie."""
    way = {0: 0.0}
    tree: list[tuple[int, int]] = []
    queue: list[tuple[float, int, int]] = []

    def offer(here: int) -> None:
        for there in near[here]:
            if there not in way:
                length = float(np.hypot(*(place[there] - place[here])))
                weight = 0.45 * way[here] + length * rng.uniform(0.6, 1.6)
                heapq.heappush(queue, (weight, here, there))

    offer(0)
    while queue:
        _, here, there = heapq.heappop(queue)
        if there in way:
            continue
        way[there] = way[here] + float(np.hypot(*(place[there] - place[here])))
        tree.append((here, there))
        offer(there)
    return tree


def _close_rings(
    place: np.ndarray, near: list[list[int]], tree: list[tuple[int, int]], rings: int
) -> list[tuple[int, int]]:
    """The streets left out of the tree that shorten the way between their ends most, apart."""
    parent = {child: above for above, child in tree}
    length = {child: float(np.hypot(*(place[child] - place[above]))) for above, child in tree}
    depth = {0: 0.0}
    for above, child in tree:
        depth[child] = depth[above] + length[child]

    def detour(a: int, b: int) -> float:
        ways = set()
        node = a
        while node != 0:
            ways.add(node)
            node = parent[node]
        ways.add(0)
        node = b
        while node not in ways:
            node = parent[node]
        return depth[a] + depth[b] - 2.0 * depth[node]

    inside = {frozenset(edge) for edge in tree}
    left = [
        (detour(a, b) / max(float(np.hypot(*(place[a] - place[b]))), 1.0), a, b)
        for a in range(len(near))
        for b in near[a]
        if a < b and frozenset((a, b)) not in inside
    ]
    chosen: list[tuple[int, int]] = []
    taken: set[int] = set()
    for _, a, b in sorted(left, key=lambda edge: (-edge[0], edge[1], edge[2])):
        if len(chosen) == rings:
            break
        if a in taken or b in taken:
            continue
        chosen.append((a, b))
        taken |= {a, b}
    return chosen


def _ends(streets: _Streets) -> list[bool]:
    """Whether a crossing is the end of a street."""
    degree = np.zeros(len(streets.place), dtype=np.int64)
    for a, b in (*streets.tree, *streets.rings):
        degree[a] += 1
        degree[b] += 1
    return [bool(d == 1) for d in degree]


def _outskirts(streets: _Streets, ends: list[bool], count: int) -> list[int]:
    """Crossings on through streets, half way out, in different directions."""
    reach = np.hypot(*streets.place.T)
    angle = np.arctan2(streets.place[:, 1], streets.place[:, 0])
    sites: list[int] = []
    for k in range(count):
        wanted = 2.0 * math.pi * (k + 0.3) / count - math.pi
        off = np.abs((angle - wanted + math.pi) % (2.0 * math.pi) - math.pi)
        badness = 2.0 * off + np.abs(reach / reach.max() - 0.6) + 10.0 * np.array(ends)
        badness[0] = np.inf
        badness[sites] = np.inf
        sites.append(int(np.argmin(badness)))
    return sites


def _draft(
    name: str,
    streets: _Streets,
    names: list[str],
    quarters: list[dict[str, Any]],
    plant: list[dict[str, Any]],
) -> dict[str, Any]:
    runs = [(edge, "s") for edge in streets.tree] + [(edge, "ring") for edge in streets.rings]
    return {
        "schema_version": 1,
        "name": name,
        "title": "City mesh",
        "description": (
            f"A generated town of {len(quarters)} quarters on {len(runs)} pipes: streets grown as "
            f"a tree, {len(streets.rings)} rings closed. Waste incineration, a rolling mill, a "
            "data centre, sewage and a refinery's water feed in at different ends; a tank, engines "
            "and boilers stand in the middle. Hypothetical throughout; it is there for its size."
        ),
        "hypothetical": True,
        "site": {
            "latitude_deg": 51.5,
            "longitude_deg": 7.2,
            "timezone": "Europe/Berlin",
            "test_reference_region": 5,
            "design_temp_c": -10.0,
        },
        "soil": {"conductivity_w_mk": 1.6, "diffusivity_m2_d": 0.05},
        "grid": {"electricity_fee_eur_per_mwh": 75.0, "gas_fee_eur_per_mwh": 8.0},
        "circuits": [
            {
                "name": "main",
                "root": "central",
                "locations": names,
                "pressure_holding_bar": 4.0,
                "dp_control": {"min_dp_bar": 0.6, "max_head_bar": 12.0, "efficiency": 0.7},
                "balancing": [
                    u["name"]
                    for u in plant
                    if u.get("location") == "central" and u["kind"] in ("store", "boiler")
                ]
                or ["tank"],
                "supply_temp_min_c": 70.0,
                "supply_temp_max_c": 105.0,
                "supply_temp_ramp_k_h": 12.0,
                "density_kg_m3": 972.0,
                "heat_capacity_j_kgk": 4190.0,
            }
        ],
        "locations": [
            {"name": n, "x_m": float(x), "y_m": float(y)}
            for n, (x, y) in zip(names, streets.place, strict=True)
        ],
        "pipe_series": [
            series.model_dump(
                include={
                    "name",
                    "inner_diameter_m",
                    "wall_thickness_m",
                    "casing_diameter_m",
                    "insulation_conductivity_w_mk",
                    "source",
                }
            )
            for series in STEEL_SERIES
        ],
        "pipes": [
            {
                "name": f"{kind}{i:04d}",
                "from_location": names[a],
                "to_location": names[b],
                "length_m": float(
                    round(_DETOUR * float(np.hypot(*(streets.place[a] - streets.place[b]))))
                ),
                "series": STEEL_SERIES[0].name,
                "loss_coefficient": 1.5,
            }
            for i, ((a, b), kind) in enumerate(runs)
        ],
        "units": [*plant, *quarters],
    }


def _peak_kw(fields: dict[str, Any]) -> float:
    """Heat of all quarters on the design day, kW; boilers come after it."""
    stand_in = {
        "kind": "boiler", "name": "tank", "location": "central", "capacity_kw": 1.0,
        "max_mass_flow_kg_s": 1.0, "start_cost_eur": 0.0, "sizing": "stand-in",
    }  # fmt: skip
    district = District.model_validate({**fields, "units": [stand_in, *fields["units"]]})
    return sum(design_heat_kw(district, u) for u in district.units if isinstance(u, Consumer))


def _lift(fields: dict[str, Any]) -> None:
    """Give the pump the head that the way to the farthest quarter takes, and a reserve."""
    district = District.model_validate(fields)
    needed = max(float(design_flow(district, sources_run=run).head_bar[0]) for run in (True, False))
    fields["circuits"][0]["dp_control"]["max_head_bar"] = float(math.ceil(_HEAD_RESERVE * needed))
