"""Checks across the numbers of a district: dimensions, efficiencies and heads that cannot be.

Every rule states when something is *wrong*, so that open fields (NaN) hold against nobody.
"""

import math
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.spec.checks import Found, joined, neighbours_of
from heatrouter.envs.spec.consumer_units import Greenhouse
from heatrouter.envs.spec.design_load import design_draws
from heatrouter.envs.spec.design_network import NetworkFlow
from heatrouter.envs.spec.plant_units import Chp
from heatrouter.envs.units import PA_PER_BAR

if TYPE_CHECKING:
    from heatrouter.envs.spec.district import District
    from heatrouter.envs.spec.network import Circuit, PipePair, PipeSeries


def site(district: "District") -> Found:
    """A time zone that does not exist."""
    name = district.site.timezone
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "site.timezone", f"{name!r} is no IANA time zone; write e.g. 'Europe/Berlin'"


def pipes(district: "District") -> Found:
    """Casings thinner than their pipe, pairs that overlap or stick out of the ground."""
    series = {m.name: m for m in district.pipe_series}
    for i, kind in enumerate(district.pipe_series):
        outer = kind.inner_diameter_m + 2.0 * kind.wall_thickness_m
        if kind.casing_diameter_m <= outer:
            yield (
                f"pipe_series[{i}].casing_diameter_m",
                f"{kind.casing_diameter_m} must be > {outer:g} m, the pipe inside it",
            )
    for i, pipe in enumerate(district.pipes):
        if pipe.series not in series:
            continue
        yield from _pair(f"pipes[{i}]", pipe, series[pipe.series])


def _pair(path: str, pipe: "PipePair", kind: "PipeSeries") -> Found:
    casing, distance = kind.casing_diameter_m, pipe.axis_distance_m
    outer = kind.inner_diameter_m + 2.0 * kind.wall_thickness_m
    if kind.laying == "pair" and distance < casing:
        yield (
            f"{path}.axis_distance_m",
            f"{distance} must be >= {casing:g} m, or supply and return overlap",
        )
    if kind.laying == "twin" and distance <= outer:
        yield (
            f"{path}.axis_distance_m",
            f"{distance} must be > {outer:g} m, or the two pipes in the casing overlap",
        )
    if kind.laying == "twin" and distance + outer >= casing:
        yield (
            f"{path}.axis_distance_m",
            f"{distance} must be < {casing - outer:g} m, or the pipes stick out of their casing",
        )
    if pipe.burial_depth_m <= casing / 2.0:
        yield (
            f"{path}.burial_depth_m",
            f"{pipe.burial_depth_m} must be > {casing / 2.0:g} m, or the pipe is not buried",
        )


def circuits(district: "District") -> Found:
    """Supply limits without room between them and pumps that cannot lift."""
    for i, circuit in enumerate(district.circuits):
        path = f"circuits[{i}]"
        low, high = circuit.supply_temp_min_c, circuit.supply_temp_max_c
        if low >= high:
            yield f"{path}.supply_temp_min_c", f"{low} must be < supply_temp_max_c {high} degC"
        control = circuit.dp_control
        if control.min_dp_bar >= control.max_head_bar:
            yield (
                f"{path}.dp_control.max_head_bar",
                (
                    f"{control.max_head_bar} must be > min_dp_bar {control.min_dp_bar} bar: "
                    "the pump cannot lift; take a larger one"
                ),
            )
            continue
        yield from _pump(f"{path}.dp_control", district, circuit)


def _pump(path: str, district: "District", circuit: "Circuit") -> Found:
    """A pump that cannot lift the design day's flow when all of it comes from the root.

    That is the case for which balancing units are there: every other producer stands still.
    """
    control = circuit.dp_control
    drawn = _design_withdrawals(district, circuit)
    flow = float(drawn.sum())
    head = control.max_head_bar - control.head_drop_bar_per_kg2_s2 * flow**2
    if head <= control.min_dp_bar:
        yield (
            f"{path}.head_drop_bar_per_kg2_s2",
            (
                f"{control.head_drop_bar_per_kg2_s2} leaves {head:.2f} bar at the design flow "
                f"{flow:.0f} kg/s, min_dp_bar is {control.min_dp_bar}: the pump cannot lift; "
                "take a flatter curve"
            ),
        )
        return
    if not math.isfinite(flow) or not _is_whole(district, circuit):
        return
    _, drop = NetworkFlow(district, circuit).solve(drawn)
    farthest = int(np.argmax(np.where(drawn > 0.0, drop, 0.0)))
    needed = 2.0 * float(drop[farthest]) / PA_PER_BAR + control.min_dp_bar  # supply and return
    if needed > head:
        yield (
            f"{path}.max_head_bar",
            (
                f"{control.max_head_bar} leaves {head:.2f} bar at the design flow {flow:.1f} kg/s, "
                f"the way to {circuit.locations[farthest]!r} and back takes {needed:.2f} bar: "
                "the pump cannot lift; take a larger one or wider pipes"
            ),
        )


def _design_withdrawals(district: "District", circuit: "Circuit") -> FloatArray:
    """Flow out of each location on the design day, kg/s."""
    drawn = np.zeros(len(circuit.locations))
    cp_kj_kgk = circuit.heat_capacity_j_kgk / 1000.0
    for draw in design_draws(district, circuit):
        if draw.span_k > 0.0:
            at = circuit.locations.index(draw.location)
            drawn[at] += draw.heat_kw / (cp_kj_kgk * draw.span_k)
    return drawn


def _is_whole(district: "District", circuit: "Circuit") -> bool:
    """Whether nothing of the circuit's network is open, unknown or apart."""
    inside = set(circuit.locations)
    neighbours, loose_pipes = neighbours_of(district)
    if loose_pipes or not inside or len(inside) < len(circuit.locations):
        return False
    if circuit.root not in inside or joined(circuit.root, neighbours) != inside:
        return False
    series = {s.name: s for s in district.pipe_series}
    kinds = {p.series for p in district.pipes}
    numbers = [circuit.density_kg_m3, *(p.length_m for p in district.pipes)]
    for name in kinds & series.keys():
        numbers += [series[name].inner_diameter_m, series[name].roughness_mm]
    return kinds <= series.keys() and all(math.isfinite(n) and n > 0.0 for n in numbers)


def engines(district: "District") -> Found:
    """Engines that give more than their fuel holds, or more at part load than at full load."""
    for i, unit in enumerate(district.units):
        if not isinstance(unit, Chp):
            continue
        total = unit.thermal_efficiency + unit.electric_efficiency
        if total > 1.0:
            yield (
                f"units[{i}].thermal_efficiency",
                (
                    f"{unit.thermal_efficiency} and electric_efficiency {unit.electric_efficiency} "
                    f"add up to {total:.2f}; together they must be <= 1"
                ),
            )
        if unit.electric_efficiency_min_load > unit.electric_efficiency:
            yield (
                f"units[{i}].electric_efficiency_min_load",
                (
                    f"{unit.electric_efficiency_min_load} must be <= electric_efficiency "
                    f"{unit.electric_efficiency}"
                ),
            )


def lamps(district: "District") -> Found:
    """Lamps whose day ends before it begins."""
    for i, unit in enumerate(district.units):
        if isinstance(unit, Greenhouse) and unit.lamp_start_h >= unit.lamp_end_h:
            yield (
                f"units[{i}].lamp_start_h",
                f"{unit.lamp_start_h} must be < lamp_end_h {unit.lamp_end_h}",
            )
