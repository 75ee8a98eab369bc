"""pandapipes networks as districts.

Junctions, pipes and valves become the two lines, heat consumers substations, circulation pumps and
external grids boilers: the first with a pressure is the root.
"""

import json
import math
from pathlib import Path
from typing import Final

from heatrouter.envs.errors import ConfigError
from heatrouter.envs.exchange.assembly import Choices, Imported, assemble
from heatrouter.envs.exchange.draft import Draft, DraftUnit, LinePipe, PipeKind, Port
from heatrouter.envs.exchange.import_report import ImportReport
from heatrouter.envs.exchange.pandapipes_module import load_pandapipes
from heatrouter.envs.exchange.pandapipes_tables import Row, Tables, read_tables, tables_of
from heatrouter.envs.exchange.pipe_catalogue import with_heat_loss
from heatrouter.envs.exchange.site_guess import centre, local_metres
from heatrouter.envs.exchange.unit_building import CP_KJ_KGK
from heatrouter.envs.units import W_PER_KW, ZERO_CELSIUS_K

BUILT_IN: Final = ("schutterwald_heat",)
"""Networks of `pandapipes.networks` that can be named in the place of a file."""

_MOST_M, _MOST_ZETA = 50_000.0, 1000.0
_THROUGH: Final = (
    ("pump", "from_junction", "to_junction"),
    ("flow_control", "from_junction", "to_junction"),
    ("press_control", "from_junction", "to_junction"),
    ("compressor", "from_junction", "to_junction"),
)
_DEGREES: Final = 180.0
_SINK_SPAN_K: Final = 30.0


def import_pandapipes(source: str | Path, choices: Choices) -> Imported:
    """Read a network.

    Args:
        source: File that `pandapipes.to_json` wrote, or the name of a built-in network.
        choices: What the user adds.

    Returns:
        The district and what became of the file.

    Raises:
        DistrictError: Everything that is wrong with the file.
        ConfigError: A built-in network is named and pandapipes is not installed.
    """
    report = ImportReport(str(source), "pandapipes")
    if source in BUILT_IN:
        tables = tables_of(_built_in(str(source)), report)
        title = str(source)
    else:
        tables = read_tables(Path(source), report)
        title = Path(source).stem
    draft = read_draft(tables, report)
    return assemble(draft, report, title, choices)


def _built_in(name: str) -> str:
    try:
        pandapipes = load_pandapipes()
        from pandapipes import networks
    except ImportError:
        message = (
            f"{name}: the package 'pandapipes', which brings this network, is not installed; "
            "install it with: pip install 'heatrouter[io]'"
        )
        raise ConfigError(message) from None
    return str(pandapipes.to_json(getattr(networks, name)()))


def read_draft(tables: Tables, report: ImportReport) -> Draft:
    """Lines and units of a network.

    Raises:
        DistrictError: Everything that is wrong with it.
    """
    draft = Draft()
    fluid = tables.fluid()
    if fluid and "water" not in fluid.lower():
        report.mistake("fluid", f"{fluid!r} is no water; only heat networks can be imported")
    nodes = _junctions(tables, draft, report)
    _pipes(tables, draft, nodes, report)
    _valves(tables, draft, nodes, report)
    for table, start, end in _THROUGH:
        for row in _in_service(tables, table, report):
            draft.joins.append((row.node(start, nodes), row.node(end, nodes)))
            report.add("dropped", f"{table} elements, taken for open pipes", row.path)
    for row in tables.rows("mass_storage"):
        report.add("dropped", "storage of mass, which has no heat", row.path)
    _producers(tables, draft, nodes, report)
    _consumers(tables, draft, nodes, report)
    report.check()
    for table, columns in tables.unread():
        if columns:
            report.add("dropped", f"columns of {table}: {', '.join(columns)}")
        else:
            report.add("dropped", f"the table {table}")
    return draft


def _in_service(tables: Tables, table: str, report: ImportReport) -> list[Row]:
    rows = []
    for row in tables.rows(table):
        if row.flag("in_service", default=True):
            rows.append(row)
        else:
            report.add("dropped", f"{table} elements out of service", row.path)
    return rows


def _junctions(tables: Tables, draft: Draft, report: ImportReport) -> set[str]:
    nodes: set[str] = set()
    degrees: dict[str, tuple[float, float]] = {}
    for row in _in_service(tables, "junction", report):
        node = row.path.removeprefix("junction[").removesuffix("]")
        if node in nodes:
            report.mistake(row.path, f"{node} is used twice; give each junction its own number")
        nodes.add(node)
        draft.labels[node] = row.text("name") or f"j{node}"
        point = _point(row.raw("geo"))
        if point is not None:
            degrees[node] = point
    for row in tables.rows("junction_geodata"):
        x, y = row.number("x"), row.number("y")
        if x is not None and y is not None:
            draft.places[row.path.removeprefix("junction_geodata[").removesuffix("]")] = (x, y)
    origin = centre(draft.places.values())
    if origin is not None:
        flat = max(map(abs, origin)) > _DEGREES
        if flat:
            draft.places = {n: (x - origin[0], y - origin[1]) for n, (x, y) in draft.places.items()}
        else:
            degrees = {n: (y, x) for n, (x, y) in draft.places.items()} | degrees
            draft.places = {}
    middle = centre(degrees.values())
    if middle is not None:
        draft.latitude_deg, draft.longitude_deg = middle
        report.add("mapped", f"the site at {middle[0]:.3f} N, {middle[1]:.3f} E")
        for node, (latitude, longitude) in degrees.items():
            draft.places.setdefault(node, local_metres(latitude, longitude, *middle))
    if not nodes:
        report.mistake("junction", "holds no junction in service")
    return nodes


def _point(value: object) -> tuple[float, float] | None:
    """Latitude and longitude of a GeoJSON point, also where the two are exchanged."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    pair = value.get("coordinates") if isinstance(value, dict) else None
    if not isinstance(pair, list) or len(pair) < 2:
        return None
    first, second = pair[0], pair[1]
    for number in (first, second):
        if isinstance(number, bool) or not isinstance(number, int | float):
            return None
    if not (abs(first) <= _DEGREES and abs(second) <= _DEGREES):
        return None
    # GeoJSON has longitude first; some networks in Europe have it second
    swapped = 35.0 <= first <= 72.0 and -25.0 <= second <= 35.0
    latitude, longitude = (first, second) if swapped else (second, first)
    return (float(latitude), float(longitude)) if abs(latitude) <= 90.0 else None


def _pipes(tables: Tables, draft: Draft, nodes: set[str], report: ImportReport) -> None:
    inner = "inner_diameter_mm"
    kinds: dict[tuple[float, float, float], PipeKind] = {}
    ambient: set[float] = set()
    for row in _in_service(tables, "pipe", report):
        length_m = 1000.0 * row.needed("length_km", 0.0, _MOST_M / 1000.0)
        if row.raw(inner) is None and row.raw("diameter_m") is not None:
            diameter = row.needed("diameter_m", 0.005, 2.0)  # as before pandapipes 0.11
        else:
            diameter = row.needed(inner, 5.0, 2000.0) / 1000.0
        roughness = row.number("k_mm", 0.0, 5.0)
        u = row.number("u_w_per_m2k", 0.0, 1e6)
        if u is None:
            u = row.number("alpha_w_per_m2k", 0.0, 1e6)
        if length_m == 0.0:
            report.add("mapped", "pipes without length join their ends", row.text("name"))
        key = (diameter, 0.05 if roughness is None else max(roughness, 1e-4), u or 0.0)
        if key not in kinds:
            kinds[key] = _kind(*key, report)
        text_k = row.number("text_k", 0.0, 500.0)
        if text_k is not None:
            ambient.add(round(text_k - ZERO_CELSIUS_K, 2))
        if row.number("qext_w"):
            report.add("dropped", "heat put into pipes (qext_w)", row.path)
        draft.pipes.append(
            LinePipe(
                path=row.path,
                name=row.text("name"),
                start=row.node("from_junction", nodes),
                end=row.node("to_junction", nodes),
                length_m=length_m,
                loss_coefficient=row.number("loss_coefficient", 0.0, _MOST_ZETA) or 0.0,
                kind=kinds[key],
            )
        )
    if ambient:
        shown = ", ".join(f"{t:g}" for t in sorted(ambient)[:4])
        report.add(
            "dropped", f"surroundings of pipes at {shown} degC: the scenario has the ground's"
        )
    diameters = {kind.inner_diameter_m for kind in kinds.values()}
    if len(diameters) == 1 and len(draft.pipes) > 10:
        report.add(
            "look at",
            f"all {len(draft.pipes)} pipes have one inner diameter, {diameters.pop():g} m: "
            "a placeholder?",
        )


def _kind(diameter_m: float, roughness_mm: float, u: float, report: ImportReport) -> PipeKind:
    kind, reached = with_heat_loss(diameter_m, roughness_mm, u)
    report.add("mapped", "u_w_per_m2k of pipes as insulation that loses as much", f"{u:.4g}")
    if not math.isclose(reached, u, rel_tol=1e-4):
        report.add(
            "look at",
            f"{u:g} W/(m2 K) of {1000.0 * diameter_m:g} mm pipes is out of reach of insulation in "
            f"the ground; they lose {reached:.3g} W/(m2 K)",
        )
    return kind


def _valves(tables: Tables, draft: Draft, nodes: set[str], report: ImportReport) -> None:
    for row in tables.rows("valve"):
        if row.text("et") not in {"", "ju"}:
            report.add("dropped", "valves at pipes, taken for open", row.path)
            continue
        start = row.node("junction" if row.raw("junction") is not None else "from_junction", nodes)
        end = row.node("element" if row.raw("element") is not None else "to_junction", nodes)
        if not row.flag("opened", default=True):
            report.add("mapped", "closed valves as gaps", row.text("name") or row.path)
            continue
        draft.joins.append((start, end))
        report.add("mapped", "open valves join their ends", row.text("name") or row.path)
        if row.number("loss_coefficient", 0.0):
            report.add("dropped", "loss coefficients of valves", row.text("name") or row.path)


def _producers(tables: Tables, draft: Draft, nodes: set[str], report: ImportReport) -> None:
    """Circulation pumps and grids; the first that holds the pressure is the root."""
    for table in ("circ_pump_pressure", "circ_pump_mass"):
        for row in _in_service(tables, table, report):
            supply_c = _celsius(row, "t_flow_k")
            mdot = row.number("mdot_flow_kg_per_s", 0.0, 1e5)
            unit = DraftUnit(
                row.path,
                row.text("name") or f"{table}_{row.path[len(table) + 1 : -1]}",
                "boiler",
                Port(
                    row.node("flow_junction", nodes), row.node("return_junction", nodes), supply_c
                ),
                None,
                f"{table} of pandapipes",
                root=table == "circ_pump_pressure" and not any(u.root for u in draft.units),
            )
            if mdot is not None:
                unit.values["mdot_kg_s"] = mdot
            draft.units.append(unit)
    for row in _in_service(tables, "ext_grid", report):
        draft.units.append(
            DraftUnit(
                row.path,
                row.text("name") or "external_grid",
                "boiler",
                Port(row.node("junction", nodes), None, _celsius(row, "t_k")),
                None,
                "ext_grid of pandapipes",
                root=not any(u.root for u in draft.units),
            )
        )
    if not draft.units:
        report.mistake("", "holds no circulation pump and no ext_grid in service: nothing heats it")


def _consumers(tables: Tables, draft: Draft, nodes: set[str], report: ImportReport) -> None:
    supply_c = max((u.port.supply_c for u in draft.units if u.port.supply_c), default=80.0)
    for row in _in_service(tables, "heat_consumer", report):
        _consumer(row, draft, nodes, supply_c, report)
    for row in _in_service(tables, "heat_exchanger", report):
        watt = row.needed("qext_w", -1e12, 1e12)
        port = Port(row.node("from_junction", nodes), row.node("to_junction", nodes))
        name = row.text("name") or f"heat_{row.path[15:-1]}"
        if watt > 0.0:
            draft.units.append(
                DraftUnit(row.path, name, "substation", port, watt / W_PER_KW,
                          "heat_exchanger of pandapipes")
            )  # fmt: skip
            report.add("dropped", "uncontrolled flow of heat_exchangers: consumers set their own")
        else:
            draft.joins.append((port.supply, port.back or ""))
            report.add("dropped", "heat_exchangers that take no heat, taken for pipes", row.path)
    for row in _in_service(tables, "sink", report):
        mdot = row.needed("mdot_kg_per_s", 0.0, 1e5)
        if mdot == 0.0:
            report.add("dropped", "sinks without flow", row.path)
            continue
        name = row.text("name") or f"sink_{row.path[5:-1]}"
        port = Port(row.node("junction", nodes), None, None, supply_c - _SINK_SPAN_K)
        heat_kw = mdot * CP_KJ_KGK * _SINK_SPAN_K
        draft.units.append(
            DraftUnit(row.path, name, "substation", port, heat_kw, "sink of pandapipes")
        )
        report.add("assumed", f"sinks cool their water by {_SINK_SPAN_K:g} K", name)
    for row in _in_service(tables, "source", report):
        report.add("dropped", "sources of mass, which have no temperature", row.path)
    _rate_pumps(draft, supply_c, report)


def _rate_pumps(draft: Draft, supply_c: float, report: ImportReport) -> None:
    """Heat of circulation pumps with an imposed flow, from the consumers' return temperature."""
    backs = [u.port.return_c for u in draft.units if u.port.return_c is not None]
    back_c = sum(backs) / len(backs) if backs else supply_c - _SINK_SPAN_K
    for unit in draft.units:
        if unit.kind != "boiler" or unit.root:
            continue
        mdot = unit.values.pop("mdot_kg_s", None)
        span_k = (unit.port.supply_c or supply_c) - back_c
        if isinstance(mdot, float) and span_k > 0.0 and mdot > 0.0:
            unit.heat_kw = mdot * CP_KJ_KGK * span_k
            report.add("assumed", "pumps with a given flow heat the consumers' return", unit.name)
        else:
            report.mistake(unit.path, f"{unit.name!r} gives no heat: it needs a flow and t_flow_k")


def _consumer(
    row: Row, draft: Draft, nodes: set[str], supply_c: float, report: ImportReport
) -> None:
    """Two of heat, flow, spread and return temperature give the other two."""
    watt = row.number("qext_w", 0.0, 1e12)
    mdot = row.number("controlled_mdot_kg_per_s", 0.0, 1e5)
    span = row.number("deltat_k", 0.0, 300.0)
    back_c = _celsius(row, "treturn_k")
    if span is None and back_c is not None:
        span = supply_c - back_c
    if watt is None and mdot is not None and span is not None:
        watt = mdot * CP_KJ_KGK * W_PER_KW * span
    if span is None and watt is not None and mdot:
        span = watt / (mdot * CP_KJ_KGK * W_PER_KW)
    port = Port(row.node("from_junction", nodes), row.node("to_junction", nodes))
    name = row.text("name") or f"consumer_{row.path[14:-1]}"
    if watt is None or span is None or span <= 0.0 or watt == 0.0:
        if watt == 0.0:
            report.add("dropped", "heat consumers without heat", name)
            return
        report.mistake(
            row.path, "needs two of qext_w, controlled_mdot_kg_per_s, deltat_k and treturn_k, > 0"
        )
        return
    port.return_c = supply_c - span
    draft.units.append(
        DraftUnit(row.path, name, "substation", port, watt / W_PER_KW,
                  f"heat_consumer of pandapipes, cools by {span:.4g} K")
    )  # fmt: skip


def _celsius(row: Row, column: str) -> float | None:
    kelvin = row.number(column, 200.0, 500.0)
    return None if kelvin is None else kelvin - ZERO_CELSIUS_K
