"""Which series a scenario of a district holds: names, units, bounds, and how they are resampled.

One table for the generator, the replay, the forecasts and the checks, so that they cannot disagree.
"""

from dataclasses import dataclass
from typing import Final, Literal

from heatrouter.envs.spec.consumer_units import BatchProcess, FabHeat, ProcessHeat, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import CoolingLoad, Digester, WasteHeatSource

STEP_S: Final = 900
"""Step of every scenario library, s."""

STEPS_PER_HOUR: Final = 3600 // STEP_S
STEPS_PER_DAY: Final = 24 * STEPS_PER_HOUR
HOURS_PER_YEAR: Final = 8760
STEPS_PER_YEAR: Final = HOURS_PER_YEAR * STEPS_PER_HOUR

Resampling = Literal["linear", "hold", "energy"]
"""How coarser data become quarter hours: linear between the centres of intervals, constant over
an interval (tariffs), or spread over it like clear-sky irradiance (keeps the interval's energy)."""


@dataclass(frozen=True)
class SeriesKind:
    """What the values of a series mean.

    Attributes:
        unit: Unit of the values.
        low: Smallest value that is physically possible, in ``unit``.
        high: Largest value that is physically possible, in ``unit``.
        resampling: How data at a coarser step become quarter hours.
    """

    unit: str
    low: float
    high: float
    resampling: Resampling


SITE_SERIES: Final[dict[str, SeriesKind]] = {
    "ambient_temp_c": SeriesKind("degC", -50.0, 50.0, "linear"),
    "ground_temp_c": SeriesKind("degC", -15.0, 35.0, "linear"),
    # 1367 W/m2 is the solar constant: more on the horizontal is a wrong unit or a broken sensor.
    "irradiance_w_m2": SeriesKind("W/m2", 0.0, 1367.0, "energy"),
    "wind_speed_m_s": SeriesKind("m/s", 0.0, 45.0, "linear"),
    # Limits of the European day-ahead auction (SDAC): -500 to 4000 EUR/MWh, 5000 for some weeks.
    "electricity_eur_per_mwh": SeriesKind("EUR/MWh", -500.0, 5000.0, "hold"),
    "gas_eur_per_mwh": SeriesKind("EUR/MWh", 0.0, 500.0, "hold"),
    "co2_eur_per_t": SeriesKind("EUR/t", 0.0, 1000.0, "hold"),
    "carbon_intensity_g_per_kwh": SeriesKind("g/kWh", 0.0, 2000.0, "linear"),
    "local_hour": SeriesKind("h", 0.0, 24.0, "hold"),
    "weekday": SeriesKind("1", 0.0, 6.0, "hold"),
    "day_of_year": SeriesKind("1", 1.0, 366.0, "hold"),
}
"""The series of every district, in the order of the columns."""

CALENDAR_SERIES: Final = ("local_hour", "weekday", "day_of_year")
"""Known without a forecast; local time at the start of the step."""

LEVEL_KIND: Final = SeriesKind("1", 0.0, 1.0, "linear")
HOT_WATER_KIND: Final = SeriesKind("kW", 0.0, 1.0e6, "linear")
SHARE_KIND: Final = SeriesKind("1", 0.0, 1.0, "hold")
FAULT_ENDINGS: Final = (".availability", ".cleanness", ".pump")
"""Optional series of faults: share of a producer's capacity, UA over clean UA, share of a pump's
head. A library without them has healthy plants."""

SHARED_HOT_WATER: Final = "hot_water_kw_per_mwh"
"""Hot water of all substations alike, for each MWh a year of theirs; the simulator scales it."""

SHARED_HOT_WATER_KIND: Final = SeriesKind("kW/(MWh/a)", 0.0, 10.0, "linear")

MOST_OWN_HOT_WATER: Final = 40
"""Substations up to which each has a series of its own, 0.3 MB a year; of more they average out."""

ProductionUnit = WasteHeatSource | CoolingLoad | Digester | ProcessHeat | BatchProcess | FabHeat
"""A unit that follows a production plan."""


def production_units(district: District) -> tuple[ProductionUnit, ...]:
    """Return the units that follow a production plan, in the order of the district."""
    return tuple(unit for unit in district.units if isinstance(unit, ProductionUnit))


def substations(district: District) -> tuple[Substation, ...]:
    """Return the units that draw hot water, in the order of the district."""
    return tuple(unit for unit in district.units if isinstance(unit, Substation))


def level_series(unit: str) -> str:
    """Return the name of a unit's production level."""
    return f"{unit}.level"


def hot_water_series(unit: str) -> str:
    """Return the name of a substation's hot-water draw."""
    return f"{unit}.hot_water_kw"


def shares_hot_water(district: District) -> bool:
    """Whether all substations of a district draw by one series, since there are many."""
    return len(substations(district)) > MOST_OWN_HOT_WATER


def series_of(district: District) -> dict[str, SeriesKind]:
    """Return all series of a district in the order of their columns."""
    if shares_hot_water(district):
        hot_water = {SHARED_HOT_WATER: SHARED_HOT_WATER_KIND}
    else:
        hot_water = {hot_water_series(unit.name): HOT_WATER_KIND for unit in substations(district)}
    return {
        **SITE_SERIES,
        **{level_series(unit.name): LEVEL_KIND for unit in production_units(district)},
        **hot_water,
    }


def kind_of(series: str) -> SeriesKind | None:
    """Return what a series name means, or None for a name that no district has."""
    if series in SITE_SERIES:
        return SITE_SERIES[series]
    if series == SHARED_HOT_WATER:
        return SHARED_HOT_WATER_KIND
    if series.endswith(".level"):
        return LEVEL_KIND
    if series.endswith(".hot_water_kw"):
        return HOT_WATER_KIND
    if series.endswith(FAULT_ENDINGS):
        return SHARE_KIND
    return None
