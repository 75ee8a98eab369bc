"""Heat that is late: a stock that a recorded week does not show, but that must fit between."""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Late:
    """Heat that may be owed.

    Attributes:
        first_kwh: At the start.
        most_kwh: Beyond this it is unmet.
        fading_kw: Largest power at which it is forgotten, whether it became unmet or not.
        hours: Length of a step, h.
    """

    first_kwh: float
    most_kwh: float
    fading_kw: float
    hours: float


def owed_path(late: Late, missing_kw: FloatArray, unmet_kw: FloatArray) -> FloatArray:
    """A course of what is owed that fits: 0..most, falling by no more than is unmet or forgotten.

    Args:
        late: Limits.
        missing_kw: Asked for, less what came, ``(n_steps,)``.
        unmet_kw: What became unmet at most, ``(n_steps,)``.

    Returns:
        Owed at the end of each step, kWh. Where no course fits, one that breaks a limit.
    """
    n = missing_kw.size
    added = missing_kw * late.hours
    faded = (late.fading_kw + unmet_kw) * late.hours
    low, high = np.empty(n + 1), np.empty(n + 1)
    low[0] = high[0] = late.first_kwh
    for k in range(n):
        low[k + 1] = max(low[k] + added[k] - faded[k], 0.0)
        high[k + 1] = min(high[k] + added[k], late.most_kwh)
    path = np.empty(n)
    # from the end backwards: the highest that leads on
    path[-1] = high[-1]
    for k in range(n - 1, 0, -1):
        path[k - 1] = min(high[k], path[k] - added[k] + faded[k])
    return path
