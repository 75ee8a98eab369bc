"""From described units to the tables of the kernel: SI units, indices, sizes that follow."""

import math
from collections.abc import Sequence

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.ground import depth_ratio
from heatrouter.envs.components.pcm import PcmMaterial, pcm_enthalpy
from heatrouter.envs.network.pipe_data import ground_depths
from heatrouter.envs.network.topology import Topology
from heatrouter.envs.scenarios.ground import pipe_depth_m
from heatrouter.envs.set_points import set_point_name, set_point_names
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.consumer_table import ConsumerTable, build_consumers
from heatrouter.envs.simulation.indices import Indices, float_table, int_table, of_kind
from heatrouter.envs.simulation.outputs import SITE_GROUND, SITE_SERIES, OutputLayout
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.producer_table import (
    build_coolings,
    build_producers,
    cut_order,
    heat_origins,
    producer_units,
)
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Digester, HeatExchanger, HeatPump, Store

SECONDS_PER_DAY = 86400.0


def build_parameters(
    district: District,
    series: Sequence[str],
    values: FloatArray,
    layout: OutputLayout,
    net: Topology,
    *,
    trace_origins: bool = False,
) -> Parameters:
    """Tables of every unit of the district.

    Args:
        district: The description.
        series: Names of the scenario's series, in the order of its columns.
        values: Scenario series, shape (n_scenarios, n_steps, n_series).
        layout: Output columns.
        net: Index arrays of the network.
        trace_origins: Whether the kernel traces which source heated which consumer.

    Raises:
        KeyError: if a series that the district needs is missing.
    """
    at = Indices(
        {m.name: i for i, m in enumerate(district.locations)},
        net.circuit_of,
        {name: i for i, name in enumerate(series)},
        {name: i for i, name in enumerate(set_point_names(district))},
        layout.unit_start,
        frozenset(c.root for c in district.circuits),
    )
    consumers = build_consumers(district, at)
    producer_index, producer = build_producers(district, at, net, consumers.primary_of)
    cooling_index, cooling = build_coolings(district, at)
    store_index, store = _stores(district, at)
    digesters = of_kind(district, Digester)
    digester_index = [(at.series[f"{u.name}.level"], at.column[u.name]) for u in digesters]
    digester = [(u.peak_gas_kw * 1e3, u.capacity_kwh * 3.6e6) for u in digesters]
    circuit_index, circuit, balance_order = _circuits(district, at, layout)
    ratio, lag = _ground_levels(district)
    site = np.array([at.series[name] for name in SITE_SERIES], dtype=np.int64)
    control = [c.dp_control for c in district.circuits]
    return Parameters(
        producer_index=producer_index,
        producer=producer,
        cut_order=cut_order(producer_index),
        consumer_index=consumers.rows,
        consumer=consumers.data,
        consumer_location=np.ascontiguousarray(consumers.rows[:, t.CI_LOCATION]),
        valve_resistance=consumers.valve_resistance,
        store_index=store_index,
        store=store,
        cooling_index=cooling_index,
        cooling=cooling,
        digester_index=int_table(digester_index, t.DI_FIELDS),
        digester=float_table(digester, t.DF_FIELDS),
        circuit_index=circuit_index,
        circuit=circuit,
        circuit_order=_circuit_order(district, at, consumers),
        balance_order=balance_order,
        min_dp=np.array([c.min_dp_bar * 1e5 for c in control]),
        max_head=np.array([c.max_head_bar * 1e5 for c in control]),
        head_drop=np.array([c.head_drop_bar_per_kg2_s2 * 1e5 for c in control]),
        level_ratio=ratio,
        level_lag=lag,
        ground_mean=np.ascontiguousarray(values[:, :, site[SITE_GROUND]].mean(axis=1)),
        site_series=site,
        design_temp=district.site.design_temp_c,
        energy_column=layout.energy_start,
        n_origins=len(heat_origins(district)) if trace_origins else 0,
    )


def _stores(district: District, at: Indices) -> tuple[IntArray, FloatArray]:
    units = of_kind(district, Store)
    index = np.zeros((len(units), t.SI_FIELDS), dtype=np.int64)
    data = np.zeros((len(units), t.SF_FIELDS))
    for row, d, u in zip(index, data, units, strict=True):
        location = at.location[u.location]
        circuit = int(at.circuit_of[location])
        row[t.SI_LOCATION], row[t.SI_CIRCUIT] = location, circuit
        row[t.SI_LAYERS], row[t.SI_COLUMN] = u.layers, at.column[u.name]
        row[t.SI_SET_POINT] = at.point(set_point_name(u))
        row[t.SI_PCM], row[t.SI_AT_ROOT] = int(u.pcm is not None), int(u.location in at.roots)
        area = u.volume_m3 / u.height_m
        side = math.pi * math.sqrt(4.0 * area / math.pi) * u.height_m + 2.0 * area
        d[t.SF_LAYER_MASS] = u.volume_m3 * district.circuits[circuit].density_kg_m3 / u.layers
        d[t.SF_LAYER_LOSS] = u.loss_w_m2k * side / u.layers
        d[t.SF_CONDUCTANCE] = u.conductivity_w_mk * area / (u.height_m / u.layers)
        d[t.SF_MAX_FLOW] = u.max_mass_flow_kg_s
        d[t.SF_FULL], d[t.SF_EMPTY] = u.full_temp_c, u.empty_temp_c
        if u.pcm is None:
            continue
        material = PcmMaterial(
            u.pcm.melting_temp_c, u.pcm.melting_range_k, u.pcm.latent_kj_kg * 1e3,
            u.pcm.heat_capacity_solid_kj_kgk * 1e3, u.pcm.heat_capacity_liquid_kj_kgk * 1e3,
            u.pcm.supercooling_k,
        )  # fmt: skip
        d[t.SF_PCM_MASS] = u.pcm.mass_kg / u.layers
        d[t.SF_MELTING : t.SF_SUPERCOOLING + 1] = material
        d[t.SF_TRANSFER] = u.pcm.transfer_kw_k * 1e3 / u.layers
        for column, temp in ((t.SF_PCM_EMPTY, u.empty_temp_c), (t.SF_PCM_FULL, u.full_temp_c)):
            enthalpy = pcm_enthalpy(temp, material, 0.0)
            d[column] = u.pcm.mass_kg * enthalpy
    return index, data


def _circuits(
    district: District, at: Indices, layout: OutputLayout
) -> tuple[IntArray, FloatArray, IntArray]:
    stores = {u.name: i for i, u in enumerate(of_kind(district, Store))}
    producers = {u.name: i for i, u in enumerate(producer_units(district))}
    ranks = [[producers[n] for n in c.balancing if n in producers] for c in district.circuits]
    order = np.full((len(ranks), max(1, *map(len, ranks))), -1, dtype=np.int64)
    index, data = [], []
    for i, c in enumerate(district.circuits):
        order[i, : len(ranks[i])] = ranks[i]
        held = [n for n in c.balancing if n in stores]
        # producers named before the store go before it
        before = c.balancing.index(held[0]) if held else 0
        index.append(
            (
                at.location[c.root],
                at.set_point[f"{c.name}.supply_temp_c"],
                layout.circuit_start[i],
                stores[held[0]] if held else -1,
                before,
                at.series.get(f"{c.name}.pump", -1),
            )
        )
        data.append(
            (
                c.dp_control.efficiency,
                c.supply_temp_min_c,
                c.supply_temp_max_c,
                c.supply_temp_ramp_k_h / 3600.0,
                c.density_kg_m3,
                c.heat_capacity_j_kgk,
            )
        )
    return int_table(index, t.RI_FIELDS), float_table(data, t.RF_FIELDS), order


def _circuit_order(district: District, at: Indices, consumers: ConsumerTable) -> IntArray:
    """Circuits that are fed before those that feed them; the description has no circle of them."""
    count = len(district.circuits)
    feeders: list[set[int]] = [set() for _ in range(count)]
    links: list[HeatExchanger | HeatPump] = [
        *of_kind(district, HeatExchanger),
        *of_kind(district, HeatPump),
    ]
    for u in links:
        entry = consumers.primary_of.get(u.name)
        if entry is not None:
            fed = int(at.circuit_of[at.location[u.location]])
            feeders[fed].add(int(consumers.rows[entry, t.CI_CIRCUIT]))
    order: list[int] = []
    left = set(range(count))
    while left:
        # nothing that is still left is fed by it
        free = [c for c in sorted(left) if not any(c in feeders[fed] for fed in left - {c})]
        order.extend(free[:1] or sorted(left))
        left -= set(order)
    return np.array(order, dtype=np.int64)


def _ground_levels(district: District) -> tuple[FloatArray, IntArray]:
    """Annual wave of ground temperature at each burial depth, against that of the series."""
    reference = pipe_depth_m(district)
    waves = [
        depth_ratio(depth, reference, district.soil.diffusivity_m2_d)
        for depth in ground_depths(district)
    ]
    ratio = np.array([wave[0] for wave in waves])
    lag = np.round(np.array([wave[1] for wave in waves]) * SECONDS_PER_DAY).astype(np.int64)
    return ratio, lag
