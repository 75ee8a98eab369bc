"""Statistics of scenarios side by side, as a Markdown table: ``heatrouter scenarios compare``."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.catalogue import STEPS_PER_DAY, STEPS_PER_HOUR
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.scenario_file import load_scenario_file
from heatrouter.envs.scenarios.sources import build_library, scenario_names, scenario_path
from heatrouter.envs.spec.district import District

Statistic = Callable[[FloatArray], float]


def _daily(values: FloatArray) -> FloatArray:
    return values.reshape(-1, STEPS_PER_DAY)


def _autocorrelation(hours: int) -> Statistic:
    lag = hours * STEPS_PER_HOUR
    return lambda values: float(np.corrcoef(values[:-lag], values[lag:])[0, 1])


STATISTICS: Final[tuple[tuple[str, str, Statistic], ...]] = (
    ("air, mean degC", "ambient_temp_c", lambda v: float(v.mean())),
    ("air, lowest degC", "ambient_temp_c", lambda v: float(v.min())),
    (
        "air, kelvin days below 15 degC",
        "ambient_temp_c",
        lambda v: float(np.maximum(15.0 - v, 0.0).sum() / STEPS_PER_DAY),
    ),
    (
        "air, sd of daily means after 1 harmonic K",
        "ambient_temp_c",
        lambda v: _sd_without_season(_daily(v).mean(axis=1)),
    ),
    (
        "air, autocorrelation of that at 3 d",
        "ambient_temp_c",
        lambda v: _anomaly_correlation(_daily(v).mean(axis=1), 3),
    ),
    ("sun, kWh/m2", "irradiance_w_m2", lambda v: float(v.sum() / STEPS_PER_HOUR / 1000.0)),
    ("wind, mean m/s", "wind_speed_m_s", lambda v: float(v.mean())),
    ("price, mean EUR/MWh", "electricity_eur_per_mwh", lambda v: float(v.mean())),
    ("price, sd over mean", "electricity_eur_per_mwh", lambda v: float(v.std() / v.mean())),
    (
        "price, sd within days over mean",
        "electricity_eur_per_mwh",
        lambda v: float(_daily(v).std(axis=1).mean() / v.mean()),
    ),
    (
        "price, share of hours below 0 %",
        "electricity_eur_per_mwh",
        lambda v: 100.0 * float(np.mean(v < 0.0)),
    ),
    ("price, autocorrelation at 1 h", "electricity_eur_per_mwh", _autocorrelation(1)),
    ("price, autocorrelation at 24 h", "electricity_eur_per_mwh", _autocorrelation(24)),
    ("price, autocorrelation at 168 h", "electricity_eur_per_mwh", _autocorrelation(168)),
    ("carbon, mean g/kWh", "carbon_intensity_g_per_kwh", lambda v: float(v.mean())),
)
"""Label, series and formula of each row."""


def table(libraries: dict[str, ScenarioLibrary]) -> str:
    """Return a Markdown table: a row per statistic, a column per library.

    Args:
        libraries: By label. With several scenarios a cell shows the lowest and highest value.
    """
    lines = [
        f"| | {' | '.join(libraries)} |",
        "|---|" + "---|" * len(libraries),
    ]
    for label, series, statistic in STATISTICS:
        cells = []
        for library in libraries.values():
            column = library.column(series)
            results = [statistic(year[:, column]) for year in library.values]
            low, high = min(results), max(results)
            cells.append(f"{low:.4g}" if low == high else f"{low:.4g} .. {high:.4g}")
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def libraries_of(
    district: District, years: int, data: Path | None = None
) -> dict[str, ScenarioLibrary]:
    """Return the generated splits of a district and, with data, the scenarios that come by name.

    Args:
        district: Any.
        years: Generated years of training; a third of it of the other splits.
        data: Data folder of the scenario files.
    """
    fewer = max(2, years // 3)
    libraries = {
        "train": build_library(district, "train", years),
        "validation": build_library(district, "validation", fewer),
        "test (reference year)": build_library(district, "test", fewer),
    }
    for name in scenario_names() if data is not None else ():
        split = load_scenario_file(scenario_path(name)).split
        libraries[name] = build_library(district, split, 1, 0, data, name)
    return libraries


def _without_season(daily: FloatArray) -> FloatArray:
    angle = 2.0 * np.pi * np.arange(daily.size) / 365.0
    basis = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=1)
    fit = basis @ np.linalg.lstsq(basis, daily, rcond=None)[0]
    return np.asarray(daily - fit, dtype=np.float64)


def _sd_without_season(daily: FloatArray) -> float:
    return float(_without_season(daily).std())


def _anomaly_correlation(daily: FloatArray, days: int) -> float:
    anomaly = _without_season(daily)
    return float(np.corrcoef(anomaly[:-days], anomaly[days:])[0, 1])
