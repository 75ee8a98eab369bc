"""Checks of circuits: their roles, what belongs to them, and the links between them.

Every rule states when something is *wrong* and skips empty names, so that it also runs on a
description with open fields (see :mod:`heatrouter.envs.spec.partial`).
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from heatrouter.envs.spec.checks import Found, places_of
from heatrouter.envs.spec.consumer_units import Consumer
from heatrouter.envs.spec.plant_units import (
    Boiler,
    HeatExchanger,
    HeatPump,
    Producer,
    Store,
    Unplaced,
    WasteHeatSource,
)

if TYPE_CHECKING:
    from heatrouter.envs.spec.district import District, Unit


def roles(district: "District") -> Found:
    """Circuits whose roots, balancing units and locations do not fit together."""
    known = {m.name for m in district.locations}
    owner: dict[str, str] = {}
    for i, circuit in enumerate(district.circuits):
        if circuit.root in known and circuit.locations and circuit.root not in circuit.locations:
            yield (
                f"circuits[{i}].root",
                f"{circuit.root!r} is not among the circuit's locations; add it there",
            )
        for j, name in enumerate(circuit.locations):
            if name and name in owner:
                yield (
                    f"circuits[{i}].locations[{j}]",
                    f"{name!r} already belongs to circuit {owner[name]!r}; name it once",
                )
            owner.setdefault(name, circuit.name)


def balancing(district: "District") -> Found:
    """Balancing units that do not stand at the root, or cannot balance."""
    units = {u.name: u for u in district.units}
    known = {m.name for m in district.locations}
    for i, circuit in enumerate(district.circuits):
        for j, name in enumerate(circuit.balancing):
            path = f"circuits[{i}].balancing[{j}]"
            if name and name in circuit.balancing[:j]:
                yield path, f"{name!r} is listed twice; keep one"
            unit = units.get(name)
            before = [n for n in circuit.balancing[:j] if isinstance(units.get(n), Store)]
            if isinstance(unit, Store) and before and name not in before:
                yield (
                    path,
                    (
                        f"{name!r} is the second store that balances {circuit.name!r} after "
                        f"{before[0]!r}; take it off the list, then its charge is commanded"
                    ),
                )
            if isinstance(unit, Boiler) and unit.connection == "supply_to_supply":
                yield (
                    path,
                    (
                        f"{name!r} lifts supply water (supply_to_supply), it takes none from the "
                        "return; take it off the list"
                    ),
                )
            # Flow that nobody commanded arrives where the dp-control pump stands.
            elif (
                isinstance(unit, Store | Boiler | HeatExchanger)
                and unit.location in known
                and circuit.root in known
                and unit.location != circuit.root
            ):
                yield (
                    path,
                    (
                        f"{name!r} stands at {unit.location!r}, a balancing unit must stand at the "
                        f"root {circuit.root!r}; move it or take it off the list"
                    ),
                )


def membership(district: "District") -> Found:
    """Pipes between circuits and units outside all of them."""
    known = {m.name for m in district.locations}
    if any(not circuit.locations for circuit in district.circuits):
        return
    owner = _owners(district)
    for i, pipe in enumerate(district.pipes):
        ends = (pipe.from_location, pipe.to_location)
        circuits = [owner[end] for end in ends if end in owner]
        if len(set(circuits)) > 1:
            yield (
                f"pipes[{i}]",
                (
                    f"{pipe.name!r} joins circuits {circuits[0]!r} and {circuits[1]!r}; "
                    "a pipe stays in one circuit, a heat_exchanger or heat_pump joins two"
                ),
            )
    for i, unit in enumerate(district.units):
        for field, place in places_of(unit):
            if place in known and place not in owner:
                yield (
                    f"units[{i}].{field}",
                    f"{place!r} belongs to no circuit; add it to circuits[..].locations",
                )


def links(district: "District") -> Found:
    """Links inside one circuit, inlets in another one, and circles of circuits."""
    owner = _owners(district)
    roots = {circuit.root for circuit in district.circuits}
    fed_by: dict[str, set[str]] = {}
    for i, unit in enumerate(district.units):
        if isinstance(unit, WasteHeatSource | Boiler) and unit.inlet_location:
            own, other = owner.get(unit.location), owner.get(unit.inlet_location)
            if own and other and own != other:
                yield (
                    f"units[{i}].inlet_location",
                    (
                        f"{unit.inlet_location!r} is in circuit {other!r}, {unit.location!r} in "
                        f"{own!r}; a unit takes and gives back water of one circuit"
                    ),
                )
            if unit.connection == "supply_to_supply" and unit.location in roots:
                yield (
                    f"units[{i}].location",
                    (
                        f"{unit.location!r} is the root, where supply water begins; a booster "
                        "stands between the root and what it serves"
                    ),
                )
        for field, primary, secondary in _link_ends(unit):
            feeding, fed = owner.get(primary), owner.get(secondary)
            if not feeding or not fed:
                continue
            path = f"units[{i}].{field}"
            if feeding == fed:
                yield (
                    path,
                    (
                        f"{primary!r} is in circuit {fed!r}, as is {secondary!r}; "
                        "name a location of the other circuit that it takes heat from"
                    ),
                )
            elif fed in _upstream(feeding, fed_by):
                yield (
                    path,
                    (
                        f"takes heat from circuit {feeding!r} into {fed!r}, which feeds it "
                        "already; circuits must not feed each other in a circle"
                    ),
                )
            else:
                fed_by.setdefault(fed, set()).add(feeding)


def heated(district: "District") -> Found:
    """Circuits that something takes heat from and nothing heats."""
    if any(len(u.kind) == 0 for u in district.units):
        return  # an unreadable unit may be the one that heats
    owner = _owners(district)
    taken: dict[str, str] = {}
    fed = set()
    for unit in district.units:
        if isinstance(unit, Unplaced):
            continue
        if unit.location not in owner:
            return  # reported already; it may belong anywhere
        if isinstance(unit, Consumer):
            taken.setdefault(owner[unit.location], unit.name)
        if isinstance(unit, Producer):
            fed.add(owner[unit.location])
        for _, primary, _ in _link_ends(unit):
            if primary in owner:
                taken.setdefault(owner[primary], unit.name)
    for i, circuit in enumerate(district.circuits):
        if circuit.name in taken and circuit.name not in fed:
            yield (
                f"circuits[{i}].balancing",
                (
                    f"nothing heats {circuit.name!r}, from which {taken[circuit.name]!r} takes "
                    f"heat; put a boiler or a heat_exchanger at {circuit.root!r} and list it here"
                ),
            )


def _owners(district: "District") -> Mapping[str, str]:
    """Name of the circuit of each location."""
    return {n: c.name for c in district.circuits for n in reversed(c.locations) if n and c.name}


def _link_ends(unit: "Unit") -> Iterator[tuple[str, str, str]]:
    """Field, primary and secondary location of what joins two circuits."""
    if isinstance(unit, HeatExchanger) and unit.primary_location and unit.location:
        yield "primary_location", unit.primary_location, unit.location
    elif isinstance(unit, HeatPump) and unit.source_location and unit.location:
        yield "source_location", unit.source_location, unit.location


def _upstream(circuit: str, fed_by: Mapping[str, set[str]]) -> set[str]:
    """The circuit and all that feed it, over any number of links."""
    reached: set[str] = set()
    front = {circuit}
    while front:
        reached |= front
        front = {c for name in front for c in fed_by.get(name, ())} - reached
    return reached
