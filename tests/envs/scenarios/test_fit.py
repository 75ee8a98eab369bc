"""The fit of the generator: what it may see, what it writes, and what comes of it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.catalogue import HOURS_PER_YEAR
from heatrouter.envs.scenarios.fit import fit_generator
from heatrouter.envs.scenarios.network_load import network_load, smoothed
from heatrouter.envs.scenarios.parameters import (
    generator_parameters,
    load_parameters,
    parameters_text,
)
from heatrouter.envs.scenarios.spread import QUANTITIES, STATISTICS, generated_years
from heatrouter.envs.scenarios.statistics import correlation, over_level
from heatrouter.envs.scenarios.training_records import (
    JUDGED_YEARS,
    RECORDS,
    allowed,
    read_records,
)
from heatrouter.envs.spec.district import District

FOLDER = os.environ.get("HEATROUTER_DATA", "")

REAL = {
    ("air, degC", "mean"): (7.39, 10.70),
    ("air, degC", "standard deviation"): (6.30, 8.44),
    ("air, degC", "autocorrelation at 1 day"): (0.884, 0.943),
    ("price, EUR/MWh", "mean"): (26.6, 219.1),
    ("price, EUR/MWh", "standard deviation"): (9.75, 145.5),
    ("price, EUR/MWh", "autocorrelation at 1 day"): (0.582, 0.830),
    ("heat load over its mean", "mean"): (0.942, 1.036),
    ("heat load over its mean", "standard deviation"): (0.519, 0.647),
    ("heat load over its mean", "autocorrelation at 1 day"): (0.972, 0.984),
}
"""Lowest and highest real year, as `heatrouter scenarios compare` prints them."""


def within(district: District, count: int) -> None:
    tables, _ = generated_years(district.site, count)
    for quantity, table in zip(QUANTITIES, tables, strict=True):
        for statistic, values in zip(STATISTICS, table.T, strict=True):
            low, high = REAL[quantity, statistic]
            assert low <= values.mean() <= high, (quantity, statistic, values.mean())


def test_some_generated_years_lie_where_real_years_do(district: District) -> None:
    within(district, 16)


@pytest.mark.slow
def test_a_thousand_generated_years_lie_where_real_years_do(district: District) -> None:
    within(district, 1000)


@given(st.sampled_from(JUDGED_YEARS), st.integers(-7 * 24, 372 * 24 - 1))
def test_no_hour_of_a_judged_year_or_of_its_embargo_is_fitted_to(year: int, hour: int) -> None:
    moment = datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    assert not allowed(np.array([int(moment.timestamp())]))[0]


def test_hours_beyond_the_embargo_are_fitted_to() -> None:
    days = [datetime(2017, 12, 24, 23, tzinfo=UTC), datetime(2019, 1, 8, tzinfo=UTC)]
    assert allowed(np.array([int(day.timestamp()) for day in days])).all()


def test_no_record_names_a_judged_year() -> None:
    for record in RECORDS:
        assert not set(range(record.first, record.last + 1)) & set(JUDGED_YEARS)


def test_missing_records_are_all_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_records(tmp_path)
    assert len(caught.value.mistakes) == len(RECORDS)
    assert "heat_load_flensburg_2014_2018.csv, not found in" in str(caught.value)


def test_parameters_are_read_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "parameters.json"
    path.write_text(parameters_text(generator_parameters()), encoding="utf-8")
    assert load_parameters(path) == generator_parameters()
    path.write_text('{"weather": {"damping": 7}}', encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"weather\.damping"):
        load_parameters(path)


def test_the_parameters_hold_no_series_and_say_what_was_chosen() -> None:
    parameters = generator_parameters()
    assert len(parameters_text(parameters)) < 8000
    assert any("Flensburg 2017" in entry for entry in parameters.fitted_to)
    assert not any("2023," in entry for entry in parameters.fitted_to[:-1])
    assert any(entry.startswith("carbon:") for entry in parameters.chosen)
    curve = parameters.prices
    assert np.all(np.diff(curve.residual) > 0.0)
    assert np.all(np.diff(curve.price) >= 0.0)


def test_the_heat_load_follows_weather_and_calendar() -> None:
    hours = np.arange(HOURS_PER_YEAR, dtype=np.float64)
    air = 9.0 - 9.0 * np.cos(2.0 * np.pi * (hours / 24.0 - 20.0) / 365.0)
    clock = (hours % 24.0, (hours // 24.0) % 7.0)
    load = network_load(air, clock, (1, 2))
    daily = load.reshape(-1, 24).mean(axis=1)
    assert np.corrcoef(daily, air.reshape(-1, 24).mean(axis=1))[0, 1] < -0.9
    shape = load.reshape(-1, 24).mean(axis=0)
    assert shape.argmax() in range(6, 10)
    assert shape.argmin() in range(5)
    colder = network_load(air - 2.0, clock, (1, 2))
    assert colder.mean() > 1.05 * load.mean()
    np.testing.assert_array_equal(load, network_load(air, clock, (1, 2)))


def test_smoothing_keeps_the_mean_and_loses_the_day() -> None:
    hours = np.arange(HOURS_PER_YEAR, dtype=np.float64)
    day = 10.0 + 5.0 * np.sin(2.0 * np.pi * hours / 24.0)
    smooth = smoothed(day, 48.0)
    assert smooth.mean() == pytest.approx(10.0)
    assert smooth.std() < 0.1 * day.std()


def test_a_price_over_its_level_has_no_crisis_in_it() -> None:
    hours = np.arange(HOURS_PER_YEAR, dtype=np.float64)
    crisis = (1.0 + 4.0 * hours / HOURS_PER_YEAR) * (1.0 + 0.3 * np.sin(2 * np.pi * hours / 24.0))
    shape = over_level(crisis)
    assert shape.mean() == pytest.approx(1.0, abs=0.05)
    assert correlation(shape, 24) > 0.9
    assert shape[:4000].std() == pytest.approx(shape[4000:].std(), rel=0.1)


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER, reason="HEATROUTER_DATA names no data folder to fit to")
def test_the_fit_gives_the_parameters_that_come_with_the_package(district: District) -> None:
    found = fit_generator(Path(FOLDER), district.site).parameters
    known = generator_parameters()
    assert found.fitted_to == known.fitted_to
    assert found.weather.damping == pytest.approx(known.weather.damping, abs=0.02)
    np.testing.assert_allclose(found.prices.price, known.prices.price, atol=0.02)
    assert found.demand == known.demand
