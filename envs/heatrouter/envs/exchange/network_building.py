"""Circuits, locations, pipe series, pipes and units of a district, as plain data."""

from typing import Any, Final

from heatrouter.envs.exchange.circuits import CircuitDraft
from heatrouter.envs.exchange.draft import Draft, DraftUnit, PipeKind, Port
from heatrouter.envs.exchange.import_report import ImportReport
from heatrouter.envs.exchange.naming import Names
from heatrouter.envs.exchange.pipe_catalogue import axis_distance_m, burial_depth_m, nearest
from heatrouter.envs.exchange.unit_building import Design, Place, build_unit, design_heat_kw

BACKUP_MARGIN: Final = 1.1
"""Of the boiler at a root over the peak of its circuit."""
MOST_HEAD_BAR, MIN_DP_BAR = 40.0, 0.6
_SLIDE_K: Final = 15.0
"""By which the supply may slide below its design temperature in mild weather."""
_ABOVE_DESIGN_K: Final = 5.0


def name_locations(draft: Draft, circuits: list[CircuitDraft]) -> dict[str, str]:
    """Name of the location of each supply node."""
    names = Names()
    return {
        node: names.give(draft.labels.get(node, ""), "place")
        for circuit in circuits
        for node in circuit.nodes
    }


def build_network(
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
        "dp_control": {"min_dp_bar": MIN_DP_BAR, "max_head_bar": MOST_HEAD_BAR},
        "balancing": [],
        "supply_temp_min_c": round(least, 2),
        "supply_temp_max_c": round(design.supply_c + _ABOVE_DESIGN_K, 2),
        "density_kg_m3": round(water_density(mean_c), 1),
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
            "sizing": f"{origin}; assumed: gas, the circuit's peak load with {BACKUP_MARGIN:g}",
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


def water_density(temp_c: float) -> float:
    """Density of water, kg/m3 (G. S. Kell, J. Chem. Eng. Data 20 (1975) 97, short form)."""
    bent = (temp_c + 288.9414) / (508929.2 * (temp_c + 68.12963))
    return 1000.0 * (1.0 - bent * (temp_c - 3.9863) ** 2)
