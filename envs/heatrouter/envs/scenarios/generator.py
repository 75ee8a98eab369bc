"""One generated scenario: all series of a district, a pure function of district, split and seed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.catalogue import (
    SHARED_HOT_WATER,
    STEP_S,
    STEPS_PER_YEAR,
    hot_water_series,
    level_series,
    production_units,
    series_of,
    shares_hot_water,
    substations,
)
from heatrouter.envs.scenarios.ground import ground_temp_c, pipe_depth_m
from heatrouter.envs.scenarios.hot_water import hot_water_kw, shared_hot_water_kw_per_mwh
from heatrouter.envs.scenarios.library import ScenarioLibrary, Split
from heatrouter.envs.scenarios.local_time import calendar, local_seconds
from heatrouter.envs.scenarios.noise import stream
from heatrouter.envs.scenarios.price_generator import generated_tariffs
from heatrouter.envs.scenarios.production import production_level
from heatrouter.envs.scenarios.weather import LABEL_YEAR
from heatrouter.envs.scenarios.weather_generator import generated_weather, reference_weather
from heatrouter.envs.spec.district import District

_SPLIT_NUMBER: Final[dict[Split, int]] = {"train": 1, "validation": 2, "test": 3}
# Years of 365 days under one rule for the clock change: they differ in where weekdays fall.
_CALENDAR_YEARS: Final = tuple(year for year in range(1998, 2020) if year % 4)


@dataclass(frozen=True)
class Scenario:
    """One scenario before it is put into a library.

    Attributes:
        name: Unique name.
        start_utc: ISO-8601 time of step 0.
        columns: Series by name, each of shape ``(n_steps,)``.
        provenance: Where every part comes from.
    """

    name: str
    start_utc: str
    columns: dict[str, FloatArray]
    provenance: dict[str, str]


def scenario_key(split: Split, seed: int, number: int) -> tuple[int, ...]:
    """Return what seeds a generated scenario; keys of different splits never meet."""
    return (_SPLIT_NUMBER[split], seed, number)


def generate(
    district: District,
    split: Split,
    *,
    number: int,
    seed: int = 0,
    start: datetime | None = None,
) -> Scenario:
    """Return one year of all series of a district.

    Train and validation have neighbouring regions' reference years with random anomalies (see
    `weather_generator`), test has the unchanged reference year of the district's own region.
    Prices, production and hot water are drawn for each scenario in every split.

    Args:
        district: Site, soil and units.
        split: What the scenario is for.
        number: Which scenario of the split, 0, 1, ...
        seed: Another seed, another set of scenarios.
        start: 1 January of the year whose calendar the scenario has; drawn if not given.
    """
    key = scenario_key(split, seed, number)
    if split == "test":
        weather, year = reference_weather(district.site), LABEL_YEAR
    else:
        weather = generated_weather(district.site, split, key)
        year = int(stream(key, "calendar").choice(_CALENDAR_YEARS))
    if start is None:
        start = datetime(year, 1, 1, tzinfo=UTC)
    days = local_calendar(district, start, STEPS_PER_YEAR)
    tariffs = generated_tariffs(district.site, weather, days, key)
    units, unit_source = unit_series(district, days, key)
    depth = pipe_depth_m(district)
    columns = {
        "ambient_temp_c": weather.ambient_temp_c,
        "ground_temp_c": ground_temp_c(
            weather.ambient_temp_c, depth, district.soil.diffusivity_m2_d
        ),
        "irradiance_w_m2": weather.irradiance_w_m2,
        "wind_speed_m_s": weather.wind_speed_m_s,
        "electricity_eur_per_mwh": tariffs.electricity_eur_per_mwh,
        "gas_eur_per_mwh": tariffs.gas_eur_per_mwh,
        "co2_eur_per_t": tariffs.co2_eur_per_t,
        "carbon_intensity_g_per_kwh": tariffs.carbon_intensity_g_per_kwh,
        "local_hour": days[0],
        "weekday": days[1],
        "day_of_year": days[2],
        **units,
    }
    kind = "try2010" if split == "test" else "generated"
    name = f"{kind}-{split}-{number:04d}" if seed == 0 else f"{kind}-{split}-s{seed}-{number:04d}"
    provenance = {
        "source": "reference weather" if split == "test" else "generated",
        "key": "/".join(map(str, key)),
        "weather": weather.source,
        "ground": f"Kusuda-Achenbach at {depth:.2f} m from the air temperature",
        "tariffs": "generated from the weather by a merit-order model",
        "calendar": f"{start.year}, {district.site.timezone}",
        **unit_source,
    }
    return Scenario(name, start.isoformat(), columns, provenance)


def local_calendar(
    district: District, start_utc: datetime, n_steps: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return local hour, weekday and day of the year at the start of each step."""
    return calendar(local_seconds(start_utc, n_steps, STEP_S, district.site.timezone))


def unit_series(
    district: District, days: tuple[FloatArray, FloatArray, FloatArray], key: tuple[int, ...]
) -> tuple[dict[str, FloatArray], dict[str, str]]:
    """Return production levels and hot-water draws by series name, and what to say about them."""
    hours_per_step = STEP_S / 3600.0
    columns = {}
    outages = []
    for unit in production_units(district):
        level, count = production_level(unit.name, unit.production, hours_per_step, days, key)
        columns[level_series(unit.name)] = level
        outages.append(f"{unit.name} {count}")
    if shares_hot_water(district):
        columns[SHARED_HOT_WATER] = shared_hot_water_kw_per_mwh(hours_per_step, days, key)
        return columns, {
            "production": f"generated; outages: {', '.join(outages) or 'no such units'}",
            "hot_water": "generated, one series for all substations",
        }
    for quarter in substations(district):
        columns[hot_water_series(quarter.name)] = hot_water_kw(quarter, hours_per_step, days, key)
    return columns, {
        "production": f"generated; outages: {', '.join(outages) or 'no such units'}",
        "hot_water": "generated",
    }


def assemble(district: District, split: Split, scenarios: list[Scenario]) -> ScenarioLibrary:
    """Return the library of scenarios of one length."""
    series = tuple(series_of(district))
    values = np.empty((len(scenarios), len(next(iter(scenarios[0].columns.values()))), len(series)))
    for row, scenario in enumerate(scenarios):
        for column, name in enumerate(series):
            values[row, :, column] = scenario.columns[name]
    return ScenarioLibrary(
        names=tuple(scenario.name for scenario in scenarios),
        split=split,
        series=series,
        step_s=STEP_S,
        start_utc=tuple(scenario.start_utc for scenario in scenarios),
        values=values,
        provenance=tuple(scenario.provenance for scenario in scenarios),
    )
