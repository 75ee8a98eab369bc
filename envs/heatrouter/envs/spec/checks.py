"""Checks across the parts of a district: names, references and paths of pipes.

Every rule states when something is *wrong* and skips empty names, so that it also runs on a
description with open fields (see :mod:`heatrouter.envs.spec.partial`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from heatrouter.envs.spec.explaining import suggestion
from heatrouter.envs.spec.plant_units import Boiler, CoolingLoad, HeatPump, Store, WasteHeatSource

if TYPE_CHECKING:
    from heatrouter.envs.spec.district import District

Found = Iterator[tuple[str, str]]
"""Mistakes as ``(path, message)``."""

_SHOWN = 12


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def duplicate_names(district: "District") -> Found:
    """Two parts of one group with the same name."""
    groups: dict[str, Sequence[_Named]] = {
        "circuits": district.circuits,
        "locations": district.locations,
        "pipe_series": district.pipe_series,
        "pipes": district.pipes,
        "units": district.units,
    }
    for group, members in groups.items():
        counts = Counter(m.name for m in members)
        seen: set[str] = set()
        for index, member in enumerate(members):
            if member.name and member.name in seen:
                count = counts[member.name]
                yield (
                    f"{group}[{index}].name",
                    f"{member.name!r} is used {count} times; give each its own name",
                )
            seen.add(member.name)
    for index, unit in enumerate(district.units):
        if unit.name and unit.name in {c.name for c in district.circuits}:
            yield (
                f"units[{index}].name",
                f"{unit.name!r} is also a circuit; set-points need distinct names",
            )


def dangling_references(district: "District") -> Found:
    """Names that nothing in the description has."""
    locations = [m.name for m in district.locations]
    series = [m.name for m in district.pipe_series]
    # The stand-in for a unit of unknown kind has none.
    unreadable = [u.name for u in district.units if len(u.kind) == 0]
    loads = [u.name for u in district.units if isinstance(u, CoolingLoad)]
    balancers = [u.name for u in district.units if isinstance(u, Store | Boiler)]

    for i, pipe in enumerate(district.pipes):
        yield from _known(f"pipes[{i}].from_location", pipe.from_location, locations, "location")
        yield from _known(f"pipes[{i}].to_location", pipe.to_location, locations, "location")
        yield from _known(f"pipes[{i}].series", pipe.series, series, "pipe series")
        if pipe.from_location and pipe.from_location == pipe.to_location:
            yield (
                f"pipes[{i}].to_location",
                f"{pipe.to_location!r} is where the pipe starts; it must lead somewhere else",
            )
    for i, unit in enumerate(district.units):
        if not isinstance(unit, CoolingLoad):
            yield from _known(f"units[{i}].location", unit.location, locations, "location")
        if isinstance(unit, HeatPump):
            yield from _known(
                f"units[{i}].source", unit.source, [*loads, *unreadable], "cooling_load"
            )
        if isinstance(unit, WasteHeatSource):
            inlet = unit.inlet_location or ""
            yield from _known(f"units[{i}].inlet_location", inlet, locations, "location")
    for i, circuit in enumerate(district.circuits):
        yield from _known(f"circuits[{i}].root", circuit.root, locations, "location")
        for j, name in enumerate(circuit.locations):
            yield from _known(f"circuits[{i}].locations[{j}]", name, locations, "location")
        for j, name in enumerate(circuit.balancing):
            yield from _known(
                f"circuits[{i}].balancing[{j}]", name, [*balancers, *unreadable], "store or boiler"
            )


def _known(path: str, name: str, known: Iterable[str], what: str) -> Found:
    names = sorted({n for n in known if n})
    if name and name not in names:
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        rest = suggestion(name, names) or f"; known: {shown or 'none'}"
        yield (
            path,
            f"{name!r} is no {what}{rest}",
        )


def roles(district: "District") -> Found:
    """Circuits whose roots, balancing units and locations do not fit together."""
    units = {u.name: u for u in district.units}
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
        for j, name in enumerate(circuit.balancing):
            if name and name in circuit.balancing[:j]:
                yield f"circuits[{i}].balancing[{j}]", f"{name!r} is listed twice; keep one"
            unit = units.get(name)
            # Flow that nobody commanded arrives where the dp-control pump stands.
            if (
                isinstance(unit, Store | Boiler)
                and unit.location in known
                and circuit.root in known
                and unit.location != circuit.root
            ):
                yield (
                    f"circuits[{i}].balancing[{j}]",
                    (
                        f"{name!r} stands at {unit.location!r}, a balancing unit must stand at the "
                        f"root {circuit.root!r}; move it or take it off the list"
                    ),
                )
    yield from _outside_circuits(district, owner)


def _outside_circuits(district: "District", owner: dict[str, str]) -> Found:
    known = {m.name for m in district.locations}
    if any(not circuit.locations for circuit in district.circuits):
        return
    for i, pipe in enumerate(district.pipes):
        ends = (pipe.from_location, pipe.to_location)
        circuits = [owner[end] for end in ends if end in owner]
        if len(set(circuits)) > 1:
            yield (
                f"pipes[{i}]",
                (
                    f"{pipe.name!r} joins circuits {circuits[0]!r} and {circuits[1]!r}; "
                    "a pipe stays in one circuit"
                ),
            )
    for i, unit in enumerate(district.units):
        if isinstance(unit, CoolingLoad) or unit.location not in known:
            continue
        if unit.location not in owner:
            yield (
                f"units[{i}].location",
                f"{unit.location!r} belongs to no circuit; add it to circuits[..].locations",
            )


def connections(district: "District") -> Found:
    """Waste heat sources whose inlet does not fit their connection."""
    for i, unit in enumerate(district.units):
        if not isinstance(unit, WasteHeatSource):
            continue
        path = f"units[{i}].inlet_location"
        inlet = unit.inlet_location
        if unit.connection == "return_to_return" and inlet is None:
            yield path, "is missing; a return_to_return unit needs the location that feeds it"
        if unit.connection == "return_to_return" and inlet and inlet == unit.location:
            yield path, f"{inlet!r} is where the unit gives its water back; name one upstream"
        if unit.connection == "return_to_supply" and inlet is not None:
            yield path, f"{inlet!r} has no meaning for return_to_supply; remove the key"


def paths(district: "District") -> Found:
    """Locations of a circuit that no pipes join to its root.

    A pipe with an open or unknown end may lead to any one place that lacks a path, so that a wrong
    name is not reported a second time there.
    """
    neighbours: dict[str, set[str]] = {m.name: set() for m in district.locations if m.name}
    loose_pipes = 0
    for pipe in district.pipes:
        ends = {pipe.from_location, pipe.to_location}
        if ends <= set(neighbours):
            for end in ends:
                neighbours[end] |= ends - {end}
        else:
            loose_pipes += 1
    for i, circuit in enumerate(district.circuits):
        if circuit.root not in neighbours:
            continue
        reached = _joined(circuit.root, neighbours)
        lost = [n for n in circuit.locations if n in neighbours and n not in reached]
        islands = {min(_joined(name, neighbours)) for name in lost}
        if len(islands) <= loose_pipes:
            continue
        for j, name in enumerate(circuit.locations):
            if name in lost:
                yield f"circuits[{i}].locations[{j}]", _no_path(district, name, circuit.root)


def _joined(start: str, neighbours: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    front = {start}
    while front:
        reached |= front
        front = {n for name in front for n in neighbours[name]} - reached
    return reached


def _no_path(district: "District", name: str, root: str) -> str:
    who = ", ".join(
        repr(u.name)
        for u in district.units
        if not isinstance(u, CoolingLoad) and u.location == name
    )
    subject = f"{name!r} of {who}" if who else repr(name)
    return f"{subject} has no path of pipes to the root {root!r}; add a pipe"
