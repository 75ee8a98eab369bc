"""Labelled courses: what is kept, who drives, and that files are made once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heatrouter.agents.planning.expectation import Foresight
from heatrouter.envs.errors import HeatrouterError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.training.imitation.collection import Course, balances_itself, collect
from heatrouter.training.imitation.shards import Round, Work, collect_round, round_weeks

ROUND = Round(0, 2, 1.0, None)
_CHANGED = 104
"""Step in the middle of a plan, of 15 min."""


def test_labels_are_actions_of_a_plan(course: Course) -> None:
    assert np.abs(course.label).max() <= 1.0
    late = course.labelled[24:]
    assert late.all()
    # the planner does not stand still: something is switched within a day
    assert course.label.std(axis=0).max() > 0.05
    assert np.isfinite(course.cost_eur).all()
    assert course.solves[1] == 0


def test_boilers_that_step_in_by_themselves_are_left_alone(work: Work, course: Course) -> None:
    contract = build_contract(work.district, work.task)
    left = balances_itself(work.district, contract)
    names = {channel.name for channel, alone in zip(contract.action, left, strict=True) if alone}
    assert names == {"gas_boiler.load_share", "reserve_boiler.load_share"}
    assert (course.label[..., left] == -1.0).all()


def test_what_drives_instead_is_asked_and_labelled_all_the_same(
    work: Work, weeks: ScenarioLibrary
) -> None:
    contract = build_contract(work.district, work.task)
    high = contract.bounds("action")[1]
    asked = []

    def drive(observation: np.ndarray) -> np.ndarray:
        asked.append(len(observation))
        return np.tile(high, (len(observation), 1))

    course = collect(
        work.district,
        work.task,
        weeks,
        work.settings,
        expert_share=0.0,
        drive=drive,
        random=np.random.default_rng(0),
    )
    assert asked == [2] * 288
    assert not course.expert.any()
    assert course.labelled[24:].all()
    executed = contract.observation_index("main.supply_temp_c@executed")
    # the supply follows the highest set-point, whatever the planner would have done
    assert course.observation[-1, :, executed].min() > course.observation[0, :, executed].max()


@pytest.mark.parametrize("foresight", ["forecast", "perfect"])
def test_a_planner_with_the_forecast_does_not_know_what_will_come(
    work: Work, weeks: ScenarioLibrary, foresight: Foresight
) -> None:
    settings = work.settings.model_copy(update={"foresight": foresight})
    forecast = work.task.forecast.model_copy(update={"kind": "persistence"})
    task = work.task.model_copy(update={"forecast": forecast})

    def labels(library: ScenarioLibrary) -> np.ndarray:
        course = collect(
            work.district,
            task,
            library,
            settings,
            expert_share=1.0,
            drive=None,
            random=np.random.default_rng(0),
        )
        return course.label[:_CHANGED]

    column = weeks.column("electricity_eur_per_mwh")
    values = weeks.values.copy()
    # not to the end: weeks close on themselves, so that the last day is what the first remembers
    values[:, _CHANGED : _CHANGED + 24, column] *= 3.0
    later = replace(weeks, values=values)
    assert np.array_equal(labels(weeks), labels(later)) == (foresight == "forecast")


@pytest.fixture
def short(work: Work) -> Work:
    settings = work.settings.model_copy(
        update={"replan_hours": 24.0, "horizon_hours": 24.0, "environments": 1}
    )
    return Work(work.district, work.task, work.library, settings, work.seed)


def test_files_are_made_once_and_damaged_ones_again(short: Work, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def report(done: int, count: int) -> None:
        seen.append((done, count))

    first = collect_round(short, ROUND, tmp_path, report)
    assert seen == [(0, 2), (1, 2), (2, 2)]
    files = sorted(tmp_path.iterdir())
    kept = files[0].read_bytes()
    files[1].write_bytes(kept[: len(kept) // 2])
    seen.clear()
    again = collect_round(short, ROUND, tmp_path, report)
    assert seen == [(1, 2), (2, 2)]
    assert files[0].read_bytes() == kept
    for one, other in zip(first, again, strict=True):
        for name, values in one.arrays().items():
            np.testing.assert_array_equal(values, other.arrays()[name])


@pytest.mark.slow
def test_several_processes_make_the_same_files(short: Work, tmp_path: Path) -> None:
    settings = short.settings.model_copy(update={"processes": 2})
    many = Work(short.district, short.task, short.library, settings, short.seed)
    one = collect_round(short, ROUND, tmp_path / "one", lambda *_: None)
    two = collect_round(many, ROUND, tmp_path / "two", lambda *_: None)
    assert [file.name for file in sorted((tmp_path / "one").iterdir())] == [
        file.name for file in sorted((tmp_path / "two").iterdir())
    ]
    for left, right in zip(one, two, strict=True):
        for name, values in left.arrays().items():
            np.testing.assert_array_equal(values, right.arrays()[name])


def test_names_of_files_tell_what_labels_depend_on(short: Work) -> None:
    other = Work(short.district, short.task, short.library, short.settings, seed=2)
    assert short.digest(ROUND) != other.digest(ROUND)
    assert short.digest(ROUND) != short.digest(Round(1, 2, 1.0, None))
    more = short.settings.model_copy(update={"processes": 7, "rounds": 3})
    same = Work(short.district, short.task, short.library, more, short.seed)
    assert short.digest(ROUND) == same.digest(ROUND)
    assert round_weeks(short, ROUND).n_scenarios == 2


def test_a_folder_that_cannot_be_written_is_named(short: Work, tmp_path: Path) -> None:
    blocked = tmp_path / "labels"
    blocked.write_text("a file stands in the way")
    with pytest.raises(HeatrouterError, match="labels"):
        collect_round(short, ROUND, blocked, lambda *_: None)
