"""Several processes give the bits of one, and leave nothing behind when they are stopped."""

import multiprocessing
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.envs.small_districts import chp_and_solar

from heatrouter.agents.evaluation import Judged, evaluate_all
from heatrouter.agents.evaluation_controllers import ControllerSettings, Entrant, make_entrants
from heatrouter.agents.evaluation_pool import Case
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_scenarios import build_scenarios
from heatrouter.agents.evaluation_store import ResultStore
from heatrouter.envs.errors import HeatrouterError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

pytestmark = pytest.mark.slow

HOURS = 4.0

USERS = """
import os
import numpy as np

class Half:
    name, parametrisation, slow = "half", "offset", True

    def reset(self, contract, num_envs):
        high = np.array([channel.high for channel in contract.action])
        neutral = np.array([channel.neutral for channel in contract.action])
        self.action = np.tile(0.5 * (high + neutral), (num_envs, 1))

    def act(self, observation):
        return self.action.copy()

class Dying(Half):
    def act(self, observation):
        os._exit(3)
"""


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "classes_of_a_user.py").write_text(USERS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


def case_of(district: District, task: Task, *names: str) -> Case:
    library, weeks = build_scenarios(district, "test", 3, (0,), hours=HOURS)
    entrants: Mapping[str, Entrant] = make_entrants(names, ControllerSettings(district))
    return Case(Question(district, task, library, weeks, HOURS, 0), entrants)


@pytest.fixture
def cases(district: District, task: Task, users: None) -> list[Case]:
    names = "rules", "constant-price", "classes_of_a_user:Half"
    return [case_of(district, task, *names), case_of(chp_and_solar(), task, *names)]


def numbers(judged: tuple[Judged, ...]) -> list[dict[str, object]]:
    return [
        one.evaluation.model_dump(
            exclude={"created_utc": True, "controllers": {"__all__": {"decision_time"}}}
        )
        for one in judged
    ]


def test_two_processes_give_the_bits_of_one(cases: list[Case]) -> None:
    alone = evaluate_all(cases, jobs=1)
    together = evaluate_all(cases, jobs=2)
    assert numbers(alone) == numbers(together)
    for one, other in zip(alone, together, strict=True):
        for name, course in one.examples.outputs.items():
            for week, outputs in course.items():
                assert outputs.tobytes() == other.examples.outputs[name][week].tobytes()


def test_an_interruption_ends_the_processes_and_keeps_what_is_done(
    cases: list[Case], tmp_path: Path
) -> None:
    store = ResultStore(tmp_path / "work")
    before = set(multiprocessing.active_children())

    def interrupt(*_told: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_all(cases, jobs=2, store=store, progress=interrupt)
    for child in set(multiprocessing.active_children()) - before:
        child.join(timeout=20.0)
    assert set(multiprocessing.active_children()) <= before
    resumed = evaluate_all(cases, jobs=2, store=store)
    assert numbers(resumed) == numbers(evaluate_all(cases, jobs=1))


def test_a_process_that_dies_is_said(district: District, task: Task, users: None) -> None:
    case = case_of(district, task, "rules", "classes_of_a_user:Dying")
    with pytest.raises(HeatrouterError, match="worker process died"):
        evaluate_all([case], jobs=2)
