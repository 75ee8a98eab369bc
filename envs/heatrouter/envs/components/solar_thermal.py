"""Solar collectors by the efficiency curve of EN ISO 9806.

q = eta_0 G - a_1 (T_m - T_a) - a_2 (T_m - T_a)^2 per area, with T_m the mean of inlet and outlet.
Below ambient, where the curve is not measured, losses are zero: no heat is drawn from warm air.
"""

import math

from heatrouter.envs.components.jit import compiled


@compiled
def collector_heat(
    irradiance_plane: float,
    mean_temp: float,
    ambient: float,
    area: float,
    eta0: float,
    a1: float,
    a2: float,
) -> float:
    """Heat that a field yields at a mean fluid temperature, W, never below zero.

    Args:
        irradiance_plane: W/m2 on the collectors' plane.
        mean_temp: of inlet and outlet, degC.
        ambient: degC.
        area: m2 of the reference area that belongs to the coefficients.
        eta0: zero-loss efficiency.
        a1: W/(m2 K).
        a2: W/(m2 K2).
    """
    excess = max(mean_temp - ambient, 0.0)
    return max(area * (eta0 * irradiance_plane - (a1 + a2 * excess) * excess), 0.0)


@compiled
def collector_heat_at_flow(
    flow: float,
    irradiance_plane: float,
    inlet: float,
    ambient: float,
    area: float,
    eta0: float,
    a1: float,
    a2: float,
    cp: float,
) -> float:
    """Heat at a flow in kg/s and an inlet in degC, W; T_m = inlet + q / (2 m cp) solved exactly."""
    if flow <= 0.0 or area <= 0.0:
        return 0.0
    carried = 2.0 * flow * cp / area
    linear = a1 + carried
    drive = eta0 * irradiance_plane + carried * (inlet - ambient)
    if drive <= 0.0:
        return max(area * eta0 * irradiance_plane, 0.0)
    excess = 2.0 * drive / (linear + math.sqrt(linear * linear + 4.0 * a2 * drive))
    return max(area * carried * (excess - (inlet - ambient)), 0.0)


@compiled
def collector_flow(
    irradiance_plane: float,
    inlet: float,
    outlet: float,
    ambient: float,
    area: float,
    eta0: float,
    a1: float,
    a2: float,
    max_flow: float,
    cp: float,
) -> tuple[float, float]:
    """Heat (W) and flow (kg/s) of a field whose pump holds the outlet temperature.

    At the largest flow the outlet gets hotter than wanted; with an inlet as hot as the wanted
    outlet the pump runs at full flow as long as that yields heat.

    Args:
        irradiance_plane: W/m2.
        inlet: degC.
        outlet: wanted, degC.
        ambient: degC.
        area: m2.
        eta0: zero-loss efficiency.
        a1: W/(m2 K).
        a2: W/(m2 K2).
        max_flow: kg/s.
        cp: J/(kg K).
    """
    span = outlet - inlet
    if span > 0.0:
        heat = collector_heat(irradiance_plane, 0.5 * (inlet + outlet), ambient, area, eta0, a1, a2)
        if heat <= max_flow * cp * span:
            return heat, heat / (cp * span)
    heat = collector_heat_at_flow(
        max_flow, irradiance_plane, inlet, ambient, area, eta0, a1, a2, cp
    )
    return heat, max_flow if heat > 0.0 else 0.0
