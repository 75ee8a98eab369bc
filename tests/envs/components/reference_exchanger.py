"""The plain way to solve a substation exchanger, to hold the fast one against."""

import math

from heatrouter.envs.components.exchanger import (
    FILM_EXPONENT,
    FLOW_TOLERANCE,
    exchanged_heat,
)


def ua_at_flows(ua_design: float, primary_ratio: float, secondary_ratio: float) -> float:
    """Transfer coefficient when both flows differ from design, W/K.

    Film resistances are equal at design: 1/UA = (r1^-0.7 + r2^-0.7) / (2 UA_design).
    """
    r1 = max(primary_ratio, 1e-4)
    r2 = max(secondary_ratio, 1e-4)
    return 2.0 * ua_design / (math.pow(r1, -FILM_EXPONENT) + math.pow(r2, -FILM_EXPONENT))


def plain_substation_heat(
    primary_flow: float,
    supply_temp: float,
    secondary_flow: float,
    secondary_inlet: float,
    primary_design: float,
    secondary_design: float,
    ua_design: float,
    cp: float,
) -> float:
    """Heat in W that a substation exchanger passes at given flows (kg/s) and inlets (degC)."""
    if primary_flow <= 0.0 or secondary_flow <= 0.0:
        return 0.0
    ua = ua_at_flows(ua_design, primary_flow / primary_design, secondary_flow / secondary_design)
    return exchanged_heat(ua, primary_flow * cp, secondary_flow * cp, supply_temp - secondary_inlet)


def plain_flow_for_heat(
    heat: float,
    supply_temp: float,
    secondary_flow: float,
    secondary_inlet: float,
    primary_design: float,
    secondary_design: float,
    ua_design: float,
    max_flow: float,
    guess: float,
    cp: float,
) -> float:
    """Primary flow in kg/s at which the exchanger passes ``heat`` W, at most ``max_flow``.

    Heat rises monotonically with flow, so a bracketed secant (Illinois) started at the last flow
    ends after two to five evaluations; a supply too cold for the heat opens the valve fully.
    """
    if heat <= 0.0:
        return 0.0
    high = max_flow
    f_high = (
        plain_substation_heat(
            high, supply_temp, secondary_flow, secondary_inlet,
            primary_design, secondary_design, ua_design, cp,
        )
        - heat
    )  # fmt: skip
    if f_high <= 0.0:
        return max_flow
    low = 0.0
    f_low = -heat
    x = guess if 1e-3 * max_flow < guess < 0.999 * max_flow else 0.3 * max_flow
    side = 0
    for _ in range(40):
        f = (
            plain_substation_heat(
                x, supply_temp, secondary_flow, secondary_inlet,
                primary_design, secondary_design, ua_design, cp,
            )
            - heat
        )  # fmt: skip
        if abs(f) < FLOW_TOLERANCE * heat:
            return x
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
        x = (low * f_high - high * f_low) / (f_high - f_low)
    return x
