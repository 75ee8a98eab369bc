"""Production levels: shifts by the local clock, idle times, noise, and outages."""

from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.noise import correlated, stream
from heatrouter.envs.spec.plant_units import Production

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NOISE_CORRELATION_H = 3.0
_SHORTEST_OUTAGE_H = 0.5


def planned_level(
    production: Production, hours_per_step: float, hour: FloatArray, weekday: FloatArray
) -> FloatArray:
    """Return the plan: the level of the shift, the idle level outside all shifts.

    Args:
        production: Shifts in local time. One that begins or ends inside a step counts in part; of
            two that overlap the higher holds; one that ends at or before its start goes on into
            the next day.
        hours_per_step: Step, h.
        hour: Local hour at the start of each step.
        weekday: 0 = Monday, at the start of each step.

    Returns:
        The shape of ``hour``, 0..1.
    """
    shift_level = np.zeros(hour.size)
    covered = np.zeros(hour.size)
    for shift in production.shifts:
        days = [_DAYS.index(day) for day in shift.days]
        for on, start, end in _within_days(days, shift.start_hour, shift.end_hour):
            late = np.minimum(hour + hours_per_step, end)
            part = np.clip((late - np.maximum(hour, start)) / hours_per_step, 0.0, 1.0)
            part = np.where(np.isin(weekday, on), part, 0.0)
            shift_level = np.where(part > 0.0, np.maximum(shift_level, shift.level), shift_level)
            covered = np.maximum(covered, part)
    return production.idle_level + covered * (shift_level - production.idle_level)


def _within_days(
    days: list[int], start_hour: float, end_hour: float
) -> list[tuple[list[int], float, float]]:
    if end_hour > start_hour:
        return [(days, start_hour, end_hour)]
    return [(days, start_hour, 24.0), ([(day + 1) % 7 for day in days], 0.0, end_hour)]


def production_level(
    name: str,
    production: Production,
    hours_per_step: float,
    calendar: tuple[FloatArray, FloatArray, FloatArray],
    key: tuple[int, ...],
) -> tuple[FloatArray, int]:
    """Return the level of one unit and the number of outages in it.

    Noise (correlated over 3 h) applies while the unit runs. Outages come at random, with
    exponential times between them and exponential lengths of at least half an hour; during one the
    level is 0.

    Args:
        name: Name of the unit.
        production: Its plan.
        hours_per_step: Step, h.
        calendar: Local hour, weekday and day of the year of each step.
        key: Identifies the scenario.

    Returns:
        The level, 0..1, in the shape of the calendar's arrays; the number of outages.
    """
    hour, weekday, _ = calendar
    level = planned_level(production, hours_per_step, hour, weekday)
    if production.noise > 0.0:
        rng = stream(key, f"{name}/level")
        noise = correlated(rng, hour.size, _NOISE_CORRELATION_H / hours_per_step)
        running = level > 0.0
        level = np.where(running, np.clip(level + production.noise * noise, 0.0, 1.0), 0.0)
    outages = _outages_h(stream(key, f"{name}/outages"), production, hour.size * hours_per_step)
    for begin_h, end_h in outages:
        level[round(begin_h / hours_per_step) : round(end_h / hours_per_step)] = 0.0
    return level, len(outages)


def _outages_h(
    rng: np.random.Generator, production: Production, span_h: float
) -> list[tuple[float, float]]:
    """Begin and end of each outage, hours since step 0."""
    if production.outages_per_year <= 0.0 or production.outage_hours <= 0.0:
        return []
    between_h = 8760.0 / production.outages_per_year
    outages = []
    now = rng.exponential(between_h)
    while now < span_h:
        length = max(rng.exponential(production.outage_hours), _SHORTEST_OUTAGE_H)
        outages.append((now, min(now + length, span_h)))
        now += length + rng.exponential(between_h)
    return outages
