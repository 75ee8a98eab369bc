"""Boilers: efficiency over the return temperature and over the load (handbook section C)."""

from heatrouter.envs.components.jit import compiled


@compiled
def condensing_efficiency(return_temp_c: float, at_35c: float, at_60c: float) -> float:
    """Heat over fuel (gross calorific value): linear between returns of 35 and 60 degC."""
    share = min(max((return_temp_c - 35.0) / 25.0, 0.0), 1.0)
    return at_35c + share * (at_60c - at_35c)


@compiled
def boiler_fuel(heat: float, capacity: float, efficiency: float, standby_share: float) -> float:
    """Fuel heat (gross calorific value) that a boiler burns for ``heat`` W, W; none at rest.

    Losses run in a straight line from the stand-by loss at no load to those of the declared
    efficiency at full load: Q_f = Q / eta + s (Q_max - Q).
    """
    if heat <= 0.0:
        return 0.0
    return heat / efficiency + standby_share * max(capacity - heat, 0.0)


@compiled
def heat_of_fuel(fuel: float, capacity: float, efficiency: float, standby_share: float) -> float:
    """Heat that a boiler gives for ``fuel`` W, W: the inverse of :func:`boiler_fuel`."""
    return max((fuel - standby_share * capacity) / (1.0 / efficiency - standby_share), 0.0)
