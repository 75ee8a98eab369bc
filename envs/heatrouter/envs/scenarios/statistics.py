"""Statistics of hourly years that do not depend on their level: what a fit aims at."""

from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray

LEVEL_DAYS: Final = 61
"""Width of the moving mean that counts as the level of prices."""
PROBABILITIES: Final = (0.002, 0.01, 0.03, 0.08, 0.2, 0.4, 0.6, 0.8, 0.92, 0.97, 0.99, 0.998)


def correlation(values: FloatArray, lag: int) -> float:
    """Return the autocorrelation at a lag in steps."""
    return float(np.corrcoef(values[:-lag], values[lag:])[0, 1])


def over_level(hourly: FloatArray) -> FloatArray:
    """Return a price over its moving mean of two months, at the ends over what there is of it."""
    width = 24 * LEVEL_DAYS
    ones = np.ones(width)
    total = np.convolve(hourly, ones, "same")
    count = np.convolve(np.ones(hourly.size), ones, "same")
    return np.asarray(hourly / np.maximum(total / count, 1e-6), dtype=np.float64)


def without_season(daily: FloatArray, first_day: float = 0.0, harmonics: int = 1) -> FloatArray:
    """Return daily values less their yearly course.

    Args:
        daily: Consecutive days, shape ``(n,)``.
        first_day: Day of the year of the first one, from 0.
        harmonics: Of the year; a record of less than ten months loses a straight line instead.
    """
    at = np.arange(daily.size, dtype=np.float64)
    columns = [np.ones_like(at)]
    if daily.size < 300:
        columns.append(at - at.mean())
    else:
        for k in range(1, harmonics + 1):
            angle = 2.0 * np.pi * k * (at + first_day) / 365.25
            columns += [np.cos(angle), np.sin(angle)]
    basis = np.stack(columns, axis=1)
    fit = basis @ np.linalg.lstsq(basis, daily, rcond=None)[0]
    return np.asarray(daily - fit, dtype=np.float64)


def changes(daily: FloatArray, lags: tuple[int, ...]) -> FloatArray:
    """Return the root mean square of the change over some days, one for each lag."""
    return np.array([np.sqrt(np.mean((daily[k:] - daily[:-k]) ** 2)) for k in lags])
