"""A dry cooler: fan speed and electricity that reject a heat to outside air.

Counterflow effectiveness after Kays and London (see ``exchanger``), sized at the design point with
equal heat capacity flows of air and water. Air flow is proportional to fan speed n, and

    1 / UA = (b n^-0.681 + 1 - b) / UA_design,    P = P_full n^3.

The exponent is that of air across finned tubes (D. E. Briggs and E. H. Young, Chem. Eng. Progress
Symp. Ser. 59 (1963) no. 41, p. 1), the share b of the air film that of a dry coil with 2/3 as ratio
of the films' conductances (M. Wetter, LBNL-42355, 1999), the cube the fan law.
"""

import math

from heatrouter.envs.components.exchanger import exchanged_heat
from heatrouter.envs.components.jit import compiled

AIR_EXPONENT = 0.681
AIR_SHARE = 0.6
FREE_SPEED = 0.1
"""Air that moves by itself with the fans at rest, over that at full speed (assumption)."""
_TOLERANCE = 1e-6
_MIN_RANGE_K = 0.1
_MAX_EFFECTIVENESS = 0.98


@compiled
def _heat_at_speed(
    speed: float, water: float, air_design: float, ua_design: float, span: float
) -> float:
    film = AIR_SHARE * math.pow(speed, -AIR_EXPONENT) + 1.0 - AIR_SHARE
    return exchanged_heat(ua_design / film, water, speed * air_design, span)


@compiled
def dry_cooler(
    load_w: float,
    water_in: float,
    water_out: float,
    ambient: float,
    capacity_w: float,
    design_air: float,
    design_in: float,
    design_out: float,
    fan_w: float,
) -> tuple[float, float]:
    """Heat rejected and fan power, both W.

    Up to what free convection carries the fans rest; beyond the capacity at full speed, and with
    air warmer than the water, they run flat out and reject what they can.

    Args:
        load_w: heat to reject, W; with the temperatures it sets the water's flow.
        water_in: degC.
        water_out: wanted, degC.
        ambient: degC.
        capacity_w: heat at the design point and full speed, W.
        design_air: degC.
        design_in: water inlet at design, degC.
        design_out: water outlet at design, degC.
        fan_w: electricity of the fans at full speed, W.
    """
    if load_w <= 0.0 or capacity_w <= 0.0:
        return 0.0, 0.0
    design_range = max(design_in - design_out, _MIN_RANGE_K)
    air = capacity_w / design_range
    reach = max(design_in - design_air, design_range)
    effectiveness = min(design_range / reach, _MAX_EFFECTIVENESS)
    ua = air * effectiveness / (1.0 - effectiveness)
    water = load_w / max(water_in - water_out, _MIN_RANGE_K)
    span = water_in - ambient
    full = _heat_at_speed(1.0, water, air, ua, span)
    if full <= load_w:
        return full, fan_w
    free = _heat_at_speed(FREE_SPEED, water, air, ua, span)
    if free >= load_w:
        return load_w, 0.0
    # the reciprocal of the heat is nearly linear in that of the speed: bracketed secant (Illinois)
    low = 1.0
    f_low = load_w / full - 1.0
    high = 1.0 / FREE_SPEED
    f_high = load_w / free - 1.0
    side = 0
    x = low
    for _ in range(40):
        x = (low * f_high - high * f_low) / (f_high - f_low)
        f = load_w / _heat_at_speed(1.0 / x, water, air, ua, span) - 1.0
        if abs(f) < _TOLERANCE:
            break
        if f > 0.0:
            high, f_high = x, f
            if side == 1:
                f_low *= 0.5
            side = 1
        else:
            low, f_low = x, f
            if side == -1:
                f_high *= 0.5
            side = -1
    rest = FREE_SPEED * FREE_SPEED * FREE_SPEED
    return load_w, fan_w * (1.0 / (x * x * x) - rest) / (1.0 - rest)
