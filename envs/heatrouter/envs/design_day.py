"""What a district needs and has, hour by hour and on the design day, from its description alone.

Estimates for sizing, not simulation: no thermal mass, no pipe delay, design temperatures at the
consumers, planned production without noise.
"""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.pipe_loss import pair_conductance
from heatrouter.envs.scenarios.production import planned_level
from heatrouter.envs.spec.consumer_units import Greenhouse, ProcessHeat, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.network import Circuit
from heatrouter.envs.spec.plant_units import CoolingLoad, HeatPump, Production, WasteHeatSource
from heatrouter.envs.units import KWH_PER_MWH, W_PER_KW, ZERO_CELSIUS_K

HOURS_PER_YEAR = 8760
HOT_WATER_FULL_LOAD_HOURS = 3000.0
"""By which a quarter's annual hot water gives its design heat; the simulation's figure, too."""

_DAY_STARTS_H, _DAY_ENDS_H = 7.0, 21.0
_HEATING_CURVE_END_C = 15.0
Consumer = Substation | ProcessHeat | Greenhouse


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
    units = [u for u in district.units if isinstance(u, Substation | ProcessHeat | Greenhouse)]
    return [u for u in units if circuit is None or u.location in circuit.locations]


def design_heat_kw(district: District, unit: Consumer) -> float:
    """Heat that a consumer takes on the design day, without sun or internal gains, kW."""
    if isinstance(unit, Substation):
        hot_water_kw = unit.hot_water_annual_mwh * KWH_PER_MWH / HOT_WATER_FULL_LOAD_HOURS
        return unit.space_heat_design_kw + hot_water_kw
    if isinstance(unit, ProcessHeat):
        depth = max(0.0, unit.weather_end_c - district.site.design_temp_c)
        return unit.base_kw + unit.weather_kw_k * depth
    return unit.floor_area_m2 * unit.heat_design_w_m2 / W_PER_KW


def design_supply_c(unit: Consumer) -> float:
    """Design supply temperature of the network water at a consumer, degC."""
    if isinstance(unit, Substation):
        return unit.space_heat_exchanger.primary_supply_c
    if isinstance(unit, ProcessHeat):
        return unit.exchanger.primary_supply_c
    return unit.design_supply_c


def design_span_k(unit: Consumer) -> float:
    """Design cooling of the network water at a consumer, K."""
    if isinstance(unit, Substation):
        return design_supply_c(unit) - unit.space_heat_exchanger.primary_return_c
    if isinstance(unit, ProcessHeat):
        return design_supply_c(unit) - unit.exchanger.primary_return_c
    return design_supply_c(unit) - unit.design_return_c


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
        return np.asarray((unit.base_kw + weather_kw) * _level(unit.production))
    hour = np.arange(HOURS_PER_YEAR) % 24
    day = (hour >= _DAY_STARTS_H) & (hour < _DAY_ENDS_H)
    wanted_c = np.where(day, unit.day_temp_c, unit.night_temp_c)
    loss_w_m2k = unit.loss_w_m2k * np.where(day, 1.0, 1.0 - unit.screen_saving)
    need_w_m2 = loss_w_m2k * (wanted_c - outdoors) - unit.solar_gain_share * sun
    return np.asarray(np.clip(need_w_m2, 0.0, unit.heat_design_w_m2) * unit.floor_area_m2 / 1000.0)


def return_temp_c(district: District) -> float:
    """Design return temperature of the consumers, weighted by their design flow, degC."""
    units = consumers(district)
    if not units:
        return 40.0
    flows = [design_heat_kw(district, u) / design_span_k(u) for u in units]
    returns = [design_supply_c(u) - design_span_k(u) for u in units]
    return float(np.average(returns, weights=flows))


def supply_temp_c(district: District, weather: Weather) -> FloatArray:
    """Heating curve over the year, degC, shape ``(8760,)``.

    From the lowest supply temperature at 15 degC outdoors to the highest that a consumer is
    designed for on the design day.
    """
    units = consumers(district)
    low = min(c.supply_temp_min_c for c in district.circuits)
    high = max([low, *(design_supply_c(u) for u in units)])
    cold = district.site.design_temp_c
    return np.asarray(np.interp(weather.ambient_temp_c, [cold, _HEATING_CURVE_END_C], [high, low]))


def loss_kw(
    district: District, supply_c: FloatArray, return_c: float, ground_c: float
) -> FloatArray:
    """Heat that all pipes lose to the ground, kW, of the shape of ``supply_c``."""
    series = {s.name: s for s in district.pipe_series}
    conductance_w_k = 0.0
    for pipe in district.pipes:
        kind = series[pipe.series]
        per_m = pair_conductance(
            inner_diameter_m=kind.inner_diameter_m,
            wall_thickness_m=kind.wall_thickness_m,
            casing_diameter_m=kind.casing_diameter_m,
            wall_conductivity_w_mk=kind.wall_conductivity_w_mk,
            insulation_conductivity_w_mk=kind.insulation_conductivity_w_mk,
            soil_conductivity_w_mk=district.soil.conductivity_w_mk,
            burial_depth_m=pipe.burial_depth_m,
            axis_distance_m=pipe.axis_distance_m,
        )
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
    """Heat that a heat pump gives with its cooling load at full production, kW."""
    load = district.unit(unit.source)
    if not isinstance(load, CoolingLoad):
        return 0.0
    sink_k = _log_mean_k(min(supply_c, unit.max_sink_temp_c), return_c)
    source_k = _log_mean_k(load.water_inlet_temp_c, load.water_outlet_temp_c)
    cop = min(unit.lorenz_efficiency * sink_k / max(sink_k - source_k, 5.0), unit.max_cop)
    cop = max(cop, 1.01)
    return float(min(unit.capacity_kw, load.peak_kw * cop / (cop - 1.0)))


def hourly_waste_heat_kw(district: District, weather: Weather) -> FloatArray:
    """What sources and heat pumps could give if all of it were taken, kW, shape ``(8760,)``."""
    return_c = return_temp_c(district)
    supply_c = float(np.mean(supply_temp_c(district, weather)))
    total = np.zeros(HOURS_PER_YEAR)
    for unit in district.units:
        if isinstance(unit, WasteHeatSource):
            total += recoverable_kw(unit, return_c) * _level(unit.production)
        elif isinstance(unit, HeatPump):
            load = district.unit(unit.source)
            level = _level(load.production) if isinstance(load, CoolingLoad) else 0.0
            total += heat_pump_kw(district, unit, supply_c, return_c) * level
    return total


def _level(production: Production) -> FloatArray:
    hours = np.arange(HOURS_PER_YEAR, dtype=np.float64)
    plan = planned_level(production, 1.0, hours % 24.0, hours // 24.0 % 7.0)
    out_share = production.outages_per_year * production.outage_hours / HOURS_PER_YEAR
    return plan * max(0.0, 1.0 - out_share)


def _log_mean_k(first_c: float, second_c: float) -> float:
    first, second = first_c + ZERO_CELSIUS_K, second_c + ZERO_CELSIUS_K
    if abs(first - second) < 1e-6:
        return first
    return float((first - second) / np.log(first / second))
