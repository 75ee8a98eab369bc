import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.catalogue import series_of
from heatrouter.envs.scenarios.generator import scenario_key
from heatrouter.envs.scenarios.library import ScenarioLibrary, Split
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.scenarios.weather_generator import base_regions
from heatrouter.envs.spec.district import District

SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def series(library: ScenarioLibrary, name: str) -> FloatArray:
    return library.values[:, :, library.column(name)]


def test_a_library_holds_a_year_of_every_series_of_the_district(
    train: ScenarioLibrary, district: District
) -> None:
    assert train.series == tuple(series_of(district))
    assert train.values.shape == (4, 35040, len(train.series))
    assert train.values.flags.c_contiguous
    assert train.step_s == 900
    assert train.names[0] == "generated-train-0000"
    assert "glassworks.level" in train.series
    assert "town_old.hot_water_kw" in train.series


def test_the_same_arguments_give_the_same_bits(district: District, train: ScenarioLibrary) -> None:
    again = build_library(district, "train", 4)
    np.testing.assert_array_equal(again.values, train.values)
    assert again.provenance == train.provenance


def test_another_process_gives_the_same_bits(train: ScenarioLibrary) -> None:
    code = (
        "import hashlib, sys\n"
        "from heatrouter.envs.scenarios.sources import build_library\n"
        "from heatrouter.envs.spec.loading import load_district\n"
        "library = build_library(load_district('energy-web'), 'train', 1)\n"
        "print(hashlib.sha256(library.values.tobytes()).hexdigest(), 'pandas' in sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )
    import hashlib

    expected = hashlib.sha256(train.select([0]).values.tobytes()).hexdigest()
    assert done.stdout.split() == [expected, "False"]


def test_the_count_does_not_change_a_scenario(district: District, train: ScenarioLibrary) -> None:
    first = build_library(district, "train", 1)
    np.testing.assert_array_equal(first.values[0], train.values[0])


def test_a_unit_more_changes_no_other_series(district: District, train: ScenarioLibrary) -> None:
    fewer = district.model_copy(
        update={"units": tuple(unit for unit in district.units if unit.name != "dairy")}
    )
    library = build_library(fewer, "train", 1)
    assert "dairy.level" not in library.series
    for name in library.series:
        np.testing.assert_array_equal(series(library, name)[0], series(train, name)[0])


def test_seeds_and_splits_never_meet(district: District) -> None:
    keys = {scenario_key(split, seed, n) for split in SPLITS for seed in (0, 1) for n in range(5)}
    assert len(keys) == 30
    years = [build_library(district, split, 2, seed=seed) for split in SPLITS for seed in (0, 1)]
    names = [name for library in years for name in library.names]
    assert len(set(names)) == len(names)
    prices = np.concatenate([series(library, "electricity_eur_per_mwh") for library in years])
    for one in range(len(prices)):
        for other in range(one):
            assert not np.array_equal(prices[one], prices[other])


def test_no_two_splits_share_a_reference_year() -> None:
    for region in range(1, 16):
        parts = [set(base_regions(region, split)) for split in SPLITS]
        assert all(parts)
        assert sum(map(len, parts)) == len(set().union(*parts))
        assert parts[2] == {region}


def test_training_weather_is_not_that_of_judging(
    train: ScenarioLibrary, judged: ScenarioLibrary
) -> None:
    judged_air = series(judged, "ambient_temp_c")[0]
    for air in series(train, "ambient_temp_c"):
        assert float(np.abs(air - judged_air).mean()) > 1.5
    assert all("region 13" not in entry["weather"] for entry in train.provenance)
    assert all("region 13 (Muehldorf)" in entry["weather"] for entry in judged.provenance)


def test_judging_shares_the_weather_and_draws_everything_else(judged: ScenarioLibrary) -> None:
    for name in ("ambient_temp_c", "irradiance_w_m2", "wind_speed_m_s", "ground_temp_c"):
        one, other = series(judged, name)
        np.testing.assert_array_equal(one, other)
    for name in ("electricity_eur_per_mwh", "dairy.level", "town_old.hot_water_kw"):
        one, other = series(judged, name)
        assert not np.array_equal(one, other)


def test_the_reference_year_is_named_and_kept_for_judging(district: District) -> None:
    named = build_library(district, "test", 1, scenario="try")
    np.testing.assert_array_equal(named.values, build_library(district, "test", 1).values)
    for split in SPLITS[:2]:
        with pytest.raises(ScenarioError, match="'try' is for split 'test'"):
            build_library(district, split, 1, scenario="try")


def test_a_source_that_does_not_exist_lists_those_that_do(district: District) -> None:
    with pytest.raises(
        ScenarioError, match="'tyr' is unknown; give one of generated, try, ammonia"
    ):
        build_library(district, "train", 1, scenario="tyr")


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (1, -1)])
def test_count_and_seed_have_limits(district: District, count: int, seed: int) -> None:
    with pytest.raises(ScenarioError, match="must be >= 1"):
        build_library(district, "train", count, seed=seed)


def test_weather_is_plausible_for_southern_germany(train: ScenarioLibrary) -> None:
    air = series(train, "ambient_temp_c")
    assert np.all((air.mean(axis=1) > 6.0) & (air.mean(axis=1) < 11.5))
    assert np.all((air.min(axis=1) > -25.0) & (air.min(axis=1) < -6.0))
    assert np.all((air.max(axis=1) > 27.0) & (air.max(axis=1) < 40.0))
    sun_kwh = series(train, "irradiance_w_m2").sum(axis=1) / 4000.0
    assert np.all((sun_kwh > 900.0) & (sun_kwh < 1250.0))
    ground = series(train, "ground_temp_c")
    # Less than half of the amplitude of the air reaches a metre down, weeks later.
    assert np.all(np.ptp(ground, axis=1) < 16.0)
    assert np.all(np.argmin(ground, axis=1) > 30 * 96)


def test_anomalies_last_for_days(train: ScenarioLibrary) -> None:
    for air in series(train, "ambient_temp_c"):
        daily = air.reshape(365, 96).mean(axis=1)
        angle = 2.0 * np.pi * np.arange(365) / 365.0
        season = np.stack([np.ones(365), np.cos(angle), np.sin(angle)], axis=1)
        anomaly = daily - season @ np.linalg.lstsq(season, daily, rcond=None)[0]
        assert 2.8 < anomaly.std() < 4.6
        lag_1, lag_3 = (np.corrcoef(anomaly[:-k], anomaly[k:])[0, 1] for k in (1, 3))
        assert lag_1 > 0.55
        assert 0.05 < lag_3 < lag_1


def test_prices_have_the_shape_of_day_ahead_prices(train: ScenarioLibrary) -> None:
    hourly = series(train, "electricity_eur_per_mwh")[:, ::4]
    hour = series(train, "local_hour")[:, ::4].astype(int)
    weekday = series(train, "weekday")[:, ::4]
    for price, at, day in zip(hourly, hour, weekday, strict=True):
        mean = price.mean()
        assert 40.0 < mean < 180.0
        assert 0.25 < price.std() / mean < 0.9
        profile = np.array([price[at == h].mean() for h in range(24)]) / mean
        morning, noon, evening, night = (
            profile[7:9].max(),
            profile[13],
            profile[18:20].max(),
            (profile[2:4].min()),
        )
        assert morning > noon
        assert evening > morning
        assert evening > 1.2
        assert night < 1.0
        assert price[day >= 5].mean() < 0.95 * price[day < 5].mean()
        correlations = [np.corrcoef(price[:-k], price[k:])[0, 1] for k in (1, 24, 168)]
        assert correlations[0] > 0.9
        assert 0.4 < correlations[1] < 0.85
        assert 0.2 < correlations[2] < 0.75
    assert 0.001 < np.mean(hourly < 0.0) < 0.06
    assert np.quantile(hourly, 0.999) > 2.0 * hourly.mean()


def test_prices_go_with_the_weather_of_the_hour(train: ScenarioLibrary) -> None:
    for k in range(train.n_scenarios):
        price = series(train, "electricity_eur_per_mwh")[k]
        carbon = series(train, "carbon_intensity_g_per_kwh")[k]
        wind = series(train, "wind_speed_m_s")[k]
        sun = series(train, "irradiance_w_m2")[k]
        assert np.corrcoef(price, sun)[0, 1] < -0.1
        assert np.corrcoef(price, np.convolve(wind, np.ones(48) / 48, "same"))[0, 1] < -0.1
        assert np.corrcoef(price, carbon)[0, 1] > 0.5


def test_prices_hold_for_an_hour(train: ScenarioLibrary) -> None:
    quarters = series(train, "electricity_eur_per_mwh").reshape(train.n_scenarios, -1, 4)
    assert np.all(quarters == quarters[:, :, :1])


def test_fuel_prices_walk_slowly(train: ScenarioLibrary) -> None:
    for name, low, high in (("gas_eur_per_mwh", 10.0, 130.0), ("co2_eur_per_t", 40.0, 150.0)):
        values = series(train, name)
        assert values.min() > low
        assert values.max() < high
        daily = values[:, ::96]
        assert np.abs(np.diff(np.log(daily), axis=1)).max() < 0.15


def test_the_end_of_a_year_meets_its_beginning(train: ScenarioLibrary) -> None:
    for name, jump in (("ambient_temp_c", 1.5), ("ground_temp_c", 0.1), ("gas_eur_per_mwh", 8.0)):
        values = series(train, name)
        assert np.abs(values[:, 0] - values[:, -1]).max() < jump


def test_provenance_names_every_part(train: ScenarioLibrary, judged: ScenarioLibrary) -> None:
    for library in (train, judged):
        for entry in library.provenance:
            assert {
                "source",
                "key",
                "weather",
                "ground",
                "tariffs",
                "production",
                "calendar",
            } <= set(entry)
            assert "Deutscher Wetterdienst" in entry["weather"]
    calendars = [entry["calendar"] for entry in train.provenance]
    assert any(one != other for one, other in pairwise(calendars))
