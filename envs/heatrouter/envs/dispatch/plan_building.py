"""From a district and its contract to the arrays of a dispatch plan."""

import math
from collections.abc import Sequence

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch.marginal_cost import LEAST_METERED_KW
from heatrouter.envs.dispatch.plan import (
    CommandedStores,
    DispatchPlan,
    LinkedProducer,
    PriceIndices,
)
from heatrouter.envs.dispatch.unit_figures import (
    capacity_kw,
    circuit_depths,
    circuit_index,
    cold_side,
    design_supply,
    least_kw,
    primary_location,
    producers_in_order,
    recovery,
    sink_ratio,
    store_kw,
    store_kwh,
    stream_temp_c,
)
from heatrouter.envs.set_points import set_point_name
from heatrouter.envs.spec.consumer_units import BatchProcess, Greenhouse, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    HeatExchanger,
    HeatPump,
    Producer,
    SolarThermal,
    Store,
    WasteHeatSource,
)
from heatrouter.envs.units import SECONDS_PER_HOUR

_DEMAND_TIME_CONSTANT_S = 0.5 * SECONDS_PER_HOUR
"""Smoothing of the measured demand: draw-offs of hot water shall not switch machines."""
_STAY_SHARE = 0.4
"""A running machine stays at its minimum load while this share of it is needed; a standing one
starts only for the whole of it. Between the two it is left alone."""
_BRIDGED_SHARE = 0.8
"""While a store can bridge, a machine starts for this share of its capacity: one long run with
full load in the place of many short ones. Links have nothing to start."""
_METERED_SHARE = 0.5
"""Of its minimum load, from which a heat pump's meters tell its COP: not while it starts."""
_LEAST_KW = 1e-6


def build_plan(district: District, contract: Contract) -> DispatchPlan:
    """Collect everything; the contract gives the positions in the observation.

    Raises:
        KeyError: The contract lacks a channel that dispatch needs.
    """
    producers, parts = producers_in_order(district)
    sources = [u for u in producers if isinstance(u, WasteHeatSource | SolarThermal)]
    pumps = [u for u in producers if isinstance(u, HeatPump)]
    engines = [u for u in producers if isinstance(u, Chp)]
    links = [u for u in producers if isinstance(u, HeatExchanger)]
    boilers = [u for u in producers if isinstance(u, Boiler)]
    balancing = {name for circuit in district.circuits for name in circuit.balancing}
    greenhouses = [u for u in district.units if isinstance(u, Greenhouse)]
    all_stores = [u for u in district.units if isinstance(u, Store)]
    stores = [u for u in all_stores if u.name in balancing]
    circuits = district.circuits
    observed = {channel.name: i for i, channel in enumerate(contract.observation)}
    points = {point.name: i for i, point in enumerate(contract.set_points)}

    def at(owners: Sequence[str], quantity: str) -> IntArray:
        for owner in owners:
            contract.observation_index(f"{owner}.{quantity}")  # says what is missing
        return _ints([observed[f"{owner}.{quantity}"] for owner in owners])

    circuit_of = _ints([circuit_index(district, u.location) for u in producers])
    min_kw = _floats([least_kw(u) for u in producers])
    bridged_kw = min_kw.copy()
    for kind in ("pumps", "engines", "fired"):
        part = parts[kind]
        good = _floats([_BRIDGED_SHARE * capacity_kw(u) for u in producers[part]])
        bridged_kw[part] = np.maximum(min_kw[part], good)
    low, high = contract.bounds("set_points")
    owners = [c.name for c in circuits]
    energies = np.zeros((len(stores), len(circuits)))
    power = np.zeros(len(circuits))
    for s, store in enumerate(stores):
        c = circuit_index(district, store.location)
        energies[s, c] = store_kwh(circuits[c], store)
        power[c] += store_kw(circuits[c], store)
    per_circuit = energies.sum(axis=0)
    weights = energies / np.maximum(per_circuit, 1e-9)
    store_span = np.maximum(
        (weights * _column([u.full_temp_c - u.empty_temp_c for u in stores])).sum(axis=0), 1.0
    )
    colds = [cold_side(district, u) for u in pumps]
    depth, feeder = circuit_depths(district)
    fuelled = [i for i, u in enumerate(producers) if isinstance(u, Boiler | Chp) if u.fuel_store]
    return DispatchPlan(
        n_sources=len(sources),
        n_machines=parts["fired"].stop - parts["pumps"].start,
        n_backups=parts["backups"].stop - parts["backups"].start,
        n_producers=len(producers),
        n_circuits=len(circuits),
        streams=parts["streams"],
        collectors=parts["collectors"],
        pumps=parts["pumps"],
        engines=parts["engines"],
        links=parts["links"],
        boilers=slice(parts["fired"].start, parts["backups"].stop),
        names=tuple(u.name for u in producers),
        control_dt_s=contract.control_dt_s,
        circuit_of=circuit_of,
        units_of=tuple(np.flatnonzero(circuit_of == c) for c in range(len(circuits))),
        capacity_kw=_floats([capacity_kw(u) for u in producers]),
        min_kw=min_kw,
        start_kw=np.maximum(min_kw, _LEAST_KW),
        bridged_kw=np.maximum(bridged_kw, _LEAST_KW),
        stay_kw=np.maximum(min_kw * _STAY_SHARE, _LEAST_KW),
        demand_weight=-math.expm1(-contract.control_dt_s / _DEMAND_TIME_CONSTANT_S),
        executed_at=_ints(
            [contract.observation_index(f"{set_point_name(u)}@executed") for u in producers]
        ),
        heat_at=at([u.name for u in producers], "heat_kw"),
        prices_at=PriceIndices(
            *(
                contract.observation_index(f"tariff.{series}")
                for series in (
                    "electricity_eur_per_mwh",
                    "gas_eur_per_mwh",
                    "co2_eur_per_t",
                    "carbon_intensity_g_per_kwh",
                )
            )
        ),
        electricity_fee=district.grid.electricity_fee_eur_per_mwh,
        gas_fee=district.grid.gas_fee_eur_per_mwh,
        available_at=at([u.name for u in sources], "available_kw"),
        heat_price=_floats(
            [u.heat_price_eur_per_mwh if isinstance(u, WasteHeatSource) else 0.0 for u in sources]
        ),
        sink_ratio=_floats([sink_ratio(u) for u in sources]),
        stream_temp=_floats([stream_temp_c(u) for u in sources]),
        exhaust_share=_floats([recovery(u)[0] for u in sources]),
        return_gain=_floats([recovery(u)[1] for u in sources]),
        fed=_fed(district, observed),
        preheaters=tuple(
            (circuit_index(district, u.location), observed[f"{u.name}.heat_kw"])
            for u in producers
            if isinstance(u, WasteHeatSource | Boiler) and u.connection != "return_to_supply"
        ),
        limit_at=at([u.name for u in pumps], "limit_kw"),
        power_at=at([u.name for u in pumps], "power_kw"),
        metered_kw=np.maximum(_METERED_SHARE * min_kw[parts["pumps"]], LEAST_METERED_KW),
        lorenz_efficiency=_floats([u.lorenz_efficiency for u in pumps]),
        max_cop=_floats([u.max_cop for u in pumps]),
        max_sink_temp=_floats([u.max_sink_temp_c for u in pumps]),
        cold_mean_k=_floats([mean_k for mean_k, _ in colds]),
        cold_at=tuple(
            (i, observed[f"{u.name}.source_temp_c"], 0.5 * u.source_spread_k)
            for i, u in enumerate(pumps)
            if math.isnan(colds[i][0])
        ),
        tower_ratio=_floats([ratio for _, ratio in colds]),
        thermal_efficiency=_floats([u.thermal_efficiency for u in engines]),
        electric_efficiency=_floats([u.electric_efficiency for u in engines]),
        engine_gas=_floats([float(u.fuel == "gas") for u in engines]),
        engine_emission_factor=_floats([u.emission_factor_kg_mwh / 1000.0 for u in engines]),
        link_limit_at=at([u.name for u in links], "limit_kw"),
        efficiency_35=_floats([u.efficiency_at_35c for u in boilers]),
        efficiency_60=_floats([u.efficiency_at_60c for u in boilers]),
        emission_factor=_floats([u.emission_factor_kg_mwh / 1000.0 for u in boilers]),
        only_gas=all(u.fuel == "gas" for u in boilers),
        burns_gas=np.array([u.fuel == "gas" for u in boilers], dtype=np.bool_),
        burns_electricity=np.array([u.fuel == "electricity" for u in boilers], dtype=np.bool_),
        own_price=_floats([u.fuel_price_eur_per_mwh or 0.0 for u in boilers]),
        linked=_linked(district, producers, parts["pumps"].start, depth),
        feeder_of=tuple(feeder),
        fuelled=_ints(fuelled),
        fill_at=_ints(
            [
                contract.observation_index(f"{u.fuel_store}.fill_level")
                for i in fuelled
                if isinstance(u := producers[i], Boiler | Chp)
            ]
        ),
        ambient_at=contract.observation_index("site.ambient_temp_c"),
        supply_at=at(owners, "supply_temp_c"),
        return_at=at(owners, "return_temp_c"),
        flow_at=at(owners, "mass_flow_kg_s"),
        heat_capacity=_floats([c.heat_capacity_j_kgk / 1000.0 for c in circuits]),
        supply_low=_floats([c.supply_temp_min_c for c in circuits]),
        supply_high=_floats([c.supply_temp_max_c for c in circuits]),
        curve_high=_floats([design_supply(district, c) for c in circuits]),
        has_hot_water=np.array(
            [
                any(isinstance(u, Substation) and u.location in c.locations for u in district.units)
                for c in circuits
            ]
        ),
        design_temp=district.site.design_temp_c,
        stores=tuple(u.name for u in stores),
        level_at=at([u.name for u in stores], "level"),
        top_at=at([u.name for u in stores], "top_temp_c"),
        level_weight=weights,
        store_empty=(weights * _column([u.empty_temp_c for u in stores])).sum(axis=0),
        store_span=store_span,
        store_kwh_per_k=per_circuit / store_span,
        store_kw=power,
        has_store=per_circuit > 0.0,
        commanded=_commanded(
            district, [u for u in all_stores if u.name not in balancing], points, observed
        ),
        producer_points=_ints([points[set_point_name(u)] for u in producers]),
        greenhouse_points=_points_of(district, Greenhouse, points),
        crop_mean_at=at([u.name for u in greenhouses], "air_mean_24h_c"),
        crop_mean_min=_floats([u.crop_mean_min_c for u in greenhouses]),
        release_points=_points_of(district, BatchProcess, points),
        supply_points=_ints([points[f"{c.name}.supply_temp_c"] for c in circuits]),
        set_point_low=low,
        set_point_high=high,
        set_point_safe=_floats([point.safe for point in contract.set_points]),
        hour_at=_ints([contract.observation_index(f"clock.hour_{f}") for f in ("sin", "cos")]),
    )


def _fed(district: District, observed: dict[str, int]) -> tuple[tuple[int, int, float], ...]:
    """Meters of everything that feeds a circuit, or draws from it as a store does."""
    found = []
    for unit in district.units:
        if isinstance(unit, Producer | Store):
            meter, sign = ("charge_kw", -1.0) if isinstance(unit, Store) else ("heat_kw", 1.0)
            circuit = circuit_index(district, unit.location)
            found.append((observed[f"{unit.name}.{meter}"], circuit, sign))
    return tuple(found)


def _linked(
    district: District, producers: Sequence[Producer], first_pump: int, depth: list[int]
) -> tuple[LinkedProducer, ...]:
    """Producers that take heat from other circuits, those first that are fed by none."""
    found = []
    for i, unit in enumerate(producers):
        primary = primary_location(unit)
        if primary is not None:
            pump = i - first_pump if isinstance(unit, HeatPump) else -1
            found.append(LinkedProducer(i, circuit_index(district, primary), pump))
    return tuple(sorted(found, key=lambda link: depth[link.from_circuit]))


def _commanded(
    district: District, stores: list[Store], points: dict[str, int], observed: dict[str, int]
) -> CommandedStores:
    circuit_of = [circuit_index(district, u.location) for u in stores]
    capacities = [district.circuits[c].heat_capacity_j_kgk / 1000.0 for c in circuit_of]
    return CommandedStores(
        names=tuple(u.name for u in stores),
        circuit_of=_ints(circuit_of),
        set_point_at=_ints([points[set_point_name(u)] for u in stores]),
        level_at=_ints([observed[f"{u.name}.level"] for u in stores]),
        flow_kw_k=_floats(
            [u.max_mass_flow_kg_s * cp for u, cp in zip(stores, capacities, strict=True)]
        ),
    )


def _points_of(
    district: District, kind: type[Greenhouse] | type[BatchProcess], points: dict[str, int]
) -> IntArray:
    return _ints([points[set_point_name(u)] for u in district.units if isinstance(u, kind)])


def _floats(values: Sequence[float]) -> FloatArray:
    return np.array(values, dtype=np.float64)


def _column(values: Sequence[float]) -> FloatArray:
    return _floats(values)[:, np.newaxis]


def _ints(values: Sequence[int]) -> IntArray:
    return np.array(values, dtype=np.int64)
