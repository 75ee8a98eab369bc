from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.local_time import calendar, local_seconds


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "America/New_York", "UTC"])
@pytest.mark.parametrize("year", [2010, 2012])
def test_every_step_shows_what_the_wall_clock_shows(zone: str, year: int) -> None:
    start = datetime(year, 1, 1, tzinfo=UTC)
    n_steps = 366 * 96
    hour, weekday, day = calendar(local_seconds(start, n_steps, 900, zone))
    for step in range(0, n_steps, 7):
        local = (start + step * timedelta(seconds=900)).astimezone(ZoneInfo(zone))
        assert hour[step] == local.hour + local.minute / 60.0
        assert weekday[step] == local.weekday()
        assert day[step] == local.timetuple().tm_yday


def test_clocks_change_in_march_and_october(judged: ScenarioLibrary) -> None:
    hour = judged.values[0, :, judged.column("local_hour")]
    jump = np.diff(hour) % 24.0
    odd = np.flatnonzero(np.abs(jump - 0.25) > 1e-9)
    # 2010-03-28 and 2010-10-31, both at 01:00 UTC.
    assert odd.tolist() == [(86 * 24 + 1) * 4 - 1, (303 * 24 + 1) * 4 - 1]
    assert jump[odd].tolist() == [1.25, 23.25]


def test_calendar_ranges(train: ScenarioLibrary) -> None:
    hour, weekday, day = (
        train.values[:, :, train.column(name)] for name in ("local_hour", "weekday", "day_of_year")
    )
    assert hour.min() == 0.0
    assert hour.max() == 23.75
    assert set(np.unique(weekday)) == set(range(7))
    assert day.min() == 1.0
    assert day.max() == 365.0
    # Local time is ahead of UTC: the year begins at 1 h and ends in the first hour of the next.
    assert np.all(hour[:, 0] == 1.0)
    assert np.all(day[:, -1] == 1.0)


def test_an_unknown_time_zone_is_one_clear_message() -> None:
    with pytest.raises(ScenarioError, match=r"site\.timezone: 'Europe/Muenchen' is no time zone"):
        local_seconds(datetime(2010, 1, 1, tzinfo=UTC), 96, 900, "Europe/Muenchen")
