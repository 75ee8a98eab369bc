"""Held-out weeks: the same for everybody, over the whole year, inside their scenario."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from heatrouter.agents.evaluation_weeks import draw_weeks, representative, starts
from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.library import ScenarioLibrary

WEEK_STEPS = 672


@pytest.mark.parametrize("seed", range(5))
def test_twelve_weeks_lie_in_all_seasons(library: ScenarioLibrary, seed: int) -> None:
    weeks = draw_weeks(library, 12, seed=seed)
    seasons = Counter(week.season for week in weeks)
    assert set(seasons) == {"winter", "spring", "summer", "autumn"}
    assert min(seasons.values()) >= 2


def test_weeks_fit_into_their_scenario_and_begin_with_a_day(library: ScenarioLibrary) -> None:
    _, start_step = starts(draw_weeks(library, 60, seed=1))
    assert (start_step % 96 == 0).all()
    assert start_step.min() >= 0
    assert start_step.max() + WEEK_STEPS <= library.n_steps


def test_scenarios_take_turns(library: ScenarioLibrary) -> None:
    scenario, _ = starts(draw_weeks(library, 12, seed=2))
    assert sorted(scenario) == sorted([*range(6), *range(6)])


def test_the_same_seed_gives_the_same_weeks(library: ScenarioLibrary) -> None:
    assert draw_weeks(library, 7, seed=4) == draw_weeks(library, 7, seed=4)
    assert draw_weeks(library, 7, seed=4) != draw_weeks(library, 7, seed=5)


def test_a_week_tells_its_own_weather(library: ScenarioLibrary) -> None:
    week = draw_weeks(library, 3, seed=0)[1]
    part = slice(week.start_step, week.start_step + WEEK_STEPS)
    ambient = library.values[week.scenario_index, part, library.column("ambient_temp_c")]
    assert week.ambient_mean_c == pytest.approx(ambient.mean())
    assert week.scenario == library.names[week.scenario_index]


def test_a_scenario_that_is_too_short_is_refused(library: ScenarioLibrary) -> None:
    short = replace(library, values=library.values[:, :96].copy())
    with pytest.raises(ScenarioError, match="a week takes 672 steps"):
        draw_weeks(short, 1, seed=0)


def test_the_representative_week_is_the_median_of_its_season(library: ScenarioLibrary) -> None:
    weeks = draw_weeks(library, 24, seed=0)
    chosen = representative(weeks, ("winter",))
    assert chosen is not None
    winter = sorted(week.ambient_mean_c for week in weeks if week.season == "winter")
    assert weeks[chosen].ambient_mean_c == winter[(len(winter) - 1) // 2]
    only_summer = tuple(week for week in weeks if week.season == "summer")
    assert representative(only_summer, ("winter",)) is None


def test_starts_are_what_a_batch_takes(library: ScenarioLibrary) -> None:
    scenario, start_step = starts(draw_weeks(library, 4, seed=0))
    assert scenario.dtype == start_step.dtype == np.int64
    assert scenario.shape == start_step.shape == (4,)
