"""What each user of heat draws from its circuit on the design day.

Estimates from the description alone, for checks and sizing: no sun, no internal gains, full
production, no diversity between users.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

from heatrouter.envs.spec.consumer_units import (
    BatchProcess,
    Consumer,
    FabHeat,
    HeatExchangerDesign,
    ProcessHeat,
    Substation,
)
from heatrouter.envs.spec.plant_units import HeatExchanger, HeatPump, PcmFill, SolarThermal
from heatrouter.envs.units import KWH_PER_MWH, W_PER_KW, WATER_CP_J_KGK

if TYPE_CHECKING:
    from heatrouter.envs.spec.district import District
    from heatrouter.envs.spec.network import Circuit

HOT_WATER_FULL_LOAD_HOURS: Final = 3000.0
"""By which a quarter's annual hot water gives its design heat; the simulation's figure, too."""
AIR_KJ_M3K: Final = 1.2
"""Heat capacity of a cubic metre of outdoor air at 20 degC and 1 bar."""
GROUND_DESIGN_C: Final = 6.0
"""Raw water on the design day: the ground at pipe depth late in winter."""
SUN_W_M2: Final = 800.0
"""Irradiance of a summer noon, by which a collector field is said to be so many kW."""
_SUMMER_AIR_C: Final = 20.0
_DESIGN_COP: Final = 3.5
"""By which the evaporator of a heat pump between two circuits is sized."""
_WATER_KJ_KGK: Final = WATER_CP_J_KGK / 1000.0


class Draw(NamedTuple):
    """Heat that a unit draws from a circuit on the design day."""

    unit: str
    location: str
    heat_kw: float
    span_k: float  # by which the network's water is cooled


def preheat_temp_c(unit: BatchProcess) -> float:
    """Temperature to which design water preheats a charge, degC."""
    reached = min(unit.exchanger.primary_supply_c - unit.preheat_approach_k, unit.target_temp_c)
    return max(reached, unit.start_temp_c)


def preheat_kwh(unit: BatchProcess) -> float:
    """Heat that a charge takes from design water, kWh."""
    lift_k = preheat_temp_c(unit) - unit.start_temp_c
    return unit.charge_kg * unit.heat_capacity_kj_kgk * lift_k / 3600.0


def pcm_kwh(fill: PcmFill, span_k: float) -> float:
    """Heat of a fill from solid to molten over a span of temperature round its melting, kWh."""
    sensible = 0.5 * (fill.heat_capacity_solid_kj_kgk + fill.heat_capacity_liquid_kj_kgk)
    return fill.mass_kg * (fill.latent_kj_kg + sensible * span_k) / 3600.0


def solar_peak_kw(unit: SolarThermal, water_c: float) -> float:
    """Heat of a collector field at a summer noon for water of a mean temperature, kW."""
    in_plane = SUN_W_M2 * unit.plane_ratio
    lift_k = water_c - _SUMMER_AIR_C
    lost = unit.loss_a1_w_m2k * lift_k + unit.loss_a2_w_m2k2 * lift_k * abs(lift_k)
    return max(unit.zero_loss_efficiency * in_plane - lost, 0.0) * unit.area_m2 / W_PER_KW


def fab_heat_kw(unit: FabHeat, ambient_temp_c: float, ground_temp_c: float) -> float:
    """Heat of make-up air and ultrapure water at full production, kW."""
    air_k = max(unit.make_up_air_temp_c - ambient_temp_c, 0.0)
    water_k = max(unit.ultrapure_water_temp_c - ground_temp_c, 0.0)
    air_kw = unit.make_up_air_m3_s * AIR_KJ_M3K * air_k
    return air_kw + unit.ultrapure_water_kg_s * _WATER_KJ_KGK * water_k


def design_heat_kw(district: "District", unit: Consumer) -> float:
    """Heat that a consumer takes on the design day, without sun or internal gains, kW."""
    design_temp_c = district.site.design_temp_c
    if isinstance(unit, Substation):
        hot_water_kw = unit.hot_water_annual_mwh * KWH_PER_MWH / HOT_WATER_FULL_LOAD_HOURS
        return unit.space_heat_design_kw + hot_water_kw
    if isinstance(unit, ProcessHeat):
        depth = max(0.0, unit.weather_end_c - design_temp_c)
        return unit.base_kw + unit.weather_kw_k * depth
    if isinstance(unit, BatchProcess):
        return preheat_kwh(unit) / (unit.duration_min / 60.0)
    if isinstance(unit, FabHeat):
        return fab_heat_kw(unit, design_temp_c, GROUND_DESIGN_C)
    return unit.floor_area_m2 * unit.heat_design_w_m2 / W_PER_KW


def design_supply_c(unit: Consumer) -> float:
    """Design supply temperature of the network water at a consumer, degC."""
    if isinstance(unit, Substation):
        return unit.space_heat_exchanger.primary_supply_c
    if isinstance(unit, ProcessHeat | BatchProcess | FabHeat):
        return unit.exchanger.primary_supply_c
    return unit.design_supply_c


def design_span_k(unit: Consumer) -> float:
    """Design cooling of the network water at a consumer, K."""
    if isinstance(unit, Substation):
        return primary_span_k(unit.space_heat_exchanger)
    if isinstance(unit, ProcessHeat | BatchProcess | FabHeat):
        return primary_span_k(unit.exchanger)
    return unit.design_supply_c - unit.design_return_c


def primary_span_k(design: HeatExchangerDesign) -> float:
    """Design cooling of the network water in an exchanger, K."""
    return design.primary_supply_c - design.primary_return_c


def design_draws(district: "District", circuit: "Circuit") -> list[Draw]:
    """What consumers and links to other circuits draw from a circuit on the design day."""
    draws = []
    for unit in district.units:
        if isinstance(unit, Consumer):
            draw = Draw(
                unit.name, unit.location, design_heat_kw(district, unit), design_span_k(unit)
            )
        elif isinstance(unit, HeatExchanger):
            span_k = primary_span_k(unit.exchanger)
            draw = Draw(unit.name, unit.primary_location, unit.capacity_kw, span_k)
        elif isinstance(unit, HeatPump) and unit.source_location is not None:
            cooled_kw = unit.capacity_kw * (1.0 - 1.0 / _DESIGN_COP)
            draw = Draw(unit.name, unit.source_location, cooled_kw, unit.source_spread_k)
        else:
            continue
        inside = draw.location in circuit.locations
        # a link within one circuit is a mistake of its own, and takes nothing out of it
        if inside and (isinstance(unit, Consumer) or unit.location not in circuit.locations):
            draws.append(draw)
    return draws
