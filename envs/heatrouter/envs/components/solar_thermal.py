"""Solar collectors by the efficiency curve of EN ISO 9806.

q = eta_0 G - a_1 (T_m - T_a) - a_2 (T_m - T_a)^2 per area, with T_m the mean of inlet and outlet.
Below ambient, where the curve is not measured, losses are zero: no heat is drawn from warm air.
"""

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
