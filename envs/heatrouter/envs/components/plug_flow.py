"""Plug flow of water through a pipe: parcels, exact cooling by age, wall as two mixing volumes.

A parcel holds mass m and psi = (T - B) e^Lambda. The base B relaxes to the ground temperature,
dB/dt = (T_g - B)/(R C), and Lambda grows by dt/(R C); so every parcel cools exactly, for any ground
temperature, by two scalars per pipe. Parcels live in a ring of fixed length; when it is full, the
adjacent pair that costs least, m1 m2/(m1 + m2) dpsi^2, is merged, which keeps mass and enthalpy.
(B. van der Heijde et al., Energy Conversion and Management 151 (2017) 158, for plug flow with the
wall in two mixing volumes; the parcel form is this project's.)
"""

import math

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.jit import compiled

RING = 64
JOIN_BELOW_K = 0.01
JOIN_SHARE = 0.05
REBASE_AT = 30.0
"""Lambda at which psi is rescaled: e^30 leaves nine digits before overflow is even near."""


@compiled
def parcel_slot(start: int, index: int) -> int:
    """Ring slot of the index-th parcel counted from the pipe's from-end."""
    return (start + index) % RING


@compiled
def merge_cheapest(mass: FloatArray, psi: FloatArray, start: int, count: int) -> int:
    """Merge the adjacent pair of parcels that loses least; returns the new count."""
    best = np.inf
    at = 0
    previous = start % RING
    for i in range(count - 1):
        following = (start + i + 1) % RING
        m1 = mass[previous]
        m2 = mass[following]
        d = psi[following] - psi[previous]
        cost = m1 * m2 / (m1 + m2) * d * d
        if cost < best:
            best = cost
            at = i
        previous = following
    a = parcel_slot(start, at)
    b = parcel_slot(start, at + 1)
    total = mass[a] + mass[b]
    psi[a] = (mass[a] * psi[a] + mass[b] * psi[b]) / total
    mass[a] = total
    for i in range(at + 1, count - 1):
        to = parcel_slot(start, i)
        of = parcel_slot(start, i + 1)
        mass[to] = mass[of]
        psi[to] = psi[of]
    return count - 1


@compiled
def shift_parcels(
    mass: FloatArray,
    psi: FloatArray,
    start: int,
    count: int,
    pushed_mass: float,
    pushed_psi: float,
    content: float,
    forward: bool,
    join_below: float,
) -> tuple[int, int, float]:
    """Push mass in at one end and let the same mass out at the other.

    Args:
        mass: parcel masses, kg, shape (RING,), changed.
        psi: parcel psi, shape (RING,), changed.
        start: ring slot of the parcel at the from-end.
        count: number of parcels.
        pushed_mass: mass that enters, kg, positive.
        pushed_psi: its psi.
        content: mass of water in the pipe, kg.
        forward: from the from-end to the to-end.
        join_below: difference of psi below which the inflow joins the parcel before it.

    Returns:
        New start, new count, and the sum of mass times psi that left, kg.
    """
    if pushed_mass >= content:
        left = (pushed_mass - content) * pushed_psi
        for i in range(count):
            slot = parcel_slot(start, i)
            left += mass[slot] * psi[slot]
        mass[start] = content
        psi[start] = pushed_psi
        return start, 1, left
    left = 0.0
    rest = pushed_mass
    while rest > 0.0:
        slot = parcel_slot(start, count - 1) if forward else start
        if mass[slot] > rest:
            left += rest * psi[slot]
            mass[slot] -= rest
            rest = 0.0
        elif count == 1:
            # only rounding can bring a last parcel this low: it is all that is left to give
            left += rest * psi[slot]
            mass[slot] = 0.0
            rest = 0.0
            count = 0
        else:
            left += mass[slot] * psi[slot]
            rest -= mass[slot]
            count -= 1
            if not forward:
                start = (start + 1) % RING
    if count > 0:
        # water that is nearly as warm as what entered before joins it: a hundredth of a kelvin in a
        # twentieth of the pipe is below what any outlet shows, and the ring rarely fills
        slot = start if forward else parcel_slot(start, count - 1)
        joined = mass[slot] + pushed_mass
        if abs(pushed_psi - psi[slot]) < join_below and joined < JOIN_SHARE * content:
            psi[slot] = (mass[slot] * psi[slot] + pushed_mass * pushed_psi) / joined
            mass[slot] = joined
            return start, count, left
    if count == RING:
        count = merge_cheapest(mass, psi, start, count)
    if forward:
        start = (start - 1) % RING
        slot = start
    else:
        slot = parcel_slot(start, count)
    mass[slot] = pushed_mass
    psi[slot] = pushed_psi
    return start, count + 1, left


@compiled
def wall_step(wall_temp: float, inlet_temp: float, ratio: float) -> tuple[float, float]:
    """A wall volume flushed for one step: its new temperature and the mean outflow temperature.

    Exact for constant inlet: T_w' = T_in + (T_w - T_in) e^-a, mean outflow
    T_in + (T_w - T_in)(1 - e^-a)/a, with a = m cp dt / C_wall. Energy is kept exactly.
    """
    if ratio < 1e-12:
        return wall_temp, wall_temp
    e = -math.expm1(-ratio)
    gap = wall_temp - inlet_temp
    return inlet_temp + gap * (1.0 - e), inlet_temp + gap * e / ratio


@compiled
def psi_total(mass: FloatArray, psi: FloatArray, start: int, count: int) -> float:
    """Sum of mass times psi over all parcels, recomputed."""
    total = 0.0
    for i in range(count):
        slot = parcel_slot(start, i)
        total += mass[slot] * psi[slot]
    return total
