"""Weeks that close on themselves."""

import numpy as np

from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.loading import load_district
from heatrouter.training.imitation.shards import Work
from heatrouter.training.imitation.weeks import cut_weeks, join


def start_of(library: ScenarioLibrary, week: ScenarioLibrary, number: int) -> int:
    """First step of a year that holds the week's values."""
    length = week.n_steps
    for scenario in range(library.n_scenarios):
        for start in range(0, library.n_steps - length + 1, 96):
            piece = library.values[scenario, start : start + length]
            if np.array_equal(piece, week.values[number]):
                return start
    raise AssertionError


def test_each_week_is_a_piece_of_a_year_and_all_seasons_have_some(work: Work) -> None:
    weeks = cut_weeks(work.library, 8, seed=5, hours=168.0)
    assert weeks.values.shape[:2] == (8, 672)
    starts = [start_of(work.library, weeks, number) for number in range(8)]
    assert starts == sorted(starts)
    assert starts[0] < 96 * 46
    assert starts[-1] > 96 * 300
    assert len(set(weeks.names)) == 8


def test_other_seeds_are_other_weeks_and_all_can_stand_side_by_side() -> None:
    library = build_library(load_district("energy-web"), "train", 2, 1)
    first, second = (cut_weeks(library, 3, seed=seed, hours=72.0) for seed in (1, 2))
    both = join([first, second])
    assert both.n_scenarios == 6
    np.testing.assert_array_equal(both.values[3:], second.values)
    assert not np.array_equal(first.values, second.values)
