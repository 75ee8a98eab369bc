"""Figures of units that dispatch needs, from their description."""

import math

from heatrouter.envs.spec.consumer_units import Consumer
from heatrouter.envs.spec.design_load import design_draws, design_supply_c, pcm_kwh
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.network import Circuit
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    CoolingLoad,
    DryCooler,
    HeatExchanger,
    HeatPump,
    Producer,
    SolarThermal,
    Store,
    WasteHeatSource,
)
from heatrouter.envs.units import J_PER_KWH, W_PER_KW, ZERO_CELSIUS_K

_WAY_K = 3.0
"""Loss of temperature from the plant to the worst consumer on the design day."""
_ANY_LIFT_GAIN = 1e9
"""Return gain of a collector: its available heat counts the return already."""

Source = WasteHeatSource | SolarThermal


def producers_in_order(district: District) -> tuple[list[Producer], dict[str, slice]]:
    """Producers that are commanded, by what the rules do with them, and where each kind lies.

    Sources (waste heat, sun) come first, for they cost next to nothing; machines next (heat pumps,
    engines, links, boilers of wood, biogas and electricity), which run where they are cheaper than
    the backup; then the backup, gas boilers. Inside a kind in the order of the district.
    """
    balancing = {name for circuit in district.circuits for name in circuit.balancing}
    units = [u for u in district.units if isinstance(u, Producer)]
    kinds: dict[str, list[Producer]] = {
        "streams": [u for u in units if isinstance(u, WasteHeatSource)],
        "collectors": [u for u in units if isinstance(u, SolarThermal)],
        "pumps": [u for u in units if isinstance(u, HeatPump)],
        "engines": [u for u in units if isinstance(u, Chp)],
        "links": [u for u in units if isinstance(u, HeatExchanger) and u.name not in balancing],
        "fired": [u for u in units if isinstance(u, Boiler) and u.fuel != "gas"],
        "backups": [u for u in units if isinstance(u, Boiler) and u.fuel == "gas"],
    }
    ordered: list[Producer] = []
    parts = {}
    for kind, members in kinds.items():
        parts[kind] = slice(len(ordered), len(ordered) + len(members))
        ordered.extend(members)
    return ordered, parts


def circuit_index(district: District, location: str) -> int:
    """Position of the circuit that a location belongs to."""
    for index, circuit in enumerate(district.circuits):
        if location in circuit.locations:
            return index
    names = [c.name for c in district.circuits]
    message = f"location {location!r} is in no circuit; they are {names}"
    raise KeyError(message)


def primary_location(unit: object) -> str | None:
    """Where a link or heat pump takes its heat from another circuit; None for everything else."""
    if isinstance(unit, HeatExchanger):
        return unit.primary_location
    return unit.source_location if isinstance(unit, HeatPump) else None


def capacity_kw(unit: Producer) -> float:
    """Largest heat; of collectors what their largest flow carries over 40 K."""
    if isinstance(unit, WasteHeatSource):
        return unit.stream_capacity_kw_k * (unit.stream_temp_c - unit.min_exhaust_temp_c)
    if isinstance(unit, SolarThermal):
        return unit.max_mass_flow_kg_s * 4.19 * 40.0
    return unit.capacity_kw


def least_kw(unit: Producer) -> float:
    """Least heat while running; zero where there is no minimum load."""
    if isinstance(unit, HeatPump | Boiler | Chp):
        return unit.min_load * unit.capacity_kw
    return 0.0


def sink_ratio(unit: Source) -> float:
    """Electricity that a source's own cooler is spared per heat recovered."""
    if isinstance(unit, SolarThermal):
        return 0.0
    return cooler_ratio(unit.dry_cooler, unit.sink_power_ratio)


def cooler_ratio(cooler: DryCooler | None, otherwise: float) -> float:
    """Electricity per heat rejected: of a dry cooler at its design point."""
    return otherwise if cooler is None else cooler.fan_kw / cooler.capacity_kw


def recovery(unit: Source) -> tuple[float, float]:
    """What part of the available heat can be recovered.

    Returns:
        The part down to the exhaust limit, and per kelvin between stream and return.
    """
    if isinstance(unit, SolarThermal):
        return 1.0, _ANY_LIFT_GAIN
    span = max(unit.stream_temp_c - unit.reference_temp_c, 1.0)
    return (unit.stream_temp_c - unit.min_exhaust_temp_c) / span, _effectiveness(unit) / span


def stream_temp_c(unit: Source) -> float:
    """Temperature above any return for collectors, whose available heat counts the return."""
    return _ANY_LIFT_GAIN if isinstance(unit, SolarThermal) else unit.stream_temp_c


def _effectiveness(source: WasteHeatSource) -> float:
    """Counterflow effectiveness of a source's exchanger at full production.

    The network side carries what max_mass_flow allows; a smaller flow recovers less, which the
    store covers until the next decision.
    """
    water = source.max_mass_flow_kg_s * 4.19
    ratio = min(source.stream_capacity_kw_k, water) / max(source.stream_capacity_kw_k, water)
    ntu = source.exchanger_ua_kw_k / min(source.stream_capacity_kw_k, water)
    if ratio > 1.0 - 1e-6:
        effectiveness = ntu / (1.0 + ntu)
    else:
        decay = math.exp(-ntu * (1.0 - ratio))
        effectiveness = (1.0 - decay) / (1.0 - ratio * decay)
    # effectiveness is on the smaller capacity; what counts is heat over the stream's capacity
    return effectiveness * min(1.0, water / source.stream_capacity_kw_k)


def cold_side(district: District, unit: HeatPump) -> tuple[float, float]:
    """Logarithmic mean temperature of a cooling load's water, K, and what its tower is spared.

    Of other sources the temperature is measured; the first is then NaN.
    """
    load = district.unit(unit.source) if unit.source is not None else None
    if not isinstance(load, CoolingLoad):
        return math.nan, 0.0
    ratio = cooler_ratio(load.dry_cooler, load.tower_power_ratio)
    return _log_mean_k(load.water_inlet_temp_c, load.water_outlet_temp_c), ratio


def _log_mean_k(a_c: float, b_c: float) -> float:
    a, b = a_c + ZERO_CELSIUS_K, b_c + ZERO_CELSIUS_K
    return 0.5 * (a + b) if abs(a - b) < 0.01 else (b - a) / math.log(b / a)


def store_kwh(circuit: Circuit, store: Store) -> float:
    """Heat of a store from level zero to one, kWh."""
    spread = store.full_temp_c - store.empty_temp_c
    heat = circuit.heat_capacity_j_kgk * spread
    water_kwh = store.volume_m3 * circuit.density_kg_m3 * heat / J_PER_KWH
    return water_kwh if store.pcm is None else water_kwh + pcm_kwh(store.pcm, spread)


def store_kw(circuit: Circuit, store: Store) -> float:
    """Largest power of a store, kW."""
    spread = store.full_temp_c - store.empty_temp_c
    heat = circuit.heat_capacity_j_kgk * spread
    return store.max_mass_flow_kg_s * heat / W_PER_KW


def design_supply(district: District, circuit: Circuit) -> float:
    """Supply that a circuit is designed for, plus what the way there costs, degC.

    The highest of consumers and of links to other circuits; the highest that there is where
    nothing draws from the circuit, the lowest where only heat pumps do.
    """
    designed = []
    draws = design_draws(district, circuit)
    for draw in draws:
        unit = district.unit(draw.unit)
        if isinstance(unit, Consumer):
            designed.append(design_supply_c(unit))
        elif isinstance(unit, HeatExchanger):
            designed.append(unit.exchanger.primary_supply_c)
    fallback = circuit.supply_temp_min_c if draws else circuit.supply_temp_max_c
    wanted = max(designed, default=fallback) + _WAY_K
    return min(max(wanted, circuit.supply_temp_min_c), circuit.supply_temp_max_c)


def circuit_depths(district: District) -> tuple[list[int], list[int]]:
    """How many circuits each circuit's heat comes through, and which one balances it.

    Returns:
        Depth of each circuit (0 where no other circuit feeds it), and the circuit that a balancing
        link draws from, or -1.
    """
    ends = []
    feeder = [-1] * len(district.circuits)
    balancing = {name for circuit in district.circuits for name in circuit.balancing}
    for unit in district.units:
        if not isinstance(unit, HeatExchanger | HeatPump):
            continue
        primary = primary_location(unit)
        if primary is None:
            continue
        start, end = circuit_index(district, primary), circuit_index(district, unit.location)
        ends.append((start, end))
        if unit.name in balancing:
            feeder[end] = start
    depth = [0] * len(district.circuits)
    for _ in district.circuits:  # no circle, so that as many sweeps as circuits suffice
        for start, end in ends:
            depth[end] = max(depth[end], depth[start] + 1)
    return depth, feeder
