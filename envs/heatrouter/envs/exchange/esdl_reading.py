"""The assets of an ESDL file, read as the XML that it is.

The file's XMI refers to everything by identifiers, so that ports, carriers and related pipes can be
looked up without the classes of pyESDL; attributes that are left out have ESDL's default, zero.
Document types are refused: no ESDL file has one, and entities can make a small file a huge one.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from heatrouter.envs.exchange.import_report import ImportReport

_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_ESDL = "http://www.tno.nl/esdl"
_LARGEST_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Carrier:
    """A heat commodity; temperatures in degC, None where not given."""

    name: str
    supply_c: float | None
    return_c: float | None


@dataclass(frozen=True, slots=True)
class EsdlPort:
    """A port of an asset.

    Attributes:
        key: Its identifier.
        name: As in ``PrimIn``.
        inward: Whether water comes in there by the file's convention.
        others: Identifiers of ports that it is connected to.
        carrier: Its heat commodity, if it has one.
        carries_heat: False where its carrier is no heat commodity.
    """

    key: str
    name: str
    inward: bool
    others: tuple[str, ...]
    carrier: Carrier | None
    carries_heat: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a pipe from the inside out."""

    width_m: float
    conductivity_w_mk: float
    material: str


class Asset:
    """One asset, whose attributes are checked as they are taken.

    Args:
        element: Its XML.
        kind: Its class, as in ``HeatingDemand``.
        ports: Its ports.
        report: Takes mistakes.
    """

    def __init__(
        self, element: ET.Element, kind: str, ports: tuple[EsdlPort, ...], report: ImportReport
    ) -> None:
        self.kind = kind
        self.key = element.get("id", "")
        self.name = element.get("name", "") or self.key or kind
        self.path = f"{kind} {self.name!r}"
        self.ports = ports
        self._element = element
        self._report = report
        self._taken = {"id", "name", _TYPE}

    def unread(self) -> list[str]:
        """Attributes that nobody has taken."""
        return sorted({*self._element.keys()} - self._taken)

    def text(self, attribute: str) -> str:
        """An attribute, empty where it is left out."""
        self._taken.add(attribute)
        return self._element.get(attribute, "")

    def number(self, attribute: str, low: float = 0.0, high: float = 1e15) -> float | None:
        """An attribute; None where it is left out or zero, with a mistake where it is wrong."""
        text = self._element.get(attribute)
        self._taken.add(attribute)
        return _number(text, f"{self.path}.{attribute}", low, high, self._report)

    def points(self) -> list[tuple[float, float]]:
        """Latitude and longitude of its geometry, degrees, in its order."""
        geometry = self._element.find("geometry")
        if geometry is None:
            return []
        found = []
        for part in (geometry, *geometry.findall("point")):
            lat, lon = (_plain(part.get(k)) for k in ("lat", "lon"))
            if lat is not None and lon is not None and abs(lat) <= 90.0 and abs(lon) <= 180.0:
                found.append((lat, lon))
        return found

    def layers(self) -> list[Layer]:
        """Layers of its material; empty unless all of them have width and conductivity."""
        found = []
        for part in self._element.findall("material/component"):
            matter = part.find("matter")
            width = _plain(part.get("layerWidth"))
            conductivity = None if matter is None else _plain(matter.get("thermalConductivity"))
            if matter is None or not width or not conductivity or min(width, conductivity) <= 0.0:
                return []
            found.append(Layer(width, conductivity, matter.get("name", "")))
        return found

    def profiles(self) -> list[tuple[str, float | None, str, str]]:
        """Class, single value, multiplier of the unit and reference of its ports' profiles."""
        found = []
        for profile in self._element.findall("port/profile"):
            unit = profile.find("profileQuantityAndUnit")
            found.append(
                (
                    _kind(profile),
                    _plain(profile.get("value")),
                    "" if unit is None else unit.get("multiplier", ""),
                    "" if unit is None else unit.get("reference", ""),
                )
            )
        return found

    def has_costs(self) -> bool:
        """Whether it has costs."""
        return self._element.find("costInformation") is not None


@dataclass(frozen=True, slots=True)
class EnergySystem:
    """What is read of a file.

    Attributes:
        name: Of the system.
        assets: All, also of nested areas and buildings.
        multipliers: Of quantities that the file defines, by identifier, as in ``MEGA``.
        kpis: Number of key figures.
    """

    name: str
    assets: tuple[Asset, ...]
    multipliers: dict[str, str]
    kpis: int


def read_esdl(path: Path, report: ImportReport) -> EnergySystem:
    """Read a file.

    Raises:
        DistrictError: The file is not there, or not ESDL.
    """
    data = b""
    try:
        size = path.stat().st_size
        if size <= _LARGEST_BYTES:
            data = path.read_bytes()
        else:
            report.mistake("", f"has {size} bytes, at most {_LARGEST_BYTES} are read")
    except (OSError, ValueError) as error:
        report.mistake("", f"cannot be read: {getattr(error, 'strerror', None) or error}")
    report.check()
    return parse_esdl(data, report)


def parse_esdl(data: bytes, report: ImportReport) -> EnergySystem:
    """Take the bytes of a file apart; raises as `read_esdl` does."""
    root = _tree(data, report)
    report.check()
    assert root is not None
    carriers = {e.get("id", ""): _carrier(e, report) for e in root.iter("carrier")}
    elements = [*_assets(root)]
    assets = tuple(
        Asset(e, _kind(e), tuple(_port(p, carriers) for p in e.findall("port")), report)
        for e in elements
    )
    multipliers = {
        e.get("id", ""): e.get("multiplier", "NONE") for e in root.iter("quantityAndUnit")
    }
    kpis = sum(1 for _ in root.iter("kpi"))
    return EnergySystem(root.get("name", ""), assets, multipliers, kpis)


def _tree(data: bytes, report: ImportReport) -> ET.Element | None:
    class Builder(ET.TreeBuilder):
        """Refuses document types."""

        def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002
            message = "a document type"
            raise ValueError(message)

    parser = ET.XMLParser(target=Builder())  # noqa: S314 - without document types no entities
    try:
        parser.feed(data)
        root = parser.close()
    except (ET.ParseError, ValueError, LookupError, RecursionError) as error:
        report.mistake("", f"is no ESDL: {error}")
        return None
    if root.tag != f"{{{_ESDL}}}EnergySystem":
        report.mistake("", f"is no ESDL: its root must be EnergySystem of {_ESDL}")
        return None
    return root


def _assets(root: ET.Element) -> Iterator[ET.Element]:
    for element in root.iter("asset"):
        if element.get(_TYPE):
            yield element


def _kind(element: ET.Element) -> str:
    return element.get(_TYPE, "").rpartition(":")[2]


def _carrier(element: ET.Element, report: ImportReport) -> Carrier | None:
    if _kind(element) != "HeatCommodity":
        return None
    name = element.get("name", "")
    temps = [
        _number(element.get(f"{line}Temperature"), f"carrier {name!r}", -50.0, 500.0, report)
        for line in ("supply", "return")
    ]
    return Carrier(name, temps[0], temps[1])


def _port(element: ET.Element, carriers: dict[str, Carrier | None]) -> EsdlPort:
    key = element.get("carrier", "")
    return EsdlPort(
        element.get("id", ""),
        element.get("name", ""),
        _kind(element) == "InPort",
        tuple(element.get("connectedTo", "").split()),
        carriers.get(key),
        key not in carriers or carriers[key] is not None,
    )


def _number(
    text: str | None, path: str, low: float, high: float, report: ImportReport
) -> float | None:
    if text is None or not text.strip():
        return None
    value = _plain(text)
    if value is None:
        report.mistake(path, f"{text[:60]!r} is no number")
        return None
    if not low <= value <= high:
        report.mistake(path, f"{value:g} must be within {low:g} and {high:g}")
        return None
    return value or None


def _plain(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
