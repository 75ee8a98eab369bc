"""Physical data of pipes from their dimensions, their ground and their circuit's water."""

import math

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.pipe_loss import (
    BuriedPipe,
    PairConductance,
    pair_conductance,
    single_conductance,
    twin_conductance,
)
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.network import PipePair, PipeSeries

_TOUCHING = 1.02
"""Casings of a pair lie at least this many diameters apart."""


def pipe_data(
    *,
    length_m: FloatArray,
    inner_diameter_m: FloatArray,
    roughness_m: FloatArray,
    loss_coefficient: FloatArray,
    wall_capacity_j_mk: FloatArray,
    to_ground_w_mk: FloatArray,
    between_w_mk: FloatArray,
    density_kg_m3: FloatArray,
    heat_capacity_j_kgk: FloatArray,
    ground_level: FloatArray | None = None,
) -> PipeData:
    """Arrays of the kernel from dimensions, each of shape ``(n_pairs,)``.

    Args:
        length_m: length of one pipe.
        inner_diameter_m: inner diameter.
        roughness_m: absolute roughness.
        loss_coefficient: sum of zeta of fittings.
        wall_capacity_j_mk: heat capacity of the wall per metre.
        to_ground_w_mk: conductance to undisturbed ground per metre.
        between_w_mk: conductance between the two pipes of a pair per metre.
        density_kg_m3: of the water.
        heat_capacity_j_kgk: of the water.
        ground_level: index of the burial depth, all 0 by default.
    """
    area = 0.25 * np.pi * inner_diameter_m**2
    dynamic = 2.0 * density_kg_m3 * area**2
    level = np.zeros(length_m.size) if ground_level is None else ground_level
    return PipeData(
        reynolds_per_flow=4.0 / (np.pi * inner_diameter_m),
        relative_roughness=roughness_m / inner_diameter_m,
        friction_scale=length_m / inner_diameter_m / dynamic,
        fitting_scale=loss_coefficient / dynamic,
        laminar_scale=32.0 * length_m / (density_kg_m3 * area * inner_diameter_m**2),
        water_mass=area * length_m * density_kg_m3,
        heat_capacity=np.ascontiguousarray(heat_capacity_j_kgk, dtype=np.float64),
        wall_capacity=wall_capacity_j_mk * length_m,
        to_ground=to_ground_w_mk * length_m,
        between=between_w_mk * length_m,
        ground_level=np.ascontiguousarray(level, dtype=np.int64),
    )


def ground_depths(district: District) -> tuple[float, ...]:
    """The burial depths that occur in a district, m, ascending."""
    return tuple(sorted({p.burial_depth_m for p in district.pipes}))


def build_pipe_data(district: District, net: Topology) -> PipeData:
    """Physical data of a district's pairs from their series, depth and soil."""
    series = {s.name: s for s in district.pipe_series}
    depths = ground_depths(district)
    rows = []
    for p, pipe in enumerate(district.pipes):
        s = series[pipe.series]
        circuit = district.circuits[int(net.circuit_of[net.pair_from[p]])]
        outer = s.inner_diameter_m + 2.0 * s.wall_thickness_m
        wall_area = 0.25 * math.pi * (outer**2 - s.inner_diameter_m**2)
        conductance = _conductance(district, s, pipe)
        rows.append(
            (
                pipe.length_m,
                s.inner_diameter_m,
                s.roughness_mm / 1000.0,
                pipe.loss_coefficient,
                wall_area * s.wall_density_kg_m3 * s.wall_heat_capacity_j_kgk,
                conductance.to_ground,
                conductance.between,
                circuit.density_kg_m3,
                circuit.heat_capacity_j_kgk,
                float(depths.index(pipe.burial_depth_m)),
            )
        )
    columns = [np.ascontiguousarray(c) for c in np.array(rows, dtype=np.float64).T]
    return pipe_data(
        length_m=columns[0],
        inner_diameter_m=columns[1],
        roughness_m=columns[2],
        loss_coefficient=columns[3],
        wall_capacity_j_mk=columns[4],
        to_ground_w_mk=columns[5],
        between_w_mk=columns[6],
        density_kg_m3=columns[7],
        heat_capacity_j_kgk=columns[8],
        ground_level=columns[9],
    )


def _conductance(district: District, series: PipeSeries, pipe: PipePair) -> PairConductance:
    """Conductances of a pair by how it is laid."""
    laid = BuriedPipe(
        inner_diameter_m=series.inner_diameter_m,
        wall_thickness_m=series.wall_thickness_m,
        casing_diameter_m=series.casing_diameter_m,
        wall_conductivity_w_mk=series.wall_conductivity_w_mk,
        insulation_conductivity_w_mk=series.insulation_conductivity_w_mk,
        soil_conductivity_w_mk=district.soil.conductivity_w_mk,
        burial_depth_m=pipe.burial_depth_m,
    )
    if series.laying == "single":
        return single_conductance(laid)
    if series.laying == "twin":
        return twin_conductance(laid, axis_distance_m=pipe.axis_distance_m)
    apart = max(pipe.axis_distance_m, series.casing_diameter_m * _TOUCHING)
    return pair_conductance(laid, axis_distance_m=apart)
