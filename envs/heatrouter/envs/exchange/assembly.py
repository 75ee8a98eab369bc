"""A whole district from a draft: circuits, locations, pipe series, units, and what is sized."""

import re
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from heatrouter.envs.errors import DistrictError, Mistake
from heatrouter.envs.exchange.circuits import CircuitDraft, find_circuits
from heatrouter.envs.exchange.district_yaml import district_text
from heatrouter.envs.exchange.draft import TAKING, Draft, Groups
from heatrouter.envs.exchange.import_report import ImportReport
from heatrouter.envs.exchange.naming import plain_name
from heatrouter.envs.exchange.network_building import build_network, name_locations
from heatrouter.envs.exchange.peak_sizing import size_for_peak
from heatrouter.envs.exchange.site_guess import nearest_region
from heatrouter.envs.exchange.unit_building import LEAST_RETURN_C, LEAST_SUPPLY_C, Design
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import parse_district

_DEFAULT_DESIGN: Final = Design(80.0, 50.0)


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
        "description": f"Imported from {report.origin}; see the import report.",
        "hypothetical": True,  # with what is assumed, even where the network exists
        "site": _site(draft, choices, report),
        "soil": {},
        "grid": {"electricity_fee_eur_per_mwh": 75.0, "gas_fee_eur_per_mwh": 8.0},
    }
    report.add("assumed", "fees of 75 EUR/MWh on electricity and 8 EUR/MWh on gas")
    location = name_locations(draft, circuits)
    data |= build_network(draft, circuits, designs, location, report)
    size_for_peak(data, _provisional(data, report), circuits, designs, report)
    text = district_text(data, report)
    backs = {back: location[node] for circuit in circuits for node, back in circuit.back_of.items()}
    pairs = [pair for circuit in circuits for pair in circuit.pairs]
    return Imported(
        _checked(text, data, report),
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
            report.mistake(unit.path, f"{unit.heat_kw:g} kW must be > 0")


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
            f">= {LEAST_SUPPLY_C:g} degC, colder networks are not modelled",
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
        report.add(
            "assumed", f"weather of test reference region {region}, whose station is nearest"
        )
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


def _provisional(data: dict[str, Any], report: ImportReport) -> District:
    """The district before it is sized, sound in everything else."""
    try:
        district = District.model_validate(data)
    except ValidationError:
        district = None
    if district is None or district.cross_check():
        return _checked(district_text(data, report), data, report)  # says what is wrong
    return district


def _checked(text: str, data: dict[str, Any], report: ImportReport) -> District:
    """The district of a text; its mistakes by names, because nobody sees the text."""
    try:
        return parse_district(text, report.source)
    except DistrictError as error:
        mistakes = [Mistake(_by_name(m.path, data), _unnumbered(m.message)) for m in error.mistakes]
        subject = f"{report.source} makes no sound district"
        raise DistrictError(subject, mistakes) from None


def _by_name(path: str, data: dict[str, Any]) -> str:
    """A path with the name of a part in the place of its index, as in ``units[tank].volume_m3``."""
    found = re.match(r"(\w+)\[(\d+)\]", path)
    parts = data.get(found[1]) if found else None
    if found is None or not isinstance(parts, list) or int(found[2]) >= len(parts):
        return path
    return f"{found[1]}[{parts[int(found[2])]['name']}]{path[found.end() :]}"


def _unnumbered(message: str) -> str:
    return re.sub(r" \(line \d+\)$", "", message)
