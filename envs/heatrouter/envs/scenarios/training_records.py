"""The records that the generator may be fitted to: by construction none of a judged year.

Whatever the table below names, an hour of a judged year, or within seven days of one, is dropped
when it is read. Price, load and weather are alike over half a continent: a year is held out
everywhere, not only in the zone that it is judged in.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.errors import Mistake, ScenarioError
from heatrouter.envs.scenarios.csv_rows import Findings, read_rows
from heatrouter.envs.scenarios.scenario_file import FileSeries

JUDGED_YEARS: Final = (2018, 2020, 2023)
EMBARGO: Final = timedelta(days=7)
_LEAST_HOURS: Final = 24 * 30

Quantity = Literal["air", "price", "load"]


@dataclass(frozen=True)
class Record:
    """A column of a file in the data folder.

    Attributes:
        name: Short name for tables.
        quantity: What it is.
        file: Path relative to the data folder.
        column: Header of its column.
        first: First year that is used.
        last: Last year that is used.
    """

    name: str
    quantity: Quantity
    file: str
    column: str
    first: int
    last: int


_DK = "electricity/day_ahead_price_dk1_dk2_2021_2022.csv"
_FLENSBURG = "district_heat/heat_load_flensburg_2014_2018.csv"
_SONDERBORG = "district_heat/heat_load_sonderborg_2016_2018.csv"

RECORDS: Final = (
    Record("Mid-Jutland 2024", "air", "weather/weather_openmeteo_midjutland_dk_2024.csv",
           "ambient_temperature_C", 2024, 2024),
    Record("Bleiswijk 2009-10", "air", "greenhouse/weather_bleiswijk_greenlight_2009_2010.csv",
           "ambient_temperature_C", 2009, 2010),
    Record("Bleiswijk 2022", "air", "greenhouse/weather_bleiswijk_agc3_2022.csv",
           "ambient_temperature_C", 2022, 2022),
    Record("DK1 2016", "price", "electricity/day_ahead_price_dk1_2016.csv",
           "price_DK1_EUR_per_MWh", 2016, 2016),
    Record("DK2 2017", "price", "electricity/day_ahead_price_dk2_2017_2018.csv",
           "price_DK2_EUR_per_MWh", 2017, 2017),
    Record("DK1 2021", "price", _DK, "price_DK1_EUR_per_MWh", 2021, 2021),
    Record("DK2 2021", "price", _DK, "price_DK2_EUR_per_MWh", 2021, 2021),
    Record("DK1 2022", "price", _DK, "price_DK1_EUR_per_MWh", 2022, 2022),
    Record("DK2 2022", "price", _DK, "price_DK2_EUR_per_MWh", 2022, 2022),
    Record("Flensburg 2014", "load", _FLENSBURG, "heat_load_flensburg_MW", 2014, 2014),
    Record("Flensburg 2015", "load", _FLENSBURG, "heat_load_flensburg_MW", 2015, 2015),
    Record("Flensburg 2016", "load", _FLENSBURG, "heat_load_flensburg_MW", 2016, 2016),
    Record("Flensburg 2017", "load", _FLENSBURG, "heat_load_flensburg_MW", 2017, 2017),
    Record("Soenderborg 2016", "load", _SONDERBORG, "heat_load_sonderborg_MW", 2016, 2016),
    Record("Soenderborg 2017", "load", _SONDERBORG, "heat_load_sonderborg_MW", 2017, 2017),
)  # fmt: skip

FUEL_EUR: Final[dict[int, tuple[float, float]]] = {
    2016: (14.0, 5.0),
    2017: (17.0, 6.0),
    2021: (47.0, 53.0),
    2022: (120.0, 81.0),
}
"""Gas, EUR/MWh, and CO2, EUR/t: rounded averages of the years of prices, general knowledge."""


@dataclass(frozen=True)
class Hours:
    """Hourly values of a record.

    Attributes:
        record: Where they come from.
        seconds: Begin of each hour, s since 1970-01-01 UTC.
        values: In the unit of the file.
    """

    record: Record
    seconds: IntArray
    values: FloatArray

    def days(self) -> FloatArray:
        """Return whole UTC days, shape ``(n_days, 24)``; days with gaps are left out."""
        day, hour = np.divmod(self.seconds // 3600, 24)
        first = int(day.min())
        table = np.full((int(day.max()) - first + 1, 24), np.nan)
        table[day - first, hour] = self.values
        return np.asarray(table[~np.isnan(table).any(axis=1)], dtype=np.float64)


def allowed(seconds: IntArray) -> BoolArray:
    """Return which hours may be fitted to: no judged year, and none within the embargo of one.

    Args:
        seconds: s since 1970-01-01 UTC.
    """
    ok = np.ones(seconds.shape, dtype=np.bool_)
    for year in JUDGED_YEARS:
        begin = (datetime(year, 1, 1, tzinfo=UTC) - EMBARGO).timestamp()
        end = (datetime(year + 1, 1, 1, tzinfo=UTC) + EMBARGO).timestamp()
        ok &= (seconds < begin) | (seconds >= end)
    return ok


def read_records(
    folder: Path, records: tuple[Record, ...] = RECORDS
) -> dict[Quantity, list[Hours]]:
    """Read the records, less what :func:`allowed` forbids.

    Args:
        folder: Data folder.
        records: Which.

    Raises:
        ScenarioError: A file is missing or cannot be read, or hardly anything of it is allowed;
            every mistake with file and line.
    """
    found: dict[Quantity, list[Hours]] = {"air": [], "price": [], "load": []}
    mistakes = []
    for record in records:
        hours, messages = _read(folder, record)
        mistakes += [Mistake(record.name, message) for message in messages]
        if hours is not None:
            found[record.quantity].append(hours)
    if mistakes:
        subject = f"training records in {folder}"
        raise ScenarioError(subject, mistakes)
    return found


def _read(folder: Path, record: Record) -> tuple[Hours | None, list[str]]:
    findings = Findings(record.file)
    source = FileSeries(kind="file", file=record.file, column=record.column)
    rows = read_rows(folder / record.file, source, findings)
    if rows is None or findings.messages():
        return None, findings.messages()
    begin = datetime(record.first, 1, 1, tzinfo=UTC).timestamp()
    end = datetime(record.last + 1, 1, 1, tzinfo=UTC).timestamp()
    keep = (rows.seconds >= begin) & (rows.seconds < end) & allowed(rows.seconds)
    if np.count_nonzero(keep) < _LEAST_HOURS:
        years = f"{record.first} to {record.last}"
        return None, [f"{record.file}: fewer than {_LEAST_HOURS} h of {years} may be fitted to"]
    try:
        values = np.array([float(rows.cells[i]) for i in np.flatnonzero(keep)], dtype=np.float64)
    except ValueError as error:
        return None, [f"{record.file}, column {record.column!r}: {error}"]
    return Hours(record, rows.seconds[keep], values), []
