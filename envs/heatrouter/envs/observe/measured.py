"""Measured channels of every kind of unit: what SCADA has and what dispatch or a policy needs.

Bounds are physical: they scale the inputs of a policy and are the range check of a tag. They are
wide enough that a healthy plant never touches them.
"""

from collections.abc import Iterator
from typing import Literal

from heatrouter.envs.contract import Channel
from heatrouter.envs.spec.consumer_units import Greenhouse, ProcessHeat, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.network import Circuit
from heatrouter.envs.spec.plant_units import Boiler, CoolingLoad, HeatPump, Store, WasteHeatSource
from heatrouter.envs.units import KWH_PER_MWH, W_PER_KW

_HOURS_PER_YEAR = 8760.0
_MARGIN = 1.2
"""Measured powers may exceed the rating for a while; beyond this the meter is wrong."""
_HOT_WATER_PEAK_OVER_MEAN = 6.0
"""Morning peak of a quarter's hot water over its yearly mean (DIN 4708 quarters: 4 to 8)."""
_SPREAD_K = 20.0
"""Least temperature spread with which the largest flow is estimated."""

SERIES_BOUNDS: dict[str, tuple[str, float, float]] = {
    "ambient_temp_c": ("degC", -30.0, 40.0),
    "ground_temp_c": ("degC", -5.0, 25.0),
    "irradiance_w_m2": ("W/m2", 0.0, 1200.0),
    "wind_speed_m_s": ("m/s", 0.0, 40.0),
    "electricity_eur_per_mwh": ("eur/MWh", -500.0, 1000.0),
    "gas_eur_per_mwh": ("eur/MWh", 0.0, 350.0),
    "co2_eur_per_t": ("eur/t", 0.0, 250.0),
    "carbon_intensity_g_per_kwh": ("g/kWh", 0.0, 1000.0),
}
"""Unit and bounds of the series of every district (extremes of EPEX spot, TTF and EU ETS)."""


def series_bounds(district: District, series: str) -> tuple[str, float, float] | None:
    """Unit and bounds of a scenario series, or None where the district has no such series."""
    if series in SERIES_BOUNDS:
        return SERIES_BOUNDS[series]
    name, _, quantity = series.partition(".")
    for unit in district.units:
        if unit.name != name:
            continue
        if quantity == "level" and isinstance(unit, WasteHeatSource | CoolingLoad | ProcessHeat):
            return "1", 0.0, 1.0
        if quantity == "hot_water_kw" and isinstance(unit, Substation):
            return "kW", 0.0, hot_water_peak_kw(unit)
    return None


def hot_water_peak_kw(unit: Substation) -> float:
    """Largest hot-water load of a quarter, kW."""
    mean = unit.hot_water_annual_mwh * KWH_PER_MWH / _HOURS_PER_YEAR
    return max(mean * _HOT_WATER_PEAK_OVER_MEAN, 1.0)


def consumer_peak_kw(district: District, unit: Substation | ProcessHeat | Greenhouse) -> float:
    """Largest heat that a consumer takes in normal operation, kW."""
    if isinstance(unit, Substation):
        return unit.space_heat_design_kw + hot_water_peak_kw(unit)
    if isinstance(unit, ProcessHeat):
        cold = max(unit.weather_end_c - district.site.design_temp_c, 0.0)
        return unit.base_kw + unit.weather_kw_k * cold
    return unit.floor_area_m2 * unit.heat_design_w_m2 / W_PER_KW


def circuit_peak_kw(district: District, circuit: Circuit) -> float:
    """Largest load of a circuit's consumers together, kW."""
    return sum(
        consumer_peak_kw(district, unit)
        for unit in district.units
        if isinstance(unit, Substation | ProcessHeat | Greenhouse)
        and unit.location in circuit.locations
    )


def measured_channels(district: District) -> tuple[Channel, ...]:
    """All measured channels: site, units in the district's order, then circuits."""
    channels: list[Channel] = []

    def add(
        name: str,
        unit: str,
        low: float,
        high: float,
        aggregation: Literal["instant", "mean"] = "mean",
    ) -> None:
        channels.append(
            Channel(
                name=name,
                unit=unit,
                low=low,
                high=high,
                source="measured",
                origin=name,
                aggregation=aggregation,
            )
        )

    hottest = max(c.supply_temp_max_c for c in district.circuits) + 15.0
    for series in ("ambient_temp_c", "irradiance_w_m2"):
        add(f"site.{series}", *SERIES_BOUNDS[series])
    for unit in district.units:
        n = unit.name
        if isinstance(unit, WasteHeatSource):
            peak = _source_peak_kw(unit)
            add(f"{n}.heat_kw", "kW", 0.0, peak)
            add(f"{n}.available_kw", "kW", 0.0, peak)
        elif isinstance(unit, CoolingLoad):
            add(f"{n}.cooling_kw", "kW", 0.0, unit.peak_kw * _MARGIN)
        elif isinstance(unit, HeatPump):
            add(f"{n}.heat_kw", "kW", 0.0, unit.capacity_kw * _MARGIN)
            add(f"{n}.power_kw", "kW", 0.0, unit.capacity_kw * 0.6)
            add(f"{n}.limit_kw", "kW", 0.0, unit.capacity_kw * _MARGIN)
        elif isinstance(unit, Boiler):
            add(f"{n}.heat_kw", "kW", 0.0, unit.capacity_kw * _MARGIN)
        elif isinstance(unit, Store):
            power = _store_power_kw(district, unit)
            add(f"{n}.level", "1", -0.5, 1.5, "instant")
            add(f"{n}.charge_kw", "kW", -power, power)
            for layer in ("top", "middle", "bottom"):
                add(f"{n}.{layer}_temp_c", "degC", 5.0, hottest, "instant")
        elif isinstance(unit, Substation):
            add(f"{n}.supply_temp_c", "degC", 5.0, hottest)
            add(f"{n}.room_temp_c", "degC", 0.0, 35.0, "instant")
        elif isinstance(unit, ProcessHeat):
            add(f"{n}.heat_kw", "kW", 0.0, consumer_peak_kw(district, unit) * 2.0)
            add(f"{n}.supply_temp_c", "degC", 5.0, hottest)
        else:
            add(f"{n}.heat_kw", "kW", 0.0, consumer_peak_kw(district, unit) * 2.0)
            add(f"{n}.supply_temp_c", "degC", 5.0, hottest)
            add(f"{n}.air_temp_c", "degC", -5.0, 50.0, "instant")
            add(f"{n}.air_mean_24h_c", "degC", -5.0, 40.0, "instant")
    for circuit in district.circuits:
        for name, unit_name, low, high in _circuit_bounds(district, circuit):
            add(f"{circuit.name}.{name}", unit_name, low, high)
    return tuple(channels)


LAGGED_QUANTITIES = ("supply_temp_c", "return_temp_c", "mass_flow_kg_s", "load_kw")
"""Quantities of a circuit whose past tells what is under way in its pipes."""


def _circuit_bounds(
    district: District, circuit: Circuit
) -> Iterator[tuple[str, str, float, float]]:
    peak = circuit_peak_kw(district, circuit) * 1.5
    flow = peak * W_PER_KW / (circuit.heat_capacity_j_kgk * _SPREAD_K)
    pump = circuit.dp_control
    # hydraulic power of the largest flow against the full head, 1 bar = 1e5 Pa
    power = flow / circuit.density_kg_m3 * pump.max_head_bar * 1e5 / pump.efficiency / W_PER_KW
    yield "supply_temp_c", "degC", 5.0, circuit.supply_temp_max_c + 15.0
    yield "return_temp_c", "degC", 5.0, circuit.supply_temp_max_c
    yield "mass_flow_kg_s", "kg/s", 0.0, flow
    yield "load_kw", "kW", 0.0, peak
    yield "worst_dp_bar", "bar", -2.0, pump.max_head_bar
    yield "pump_power_kw", "kW", 0.0, power


def _source_peak_kw(unit: WasteHeatSource) -> float:
    """Largest available heat; against the exhaust limit where that lies below the reference."""
    cold = min(unit.reference_temp_c, unit.min_exhaust_temp_c)
    return max(unit.stream_capacity_kw_k * (unit.stream_temp_c - cold) * _MARGIN, 1.0)


def _store_power_kw(district: District, unit: Store) -> float:
    circuit = next(c for c in district.circuits if unit.location in c.locations)
    spread = unit.full_temp_c - unit.empty_temp_c
    return unit.max_mass_flow_kg_s * circuit.heat_capacity_j_kgk * spread / W_PER_KW * _MARGIN


__all__ = [
    "LAGGED_QUANTITIES",
    "SERIES_BOUNDS",
    "circuit_peak_kw",
    "consumer_peak_kw",
    "hot_water_peak_kw",
    "measured_channels",
    "series_bounds",
]
