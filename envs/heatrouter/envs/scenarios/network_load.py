"""Heat load of a whole town over its mean: weather, calendar, and what neither explains."""

import math
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.noise import correlated, moving_mean, stream
from heatrouter.envs.scenarios.parameters import DemandParameters, generator_parameters

SEASON_H: Final = 60 * 24
"""Width of the moving mean that counts as the season, h."""
FLUTTER_H: Final = 2.0
"""Correlation time of what a load does from hour to hour, h."""


def network_load(
    hourly_temp_c: FloatArray,
    clock: tuple[FloatArray, FloatArray],
    key: tuple[int, ...],
    parameters: DemandParameters | None = None,
) -> FloatArray:
    """Return the load of one year over the mean load of a usual year.

    ``(base + slope max(end - T, 0)) profile(hour, kind of day) (1 + noise)``. ``T`` is the mean of
    two months plus a share of how far the air, smoothed as buildings smooth it, lies from that:
    between seasons sun, wind and habits change with the temperature, between days they do less.

    Args:
        hourly_temp_c: Air temperature of a year that closes at its end, degC, shape ``(n,)``.
        clock: Local hour and weekday of each hour.
        key: Identifies the scenario.
        parameters: Of the model; those of the package if not given.

    Returns:
        Shape ``(n,)``, >= 0.
    """
    chosen = parameters or generator_parameters().demand
    season = moving_mean(hourly_temp_c, SEASON_H)
    anomaly = smoothed(hourly_temp_c, chosen.smoothing_h) - season
    felt = season + chosen.anomaly_share * anomaly
    signature = chosen.base + chosen.slope_per_k * np.maximum(chosen.end_c - felt, 0.0)
    noise = correlated(stream(key, "demand/noise"), hourly_temp_c.size, chosen.noise_h)
    flutter = correlated(stream(key, "demand/flutter"), hourly_temp_c.size, FLUTTER_H)
    factor = 1.0 + chosen.noise * noise + chosen.flutter * flutter
    load = signature * calendar_factor(chosen, clock) * factor
    return np.asarray(np.maximum(load, 0.0), dtype=np.float64)


def calendar_factor(chosen: DemandParameters, clock: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return what hour and kind of day make of a load, mean about 1."""
    hour, weekend = clock[0].astype(np.int64) % 24, clock[1] >= 5.0
    profile = np.where(weekend, np.array(chosen.weekend)[hour], np.array(chosen.weekday)[hour])
    day = np.where(weekend, chosen.weekend_ratio, 1.0)
    return np.asarray(profile * day, dtype=np.float64)


def smoothed(hourly: FloatArray, hours: float) -> FloatArray:
    """Return a series after a first-order lag; it closes at its end."""
    phi = math.exp(-1.0 / hours)
    total, weight, shift = hourly * (1.0 - phi), phi, 1
    while weight > 1e-9:
        total = total + weight * np.roll(total, shift)
        shift, weight = 2 * shift, weight * weight
    return np.asarray(total, dtype=np.float64)
