"""Coefficient of performance of a compression heat pump.

COP = eta_L * COP_Lorenz with COP_Lorenz = T_lm,sink / (T_lm,sink - T_lm,source), logarithmic mean
temperatures in kelvin (G. Lorenz 1894; handbook section C, eta_L 0.4..0.6).
"""

import math

from heatrouter.envs.components.jit import compiled

_MIN_LIFT_K = 5.0


@compiled
def log_mean_temp(inlet_c: float, outlet_c: float) -> float:
    """Logarithmic mean of two temperatures, kelvin; their mean where they are close."""
    a = inlet_c + 273.15
    b = outlet_c + 273.15
    if abs(a - b) < 0.01:
        return 0.5 * (a + b)
    return (b - a) / math.log(b / a)


@compiled
def lorenz_cop(
    sink_inlet_c: float,
    sink_outlet_c: float,
    source_inlet_c: float,
    source_outlet_c: float,
    efficiency: float,
    max_cop: float,
) -> float:
    """Heat out over electricity in, between 1 and ``max_cop``."""
    sink = log_mean_temp(sink_inlet_c, sink_outlet_c)
    source = log_mean_temp(source_inlet_c, source_outlet_c)
    lift = max(sink - source, _MIN_LIFT_K)
    return min(max(efficiency * sink / lift, 1.0), max_cop)
