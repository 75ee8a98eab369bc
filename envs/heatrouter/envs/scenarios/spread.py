"""Generated years against real ones: do level, spread and memory lie where real years have them?

For temperature, price and heat load: mean, standard deviation and autocorrelation at one day of
each year. The average generated year has to lie between the lowest and the highest real one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import Mistake, ScenarioError
from heatrouter.envs.scenarios.catalogue import HOURS_PER_YEAR, STEP_S, STEPS_PER_HOUR
from heatrouter.envs.scenarios.csv_rows import Findings, read_rows
from heatrouter.envs.scenarios.fit_weather import COAST_REGION, coast_site
from heatrouter.envs.scenarios.generator import scenario_key
from heatrouter.envs.scenarios.local_time import calendar, local_seconds
from heatrouter.envs.scenarios.network_load import network_load
from heatrouter.envs.scenarios.price_generator import generated_tariffs
from heatrouter.envs.scenarios.scenario_file import FileSeries
from heatrouter.envs.scenarios.statistics import correlation
from heatrouter.envs.scenarios.weather import load_reference_year
from heatrouter.envs.scenarios.weather_generator import base_regions, generated_weather
from heatrouter.envs.spec.network import Site

LOAD: Final = "heat load over its mean"
QUANTITIES: Final = ("air, degC", "price, EUR/MWh", LOAD)
STATISTICS: Final[dict[str, Callable[[FloatArray], float]]] = {
    "mean": lambda hourly: float(hourly.mean()),
    "standard deviation": lambda hourly: float(hourly.std()),
    "autocorrelation at 1 day": lambda hourly: correlation(hourly, 24),
}
PAIRS: Final = (
    ("air", "price"),
    ("air", "heat load"),
    ("price", "heat load"),
    ("price", "carbon"),
    ("sun", "price"),
    ("wind", "price"),
)
"""Correlated over daily means."""
_CALENDAR_YEAR: Final = 2013
_LEAST_HOURS: Final = 8700

REAL: Final = (
    ("Munich 2023", 0, "weather/temperature_bavaria_2023.csv", "ambient_temperature_munich_C"),
    ("Guenzburg 2023", 0, "weather/temperature_bavaria_2023.csv",
     "ambient_temperature_guenzburg_C"),
    ("Aalborg 2018", 0, "weather/temperature_aalborg_dk_2018.csv", "ambient_temperature_aalborg_C"),
    ("Mid-Jutland 2024", 0, "weather/weather_openmeteo_midjutland_dk_2024.csv",
     "ambient_temperature_C"),
    ("TRY 2015 Muehldorf", 0, "weather/weather_try2015_muehldorf_bavaria.csv",
     "ambient_temperature_C"),
    ("TRY 2015 Rostock", 0, "weather/weather_try2015_rostock_baltic.csv", "ambient_temperature_C"),
    ("TMY Guenzburg", 0, "weather/weather_pvgis_tmy_guenzburg_bavaria.csv",
     "ambient_temperature_C"),
    ("DE-LU", 1, "electricity/day_ahead_price_de_dk_2023.csv", "price_DE_LU_EUR_per_MWh"),
    ("DK1", 1, "electricity/day_ahead_price_dk1_2016.csv", "price_DK1_EUR_per_MWh"),
    ("DK2", 1, "electricity/day_ahead_price_dk2_2017_2018.csv", "price_DK2_EUR_per_MWh"),
    ("DK2", 1, "electricity/day_ahead_price_dk2_2020.csv", "price_DK2_EUR_per_MWh"),
    ("DK1", 1, "electricity/day_ahead_price_dk1_dk2_2021_2022.csv", "price_DK1_EUR_per_MWh"),
    ("Flensburg", 2, "district_heat/heat_load_flensburg_2014_2018.csv", "heat_load_flensburg_MW"),
    ("Soenderborg", 2, "district_heat/heat_load_sonderborg_2016_2018.csv",
     "heat_load_sonderborg_MW"),
)  # fmt: skip
"""Name, quantity, file and column: comparing is no fitting, so judged years are among them."""

TOGETHER: Final = (
    ("DE 2023", 2023, (
        ("air", "weather/temperature_bavaria_2023.csv", "ambient_temperature_munich_C"),
        ("price", "electricity/day_ahead_price_de_dk_2023.csv", "price_DE_LU_EUR_per_MWh"),
        ("carbon", "electricity/carbon_intensity_de_2023.csv",
         "carbon_intensity_direct_g_per_kWh"),
    )),
    ("DK 2018", 2018, (
        ("air", "weather/temperature_aalborg_dk_2018.csv", "ambient_temperature_aalborg_C"),
        ("price", "electricity/day_ahead_price_dk2_2017_2018.csv", "price_DK2_EUR_per_MWh"),
        ("heat load", "district_heat/heat_load_sonderborg_2016_2018.csv",
         "heat_load_sonderborg_MW"),
    )),
    ("DK2 2020", 2020, (
        ("price", "electricity/day_ahead_price_dk2_2020.csv", "price_DK2_EUR_per_MWh"),
        ("carbon", "electricity/generation_mix_dk2_2020.csv",
         "production_carbon_intensity_g_per_kWh_derived"),
    )),
)  # fmt: skip
"""Real years with several series of the same place and time: name, year, series."""


@dataclass(frozen=True)
class Spread:
    """Statistics of years.

    Attributes:
        real: By quantity, names of the years and their statistics, shape ``(n_years, 3)``.
        generated: By quantity, shape ``(n_years, 3)``.
        correlations: Of ``PAIRS`` in every generated year, shape ``(n_years, n_pairs)``.
        real_correlations: By pair, of the real years that have both.
    """

    real: tuple[tuple[tuple[str, ...], FloatArray], ...]
    generated: tuple[FloatArray, ...]
    correlations: FloatArray
    real_correlations: dict[tuple[str, str], dict[str, float]]

    def rows(self) -> Iterator[dict[str, object]]:
        """Each statistic with the real range, quantiles of generated years, and the verdict."""
        for q, quantity in enumerate(QUANTITIES):
            real, generated = self.real[q][1], self.generated[q]
            for s, statistic in enumerate(STATISTICS):
                low, high = float(real[:, s].min()), float(real[:, s].max())
                mean = float(generated[:, s].mean())
                yield {
                    "quantity": quantity,
                    "statistic": statistic,
                    "real_years": len(self.real[q][0]),
                    "real_low": low,
                    "real_high": high,
                    "generated_mean": mean,
                    "generated_p05": float(np.quantile(generated[:, s], 0.05)),
                    "generated_p95": float(np.quantile(generated[:, s], 0.95)),
                    "years_inside": float(
                        np.mean((generated[:, s] >= low) & (generated[:, s] <= high))
                    ),
                    "within": low <= mean <= high,
                }

    def correlation_rows(self) -> Iterator[dict[str, object]]:
        """Correlations of daily means of generated and of real years."""
        for (one, other), values in zip(PAIRS, self.correlations.T, strict=True):
            real = self.real_correlations.get((one, other), {})
            yield {
                "pair": f"{one} and {other}",
                "real": ", ".join(f"{name} {value:.2f}" for name, value in real.items()),
                "generated_mean": float(values.mean()),
                "generated_p05": float(np.quantile(values, 0.05)),
                "generated_p95": float(np.quantile(values, 0.95)),
            }


def compare_years(site: Site, count: int, folder: Path) -> Spread:
    """Return the statistics of generated and real years.

    Args:
        site: Where temperature and price are generated; loads are generated on the coast, where
            they are measured.
        count: Number of generated years of training.
        folder: Data folder.

    Raises:
        ScenarioError: A file of real years cannot be read.
    """
    generated, correlations = generated_years(site, count)
    return Spread(real_years(folder, site), generated, correlations, real_correlations(folder))


def generated_years(site: Site, count: int) -> tuple[tuple[FloatArray, ...], FloatArray]:
    """Return statistics of generated training years and their correlations; see `Spread`."""
    start = datetime(_CALENDAR_YEAR, 1, 1, tzinfo=UTC)
    steps = HOURS_PER_YEAR * STEPS_PER_HOUR
    days = calendar(local_seconds(start, steps, STEP_S, site.timezone))
    clock = (days[0][::STEPS_PER_HOUR], days[1][::STEPS_PER_HOUR])
    table = np.empty((len(QUANTITIES), count, len(STATISTICS)))
    correlations = np.empty((count, len(PAIRS)))
    coast = coast_site(site)
    for number in range(count):
        key = scenario_key("train", 0, number)
        weather = generated_weather(site, "train", key)
        tariffs = generated_tariffs(site, weather, days, key)
        price = tariffs.electricity_eur_per_mwh[::STEPS_PER_HOUR]
        north = generated_weather(coast, "train", key, regions=(COAST_REGION,)).hourly_temp_c
        load = network_load(north, clock, key)
        for q, values in enumerate((weather.hourly_temp_c, price, load)):
            table[q, number] = [statistic(values) for statistic in STATISTICS.values()]
        series = {
            "air": weather.hourly_temp_c,
            "price": price,
            "heat load": network_load(weather.hourly_temp_c, clock, key),
            "carbon": tariffs.carbon_intensity_g_per_kwh[::STEPS_PER_HOUR],
            "sun": weather.irradiance_w_m2[::STEPS_PER_HOUR],
            "wind": weather.hourly_wind_m_s,
        }
        daily = {name: values.reshape(-1, 24).mean(axis=1) for name, values in series.items()}
        correlations[number] = [np.corrcoef(daily[a], daily[b])[0, 1] for a, b in PAIRS]
    return tuple(table), correlations


def real_years(folder: Path, site: Site) -> tuple[tuple[tuple[str, ...], FloatArray], ...]:
    """Return names and statistics of the real years of each quantity.

    The reference years of the site's region and of its training regions are among them: they are
    made of real months.
    """
    found: list[tuple[list[str], list[list[float]]]] = [([], []) for _ in QUANTITIES]
    region = site.test_reference_region
    for number in (region, *base_regions(region, "train")):
        year = load_reference_year(number)
        found[0][0].append(f"TRY 2010 {year.station.name}")
        found[0][1].append([s(year.ambient_temp_c) for s in STATISTICS.values()])
    for name, quantity, file, column in REAL:
        years, values = _read(folder, file, column)
        scale = values.mean() if quantity == QUANTITIES.index(LOAD) else 1.0
        for year_number in np.unique(years):
            mine = values[years == year_number] / scale
            if mine.size < _LEAST_HOURS:
                continue
            found[quantity][0].append(name if quantity == 0 else f"{name} {year_number:.0f}")
            found[quantity][1].append([s(mine) for s in STATISTICS.values()])
    return tuple((tuple(names), np.array(rows)) for names, rows in found)


def real_correlations(folder: Path) -> dict[tuple[str, str], dict[str, float]]:
    """Return correlations of daily means by pair and year, where a real year has both series."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for label, year, sources in TOGETHER:
        daily = {}
        for name, file, column in sources:
            years, values = _read(folder, file, column)
            mine = values[years == year]
            daily[name] = mine[: mine.size // 24 * 24].reshape(-1, 24).mean(axis=1)
        for one, other in PAIRS:
            if one in daily and other in daily:
                days = min(daily[one].size, daily[other].size)
                value = float(np.corrcoef(daily[one][:days], daily[other][:days])[0, 1])
                found.setdefault((one, other), {})[label] = value
    return found


def _read(folder: Path, file: str, column: str) -> tuple[FloatArray, FloatArray]:
    findings = Findings(file)
    source = FileSeries(kind="file", file=file, column=column)
    rows = read_rows(folder / file, source, findings)
    if rows is None or findings.messages():
        subject = f"real years in {folder}"
        raise ScenarioError(subject, [Mistake(file, text) for text in findings.messages()])
    years = rows.seconds.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years.astype(np.float64), np.array([float(cell) for cell in rows.cells])
