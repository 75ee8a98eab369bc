"""Prices and carbon intensity of a generated year, driven by the year's own weather.

A small merit-order model of a Central European bidding zone: demand minus wind and sun gives the
residual load, a convex curve turns it into a price relative to the fuel cost of a gas-fired plant.
Double peaks, cheap weekends, midday dips, negative hours and spikes follow from it, and so does
their correlation with the weather. The curve and the swings are fitted to training years
(``parameters.json``, ``heatrouter scenarios fit``); the hourly profile of demand was set by hand.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.catalogue import HOURS_PER_YEAR, STEPS_PER_HOUR
from heatrouter.envs.scenarios.noise import correlated, moving_mean, stream
from heatrouter.envs.scenarios.parameters import (
    GeneratorParameters,
    PriceParameters,
    generator_parameters,
)
from heatrouter.envs.scenarios.resample import hold, linear
from heatrouter.envs.scenarios.solar import clear_sky_w_m2
from heatrouter.envs.scenarios.weather_generator import WeatherYear
from heatrouter.envs.spec.network import Site

# Demand over its yearly mean by local hour; weekday, then Saturday and Sunday.
_DEMAND_WEEKDAY: Final = (
    0.82, 0.79, 0.78, 0.79, 0.83, 0.92, 1.03, 1.12, 1.15, 1.14, 1.13, 1.14,
    1.12, 1.09, 1.07, 1.07, 1.09, 1.16, 1.20, 1.18, 1.11, 1.03, 0.95, 0.88,
)  # fmt: skip
_DEMAND_WEEKEND: Final = (
    0.80, 0.76, 0.73, 0.72, 0.72, 0.74, 0.78, 0.84, 0.91, 0.96, 0.98, 1.00,
    0.99, 0.95, 0.92, 0.91, 0.93, 1.01, 1.08, 1.07, 1.00, 0.95, 0.90, 0.84,
)  # fmt: skip
# Share of the installed capacity that a clear sky at the zenith yields.
_SUN_YIELD = 0.8
_GAS_PLANT_EFFICIENCY = 0.55
_GAS_T_PER_MWH = 0.201
_LOWEST_EUR_PER_MWH = -500.0


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
    parameters: GeneratorParameters | None = None,
) -> Tariffs:
    """Return prices and carbon intensity of one year.

    Args:
        site: Its coordinates give the clear sky.
        weather: The year's weather at the site, of which the zone's weather has a share.
        calendar: Local hour, weekday and day of the year of each scenario step.
        key: Identifies the scenario.
        parameters: Of the model; those of the package if not given.
    """
    chosen = parameters or generator_parameters()
    prices, grid = chosen.prices, chosen.carbon
    hour, weekday, _ = (series[::STEPS_PER_HOUR] for series in calendar)
    rng = stream(key, "price/year")
    # One level for the year, then a walk that forgets in two to three months.
    gas = prices.gas_mean_eur_per_mwh * _wandering(
        rng, prices.gas_year, prices.gas_walk * _slow(key, "gas", prices.gas_walk_days)
    )
    co2 = prices.co2_mean_eur_per_t * _wandering(
        rng, prices.co2_year, prices.co2_walk * _slow(key, "co2", prices.co2_walk_days)
    )
    build_out = rng.uniform(*prices.build_out)
    residual = residual_load(site, weather, (hour, weekday), build_out, key, prices)
    fuel_cost = fuel_cost_eur_per_mwh(gas, co2)
    bids = prices.bids * correlated(stream(key, "price/bids"), HOURS_PER_YEAR, prices.bids_h)
    price = fuel_cost * (np.interp(residual, prices.residual, prices.price) + bids)
    mix = 1.0 + grid.noise * correlated(stream(key, "price/mix"), HOURS_PER_YEAR, grid.noise_h)
    carbon = mix * (grid.base_g + grid.slope_g * np.clip(residual, 0.0, 1.3))
    return Tariffs(
        electricity_eur_per_mwh=hold(np.maximum(price, _LOWEST_EUR_PER_MWH), STEPS_PER_HOUR),
        gas_eur_per_mwh=hold(gas, STEPS_PER_HOUR),
        co2_eur_per_t=hold(co2, STEPS_PER_HOUR),
        carbon_intensity_g_per_kwh=linear(np.maximum(carbon, 0.0), STEPS_PER_HOUR, periodic=True),
    )


def fuel_cost_eur_per_mwh(gas: FloatArray, co2: FloatArray) -> FloatArray:
    """Return the fuel cost of a gas-fired plant, EUR per MWh of electricity.

    Args:
        gas: Gas price, EUR/MWh.
        co2: CO2 price, EUR/t.
    """
    return (gas + co2 * _GAS_T_PER_MWH) / _GAS_PLANT_EFFICIENCY


def residual_load(
    site: Site,
    weather: WeatherYear,
    clock: tuple[FloatArray, FloatArray],
    build_out: float,
    key: tuple[int, ...],
    prices: PriceParameters,
) -> FloatArray:
    """Return demand minus wind and sun of the zone over its mean demand, shape ``(8760,)``.

    Args:
        site: Its coordinates give the clear sky.
        weather: The year's weather at the site, of which the zone's weather has a share.
        clock: Local hour and weekday of each hour.
        build_out: Of wind and sun, over that of the parameters.
        key: Identifies the scenario.
        prices: Of the model.
    """
    hour, weekday = clock[0].astype(np.int64), clock[1]
    hours: FloatArray = np.arange(HOURS_PER_YEAR, dtype=np.float64)
    winter = np.cos(2.0 * np.pi * (hours / 24.0 - 20.0) / 365.0)
    weekend = weekday >= 5.0
    demand = np.where(weekend, np.array(_DEMAND_WEEKEND)[hour], np.array(_DEMAND_WEEKDAY)[hour])
    demand = 1.0 + prices.demand_swing * (demand - 1.0)
    cold = moving_mean(weather.hourly_temp_c, 24)
    demand = demand * (1.0 + 0.04 * winter) + 0.006 * np.maximum(12.0 - cold, 0.0) - 0.02
    demand = demand * (1.0 + 0.03 * correlated(stream(key, "price/demand"), HOURS_PER_YEAR, 60.0))

    # The zone is larger than the site: a share of its wind and cloud is that of the site.
    local_wind = np.log1p(moving_mean(weather.hourly_wind_m_s, 12))
    local_wind = (local_wind - local_wind.mean()) / max(float(local_wind.std()), 1e-6)
    zone_wind = correlated(stream(key, "price/wind"), HOURS_PER_YEAR, prices.wind_h)
    wind = 1.0 / (1.0 + np.exp(1.55 - 0.30 * winter - 0.95 * (0.5 * local_wind + 0.87 * zone_wind)))

    clear = clear_sky_w_m2(hours + 0.5, site.latitude_deg, site.longitude_deg)
    daily = weather.irradiance_w_m2.reshape(-1, 24 * STEPS_PER_HOUR).mean(axis=1)
    clearness = np.repeat(daily / clear.reshape(-1, 24).mean(axis=1), 24)
    zone_cloud = np.clip(
        0.55 + 0.2 * correlated(stream(key, "price/cloud"), HOURS_PER_YEAR, 36.0), 0.1, 1.0
    )
    sun = _SUN_YIELD * clear / 1000.0 * (0.5 * np.clip(clearness, 0.0, 1.0) + 0.5 * zone_cloud)
    renewable = build_out * (prices.wind_capacity * wind + prices.sun_capacity * sun)
    return np.asarray(demand - renewable, dtype=np.float64)


def _wandering(rng: np.random.Generator, between: float, walk: FloatArray) -> FloatArray:
    """A factor with mean near 1: one level for the year times what the year does to it."""
    level = between * rng.standard_normal() - between * between / 2.0
    return np.asarray(np.exp(level + walk), dtype=np.float64)


def _slow(key: tuple[int, ...], what: str, days: float) -> FloatArray:
    """Daily values of slow noise, held over the day: fuel is priced once a day."""
    return np.repeat(correlated(stream(key, f"price/{what}"), HOURS_PER_YEAR // 24, days), 24)
