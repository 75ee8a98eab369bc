"""Events as changes of a scenario library: a pure function of library, events and district."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import Mistake, ScenarioError
from heatrouter.envs.scenarios.catalogue import level_series, production_units
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.consumer_units import Consumer
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.events import (
    ColdSpell,
    Event,
    Fouling,
    FuelShortage,
    PlantEvent,
    PriceSpike,
    ProductionStop,
    PumpTrip,
    SensorEvent,
    SourceOutage,
)
from heatrouter.envs.spec.plant_units import Boiler, Chp, HeatExchanger, Producer, WasteHeatSource

_HOURS_PER_DAY: Final = 24.0

Change = Callable[[FloatArray, FloatArray], FloatArray]
"""Makes new values of a series from its values and hours since step 0 (begin of each step)."""


def apply_events(
    library: ScenarioLibrary, events: Sequence[Event], district: District
) -> ScenarioLibrary:
    """Return the library with the same events in every scenario.

    Outages, pump trips and fouling become the series ``<unit>.availability``, ``<circuit>.pump``
    and ``<unit>.cleanness``; a step that an event covers in part counts in part; events that meet
    multiply. Faults of sensors are kept as they are, for ``observe.sensor_faults``.

    Args:
        library: Scenarios of the district.
        events: The events; none gives the library itself.
        district: Its units and circuits.

    Raises:
        ScenarioError: A unit, circuit or fuel that does not exist or cannot have such an event, or
            an event after the end; every mistake with its path.
    """
    return apply_to_each(library, [events] * library.n_scenarios, district)


def apply_to_each(
    library: ScenarioLibrary, events: Sequence[Sequence[Event]], district: District
) -> ScenarioLibrary:
    """Return the library with events of each scenario's own; see :func:`apply_events`.

    Args:
        library: Scenarios of the district.
        events: For each scenario its events.
        district: Its units and circuits.
    """
    if not any(events):
        return library
    days = library.n_steps * library.step_s / 86400.0
    for name, own in zip(library.names, events, strict=True):
        mistakes = event_mistakes(own, district, days)
        if mistakes:
            subject = f"events of scenario {name!r}"
            raise ScenarioError(subject, mistakes)
    changes = [
        [
            change
            for event in own
            if isinstance(event, PlantEvent)
            for change in _changes(event, district)
        ]
        for own in events
    ]
    added = dict.fromkeys(
        series for own in changes for series, _ in own if series not in library.series
    )
    series = (*library.series, *added)
    values = np.ones((library.n_scenarios, library.n_steps, len(series)))
    values[:, :, : len(library.series)] = library.values
    hours: FloatArray = np.arange(library.n_steps, dtype=np.float64) * (library.step_s / 3600.0)
    for row, own_changes in enumerate(changes):
        for name, change in own_changes:
            column = series.index(name)
            values[row, :, column] = change(values[row, :, column], hours)
    faults = tuple(
        (*before, *(event for event in own if isinstance(event, SensorEvent)))
        for before, own in zip(
            library.sensor_events or ((),) * library.n_scenarios, events, strict=True
        )
    )
    return replace(
        library,
        series=series,
        values=values,
        provenance=tuple(
            {**entry, "events": _joined(entry.get("events"), own)} if own else entry
            for entry, own in zip(library.provenance, events, strict=True)
        ),
        sensor_events=faults if any(faults) else (),
    )


def event_mistakes(
    events: Sequence[Event], district: District, days: float, prefix: str = "events"
) -> list[Mistake]:
    """Return everything that does not fit the district; sensors' channels are not looked at.

    Args:
        events: The events.
        district: Its units and circuits.
        days: Length of the scenario.
        prefix: What paths begin with.
    """
    mistakes = []
    for i, event in enumerate(events):
        path = f"{prefix}[{i}]"
        if event.from_day >= days + 1.0:
            message = f"{event.from_day:g} lies after the scenario's last day, {days:g}"
            mistakes.append(Mistake(f"{path}.from_day", message))
        if isinstance(event, PumpTrip):
            known = [circuit.name for circuit in district.circuits]
            mistakes += _unknown(f"{path}.circuits", event.circuits, known, "a circuit")
        elif isinstance(event, SourceOutage):
            known = [unit.name for unit in district.units if isinstance(unit, Producer)]
            mistakes += _unknown(f"{path}.units", event.units, known, "a producer")
            if not _units_out(event, district):
                mistakes.append(Mistake(f"{path}.units", "the district has no waste-heat source"))
        elif isinstance(event, ProductionStop):
            known = [unit.name for unit in production_units(district)]
            mistakes += _unknown(f"{path}.units", event.units, known, "a unit with a production")
        elif isinstance(event, Fouling):
            known = _fouling_units(district)
            mistakes += _unknown(f"{path}.units", event.units, known, "a unit that can foul")
        elif isinstance(event, FuelShortage) and not _burners(event, district):
            message = f"no boiler or engine of {district.name} takes {event.fuel!r}"
            mistakes.append(Mistake(f"{path}.fuel", message))
    return mistakes


def _unknown(path: str, names: Sequence[str], known: Sequence[str], what: str) -> list[Mistake]:
    return [
        Mistake(f"{path}[{i}]", f"{name!r} is not {what}; there are: {', '.join(known) or 'none'}")
        for i, name in enumerate(names)
        if name not in known
    ]


def _changes(event: PlantEvent, district: District) -> list[tuple[str, Change]]:
    """Series that an event changes, and how."""
    begin = (event.from_day - 1.0) * _HOURS_PER_DAY
    end = begin + event.hours
    if isinstance(event, ColdSpell):
        return [("ambient_temp_c", _colder(begin, end, event.depth_k))]
    if isinstance(event, PriceSpike):
        return [(event.series, _dearer(begin, end, event.factor, event.add))]
    if isinstance(event, Fouling):
        fouled = _fouled(begin, end, event.cleanness, cleaned=event.cleaned)
        return [(f"{name}.cleanness", fouled) for name in event.units]
    left = _left(begin, end, event.remaining)
    if isinstance(event, PumpTrip):
        circuits = event.circuits or tuple(circuit.name for circuit in district.circuits)
        return [(f"{name}.pump", left) for name in circuits]
    if isinstance(event, ProductionStop):
        return [(level_series(name), left) for name in event.units]
    names = (
        _burners(event, district)
        if isinstance(event, FuelShortage)
        else _units_out(event, district)
    )
    return [(f"{name}.availability", left) for name in names]


def _units_out(event: SourceOutage, district: District) -> tuple[str, ...]:
    sources = tuple(unit.name for unit in district.units if isinstance(unit, WasteHeatSource))
    return event.units or sources


def _burners(event: FuelShortage, district: District) -> tuple[str, ...]:
    return tuple(
        unit.name
        for unit in district.units
        if isinstance(unit, Boiler | Chp) and unit.fuel == event.fuel
    )


def _fouling_units(district: District) -> list[str]:
    kinds = WasteHeatSource | HeatExchanger | Consumer
    return [unit.name for unit in district.units if isinstance(unit, kinds)]


def _cover(hours: FloatArray, begin: float, end: float) -> FloatArray:
    """Share of each step that lies between two times."""
    step = hours[1] - hours[0]
    inside = np.minimum(hours + step, end) - np.maximum(hours, begin)
    return np.asarray(np.clip(inside / step, 0.0, 1.0), dtype=np.float64)


def _left(begin: float, end: float, remaining: float) -> Change:
    return lambda values, hours: values * (1.0 - (1.0 - remaining) * _cover(hours, begin, end))


def _fouled(begin: float, end: float, cleanness: float, *, cleaned: bool) -> Change:
    def change(values: FloatArray, hours: FloatArray) -> FloatArray:
        progress = np.clip((hours - begin) / (end - begin), 0.0, 1.0)
        if cleaned:
            progress = np.where(hours < end, progress, 0.0)
        return np.asarray(values * (1.0 - (1.0 - cleanness) * progress), dtype=np.float64)

    return change


def _colder(begin: float, end: float, depth_k: float) -> Change:
    def change(values: FloatArray, hours: FloatArray) -> FloatArray:
        away = (hours + (hours[1] - hours[0]) / 2.0 - (begin + end) / 2.0) / (end - begin)
        bell = np.cos(np.pi * np.clip(away, -0.5, 0.5)) ** 2
        return np.asarray(values - depth_k * bell, dtype=np.float64)

    return change


def _dearer(begin: float, end: float, factor: float, add: float) -> Change:
    def change(values: FloatArray, hours: FloatArray) -> FloatArray:
        return values + _cover(hours, begin, end) * ((factor - 1.0) * values + add)

    return change


def _joined(before: str | None, events: Sequence[Event]) -> str:
    """What the provenance says of events."""
    said = [] if before is None else [before]
    for event in events:
        where = [getattr(event, field, ()) for field in ("units", "circuits", "channels")]
        names = " ".join(name for group in where for name in group)
        note = f" ({event.note})" if event.note else ""
        place = f" {names}" if names else ""
        said.append(f"{event.kind}{place} from day {event.from_day:g} for {event.hours:g} h{note}")
    return "; ".join(said)
