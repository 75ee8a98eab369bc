"""The size of a unit in a few words, for tables and drawings."""

from heatrouter.envs.spec.consumer_units import Greenhouse, ProcessHeat, Substation
from heatrouter.envs.spec.district import Unit
from heatrouter.envs.spec.plant_units import Boiler, CoolingLoad, HeatPump, Store

_SQUARE_METRES_PER_HECTARE = 10_000.0
_KW_PER_MW = 1000.0


def unit_facts(unit: Unit) -> str:
    """What a unit is sized for, e.g. ``"2.2 MW, COP <= 7"``."""
    if isinstance(unit, Boiler):
        return f"{power(unit.capacity_kw)}, min. {unit.min_load:.0%}"
    if isinstance(unit, HeatPump):
        return f"{power(unit.capacity_kw)} from {unit.source}"
    if isinstance(unit, Store):
        return f"{unit.volume_m3:,.0f} m³, {unit.empty_temp_c:g} to {unit.full_temp_c:g} °C"
    if isinstance(unit, CoolingLoad):
        inlet, outlet = unit.water_inlet_temp_c, unit.water_outlet_temp_c
        return f"{power(unit.peak_kw)}, {inlet:g}/{outlet:g} °C"
    if isinstance(unit, Substation):
        hot_water = f"{unit.hot_water_annual_mwh:,.0f} MWh/a hot water"
        return f"{power(unit.space_heat_design_kw)}, {hot_water}"
    if isinstance(unit, ProcessHeat):
        return f"{power(unit.base_kw)} + {unit.weather_kw_k:g} kW/K"
    if isinstance(unit, Greenhouse):
        area = unit.floor_area_m2 / _SQUARE_METRES_PER_HECTARE
        return f"{area:g} ha, {unit.heat_design_w_m2:g} W/m²"
    largest_kw = unit.stream_capacity_kw_k * (unit.stream_temp_c - unit.min_exhaust_temp_c)
    return f"<= {power(largest_kw)}, stream {unit.stream_temp_c:g} °C"


def unit_size(unit: Unit) -> str:
    """The one number that says how large a unit is, e.g. ``"2.20 MW"``."""
    if isinstance(unit, Boiler | HeatPump):
        return power(unit.capacity_kw)
    if isinstance(unit, Store):
        return f"{unit.volume_m3:,.0f} m³"
    if isinstance(unit, CoolingLoad):
        return power(unit.peak_kw)
    if isinstance(unit, Substation):
        return power(unit.space_heat_design_kw)
    if isinstance(unit, ProcessHeat):
        return f"{power(unit.base_kw)} base"
    if isinstance(unit, Greenhouse):
        return f"{unit.floor_area_m2 / _SQUARE_METRES_PER_HECTARE:g} ha"
    return f"{unit.stream_temp_c:g} °C"


def power(kilowatts: float) -> str:
    """A power as people say it: ``"1.25 MW"``, ``"340 kW"``."""
    if abs(kilowatts) >= _KW_PER_MW:
        return f"{kilowatts / _KW_PER_MW:.2f} MW"
    return f"{kilowatts:.0f} kW"
