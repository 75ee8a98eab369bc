"""Checks of temperatures that contradict the second law or each other.

Every rule states when something is *wrong*, so that open fields (NaN) hold against nobody.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from heatrouter.envs.spec.checks import Found
from heatrouter.envs.spec.consumer_units import (
    BatchProcess,
    FabHeat,
    Greenhouse,
    HeatExchangerDesign,
    ProcessHeat,
    Substation,
)
from heatrouter.envs.spec.plant_units import (
    Chp,
    CoolingLoad,
    DryCooler,
    HeatExchanger,
    HeatPump,
    SolarThermal,
    Store,
    Unplaced,
    WasteHeatSource,
)

if TYPE_CHECKING:
    from heatrouter.envs.spec.district import District, PlacedUnit
    from heatrouter.envs.spec.network import Circuit


def temperatures(district: "District") -> Found:
    """Temperatures that contradict the second law or each other."""
    for i, unit in enumerate(district.units):
        path = f"units[{i}]"
        if isinstance(unit, Substation):
            yield from _exchanger(f"{path}.space_heat_exchanger", unit.space_heat_exchanger)
            yield from _exchanger(f"{path}.hot_water_exchanger", unit.hot_water_exchanger)
            yield from _substation(path, unit, district.site.design_temp_c)
        elif isinstance(unit, ProcessHeat | FabHeat | BatchProcess | HeatExchanger):
            yield from _exchanger(f"{path}.exchanger", unit.exchanger)
            yield from _process(path, unit)
        elif isinstance(unit, Greenhouse):
            yield from _greenhouse(path, unit)
        elif isinstance(unit, Store):
            yield from _store(path, unit)
        elif isinstance(unit, CoolingLoad):
            yield from _ordered(path, unit, (("water_outlet_temp_c", "water_inlet_temp_c"),))
            yield from _dry_cooler(f"{path}.dry_cooler", unit.dry_cooler)
        elif isinstance(unit, WasteHeatSource):
            yield from _waste_heat(path, unit)
            yield from _dry_cooler(f"{path}.dry_cooler", unit.dry_cooler)
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


def _process(path: str, unit: ProcessHeat | FabHeat | BatchProcess | HeatExchanger) -> Found:
    if isinstance(unit, BatchProcess):
        yield from _ordered(path, unit, (("start_temp_c", "target_temp_c"),))
        most_c = unit.exchanger.primary_supply_c - unit.preheat_approach_k
        if most_c <= unit.start_temp_c:
            yield (
                f"{path}.preheat_approach_k",
                (
                    f"{unit.preheat_approach_k} leaves {most_c:g} degC of primary_supply_c "
                    f"{unit.exchanger.primary_supply_c}; it must exceed start_temp_c "
                    f"{unit.start_temp_c} degC, or nothing is preheated"
                ),
            )
    elif isinstance(unit, FabHeat):
        for field in ("make_up_air_temp_c", "ultrapure_water_temp_c"):
            wanted_c = getattr(unit, field)
            if wanted_c >= unit.exchanger.secondary_supply_c:
                yield (
                    f"{path}.{field}",
                    (
                        f"{wanted_c} must be < the exchanger's secondary_supply_c "
                        f"{unit.exchanger.secondary_supply_c} degC"
                    ),
                )


def _store(path: str, unit: Store) -> Found:
    yield from _ordered(path, unit, (("empty_temp_c", "full_temp_c"),))
    if unit.pcm is None:
        return
    melting_c = unit.pcm.melting_temp_c
    if melting_c <= unit.empty_temp_c or melting_c >= unit.full_temp_c:
        yield (
            f"{path}.pcm.melting_temp_c",
            (
                f"{melting_c} must lie between empty_temp_c {unit.empty_temp_c} and full_temp_c "
                f"{unit.full_temp_c} degC, or the fill never melts and solidifies"
            ),
        )


def _dry_cooler(path: str, cooler: DryCooler | None) -> Found:
    if cooler is None:
        return
    pairs = (
        ("design_water_out_c", "design_water_in_c"),
        ("design_air_c", "design_water_out_c"),
    )
    yield from _ordered(path, cooler, pairs)


def _against_circuits(district: "District") -> Found:
    """Units that their circuit can never serve, or that can never serve their circuit."""
    for circuit in district.circuits:
        for i, unit in enumerate(district.units):
            if isinstance(unit, Unplaced) or unit.location not in circuit.locations:
                continue
            path = f"units[{i}]"
            if isinstance(unit, HeatPump):
                yield from _heat_pump(path, district, unit, circuit)
            elif isinstance(unit, HeatExchanger):
                yield from _link(path, district, unit, circuit)
            else:
                yield from _producer(path, unit, circuit)
                yield from _consumer(path, unit, circuit)


def _heat_pump(path: str, district: "District", unit: HeatPump, circuit: "Circuit") -> Found:
    path = f"{path}.max_sink_temp_c"
    low, most_c = circuit.supply_temp_min_c, unit.max_sink_temp_c
    if most_c < low:
        yield (
            path,
            f"{most_c} must be >= supply_temp_min_c {low} degC of circuit {circuit.name!r}",
        )
    for load in district.units:
        if (
            isinstance(load, CoolingLoad)
            and load.name == unit.source
            and most_c <= load.water_inlet_temp_c
        ):
            yield (
                path,
                (
                    f"{most_c} must be > water_inlet_temp_c {load.water_inlet_temp_c} degC "
                    f"of {unit.source!r}, or it lifts nothing"
                ),
            )
    for source in district.circuits:
        if unit.source_location in source.locations and most_c <= source.supply_temp_min_c:
            yield (
                path,
                (
                    f"{most_c} must be > supply_temp_min_c {source.supply_temp_min_c} degC "
                    f"of circuit {source.name!r}, or it lifts nothing"
                ),
            )
    if most_c <= unit.source_min_temp_c:
        yield (
            path,
            (
                f"{most_c} must be > source_min_temp_c {unit.source_min_temp_c} degC, "
                "or it lifts nothing"
            ),
        )


def _link(path: str, district: "District", unit: HeatExchanger, circuit: "Circuit") -> Found:
    yield from _reachable(
        f"{path}.exchanger.secondary_supply_c", unit.exchanger.secondary_supply_c, circuit, "<="
    )
    for primary in district.circuits:
        if unit.primary_location not in primary.locations or primary.name == circuit.name:
            continue
        if primary.supply_temp_max_c <= circuit.supply_temp_min_c:
            yield (
                f"{path}.primary_location",
                (
                    f"circuit {primary.name!r} is {primary.supply_temp_max_c} degC at most, "
                    f"supply_temp_min_c of {circuit.name!r} is {circuit.supply_temp_min_c}: "
                    "lift it with a heat_pump or let the fed circuit be colder"
                ),
            )
        if unit.exchanger.primary_supply_c > primary.supply_temp_max_c:
            yield (
                f"{path}.exchanger.primary_supply_c",
                (
                    f"{unit.exchanger.primary_supply_c} must be <= supply_temp_max_c "
                    f"{primary.supply_temp_max_c} degC of circuit {primary.name!r}"
                ),
            )


def _producer(path: str, unit: "PlacedUnit", circuit: "Circuit") -> Found:
    low, of = circuit.supply_temp_min_c, f"of circuit {circuit.name!r}"
    if isinstance(unit, WasteHeatSource):
        most_c = min(unit.max_outlet_temp_c, unit.stream_temp_c)
        if unit.connection != "return_to_return" and most_c < low:
            yield (
                f"{path}.max_outlet_temp_c",
                (
                    f"reaches {most_c} degC, supply_temp_min_c {of} is {low}; "
                    "connect it return_to_return"
                ),
            )
    elif isinstance(unit, SolarThermal | Chp) and unit.max_outlet_temp_c < low:
        yield (
            f"{path}.max_outlet_temp_c",
            f"{unit.max_outlet_temp_c} must be >= supply_temp_min_c {low} degC {of}",
        )


def _consumer(path: str, unit: "PlacedUnit", circuit: "Circuit") -> Found:
    high = circuit.supply_temp_max_c
    if isinstance(unit, Substation):
        if unit.hot_water_floor_c >= high:
            yield (
                f"{path}.hot_water_floor_c",
                (
                    f"{unit.hot_water_floor_c} must be < supply_temp_max_c {high} degC "
                    f"of circuit {circuit.name!r}"
                ),
            )
        yield from _reachable(
            f"{path}.space_heat_exchanger.secondary_supply_c",
            unit.space_heat_exchanger.secondary_supply_c,
            circuit,
        )
    elif isinstance(unit, ProcessHeat | FabHeat | BatchProcess):
        wanted_c = unit.exchanger.secondary_supply_c
        yield from _reachable(f"{path}.exchanger.secondary_supply_c", wanted_c, circuit)


def _reachable(path: str, wanted_c: float, circuit: "Circuit", sign: str = "<") -> Found:
    high = circuit.supply_temp_max_c
    if wanted_c > high or (sign == "<" and wanted_c >= high):
        yield (
            path,
            f"{wanted_c} must be {sign} supply_temp_max_c {high} degC of circuit {circuit.name!r}",
        )
