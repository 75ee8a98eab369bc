"""Prices and carbon intensity of a generated year, driven by the year's own weather.

A small merit-order model of a Central European bidding zone: demand minus wind and sun gives the
residual load, a convex curve turns it into a price relative to the fuel cost of a gas-fired plant.
Double peaks, cheap weekends, midday dips, negative hours and spikes follow from it, and so does
their correlation with the weather. Shapes were set by hand against day-ahead prices of Denmark
(2016, 2017, 2021, 2022) and Germany (January to September 2020); the years that judge policies
(de-2023, dk-2018, dk-2020) were not looked at.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.catalogue import HOURS_PER_YEAR, STEPS_PER_HOUR
from heatrouter.envs.scenarios.noise import correlated, moving_mean, stream
from heatrouter.envs.scenarios.resample import hold, linear
from heatrouter.envs.scenarios.solar import clear_sky_w_m2
from heatrouter.envs.scenarios.weather_generator import WeatherYear
from heatrouter.envs.spec.network import Site

GAS_MEAN_EUR_PER_MWH: Final = 45.0
CO2_MEAN_EUR_PER_T: Final = 80.0

# Demand over its yearly mean by local hour; weekday, then Saturday and Sunday.
_DEMAND_WEEKDAY: Final = (
    0.82, 0.79, 0.78, 0.79, 0.83, 0.92, 1.03, 1.12, 1.15, 1.14, 1.13, 1.14,
    1.12, 1.09, 1.07, 1.07, 1.09, 1.16, 1.20, 1.18, 1.11, 1.03, 0.95, 0.88,
)  # fmt: skip
_DEMAND_WEEKEND: Final = (
    0.80, 0.76, 0.73, 0.72, 0.72, 0.74, 0.78, 0.84, 0.91, 0.96, 0.98, 1.00,
    0.99, 0.95, 0.92, 0.91, 0.93, 1.01, 1.08, 1.07, 1.00, 0.95, 0.90, 0.84,
)  # fmt: skip
# Installed capacity over mean demand, and the share of it that a clear sky at the zenith yields.
# The build-out differs from year to year, so that policies see grids of several kinds.
_WIND_CAPACITY = 1.30
_SUN_CAPACITY = 1.25
_SUN_YIELD = 0.8
_BUILD_OUT = (0.75, 1.25)
# Residual load over mean demand -> price over the fuel cost of gas: must-run below, scarcity above.
_RESIDUAL: Final = (-0.60, -0.15, 0.02, 0.20, 0.45, 0.70, 0.90, 1.05, 1.20, 1.45)
_PRICE: Final = (-1.15, -0.15, 0.04, 0.40, 0.73, 0.95, 1.22, 1.60, 2.40, 4.60)
_GAS_PLANT_EFFICIENCY = 0.55
_GAS_T_PER_MWH = 0.201
_LOWEST_EUR_PER_MWH = -500.0
_CARBON_BASE_G = 70.0
_CARBON_SLOPE_G = 480.0


@dataclass(frozen=True)
class Tariffs:
    """Exchange prices and carbon intensity at the scenario step, each of shape ``(35040,)``."""

    electricity_eur_per_mwh: FloatArray
    gas_eur_per_mwh: FloatArray
    co2_eur_per_t: FloatArray
    carbon_intensity_g_per_kwh: FloatArray


def generated_tariffs(
    site: Site,
    weather: WeatherYear,
    calendar: tuple[FloatArray, FloatArray, FloatArray],
    key: tuple[int, ...],
) -> Tariffs:
    """Return prices and carbon intensity of one year.

    Args:
        site: Its coordinates give the clear sky.
        weather: The year's weather at the site, of which the zone's weather has a share.
        calendar: Local hour, weekday and day of the year of each scenario step.
        key: Identifies the scenario.
    """
    hour, weekday, _ = (series[::STEPS_PER_HOUR] for series in calendar)
    rng = stream(key, "price/year")
    # One level for the year, then a walk that forgets in two to three months.
    gas = GAS_MEAN_EUR_PER_MWH * np.exp(
        0.30 * rng.standard_normal() - 0.045 + 0.15 * _slow(key, "gas", 60.0)
    )
    co2 = CO2_MEAN_EUR_PER_T * np.exp(
        0.15 * rng.standard_normal() - 0.011 + 0.08 * _slow(key, "co2", 90.0)
    )
    build_out = rng.uniform(*_BUILD_OUT)
    residual = _residual_load(site, weather, hour.astype(np.int64), weekday, build_out, key)
    fuel_cost = (gas + co2 * _GAS_T_PER_MWH) / _GAS_PLANT_EFFICIENCY
    bids = 0.03 * correlated(stream(key, "price/bids"), HOURS_PER_YEAR, 4.0)
    price = fuel_cost * (np.interp(residual, _RESIDUAL, _PRICE) + bids)
    mix = 1.0 + 0.06 * correlated(stream(key, "price/mix"), HOURS_PER_YEAR, 48.0)
    carbon = mix * (_CARBON_BASE_G + _CARBON_SLOPE_G * np.clip(residual, 0.0, 1.3))
    return Tariffs(
        electricity_eur_per_mwh=hold(np.maximum(price, _LOWEST_EUR_PER_MWH), STEPS_PER_HOUR),
        gas_eur_per_mwh=hold(gas, STEPS_PER_HOUR),
        co2_eur_per_t=hold(co2, STEPS_PER_HOUR),
        carbon_intensity_g_per_kwh=linear(np.maximum(carbon, 0.0), STEPS_PER_HOUR, periodic=True),
    )


def _residual_load(
    site: Site,
    weather: WeatherYear,
    hour: np.ndarray,
    weekday: FloatArray,
    build_out: float,
    key: tuple[int, ...],
) -> FloatArray:
    """Demand minus wind and sun of the zone over its mean demand, shape ``(8760,)``."""
    hours: FloatArray = np.arange(HOURS_PER_YEAR, dtype=np.float64)
    winter = np.cos(2.0 * np.pi * (hours / 24.0 - 20.0) / 365.0)
    weekend = weekday >= 5.0
    demand = np.where(weekend, np.array(_DEMAND_WEEKEND)[hour], np.array(_DEMAND_WEEKDAY)[hour])
    cold = moving_mean(weather.hourly_temp_c, 24)
    demand = demand * (1.0 + 0.04 * winter) + 0.006 * np.maximum(12.0 - cold, 0.0) - 0.02
    demand = demand * (1.0 + 0.03 * correlated(stream(key, "price/demand"), HOURS_PER_YEAR, 60.0))

    # The zone is larger than the site: a share of its wind and cloud is that of the site.
    local_wind = np.log1p(moving_mean(weather.hourly_wind_m_s, 12))
    local_wind = (local_wind - local_wind.mean()) / max(float(local_wind.std()), 1e-6)
    zone_wind = correlated(stream(key, "price/wind"), HOURS_PER_YEAR, 30.0)
    wind = 1.0 / (1.0 + np.exp(1.55 - 0.30 * winter - 0.95 * (0.5 * local_wind + 0.87 * zone_wind)))

    clear = clear_sky_w_m2(hours + 0.5, site.latitude_deg, site.longitude_deg)
    daily = weather.irradiance_w_m2.reshape(-1, 24 * STEPS_PER_HOUR).mean(axis=1)
    clearness = np.repeat(daily / clear.reshape(-1, 24).mean(axis=1), 24)
    zone_cloud = np.clip(
        0.55 + 0.2 * correlated(stream(key, "price/cloud"), HOURS_PER_YEAR, 36.0), 0.1, 1.0
    )
    sun = _SUN_YIELD * clear / 1000.0 * (0.5 * np.clip(clearness, 0.0, 1.0) + 0.5 * zone_cloud)
    renewable = build_out * (_WIND_CAPACITY * wind + _SUN_CAPACITY * sun)
    return np.asarray(demand - renewable, dtype=np.float64)


def _slow(key: tuple[int, ...], what: str, days: float) -> FloatArray:
    """Daily values of slow noise, held over the day: fuel is priced once a day."""
    return np.repeat(correlated(stream(key, f"price/{what}"), HOURS_PER_YEAR // 24, days), 24)
