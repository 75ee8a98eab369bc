"""Hot-water draw of a town quarter: morning and evening peaks, weekday and season."""

from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.noise import correlated, stream
from heatrouter.envs.spec.consumer_units import Substation
from heatrouter.envs.units import KWH_PER_MWH

# Share of the day's draw in each local hour, by hand after the usual profile of many dwellings
# (morning peak at 7, evening peak at 19; at the weekend later and flatter). Scaled to mean 1.
_WEEKDAY: Final = (
    0.30, 0.18, 0.14, 0.14, 0.24, 0.70, 1.75, 2.15, 1.65, 1.20, 1.02, 0.98,
    1.04, 0.98, 0.86, 0.86, 1.00, 1.28, 1.62, 1.78, 1.52, 1.16, 0.86, 0.54,
)  # fmt: skip
_WEEKEND: Final = (
    0.42, 0.26, 0.18, 0.15, 0.18, 0.32, 0.66, 1.18, 1.72, 1.95, 1.82, 1.56,
    1.36, 1.16, 1.02, 0.98, 1.06, 1.26, 1.50, 1.60, 1.40, 1.12, 0.84, 0.58,
)  # fmt: skip
_WEEKEND_RATIO = 1.06
_SEASONAL_SWING = 0.15
_SEASONAL_PEAK_DAY = 35.0
_NOISE = 0.10
_HOURS_PER_YEAR = 8760.0


def hot_water_kw(
    unit: Substation,
    hours_per_step: float,
    calendar: tuple[FloatArray, FloatArray, FloatArray],
    key: tuple[int, ...],
) -> FloatArray:
    """Return the draw of one substation over a year (or over what the calendar covers).

    Args:
        unit: Its ``hot_water_annual_mwh`` is met exactly over 8760 h.
        hours_per_step: Step, h.
        calendar: Local hour, weekday and day of the year of each step.
        key: Identifies the scenario.

    Returns:
        Shape of the calendar's arrays, kW, >= 0.
    """
    draw = _draw(f"{unit.name}/hot_water", hours_per_step, calendar, key)
    mean_kw = unit.hot_water_annual_mwh * KWH_PER_MWH / _HOURS_PER_YEAR
    return np.asarray(mean_kw * draw / draw.mean(), dtype=np.float64)


def shared_hot_water_kw_per_mwh(
    hours_per_step: float,
    calendar: tuple[FloatArray, FloatArray, FloatArray],
    key: tuple[int, ...],
) -> FloatArray:
    """Return the draw of all substations alike, kW for each MWh a year of theirs."""
    draw = _draw("all/hot_water", hours_per_step, calendar, key)
    return np.asarray(KWH_PER_MWH / _HOURS_PER_YEAR * draw / draw.mean(), dtype=np.float64)


def _draw(
    purpose: str,
    hours_per_step: float,
    calendar: tuple[FloatArray, FloatArray, FloatArray],
    key: tuple[int, ...],
) -> FloatArray:
    """Draw relative to its mean, roughly; by hour, day type, season and chance."""
    hour, weekday, day = calendar
    at = np.arange(25) + 0.5
    profiles = [np.array(day_type) / np.mean(day_type) for day_type in (_WEEKDAY, _WEEKEND)]
    middle = (hour + hours_per_step / 2.0 - 0.5) % 24.0 + 0.5
    on_weekday, on_weekend = (np.interp(middle, at, [*p, p[0]]) for p in profiles)
    shape = np.where(weekday >= 5.0, _WEEKEND_RATIO * on_weekend, on_weekday)
    season = 1.0 + _SEASONAL_SWING * np.cos(2.0 * np.pi * (day - _SEASONAL_PEAK_DAY) / 365.0)
    rng = stream(key, purpose)
    noise = _NOISE * correlated(rng, hour.size, 1.0 / hours_per_step)
    return np.asarray(shape * season * np.maximum(1.0 + noise, 0.0), dtype=np.float64)
