"""Counterflow heat exchangers by effectiveness and number of transfer units.

Sources: W. M. Kays and A. L. London, Compact Heat Exchangers, 3rd ed. (1984), ch. 2; film
coefficients of plate exchangers proportional to m^0.7 (handbook section C).
"""

import math

from heatrouter.envs.components.jit import compiled

FILM_EXPONENT = 0.7
_MAX_NTU = 50.0
FLOW_TOLERANCE = 1e-4
"""Relative heat error at which the flow is close enough: a valve positions no better."""
_NEWTON_TRUST = 3e-3
"""Relative heat error below which a Newton step needs no check."""
_NEWTON_STEP = 0.02
"""Largest relative change of flow that such an unchecked step may make."""
_MIN_FLOW_RATIO = 1e-4
_STILL_KG_S = 1e-12
"""Flows below this carry nothing; keeps reciprocals finite."""


@compiled
def counterflow_effectiveness(ntu: float, capacity_ratio: float) -> float:
    """Effectiveness of a counterflow exchanger, 0..1.

    eps = (1 - exp(-N(1-C))) / (1 - C exp(-N(1-C))), and N/(1+N) at C = 1.
    """
    n = min(max(ntu, 0.0), _MAX_NTU)
    if capacity_ratio > 0.9999:
        return n / (1.0 + n)
    e = math.exp(-n * (1.0 - capacity_ratio))
    return (1.0 - e) / (1.0 - capacity_ratio * e)


@compiled
def exchanged_heat(ua: float, capacity_hot: float, capacity_cold: float, span: float) -> float:
    """Heat flow in W between two streams whose inlets differ by ``span`` kelvin.

    Args:
        ua: W/K.
        capacity_hot: m cp of the hot stream, W/K.
        capacity_cold: m cp of the cold stream, W/K.
        span: hot inlet minus cold inlet, K; nothing flows backwards below zero.
    """
    c_min = min(capacity_hot, capacity_cold)
    if c_min <= 0.0 or span <= 0.0:
        return 0.0
    ratio = c_min / max(capacity_hot, capacity_cold)
    return counterflow_effectiveness(ua / c_min, ratio) * c_min * span


@compiled
def film_term(flow_ratio: float) -> float:
    """Film resistance over its design value, r^-0.7, for a flow over its design flow."""
    return math.pow(max(flow_ratio, _MIN_FLOW_RATIO), -FILM_EXPONENT)


@compiled
def _kelvin_per_watt(
    flow: float,
    secondary_inverse: float,
    primary_design: float,
    secondary_term: float,
    ua_design: float,
    cp: float,
) -> tuple[float, float]:
    """Inlet difference over heat, y in K/W, and -dy / d ln(flow), of a counterflow exchanger.

    With a = 1/(m1 cp), b = 1/(m2 cp), R = 1/UA and g(d) = d / (1 - exp(-d)), the effectiveness
    of Kays and London reads y = b + R g((a - b) / R), which knows no special case at a = b. For
    balanced streams and for small flows y is linear in a, so that a Newton step in 1/m lands close.
    """
    inverse = 1.0 / (flow * cp)
    film = film_term(flow / primary_design)
    half = 0.5 / ua_design
    resistance = (film + secondary_term) * half
    floor = max(inverse, secondary_inverse) * (1.0 / _MAX_NTU)
    slope_film = FILM_EXPONENT * film * half
    if resistance < floor:
        resistance = floor
        slope_film = floor if inverse > secondary_inverse else 0.0
    d = abs(inverse - secondary_inverse) / resistance
    if d > 1e-4:
        e = math.exp(-d)
        share = 1.0 / (1.0 - e)
        g = d * share
        slope = (1.0 - g * e) * share
    else:
        g = 1.0 + 0.5 * d
        slope = 0.5 + d / 6.0
    curve = g - d * slope
    if inverse < secondary_inverse:
        # g(-d) = g(d) - d, and its slope is 1 - g'(d)
        g -= d
        slope = 1.0 - slope
    return secondary_inverse + resistance * g, curve * slope_film + slope * inverse


@compiled
def substation_heat(
    primary_flow: float,
    supply_temp: float,
    secondary_flow: float,
    secondary_inlet: float,
    primary_design: float,
    secondary_term: float,
    ua_design: float,
    cp: float,
) -> float:
    """Heat in W that a substation exchanger passes at given flows (kg/s) and inlets (degC).

    Film resistances are equal at design, 1/UA = (r1^-0.7 + r2^-0.7) / (2 UA_design);
    ``secondary_term`` is ``film_term`` of the secondary flow over its design.
    """
    span = supply_temp - secondary_inlet
    if primary_flow < _STILL_KG_S or secondary_flow < _STILL_KG_S or span <= 0.0:
        return 0.0
    y, _ = _kelvin_per_watt(
        primary_flow, 1.0 / (secondary_flow * cp), primary_design, secondary_term, ua_design, cp
    )
    return span / y


@compiled
def flow_for_heat(
    heat: float,
    supply_temp: float,
    secondary_flow: float,
    secondary_inlet: float,
    primary_design: float,
    secondary_term: float,
    ua_design: float,
    max_flow: float,
    guess: float,
    cp: float,
) -> float:
    """Primary flow in kg/s at which the exchanger passes ``heat`` W, at most ``max_flow``.

    One evaluation at the last flow ends most calls: within ``FLOW_TOLERANCE`` the guess is
    returned, within ``_NEWTON_TRUST`` its Newton step in 1/m, unchecked because the step's error
    is of second order. The largest flow is tried only when a step goes beyond it, and a supply too
    cold for the heat opens the valve fully.

    Args:
        heat: W wanted.
        supply_temp: degC of the primary inlet.
        secondary_flow: kg/s.
        secondary_inlet: degC.
        primary_design: kg/s.
        secondary_term: ``film_term`` of the secondary flow over its design.
        ua_design: W/K.
        max_flow: kg/s.
        guess: kg/s, the flow of the last step; any number is allowed.
        cp: J/(kg K).

    Returns:
        Primary flow in kg/s, 0..max_flow.
    """
    if heat <= 0.0:
        return 0.0
    span = supply_temp - secondary_inlet
    if span <= 0.0 or secondary_flow < _STILL_KG_S or max_flow < _STILL_KG_S:
        return max_flow
    secondary_inverse = 1.0 / (secondary_flow * cp)
    target = span / heat
    if target <= max(secondary_inverse, 1.0 / (max_flow * cp)):
        return max_flow
    x = guess if 1e-3 * max_flow < guess <= max_flow else 0.3 * max_flow
    low = 0.0
    high = max_flow
    reachable = False
    for _ in range(60):
        y, slope = _kelvin_per_watt(
            x, secondary_inverse, primary_design, secondary_term, ua_design, cp
        )
        gap = target - y
        if abs(gap) < FLOW_TOLERANCE * y:
            return x
        step = gap / slope
        if gap > 0.0:  # too much heat
            high = x
            reachable = True
        else:
            if x >= max_flow:
                return max_flow
            low = x
        wanted = x / (1.0 + step) if step > -1.0 else 2.0 * max_flow
        if abs(gap) < _NEWTON_TRUST * y and abs(step) < _NEWTON_STEP:
            return min(wanted, max_flow)
        if low < wanted < high:
            x = wanted
        elif reachable:
            x = 0.5 * (low + high)
        else:
            x = max_flow
    return x
