"""The limits of set-points once per environment, for the check.

Operands of one shape take half the time of operands that have to be broadcast.
"""

import functools
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.guard.limits import GuardLimits

DWELL_S = 1
"""Position of the dwell in ``running`` and ``standing``."""
_KEPT = 16
"""Batch sizes, over all limits, whose rows are kept."""


class LimitRows(NamedTuple):
    """Arrays of :class:`GuardLimits`, of shape ``(num_envs, n_set_points)`` unless said."""

    low: FloatArray
    high: FloatArray
    tolerance: FloatArray
    dead_band: FloatArray
    least_on: FloatArray
    rate_up_per_s: FloatArray
    rate_down_per_s: FloatArray
    # (2, num_envs, n_set_points): from which value a unit runs, and its dwell
    running: FloatArray  # of a unit that runs
    standing: FloatArray  # of a unit that stands still
    interlock_sign: FloatArray  # (num_envs, n_interlocks)
    interlock_trip: FloatArray  # same shape
    interlock_release: FloatArray  # same shape


@functools.lru_cache(maxsize=_KEPT)
def limit_rows(limits: GuardLimits, num_envs: int) -> LimitRows:
    """Repeat the limits; the arrays are shared and cannot be written to."""

    def rows(*of_set_points: FloatArray) -> FloatArray:
        repeated = np.repeat(np.array(of_set_points)[:, np.newaxis], num_envs, axis=1)
        repeated.setflags(write=False)
        return repeated

    return LimitRows(
        low=rows(limits.low)[0],
        high=rows(limits.high)[0],
        tolerance=rows(limits.tolerance)[0],
        dead_band=rows(limits.dead_band)[0],
        least_on=rows(limits.least_on)[0],
        rate_up_per_s=rows(limits.rate_up_per_s)[0],
        rate_down_per_s=rows(limits.rate_down_per_s)[0],
        running=rows(limits.stop_below, limits.min_run_s),
        standing=rows(limits.start_from, limits.min_stop_s),
        interlock_sign=rows(limits.interlock_sign)[0],
        interlock_trip=rows(limits.interlock_trip)[0],
        interlock_release=rows(limits.interlock_release)[0],
    )
