"""The fit of the whole generator: ``heatrouter scenarios fit``."""

from dataclasses import dataclass
from pathlib import Path

from heatrouter.envs.scenarios.fit_demand import DemandFit, fit_demand
from heatrouter.envs.scenarios.fit_prices import PriceFit, fit_prices
from heatrouter.envs.scenarios.fit_start import CHOSEN, START
from heatrouter.envs.scenarios.fit_weather import WeatherFit, fit_weather
from heatrouter.envs.scenarios.parameters import GeneratorParameters
from heatrouter.envs.scenarios.training_records import (
    EMBARGO,
    JUDGED_YEARS,
    Hours,
    read_records,
)
from heatrouter.envs.spec.network import Site


@dataclass(frozen=True)
class Fit:
    """Parameters and how well each part came out."""

    parameters: GeneratorParameters
    weather: WeatherFit
    prices: PriceFit
    demand: DemandFit


def fit_generator(folder: Path, site: Site) -> Fit:
    """Fit the generator to the training records of a data folder. The same data, the same numbers.

    Args:
        folder: Data folder.
        site: Where weather and prices are generated during the fit.

    Raises:
        ScenarioError: Records are missing or cannot be read.
    """
    records = read_records(folder)
    start = START
    weather = fit_weather(records["air"], site, start.weather)
    prices = fit_prices(records["price"], site, start.prices, weather.parameters)
    demand = fit_demand(records["load"], site, start.demand, weather.parameters)
    used = [_used(hours) for group in records.values() for hours in group]
    held = ", ".join(map(str, JUDGED_YEARS))
    parameters = start.model_copy(
        update={
            "weather": weather.parameters,
            "prices": prices.parameters,
            "demand": demand.parameters,
            "fitted_to": (*used, f"nothing of {held} or within {EMBARGO.days} days of them"),
            "chosen": CHOSEN,
        }
    )
    return Fit(parameters, weather, prices, demand)


def _used(hours: Hours) -> str:
    record = hours.record
    return f"{record.name}: {record.file}, {record.column}, {hours.values.size} h"
