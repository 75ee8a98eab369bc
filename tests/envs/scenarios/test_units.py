"""Production levels and hot-water draws."""

from datetime import UTC, datetime

import numpy as np
import pytest
from tests.envs.small_districts import SMALL_DISTRICTS

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.catalogue import series_of, substations
from heatrouter.envs.scenarios.hot_water import hot_water_kw
from heatrouter.envs.scenarios.local_time import calendar, local_seconds
from heatrouter.envs.scenarios.production import planned_level, production_level
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Production, Shift

HOURS_PER_STEP = 0.25
KEY = (1, 0, 0)


@pytest.fixture(scope="module")
def days() -> tuple[FloatArray, FloatArray, FloatArray]:
    return calendar(local_seconds(datetime(2010, 1, 1, tzinfo=UTC), 35040, 900, "Europe/Berlin"))


def plan(production: Production, hour: list[float], weekday: float) -> list[float]:
    level = planned_level(
        production, HOURS_PER_STEP, np.array(hour), np.full(len(hour), float(weekday))
    )
    return [float(value) for value in level]


def test_a_shift_replaces_the_idle_level_also_downwards() -> None:
    weekend = Shift(days=("sat", "sun"), start_hour=0.0, end_hour=24.0, level=0.9)
    glass = Production(idle_level=1.0, shifts=(weekend,))
    assert plan(glass, [0.0, 12.0, 23.75], 5) == [0.9, 0.9, 0.9]
    assert plan(glass, [0.0, 12.0, 23.75], 0) == [1.0, 1.0, 1.0]


def test_a_shift_that_begins_inside_a_step_counts_in_part() -> None:
    shift = Shift(days=("mon",), start_hour=6.1, end_hour=14.0, level=1.0)
    level = plan(Production(idle_level=0.2, shifts=(shift,)), [5.75, 6.0, 6.25, 13.75, 14.0], 0)
    assert level == pytest.approx([0.2, 0.2 + 0.8 * 0.6, 1.0, 1.0, 0.2])


def test_of_two_shifts_the_higher_holds() -> None:
    shifts = (
        Shift(days=("mon",), start_hour=6.0, end_hour=22.0, level=0.6),
        Shift(days=("mon",), start_hour=8.0, end_hour=12.0, level=0.9),
    )
    assert plan(Production(shifts=shifts), [6.0, 8.0, 12.0, 22.0], 0) == [0.6, 0.9, 0.6, 0.0]


def test_a_night_shift_goes_on_into_the_next_day() -> None:
    night = Production(shifts=(Shift(days=("sun",), start_hour=22.0, end_hour=6.0, level=1.0),))
    assert plan(night, [5.75, 21.75, 22.0], 6) == [0.0, 0.0, 1.0]
    assert plan(night, [0.0, 5.75, 6.0, 22.0], 0) == [1.0, 1.0, 0.0, 0.0]


def test_shifts_follow_the_clock_of_the_factory(
    days: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    shift = Shift(
        days=("mon", "tue", "wed", "thu", "fri"), start_hour=6.0, end_hour=14.0, level=1.0
    )
    level, outages = production_level(
        "mill", Production(shifts=(shift,), noise=0.0), HOURS_PER_STEP, days, KEY
    )
    assert outages == 0
    # 06:00 local is 05:00 UTC on Monday 4 January, 04:00 UTC on Monday 5 July.
    january, july = (3 * 24) * 4, (185 * 24) * 4
    assert level[january + 5 * 4] == 1.0
    assert level[january + 5 * 4 - 1] == 0.0
    assert level[july + 4 * 4] == 1.0
    assert level[july + 4 * 4 - 1] == 0.0
    # 261 weekdays in 2010, 8 h each.
    assert level.sum() / 4 == pytest.approx(261 * 8)


def test_noise_stays_in_bounds_and_off_when_off(
    days: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    shift = Shift(days=("mon", "tue"), start_hour=6.0, end_hour=14.0, level=0.6)
    level, _ = production_level(
        "mill", Production(shifts=(shift,), noise=0.05), HOURS_PER_STEP, days, KEY
    )
    running = level > 0.0
    assert running.mean() == pytest.approx(2 * 8 / 168, rel=0.02)
    assert level[running].std() == pytest.approx(0.05, rel=0.15)
    assert level.max() <= 1.0


def test_outages_come_as_often_and_last_as_long_as_described(
    days: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    described = Production(idle_level=1.0, outages_per_year=6.0, outage_hours=24.0, noise=0.0)
    counts, off_h = [], []
    for number in range(60):
        level, count = production_level("mill", described, HOURS_PER_STEP, days, (1, 0, number))
        counts.append(count)
        off_h.append(float((level == 0.0).sum()) / 4.0)
    assert np.mean(counts) == pytest.approx(6.0, abs=1.2)
    assert np.sum(off_h) / np.sum(counts) == pytest.approx(24.0, rel=0.25)


def test_hot_water_meets_the_annual_amount_and_has_two_peaks(
    district: District, days: tuple[FloatArray, FloatArray, FloatArray]
) -> None:
    quarter = substations(district)[0]
    draw = hot_water_kw(quarter, HOURS_PER_STEP, days, KEY)
    assert draw.sum() / 4.0 == pytest.approx(quarter.hot_water_annual_mwh * 1000.0)
    assert draw.min() >= 0.0
    hour, weekday, day = days
    work = weekday < 5
    profile = np.array([draw[work & (hour.astype(int) == h)].mean() for h in range(24)])
    assert profile[:12].argmax() == 7
    assert profile[12:].argmax() + 12 == 19
    assert profile[2:4].max() < 0.25 * draw.mean()
    weekend = np.array([draw[~work & (hour.astype(int) == h)].mean() for h in range(24)])
    assert weekend[:12].argmax() > 7
    winter, summer = draw[day < 60].mean(), draw[(day > 190) & (day < 240)].mean()
    assert winter / summer == pytest.approx(1.15 / 0.85, rel=0.05)


def test_units_differ_in_their_noise(district: District) -> None:
    hour = np.tile(np.arange(0.0, 24.0, 0.25), 365)
    flat = (hour, np.zeros(35040), np.ones(35040))
    one, other = (
        hot_water_kw(unit, HOURS_PER_STEP, flat, KEY) for unit in substations(district)[:2]
    )
    assert abs(np.corrcoef(one / one.mean() - other / other.mean(), hour)[0, 1]) < 0.05
    assert not np.array_equal(one / one.mean(), other / other.mean())


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
def test_every_unit_with_a_production_has_a_level(name: str) -> None:
    district = SMALL_DISTRICTS[name]()
    levels = {series for series in series_of(district) if series.endswith(".level")}
    assert levels == {f"{u.name}.level" for u in district.units if hasattr(u, "production")}
