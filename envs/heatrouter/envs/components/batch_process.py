"""Charges that become due at intervals and are heated one at a time, preheated by the network.

While the process runs (level at least 0.5) a charge becomes due each interval and queues. A waiting
charge starts when it is released or when waiting longer would pass its latest start, as soon as
the place is free. Charges behind the first are taken to have become due one interval apart.
"""

import math

from heatrouter.envs.components.jit import compiled

RUNS_FROM = 0.5
"""Level of production, and release, from which they count as on."""


@compiled
def batch_step(
    until_due: float,
    waiting: float,
    oldest_wait: float,
    remaining: float,
    level: float,
    release: float,
    dt: float,
    interval: float,
    slack: float,
    duration: float,
) -> tuple[float, float, float, float, float, float, float]:
    """Advance the queue by a step; starts happen at its beginning.

    Args:
        until_due: running time until the next charge becomes due, s.
        waiting: charges that wait.
        oldest_wait: time since the first of them became due, s.
        remaining: time that the charge in work still takes, s.
        level: of production, 0..1.
        release: at least 0.5 starts a waiting charge.
        dt: s.
        interval: between due charges, s.
        slack: longest wait before the start is forced, s.
        duration: of heating a charge, s.

    Returns:
        The four states anew; charges started (0 or 1); time of the step spent heating, s; time by
        which starts were late, summed over charges, s.
    """
    started = 0.0
    forced = oldest_wait + dt > slack
    if remaining <= 0.0 and waiting >= 1.0 and (release >= RUNS_FROM or forced):
        started = 1.0
        remaining = duration
        waiting -= 1.0
        oldest_wait = max(oldest_wait - interval, 0.0) if waiting >= 1.0 else 0.0
    heating = min(max(remaining, 0.0), dt)
    remaining = max(remaining - dt, 0.0)
    late = 0.0
    if waiting >= 1.0:
        oldest_wait += dt
        if oldest_wait > slack:
            charges = math.floor((oldest_wait - slack) / max(interval, 1.0)) + 1.0
            late = dt * min(charges, waiting)
    if level >= RUNS_FROM:
        until_due -= dt
        if until_due <= 0.0:
            due = math.floor(-until_due / max(interval, 1.0)) + 1.0
            if waiting < 1.0:
                oldest_wait = -until_due
            waiting += due
            until_due += due * max(interval, 1.0)
    return until_due, waiting, oldest_wait, remaining, started, heating, late


@compiled
def charge_heat_w(
    charge_kg: float, heat_capacity: float, start_temp: float, target_temp: float, duration: float
) -> float:
    """Mean heat flow into a charge while it is heated, W: m c (T_target - T_start) / t.

    Args:
        charge_kg: kg.
        heat_capacity: J/(kg K).
        start_temp: degC.
        target_temp: degC.
        duration: s.
    """
    return charge_kg * heat_capacity * max(target_temp - start_temp, 0.0) / max(duration, 1.0)


@compiled
def preheat_share(
    supply_temp: float, approach: float, start_temp: float, target_temp: float
) -> float:
    """Share of a charge's heat, 0..1, that water at ``supply_temp`` degC can bring.

    The network heats from ``start_temp`` to ``approach`` kelvin below its supply, or to the target.
    """
    span = target_temp - start_temp
    if span <= 0.0:
        return 0.0
    return min(max((supply_temp - approach - start_temp) / span, 0.0), 1.0)
