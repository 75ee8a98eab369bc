"""Small ESDL files, written as text so that a test can change any part of them."""

from dataclasses import dataclass, field
from typing import Any

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<esdl:EnergySystem xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:esdl="http://www.tno.nl/esdl" name="small" id="sys">\n'
)
CARRIERS = (
    '<carrier xsi:type="esdl:HeatCommodity" id="{c}" name="{c}" supplyTemperature="{s}"/>'
    '<carrier xsi:type="esdl:HeatCommodity" id="{c}_ret" name="{c}_ret" returnTemperature="{r}"/>\n'
)


@dataclass
class EsdlFile:
    """Builds a file asset by asset; ports are named ``asset.port``."""

    carriers: dict[str, tuple[float, float]] = field(default_factory=lambda: {"heat": (80.0, 40.0)})
    assets: list[str] = field(default_factory=list)
    links: dict[str, list[str]] = field(default_factory=dict)

    def connect(self, one: str, other: str) -> None:
        self.links.setdefault(one, []).append(other)
        self.links.setdefault(other, []).append(one)

    def asset(
        self,
        kind: str,
        name: str,
        ports: dict[str, tuple[bool, str]],
        at: tuple[float, float] = (52.0, 4.4),
        inside: str = "",
        **attributes: Any,
    ) -> None:
        """Add an asset; ports by name: whether inward, and carrier."""
        shown = " ".join(f'{key}="{value}"' for key, value in attributes.items())
        text = f'<asset xsi:type="esdl:{kind}" id="{name}" name="{name}" {shown}>'
        text += f'<geometry xsi:type="esdl:Point" lat="{at[0]}" lon="{at[1]}"/>'
        for port, (inward, carrier) in ports.items():
            way = "InPort" if inward else "OutPort"
            text += (
                f'<port xsi:type="esdl:{way}" id="{name}.{port}" name="{port}" '
                f'connectedTo="@{name}.{port}@" carrier="{carrier}"/>'
            )
        self.assets.append(f"{text}{inside}</asset>\n")

    def pipe_pair(
        self, name: str, start: tuple[str, str], end: tuple[str, str], carrier: str = "heat",
        **attributes: Any,
    ) -> None:  # fmt: skip
        """A supply pipe between two ports, and its return, which runs back between two others."""
        given: dict[str, Any] = {"length": 100.0, "diameter": "DN100"} | attributes
        self.asset("Pipe", name, {"In": (True, carrier), "Out": (False, carrier)}, **given)
        back = f"{carrier}_ret"
        self.asset("Pipe", f"{name}_ret", {"In": (True, back), "Out": (False, back)}, **given)
        self.connect(start[0], f"{name}.In")
        self.connect(f"{name}.Out", end[0])
        self.connect(end[1], f"{name}_ret.In")
        self.connect(f"{name}_ret.Out", start[1])

    def joint(self, name: str, carrier: str = "heat") -> tuple[str, str]:
        """A joint in both lines; its ports for `pipe_pair`."""
        for line, ending in ((carrier, ""), (f"{carrier}_ret", "_ret")):
            self.asset("Joint", name + ending, {"In": (True, line), "Out": (False, line)})
        return f"{name}.Out", f"{name}_ret.In"

    def text(self) -> str:
        carriers = "".join(CARRIERS.format(c=c, s=s, r=r) for c, (s, r) in self.carriers.items())
        body = "".join(self.assets)
        for asset in self.assets:
            for part in asset.split("@")[1::2]:
                body = body.replace(f"@{part}@", " ".join(self.links.get(part, [])))
        return (
            f"{HEAD}<energySystemInformation><carriers>{carriers}</carriers>"
            f'</energySystemInformation><instance><area name="a">{body}</area></instance>'
            "</esdl:EnergySystem>\n"
        )


def ends(name: str, *, takes: bool) -> tuple[str, str]:
    """Supply and return port of a unit with ports In and Out."""
    return (f"{name}.In", f"{name}.Out") if takes else (f"{name}.Out", f"{name}.In")


def two_ports(*, takes: bool, carrier: str = "heat") -> dict[str, tuple[bool, str]]:
    back = f"{carrier}_ret"
    return {"In": (True, carrier if takes else back), "Out": (False, back if takes else carrier)}


def town() -> EsdlFile:
    """A source, a tank and two houses on a small tree."""
    file = EsdlFile()
    file.asset("ResidualHeatSource", "Mill", two_ports(takes=False), power=800e3)
    file.asset("HeatingDemand", "House A", two_ports(takes=True), (52.001, 4.402), power=500e3)
    file.asset("HeatingDemand", "House B", two_ports(takes=True), (52.002, 4.4), power=300e3)
    tank: dict[str, Any] = {"capacity": 3.6e9, "maxChargeRate": 2e5, "maxDischargeRate": 2e5}
    file.asset("HeatStorage", "Tank", two_ports(takes=True), **tank)
    middle = file.joint("Square")
    file.pipe_pair("P1", ends("Mill", takes=False), middle, length=200.0, diameter="DN150")
    file.pipe_pair("P2", middle, ends("House A", takes=True), length=120.0)
    file.pipe_pair("P3", middle, ends("House B", takes=True), length=80.0)
    file.pipe_pair("P4", middle, ends("Tank", takes=True), length=60.0)
    return file


def coupled(link: str = "HeatExchange", **attributes: Any) -> EsdlFile:
    """Two circuits joined by an exchanger or a heat pump."""
    cold, hot = ((70.0, 40.0), (90.0, 50.0)) if link == "HeatPump" else ((90.0, 50.0), (70.0, 40.0))
    file = EsdlFile(carriers={"first": cold, "second": hot})
    file.asset("GasHeater", "Plant", two_ports(takes=False, carrier="first"), power=3e6)
    file.asset("HeatingDemand", "North", two_ports(takes=True, carrier="first"), power=1e6)
    file.asset("HeatingDemand", "South", two_ports(takes=True, carrier="second"), power=1e6)
    file.asset(
        link,
        "Link",
        {
            "PrimIn": (True, "first"),
            "PrimOut": (False, "first_ret"),
            "SecIn": (True, "second_ret"),
            "SecOut": (False, "second"),
        },
        **attributes,
    )
    middle = file.joint("Fork", "first")
    file.pipe_pair("A1", ends("Plant", takes=False), middle, "first", diameter="DN200")
    file.pipe_pair("A2", middle, ends("North", takes=True), "first")
    file.pipe_pair("A3", middle, ("Link.PrimIn", "Link.PrimOut"), "first")
    file.pipe_pair("B1", ("Link.SecOut", "Link.SecIn"), ends("South", takes=True), "second")
    return file
