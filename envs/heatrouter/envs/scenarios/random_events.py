"""Random events of training, drawn from the key of each scenario: held-out scenarios share none."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from heatrouter.envs.contract import Channel
from heatrouter.envs.scenarios.events import apply_to_each
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.noise import stream
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.events import (
    ColdSpell,
    CommunicationDelay,
    Event,
    EventRates,
    Fouling,
    FuelShortage,
    PriceSpike,
    PumpTrip,
    SensorBias,
    SensorDropout,
    SensorFreeze,
    SourceOutage,
)
from heatrouter.envs.spec.plant_units import Boiler, Chp, Producer, WasteHeatSource
from heatrouter.envs.spec.task import Task

_DAYS: Final = 365.0
_WINTER_DAYS: Final = (-45.0, 75.0)
"""Cold spells begin between mid-November and mid-March."""
_BIAS_SHARE: Final = 0.08
"""Standard deviation of a bias over the span of its channel."""
APPLIED: Final = "task_events"
"""Key of the provenance that tells that a task's events are in."""


def with_task_events(
    library: ScenarioLibrary, district: District, task: Task, channels: Sequence[Channel]
) -> ScenarioLibrary:
    """Return the library with the events of a task: those it names and those it has rates for.

    A library that has them already is returned as it is.

    Args:
        library: Scenarios of the district.
        district: Its units and circuits.
        task: Its ``events`` and ``event_rates``.
        channels: Observation of the contract.

    Raises:
        ScenarioError: An event does not fit the district.
    """
    if not task.events and task.event_rates is None:
        return library
    if all(APPLIED in entry for entry in library.provenance):
        return library
    rates = task.event_rates or EventRates()
    events = [
        (*task.events, *draw_events(district, rates, key_of(library, row), channels))
        for row in range(library.n_scenarios)
    ]
    changed = apply_to_each(library, events, district)
    for entry, own in zip(changed.provenance, events, strict=True):
        entry[APPLIED] = f"{len(own)} of task {task.name}"
    return changed


def key_of(library: ScenarioLibrary, row: int) -> tuple[int, ...]:
    """Return what seeds a scenario: the key it was generated with, else a hash of its name."""
    text = library.provenance[row].get("key", "")
    if text:
        return tuple(int(part) for part in text.split("/"))
    digest = hashlib.sha256(library.names[row].encode()).digest()
    return (int.from_bytes(digest[:8], "little"),)


def draw_events(
    district: District, rates: EventRates, key: tuple[int, ...], channels: Sequence[Channel]
) -> tuple[Event, ...]:
    """Return the random events of one year.

    Numbers are Poisson, begins uniform over the year (cold spells: over the winter), lengths
    exponential about the mean of their kind with a cap. Every kind has its own stream: a rate that
    is changed leaves the other kinds' events as they were.

    Args:
        district: Its units and circuits.
        rates: Events per year.
        key: Identifies the scenario.
        channels: Observation of the contract; measured ones can fail.
    """
    measured = [channel for channel in channels if channel.source == "measured"]
    events: list[Event] = []
    for kind, draw in _DRAWS.items():
        rate = getattr(rates, kind)
        rng = stream(key, f"events/{kind}")
        for _ in range(int(rng.poisson(rate)) if rate > 0.0 else 0):
            event = draw(rng, district, measured)
            if event is not None:
                events.append(event)
    return tuple(events)


Draw = Callable[[np.random.Generator, District, Sequence[Channel]], Event | None]


def _begin(rng: np.random.Generator) -> float:
    return 1.0 + float(rng.uniform(0.0, _DAYS))


def _hours(rng: np.random.Generator, mean: float, longest: float) -> float:
    return float(np.clip(rng.exponential(mean), 0.5, longest))


def _outage(rng: np.random.Generator, district: District, _: Sequence[Channel]) -> Event | None:
    units = [unit.name for unit in district.units if isinstance(unit, Producer)]
    if not units:
        return None
    return SourceOutage(
        kind="source_outage",
        from_day=_begin(rng),
        hours=_hours(rng, 18.0, 168.0),
        units=(units[int(rng.integers(len(units)))],),
        remaining=float(rng.choice([0.0, 0.0, 0.5])),
    )


def _pump(rng: np.random.Generator, district: District, _: Sequence[Channel]) -> Event:
    circuit = district.circuits[int(rng.integers(len(district.circuits)))]
    return PumpTrip(
        kind="pump_trip",
        from_day=_begin(rng),
        hours=_hours(rng, 2.0, 12.0),
        circuits=(circuit.name,),
        remaining=float(rng.uniform(0.1, 0.6)),
    )


def _fuel(rng: np.random.Generator, district: District, _: Sequence[Channel]) -> Event | None:
    fuels = sorted({unit.fuel for unit in district.units if isinstance(unit, Boiler | Chp)})
    if not fuels:
        return None
    return FuelShortage(
        kind="fuel_shortage",
        from_day=_begin(rng),
        hours=_hours(rng, 72.0, 336.0),
        fuel=fuels[int(rng.integers(len(fuels)))],
        remaining=float(rng.uniform(0.3, 0.8)),
    )


def _fouling(rng: np.random.Generator, district: District, _: Sequence[Channel]) -> Event | None:
    units = [unit.name for unit in district.units if isinstance(unit, WasteHeatSource)]
    if not units:
        return None
    return Fouling(
        kind="fouling",
        from_day=_begin(rng),
        hours=_hours(rng, 1500.0, 5000.0),
        units=(units[int(rng.integers(len(units)))],),
        cleanness=float(rng.uniform(0.4, 0.9)),
    )


def _cold(rng: np.random.Generator, _: District, __: Sequence[Channel]) -> Event:
    return ColdSpell(
        kind="cold_spell",
        from_day=1.0 + float(rng.uniform(*_WINTER_DAYS)) % _DAYS,
        hours=float(rng.uniform(72.0, 288.0)),
        depth_k=float(rng.uniform(3.0, 12.0)),
    )


def _spike(rng: np.random.Generator, _: District, __: Sequence[Channel]) -> Event:
    return PriceSpike(
        kind="price_spike",
        from_day=_begin(rng),
        hours=_hours(rng, 4.0, 48.0),
        factor=float(rng.uniform(1.5, 4.0)),
        add=float(rng.uniform(0.0, 300.0)),
    )


def _channel(rng: np.random.Generator, channels: Sequence[Channel]) -> Channel | None:
    return channels[int(rng.integers(len(channels)))] if channels else None


def _bias(rng: np.random.Generator, _: District, channels: Sequence[Channel]) -> Event | None:
    channel = _channel(rng, channels)
    if channel is None:
        return None
    bias = _BIAS_SHARE * (channel.high - channel.low) * float(rng.standard_normal())
    return SensorBias(
        kind="sensor_bias",
        from_day=_begin(rng),
        hours=_hours(rng, 120.0, 1000.0),
        channels=(channel.name,),
        bias=bias,
    )


def _freeze(rng: np.random.Generator, _: District, channels: Sequence[Channel]) -> Event | None:
    channel = _channel(rng, channels)
    if channel is None:
        return None
    return SensorFreeze(
        kind="sensor_freeze",
        from_day=_begin(rng),
        hours=_hours(rng, 12.0, 120.0),
        channels=(channel.name,),
    )


def _dropout(rng: np.random.Generator, _: District, channels: Sequence[Channel]) -> Event | None:
    channel = _channel(rng, channels)
    if channel is None:
        return None
    return SensorDropout(
        kind="sensor_dropout",
        from_day=_begin(rng),
        hours=_hours(rng, 3.0, 48.0),
        channels=(channel.name,),
    )


def _delay(rng: np.random.Generator, _: District, __: Sequence[Channel]) -> Event:
    return CommunicationDelay(
        kind="communication_delay",
        from_day=_begin(rng),
        hours=_hours(rng, 6.0, 72.0),
        delay_s=float(rng.choice([900.0, 1800.0, 3600.0])),
    )


_DRAWS: Final[dict[str, Draw]] = {
    "source_outage": _outage,
    "pump_trip": _pump,
    "fuel_shortage": _fuel,
    "fouling": _fouling,
    "cold_spell": _cold,
    "price_spike": _spike,
    "sensor_bias": _bias,
    "sensor_freeze": _freeze,
    "sensor_dropout": _dropout,
    "communication_delay": _delay,
}
