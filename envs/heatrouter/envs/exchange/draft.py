"""A network as other tools' files describe it: two lines of pipes and what hangs between them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "substation",
    "process_heat",
    "waste_heat_source",
    "boiler",
    "solar_thermal",
    "store",
    "heat_exchanger",
    "heat_pump",
]
TAKING: frozenset[Kind] = frozenset({"substation", "process_heat"})
"""Kinds through which water goes from the supply to the return."""


@dataclass(frozen=True, slots=True)
class PipeKind:
    """Dimensions of a pipe; fields are those of a pipe series, and what of them is assumed."""

    inner_diameter_m: float
    wall_thickness_m: float
    casing_diameter_m: float
    insulation_conductivity_w_mk: float
    roughness_mm: float = 0.05
    laying: Literal["pair", "single"] = "pair"
    source: str = ""
    assumed: tuple[str, ...] = ()


@dataclass(slots=True)
class LinePipe:
    """One pipe of the supply or of the return line.

    Attributes:
        path: Where it is in the file.
        name: Its name there; need not be unique.
        start: Node.
        end: Node.
        length_m: 0 where it only joins.
        loss_coefficient: Sum of zeta.
        kind: Its dimensions.
        partner: Name of the pipe beside it, where the file says so.
    """

    path: str
    name: str
    start: str
    end: str
    length_m: float
    loss_coefficient: float
    kind: PipeKind
    partner: str = ""


@dataclass(slots=True)
class Port:
    """Where a unit meets a circuit.

    Attributes:
        supply: Node of the supply line.
        back: Node of the return line; None where the file has no return line.
        supply_c: Design supply temperature, degC; None where the file does not say.
        return_c: Design return temperature, degC.
    """

    supply: str
    back: str | None
    supply_c: float | None = None
    return_c: float | None = None


@dataclass(slots=True)
class DraftUnit:
    """A unit of the network to be.

    Attributes:
        path: Where it is in the file.
        name: Its name there.
        kind: What it becomes.
        port: In the circuit that it heats or cools.
        primary: In the circuit that it takes heat from; links only.
        heat_kw: Its rating; None where the file does not say.
        values: Numbers and texts that belong to the kind only.
        origin: What it is in the file, for ``sizing``.
        root: Whether the file makes it the one that holds the pressure.
    """

    path: str
    name: str
    kind: Kind
    port: Port
    heat_kw: float | None
    origin: str
    primary: Port | None = None
    values: dict[str, float | str] = field(default_factory=dict)
    root: bool = False

    def ports(self) -> tuple[Port, ...]:
        """Its one or two ports."""
        return (self.port,) if self.primary is None else (self.port, self.primary)


class Groups:
    """Which nodes are one (disjoint sets)."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._above: dict[str, str] = {}
        for one, other in pairs:
            self.join(one, other)

    def of(self, node: str) -> str:
        """The node that stands for all that are one with it."""
        top = node
        while (above := self._above.get(top, top)) != top:
            top = above
        while node != top:  # so that the next look-up is short
            self._above[node], node = top, self._above[node]
        return top

    def join(self, one: str, other: str) -> None:
        """Make two nodes one."""
        first, second = self.of(one), self.of(other)
        if first != second:
            self._above[second] = first


@dataclass(slots=True)
class Draft:
    """Everything that was read.

    Attributes:
        pipes: Of both lines.
        units: In the order of the file.
        joins: Nodes that are one, as valves and pumps make them.
        places: East and north of a node, m.
        labels: Name of a node, where it has one.
        latitude_deg: None where unknown.
        longitude_deg: None where unknown.
        same: Which nodes are one, once `contracted`.
    """

    pipes: list[LinePipe] = field(default_factory=list)
    units: list[DraftUnit] = field(default_factory=list)
    joins: list[tuple[str, str]] = field(default_factory=list)
    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    same: Groups = field(default_factory=Groups)


def contracted(draft: Draft) -> list[str]:
    """Make joined nodes one, in place, also those at the ends of pipes without length.

    Returns:
        Names of pipes that then start where they end, which are taken out.
    """
    none = [pipe for pipe in draft.pipes if pipe.length_m <= 0.0]
    groups = draft.same = Groups([*draft.joins, *((pipe.start, pipe.end) for pipe in none)])
    circular, kept = [], []
    for pipe in draft.pipes:
        pipe.start, pipe.end = groups.of(pipe.start), groups.of(pipe.end)
        if pipe.start != pipe.end:
            kept.append(pipe)
        elif pipe.length_m > 0.0:
            circular.append(pipe.name)
    draft.pipes = kept
    for unit in draft.units:
        for port in unit.ports():
            port.supply = groups.of(port.supply)
            port.back = None if port.back is None else groups.of(port.back)
    for node in [*draft.places]:
        draft.places.setdefault(groups.of(node), draft.places[node])
    for node in [*draft.labels]:
        draft.labels.setdefault(groups.of(node), draft.labels[node])
    draft.joins = []
    return circular
