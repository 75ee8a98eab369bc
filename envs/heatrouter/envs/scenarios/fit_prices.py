"""Fit of the merit-order model to the shape of real day-ahead prices.

A price over its own level of two months has no fuel crisis in it. The curve from residual load to
price follows from its quantiles (negative hours and spikes included), the swing of demand, the
correlation time of the wind and the noise of bids from its autocorrelations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.catalogue import HOURS_PER_YEAR, STEP_S, STEPS_PER_HOUR
from heatrouter.envs.scenarios.generator import scenario_key
from heatrouter.envs.scenarios.local_time import calendar, local_seconds
from heatrouter.envs.scenarios.noise import correlated, stream
from heatrouter.envs.scenarios.parameters import PriceParameters, WeatherParameters
from heatrouter.envs.scenarios.price_generator import fuel_cost_eur_per_mwh, residual_load
from heatrouter.envs.scenarios.statistics import PROBABILITIES, correlation, over_level
from heatrouter.envs.scenarios.training_records import FUEL_EUR, Hours
from heatrouter.envs.scenarios.weather_generator import WeatherYear, generated_weather
from heatrouter.envs.spec.network import Site

LAGS_H: Final = (1, 24, 168)
_YEARS: Final = 10
_ROUNDS: Final = 6
_FIT_SEED: Final = 4712
_CALENDAR_YEAR: Final = 2011
_LEAST_STEP: Final = 1e-3
"""Of the residual load between two points of the curve."""


@dataclass(frozen=True)
class PriceFit:
    """A fit and how good it is.

    Attributes:
        parameters: The parameters.
        probabilities: Of the quantiles.
        real: Quantiles of the price over its level, then the autocorrelations at ``LAGS_H``.
        generated: The same of generated years.
    """

    parameters: PriceParameters
    probabilities: tuple[float, ...]
    real: FloatArray
    generated: FloatArray


def fit_prices(
    records: Sequence[Hours], site: Site, start: PriceParameters, weather: WeatherParameters
) -> PriceFit:
    """Fit the curve, the swing of demand, the wind's correlation time and the noise of bids.

    Args:
        records: Prices; years for which ``FUEL_EUR`` knows the fuel.
        site: Where the weather is generated.
        start: Where the search begins; what is not fitted stays.
        weather: Of the generated years.
    """
    shapes = [over_level(hours.values) for hours in records]
    quantiles = np.quantile(np.concatenate(shapes), PROBABILITIES)
    correlations = np.mean([_correlations(shape) for shape in shapes], axis=0)
    height = float(np.mean([_over_fuel(hours) for hours in records]))
    years = _Years(site, weather)

    def candidate(x: FloatArray) -> PriceParameters:
        chosen = start.model_copy(
            update={
                "demand_swing": float(np.clip(x[0], 0.2, 2.5)),
                "wind_h": float(np.clip(np.exp(x[1]), 8.0, 100.0)),
                "bids": float(np.clip(x[2], 0.0, 0.3)),
            }
        )
        return years.with_curve(chosen, quantiles, height)

    def loss(x: FloatArray) -> float:
        found = years.correlations(candidate(x))
        return float(np.sum((found - correlations) ** 2) + max(-x[2], 0.0))

    # only the fit needs SciPy, which comes with the extra "study"
    from scipy.optimize import minimize

    guess = np.array([start.demand_swing, np.log(start.wind_h), start.bids])
    best = minimize(loss, guess, method="Nelder-Mead", options={"maxfev": 60, "xatol": 0.01})
    found = _rounded(candidate(best.x))
    generated = np.concatenate([years.quantiles(found), years.correlations(found)])
    return PriceFit(found, PROBABILITIES, np.concatenate([quantiles, correlations]), generated)


class _Years:
    """Generated years with common random numbers, whose fuel costs 1 throughout."""

    def __init__(self, site: Site, weather: WeatherParameters) -> None:
        self._site = site
        start = datetime(_CALENDAR_YEAR, 1, 1, tzinfo=UTC)
        steps = HOURS_PER_YEAR * STEPS_PER_HOUR
        hour, weekday, _ = calendar(local_seconds(start, steps, STEP_S, site.timezone))
        self._clock = (hour[::STEPS_PER_HOUR], weekday[::STEPS_PER_HOUR])
        self._keys = [scenario_key("train", _FIT_SEED, number) for number in range(_YEARS)]
        self._weather: list[WeatherYear] = [
            generated_weather(site, "train", key, weather) for key in self._keys
        ]

    def with_curve(
        self, chosen: PriceParameters, quantiles: FloatArray, height: float
    ) -> PriceParameters:
        """Return parameters whose curve gives the quantiles of a price over its level."""
        residuals = self._residuals(chosen)
        knots = np.quantile(np.concatenate(residuals), PROBABILITIES)
        knots = np.maximum.accumulate(knots + _LEAST_STEP * np.arange(knots.size))
        price = quantiles.copy()
        for _ in range(_ROUNDS):
            trial = chosen.model_copy(
                update={"residual": tuple(knots.tolist()), "price": tuple(price.tolist())}
            )
            found = np.quantile(np.concatenate(self._shapes(trial, residuals)), PROBABILITIES)
            price = np.maximum.accumulate(price + 0.8 * (quantiles - found))
        mean = float(np.mean([np.interp(r, knots, price).mean() for r in residuals]))
        return chosen.model_copy(
            update={
                "residual": tuple(knots.tolist()),
                "price": tuple((price * height / mean).tolist()),
            }
        )

    def correlations(self, chosen: PriceParameters) -> FloatArray:
        """Mean autocorrelations of the price over its level."""
        shapes = self._shapes(chosen, self._residuals(chosen))
        found = [_correlations(shape) for shape in shapes]
        return np.asarray(np.mean(found, axis=0), dtype=np.float64)

    def quantiles(self, chosen: PriceParameters) -> FloatArray:
        """Quantiles of the price over its level, all years together."""
        shapes = self._shapes(chosen, self._residuals(chosen))
        return np.quantile(np.concatenate(shapes), PROBABILITIES)

    def _residuals(self, chosen: PriceParameters) -> list[FloatArray]:
        low, high = chosen.build_out
        return [
            residual_load(
                self._site,
                weather,
                self._clock,
                low + (high - low) * (i + 0.5) / _YEARS,
                key,
                chosen,
            )
            for i, (weather, key) in enumerate(zip(self._weather, self._keys, strict=True))
        ]

    def _shapes(self, chosen: PriceParameters, residuals: list[FloatArray]) -> list[FloatArray]:
        shapes = []
        for key, residual in zip(self._keys, residuals, strict=True):
            bids = correlated(stream(key, "price/bids"), HOURS_PER_YEAR, chosen.bids_h)
            price = np.interp(residual, chosen.residual, chosen.price) + chosen.bids * bids
            shapes.append(over_level(price))
        return shapes


def _correlations(shape: FloatArray) -> FloatArray:
    return np.array([correlation(shape, lag) for lag in LAGS_H])


def _over_fuel(hours: Hours) -> float:
    gas, co2 = FUEL_EUR[hours.record.first]
    return float(hours.values.mean() / fuel_cost_eur_per_mwh(np.array(gas), np.array(co2)))


def _rounded(found: PriceParameters) -> PriceParameters:
    return found.model_copy(
        update={
            "residual": tuple(round(value, 4) for value in found.residual),
            "price": tuple(round(value, 4) for value in found.price),
            "demand_swing": round(found.demand_swing, 3),
            "wind_h": round(found.wind_h, 1),
            "bids": round(found.bids, 4),
        }
    )
