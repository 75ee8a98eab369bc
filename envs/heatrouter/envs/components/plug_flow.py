"""Plug flow of water through a pipe: parcels, exact cooling by age, wall as two mixing volumes.

A parcel holds mass m and psi, and its temperature is T = B + s psi. The base B relaxes to the
ground temperature, dB/dt = (T_g - B)/(R C), and the scale s decays with the same time constant; so
every parcel cools exactly, for any ground temperature, by two scalars per pipe. Parcels live in a
ring of fixed length; when it is full, the adjacent pair that costs least,
m1 m2/(m1 + m2) dpsi^2, is merged, which keeps mass and enthalpy.
(B. van der Heijde et al., Energy Conversion and Management 151 (2017) 158, for plug flow with the
wall in two mixing volumes; the parcel form is this project's.)
"""

import math

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.jit import compiled

RING = 64
"""Parcels a pipe can hold; a power of two, so that a slot is found by masking."""

SLOT = RING - 1
MASS, PSI = 0, 1
"""Columns of a pipe's parcels, kg and K; the shares of origins follow from column ``SHARES`` on."""

SHARES = 2
REFERENCE_C = 10.0
"""Heat is traced above this temperature (docs/settle.md)."""

_COLD_K = 1e-6
"""Least excess over the reference: colder water has shares, too, but they weigh next to nothing."""

JOIN_BELOW_K = 0.01
JOIN_SHARE = 0.05
REBASE_BELOW = 1e-13
"""Scale at which psi is rescaled, far above underflow."""


@compiled
def traced_heat(mass: float, temp: float) -> float:
    """Weight of a body of water in a mixture of origins: its heat over cp above 10 degC, kg K."""
    return mass * max(temp - REFERENCE_C, _COLD_K)


@compiled
def _collect(parcel: FloatArray, mass: float, base: float, scale: float, left: FloatArray) -> None:
    """Add the traced heat of ``mass`` kg of a parcel to ``left``, by origin."""
    if left.size > 0:
        weight = traced_heat(mass, base + scale * parcel[PSI])
        for j in range(left.size):
            left[j] += weight * parcel[SHARES + j]


@compiled
def _blend(a: FloatArray, b: FloatArray, base: float, scale: float, mass_b: float) -> None:
    """Mix ``mass_b`` kg with the shares of row b into the shares of row a."""
    weight_a = traced_heat(a[MASS], base + scale * a[PSI])
    weight_b = traced_heat(mass_b, base + scale * b[PSI])
    for j in range(SHARES, a.size):
        a[j] = (weight_a * a[j] + weight_b * b[j]) / (weight_a + weight_b)


@compiled
def merge_cheapest(parcels: FloatArray, start: int, count: int, base: float, scale: float) -> int:
    """Merge the adjacent pair of parcels that loses least.

    Args:
        parcels: masses, psi and shares of one pipe, shape (RING, 2 + n_origins), changed.
        start: ring slot of the parcel at the from-end.
        count: number of parcels, at least two.
        base: degC.
        scale: so that a parcel has the temperature base + scale psi.

    Returns:
        Index of the merged pair's first parcel, counted from the from-end; one fewer is left.
    """
    best = np.inf
    at = 0
    previous = start & SLOT
    for i in range(count - 1):
        following = (start + i + 1) & SLOT
        m1 = parcels[previous, MASS]
        m2 = parcels[following, MASS]
        d = parcels[following, PSI] - parcels[previous, PSI]
        cost = m1 * m2 / (m1 + m2) * d * d
        if cost < best:
            best = cost
            at = i
        previous = following
    a = (start + at) & SLOT
    b = (start + at + 1) & SLOT
    if parcels.shape[1] > SHARES:
        _blend(parcels[a], parcels[b], base, scale, parcels[b, MASS])
    total = parcels[a, MASS] + parcels[b, MASS]
    moved = parcels[a, MASS] * parcels[a, PSI] + parcels[b, MASS] * parcels[b, PSI]
    parcels[a, PSI] = moved / total
    parcels[a, MASS] = total
    for i in range(at + 1, count - 1):
        to = (start + i) & SLOT
        of = (start + i + 1) & SLOT
        for j in range(parcels.shape[1]):
            parcels[to, j] = parcels[of, j]
    return at


@compiled
def _join_shares(
    parcel: FloatArray, mass: float, temp: float, base: float, scale: float, shares: FloatArray
) -> None:
    """Mix water of ``mass`` kg and ``temp`` degC into a parcel's shares."""
    own = traced_heat(parcel[MASS], base + scale * parcel[PSI])
    new = traced_heat(mass, temp)
    for j in range(shares.size):
        parcel[SHARES + j] = (own * parcel[SHARES + j] + new * shares[j]) / (own + new)


@compiled
def _fill(parcel: FloatArray, mass: float, psi: float, shares: FloatArray) -> None:
    parcel[MASS] = mass
    parcel[PSI] = psi
    for j in range(shares.size):
        parcel[SHARES + j] = shares[j]


@compiled
def shift_parcels(
    parcels: FloatArray,
    start: int,
    count: int,
    pushed_mass: float,
    pushed_psi: float,
    content: float,
    forward: bool,
    base: float,
    scale: float,
    shares: FloatArray,
    left_by_origin: FloatArray,
) -> tuple[int, int, float]:
    """Push mass in at one end and let the same mass out at the other.

    Args:
        parcels: masses, psi and shares of one pipe, shape (RING, 2 + n_origins), changed.
        start: ring slot of the parcel at the from-end.
        count: number of parcels.
        pushed_mass: mass that enters, kg, positive.
        pushed_psi: its psi.
        content: mass of water in the pipe, kg.
        forward: from the from-end to the to-end.
        base: degC.
        scale: so that a parcel has the temperature base + scale psi.
        shares: origins of the inflow, shape (n_origins,), which may be empty.
        left_by_origin: gets the traced heat that left, kg K, shape (n_origins,).

    Returns:
        New start, new count, and the sum of mass times psi that left, kg K.
    """
    for j in range(left_by_origin.size):
        left_by_origin[j] = 0.0
    if pushed_mass >= content:
        left = (pushed_mass - content) * pushed_psi
        for i in range(count):
            slot = (start + i) & SLOT
            left += parcels[slot, MASS] * parcels[slot, PSI]
            _collect(parcels[slot], parcels[slot, MASS], base, scale, left_by_origin)
        _fill(parcels[start], content, pushed_psi, shares)
        _collect(parcels[start], pushed_mass - content, base, scale, left_by_origin)
        return start, 1, left
    left = 0.0
    rest = pushed_mass
    while rest > 0.0:
        slot = (start + count - 1) & SLOT if forward else start
        if parcels[slot, MASS] > rest:
            left += rest * parcels[slot, PSI]
            _collect(parcels[slot], rest, base, scale, left_by_origin)
            parcels[slot, MASS] -= rest
            rest = 0.0
        elif count == 1:
            # only rounding can bring a last parcel this low: it is all that is left to give
            left += rest * parcels[slot, PSI]
            _collect(parcels[slot], rest, base, scale, left_by_origin)
            parcels[slot, MASS] = 0.0
            rest = 0.0
            count = 0
        else:
            left += parcels[slot, MASS] * parcels[slot, PSI]
            _collect(parcels[slot], parcels[slot, MASS], base, scale, left_by_origin)
            rest -= parcels[slot, MASS]
            count -= 1
            if not forward:
                start = (start + 1) & SLOT
    if count > 0:
        # water that is nearly as warm as what entered before joins it: a hundredth of a kelvin in a
        # twentieth of the pipe is below what any outlet shows, and the ring rarely fills
        slot = start if forward else (start + count - 1) & SLOT
        joined = parcels[slot, MASS] + pushed_mass
        near = scale * abs(pushed_psi - parcels[slot, PSI]) < JOIN_BELOW_K
        if near and joined < JOIN_SHARE * content:
            if shares.size > 0:
                _join_shares(parcels[slot], pushed_mass, base + scale * pushed_psi, base, scale,
                             shares)  # fmt: skip
            moved = parcels[slot, MASS] * parcels[slot, PSI] + pushed_mass * pushed_psi
            parcels[slot, PSI] = moved / joined
            parcels[slot, MASS] = joined
            return start, count, left
    if count == RING:
        merge_cheapest(parcels, start, count, base, scale)
        count -= 1
    if forward:
        start = (start - 1) & SLOT
        slot = start
    else:
        slot = (start + count) & SLOT
    _fill(parcels[slot], pushed_mass, pushed_psi, shares)
    return start, count + 1, left


@compiled
def wall_flush(ratio: float) -> tuple[float, float]:
    """How a wall volume answers a flush of one step.

    Exact for constant inlet, with a = m cp dt / C_wall: the wall closes the share 1 - e^-a of its
    gap to the inflow, and the mean outflow keeps (1 - e^-a)/a of that gap. Energy is kept exactly.

    Args:
        ratio: a, positive.

    Returns:
        The two shares.
    """
    closed = 1.0 - math.exp(-ratio)
    return closed, closed / ratio


@compiled
def psi_total(parcels: FloatArray, start: int, count: int) -> float:
    """Sum of mass times psi over all parcels of one pipe, recomputed, kg K."""
    total = 0.0
    for i in range(count):
        slot = (start + i) & SLOT
        total += parcels[slot, MASS] * parcels[slot, PSI]
    return total
