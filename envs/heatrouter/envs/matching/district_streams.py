"""Sources and users of heat in a district as streams, with their heat in every hour of a year.

Temperatures are those of the design; heat is what weather, hot water and production of a scenario
make of the description: no thermal mass, no network. A simulation recovers less than the targets
that follow from this, since water and pipes cost temperature and heat.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.design_day import HOURS_PER_YEAR, Weather, hourly_demand_kw
from heatrouter.envs.errors import Mistake, ScenarioError
from heatrouter.envs.matching.streams import DEFAULT_DT_MIN_K, Stream
from heatrouter.envs.scenarios.catalogue import (
    SHARED_HOT_WATER,
    hot_water_series,
    level_series,
    shares_hot_water,
)
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.consumer_units import BatchProcess, Consumer, Greenhouse, Substation
from heatrouter.envs.spec.design_load import design_span_k, design_supply_c, preheat_temp_c
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import CoolingLoad, HeatPump, WasteHeatSource
from heatrouter.envs.spec.production import Production

_RUNS_FROM_LEVEL: Final = 0.5
_ALWAYS: Final = Production(idle_level=1.0, noise=0.0)


@dataclass(frozen=True, eq=False)
class HourlyStream:
    """A stream of a district over a year.

    Attributes:
        stream: Its temperatures; its heat is the year's mean.
        unit: Name of the unit in the district.
        location: Where it meets the network; None for cooling that no heat pump uses.
        heat_kw: Every hour, shape ``(8760,)``, >= 0.
        network_supply_c: Water that a user is designed for, degC; None for sources.
        network_return_c: What it gives back then, degC; None for sources.
    """

    stream: Stream
    unit: str
    location: str | None
    heat_kw: FloatArray
    network_supply_c: float | None = None
    network_return_c: float | None = None


def district_streams(
    district: District, library: ScenarioLibrary, dt_min_k: float = DEFAULT_DT_MIN_K
) -> tuple[list[HourlyStream], list[HourlyStream]]:
    """Return sources and users of a district over the first scenario of a library.

    Sources are waste heat, down to its least exhaust temperature, and cooling loads. Users are
    substations (space heat and hot water apart), processes, fabs, batches up to their preheat, and
    greenhouses with their pipe rails.

    Args:
        district: The description, checked.
        library: Its scenarios, one year each.
        dt_min_k: Least temperature difference, half of which is every stream's contribution, K.

    Raises:
        ScenarioError: The scenario is no whole year.
    """
    year = _Year(library)
    sources = [
        _source(district, unit, year, dt_min_k)
        for unit in district.units
        if isinstance(unit, WasteHeatSource | CoolingLoad)
    ]
    users = [
        user
        for unit in district.units
        if isinstance(unit, Consumer)
        for user in _users(district, unit, year, dt_min_k)
    ]
    return sources, users


class _Year:
    """Hourly means of the first scenario, from local midnight on, so that hour % 24 is the clock.

    Raises:
        ScenarioError: The scenario is no whole year.
    """

    def __init__(self, library: ScenarioLibrary) -> None:
        per_hour = 3600 // library.step_s
        if library.n_steps != HOURS_PER_YEAR * per_hour:
            days = library.n_steps * library.step_s / 86400.0
            message = f"it has {days:g} days; a match needs a whole year of 365"
            raise ScenarioError(library.names[0], [Mistake("", message)])
        self._library = library
        self._per_hour = per_hour
        self._late = round(float(library.values[0, 0, library.column("local_hour")]) * per_hour)
        self.weather = Weather(self.of("ambient_temp_c"), self.of("irradiance_w_m2"))

    def of(self, series: str) -> FloatArray:
        """Hourly means of a series, shape ``(8760,)``."""
        values = np.roll(self._library.values[0, :, self._library.column(series)], self._late)
        return np.asarray(values.reshape(HOURS_PER_YEAR, self._per_hour).mean(axis=1))

    def level(self, unit: str) -> FloatArray:
        """Production level of a unit times what faults leave of it, shape ``(8760,)``."""
        level = self.of(level_series(unit))
        fault = f"{unit}.availability"
        return level * self.of(fault) if fault in self._library.series else level


def _source(
    district: District, unit: WasteHeatSource | CoolingLoad, year: _Year, dt_min_k: float
) -> HourlyStream:
    if isinstance(unit, WasteHeatSource):
        hot, cooled = unit.stream_temp_c, unit.min_exhaust_temp_c
        most_kw = unit.stream_capacity_kw_k * max(hot - cooled, 0.0)
        location: str | None = unit.location
    else:
        hot, cooled, most_kw = unit.water_inlet_temp_c, unit.water_outlet_temp_c, unit.peak_kw
        pumps = [u for u in district.units if isinstance(u, HeatPump) and u.source == unit.name]
        location = pumps[0].location if pumps else None
    heat = np.asarray(most_kw * year.level(unit.name))
    stream = _stream(unit.name, unit.name, (hot, cooled), heat, dt_min_k, hot=True)
    return HourlyStream(stream, unit.name, location, heat)


def _users(district: District, unit: Consumer, year: _Year, dt_min_k: float) -> list[HourlyStream]:
    supply_c = design_supply_c(unit)
    return_c = supply_c - design_span_k(unit)
    found = []
    for name, cold, warm, heat in _needs(district, unit, year):
        stream = _stream(name, unit.name, (cold, warm), heat, dt_min_k, hot=False)
        found.append(HourlyStream(stream, unit.name, unit.location, heat, supply_c, return_c))
    return found


def _needs(
    district: District, unit: Consumer, year: _Year
) -> list[tuple[str, float, float, FloatArray]]:
    """Name, lower and upper temperature (degC) and hourly heat (kW) of what a unit wants."""
    if isinstance(unit, Substation):
        rooms, taps = unit.space_heat_exchanger, unit.hot_water_exchanger
        dry = unit.model_copy(update={"hot_water_annual_mwh": 0.0})
        space_kw = hourly_demand_kw(district, dry, year.weather)
        if shares_hot_water(district):
            hot_water_kw = unit.hot_water_annual_mwh * year.of(SHARED_HOT_WATER)
        else:
            hot_water_kw = year.of(hot_water_series(unit.name))
        space = (f"{unit.name} rooms", rooms.secondary_return_c, rooms.secondary_supply_c, space_kw)
        water = (
            f"{unit.name} taps",
            taps.secondary_return_c,
            taps.secondary_supply_c,
            hot_water_kw,
        )
        return [space, water]
    if isinstance(unit, Greenhouse):
        heat = hourly_demand_kw(district, unit, year.weather)
        return [(unit.name, unit.design_return_c, unit.design_supply_c, heat)]
    # The plan of the description gives way to the levels of the scenario.
    level = year.level(unit.name)
    full_kw = hourly_demand_kw(
        district, unit.model_copy(update={"production": _ALWAYS}), year.weather
    )
    if isinstance(unit, BatchProcess):
        heat = np.asarray(full_kw * (level >= _RUNS_FROM_LEVEL))
        return [(unit.name, unit.start_temp_c, preheat_temp_c(unit), heat)]
    design = unit.exchanger
    return [(unit.name, design.secondary_return_c, design.secondary_supply_c, full_kw * level)]


def _stream(
    name: str,
    zone: str,
    temps_c: tuple[float, float],
    heat_kw: FloatArray,
    dt_min_k: float,
    *,
    hot: bool,
) -> Stream:
    return Stream(
        name=name,
        zone=zone,
        kind="hot" if hot else "cold",
        supply_temp_c=temps_c[0],
        target_temp_c=temps_c[1],
        heat_kw=float(heat_kw.mean()),
        dt_contribution_k=0.5 * dt_min_k,
    )
