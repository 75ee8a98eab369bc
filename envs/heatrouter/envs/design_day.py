"""What a district needs and has, hour by hour and on the design day, from its description alone.

Estimates for sizing, not simulation: no thermal mass, no pipe delay, design temperatures at the
consumers, planned production without noise.
"""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.pipe_loss import BuriedPipe, pair_conductance
from heatrouter.envs.scenarios.production import planned_level
from heatrouter.envs.spec.consumer_units import (
    BatchProcess,
    Consumer,
    FabHeat,
    ProcessHeat,
    Substation,
)
from heatrouter.envs.spec.design_load import (
    AIR_KJ_M3K,
    GROUND_DESIGN_C,
    design_draws,
    design_supply_c,
    preheat_kwh,
)
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.network import Circuit
from heatrouter.envs.spec.plant_units import (
    CoolingLoad,
    HeatExchanger,
    HeatPump,
    Production,
    WasteHeatSource,
)
from heatrouter.envs.units import KWH_PER_MWH, W_PER_KW, WATER_CP_J_KGK, ZERO_CELSIUS_K

HOURS_PER_YEAR = 8760

_DAY_STARTS_H, _DAY_ENDS_H = 7.0, 21.0
_HEATING_CURVE_END_C = 15.0
_BATCH_RUNS_FROM_LEVEL = 0.5
_LEAST_SPAN_K = 20.0
_MEDIUM_SPREAD_K = 5.0
"""By which air and brine are cooled."""


@dataclass(frozen=True)
class Weather:
    """One year of hourly means.

    Attributes:
        ambient_temp_c: Outdoor temperature, degC, shape ``(8760,)``.
        irradiance_w_m2: Global horizontal irradiance, W/m2, shape ``(8760,)``.
    """

    ambient_temp_c: FloatArray
    irradiance_w_m2: FloatArray


def reference_weather(district: District) -> Weather:
    """Test reference year of the district's region.

    Raises:
        ScenarioError: The weather data are not installed.
    """
    from heatrouter.envs.scenarios.weather import load_reference_year

    year = load_reference_year(district.site.test_reference_region)
    return Weather(year.ambient_temp_c, year.irradiance_w_m2)


def consumers(district: District, circuit: Circuit | None = None) -> list[Consumer]:
    """Units that take heat (from one circuit), in the order of the district."""
    units = [u for u in district.units if isinstance(u, Consumer)]
    return [u for u in units if circuit is None or u.location in circuit.locations]


def hourly_demand_kw(district: District, unit: Consumer, weather: Weather) -> FloatArray:
    """Heat that a consumer takes, kW, shape ``(8760,)``."""
    outdoors = weather.ambient_temp_c
    sun = weather.irradiance_w_m2
    if isinstance(unit, Substation):
        rooms = unit.buildings
        loss_kw_k = unit.space_heat_design_kw / (rooms.room_temp_c - district.site.design_temp_c)
        gains = rooms.gain_share + rooms.solar_share_per_kw_m2 * sun / 1000.0
        need = loss_kw_k * (rooms.room_temp_c - outdoors) - gains * unit.space_heat_design_kw
        hot_water_kw = unit.hot_water_annual_mwh * KWH_PER_MWH / HOURS_PER_YEAR
        limit = unit.space_heat_design_kw
        return np.asarray(np.clip(need, 0.0, limit) + hot_water_kw)
    if isinstance(unit, ProcessHeat):
        weather_kw = unit.weather_kw_k * np.maximum(unit.weather_end_c - outdoors, 0.0)
        return np.asarray((unit.base_kw + weather_kw) * hourly_level(unit.production))
    if isinstance(unit, BatchProcess):
        running = hourly_level(unit.production) >= _BATCH_RUNS_FROM_LEVEL
        return np.asarray(running * preheat_kwh(unit) / (unit.interval_min / 60.0))
    if isinstance(unit, FabHeat):
        air_k = np.maximum(unit.make_up_air_temp_c - outdoors, 0.0)
        water_k = max(unit.ultrapure_water_temp_c - float(np.mean(outdoors)), 0.0)
        water_kw = unit.ultrapure_water_kg_s * WATER_CP_J_KGK / W_PER_KW * water_k
        air_kw = unit.make_up_air_m3_s * AIR_KJ_M3K * air_k
        return np.asarray((air_kw + water_kw) * hourly_level(unit.production))
    hour = np.arange(HOURS_PER_YEAR) % 24
    day = (hour >= _DAY_STARTS_H) & (hour < _DAY_ENDS_H)
    wanted_c = np.where(day, unit.day_temp_c, unit.night_temp_c)
    loss_w_m2k = unit.loss_w_m2k * np.where(day, 1.0, 1.0 - unit.screen_saving)
    loss_w_m2k += unit.leakage_w_m2k
    need_w_m2 = (
        loss_w_m2k * (wanted_c - outdoors)
        - (1.0 - unit.transpiration_share) * unit.solar_gain_share * sun
    )
    return np.asarray(np.clip(need_w_m2, 0.0, unit.heat_design_w_m2) * unit.floor_area_m2 / 1000.0)


def circuit_return_c(district: District, circuit: Circuit) -> float:
    """Design return temperature of a circuit, weighted by the flow of what draws from it, degC."""
    draws = design_draws(district, circuit)
    if not draws:
        return 40.0
    supply = _design_supplies(district, circuit)
    flows = [d.heat_kw / d.span_k for d in draws]
    returns = [supply[d.unit] - d.span_k for d in draws]
    return float(np.average(returns, weights=flows))


def circuit_supply_c(district: District, circuit: Circuit) -> float:
    """Design supply temperature of a circuit: the highest of what draws from it, degC."""
    highest = max(_design_supplies(district, circuit).values(), default=0.0)
    low = circuit_return_c(district, circuit) + _LEAST_SPAN_K
    return max(circuit.supply_temp_min_c, highest, low)


def _design_supplies(district: District, circuit: Circuit) -> dict[str, float]:
    """Design supply temperature of everything that draws from a circuit."""
    supplies = {}
    for unit in district.units:
        if isinstance(unit, Consumer):
            supplies[unit.name] = design_supply_c(unit)
        elif isinstance(unit, HeatExchanger):
            supplies[unit.name] = unit.exchanger.primary_supply_c
        elif isinstance(unit, HeatPump) and unit.source_location is not None:
            supplies[unit.name] = circuit.supply_temp_min_c
    return {d.unit: supplies[d.unit] for d in design_draws(district, circuit)}


def supply_temp_c(district: District, circuit: Circuit, weather: Weather) -> FloatArray:
    """Heating curve of a circuit over the year, degC, shape ``(8760,)``.

    From the lowest supply temperature at 15 degC outdoors to the highest that a consumer is
    designed for on the design day.
    """
    low = circuit.supply_temp_min_c
    high = max([low, *_design_supplies(district, circuit).values()])
    cold = district.site.design_temp_c
    return np.asarray(np.interp(weather.ambient_temp_c, [cold, _HEATING_CURVE_END_C], [high, low]))


def loss_kw(
    district: District, circuit: Circuit, supply_c: FloatArray, return_c: float, ground_c: float
) -> FloatArray:
    """Heat that the pipes of a circuit lose to the ground, kW, of the shape of ``supply_c``.

    Twins and single pipes are taken for pairs: the difference is within what is estimated here.
    """
    series = {s.name: s for s in district.pipe_series}
    conductance_w_k = 0.0
    for pipe in district.pipes:
        if pipe.from_location not in circuit.locations:
            continue
        kind = series[pipe.series]
        laid = BuriedPipe(
            inner_diameter_m=kind.inner_diameter_m,
            wall_thickness_m=kind.wall_thickness_m,
            casing_diameter_m=kind.casing_diameter_m,
            wall_conductivity_w_mk=kind.wall_conductivity_w_mk,
            insulation_conductivity_w_mk=kind.insulation_conductivity_w_mk,
            soil_conductivity_w_mk=district.soil.conductivity_w_mk,
            burial_depth_m=pipe.burial_depth_m,
        )
        apart_m = max(pipe.axis_distance_m, kind.casing_diameter_m)
        per_m = pair_conductance(laid, axis_distance_m=apart_m)
        conductance_w_k += per_m.to_ground * pipe.length_m
    excess_k = np.maximum(supply_c + return_c - 2.0 * ground_c, 0.0)
    return np.asarray(conductance_w_k * excess_k / W_PER_KW)


def recoverable_kw(unit: WasteHeatSource, return_c: float) -> float:
    """Heat that a source gives at full production to water of a return temperature, kW.

    Counterflow epsilon-NTU at the largest network flow that still reaches its outlet limit, above
    the lowest exhaust temperature.
    """
    span = unit.stream_temp_c - return_c
    if span <= 0.0:
        return 0.0
    limit = unit.stream_capacity_kw_k * (unit.stream_temp_c - unit.min_exhaust_temp_c)
    water_kw_k = unit.max_mass_flow_kg_s * 4.19
    small = min(unit.stream_capacity_kw_k, water_kw_k)
    ratio = small / max(unit.stream_capacity_kw_k, water_kw_k)
    ntu = unit.exchanger_ua_kw_k / small
    decay = np.exp(-ntu * (1.0 - ratio))
    effectiveness = (1.0 - decay) / (1.0 - ratio * decay) if ratio < 1.0 else ntu / (1.0 + ntu)
    return float(min(limit, effectiveness * small * span))


def heat_pump_kw(district: District, unit: HeatPump, supply_c: float, return_c: float) -> float:
    """Heat that a heat pump gives with its source at full production, kW.

    From air or ground, on the design day.
    """
    sink_k = _log_mean_k(min(supply_c, unit.max_sink_temp_c), return_c)
    inlet_c, outlet_c, most_kw = _source_of(district, unit)
    source_k = _log_mean_k(inlet_c, outlet_c)
    cop = min(unit.lorenz_efficiency * sink_k / max(sink_k - source_k, 5.0), unit.max_cop)
    cop = max(cop, 1.01)
    return float(min(unit.capacity_kw, most_kw * cop / (cop - 1.0)))


def _source_of(district: District, unit: HeatPump) -> tuple[float, float, float]:
    """Inlet and outlet temperature of a heat pump's source, degC, and its largest heat, kW."""
    if unit.source is not None:
        load = district.unit(unit.source)
        if not isinstance(load, CoolingLoad):
            return 0.0, 0.0, 0.0
        return load.water_inlet_temp_c, load.water_outlet_temp_c, load.peak_kw
    for circuit in district.circuits:
        if unit.source_location in circuit.locations:
            supply_c = circuit.supply_temp_min_c
            return supply_c, supply_c - unit.source_spread_k, np.inf
    inlet_c = district.site.design_temp_c if unit.source_medium == "air" else GROUND_DESIGN_C
    most_kw = np.inf if inlet_c >= unit.source_min_temp_c else 0.0
    return inlet_c, inlet_c - _MEDIUM_SPREAD_K, most_kw


def hourly_waste_heat_kw(district: District, weather: Weather) -> FloatArray:
    """Waste heat that sources and heat pumps could give if all were taken, kW, ``(8760,)``."""
    total = np.zeros(HOURS_PER_YEAR)
    for circuit in district.circuits:
        return_c = circuit_return_c(district, circuit)
        supply_c = float(np.mean(supply_temp_c(district, circuit, weather)))
        for unit in district.units:
            if isinstance(unit, WasteHeatSource) and unit.location in circuit.locations:
                total += recoverable_kw(unit, return_c) * hourly_level(unit.production)
            elif isinstance(unit, HeatPump) and unit.location in circuit.locations:
                load = district.unit(unit.source) if unit.source is not None else None
                if isinstance(load, CoolingLoad):
                    heat_kw = heat_pump_kw(district, unit, supply_c, return_c)
                    total += heat_kw * hourly_level(load.production)
    return total


def hourly_level(production: Production) -> FloatArray:
    """Planned production less the mean share of outages, 0..1, shape ``(8760,)``."""
    hours = np.arange(HOURS_PER_YEAR, dtype=np.float64)
    plan = planned_level(production, 1.0, hours % 24.0, hours // 24.0 % 7.0)
    out_share = production.outages_per_year * production.outage_hours / HOURS_PER_YEAR
    return plan * max(0.0, 1.0 - out_share)


def _log_mean_k(first_c: float, second_c: float) -> float:
    first, second = first_c + ZERO_CELSIUS_K, second_c + ZERO_CELSIUS_K
    if abs(first - second) < 1e-6:
        return first
    return float((first - second) / np.log(first / second))
