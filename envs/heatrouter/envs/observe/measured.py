"""Measured channels of every kind of unit: what SCADA has and what dispatch or a policy needs.

Bounds are physical: they scale the inputs of a policy and are the range check of a tag. They are
wide enough that a healthy plant never touches them.
"""

from collections.abc import Iterator
from typing import Literal

from heatrouter.envs.contract import Channel
from heatrouter.envs.scenarios.catalogue import ProductionUnit
from heatrouter.envs.spec.consumer_units import BatchProcess, Consumer, Greenhouse, Substation
from heatrouter.envs.spec.design_load import SUN_W_M2, design_draws, design_heat_kw, solar_peak_kw
from heatrouter.envs.spec.district import District, Unit
from heatrouter.envs.spec.network import Circuit
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    CoolingLoad,
    Digester,
    HeatExchanger,
    HeatPump,
    SolarThermal,
    Store,
    WasteHeatSource,
)
from heatrouter.envs.units import KWH_PER_MWH, W_PER_KW

_HOURS_PER_YEAR = 8760.0
_MARGIN = 1.2
"""Measured powers may exceed the rating for a while; beyond this the meter is wrong."""
_HOT_WATER_PEAK_OVER_MEAN = 6.0
"""Morning peak of a quarter's hot water over its yearly mean (DIN 4708 quarters: 4 to 8)."""
_SPREAD_K = 20.0
"""Least temperature spread with which the largest flow is estimated, unless designed smaller."""
_MOST_FLOW_RATIO = 1.5
"""Of the design flow, where that lies above the estimate."""
_MOST_WAITING = 20.0
"""Charges that wait; more have been forced to start before."""

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
        if quantity == "level" and isinstance(unit, ProductionUnit):
            return "1", 0.0, 1.0
        if quantity == "hot_water_kw" and isinstance(unit, Substation):
            return "kW", 0.0, hot_water_peak_kw(unit)
    return None


def hot_water_peak_kw(unit: Substation) -> float:
    """Largest hot-water load of a quarter, kW."""
    mean = unit.hot_water_annual_mwh * KWH_PER_MWH / _HOURS_PER_YEAR
    return max(mean * _HOT_WATER_PEAK_OVER_MEAN, 1.0)


def consumer_peak_kw(district: District, unit: Consumer) -> float:
    """Largest heat that a consumer takes in normal operation, kW."""
    if isinstance(unit, Substation):
        return unit.space_heat_design_kw + hot_water_peak_kw(unit)
    return design_heat_kw(district, unit)


def circuit_peak_kw(district: District, circuit: Circuit) -> float:
    """Largest load of a circuit's consumers and links together, kW."""
    linked_kw = sum(
        draw.heat_kw
        for draw in design_draws(district, circuit)
        if not isinstance(district.unit(draw.unit), Consumer)
    )
    return linked_kw + sum(
        consumer_peak_kw(district, unit)
        for unit in district.units
        if isinstance(unit, Consumer) and unit.location in circuit.locations
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
        for name, unit_name, low, high, aggregation in _unit_bounds(district, unit, hottest):
            add(f"{unit.name}.{name}", unit_name, low, high, aggregation)
    for circuit in district.circuits:
        for name, unit_name, low, high in _circuit_bounds(district, circuit):
            add(f"{circuit.name}.{name}", unit_name, low, high)
    return tuple(channels)


_Bounds = tuple[str, str, float, float, Literal["instant", "mean"]]
"""Quantity, unit, low, high, aggregation."""


def _unit_bounds(district: District, unit: Unit, hottest: float) -> Iterator[_Bounds]:
    if isinstance(unit, WasteHeatSource | SolarThermal):
        peak = _source_peak_kw(unit)
        yield "heat_kw", "kW", 0.0, peak, "mean"
        yield "available_kw", "kW", 0.0, peak, "mean"
    elif isinstance(unit, CoolingLoad):
        yield "cooling_kw", "kW", 0.0, unit.peak_kw * _MARGIN, "mean"
    elif isinstance(unit, HeatPump | Boiler | Chp | HeatExchanger):
        yield from _machine_bounds(unit, hottest)
    elif isinstance(unit, Digester):
        yield "gas_kw", "kW", 0.0, unit.peak_gas_kw * _MARGIN, "mean"
        yield "fill_level", "1", 0.0, 1.0, "instant"
    elif isinstance(unit, Store):
        power = _store_power_kw(district, unit)
        yield "level", "1", -0.5, 1.5, "instant"
        yield "charge_kw", "kW", -power, power, "mean"
        for layer in ("top", "middle", "bottom"):
            yield f"{layer}_temp_c", "degC", 5.0, hottest, "instant"
        if unit.pcm is not None:
            yield "molten_share", "1", 0.0, 1.0, "instant"
    else:
        yield from _consumer_bounds(district, unit, hottest)


def _machine_bounds(
    unit: HeatPump | Boiler | Chp | HeatExchanger, hottest: float
) -> Iterator[_Bounds]:
    most = unit.capacity_kw * _MARGIN
    yield "heat_kw", "kW", 0.0, most, "mean"
    if isinstance(unit, HeatPump):
        yield "power_kw", "kW", 0.0, unit.capacity_kw * 0.6, "mean"
        yield "limit_kw", "kW", 0.0, most, "mean"
        if unit.source is None:
            yield "source_temp_c", "degC", -40.0, hottest, "mean"
    elif isinstance(unit, Boiler) and unit.fuel == "electricity":
        yield "power_kw", "kW", 0.0, most, "mean"
    elif isinstance(unit, Chp):
        yield "generated_kw", "kW", 0.0, most / unit.thermal_efficiency, "mean"
    elif isinstance(unit, HeatExchanger):
        yield "limit_kw", "kW", 0.0, most, "mean"
        yield "primary_flow_kg_s", "kg/s", 0.0, _link_flow_kg_s(unit), "mean"
        yield "primary_supply_temp_c", "degC", 5.0, hottest, "mean"
        yield "primary_return_temp_c", "degC", 5.0, hottest, "mean"


def _consumer_bounds(district: District, unit: Consumer, hottest: float) -> Iterator[_Bounds]:
    if not isinstance(unit, Substation):
        yield "heat_kw", "kW", 0.0, consumer_peak_kw(district, unit) * 2.0, "mean"
    yield "supply_temp_c", "degC", 5.0, hottest, "mean"
    if isinstance(unit, Substation):
        yield "room_temp_c", "degC", 0.0, 35.0, "instant"
    elif isinstance(unit, BatchProcess):
        yield "waiting", "1", 0.0, _MOST_WAITING, "instant"
    elif isinstance(unit, Greenhouse):
        yield "air_temp_c", "degC", -5.0, 50.0, "instant"
        yield "air_mean_24h_c", "degC", -5.0, 40.0, "instant"


LAGGED_QUANTITIES = ("supply_temp_c", "return_temp_c", "mass_flow_kg_s", "load_kw")
"""Quantities of a circuit whose past tells what is under way in its pipes."""


def _circuit_bounds(
    district: District, circuit: Circuit
) -> Iterator[tuple[str, str, float, float]]:
    peak = circuit_peak_kw(district, circuit) * 1.5
    flow = peak * W_PER_KW / (circuit.heat_capacity_j_kgk * _SPREAD_K)
    designed = sum(d.heat_kw / d.span_k for d in design_draws(district, circuit))
    flow = max(flow, _MOST_FLOW_RATIO * designed * W_PER_KW / circuit.heat_capacity_j_kgk)
    pump = circuit.dp_control
    # hydraulic power of the largest flow against the full head, 1 bar = 1e5 Pa
    power = flow / circuit.density_kg_m3 * pump.max_head_bar * 1e5 / pump.efficiency / W_PER_KW
    yield "supply_temp_c", "degC", 5.0, circuit.supply_temp_max_c + 15.0
    yield "return_temp_c", "degC", 5.0, circuit.supply_temp_max_c
    yield "mass_flow_kg_s", "kg/s", 0.0, flow
    yield "load_kw", "kW", 0.0, peak
    yield "worst_dp_bar", "bar", -2.0, pump.max_head_bar
    yield "pump_power_kw", "kW", 0.0, power


def _source_peak_kw(unit: WasteHeatSource | SolarThermal) -> float:
    """Largest available heat.

    Of a stream against the exhaust limit where that lies below the reference; of collectors into
    water as cold as the air, under the highest sun of the series.
    """
    if isinstance(unit, SolarThermal):
        highest = SERIES_BOUNDS["irradiance_w_m2"][2] / SUN_W_M2
        return max(solar_peak_kw(unit, 20.0) * highest * _MARGIN, 1.0)
    cold = min(unit.reference_temp_c, unit.min_exhaust_temp_c)
    return max(unit.stream_capacity_kw_k * (unit.stream_temp_c - cold) * _MARGIN, 1.0)


def _link_flow_kg_s(unit: HeatExchanger) -> float:
    span = unit.exchanger.primary_supply_c - unit.exchanger.primary_return_c
    return unit.capacity_kw / (4.19 * span) * unit.exchanger.max_flow_ratio * _MARGIN


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
