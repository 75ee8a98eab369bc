"""Fit of the temperature's anomalies to how much real days differ from each other.

Two places count equally: the coast, where there are records of real years, and the inland site,
where there are the reference years of its training regions, whose days differ as much as those of
real years do (they are made of real months).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.generator import scenario_key
from heatrouter.envs.scenarios.parameters import WeatherParameters
from heatrouter.envs.scenarios.statistics import changes, without_season
from heatrouter.envs.scenarios.training_records import Hours
from heatrouter.envs.scenarios.weather import load_reference_year
from heatrouter.envs.scenarios.weather_generator import (
    base_regions,
    generated_weather,
    weather_about_season,
)
from heatrouter.envs.spec.network import Site

LAGS: Final = (1, 2, 3, 5, 7, 10, 14, 21, 30)
_YEARS: Final = 16
COAST_REGION: Final = 1
"""The records are maritime: beside them stands the reference year of the North Sea's coast."""
_FIT_SEED: Final = 4711


@dataclass(frozen=True)
class WeatherFit:
    """A fit and how good it is.

    Attributes:
        parameters: The parameters.
        lags: Days.
        real: Root mean square change of real daily means over them, K; coast, then inland.
        generated: The same of generated years.
    """

    parameters: WeatherParameters
    lags: tuple[int, ...]
    real: FloatArray
    generated: FloatArray


def fit_weather(records: Sequence[Hours], site: Site, start: WeatherParameters) -> WeatherFit:
    """Fit damping, fast correlation time and slow anomalies.

    The size of the fast anomalies stays what it is: more of them and more damping of the reference
    year give the same statistics and only choose how different the years are from each other.

    Args:
        records: Air temperatures.
        site: Inland.
        start: Where the search begins; what is not fitted stays.
    """
    coastal = weather_about_season(load_reference_year(COAST_REGION).ambient_temp_c).std()
    start = start.model_copy(update={"weather_k": round(float(coastal), 3)})
    inland = [
        load_reference_year(region).ambient_temp_c.reshape(-1, 24).mean(axis=1)
        for region in base_regions(site.test_reference_region, "train")
    ]
    real = np.concatenate(
        [
            _pooled([without_season(hours.days().mean(axis=1)) for hours in records]),
            _pooled([without_season(daily) for daily in inland]),
        ]
    )

    def parameters(x: FloatArray) -> WeatherParameters:
        return start.model_copy(
            update={
                "damping": float(np.clip(x[0], 0.0, 0.9)),
                "fast_h": float(np.clip(np.exp(x[1]), 24.0, 200.0)),
                "slow_k": float(np.clip(x[2], 0.0, 3.0)),
            }
        )

    def statistics(chosen: WeatherParameters) -> FloatArray:
        coast = generated_changes(coast_site(site), chosen, (COAST_REGION,))
        return np.concatenate([coast, generated_changes(site, chosen)])

    def loss(x: FloatArray) -> float:
        outside = max(-x[0], 0.0) + max(-x[2], 0.0)
        return float(np.sum(np.log(statistics(parameters(x)) / real) ** 2) + outside)

    # only the fit needs SciPy, which comes with the extra "study"
    from scipy.optimize import minimize

    guess = np.array([start.damping, np.log(start.fast_h), start.slow_k])
    best = minimize(loss, guess, method="Nelder-Mead", options={"maxfev": 80, "xatol": 0.01})
    found = parameters(best.x)
    rounded = found.model_copy(
        update={
            "damping": round(found.damping, 3),
            "fast_h": round(found.fast_h, 1),
            "slow_k": round(found.slow_k, 3),
        }
    )
    return WeatherFit(rounded, LAGS, real, statistics(rounded))


def coast_site(site: Site) -> Site:
    """Return a site on the coast, where the records are from."""
    return site.model_copy(update={"test_reference_region": COAST_REGION})


def generated_changes(
    site: Site, parameters: WeatherParameters, regions: tuple[int, ...] = ()
) -> FloatArray:
    """Return the root mean square change of daily means of generated years over ``LAGS`` days."""
    years = []
    for number in range(_YEARS):
        key = scenario_key("train", _FIT_SEED, number)
        hourly = generated_weather(site, "train", key, parameters, regions).hourly_temp_c
        years.append(without_season(hourly.reshape(-1, 24).mean(axis=1)))
    return _pooled(years)


def _pooled(records: Sequence[FloatArray]) -> FloatArray:
    days = np.array([record.size for record in records], dtype=np.float64)
    squares = np.array([changes(record, LAGS) ** 2 for record in records])
    return np.sqrt(np.average(squares, axis=0, weights=days))
