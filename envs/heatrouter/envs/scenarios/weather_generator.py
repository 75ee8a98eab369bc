"""Weather years: a test reference year as it is, or a neighbouring one with a random anomaly."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.catalogue import (
    HOURS_PER_YEAR,
    STEPS_PER_HOUR,
    STEPS_PER_YEAR,
)
from heatrouter.envs.scenarios.library import Split
from heatrouter.envs.scenarios.noise import correlated, moving_mean, stream
from heatrouter.envs.scenarios.parameters import WeatherParameters, generator_parameters
from heatrouter.envs.scenarios.resample import linear, spread_energy
from heatrouter.envs.scenarios.solar import clear_sky_w_m2
from heatrouter.envs.scenarios.weather import (
    ReferenceYear,
    load_reference_year,
    load_station,
    neighbours,
    steps_to_noon,
)
from heatrouter.envs.spec.network import Site

LAPSE_K_PER_M: Final = 0.0055
"""Change of the yearly mean temperature with altitude in Germany, K/m."""

_NEAREST = 6
_RANKS: Final[dict[Split, tuple[int, ...]]] = {"train": (0, 2, 3, 5), "validation": (1, 4)}


@dataclass(frozen=True)
class WeatherYear:
    """One year of weather at the site.

    Attributes:
        hourly_temp_c: Air temperature, degC, shape ``(8760,)``.
        hourly_wind_m_s: Wind speed, m/s, shape ``(8760,)``.
        ambient_temp_c: The same at the scenario step, shape ``(35040,)``.
        irradiance_w_m2: Global horizontal irradiance, W/m2, shape ``(35040,)``.
        wind_speed_m_s: At the scenario step, shape ``(35040,)``.
        source: What it was made from.
    """

    hourly_temp_c: FloatArray
    hourly_wind_m_s: FloatArray
    ambient_temp_c: FloatArray
    irradiance_w_m2: FloatArray
    wind_speed_m_s: FloatArray
    source: str


def base_regions(region: int, split: Split) -> tuple[int, ...]:
    """Return the regions whose reference years a split uses; no two splits share one.

    Judging has the district's own region. Fitting and choosing share out its six nearest
    neighbours.
    """
    if split == "test":
        return (region,)
    near = neighbours(region)[:_NEAREST]
    return tuple(near[rank] for rank in _RANKS[split])


def reference_weather(site: Site) -> WeatherYear:
    """Return the reference year of the site's own region, unchanged.

    Only the clock of its irradiance is set to the sun of the site.
    """
    year = load_reference_year(site.test_reference_region)
    return _at_steps(site, year, year.ambient_temp_c, year.wind_speed_m_s, None, year.source)


def generated_weather(
    site: Site,
    split: Split,
    key: tuple[int, ...],
    parameters: WeatherParameters | None = None,
    regions: tuple[int, ...] = (),
) -> WeatherYear:
    """Return a reference year of a neighbouring region with a random anomaly.

    The temperature is brought to the altitude of the site's own station. Its weather is damped
    about its season, and gets an offset of the whole year, slow and fast anomalies, cold spells in
    winter: the variance stays what it is in real years. Sun and wind are scaled by lognormal noise
    that goes with the temperature as in Central Europe: sunny summers are warm, windy winters are
    mild.

    Args:
        site: Where the district lies.
        split: Chooses the regions.
        key: Identifies the scenario.
        parameters: Of the anomalies; those of the package if not given.
        regions: Regions to choose from instead of those of the split, for fits.
    """
    chosen = parameters or generator_parameters().weather
    rng = stream(key, "weather/year")
    region = int(rng.choice(regions or base_regions(site.test_reference_region, split)))
    year = load_reference_year(region)
    home = load_station(site.test_reference_region)
    lift = LAPSE_K_PER_M * (year.station.altitude_m - home.altitude_m)
    hours = np.arange(HOURS_PER_YEAR)
    winter = np.cos(2.0 * np.pi * (hours / 24.0 - 20.0) / 365.0)
    fast = correlated(stream(key, "weather/temperature/fast"), HOURS_PER_YEAR, chosen.fast_h)
    slow = correlated(stream(key, "weather/temperature/slow"), HOURS_PER_YEAR, chosen.slow_h)
    spell, spells = _cold_spells(rng, hours, chosen)
    offset = chosen.warming_k + chosen.year_k * rng.standard_normal() + lift
    weather = weather_about_season(year.ambient_temp_c)
    # Continental places have larger anomalies of all lengths.
    vigour = float(weather.std()) / chosen.weather_k
    anomaly = vigour * (chosen.fast_k * fast + chosen.slow_k * slow) - chosen.damping * weather
    temp = year.ambient_temp_c + offset + anomaly - spell

    cloud = correlated(stream(key, "weather/sun"), HOURS_PER_YEAR, 30.0)
    with_temp = np.where(winter > 0.0, -0.2, 0.5) * np.abs(winter)
    sun = with_temp * fast + np.sqrt(1.0 - with_temp**2) * cloud
    gust = correlated(stream(key, "weather/wind"), HOURS_PER_YEAR, 24.0)
    mild = 0.4 * np.maximum(winter, 0.0)
    wind_noise = mild * fast + np.sqrt(1.0 - mild**2) * gust
    wind = year.wind_speed_m_s * np.exp(0.25 * wind_noise - 0.03)
    source = f"{year.source}; {lift:+.1f} K for altitude, random anomaly, {spells} cold spells"
    return _at_steps(site, year, temp, wind, np.exp(0.2 * sun - 0.02), source)


def weather_about_season(temp: FloatArray) -> FloatArray:
    """Return what a year's temperature does over two days and longer, less its season."""
    return moving_mean(temp, 48) - moving_mean(temp, 24 * 60)


def _cold_spells(
    rng: np.random.Generator, hours: np.ndarray, chosen: WeatherParameters
) -> tuple[FloatArray, int]:
    """Temperature drops in K between December and February, and their number."""
    count = int(rng.poisson(chosen.spells_per_winter))
    drop = np.zeros(hours.size)
    for _ in range(count):
        centre = 24.0 * rng.uniform(-30.0, 58.0)
        length = 24.0 * rng.uniform(*chosen.spell_days)
        depth = rng.uniform(*chosen.spell_depth_k)
        # Hours to the centre, the short way round the end of the year.
        away = np.abs((hours - centre + hours.size / 2) % hours.size - hours.size / 2)
        bell = np.cos(np.pi * np.minimum(away / length, 0.5)) ** 2
        drop = np.maximum(drop, depth * bell)
    return drop, count


def _at_steps(
    site: Site,
    year: ReferenceYear,
    temp: FloatArray,
    wind: FloatArray,
    sun_factor: FloatArray | None,
    source: str,
) -> WeatherYear:
    centres: FloatArray = (np.arange(STEPS_PER_YEAR, dtype=np.float64) + 0.5) / STEPS_PER_HOUR
    # Length of the day as at the station, where the energy was measured; noon as at the site.
    clear = clear_sky_w_m2(centres, year.station.latitude_deg, site.longitude_deg)
    shift = steps_to_noon(year.irradiance_w_m2, site.longitude_deg)
    sun = spread_energy(year.irradiance_w_m2, STEPS_PER_HOUR, clear, shift_steps=shift)
    if sun_factor is not None:
        # No sunnier than a clear sky with some reflection off clouds, except where measured.
        factor = linear(sun_factor, STEPS_PER_HOUR, periodic=True)
        sun = np.minimum(sun * factor, np.maximum(sun, 1.05 * clear))
    return WeatherYear(
        hourly_temp_c=temp,
        hourly_wind_m_s=wind,
        ambient_temp_c=linear(temp, STEPS_PER_HOUR, periodic=True),
        irradiance_w_m2=sun,
        wind_speed_m_s=linear(wind, STEPS_PER_HOUR, periodic=True),
        source=source,
    )
