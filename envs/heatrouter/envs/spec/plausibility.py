"""Checks across the numbers of a district: temperatures, dimensions and heads that cannot be.

Every rule states when something is *wrong*, so that open fields (NaN) hold against nobody.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from heatrouter.envs.spec.checks import Found
from heatrouter.envs.spec.consumer_units import (
    Greenhouse,
    HeatExchangerDesign,
    ProcessHeat,
    Substation,
)
from heatrouter.envs.spec.plant_units import (
    CoolingLoad,
    HeatPump,
    Store,
    WasteHeatSource,
)

if TYPE_CHECKING:
    from heatrouter.envs.spec.district import District
    from heatrouter.envs.spec.network import Circuit

_HOURS_OF_HOT_WATER = 8760.0


def site(district: "District") -> Found:
    """A time zone that does not exist."""
    name = district.site.timezone
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "site.timezone", f"{name!r} is no IANA time zone; write e.g. 'Europe/Berlin'"


def pipes(district: "District") -> Found:
    """Casings thinner than their pipe, pairs that overlap or stick out of the ground."""
    series = {m.name: m for m in district.pipe_series}
    for i, kind in enumerate(district.pipe_series):
        outer = kind.inner_diameter_m + 2.0 * kind.wall_thickness_m
        if kind.casing_diameter_m <= outer:
            yield (
                f"pipe_series[{i}].casing_diameter_m",
                f"{kind.casing_diameter_m} must be > {outer:g} m, the pipe inside it",
            )
    for i, pipe in enumerate(district.pipes):
        if pipe.series not in series:
            continue
        casing = series[pipe.series].casing_diameter_m
        if pipe.axis_distance_m < casing:
            yield (
                f"pipes[{i}].axis_distance_m",
                f"{pipe.axis_distance_m} must be >= {casing:g} m, or supply and return overlap",
            )
        if pipe.burial_depth_m <= casing / 2.0:
            yield (
                f"pipes[{i}].burial_depth_m",
                f"{pipe.burial_depth_m} must be > {casing / 2.0:g} m, or the pipe is not buried",
            )


def circuits(district: "District") -> Found:
    """Supply limits without room between them and pumps that cannot lift."""
    for i, circuit in enumerate(district.circuits):
        path = f"circuits[{i}]"
        low, high = circuit.supply_temp_min_c, circuit.supply_temp_max_c
        if low >= high:
            yield f"{path}.supply_temp_min_c", f"{low} must be < supply_temp_max_c {high} degC"
        control = circuit.dp_control
        if control.min_dp_bar >= control.max_head_bar:
            yield (
                f"{path}.dp_control.max_head_bar",
                (
                    f"{control.max_head_bar} must be > min_dp_bar {control.min_dp_bar} bar: "
                    "the pump cannot lift; take a larger one"
                ),
            )
            continue
        flow = design_flow_kg_s(district, circuit)
        head = control.max_head_bar - control.head_drop_bar_per_kg2_s2 * flow**2
        if head <= control.min_dp_bar:
            yield (
                f"{path}.dp_control.head_drop_bar_per_kg2_s2",
                (
                    f"{control.head_drop_bar_per_kg2_s2} leaves {head:.2f} bar at the design flow "
                    f"{flow:.0f} kg/s, min_dp_bar is {control.min_dp_bar}: the pump cannot lift; "
                    "take a flatter curve"
                ),
            )


def design_flow_kg_s(district: "District", circuit: "Circuit") -> float:
    """Sum of the consumers' design flows in a circuit, kg/s."""
    total_kw_k = 0.0
    for unit in district.units:
        if not isinstance(unit, Substation | ProcessHeat | Greenhouse):
            continue
        if unit.location not in circuit.locations:
            continue
        if isinstance(unit, Substation):
            total_kw_k += unit.space_heat_design_kw / _span(unit.space_heat_exchanger)
            mean_kw = unit.hot_water_annual_mwh * 1000.0 / _HOURS_OF_HOT_WATER
            total_kw_k += mean_kw / _span(unit.hot_water_exchanger)
        elif isinstance(unit, ProcessHeat):
            depth = max(0.0, unit.weather_end_c - district.site.design_temp_c)
            total_kw_k += (unit.base_kw + unit.weather_kw_k * depth) / _span(unit.exchanger)
        else:
            design_kw = unit.floor_area_m2 * unit.heat_design_w_m2 / 1000.0
            span = unit.design_supply_c - unit.design_return_c
            total_kw_k += design_kw / span if span > 0.0 else 0.0
    return total_kw_k * 1000.0 / circuit.heat_capacity_j_kgk


def _span(exchanger: HeatExchangerDesign) -> float:
    span = exchanger.primary_supply_c - exchanger.primary_return_c
    return span if span > 0.0 else float("inf")


def temperatures(district: "District") -> Found:
    """Temperatures that contradict the second law or each other."""
    for i, unit in enumerate(district.units):
        path = f"units[{i}]"
        if isinstance(unit, Substation):
            yield from _exchanger(f"{path}.space_heat_exchanger", unit.space_heat_exchanger)
            yield from _exchanger(f"{path}.hot_water_exchanger", unit.hot_water_exchanger)
            yield from _substation(path, unit, district.site.design_temp_c)
        elif isinstance(unit, ProcessHeat):
            yield from _exchanger(f"{path}.exchanger", unit.exchanger)
        elif isinstance(unit, Greenhouse):
            yield from _greenhouse(path, unit)
        elif isinstance(unit, Store):
            yield from _ordered(path, unit, (("empty_temp_c", "full_temp_c"),))
        elif isinstance(unit, CoolingLoad):
            yield from _ordered(path, unit, (("water_outlet_temp_c", "water_inlet_temp_c"),))
        elif isinstance(unit, WasteHeatSource):
            yield from _waste_heat(path, unit)
    yield from _against_circuits(district)


def _ordered(path: str, part: object, pairs: Iterable[tuple[str, str]]) -> Found:
    """Of each pair of fields, the first must be the lower one."""
    for lower, upper in pairs:
        low, high = getattr(part, lower), getattr(part, upper)
        if low >= high:
            yield f"{path}.{lower}", f"{low} must be < {upper} {high} degC"


def _exchanger(path: str, design: HeatExchangerDesign) -> Found:
    pairs = (
        ("primary_return_c", "primary_supply_c"),
        ("secondary_return_c", "secondary_supply_c"),
        ("secondary_supply_c", "primary_supply_c"),
        ("secondary_return_c", "primary_return_c"),
    )
    yield from _ordered(path, design, pairs)


def _substation(path: str, unit: Substation, design_temp_c: float) -> Found:
    if unit.hot_water_exchanger.secondary_supply_c < unit.hot_water_floor_c:
        yield (
            f"{path}.hot_water_floor_c",
            (
                f"{unit.hot_water_floor_c} must be <= the hot-water exchanger's secondary_supply_c "
                f"{unit.hot_water_exchanger.secondary_supply_c} degC"
            ),
        )
    if design_temp_c >= unit.secondary_slope_end_c:
        yield (
            f"{path}.secondary_slope_end_c",
            f"{unit.secondary_slope_end_c} must be > the site's design_temp_c {design_temp_c} degC",
        )


def _greenhouse(path: str, unit: Greenhouse) -> Found:
    pairs = (
        ("design_return_c", "design_supply_c"),
        ("day_temp_c", "design_return_c"),
        ("crop_min_c", "crop_max_c"),
        ("crop_mean_min_c", "crop_mean_max_c"),
        ("crop_min_c", "night_temp_c"),
        ("day_temp_c", "crop_max_c"),
    )
    yield from _ordered(path, unit, pairs)


def _waste_heat(path: str, unit: WasteHeatSource) -> Found:
    for colder in ("min_exhaust_temp_c", "reference_temp_c"):
        low = getattr(unit, colder)
        if low >= unit.stream_temp_c:
            yield (
                f"{path}.{colder}",
                (
                    f"{low} must be < stream_temp_c {unit.stream_temp_c} degC, "
                    "or there is no heat to recover"
                ),
            )


def _against_circuits(district: "District") -> Found:
    """Units that their circuit can never serve, or that can never serve their circuit."""
    loads = {u.name: u for u in district.units if isinstance(u, CoolingLoad)}
    for circuit in district.circuits:
        low, high = circuit.supply_temp_min_c, circuit.supply_temp_max_c
        of = f"of circuit {circuit.name!r}"
        for i, unit in enumerate(district.units):
            if isinstance(unit, CoolingLoad) or unit.location not in circuit.locations:
                continue
            path = f"units[{i}]"
            if isinstance(unit, HeatPump):
                if unit.max_sink_temp_c < low:
                    yield (
                        f"{path}.max_sink_temp_c",
                        f"{unit.max_sink_temp_c} must be >= supply_temp_min_c {low} degC {of}",
                    )
                load = loads.get(unit.source)
                if load is not None and unit.max_sink_temp_c <= load.water_inlet_temp_c:
                    yield (
                        f"{path}.max_sink_temp_c",
                        (
                            f"{unit.max_sink_temp_c} must be > water_inlet_temp_c "
                            f"{load.water_inlet_temp_c} degC "
                            f"of {unit.source!r}, or it lifts nothing"
                        ),
                    )
            elif isinstance(unit, Substation):
                if unit.hot_water_floor_c >= high:
                    yield (
                        f"{path}.hot_water_floor_c",
                        f"{unit.hot_water_floor_c} must be < supply_temp_max_c {high} degC {of}",
                    )
                yield from _reachable(
                    f"{path}.space_heat_exchanger.secondary_supply_c",
                    unit.space_heat_exchanger.secondary_supply_c,
                    circuit,
                )
            elif isinstance(unit, ProcessHeat):
                yield from _reachable(
                    f"{path}.exchanger.secondary_supply_c",
                    unit.exchanger.secondary_supply_c,
                    circuit,
                )
            elif (
                isinstance(unit, WasteHeatSource)
                and unit.connection == "return_to_supply"
                and min(unit.max_outlet_temp_c, unit.stream_temp_c) < low
            ):
                yield (
                    f"{path}.max_outlet_temp_c",
                    (
                        f"reaches {min(unit.max_outlet_temp_c, unit.stream_temp_c)} degC, "
                        f"supply_temp_min_c {of} is {low}; connect it return_to_return"
                    ),
                )


def _reachable(path: str, wanted_c: float, circuit: "Circuit") -> Found:
    if wanted_c >= circuit.supply_temp_max_c:
        yield (
            path,
            (
                f"{wanted_c} must be < supply_temp_max_c {circuit.supply_temp_max_c} degC "
                f"of circuit {circuit.name!r}"
            ),
        )
