"""Efficiency of a condensing boiler over its return temperature (handbook section C)."""

from heatrouter.envs.components.jit import compiled


@compiled
def condensing_efficiency(return_temp_c: float, at_35c: float, at_60c: float) -> float:
    """Heat over fuel (gross calorific value): linear between returns of 35 and 60 degC."""
    share = min(max((return_temp_c - 35.0) / 25.0, 0.0), 1.0)
    return at_35c + share * (at_60c - at_35c)
