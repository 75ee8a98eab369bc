"""Real weather: the German test reference years (TRY 2010 of the DWD) that demandlib carries.

Each of the 15 regions has one typical year of hourly values. What the files need:

* Hours are CET 1..24 and name the interval that ends there: the first hour of the file is the last
  one of 31 December in UTC, and wraps to the end.
* Irradiance comes early against the sun, by up to 0.6 h and differently from station to station
  (some are in true solar time). It has to move later by the whole number of quarter hours that
  brings its mean hour nearest to solar noon. What stays is below 8 minutes in the mean over the
  year, and the equation of time (16 minutes) where a station is in solar time.
* Four stations have single hours of 35 to 66 m/s wind between calm ones: sensor faults, replaced.
"""

import math
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.catalogue import HOURS_PER_YEAR, STEPS_PER_HOUR
from heatrouter.envs.scenarios.solar import solar_noon_utc_h

REGIONS: Final = range(1, 16)
LABEL_YEAR: Final = 2010
"""The year that the files are named after; the data are typical of 1988 to 2007."""

CREDIT: Final = "Deutscher Wetterdienst (DWD), Testreferenzjahre 2010, as carried by demandlib"

_CET_OFFSET_H = 1
_WIND_SPIKE_M_S = 12.0
_PLACE = re.compile(r"Lage:\s*(\d+)°(\d+)'N.*?(\d+)°(\d+)'O.*?(\d+)\s*Meter")
_STATION = re.compile(r"Station:\s*(\S+(?: \S+)*)")
# Columns of the table: wind speed, temperature, direct and diffuse horizontal irradiance.
_WIND, _TEMP, _DIRECT, _DIFFUSE = 7, 8, 13, 14
_COLUMNS = 19
_HEAD_LINES = 10
_FOREIGN = "{} is not in the format of TRY 2010; install demandlib 0.2.2"


@dataclass(frozen=True)
class Station:
    """Where a reference year was measured.

    Attributes:
        region: Number of the climate region, 1..15.
        name: Name of the weather station.
        latitude_deg: North positive, degrees.
        longitude_deg: East positive, degrees.
        altitude_m: Above sea level, m.
    """

    region: int
    name: str
    latitude_deg: float
    longitude_deg: float
    altitude_m: float


@dataclass(frozen=True)
class ReferenceYear:
    """One test reference year, hourly means from 1 January 0 h UTC.

    Attributes:
        station: Where it was measured.
        ambient_temp_c: Air temperature at 2 m, degC, shape ``(8760,)``.
        irradiance_w_m2: Global horizontal irradiance, W/m2, stamped as in the file; see
            `steps_to_noon`.
        wind_speed_m_s: At 10 m, m/s.
        replaced_hours: Hours of wind that were replaced.
    """

    station: Station
    ambient_temp_c: FloatArray
    irradiance_w_m2: FloatArray
    wind_speed_m_s: FloatArray
    replaced_hours: int

    @property
    def source(self) -> str:
        """Region, station and credit, for the provenance."""
        repaired = f", {self.replaced_hours} h of wind replaced" if self.replaced_hours else ""
        return f"TRY 2010 region {self.station.region} ({self.station.name}){repaired}; {CREDIT}"


@cache
def load_station(region: int) -> Station:
    """Read the head of a region's file; arguments and errors as `load_reference_year`."""
    path = _path(region)
    with path.open(encoding="utf-8") as file:
        head = "".join(islice(file, _HEAD_LINES))
    place, station = _PLACE.search(head), _STATION.search(head)
    if place is None or station is None:
        raise ScenarioError(_FOREIGN.format(path.name))
    return Station(
        region=region,
        name=station[1],
        latitude_deg=int(place[1]) + int(place[2]) / 60.0,
        longitude_deg=int(place[3]) + int(place[4]) / 60.0,
        altitude_m=float(place[5]),
    )


@cache
def load_reference_year(region: int) -> ReferenceYear:
    """Read the test reference year of a region from the installed demandlib.

    Args:
        region: 1..15.

    Raises:
        ScenarioError: There is no such region, or demandlib is missing or holds another format.
    """
    station = load_station(region)
    path = _path(region)
    _, _, table = path.read_text(encoding="utf-8").partition("\n***\n")
    cells = np.array(table.split(), dtype=np.float64)
    if cells.size != HOURS_PER_YEAR * _COLUMNS:
        raise ScenarioError(_FOREIGN.format(path.name))
    rows = np.roll(cells.reshape(HOURS_PER_YEAR, _COLUMNS), -_CET_OFFSET_H, axis=0)
    wind, replaced = _without_spikes(rows[:, _WIND])
    temp, sun = rows[:, _TEMP].copy(), rows[:, _DIRECT] + rows[:, _DIFFUSE]
    for values in (temp, sun, wind):
        # Read once per process and shared.
        values.setflags(write=False)
    return ReferenceYear(
        station=station,
        ambient_temp_c=temp,
        irradiance_w_m2=sun,
        wind_speed_m_s=wind,
        replaced_hours=replaced,
    )


@cache
def neighbours(region: int) -> tuple[int, ...]:
    """Return the other regions, the climatically nearest first.

    Near means few kilometres between the stations and few metres of altitude: 100 m of altitude
    count as much as 50 km.
    """
    home = load_station(region)

    def distance_km(other: Station) -> float:
        north = math.radians(other.latitude_deg - home.latitude_deg)
        middle = math.radians((other.latitude_deg + home.latitude_deg) / 2.0)
        east = math.radians(other.longitude_deg - home.longitude_deg) * math.cos(middle)
        return 6371.0 * math.hypot(north, east) + 0.5 * abs(other.altitude_m - home.altitude_m)

    others = [load_station(number) for number in REGIONS if number != region]
    return tuple(other.region for other in sorted(others, key=distance_km))


def solar_lag_h(irradiance_w_m2: FloatArray, hours_utc: FloatArray, longitude_deg: float) -> float:
    """Return by how many hours the irradiance-weighted mean time lags behind solar noon.

    Args:
        irradiance_w_m2: Irradiance, W/m2, shape ``(n,)``.
        hours_utc: Centre of each interval, hours since 1 January 0 h UTC, shape ``(n,)``.
        longitude_deg: East positive, degrees.
    """
    day = np.floor(hours_utc / 24.0) + 1.0
    lag = (hours_utc % 24.0) - solar_noon_utc_h(longitude_deg, day)
    return float(np.sum(irradiance_w_m2 * lag) / np.sum(irradiance_w_m2))


def steps_to_noon(irradiance_w_m2: FloatArray, longitude_deg: float) -> int:
    """Return by how many quarter hours a year of hourly irradiance has to move later.

    Args:
        irradiance_w_m2: Hourly means from 1 January 0 h UTC, W/m2, shape ``(8760,)``.
        longitude_deg: Where the sun shall culminate: that of the station, or of the site that the
            year stands in for. East positive, degrees.
    """
    centres: FloatArray = np.arange(HOURS_PER_YEAR, dtype=np.float64) + 0.5
    return round(-solar_lag_h(irradiance_w_m2, centres, longitude_deg) * STEPS_PER_HOUR)


def _without_spikes(wind_m_s: FloatArray) -> tuple[FloatArray, int]:
    before, after = np.roll(wind_m_s, 1), np.roll(wind_m_s, -1)
    spikes: IntArray = np.flatnonzero(wind_m_s > np.maximum(before, after) + _WIND_SPIKE_M_S)
    repaired = wind_m_s.copy()
    repaired[spikes] = (before[spikes] + after[spikes]) / 2.0
    return repaired, int(spikes.size)


def _path(region: int) -> Path:
    # The package is found, not imported: importing demandlib takes pandas and a second.
    spec = find_spec("demandlib")
    if spec is None or not spec.submodule_search_locations:
        message = "the package demandlib, which carries the reference weather, is not installed"
        raise ScenarioError(message)
    folder = Path(spec.submodule_search_locations[0]) / "vdi" / "resources_weather"
    path = folder / f"TRY{LABEL_YEAR}_{region:02d}_Jahr.dat"
    if not path.is_file():
        message = f"there is no {path.name} in demandlib: region {region} must be 1 to 15"
        raise ScenarioError(message)
    return path
