"""How well the temperatures of a source suit those of a user."""

import math
from dataclasses import dataclass
from typing import Final

from heatrouter.envs.units import ZERO_CELSIUS_K

LORENZ_EFFICIENCY: Final = 0.5
"""Of large heat pumps, 0.4 to 0.6; the units' own default."""
MAX_COP: Final = 7.0
MAX_SINK_TEMP_C: Final = 90.0
"""Highest water that a heat pump is trusted with; the units' own default."""
_MIN_LIFT_K: Final = 5.0
_NOTHING: Final = 1e-9


@dataclass(frozen=True)
class Grade:
    """How the heat of a user is made where a source gives as much of it as it can.

    Attributes:
        direct_share: By exchangers alone, 0..1 of the user's heat.
        pumped_share: By a heat pump on the source, 0..1, its electricity included.
        top_share: Above what either reaches, by something else, 0..1.
        cop: Heat of the heat pump over its electricity; None without one.
        usable_share: Of the source's heat, 0..1: what lies below the user's return stays unused
            unless a heat pump takes it.
    """

    direct_share: float
    pumped_share: float
    top_share: float
    cop: float | None
    usable_share: float

    @property
    def waste_share(self) -> float:
        """Part of the user's heat that comes from the source, 0..1; the grade of the score."""
        pumped = self.pumped_share * (1.0 - 1.0 / self.cop) if self.cop is not None else 0.0
        return self.direct_share + pumped

    @property
    def way(self) -> str:
        """How the heat is brought over, in words."""
        if self.direct_share > _NOTHING:
            if self.pumped_share > _NOTHING:
                return "preheat, heat pump"
            return "direct" if self.top_share <= _NOTHING else "preheat"
        return "heat pump" if self.pumped_share > _NOTHING else "too cold"


def grade(
    source_hot_c: float, source_cold_c: float, user_cold_c: float, user_hot_c: float, dt_k: float
) -> Grade:
    """Return how well a source suits a user.

    The source heats the user directly up to ``source_hot_c - dt_k``. Above that a heat pump takes
    over, up to 90 degC, with COP = 0.5 T_u / (T_u - T_s), T_u and T_s the logarithmic mean
    temperatures of what it heats and cools, in kelvin (Lorenz 1894), between 1 and 7.

    Args:
        source_hot_c: Where the source begins, degC.
        source_cold_c: Down to which it may be cooled, degC, <= ``source_hot_c``.
        user_cold_c: Where the user begins, degC.
        user_hot_c: What the user needs, degC, >= ``user_cold_c``.
        dt_k: Least temperature difference between the two, K.
    """
    reach_c = source_hot_c - dt_k
    direct = _share(user_cold_c, user_hot_c, reach_c)
    lift_from_c = min(max(user_cold_c, reach_c), user_hot_c)
    lift_to_c = min(user_hot_c, MAX_SINK_TEMP_C)
    reached = max(direct, _share(user_cold_c, user_hot_c, lift_to_c))
    pumped = reached - direct
    cop = None
    if pumped > _NOTHING:
        # What was used directly leaves the evaporator a colder source.
        left_c = max(source_cold_c, user_cold_c + dt_k) if direct > _NOTHING else source_hot_c
        cop = lorenz_cop(lift_from_c, lift_to_c, min(left_c, source_hot_c), source_cold_c)
    if pumped > _NOTHING:
        usable = 1.0
    elif direct > _NOTHING:
        usable = 1.0 - _share(source_cold_c, source_hot_c, user_cold_c + dt_k)
    else:
        usable = 0.0
    return Grade(direct, pumped, 1.0 - reached, cop, usable)


def lorenz_cop(
    sink_cold_c: float, sink_hot_c: float, source_hot_c: float, source_cold_c: float
) -> float:
    """Return the COP of a heat pump at half of Lorenz's, 1 to 7."""
    sink = _log_mean_k(sink_cold_c, sink_hot_c)
    lift = max(sink - _log_mean_k(source_hot_c, source_cold_c), _MIN_LIFT_K)
    return min(max(LORENZ_EFFICIENCY * sink / lift, 1.0), MAX_COP)


def _share(low_c: float, high_c: float, reached_c: float) -> float:
    """Part of a range of temperature that lies below one; a point is reached or it is not."""
    if high_c <= low_c:
        return 1.0 if reached_c >= high_c else 0.0
    return min(max((reached_c - low_c) / (high_c - low_c), 0.0), 1.0)


def _log_mean_k(one_c: float, other_c: float) -> float:
    one, other = one_c + ZERO_CELSIUS_K, other_c + ZERO_CELSIUS_K
    if abs(one - other) < 0.01:
        return 0.5 * (one + other)
    return (one - other) / math.log(one / other)
