"""From described units to the arrays of the kernel: SI units, indices, sizes that follow."""

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeVar, cast

import numpy as np

from heatrouter.envs.set_points import set_point_names
from heatrouter.envs.simulation.outputs import SITE_SERIES, OutputLayout
from heatrouter.envs.simulation.parameters import (
    Boilers,
    Circuits,
    Consumers,
    Coolings,
    Greenhouses,
    HeatPumps,
    Parameters,
    Processes,
    Rooms,
    Sources,
    Stores,
)
from heatrouter.envs.spec.consumer_units import (
    Greenhouse,
    HeatExchangerDesign,
    ProcessHeat,
    Substation,
)
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import (
    Boiler,
    CoolingLoad,
    HeatPump,
    Store,
    WasteHeatSource,
)

__all__ = ["Exchanger", "build_parameters", "design_exchanger", "set_point_names"]

_T = TypeVar("_T")
HOT_WATER_HOURS = 3000.0
"""Full-load hours by which a quarter's annual hot water gives its design heat (with storage)."""


class Exchanger(NamedTuple):
    """Design of a counterflow exchanger in SI."""

    primary_flow: float
    secondary_flow: float
    ua: float


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


class _Builder:
    """Turns described units into arrays, with the indices they need."""

    def __init__(self, district: District, series: Sequence[str], layout: OutputLayout) -> None:
        self.district = district
        self.layout = layout
        self.location = {m.name: i for i, m in enumerate(district.locations)}
        self.series = {name: i for i, name in enumerate(series)}
        self.set_point = {name: i for i, name in enumerate(set_point_names(district))}
        self.cp = district.circuits[0].heat_capacity_j_kgk
        self.density = district.circuits[0].density_kg_m3

    def of(self, kind: type[_T]) -> list[_T]:
        return [u for u in self.district.units if isinstance(u, kind)]

    def sources(self) -> Sources:
        rows = [
            (
                self.location[u.location],
                self.location[u.inlet_location or u.location],
                int(u.connection == "return_to_return"),
                u.stream_temp_c,
                u.stream_capacity_kw_k * 1e3,
                u.min_exhaust_temp_c,
                u.reference_temp_c,
                u.exchanger_ua_kw_k * 1e3,
                u.max_mass_flow_kg_s,
                u.max_outlet_temp_c,
                u.sink_power_ratio,
                u.ramp_share_per_min / 60.0,
                self.series[f"{u.name}.level"],
                self.set_point[f"{u.name}.recovery_share"],
                self.layout.unit_start[u.name],
            )
            for u in self.of(WasteHeatSource)
        ]
        return _pack(Sources, rows)

    def coolings(self) -> Coolings:
        rows = [
            (
                u.peak_kw * 1e3,
                u.water_inlet_temp_c,
                u.water_outlet_temp_c,
                u.tower_power_ratio,
                self.series[f"{u.name}.level"],
                self.layout.unit_start[u.name],
            )
            for u in self.of(CoolingLoad)
        ]
        return _pack(Coolings, rows)

    def heat_pumps(self) -> HeatPumps:
        loads = [u.name for u in self.of(CoolingLoad)]
        rows = [
            (
                self.location[u.location],
                loads.index(u.source),
                u.capacity_kw * 1e3,
                u.lorenz_efficiency,
                u.max_cop,
                u.max_sink_temp_c,
                u.min_load,
                u.max_mass_flow_kg_s,
                u.ramp_share_per_min / 60.0,
                self.set_point[f"{u.name}.load_share"],
                self.layout.unit_start[u.name],
            )
            for u in self.of(HeatPump)
        ]
        return _pack(HeatPumps, rows)

    def boilers(self) -> Boilers:
        rows = [
            (
                self.location[u.location],
                u.capacity_kw * 1e3,
                u.efficiency_at_35c,
                u.efficiency_at_60c,
                u.min_load,
                u.max_mass_flow_kg_s,
                u.ramp_share_per_min / 60.0,
                u.min_run_min * 60.0,
                self.set_point[f"{u.name}.load_share"],
                self.layout.unit_start[u.name],
            )
            for u in self.of(Boiler)
        ]
        return _pack(Boilers, rows)

    def stores(self) -> Stores:
        rows = []
        for u in self.of(Store):
            area = u.volume_m3 / u.height_m
            height = u.height_m / u.layers
            side = math.pi * math.sqrt(4.0 * area / math.pi) * u.height_m + 2.0 * area
            rows.append(
                (
                    self.location[u.location],
                    u.layers,
                    u.volume_m3 * self.density / u.layers,
                    u.loss_w_m2k * side / u.layers,
                    u.conductivity_w_mk * area / height,
                    u.max_mass_flow_kg_s,
                    u.full_temp_c,
                    u.empty_temp_c,
                    self.layout.unit_start[u.name],
                )
            )
        return _pack(Stores, rows)

    def consumers(self) -> Consumers:
        rows = []
        cp = self.cp
        members: list[Substation | ProcessHeat | Greenhouse] = [
            *self.of(Substation),
            *self.of(ProcessHeat),
            *self.of(Greenhouse),
        ]
        for u in members:
            hot = Exchanger(1.0, 1.0, 0.0)
            hot_max, hot_in, hot_out, hot_heat = 0.0, 10.0, 60.0, 0.0
            if isinstance(u, Substation):
                kind, heat = 0, u.space_heat_design_kw * 1e3
                d = u.space_heat_exchanger
                main = design_exchanger(d, heat, cp)
                ratio = d.max_flow_ratio
                secondary = (d.secondary_supply_c, d.secondary_return_c)
                h = u.hot_water_exchanger
                hot_heat = u.hot_water_annual_mwh * 1e6 / HOT_WATER_HOURS
                hot = design_exchanger(h, hot_heat, cp)
                hot_max = hot.primary_flow * h.max_flow_ratio
                hot_in, hot_out = h.secondary_return_c, h.secondary_supply_c
            elif isinstance(u, ProcessHeat):
                span = max(u.weather_end_c - self.district.site.design_temp_c, 0.0)
                kind, heat = 1, (u.base_kw + u.weather_kw_k * span) * 1e3
                main = design_exchanger(u.exchanger, heat, cp)
                ratio = u.exchanger.max_flow_ratio
                secondary = (u.exchanger.secondary_supply_c, u.exchanger.secondary_return_c)
            else:
                kind, heat = 2, u.heat_design_w_m2 * u.floor_area_m2
                flow = heat / (cp * (u.design_supply_c - u.design_return_c))
                main = Exchanger(flow, 1.0, 0.0)
                ratio = u.max_flow_ratio
                secondary = (u.design_supply_c, u.design_return_c)
            largest = main.primary_flow * ratio + hot_max
            # a wide-open valve passes the largest flow at 0.6 bar (MODEL 1)
            dp = self.district.circuits[0].dp_control.min_dp_bar * 1e5
            rows.append(
                (
                    self.location[u.location],
                    kind,
                    heat,
                    main.primary_flow,
                    main.secondary_flow,
                    *secondary,
                    main.ua,
                    main.primary_flow * ratio,
                    hot.primary_flow,
                    hot.secondary_flow,
                    hot.ua,
                    hot_max,
                    hot_in,
                    hot_out,
                    u.bypass_temp_c,
                    u.bypass_flow_share * main.primary_flow,
                    dp / largest**2,
                    hot_heat,
                    self.layout.unit_start[u.name],
                )
            )
        return _pack(Consumers, rows)

    def rooms(self) -> Rooms:
        rows = []
        for u in self.of(Substation):
            b = u.buildings
            design = u.space_heat_design_kw * 1e3
            # the design heat covers the loss without gains on the design day
            loss = design / (b.room_temp_c - self.district.site.design_temp_c)
            rows.append(
                (
                    b.room_temp_c,
                    b.night_setback_k,
                    loss,
                    loss * b.time_constant_h * 3600.0,
                    b.gain_share * design,
                    b.solar_share_per_kw_m2 * design / 1000.0,
                    u.secondary_slope_end_c,
                    self.series[f"{u.name}.hot_water_kw"],
                )
            )
        return _pack(Rooms, rows)

    def processes(self) -> Processes:
        rows = [
            (u.base_kw * 1e3, u.weather_kw_k * 1e3, u.weather_end_c, self.series[f"{u.name}.level"])
            for u in self.of(ProcessHeat)
        ]
        return _pack(Processes, rows)

    def greenhouses(self) -> Greenhouses:
        rows = []
        for u in self.of(Greenhouse):
            area = u.floor_area_m2
            rows.append(
                (
                    u.loss_w_m2k * area,
                    u.screen_saving,
                    u.heat_capacity_kj_m2k * 1e3 * area,
                    u.solar_gain_share * area,
                    u.day_temp_c,
                    u.night_temp_c,
                    u.vent_above_k,
                    u.vent_max_w_m2k * area,
                    u.crop_min_c,
                    u.crop_max_c,
                    u.crop_mean_min_c,
                    u.crop_mean_max_c,
                    self.set_point[f"{u.name}.offset_k"],
                )
            )
        return _pack(Greenhouses, rows)

    def circuits(self) -> Circuits:
        stores = [u.name for u in self.of(Store)]
        boilers = [u.name for u in self.of(Boiler)]
        rows = []
        order = np.full((len(self.district.circuits), max(len(boilers), 1)), -1, dtype=np.int64)
        for i, c in enumerate(self.district.circuits):
            ranked = [boilers.index(n) for n in c.balancing if n in boilers]
            order[i, : len(ranked)] = ranked
            held = [stores.index(n) for n in c.balancing if n in stores]
            rows.append(
                (
                    c.dp_control.min_dp_bar * 1e5,
                    c.dp_control.max_head_bar * 1e5,
                    c.dp_control.head_drop_bar_per_kg2_s2 * 1e5,
                    c.dp_control.efficiency,
                    c.supply_temp_min_c,
                    c.supply_temp_max_c,
                    c.supply_temp_ramp_k_h / 3600.0,
                    c.density_kg_m3,
                    c.heat_capacity_j_kgk,
                    self.set_point[f"{c.name}.supply_temp_c"],
                    self.layout.circuit_start[i],
                    held[0] if held else -1,
                    -1,  # the order of boilers is a table, set below
                )
            )
        return _pack(Circuits, rows)._replace(boiler_order=order)


_INTEGER = {
    "location", "inlet_location", "to_return", "level_series", "set_point", "column", "cooling",
    "layers", "kind", "hot_water_series", "store_of",
}  # fmt: skip


def _pack(cls: type[_T], rows: Sequence[Sequence[float]]) -> _T:
    """Columns of the rows as the fields of a NamedTuple, indices as integers."""
    fields = cast("tuple[str, ...]", cls._fields)  # type: ignore[attr-defined]  # a NamedTuple
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), len(fields)).T
    arrays = [
        np.ascontiguousarray(c.astype(np.int64 if f in _INTEGER else np.float64))
        for f, c in zip(fields, columns, strict=True)
    ]
    return cls(*arrays)


def build_parameters(district: District, series: Sequence[str], layout: OutputLayout) -> Parameters:
    """Arrays of every unit of the district.

    Args:
        district: The description.
        series: Names of the scenario's series, in the order of its columns.
        layout: Output columns.

    Raises:
        KeyError: if a series that the district needs is missing.
    """
    b = _Builder(district, series, layout)
    site = [b.series[name] for name in SITE_SERIES]
    return Parameters(
        b.sources(), b.coolings(), b.heat_pumps(), b.boilers(), b.stores(), b.consumers(),
        b.rooms(), b.processes(), b.greenhouses(), b.circuits(),
        np.array(site, dtype=np.int64), district.site.design_temp_c, layout.energy_start,
    )  # fmt: skip
