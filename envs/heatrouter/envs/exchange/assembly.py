"""A whole district from a draft: circuits, locations, pipe series, units, and what is sized."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from heatrouter.envs.design_day import loss_kw
from heatrouter.envs.design_flow import design_flow
from heatrouter.envs.errors import DistrictError, Mistake
from heatrouter.envs.exchange.circuits import CircuitDraft, find_circuits
from heatrouter.envs.exchange.district_yaml import district_text
from heatrouter.envs.exchange.draft import TAKING, Draft, DraftUnit, Groups, PipeKind, Port
from heatrouter.envs.exchange.import_report import ImportReport
from heatrouter.envs.exchange.naming import Names, plain_name
from heatrouter.envs.exchange.pipe_catalogue import axis_distance_m, burial_depth_m, nearest
from heatrouter.envs.exchange.site_guess import nearest_region
from heatrouter.envs.exchange.unit_building import (
    CP_KJ_KGK,
    FLOW_MARGIN,
    LEAST_RETURN_C,
    LEAST_SUPPLY_C,
    Design,
    Place,
    build_unit,
    design_heat_kw,
)
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import parse_district

_DEFAULT_DESIGN: Final = Design(80.0, 50.0)
_GROUND_C: Final = 8.0
_BACKUP_MARGIN, _HEAD_MARGIN = 1.1, 1.25
_MOST_HEAD_BAR, _LEAST_HEAD_BAR, _MIN_DP_BAR = 40.0, 1.0, 0.6
_SLIDE_K: Final = 15.0
"""By which the supply may slide below its design temperature in mild weather."""
_ABOVE_DESIGN_K: Final = 5.0
_MUCH_LOSS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user adds to a file.

    Attributes:
        name: Of the district; None for one made of the file's.
        region: Of the German test reference years; None for the nearest.
        timezone: IANA name.
        design_temp_c: Outdoor temperature of the design day, degC.
    """

    name: str | None = None
    region: int | None = None
    timezone: str | None = None
    design_temp_c: float | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What comes out of an import.

    Attributes:
        district: Checked.
        text: Its YAML.
        report: What became of the file.
        supply_nodes: Location of each node of the file's supply lines.
        return_nodes: Location of each node of its return lines that has a supply node beside it.
        same: Which node stands for others; the two tables hold only such.
        pipe_paths: Places in the file of the supply and the return pipe of each pipe pair.
    """

    district: District
    text: str
    report: ImportReport
    supply_nodes: dict[str, str]
    return_nodes: dict[str, str]
    same: Groups
    pipe_paths: dict[str, tuple[str, str | None]]


def assemble(draft: Draft, report: ImportReport, title: str, choices: Choices) -> Imported:
    """Turn a draft into a checked district.

    Raises:
        DistrictError: The draft holds what no district can; every mistake with its place.
    """
    _check_ratings(draft, report)
    circuits = find_circuits(draft, report)
    designs = [_design(circuit, report) for circuit in circuits]
    report.check()
    name = choices.name or plain_name(title, "district").replace("_", "-")
    data: dict[str, Any] = {
        "schema_version": 1,
        "name": name,
        "title": title or name,
        "description": f"Imported from {report.source} ({report.format}); see the import report.",
        "hypothetical": False,
        "site": _site(draft, choices, report),
        "soil": {},
        "grid": {"electricity_fee_eur_per_mwh": 75.0, "gas_fee_eur_per_mwh": 8.0},
    }
    report.add("assumed", "fees of 75 EUR/MWh on electricity and 8 EUR/MWh on gas")
    location = _locations(draft, circuits)
    data |= _network(draft, circuits, designs, location, report)
    district = _parsed(data, report)
    _size(data, district, circuits, designs, report)
    text = district_text(data, report)
    backs = {
        back: location[node] for circuit in circuits for node, back in circuit.back_of.items()
    }
    pairs = [pair for circuit in circuits for pair in circuit.pairs]
    return Imported(
        _parsed_text(text, report),
        text,
        report,
        location,
        backs,
        draft.same,
        {
            pipe["name"]: (pair.path, pair.back_path)
            for pipe, pair in zip(data["pipes"], pairs, strict=True)
        },
    )


def _check_ratings(draft: Draft, report: ImportReport) -> None:
    if not any(unit.kind in TAKING for unit in draft.units):
        report.mistake("", "holds no consumer of heat; a district needs one at least")
    for unit in draft.units:
        if unit.heat_kw is not None and unit.heat_kw <= 0.0:
            report.mistake(unit.path, f"{unit.name!r}: {unit.heat_kw:g} kW must be > 0")


def _design(circuit: CircuitDraft, report: ImportReport) -> Design:
    """Design temperatures of a circuit, assumed where the file has none."""
    supply, back = circuit.supply_c, circuit.return_c
    if supply is None:
        supply = _DEFAULT_DESIGN.supply_c
        report.add("assumed", f"supply at {supply:g} degC on the design day", circuit.label)
    if back is None:
        back = min(_DEFAULT_DESIGN.return_c, supply - 20.0)
        report.add("assumed", f"return at {back:g} degC on the design day", circuit.label)
    if supply < LEAST_SUPPLY_C:
        report.mistake(
            circuit.units[0].path,
            f"the circuit of {circuit.label!r} is supplied at {supply:g} degC; substations need "
            f">= {LEAST_SUPPLY_C:g} degC, colder networks with heat pumps in houses are not modelled",
        )
    if back < LEAST_RETURN_C:
        report.add(
            "look at",
            f"a return of {back:g} degC is colder than rooms leave it; taken as "
            f"{LEAST_RETURN_C:g} degC",
            circuit.label,
        )
        back = LEAST_RETURN_C
    if back >= supply:
        report.mistake(
            circuit.units[0].path,
            f"the circuit of {circuit.label!r} has a return of {back:g} degC, which must be below "
            f"its supply of {supply:g} degC",
        )
    return Design(supply, back)


def _site(draft: Draft, choices: Choices, report: ImportReport) -> dict[str, Any]:
    latitude, longitude = draft.latitude_deg, draft.longitude_deg
    if latitude is None or longitude is None:
        latitude, longitude = 51.0, 10.0
        report.add("assumed", "a site at 51 degrees north, 10 degrees east")
    region = choices.region
    if region is None:
        region = nearest_region(latitude, longitude)
        report.add("assumed", f"weather of test reference region {region}, whose station is nearest")
    timezone = choices.timezone
    if timezone is None:
        timezone = "Europe/Berlin"
        report.add("assumed", f"time zone {timezone}")
    design_c = choices.design_temp_c
    if design_c is None:
        design_c = -12.0
        report.add("assumed", f"a design day of {design_c:g} degC")
    return {
        "latitude_deg": round(latitude, 4),
        "longitude_deg": round(longitude, 4),
        "timezone": timezone,
        "test_reference_region": region,
        "design_temp_c": design_c,
    }


def _locations(draft: Draft, circuits: list[CircuitDraft]) -> dict[str, str]:
    """Name of the location of each supply node."""
    names = Names()
    return {
        node: names.give(draft.labels.get(node, ""), "place")
        for circuit in circuits
        for node in circuit.nodes
    }


def _network(
    draft: Draft,
    circuits: list[CircuitDraft],
    designs: list[Design],
    location: dict[str, str],
    report: ImportReport,
) -> dict[str, Any]:
    """Circuits, locations, series, pipes and units, with provisional sizes."""
    series_names, pipe_names, unit_names = Names(), Names(), Names()
    series: dict[PipeKind, str] = {}
    data: dict[str, Any] = {"circuits": [], "locations": [], "pipe_series": [], "pipes": []}
    names = ["main"] if len(circuits) == 1 else [f"circuit_{i + 1}" for i in range(len(circuits))]
    for name in names:
        unit_names.reserve(name)
    for name, circuit, design in zip(names, circuits, designs, strict=True):
        data["circuits"].append(_circuit(name, circuit, design, location))
        for node in circuit.nodes:
            x, y = draft.places.get(node, (0.0, 0.0))
            place = {"name": location[node], "x_m": round(x, 2), "y_m": round(y, 2)}
            data["locations"].append(place)
        for pair in circuit.pairs:
            if pair.kind not in series:
                dn, _ = nearest(pair.kind.inner_diameter_m)
                series[pair.kind] = series_names.give(f"dn{dn}", "pipe")
                data["pipe_series"].append(_series(series[pair.kind], pair.kind))
                for what in pair.kind.assumed:
                    report.add("assumed", what, series[pair.kind])
            casing = pair.kind.casing_diameter_m
            data["pipes"].append(
                {
                    "name": pipe_names.give(pair.name, "pipe"),
                    "from_location": location[pair.start],
                    "to_location": location[pair.end],
                    "length_m": round(pair.length_m, 4),
                    "series": series[pair.kind],
                    "burial_depth_m": burial_depth_m(casing),
                    "axis_distance_m": axis_distance_m(casing),
                    "loss_coefficient": round(pair.loss_coefficient, 4),
                }
            )
    report.add("assumed", "pipes lie 1 m deep, 0.5 m apart, deeper and wider where they are large")
    data["units"] = _units(circuits, designs, location, unit_names, report)
    for name, circuit, design, entry in zip(
        names, circuits, designs, data["circuits"], strict=True
    ):
        _balance(name, circuit, design, entry, data["units"], unit_names, report)
    return data


def _circuit(
    name: str, circuit: CircuitDraft, design: Design, location: dict[str, str]
) -> dict[str, Any]:
    least = max(design.supply_c - _SLIDE_K, 20.0)
    wanted = [u.values["least_c"] for u in circuit.units if "least_c" in u.values]
    for value in wanted:
        if isinstance(value, float) and least < value < design.supply_c:
            least = value
    mean_c = 0.5 * (design.supply_c + design.return_c)
    return {
        "name": name,
        "root": location[circuit.root],
        "locations": [location[node] for node in circuit.nodes],
        "pressure_holding_bar": 3.0,
        "dp_control": {"min_dp_bar": _MIN_DP_BAR, "max_head_bar": _MOST_HEAD_BAR},
        "balancing": [],
        "supply_temp_min_c": round(least, 2),
        "supply_temp_max_c": round(design.supply_c + _ABOVE_DESIGN_K, 2),
        "density_kg_m3": round(_water_density(mean_c), 1),
    }


def _series(name: str, kind: PipeKind) -> dict[str, Any]:
    return {
        "name": name,
        "inner_diameter_m": kind.inner_diameter_m,
        "wall_thickness_m": kind.wall_thickness_m,
        "casing_diameter_m": kind.casing_diameter_m,
        "insulation_conductivity_w_mk": kind.insulation_conductivity_w_mk,
        "roughness_mm": kind.roughness_mm,
        "laying": kind.laying,
        "source": kind.source,
    }


def _units(
    circuits: list[CircuitDraft],
    designs: list[Design],
    location: dict[str, str],
    names: Names,
    report: ImportReport,
) -> list[dict[str, Any]]:
    design_at = {
        node: design
        for circuit, design in zip(circuits, designs, strict=True)
        for node in circuit.nodes
    }
    built = []
    for circuit in circuits:
        for unit in circuit.units:
            if _is_unrated_root(unit):
                continue  # _balance sizes one for the peak
            primary: Port | None = unit.primary
            place = Place(
                names.give(unit.name, "unit"),
                location[unit.port.supply],
                design_at[unit.port.supply],
                location[primary.supply] if primary else "",
                design_at[primary.supply] if primary else None,
            )
            heat_kw = design_heat_kw(unit, place)
            if heat_kw is None:
                report.mistake(unit.path, f"{unit.name!r} has no power; give it one, in W")
                continue
            if unit.heat_kw is None:
                report.add("assumed", "exchangers without a power take that of their UA", unit.name)
            built.append(build_unit(unit, place, heat_kw, report))
            report.add("mapped", f"{unit.origin} as {unit.kind}", place.name)
    report.check()
    return built


def _balance(
    name: str,
    circuit: CircuitDraft,
    design: Design,
    entry: dict[str, Any],
    units: list[dict[str, Any]],
    names: Names,
    report: ImportReport,
) -> None:
    """List what balances a circuit, and put a boiler at its root that can do so alone."""
    at_root = [u for u in units if u["location"] == entry["root"]]
    order = ("store", "heat_exchanger", "boiler")
    balancing = [u["name"] for kind in order for u in at_root if u["kind"] == kind]
    maker = next((u for u in circuit.units if _is_unrated_root(u)), None)
    own = names.give(maker.name if maker and maker.name else "backup_boiler", "boiler")
    origin = maker.origin if maker else "not in the file"
    if maker:
        report.add("mapped", f"{maker.origin} as boiler at the root", own)
        report.add("assumed", "boilers at roots are sized for the peak of their circuit", own)
    else:
        report.add("assumed", "a gas boiler at the root, sized for the peak of its circuit", own)
    units.append(
        {
            "kind": "boiler",
            "name": own,
            "location": entry["root"],
            "capacity_kw": 1.0,
            "max_mass_flow_kg_s": 1.0,
            "min_load": 0.0,
            "start_cost_eur": 0.0,
            "sizing": f"{origin}; assumed: gas, the circuit's peak load with {_BACKUP_MARGIN:g}",
        }
    )
    entry["balancing"] = [*balancing, own]
    report.add(
        "assumed",
        f"supply from {entry['supply_temp_min_c']:g} to {entry['supply_temp_max_c']:g} degC, "
        f"return at {design.return_c:.3g} degC by design",
        name,
    )


def _is_unrated_root(unit: DraftUnit) -> bool:
    return unit.root and unit.kind == "boiler" and unit.heat_kw is None


def _size(
    data: dict[str, Any],
    district: District,
    circuits: list[CircuitDraft],
    designs: list[Design],
    report: ImportReport,
) -> None:
    """Size the boiler and the pump of every circuit for the design day."""
    flow = design_flow(district, sources_run=False)
    sized = {u["name"]: u for u in data["units"]}
    for c, (entry, circuit, design) in enumerate(
        zip(data["circuits"], circuits, designs, strict=True)
    ):
        supply = np.array([design.supply_c])
        loss = float(
            loss_kw(district, district.circuits[c], supply, design.return_c, _GROUND_C)[0]
        )
        demand = sum(u.heat_kw or 0.0 for u in circuit.units if u.kind in TAKING)
        if loss > _MUCH_LOSS * demand > 0.0:
            report.add(
                "look at",
                f"pipes lose {loss:.0f} kW on the design day, consumers take {demand:.0f} kW",
                entry["name"],
            )
        boiler = sized[entry["balancing"][-1]]
        capacity = max(_BACKUP_MARGIN * (demand + loss), 1.0)
        boiler["capacity_kw"] = round(capacity, 1)
        most = max(capacity / (CP_KJ_KGK * design.span_k), float(flow.root_flow_kg_s[c]))
        boiler["max_mass_flow_kg_s"] = round(FLOW_MARGIN * most, 2)
        for unit in data["units"]:
            # a producer holds a minute of its largest flow: more than all take would be a tank
            if unit["location"] in entry["locations"] and "max_mass_flow_kg_s" in unit:
                unit["max_mass_flow_kg_s"] = min(unit["max_mass_flow_kg_s"], round(FLOW_MARGIN * most, 2))
        head = max(_HEAD_MARGIN * float(flow.head_bar[c]), _LEAST_HEAD_BAR)
        entry["dp_control"]["max_head_bar"] = min(math.ceil(head * 10.0) / 10.0, _MOST_HEAD_BAR)
    report.add("assumed", "pumps lift the design day's flow with a quarter to spare, at 0.6 bar")


def _parsed(data: dict[str, Any], report: ImportReport) -> District:
    return _parsed_text(district_text(data, None), report)


def _parsed_text(text: str, report: ImportReport) -> District:
    try:
        return parse_district(text, report.source)
    except DistrictError as error:
        # lines are those of a text that is not written, so the message must stand alone
        mistakes = [Mistake(m.path, m.message) for m in error.mistakes]
        raise DistrictError(f"{report.source}: makes no sound district", mistakes) from None


def _water_density(temp_c: float) -> float:
    """Density of water, kg/m3 (G. S. Kell, J. Chem. Eng. Data 20 (1975) 97, short form)."""
    bent = (temp_c + 288.9414) / (508929.2 * (temp_c + 68.12963))
    return 1000.0 * (1.0 - bent * (temp_c - 3.9863) ** 2)
