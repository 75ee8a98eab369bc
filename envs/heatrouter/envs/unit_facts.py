"""The size of a unit in a few words, for tables and drawings."""

from heatrouter.envs.spec.consumer_units import (
    BatchProcess,
    FabHeat,
    Greenhouse,
    ProcessHeat,
    Substation,
)
from heatrouter.envs.spec.district import Unit
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    CoolingLoad,
    Digester,
    HeatExchanger,
    HeatPump,
    SolarThermal,
    Store,
)

_SQUARE_METRES_PER_HECTARE = 10_000.0
_KW_PER_MW = 1000.0


def unit_facts(unit: Unit) -> str:
    """What a unit is sized for, e.g. ``"2.2 MW, COP <= 7"``."""
    match unit:
        case Boiler():
            booster = ", booster" if unit.connection == "supply_to_supply" else ""
            return f"{power(unit.capacity_kw)} {unit.fuel}, min. {unit.min_load:.0%}{booster}"
        case HeatPump():
            source = unit.source or unit.source_location or unit.source_medium
            return f"{power(unit.capacity_kw)} from {source}"
        case Chp():
            electric_kw = unit.capacity_kw / unit.thermal_efficiency * unit.electric_efficiency
            return f"{power(unit.capacity_kw)} {unit.fuel}, {power(electric_kw)} electric"
        case HeatExchanger():
            return f"{power(unit.capacity_kw)} from {unit.primary_location}"
        case SolarThermal():
            return f"{unit.area_m2:,.0f} m² of collectors"
        case Store():
            fill = f", {unit.pcm.mass_kg / 1000.0:g} t PCM" if unit.pcm is not None else ""
            levels = f"{unit.empty_temp_c:g} to {unit.full_temp_c:g} °C"
            return f"{unit.volume_m3:,.0f} m³, {levels}{fill}"
        case Digester():
            return f"{power(unit.peak_gas_kw)} of gas, {unit.capacity_kwh:,.0f} kWh"
        case CoolingLoad():
            inlet, outlet = unit.water_inlet_temp_c, unit.water_outlet_temp_c
            return f"{power(unit.peak_kw)}, {inlet:g}/{outlet:g} °C"
        case Substation():
            hot_water = f"{unit.hot_water_annual_mwh:,.0f} MWh/a hot water"
            return f"{power(unit.space_heat_design_kw)}, {hot_water}"
        case ProcessHeat():
            return f"{power(unit.base_kw)} + {unit.weather_kw_k:g} kW/K"
        case BatchProcess():
            tonnes = unit.charge_kg / 1000.0
            return f"{tonnes:g} t every {unit.interval_min:g} min to {unit.target_temp_c:g} °C"
        case FabHeat():
            return f"{unit.make_up_air_m3_s:g} m³/s air, {unit.ultrapure_water_kg_s:g} kg/s water"
        case Greenhouse():
            area = unit.floor_area_m2 / _SQUARE_METRES_PER_HECTARE
            return f"{area:g} ha, {unit.heat_design_w_m2:g} W/m²"
        case _:
            span_k = unit.stream_temp_c - unit.min_exhaust_temp_c
            return (
                f"<= {power(unit.stream_capacity_kw_k * span_k)}, stream {unit.stream_temp_c:g} °C"
            )


def unit_size(unit: Unit) -> str:
    """The one number that says how large a unit is, e.g. ``"2.20 MW"``."""
    match unit:
        case Boiler() | HeatPump() | Chp() | HeatExchanger():
            return power(unit.capacity_kw)
        case SolarThermal():
            return f"{unit.area_m2:,.0f} m²"
        case Store():
            return f"{unit.volume_m3:,.0f} m³"
        case Digester():
            return power(unit.peak_gas_kw)
        case CoolingLoad():
            return power(unit.peak_kw)
        case Substation():
            return power(unit.space_heat_design_kw)
        case ProcessHeat():
            return f"{power(unit.base_kw)} base"
        case BatchProcess():
            return f"{unit.charge_kg / 1000.0:g} t"
        case FabHeat():
            return f"{unit.make_up_air_m3_s:g} m³/s"
        case Greenhouse():
            return f"{unit.floor_area_m2 / _SQUARE_METRES_PER_HECTARE:g} ha"
        case _:
            return f"{unit.stream_temp_c:g} °C"


def power(kilowatts: float) -> str:
    """A power as people say it: ``"1.25 MW"``, ``"340 kW"``."""
    if abs(kilowatts) >= _KW_PER_MW:
        return f"{kilowatts / _KW_PER_MW:.2f} MW"
    return f"{kilowatts:.0f} kW"
