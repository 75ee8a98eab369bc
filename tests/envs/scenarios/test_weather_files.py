"""EPW, TMY3 and PVGIS files and standard load profiles as sources of a scenario file."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import yaml

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.load_profiles import standard_load
from heatrouter.envs.scenarios.local_time import calendar, local_seconds
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District

HOURS = 8760


def hourly_air() -> list[float]:
    """A year whose hours can be told from each other."""
    return [round(10.0 + 0.001 * hour, 3) for hour in range(HOURS)]


def epw(offset_h: float, air: list[float]) -> str:
    head = [
        f"LOCATION,Somewhere,BY,DEU,test,000000,48.0,12.0,{offset_h:.1f},400.0",
        "DESIGN CONDITIONS,0",
        "TYPICAL/EXTREME PERIODS,0",
        "GROUND TEMPERATURES,0",
        "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
        "COMMENTS 1,",
        "COMMENTS 2,",
        "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31",
    ]
    months = np.arange("2010-01-01", "2011-01-01", dtype="datetime64[h]")
    rows = []
    for hour, (stamp, value) in enumerate(zip(months.tolist(), air, strict=True)):
        sun = 500.0 if 10 <= hour % 24 < 14 else 0.0
        cells = [stamp.year, stamp.month, stamp.day, stamp.hour + 1, 60, "x", value, 5, 80, 96000]
        cells += [0, 0, 300, sun, 0, sun, 0, 0, 0, 0, 180, 3.0, *([0] * 13)]
        rows.append(",".join(map(str, cells)))
    return "\n".join([*head, *rows]) + "\n"


def pvgis(air: list[float]) -> str:
    """The CSV of PVGIS: one year stands for all, months from different years do not matter."""
    head = ["Latitude (decimal degrees): 48.0", "Longitude (decimal degrees): 12.0",
            "Elevation (m): 400.0", "month,year", *[f"{m},2010" for m in range(1, 13)],
            "time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP"]  # fmt: skip
    stamps = np.arange("2010-01-01", "2011-01-01", dtype="datetime64[h]").tolist()
    rows = [
        f"{stamp:%Y%m%d:%H%M},{value},80,100,0,100,300,3.0,180,96000"
        for stamp, value in zip(stamps, air, strict=True)
    ]
    tail = ["", "T2m: 2-m air temperature (degree Celsius)", "PVGIS (c) European Union"]
    return "\r\n".join([*head, *rows, *tail]) + "\r\n"


def library(folder: Path, district: District, **air: object) -> ScenarioLibrary:
    constant = {"kind": "constant", "value": 50.0, "note": "a test"}
    other = {k: v for k, v in air.items() if k not in {"sun", "units"}}
    content = {
        "name": "typical",
        "title": "a test",
        "split": "test",
        "start_utc": "2021-01-01T00:00:00Z",
        "seed": 1,
        "site": {
            "ambient_temp_c": {"kind": "weather_file", "note": "a test", **other},
            "ground_temp_c": {"kind": "computed"},
            "irradiance_w_m2": air.get("sun", {"kind": "generated"}),
            "wind_speed_m_s": {**constant, "value": 3.0},
            "electricity_eur_per_mwh": constant,
            "gas_eur_per_mwh": constant,
            "co2_eur_per_t": constant,
            "carbon_intensity_g_per_kwh": constant,
        },
        "units": air.get("units", []),
    }
    path = folder / "typical.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return build_library(district, "test", 1, data_dir=folder, scenario=path)


def air_of(made: ScenarioLibrary) -> FloatArray:
    hourly: FloatArray = (
        made.values[0, :, made.column("ambient_temp_c")].reshape(-1, 4).mean(axis=1)
    )
    return hourly


def test_epw_hours_are_put_on_utc(tmp_path: Path, district: District) -> None:
    (tmp_path / "site.epw").write_text(epw(1.0, hourly_air()), encoding="utf-8")
    sun = {"kind": "weather_file", "file": "site.epw", "format": "epw", "note": "a test"}
    made = library(tmp_path, district, file="site.epw", format="epw", sun=sun)
    # the first hour in UTC is the second one of the file, whose clock is an hour ahead
    np.testing.assert_allclose(air_of(made)[1:-2], hourly_air()[2:-1], atol=1e-3)
    irradiance = made.values[0, :, made.column("irradiance_w_m2")]
    assert irradiance.sum() / 4.0 == pytest.approx(365 * 4 * 500.0)
    assert "site.epw (epw)" in made.provenance[0]["ambient_temp_c"]


def test_pvgis_years_are_in_utc(tmp_path: Path, district: District) -> None:
    (tmp_path / "tmy.csv").write_text(pvgis(hourly_air()), encoding="utf-8", newline="")
    made = library(tmp_path, district, file="tmy.csv", format="pvgis_tmy")
    np.testing.assert_allclose(air_of(made)[1:-1], hourly_air()[1:-1], atol=1e-3)


def test_a_tmy3_file_that_pvlib_carries(tmp_path: Path, district: District) -> None:
    pvlib = pytest.importorskip("pvlib")
    original = Path(pvlib.__file__).parent / "data" / "703165TY.csv"
    (tmp_path / "tmy3.csv").write_bytes(original.read_bytes())
    made = library(tmp_path, district, file="tmy3.csv", format="tmy3")
    assert 2.0 < air_of(made).mean() < 8.0  # Sand Point, Alaska


def test_values_out_of_range_are_named_with_their_line(tmp_path: Path, district: District) -> None:
    kelvin = [value + 273.15 for value in hourly_air()]
    (tmp_path / "site.epw").write_text(epw(1.0, kelvin), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        library(tmp_path, district, file="site.epw", format="epw")
    assert "site.epw, line 9: 283.15 leaves -50..50 degC" in str(caught.value)
    assert "8757 more hours out of range" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("hello\n", "is no epw file that pvlib can read"), (None, "not found in")],
)
def test_files_that_are_none(
    tmp_path: Path, district: District, text: str | None, message: str
) -> None:
    if text is not None:
        (tmp_path / "site.epw").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=message):
        library(tmp_path, district, file="site.epw", format="epw")


def test_without_pvlib_the_message_says_what_to_install(
    tmp_path: Path, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site.epw").write_text(epw(1.0, hourly_air()), encoding="utf-8")
    monkeypatch.setitem(sys.modules, "pvlib", None)
    with pytest.raises(ScenarioError, match=r"pip install 'heatrouter\[io\]'"):
        library(tmp_path, district, file="site.epw", format="epw")


def test_standard_loads_follow_the_local_clock_and_add_up() -> None:
    start = datetime(2021, 1, 1, tzinfo=UTC)
    days = calendar(local_seconds(start, 35040, 900, "Europe/Berlin"))
    draw = standard_load("h0", 2021, days, 100.0)
    # summer time moves 4 quarter hours out of the year and others in: not to the last digit
    assert draw.sum() / 4.0 == pytest.approx(100_000.0, rel=1e-3)
    level = standard_load("g1", 2021, days, None)
    assert level.max() == pytest.approx(1.0)
    hour, weekday, _ = days
    assert (
        level[(weekday < 5) & (hour == 11)].mean() > 5 * level[(weekday < 5) & (hour == 3)].mean()
    )
    for month in (1, 7):  # the same local hour is busy in winter and in summer
        day = slice((month * 30 + 4) * 96, (month * 30 + 5) * 96)
        busiest = hour[day][np.argmax(level[day])]
        assert 8 <= busiest <= 13


def test_standard_loads_are_series_of_units(tmp_path: Path, district: District) -> None:
    (tmp_path / "site.epw").write_text(epw(1.0, hourly_air()), encoding="utf-8")
    profile = {"kind": "standard_load", "profile": "g3", "note": "runs through"}
    units = [
        {"series": "dairy.level", "source": profile},
        {"series": "town_old.hot_water_kw", "source": {**profile, "annual_mwh": 900.0}},
    ]
    made = library(tmp_path, district, file="site.epw", format="epw", units=units)
    hot_water = made.values[0, :, made.column("town_old.hot_water_kw")]
    assert hot_water.sum() / 4000.0 == pytest.approx(900.0, rel=1e-3)
    assert "BDEW profile g3" in made.provenance[0]["dairy.level"]
    wrong = [
        {"series": "dairy.level", "source": {**profile, "annual_mwh": 1.0}},
        {"series": "town_old.hot_water_kw", "source": profile},
    ]
    with pytest.raises(ScenarioError) as caught:
        library(tmp_path, district, file="site.epw", format="epw", units=wrong)
    assert "units[0].annual_mwh: a level has its peak at 1" in str(caught.value)
    assert "units[1].annual_mwh: a draw in kW needs annual_mwh" in str(caught.value)
