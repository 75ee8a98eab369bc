"""ESDL energy systems as districts.

Pipes and joints become the two lines; the table of kinds says what assets become. Carriers give
the temperatures of circuits, materials and nominal diameters the pipe series.
"""

import math
from pathlib import Path
from typing import Final

from heatrouter.envs.exchange.assembly import Choices, Imported, assemble
from heatrouter.envs.exchange.draft import Draft, DraftUnit, Kind, LinePipe, PipeKind, Port
from heatrouter.envs.exchange.esdl_reading import (
    Asset,
    EnergySystem,
    EsdlPort,
    read_esdl,
)
from heatrouter.envs.exchange.import_report import ImportReport
from heatrouter.envs.exchange.pipe_catalogue import AGED_FOAM_W_MK, nominal, wall_and_casing
from heatrouter.envs.exchange.site_guess import centre, local_metres
from heatrouter.envs.units import J_PER_KWH, W_PER_KW

KINDS: Final[dict[str, Kind]] = {
    "HeatingDemand": "substation",
    "GenericConsumer": "substation",
    "ResidualHeatSource": "waste_heat_source",
    "GeothermalSource": "waste_heat_source",
    "HeatProducer": "boiler",
    "GenericProducer": "boiler",
    "GasHeater": "boiler",
    "ElectricBoiler": "boiler",
    "BiomassHeater": "boiler",
    "SolarCollector": "solar_thermal",
    "HeatStorage": "store",
    "WaterBuffer": "store",
    "ATES": "store",
    "HeatExchange": "heat_exchanger",
    "HeatPump": "heat_pump",
}
"""What assets become."""

_FUELS: Final = {"ElectricBoiler": "electricity", "BiomassHeater": "wood"}
_THROUGH: Final = {"Joint", "Pump", "Valve", "CheckValve", "PressureReducingValve", "Connection"}
_TWO_SIDED: Final = {"heat_exchanger", "heat_pump"}
_SCALE_W: Final = {"": 1.0, "NONE": 1.0, "KILO": 1e3, "MEGA": 1e6, "GIGA": 1e9}
_MEGAWATT_KEY: Final = "e9405fc8-5e57-4df5-8584-4babee7cdf1b"
"""Identifier of power in MW in files of the ESDL MapEditor, some of which do not define it."""
_MOST_M: Final = 50_000.0
_AQUIFER_WATER_SHARE: Final = 0.67
"""Heat capacity of water-filled sand of porosity 0.3 (2.8 MJ/(m3 K)) over that of water."""


def import_esdl(path: Path, choices: Choices) -> Imported:
    """Read an energy system.

    Args:
        path: An ESDL file.
        choices: What the user adds.

    Returns:
        The district and what became of the file.

    Raises:
        DistrictError: Everything that is wrong with the file.
    """
    report = ImportReport(str(path), "ESDL")
    system = read_esdl(path, report)
    draft = read_draft(system, report)
    return assemble(draft, report, path.stem, choices)


def read_draft(system: EnergySystem, report: ImportReport) -> Draft:
    """Lines and units of an energy system.

    Raises:
        DistrictError: Everything that is wrong with it.
    """
    draft = Draft()
    assets = []
    for asset in system.assets:
        if asset.text("state") == "DISABLED":
            report.add("dropped", "disabled assets", asset.name)
            continue
        if asset.text("state") == "OPTIONAL":
            report.add("look at", "optional assets are taken as built", asset.name)
        assets.append(asset)
    _connect(assets, draft, report)
    names = {asset.key: asset.name for asset in assets}
    for asset in assets:
        if asset.kind == "Pipe":
            _pipe(asset, names, draft, report)
        elif asset.kind in _THROUGH:
            _joint(asset, draft, report)
        elif asset.kind in KINDS:
            _unit(asset, system, draft, report)
        else:
            report.add("dropped", f"{asset.kind} assets, which have no counterpart", asset.name)
        for attribute in asset.unread() if asset.kind in KINDS or asset.kind == "Pipe" else ():
            report.add("dropped", f"{attribute} of {asset.kind}", asset.name)
        if asset.has_costs():
            report.add("dropped", "costs", asset.name)
    if system.kpis:
        report.add("dropped", f"{system.kpis} key figures")
    _place(assets, draft, report)
    report.check()
    return draft


def _connect(assets: list[Asset], draft: Draft, report: ImportReport) -> None:
    """Make connected ports one node."""
    keys = [port.key for asset in assets for port in asset.ports]
    known = set(keys)
    if len(known) < len(keys) or "" in known:
        twice = sorted({key for key in keys if keys.count(key) > 1 or not key})
        report.mistake("", f"ports need identifiers of their own; look at {twice[:3]}")
    for asset in assets:
        for port in asset.ports:
            for other in port.others:
                if other in known:
                    draft.joins.append((port.key, other))
                else:
                    # its asset may be disabled, or in a part of the system that was cut off
                    report.add("look at", "connections to ports that are not there", asset.name)


def _heat_ports(asset: Asset) -> tuple[list[EsdlPort], list[EsdlPort]]:
    ports = [port for port in asset.ports if port.carries_heat]
    return [p for p in ports if p.inward], [p for p in ports if not p.inward]


def _joint(asset: Asset, draft: Draft, report: ImportReport) -> None:
    inward, outward = _heat_ports(asset)
    ports = [*inward, *outward]
    for port in ports[1:]:
        draft.joins.append((ports[0].key, port.key))
    if ports and asset.kind == "Joint":
        draft.labels.setdefault(ports[0].key, asset.name)
    elif asset.kind != "Joint":
        report.add("dropped", f"{asset.kind} assets, taken for open pipes", asset.name)


def _pipe(asset: Asset, names: dict[str, str], draft: Draft, report: ImportReport) -> None:
    inward, outward = _heat_ports(asset)
    if len(inward) != 1 or len(outward) != 1:
        report.mistake(asset.path, "a pipe needs one InPort and one OutPort")
        return
    length = asset.number("length", 0.0, _MOST_M) or 0.0
    if length == 0.0:
        report.add("mapped", "pipes without length join their ends", asset.name)
    kind = _pipe_kind(asset, report)
    if kind is None:
        return
    partner = asset.text("related").split()
    draft.pipes.append(
        LinePipe(
            asset.path,
            asset.name,
            inward[0].key,
            outward[0].key,
            length,
            0.0,
            kind,
            names.get(partner[0], "") if partner else "",
        )
    )


def _pipe_kind(asset: Asset, report: ImportReport) -> PipeKind | None:
    """From its own dimensions and layers, else from its nominal diameter."""
    inner = asset.number("innerDiameter", 0.005, 2.0)
    casing = asset.number("outerDiameter", 0.01, 3.0)
    digits = asset.text("diameter").removeprefix("DN")
    dn = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
    report.add("assumed", "roughness of pipes 0.05 mm, no fittings")
    if inner is None:
        kind = nominal(dn)
        if kind is None:
            report.mistake(
                asset.path, f"has no innerDiameter, and {digits or 'no'!r} is no nominal diameter"
            )
        report.add("mapped", f"DN {dn} as EN 10220 in EN 253 series 1")
        return kind
    wall, usual_casing = wall_and_casing(inner)
    assumed = []
    layers = asset.layers()
    if layers:
        wall = layers[0].width_m
    outer = inner + 2.0 * wall
    around, radius = 0.0, outer / 2.0
    for layer in layers[1:]:
        around += math.log1p(layer.width_m / radius) / layer.conductivity_w_mk
        radius += layer.width_m
    if around > 0.0 and 2.0 * radius > outer:
        casing = 2.0 * radius
        conductivity = math.log(casing / outer) / around
        report.add("mapped", "layers of pipes as wall and insulation")
    else:
        conductivity = AGED_FOAM_W_MK
        assumed.append(f"insulation of {conductivity:g} W/(m K) round pipes")
    if casing is None or casing <= outer:
        casing = usual_casing
        assumed.append("casings as EN 253 series 1")
    if not layers:
        assumed.append("walls as EN 10220")
    return PipeKind(
        inner_diameter_m=round(inner, 6),
        wall_thickness_m=round(wall, 6),
        casing_diameter_m=round(casing, 6),
        insulation_conductivity_w_mk=round(conductivity, 6),
        source=f"{'DN ' + str(dn) if dn else 'dimensions'} of the file",
        assumed=tuple(assumed),
    )


def _unit(asset: Asset, system: EnergySystem, draft: Draft, report: ImportReport) -> None:
    kind = KINDS[asset.kind]
    inward, outward = _heat_ports(asset)
    primary = None
    if kind in _TWO_SIDED and (len(inward) > 1 or len(outward) > 1 or kind == "heat_exchanger"):
        sides = _sides(asset, inward, outward, report)
        if sides is None:
            return
        primary, port = sides
    else:
        # water leaves a source hot, and a consumer or a store that is being charged cold
        from_supply = kind in {"substation", "process_heat", "store"}
        hot, cold = (inward, outward) if from_supply else (outward, inward)
        if len(hot) != 1 or len(cold) > 1:
            report.mistake(asset.path, "needs one port in its supply and at most one in its return")
            return
        port = _port(hot[0], cold[0] if cold else None)
    linked = [p for p in (*inward, *outward) if not p.others]
    if linked:
        report.mistake(asset.path, f"its port {linked[0].name!r} is connected to nothing")
        return
    power = asset.number("power")
    unit = DraftUnit(
        asset.path,
        asset.name,
        kind,
        port,
        None if power is None else power / W_PER_KW,
        f"ESDL {asset.kind}",
        primary=primary,
    )
    _values(asset, unit)
    _profiles(asset, unit, system, report)
    for node in (port.supply, port.back):
        if node is not None:  # either may turn out to be the supply of a store
            draft.labels.setdefault(node, asset.name)
    draft.units.append(unit)


def _values(asset: Asset, unit: DraftUnit) -> None:
    """Numbers of single kinds."""
    wanted = {
        "substation": (("minTemperature", "least_c", 1.0),),
        "waste_heat_source": (("maxTemperature", "most_c", 1.0),),
        "boiler": (("efficiency", "efficiency", 1.0),),
        "solar_thermal": (("surfaceArea", "area_m2", 1.0), ("area", "area_m2", 1.0)),
        "store": (
            ("volume", "volume_m3", 1.0),
            ("capacity", "capacity_kwh", 1.0 / J_PER_KWH),
            ("aquiferThickness", "height_m", 1.0),
        ),
        "heat_exchanger": (("heatTransferCoefficient", "ua_kw_k", 1.0 / W_PER_KW),),
        "heat_pump": (("COP", "cop", 1.0),),
    }
    for attribute, name, factor in wanted.get(unit.kind, ()):
        value = asset.number(attribute)
        if value is not None:
            unit.values[name] = value * factor
    if asset.kind in _FUELS:
        unit.values["fuel"] = _FUELS[asset.kind]
    if unit.kind == "store":
        rates = [asset.number(f"max{way}Rate") for way in ("Charge", "Discharge")]
        given = [rate / W_PER_KW for rate in rates if rate is not None]
        if given:
            unit.heat_kw = max(given)
    distance, thickness = asset.number("wellDistance"), asset.number("aquiferThickness")
    if asset.kind == "ATES" and distance and thickness and "volume_m3" not in unit.values:
        # the warm body reaches half way to the other well
        sand = math.pi * (distance / 2.0) ** 2 * thickness
        unit.values["volume_m3"] = _AQUIFER_WATER_SHARE * sand
        unit.origin += ", water of equal heat capacity in its warm half"


def _profiles(asset: Asset, unit: DraftUnit, system: EnergySystem, report: ImportReport) -> None:
    for kind, value, multiplier, reference in asset.profiles():
        if kind != "SingleValue" or value is None or unit.kind != "substation" or value <= 0.0:
            report.add(
                "dropped", f"{kind or 'unknown'} profiles; the scenario has the course", unit.name
            )
            continue
        known = system.multipliers.get(reference, multiplier)
        if not known and reference == _MEGAWATT_KEY:
            known = "MEGA"
            report.add(
                "assumed", "profiles whose unit the file does not define are in MW", unit.name
            )
        scale = _SCALE_W.get(known) if known else None
        if scale is None:
            report.add("dropped", "profiles of one value without a known unit", unit.name)
            continue
        unit.kind = "process_heat"
        unit.heat_kw = value * scale / W_PER_KW
        unit.origin += f" with a constant demand of {unit.heat_kw:g} kW"
        report.add("mapped", "demands of one value as process heat without weather", unit.name)
    if unit.kind == "substation" and asset.text("type") == "PROCESS_HEATING":
        unit.kind = "process_heat"


def _sides(
    asset: Asset, inward: list[EsdlPort], outward: list[EsdlPort], report: ImportReport
) -> tuple[Port, Port] | None:
    """Primary and secondary port of a link, told by the names of its ports."""
    found: dict[tuple[str, bool], EsdlPort] = {}
    for port in (*inward, *outward):
        side = "primary" if "prim" in port.name.lower() else "secondary"
        if (side, port.inward) in found:
            report.mistake(
                asset.path,
                "its ports cannot be told apart; name them PrimIn, PrimOut, SecIn and SecOut",
            )
            return None
        found[side, port.inward] = port
    primary = found.get(("primary", True)), found.get(("primary", False))
    secondary = found.get(("secondary", False)), found.get(("secondary", True))
    if primary[0] is None or secondary[0] is None:
        report.mistake(asset.path, "needs PrimIn and SecOut, and their returns PrimOut and SecIn")
        return None
    return _port(primary[0], primary[1]), _port(secondary[0], secondary[1])


def _port(hot: EsdlPort, cold: EsdlPort | None) -> Port:
    supply_c = hot.carrier.supply_c if hot.carrier else None
    carrier = (cold or hot).carrier
    return Port(
        hot.key, cold.key if cold else None, supply_c, carrier.return_c if carrier else None
    )


def _place(assets: list[Asset], draft: Draft, report: ImportReport) -> None:
    """Coordinates of nodes, from joints and units before the ends of pipes."""
    degrees: dict[str, tuple[float, float]] = {}
    for asset in sorted(assets, key=lambda a: a.kind == "Pipe"):
        points = asset.points()
        if not points:
            continue
        for port in asset.ports:
            ends = points[0] if port.inward else points[-1]
            degrees.setdefault(port.key, ends)
    middle = centre(degrees.values())
    if middle is None:
        return
    draft.latitude_deg, draft.longitude_deg = middle
    report.add("mapped", f"the site at {middle[0]:.3f} N, {middle[1]:.3f} E")
    for node, (latitude, longitude) in degrees.items():
        draft.places[node] = local_metres(latitude, longitude, *middle)
