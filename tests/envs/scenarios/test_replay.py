"""Scenario files with small CSV files written here, good ones and every bad one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District

START = datetime(2021, 3, 26, tzinfo=UTC)
DAYS = 4
HOURS = 24 * DAYS


def stamps(count: int = HOURS, start: datetime = START, minutes: int = 60) -> list[str]:
    return [
        (start + k * timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for k in range(count)
    ]


class Data:
    """A data folder with one file and a scenario file that a test can spoil."""

    def __init__(self, folder: Path, district: District) -> None:
        self.folder = folder
        self.district = district
        self.rows = [[stamp, f"{5.0 + k % 24:g}", "100"] for k, stamp in enumerate(stamps())]
        self.header = ["timestamp_utc", "air", "price"]
        constant = {"kind": "constant", "value": 50.0, "note": "a test"}
        self.air: dict[str, object] = {"kind": "file", "file": "data.csv", "column": "air"}
        self.price: dict[str, object] = {"kind": "file", "file": "data.csv", "column": "price"}
        self.content: dict[str, object] = {
            "name": "small",
            "title": "a test",
            "split": "test",
            "start_utc": "2021-03-26T00:00:00Z",
            "days": DAYS,
            "seed": 1,
            "site": {
                "ambient_temp_c": self.air,
                "ground_temp_c": {**constant, "value": 8.0},
                "irradiance_w_m2": {"kind": "reference_year", "region": 13, "note": "stand-in"},
                "wind_speed_m_s": {**constant, "value": 3.0},
                "electricity_eur_per_mwh": self.price,
                "gas_eur_per_mwh": constant,
                "co2_eur_per_t": constant,
                "carbon_intensity_g_per_kwh": constant,
            },
        }

    def site(self, series: str, **source: object) -> None:
        sources = self.content["site"]
        assert isinstance(sources, dict)
        sources[series] = source

    def library(self, count: int = 1, seed: int = 0) -> ScenarioLibrary:
        text = "\n".join(",".join(row) for row in [self.header, *self.rows])
        (self.folder / "data.csv").write_text(text + "\n", encoding="utf-8")
        path = self.folder / "small.yaml"
        path.write_text(yaml.safe_dump(self.content), encoding="utf-8")
        return build_library(self.district, "test", count, seed, self.folder, path)

    def mistakes(self) -> str:
        with pytest.raises(ScenarioError) as caught:
            self.library()
        assert caught.value.exit_code == 78
        return str(caught.value)


@pytest.fixture
def data(tmp_path: Path, district: District) -> Data:
    return Data(tmp_path, district)


def test_a_replayed_file_is_what_the_file_says(data: Data) -> None:
    library = data.library()
    assert library.names == ("small",)
    assert library.split == "test"
    assert library.start_utc == ("2021-03-26T00:00:00+00:00",)
    assert library.n_steps == 96 * DAYS
    air = library.values[0, :, library.column("ambient_temp_c")]
    price = library.values[0, :, library.column("electricity_eur_per_mwh")]
    # The centre of an hour lies between its second and third quarter.
    np.testing.assert_allclose((air[5::4][:20] + air[6::4][:20]) / 2.0, 6.0 + np.arange(20))
    assert np.all(price == 100.0)
    entry = library.provenance[0]
    assert entry["ambient_temp_c"] == "data.csv, air"
    assert entry["ground_temp_c"] == "constant 8 degC: a test"
    assert entry["irradiance_w_m2"].endswith("stand-in")


def test_clock_changes_do_not_move_real_data(data: Data) -> None:
    # 2021-03-28 01:00 UTC: the local clock jumps, the price of that UTC hour stays where it is.
    hour = 2 * 24 + 1
    data.rows[hour][2] = "500"
    library = data.library()
    price = library.values[0, :, library.column("electricity_eur_per_mwh")]
    local = library.values[0, :, library.column("local_hour")]
    assert np.flatnonzero(price == 500.0).tolist() == list(range(4 * hour, 4 * hour + 4))
    assert local[4 * hour - 1] == 1.75
    assert local[4 * hour] == 3.0


def test_more_scenarios_of_a_file_share_its_data(data: Data) -> None:
    library = data.library(count=3)
    assert library.names == ("small", "small-s0-0001", "small-s0-0002")
    air, level = library.column("ambient_temp_c"), library.column("dairy.level")
    np.testing.assert_array_equal(library.values[0, :, air], library.values[2, :, air])
    assert not np.array_equal(library.values[0, :, level], library.values[2, :, level])
    assert data.library(seed=5).names == ("small-s5-0000",)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_scenario_is_kept_for_its_split(data: Data, split: str) -> None:
    data.library()
    with pytest.raises(ScenarioError, match="split: 'test' is what this scenario is kept for"):
        build_library(
            data.district,
            split,  # type: ignore[arg-type]
            1,
            data_dir=data.folder,
            scenario=data.folder / "small.yaml",
        )


def test_the_data_folder_is_that_of_the_scenario_file_by_default(data: Data) -> None:
    first = data.library()
    again = build_library(data.district, "test", 1, scenario=str(data.folder / "small.yaml"))
    np.testing.assert_array_equal(first.values, again.values)


def test_units_and_clocks_are_converted(data: Data) -> None:
    # Kelvin, stamped at the end of the interval, on a clock one hour ahead of UTC.
    data.rows = [
        [(START + (k + 2) * timedelta(hours=1)).strftime("%Y-%m-%d %H:%M"), f"{273.15 + k}", "1"]
        for k in range(-2, HOURS)
    ]
    data.site(
        "ambient_temp_c", **self_file("air", clock="utc+1", stamp="end", offset=-273.15, scale=1.0)
    )
    data.site("electricity_eur_per_mwh", kind="constant", value=1.0, note="none")
    data.rows = [row for row in data.rows if float(row[1]) - 273.15 < 49.0]
    data.content["days"] = 2
    library = data.library()
    air = library.values[0, :, library.column("ambient_temp_c")]
    # The last half hour has no neighbour and stays level.
    np.testing.assert_allclose(((air[5::4] + air[6::4]) / 2.0)[:-1], np.arange(1.0, 47.0))


def self_file(column: str, **more: object) -> dict[str, object]:
    return {"kind": "file", "file": "data.csv", "column": column, **more}


def test_quarter_hours_are_taken_as_they_are(data: Data) -> None:
    data.rows = [[s, str(k % 40), "1"] for k, s in enumerate(stamps(4 * HOURS, minutes=15))]
    data.air["step_minutes"] = data.price["step_minutes"] = 15
    library = data.library()
    air = library.values[0, :, library.column("ambient_temp_c")]
    np.testing.assert_array_equal(air, np.arange(4 * HOURS) % 40)


def test_irradiance_keeps_the_energy_of_each_hour(data: Data) -> None:
    for k, row in enumerate(data.rows):
        row[2] = "300" if 7 <= k % 24 <= 15 else "0"
    data.site("irradiance_w_m2", **self_file("price"))
    library = data.library()
    sun = library.values[0, :, library.column("irradiance_w_m2")].reshape(-1, 4)
    np.testing.assert_allclose(sun.mean(axis=1), [float(row[2]) for row in data.rows])


def test_another_year_is_put_on_the_calendar_and_said(data: Data) -> None:
    leap = datetime(2020, 1, 1, tzinfo=UTC)
    data.rows = [[s, "1", str(int(s[8:10]))] for s in stamps(8784, leap)]
    data.air["align"] = data.price["align"] = "calendar"
    library = data.library()
    price = library.values[0, :, library.column("electricity_eur_per_mwh")]
    assert [price[96 * day] for day in range(4)] == [26.0, 27.0, 28.0, 29.0]
    assert "put on the calendar of this year" in library.provenance[0]["ambient_temp_c"]


def test_several_years_cannot_be_put_on_one_calendar(data: Data) -> None:
    data.rows = [[s, "1", "1"] for s in stamps(2 * 8760, datetime(2018, 1, 1, tzinfo=UTC))]
    data.air["align"] = data.price["align"] = "calendar"
    assert "same day and hour as line" in data.mistakes()


def test_a_gap_of_two_hours_is_filled_and_said(data: Data) -> None:
    expected = data.library()
    column = expected.column("ambient_temp_c")
    del data.rows[30:32]
    data.rows[50][1] = ""
    library = data.library()
    assert library.provenance[0]["ambient_temp_c"] == "data.csv, air; 3 missing intervals filled"
    assert "2 missing intervals" in library.provenance[0]["electricity_eur_per_mwh"]
    np.testing.assert_allclose(library.values[0, :, column], expected.values[0, :, column])


def test_a_longer_gap_is_refused_with_its_place(data: Data) -> None:
    del data.rows[30:33]
    message = data.mistakes()
    assert (
        "site.ambient_temp_c: data.csv, column 'air', after line 31: nothing from 2021-03-27T06:00Z"
        " to 2021-03-27T09:00Z; gaps are filled up to 2 h" in message
    )
    assert "site.electricity_eur_per_mwh: data.csv" in message


@pytest.mark.parametrize(
    ("part", "place"),
    [(slice(0, 1), "at the beginning"), (slice(HOURS - 1, HOURS), f"after line {HOURS}")],
)
def test_the_ends_are_never_filled(data: Data, part: slice, place: str) -> None:
    del data.rows[part]
    assert f"{place}: nothing from" in data.mistakes()


def spoil_duplicate(data: Data) -> None:
    data.rows.insert(11, list(data.rows[10]))


def spoil_order(data: Data) -> None:
    data.rows[10], data.rows[11] = data.rows[11], data.rows[10]


def spoil_time_zone(data: Data) -> None:
    data.rows[10][0] = data.rows[10][0].removesuffix("Z")


def spoil_stamp(data: Data) -> None:
    data.rows[10][0] = "26.03.2021 10:00"


def spoil_grid(data: Data) -> None:
    for row in data.rows:
        row[0] = row[0].replace(":00:00Z", ":10:00Z")


def spoil_step(data: Data) -> None:
    data.rows.insert(11, ["2021-03-26T10:30:00Z", "5", "5"])


def spoil_range(data: Data) -> None:
    data.rows[10][1] = "283.15"


def spoil_number(data: Data) -> None:
    data.rows[10][1] = "5 degC"


def spoil_infinity(data: Data) -> None:
    data.rows[10][1] = "inf"


def spoil_cells(data: Data) -> None:
    data.rows[10] = data.rows[10][:2]


def spoil_header(data: Data) -> None:
    data.header[1] = "temperature"


def spoil_time_header(data: Data) -> None:
    data.header[0] = "time"


def spoil_separator(data: Data) -> None:
    data.header = [";".join(data.header)]


def spoil_clocks(data: Data) -> None:
    data.air["clock"] = "utc+1"


def spoil_rows(data: Data) -> None:
    data.rows = []


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_duplicate, "data.csv, line 13: same time as line 12; keep one"),
        (spoil_order, "data.csv, line 13: earlier than line 12; sort the rows by time"),
        (
            spoil_time_zone,
            "line 12, column 'timestamp_utc': '2021-03-26T10:00:00' has no time zone",
        ),
        (spoil_stamp, "line 12, column 'timestamp_utc': '26.03.2021 10:00' is no ISO-8601 time"),
        (spoil_grid, "data.csv, line 2: off the grid of 60 min"),
        (spoil_step, "data.csv, line 13: 30 min after the row before; step_minutes is 60"),
        (spoil_range, "line 12, column 'air': 283.15 degC leaves -50..50; check unit"),
        (spoil_number, "line 12, column 'air': '5 degC' is no number"),
        (spoil_infinity, "line 12, column 'air': inf degC leaves -50..50"),
        (spoil_cells, "data.csv, line 12: 2 cells, the header has 3"),
        (
            spoil_header,
            "line 1: no column 'air'; there are: timestamp_utc, temperature, price",
        ),
        (
            spoil_clocks,
            "line 2, column 'timestamp_utc': '2021-03-26T00:00:00Z' carries its own offset",
        ),
        (spoil_rows, "data.csv, line 2: no rows below the header"),
        (
            spoil_time_header,
            (
                "line 1: no column 'timestamp_utc'; there are: time, air, price; "
                "timestamp_column names the one with the time stamps"
            ),
        ),
        (
            spoil_separator,
            (
                "line 1: no column 'timestamp_utc', 'air'; there are: timestamp_utc;air;price; "
                "cells have to be separated by commas, decimals by points"
            ),
        ),
    ],
)
def test_bad_data_is_refused_with_file_line_and_column(
    data: Data, spoil: Callable[[Data], None], message: str
) -> None:
    spoil(data)
    assert f"site.ambient_temp_c: data.csv, {message.removeprefix('data.csv, ')}" in data.mistakes()


def test_a_missing_file_is_one_clear_message(data: Data) -> None:
    data.air["file"] = "weather/none.csv"
    message = data.mistakes()
    assert "scenario 'small': 1 mistake\n" in message
    assert "site.ambient_temp_c: weather/none.csv, not found in" in message


def test_a_folder_and_a_binary_file_are_no_csv(data: Data) -> None:
    (data.folder / "folder.csv").mkdir()
    data.air["file"] = "folder.csv"
    assert "folder.csv, cannot be read" in data.mistakes()
    (data.folder / "binary.csv").write_bytes(b"timestamp_utc,air\n\xff\xfe\x00")
    data.air["file"] = "binary.csv"
    assert "binary.csv, cannot be read" in data.mistakes()


def test_many_mistakes_of_a_sort_are_counted_not_listed(data: Data) -> None:
    for row in data.rows:
        row[1] = "1000"
    message = data.mistakes()
    assert message.count("1000 degC leaves") == 3
    assert f"data.csv: {HOURS - 3} more lines with values out of range" in message


def test_a_missing_series_is_one_clear_message(data: Data) -> None:
    sources = data.content["site"]
    assert isinstance(sources, dict)
    del sources["co2_eur_per_t"]
    message = data.mistakes()
    assert "1 mistake" in message
    assert "site.co2_eur_per_t" in message


def test_all_mistakes_of_a_scenario_file_come_at_once(data: Data) -> None:
    data.content["days"] = 0
    data.content["split"] = "judge"
    data.air["clock"] = "Europe/Berlin"
    message = data.mistakes()
    assert "3 mistakes" in message
    assert {"days", "split"} <= {line.strip().split(":")[0] for line in message.splitlines()}


def test_the_ground_is_computed_from_whole_years_only(data: Data) -> None:
    data.site("ground_temp_c", kind="computed")
    assert "site.ground_temp_c: computed from a whole year of air; days is 4" in data.mistakes()


def test_a_constant_has_the_limits_of_its_series(data: Data) -> None:
    data.site("ground_temp_c", kind="constant", value=281.0, note="kelvin")
    assert "site.ground_temp_c.value: 281 leaves -15..35 degC; check the unit" in data.mistakes()


def test_a_step_must_divide_the_day(data: Data) -> None:
    data.air["step_minutes"] = 105
    assert "site.ambient_temp_c.step_minutes: 105 min is no divisor" in data.mistakes()


def test_a_reference_year_has_no_leap_day(data: Data) -> None:
    data.content["start_utc"] = "2020-01-01T00:00:00Z"
    data.content["days"] = 366
    data.rows = [[s, "1", "1"] for s in stamps(8784, datetime(2020, 1, 1, tzinfo=UTC))]
    assert "site.irradiance_w_m2: a reference year has 365 days" in data.mistakes()


def test_series_of_units_can_be_replayed(data: Data) -> None:
    for row in data.rows:
        row[2] = "40"
    data.content["units"] = [
        {"series": "dairy.level", "source": self_file("price", scale=0.01)},
        {"series": "town_old.hot_water_kw", "source": self_file("price")},
    ]
    library = data.library()
    assert np.all(library.values[0, :, library.column("dairy.level")] == 0.4)
    assert np.all(library.values[0, :, library.column("town_old.hot_water_kw")] == 40.0)
    assert library.provenance[0]["dairy.level"] == "data.csv, price"


def test_series_of_units_must_exist_once(data: Data) -> None:
    level = {"kind": "constant", "value": 0.5, "note": "half"}
    data.content["units"] = [
        {"series": "dairy.level", "source": level},
        {"series": "dairy.level", "source": level},
        {"series": "creamery.level", "source": level},
    ]
    message = data.mistakes()
    assert "units[1]: 'dairy.level' is given twice" in message
    assert (
        "units[2].series: 'creamery.level' is no series of the district energy-web; there are:"
        in message
    )
