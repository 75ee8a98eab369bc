"""Fit of the town's heat load to measured loads, without measured weather beside them.

No temperature of the years of load is at hand. The energy signature comes from the climatology:
monthly means of load over those of a typical year of the coast. The profile comes from the hours of
each day over its mean. Lag and noise make the day-to-day statistics of generated loads those of the
measured ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.scenarios.catalogue import HOURS_PER_YEAR
from heatrouter.envs.scenarios.fit_weather import COAST_REGION, coast_site
from heatrouter.envs.scenarios.generator import scenario_key
from heatrouter.envs.scenarios.local_time import calendar, local_seconds
from heatrouter.envs.scenarios.network_load import network_load
from heatrouter.envs.scenarios.parameters import DemandParameters, WeatherParameters
from heatrouter.envs.scenarios.statistics import correlation, without_season
from heatrouter.envs.scenarios.training_records import Hours
from heatrouter.envs.scenarios.weather import load_reference_year
from heatrouter.envs.scenarios.weather_generator import generated_weather
from heatrouter.envs.spec.network import Site

LAGS_DAYS: Final = (1, 3)
_TIMEZONE: Final = "Europe/Berlin"
_YEARS: Final = 10
_FIT_SEED: Final = 4713
_ENDS: Final = tuple(np.arange(12.0, 19.01, 0.25).tolist())
_LAGS_H: Final = (6.0, 12.0, 18.0, 24.0, 36.0, 48.0)
_NOISES: Final = (0.0, 0.02, 0.04, 0.06, 0.08)
_FLUTTERS: Final = (0.0, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1)
_SHARES: Final = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class DemandFit:
    """A fit and how good it is.

    Attributes:
        parameters: The parameters.
        real: Standard deviation of daily loads less their season over the mean, and its
            autocorrelations at ``LAGS_DAYS``, then that of the hours at one day.
        generated: The same of generated years.
    """

    parameters: DemandParameters
    real: FloatArray
    generated: FloatArray


def fit_demand(
    records: Sequence[Hours], site: Site, start: DemandParameters, weather: WeatherParameters
) -> DemandFit:
    """Fit signature, profile, lag and noise.

    Args:
        records: Loads of whole years.
        site: Any; its region is replaced by the coast, where the records are from.
        start: What is not fitted stays.
        weather: Of the generated years.
    """
    base, slope, end = _signature(records, weather.warming_k)
    weekday, weekend, ratio = _profiles(records)
    fitted = start.model_copy(
        update={
            "base": round(base, 4),
            "slope_per_k": round(slope, 5),
            "end_c": end,
            "weekday": tuple(round(value, 4) for value in weekday.tolist()),
            "weekend": tuple(round(value, 4) for value in weekend.tolist()),
            "weekend_ratio": round(ratio, 4),
        }
    )
    real = np.mean([_daily(hours.days().mean(axis=1)) for hours in records], axis=0)
    coast = coast_site(site)
    keys = [scenario_key("train", _FIT_SEED, number) for number in range(_YEARS)]
    air = [
        generated_weather(coast, "train", key, weather, (COAST_REGION,)).hourly_temp_c
        for key in keys
    ]
    clock = _clock(_hours_of_year(2011))[:2]

    def generated(chosen: DemandParameters) -> FloatArray:
        loads = [network_load(a, clock, key, chosen) for a, key in zip(air, keys, strict=True)]
        statistics = [_daily(load.reshape(-1, 24).mean(axis=1)) for load in loads]
        return np.asarray(np.mean(statistics, axis=0), dtype=np.float64)

    candidates = [
        fitted.model_copy(update={"smoothing_h": lag, "noise": noise, "anomaly_share": share})
        for lag in _LAGS_H
        for share in _SHARES
        for noise in _NOISES
    ]
    errors = [float(np.sum((generated(chosen) / real - 1.0) ** 2)) for chosen in candidates]
    best = candidates[int(np.argmin(errors))]
    # What the hours do beside days and profile: more of it, less memory from day to day.
    hourly = float(np.mean([correlation(hours.values, 24) for hours in records]))
    memories = []
    for flutter in _FLUTTERS:
        trial = best.model_copy(update={"flutter": flutter})
        loads = [network_load(a, clock, key, trial) for a, key in zip(air, keys, strict=True)]
        memories.append(float(np.mean([correlation(load, 24) for load in loads])))
    at = int(np.argmin(np.abs(np.array(memories) - hourly)))
    best = best.model_copy(update={"flutter": _FLUTTERS[at]})
    return DemandFit(best, np.append(real, hourly), np.append(generated(best), memories[at]))


def _signature(records: Sequence[Hours], warming_k: float) -> tuple[float, float, float]:
    """Base, slope and end from twelve monthly means of load and of the typical year."""
    loads = np.zeros(12)
    weights = np.zeros(12)
    for hours in records:
        month = _month(hours.seconds)
        share = hours.values / hours.values.mean()
        loads += np.bincount(month, share, 12)
        weights += np.bincount(month, minlength=12)
    load = loads / weights
    typical = load_reference_year(COAST_REGION).ambient_temp_c + warming_k
    month = _month(_hours_of_year(2010))
    air = np.bincount(month, typical, 12) / np.bincount(month, minlength=12)
    best = (np.inf, 0.0, 0.0, 0.0)
    for end in _ENDS:
        basis = np.stack([np.ones(12), np.maximum(end - air, 0.0)], axis=1)
        (base, slope), *_ = np.linalg.lstsq(basis, load, rcond=None)
        error = float(np.sum((basis @ np.array([base, slope]) - load) ** 2))
        best = min(best, (error, float(base), float(slope), end))
    return best[1:]


def _profiles(records: Sequence[Hours]) -> tuple[FloatArray, FloatArray, float]:
    """Hourly profiles of weekdays and weekends over the day's mean, and the ratio of the days."""
    kinds: tuple[list[FloatArray], list[FloatArray]] = ([], [])
    ratios = []
    for hours in records:
        hour, weekday, _ = _clock(hours.seconds)
        weekend = weekday >= 5.0
        level = np.convolve(hours.values, np.ones(24) / 24.0, "same")
        inside = slice(24, -24)
        shape, at, off = (hours.values / level)[inside], hour[inside], weekend[inside]
        for kind, mask in zip(kinds, (~off, off), strict=True):
            where = at[mask].astype(np.int64)
            kind.append(np.bincount(where, shape[mask], 24) / np.bincount(where, minlength=24))
        smooth = np.convolve(hours.values, np.ones(168) / 168.0, "same")
        over = (hours.values / smooth)[168:-168]
        mask = weekend[168:-168]
        ratios.append(over[mask].mean() / over[~mask].mean())
    weekday_shape, weekend_shape = (np.mean(kind, axis=0) for kind in kinds)
    return (
        weekday_shape / weekday_shape.mean(),
        weekend_shape / weekend_shape.mean(),
        float(np.mean(ratios)),
    )


def _daily(daily: FloatArray) -> FloatArray:
    anomaly = without_season(daily / daily.mean(), harmonics=2)
    return np.array([anomaly.std(), *(correlation(anomaly, days) for days in LAGS_DAYS)])


def _hours_of_year(year: int) -> IntArray:
    first = round(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    return first + 3600 * np.arange(HOURS_PER_YEAR, dtype=np.int64)


def _month(seconds: IntArray) -> IntArray:
    months = seconds.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(months % 12, dtype=np.int64)


def _clock(seconds: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Local hour, weekday and day of the year of consecutive hours."""
    start = datetime.fromtimestamp(int(seconds[0]), tz=UTC)
    count = round((int(seconds[-1]) - int(seconds[0])) / 3600) + 1
    local = calendar(local_seconds(start, count, 3600, _TIMEZONE))
    at = (seconds - seconds[0]) // 3600
    return local[0][at], local[1][at], local[2][at]
