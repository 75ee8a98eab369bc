"""From two lines of pipes to circuits: locations, pipe pairs, and the units at them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from heatrouter.envs.exchange.draft import (
    TAKING,
    Draft,
    DraftUnit,
    Groups,
    LinePipe,
    PipeKind,
    Port,
    contracted,
)
from heatrouter.envs.exchange.import_report import ImportReport
from heatrouter.envs.exchange.pairing import Pairing, pair_lines

_ROOT_RANK = ("boiler", "heat_exchanger", "heat_pump", "waste_heat_source", "solar_thermal")
_WORTH_TELLING_M = 0.5
_SAME_DIAMETER = 1e-3


@dataclass(frozen=True, slots=True)
class Pair:
    """A supply pipe and its return, of mean length, with their places in the file."""

    name: str
    start: str
    end: str
    length_m: float
    loss_coefficient: float
    kind: PipeKind
    path: str
    back_path: str | None


@dataclass(slots=True)
class CircuitDraft:
    """One circuit.

    Attributes:
        nodes: Its supply nodes, the root's first.
        pairs: Its pipe pairs, between supply nodes.
        units: Units that heat or cool it, links included where they heat it.
        drawn_by: Links that take heat from it.
        root: Supply node of the root.
        supply_c: Design supply temperature, degC.
        return_c: Design return temperature, degC; None where nothing says so.
        label: Name of the unit at the root.
        back_of: Return node of each supply node that has one.
    """

    nodes: list[str]
    pairs: list[Pair]
    units: list[DraftUnit]
    drawn_by: list[DraftUnit]
    root: str
    supply_c: float | None = None
    return_c: float | None = None
    label: str = ""
    back_of: dict[str, str] = field(default_factory=dict)


def find_circuits(draft: Draft, report: ImportReport) -> list[CircuitDraft]:
    """Split a draft into circuits, in the order in which their units come.

    Raises:
        DistrictError: The lines cannot be told apart, or nothing heats a circuit.
    """
    for name in contracted(draft):
        report.add("dropped", "pipes that lead back to where they start", name)
    islands = Groups((pipe.start, pipe.end) for pipe in draft.pipes)
    _turn_stores(draft, islands, report)
    _check_lines(draft, islands, report)
    report.check()
    supplies: dict[str, list[DraftUnit]] = {}
    for unit in draft.units:
        for port in unit.ports():
            supplies.setdefault(islands.of(port.supply), []).append(unit)
    pipes_of: dict[str, list[LinePipe]] = {}
    for pipe in draft.pipes:
        pipes_of.setdefault(islands.of(pipe.start), []).append(pipe)
    used: set[str] = set()
    circuits = []
    for island, units in supplies.items():
        circuit, backs = _circuit(island, units, islands, pipes_of, report)
        used |= {island, *backs}
        if circuit is not None:
            circuits.append(circuit)
    for island, pipes in pipes_of.items():
        if island not in used:
            length = sum(p.length_m for p in pipes)
            report.add("dropped", f"{len(pipes)} pipes ({length:.0f} m) without any unit")
    report.check()
    return circuits


def _ports(draft: Draft) -> Iterator[tuple[DraftUnit, Port]]:
    for unit in draft.units:
        for port in unit.ports():
            yield unit, port


def _turn_stores(draft: Draft, islands: Groups, report: ImportReport) -> None:
    """Exchange the ends of stores whose file numbers them the other way round."""
    returns = {
        islands.of(port.back)
        for unit, port in _ports(draft)
        if unit.kind != "store" and port.back is not None
    }
    for unit, port in _ports(draft):
        if unit.kind == "store" and port.back and islands.of(port.supply) in returns:
            port.supply, port.back = port.back, port.supply
            report.add("look at", "stores connected the other way round were turned", unit.name)


def _check_lines(draft: Draft, islands: Groups, report: ImportReport) -> None:
    """Lines that are supply for one unit and return for another, or returns of two circuits."""
    first_supply: dict[str, DraftUnit] = {}
    first_return: dict[str, tuple[DraftUnit, str]] = {}
    for unit, port in _ports(draft):
        supply = islands.of(port.supply)
        first_supply.setdefault(supply, unit)
        if port.back is None:
            continue
        back = islands.of(port.back)
        if back == supply:
            report.mistake(
                unit.path,
                "pipes join its supply and its return; take out the bypass",
            )
            continue
        other, other_supply = first_return.setdefault(back, (unit, supply))
        if other_supply != supply:
            report.mistake(
                unit.path,
                f"{unit.name!r} and {other.name!r} share a return line but no supply line; "
                "a circuit has one of each: join the supply lines",
            )
    for island in first_supply.keys() & first_return.keys():
        one, (other, _) = first_supply[island], first_return[island]
        if one is not other:
            report.mistake(
                one.path,
                f"the supply line of {one.name!r} is the return line of {other.name!r}; "
                "turn one of the two round",
            )


def _circuit(
    island: str,
    units: list[DraftUnit],
    islands: Groups,
    pipes_of: dict[str, list[LinePipe]],
    report: ImportReport,
) -> tuple[CircuitDraft | None, set[str]]:
    """The circuit round one supply line, and its return lines."""
    here = [(u, p) for u in units for p in u.ports() if islands.of(p.supply) == island]
    feeding = [u for u in units if islands.of(u.port.supply) == island]
    drawn_by = [u for u in units if u not in feeding]
    backs = {islands.of(p.back) for _, p in here if p.back is not None}
    sources = [u for u in feeding if u.kind not in TAKING and u.kind != "store"]
    if not sources:
        report.mistake(
            units[0].path,
            f"nothing heats the circuit of {units[0].name!r}; connect a producer to it",
        )
        return None, backs
    chosen = min(sources, key=lambda u: (not u.root, _rank(u), -(u.heat_kw or 0.0)))
    supply = pipes_of.get(island, [])
    if not supply:
        report.mistake(units[0].path, f"no pipe leads to {units[0].name!r}; a district needs pipes")
        return None, backs
    back = [pipe for b in sorted(backs) for pipe in pipes_of.get(b, [])]
    anchors = [(p.supply, p.back) for u, p in sorted(here, key=lambda x: x[0] is not chosen)
               if p.back is not None]  # fmt: skip
    pairing = pair_lines(supply, back, anchors)
    _tell(supply, back, pairing, here, report)
    nodes = [chosen.port.supply]
    for pipe in supply:
        nodes += [pipe.start, pipe.end]
    ports = [p for _, p in here]
    supplies = [p.supply_c for p in ports if p.supply_c is not None]
    circuit = CircuitDraft(
        nodes=[*dict.fromkeys(nodes)],
        pairs=[_pair(supply[i], back, q) for i, q in enumerate(pairing.partner)],
        units=feeding,
        drawn_by=drawn_by,
        root=chosen.port.supply,
        supply_c=max(supplies) if supplies else None,
        return_c=_return_c(here),
        label=chosen.name,
        back_of=pairing.back_of,
    )
    return circuit, backs


def _rank(unit: DraftUnit) -> int:
    # With a rated exchanger or pump the circuit is fed there; else the largest producer leads.
    return _ROOT_RANK.index(unit.kind) if unit.kind in _ROOT_RANK else len(_ROOT_RANK)


def _return_c(here: list[tuple[DraftUnit, Port]]) -> float | None:
    """Mean return temperature of what cools the circuit, by heat; else of what heats it."""
    for takers in (True, False):
        rows = [
            (u.heat_kw or 1.0, p.return_c)
            for u, p in here
            if p.return_c is not None and (u.kind in TAKING) == takers
        ]
        if rows:
            return sum(w * c for w, c in rows) / sum(w for w, _ in rows)
    return None


def _pair(pipe: LinePipe, back: list[LinePipe], partner: int | None) -> Pair:
    other = pipe if partner is None else back[partner]
    return Pair(
        pipe.name,
        pipe.start,
        pipe.end,
        0.5 * (pipe.length_m + other.length_m),
        0.5 * (pipe.loss_coefficient + other.loss_coefficient),
        pipe.kind,
        pipe.path,
        None if partner is None else other.path,
    )


def _tell(
    supply: list[LinePipe],
    back: list[LinePipe],
    pairing: Pairing,
    here: list[tuple[DraftUnit, Port]],
    report: ImportReport,
) -> None:
    """Report how supply and return were brought together."""
    paired = [(supply[p], back[q]) for p, q in enumerate(pairing.partner) if q is not None]
    alone = [pipe for pipe, q in zip(supply, pairing.partner, strict=True) if q is None]
    if paired:
        report.add("mapped", f"{len(paired)} supply pipes and the returns beside them")
    longer = max((abs(s.length_m - r.length_m) for s, r in paired), default=0.0)
    if longer > _WORTH_TELLING_M:
        report.add(
            "assumed", f"supply and return of unequal length take their mean (up to {longer:.0f} m)"
        )
    for s, r in paired:
        if abs(s.kind.inner_diameter_m / r.kind.inner_diameter_m - 1.0) > _SAME_DIAMETER:
            report.add("assumed", "returns of another diameter take that of the supply", s.name)
    if alone:
        length = sum(p.length_m for p in alone)
        report.add(
            "assumed",
            f"{len(alone)} supply pipes ({length:.0f} m) have no return beside them, "
            "so it mirrors the supply",
        )
    if pairing.spare:
        length = sum(back[q].length_m for q in pairing.spare)
        report.add("dropped", f"{len(pairing.spare)} return pipes ({length:.0f} m) without supply")
    for unit, port in here:
        if port.back is not None and pairing.back_of.get(port.supply) != port.back:
            report.add("look at", "returns that join the network elsewhere than beside", unit.name)
