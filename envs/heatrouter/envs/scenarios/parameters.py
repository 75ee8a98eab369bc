"""Parameters of the generator: fitted to training years, kept in ``parameters.json``.

``heatrouter scenarios fit`` writes the file; nothing of the data it was fitted to is in it. What a
fit cannot tell is chosen, and listed as such in ``chosen``.
"""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from heatrouter.envs.errors import ScenarioError, mistakes_from_details
from heatrouter.envs.spec.base import Described

FILE: Final = "parameters.json"

Profile = tuple[float, ...]
"""24 values by local hour."""


class WeatherParameters(Described):
    """Anomalies of the air temperature about a reference year."""

    damping: float = Field(ge=0.0, le=0.9, description="of the reference year's own weather")
    weather_k: float = Field(
        gt=0.0,
        le=10.0,
        description="standard deviation of a reference year's weather where "
        "fast_k and slow_k hold; elsewhere they are larger or smaller in proportion",
    )
    fast_k: float = Field(ge=0.0, le=6.0, description="standard deviation of fast anomalies")
    fast_h: float = Field(ge=12.0, le=240.0, description="their correlation time")
    slow_k: float = Field(ge=0.0, le=4.0)
    slow_h: float = Field(ge=240.0, le=2000.0)
    warming_k: float = Field(
        ge=-3.0, le=5.0, description="added to every year: reference years are typical of the past"
    )
    year_k: float = Field(ge=0.0, le=3.0, description="standard deviation between years")
    spells_per_winter: float = Field(ge=0.0, le=10.0)
    spell_depth_k: tuple[float, float]
    spell_days: tuple[float, float]


class PriceParameters(Described):
    """The merit-order model of day-ahead prices."""

    residual: tuple[float, ...] = Field(description="residual load over mean demand, rising")
    price: tuple[float, ...] = Field(description="price over the fuel cost of gas at each")
    demand_swing: float = Field(
        ge=0.0, le=3.0, description="of the day and the week, times that of the hourly profile"
    )
    wind_h: float = Field(ge=6.0, le=120.0, description="correlation time of the zone's wind")
    wind_capacity: float = Field(ge=0.0, le=5.0, description="over mean demand")
    sun_capacity: float = Field(ge=0.0, le=5.0, description="over mean demand")
    build_out: tuple[float, float] = Field(description="least and most of both, over these")
    bids: float = Field(ge=0.0, le=0.5, description="noise of the price over fuel cost")
    bids_h: float = Field(ge=1.0, le=48.0)
    gas_mean_eur_per_mwh: float = Field(gt=0.0, le=300.0)
    gas_year: float = Field(ge=0.0, le=1.5, description="log standard deviation between years")
    gas_walk: float = Field(ge=0.0, le=1.0, description="within the year")
    gas_walk_days: float = Field(ge=5.0, le=120.0)
    co2_mean_eur_per_t: float = Field(gt=0.0, le=500.0)
    co2_year: float = Field(ge=0.0, le=1.5)
    co2_walk: float = Field(ge=0.0, le=1.0)
    co2_walk_days: float = Field(ge=5.0, le=120.0)


class CarbonParameters(Described):
    """Carbon intensity of the grid over the residual load."""

    base_g: float = Field(ge=0.0, le=500.0)
    slope_g: float = Field(ge=0.0, le=1500.0)
    noise: float = Field(ge=0.0, le=0.5)
    noise_h: float = Field(ge=1.0, le=240.0)


class DemandParameters(Described):
    """Heat load of a whole town over its mean: energy signature, calendar and what is left."""

    base: float = Field(ge=0.0, le=1.0, description="without heating")
    slope_per_k: float = Field(gt=0.0, le=0.5, description="per kelvin below end_c")
    end_c: float = Field(ge=8.0, le=22.0)
    anomaly_share: float = Field(
        ge=0.0,
        le=1.5,
        description="of the slope, with which warm and cold days about the season act",
    )
    smoothing_h: float = Field(ge=1.0, le=120.0, description="buildings follow the air that late")
    weekday: Profile = Field(min_length=24, max_length=24, description="over the day's mean")
    weekend: Profile = Field(min_length=24, max_length=24)
    weekend_ratio: float = Field(ge=0.5, le=1.5, description="day's load over that of weekdays")
    noise: float = Field(ge=0.0, le=0.5)
    noise_h: float = Field(ge=1.0, le=240.0)
    flutter: float = Field(ge=0.0, le=0.5, description="noise from hour to hour")


class GeneratorParameters(Described):
    """Everything that the generator takes from statistics."""

    schema_version: int = 1
    weather: WeatherParameters
    prices: PriceParameters
    carbon: CarbonParameters
    demand: DemandParameters
    fitted_to: tuple[str, ...] = Field(description="what was used: files, columns and times")
    chosen: tuple[str, ...] = Field(description="what no training year tells, and why")


@cache
def generator_parameters() -> GeneratorParameters:
    """Return the parameters that come with the package."""
    text = (files("heatrouter.envs.scenarios") / FILE).read_text(encoding="utf-8")
    return GeneratorParameters.model_validate_json(text, strict=True)


def load_parameters(path: Path) -> GeneratorParameters:
    """Read parameters from a file.

    Raises:
        ScenarioError: It does not hold the parameters of a generator.
    """
    try:
        return GeneratorParameters.model_validate_json(path.read_bytes(), strict=True)
    except ValidationError as refused:
        details = refused.errors(include_url=False)
        raise ScenarioError(str(path), mistakes_from_details(details)) from refused


def parameters_text(parameters: GeneratorParameters) -> str:
    """Return parameters as they are written to a file."""
    return json.dumps(parameters.model_dump(mode="json"), indent=1) + "\n"
