"""Centrifugal pumps: head and power over flow and speed by the affinity laws.

dp = n^2 dp_0 - a m^2 and P = dp V / eta with eta = eta_best q (2 - q), q = V / (n V_best): along
similar points V ~ n, dp ~ n^2, P ~ n^3.
"""

from heatrouter.envs.components.jit import compiled

_MIN_DROP = 0.25
"""Least 2 - q: beyond 1.75 times the best flow the efficiency falls no further."""


@compiled
def pump_head(flow: float, speed: float, head0: float, drop: float) -> float:
    """Pressure rise in Pa, never below zero.

    Args:
        flow: kg/s.
        speed: n, over full speed.
        head0: pressure rise at full speed and no flow, Pa.
        drop: a, Pa s2/kg2.
    """
    return max(speed * speed * head0 - drop * flow * flow, 0.0)


@compiled
def pump_power(
    flow: float,
    head: float,
    density: float,
    efficiency_best: float,
    flow_best: float,
    speed: float,
) -> float:
    """Electricity in W of pump and motor.

    dp V / eta tends to dp n V_best / (2 eta_best) at no flow, so nothing is singular there.

    Args:
        flow: kg/s.
        head: pressure rise, Pa.
        density: kg/m3.
        efficiency_best: of pump and motor at the best point.
        flow_best: kg/s at the best point and full speed.
        speed: n, over full speed.
    """
    best = speed * flow_best
    if best <= 0.0 or head <= 0.0:
        return 0.0
    share = max(flow, 0.0) / best
    # past the floor of 2 - q the efficiency is that at the floor, and power rises with flow
    through = max(share / (2.0 - _MIN_DROP), 1.0)
    return head * best * through / (density * efficiency_best * max(2.0 - share, _MIN_DROP))
