"""Tables of everything that cools network water, primary sides of links included."""

import math
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.batch_process import charge_heat_w
from heatrouter.envs.scenarios.catalogue import SHARED_HOT_WATER
from heatrouter.envs.set_points import set_point_name
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.indices import Indices, of_kind
from heatrouter.envs.spec.consumer_units import (
    BatchProcess,
    Consumer,
    FabHeat,
    Greenhouse,
    ProcessHeat,
    Substation,
)
from heatrouter.envs.spec.design_load import HOT_WATER_FULL_LOAD_HOURS, design_heat_kw
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.exchanger_design import HeatExchangerDesign
from heatrouter.envs.spec.plant_units import HeatExchanger, HeatPump

_KINDS: dict[type[Consumer], int] = {
    Substation: t.SUBSTATION,
    ProcessHeat: t.PROCESS,
    FabHeat: t.FAB,
    BatchProcess: t.BATCH,
    Greenhouse: t.GREENHOUSE,
}
"""In the order of the table's rows."""

_EVAPORATOR_RESERVE = 1.1
"""Largest over design flow of an evaporator."""


class Exchanger(NamedTuple):
    """Design of a counterflow exchanger in SI."""

    primary_flow: float
    secondary_flow: float
    ua: float


class ConsumerTable(NamedTuple):
    """Rows of all consumers, and which row is the primary side of which unit."""

    rows: IntArray  # (n_consumers, CI_FIELDS)
    data: FloatArray  # (n_consumers, CF_FIELDS)
    valve_resistance: FloatArray  # (n_consumers,) Pa s2/kg2
    primary_of: dict[str, int]


def design_exchanger(design: HeatExchangerDesign, heat_w: float, cp: float) -> Exchanger:
    """Flows (kg/s) and UA (W/K) of an exchanger at its design point, by LMTD.

    Raises:
        ValueError: if a terminal temperature difference is not positive.
    """
    hot_end = design.primary_supply_c - design.secondary_supply_c
    cold_end = design.primary_return_c - design.secondary_return_c
    if hot_end <= 0.0 or cold_end <= 0.0:
        message = f"terminal differences {hot_end} K and {cold_end} K must both be positive"
        raise ValueError(message)
    if abs(hot_end - cold_end) < 1e-9:
        lmtd = hot_end
    else:
        lmtd = (hot_end - cold_end) / math.log(hot_end / cold_end)
    return Exchanger(
        heat_w / (cp * (design.primary_supply_c - design.primary_return_c)),
        heat_w / (cp * (design.secondary_supply_c - design.secondary_return_c)),
        heat_w / lmtd,
    )


def consumer_names(district: District) -> tuple[str, ...]:
    """Consumers in the order of the table: by kind, then links and heat pumps on other circuits."""
    units = [u.name for kind in _KINDS for u in of_kind(district, kind)]
    links = [u.name for u in of_kind(district, HeatExchanger)]
    pumps = [u.name for u in of_kind(district, HeatPump) if u.source_location is not None]
    return (*units, *links, *pumps)


def build_consumers(district: District, at: Indices) -> ConsumerTable:
    """Rows of consumers by kind, then of the primary sides of links and heat pumps."""
    units: list[Consumer] = [u for kind in _KINDS for u in of_kind(district, kind)]
    links = of_kind(district, HeatExchanger)
    pumps = [u for u in of_kind(district, HeatPump) if u.source_location is not None]
    count = len(units) + len(links) + len(pumps)
    index = np.full((count, t.CI_FIELDS), -1, dtype=np.int64)
    data = np.zeros((count, t.CF_FIELDS))
    primary_of: dict[str, int] = {}
    for u, unit in enumerate(units):
        _place(index[u], unit.location, at)
        index[u, t.CI_KIND] = _KINDS[type(unit)]
        index[u, t.CI_COLUMN] = at.column[unit.name]
        index[u, t.CI_CLEANNESS] = at.series.get(f"{unit.name}.cleanness", -1)
        index[u, t.CI_SET_POINT] = at.point(set_point_name(unit))
        cp = district.circuits[int(index[u, t.CI_CIRCUIT])].heat_capacity_j_kgk
        _fill(district, unit, index[u], data[u], at, cp)
    link_units: list[HeatExchanger | HeatPump] = [*links, *pumps]
    for k, link in enumerate(link_units):
        u = len(units) + k
        primary_of[link.name] = u
        index[u, t.CI_CLEANNESS] = at.series.get(f"{link.name}.cleanness", -1)
        place = link.primary_location if isinstance(link, HeatExchanger) else link.source_location
        _place(index[u], str(place), at)
        cp = district.circuits[int(index[u, t.CI_CIRCUIT])].heat_capacity_j_kgk
        if isinstance(link, HeatExchanger):
            index[u, t.CI_KIND] = t.EXCHANGER
            _main_exchanger(data[u], link.exchanger, link.capacity_kw * 1e3, cp)
        else:
            index[u, t.CI_KIND] = t.EVAPORATOR
            heat = link.capacity_kw * 1e3 * (1.0 - 1.0 / link.max_cop)
            flow = heat / (cp * link.source_spread_k)
            data[u, t.CF_DESIGN_HEAT] = heat
            data[u, t.CF_SUPPLY], data[u, t.CF_RETURN] = link.source_spread_k, 0.0
            data[u, t.CF_PRIMARY], data[u, t.CF_SECONDARY] = flow, flow
            data[u, t.CF_MAX_FLOW] = flow * _EVAPORATOR_RESERVE
    # a wide-open valve passes the largest flow at the pressure difference that is held
    held = np.array([c.dp_control.min_dp_bar * 1e5 for c in district.circuits])
    largest = data[:, t.CF_MAX_FLOW] + data[:, t.CF_HOT_MAX]
    resistance = held[index[:, t.CI_CIRCUIT]] / largest**2
    return ConsumerTable(index, data, resistance, primary_of)


def _place(row: IntArray, location: str, at: Indices) -> None:
    row[t.CI_LOCATION] = at.location[location]
    row[t.CI_CIRCUIT] = at.circuit_of[row[t.CI_LOCATION]]


def _main_exchanger(d: FloatArray, design: HeatExchangerDesign, heat: float, cp: float) -> None:
    sized = design_exchanger(design, heat, cp)
    d[t.CF_DESIGN_HEAT] = heat
    d[t.CF_PRIMARY], d[t.CF_SECONDARY], d[t.CF_UA] = sized
    d[t.CF_SUPPLY], d[t.CF_RETURN] = design.secondary_supply_c, design.secondary_return_c
    d[t.CF_MAX_FLOW] = sized.primary_flow * design.max_flow_ratio


def _fill(
    district: District, u: Consumer, row: IntArray, d: FloatArray, at: Indices, cp: float
) -> None:
    heat = design_heat_kw(district, u) * 1e3
    d[t.CF_BYPASS_TEMP] = u.bypass_temp_c
    if isinstance(u, Substation):
        row[t.CI_HOT_WATER], d[t.CF_HOT_SCALE] = _hot_water(u, at)
        _substation(district, u, d, cp)
    elif isinstance(u, Greenhouse):
        _greenhouse(u, d, heat, cp)
    else:
        row[t.CI_LEVEL] = at.series[f"{u.name}.level"]
        _main_exchanger(d, u.exchanger, heat, cp)
        if isinstance(u, ProcessHeat):
            d[t.CF_BASE], d[t.CF_PER_KELVIN] = u.base_kw * 1e3, u.weather_kw_k * 1e3
            d[t.CF_WEATHER_END] = u.weather_end_c
        elif isinstance(u, FabHeat):
            d[t.CF_AIR_FLOW], d[t.CF_AIR_TEMP] = u.make_up_air_m3_s, u.make_up_air_temp_c
            d[t.CF_WATER_FLOW] = u.ultrapure_water_kg_s
            d[t.CF_WATER_TEMP] = u.ultrapure_water_temp_c
        else:
            _batch(u, d)
    d[t.CF_BYPASS_FLOW] = u.bypass_flow_share * d[t.CF_PRIMARY]


def _hot_water(u: Substation, at: Indices) -> tuple[int, float]:
    """Series of a substation's hot water and W per unit of it: its own, else the shared one."""
    own = f"{u.name}.hot_water_kw"
    if own in at.series or SHARED_HOT_WATER not in at.series:
        return at.series[own], 1e3
    return at.series[SHARED_HOT_WATER], u.hot_water_annual_mwh * 1e3


def _substation(district: District, u: Substation, d: FloatArray, cp: float) -> None:
    space = u.space_heat_design_kw * 1e3
    _main_exchanger(d, u.space_heat_exchanger, space, cp)
    design = u.hot_water_exchanger
    heat = u.hot_water_annual_mwh * 1e6 / HOT_WATER_FULL_LOAD_HOURS
    hot = design_exchanger(design, heat, cp)
    d[t.CF_HOT_PRIMARY], d[t.CF_HOT_SECONDARY], d[t.CF_HOT_UA] = hot
    d[t.CF_HOT_MAX] = hot.primary_flow * design.max_flow_ratio
    d[t.CF_HOT_IN], d[t.CF_HOT_OUT] = design.secondary_return_c, design.secondary_supply_c
    d[t.CF_HOT_HEAT] = heat
    b = u.buildings
    # the design heat covers the loss without gains on the design day
    loss = space / (b.room_temp_c - district.site.design_temp_c)
    d[t.CF_SET_TEMP], d[t.CF_SETBACK] = b.room_temp_c, b.night_setback_k
    d[t.CF_LOSS], d[t.CF_CAPACITY] = loss, loss * b.time_constant_h * 3600.0
    d[t.CF_GAINS] = b.gain_share * space
    d[t.CF_SOLAR] = b.solar_share_per_kw_m2 * space / 1000.0
    d[t.CF_CURVE_END] = u.secondary_slope_end_c


def _greenhouse(u: Greenhouse, d: FloatArray, heat: float, cp: float) -> None:
    area = u.floor_area_m2
    flow = heat / (cp * (u.design_supply_c - u.design_return_c))
    d[t.CF_DESIGN_HEAT], d[t.CF_PRIMARY], d[t.CF_SECONDARY] = heat, flow, 1.0
    d[t.CF_SUPPLY], d[t.CF_RETURN] = u.design_supply_c, u.design_return_c
    d[t.CF_MAX_FLOW] = flow * u.max_flow_ratio
    d[t.CF_SET_TEMP], d[t.CF_NIGHT_TEMP] = u.day_temp_c, u.night_temp_c
    d[t.CF_LOSS], d[t.CF_LEAKAGE] = u.loss_w_m2k * area, u.leakage_w_m2k * area
    d[t.CF_CAPACITY] = u.heat_capacity_kj_m2k * 1e3 * area
    d[t.CF_SOLAR], d[t.CF_TRANSPIRATION] = u.solar_gain_share * area, u.transpiration_share
    d[t.CF_SCREEN], d[t.CF_VENT_ABOVE] = u.screen_saving, u.vent_above_k
    d[t.CF_VENT_MAX], d[t.CF_FLOOR] = u.vent_max_w_m2k * area, area
    d[t.CF_CROP_MIN], d[t.CF_CROP_MAX] = u.crop_min_c, u.crop_max_c
    d[t.CF_MEAN_MIN], d[t.CF_MEAN_MAX] = u.crop_mean_min_c, u.crop_mean_max_c
    d[t.CF_COVER_RATIO] = u.cover_ratio
    d[t.CF_COVER_CAPACITY] = u.cover_capacity_kj_m2k * 1e3 * area
    d[t.CF_LAMPS], d[t.CF_LAMP_HEAT] = u.lamp_w_m2 * area, u.lamp_heat_share
    d[t.CF_LAMP_START], d[t.CF_LAMP_END] = u.lamp_start_h, u.lamp_end_h
    d[t.CF_LAMP_BELOW] = u.lamp_below_w_m2


def _batch(u: BatchProcess, d: FloatArray) -> None:
    d[t.CF_DURATION] = u.duration_min * 60.0
    d[t.CF_CHARGE_HEAT] = charge_heat_w(
        u.charge_kg,
        u.heat_capacity_kj_kgk * 1e3,
        u.start_temp_c,
        u.target_temp_c,
        d[t.CF_DURATION],
    )
    d[t.CF_INTERVAL], d[t.CF_SLACK] = u.interval_min * 60.0, u.slack_min * 60.0
    d[t.CF_START_TEMP], d[t.CF_TARGET_TEMP] = u.start_temp_c, u.target_temp_c
    d[t.CF_APPROACH], d[t.CF_FUEL_ETA] = u.preheat_approach_k, u.fuel_efficiency
