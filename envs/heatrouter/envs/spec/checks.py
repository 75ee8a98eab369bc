"""Checks across the parts of a district: names, references and paths of pipes.

What circuits and their links need is in :mod:`heatrouter.envs.spec.circuit_checks`, what single
units need in :mod:`heatrouter.envs.spec.unit_checks`.

Every rule states when something is *wrong* and skips empty names, so that it also runs on a
description with open fields (see :mod:`heatrouter.envs.spec.partial`).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from heatrouter.envs.spec.explaining import suggestion
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    CoolingLoad,
    Digester,
    HeatExchanger,
    HeatPump,
    Store,
    Unplaced,
    WasteHeatSource,
)

if TYPE_CHECKING:
    from heatrouter.envs.spec.district import District, Unit

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
    locations = {m.name for m in district.locations}
    series = {m.name for m in district.pipe_series}
    # The stand-in for a unit of unknown kind has none.
    unreadable = [u.name for u in district.units if len(u.kind) == 0]
    loads = [u.name for u in district.units if isinstance(u, CoolingLoad)]
    digesters = [u.name for u in district.units if isinstance(u, Digester)]
    balancers = [u.name for u in district.units if isinstance(u, Store | Boiler | HeatExchanger)]

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
        for field, place in places_of(unit):
            yield from _known(f"units[{i}].{field}", place, locations, "location")
        if isinstance(unit, HeatPump):
            source = unit.source or ""
            yield from _known(f"units[{i}].source", source, [*loads, *unreadable], "cooling_load")
        if isinstance(unit, Boiler | Chp):
            store = unit.fuel_store or ""
            yield from _known(
                f"units[{i}].fuel_store", store, [*digesters, *unreadable], "digester"
            )
    for i, circuit in enumerate(district.circuits):
        yield from _known(f"circuits[{i}].root", circuit.root, locations, "location")
        for j, name in enumerate(circuit.locations):
            yield from _known(f"circuits[{i}].locations[{j}]", name, locations, "location")
        for j, name in enumerate(circuit.balancing):
            yield from _known(
                f"circuits[{i}].balancing[{j}]",
                name,
                [*balancers, *unreadable],
                "store, boiler or heat_exchanger",
            )


def _known(path: str, name: str, known: Collection[str], what: str) -> Found:
    if name and name not in known:
        names = sorted({n for n in known if n})
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        rest = suggestion(name, names) or f"; known: {shown or 'none'}"
        yield (
            path,
            f"{name!r} is no {what}{rest}",
        )


def places_of(unit: "Unit") -> list[tuple[str, str]]:
    """Fields of a unit that name locations, with what they name; open ones are left out."""
    fields: list[tuple[str, str | None]] = []
    if not isinstance(unit, Unplaced):
        fields.append(("location", unit.location))
    if isinstance(unit, WasteHeatSource | Boiler):
        fields.append(("inlet_location", unit.inlet_location))
    if isinstance(unit, HeatPump):
        fields.append(("source_location", unit.source_location))
    if isinstance(unit, HeatExchanger):
        fields.append(("primary_location", unit.primary_location))
    return [(field, place) for field, place in fields if place]


def paths(district: "District") -> Found:
    """Locations of a circuit that no pipes join to its root.

    A pipe with an open or unknown end may lead to any one place that lacks a path, so that a wrong
    name is not reported a second time there.
    """
    neighbours, loose_pipes = neighbours_of(district)
    for i, circuit in enumerate(district.circuits):
        if circuit.root not in neighbours:
            continue
        reached = joined(circuit.root, neighbours)
        lost = [n for n in circuit.locations if n in neighbours and n not in reached]
        islands = {min(joined(name, neighbours)) for name in lost}
        if len(islands) <= loose_pipes:
            continue
        for j, name in enumerate(circuit.locations):
            if name in lost:
                yield f"circuits[{i}].locations[{j}]", _no_path(district, name, circuit.root)


def neighbours_of(district: "District") -> tuple[dict[str, set[str]], int]:
    """Locations that pipes join to each location, and the number of pipes with an open end."""
    neighbours: dict[str, set[str]] = {m.name: set() for m in district.locations if m.name}
    loose_pipes = 0
    for pipe in district.pipes:
        ends = {pipe.from_location, pipe.to_location}
        if ends <= neighbours.keys():
            for end in ends:
                neighbours[end] |= ends - {end}
        else:
            loose_pipes += 1
    return neighbours, loose_pipes


def joined(start: str, neighbours: dict[str, set[str]]) -> set[str]:
    """All that can be reached from a location, itself included."""
    reached: set[str] = set()
    front = {start}
    while front:
        reached |= front
        front = {n for name in front for n in neighbours[name]} - reached
    return reached


def _no_path(district: "District", name: str, root: str) -> str:
    who = ", ".join(
        repr(u.name) for u in district.units if name in {place for _, place in places_of(u)}
    )
    subject = f"{name!r} of {who}" if who else repr(name)
    return f"{subject} has no path of pipes to the root {root!r}; add a pipe"
