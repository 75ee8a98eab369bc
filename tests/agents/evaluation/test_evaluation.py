"""The evaluation: paired exactly, complete, and the same when it is taken up again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.evaluation import evaluate
from heatrouter.agents.evaluation_controllers import (
    ControllerSettings,
    Entrant,
    make_entrants,
)
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_results import Evaluation
from heatrouter.agents.evaluation_store import ResultStore
from heatrouter.agents.rollout import BatchLike
from heatrouter.envs.errors import ConfigError, NumericalError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task


@pytest.fixture
def entrants(district: District) -> dict[str, Entrant]:
    return make_entrants(("rules", "constant-price"), ControllerSettings(district))


def test_every_controller_meets_the_same_weeks(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    made = []
    original = question.make_batch
    assert original is not None

    def remember(task: Task, num_envs: int) -> BatchLike:
        batch = original(task, num_envs)
        made.append(batch)
        return batch

    found, _ = evaluate(replace(question, make_batch=remember), entrants)
    scenario = [week.scenario_index for week in question.weeks]
    start_step = [week.start_step for week in question.weeks]
    runs = [batch.resets for batch in made if batch.num_envs == len(question.weeks)]  # type: ignore[attr-defined]
    assert runs == [[(scenario, start_step)]] * 2
    digests = {result.exogenous_digest for result in found.controllers}
    assert len(digests) == 1


def test_each_controller_has_its_own_parametrisation(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    found, _ = evaluate(question, entrants)
    kinds = [result.parametrisation for result in found.controllers]
    assert kinds == ["offset", "heat_price"]


def test_weather_that_differs_is_no_comparison(
    question: Question, entrants: dict[str, Entrant], with_batch: Callable[..., Question]
) -> None:
    sound, broken = question.make_batch, with_batch(broken_weather=True).make_batch
    assert sound is not None
    assert broken is not None

    def mixed(task: Task, num_envs: int) -> BatchLike:
        return (sound if task.parametrisation == "offset" else broken)(task, num_envs)

    with pytest.raises(NumericalError, match="did not meet the same weather"):
        evaluate(replace(question, make_batch=mixed), entrants)


def test_costs_are_the_sum_of_their_terms(question: Question, entrants: dict[str, Entrant]) -> None:
    found, _ = evaluate(question, entrants)
    for result in found.controllers:
        assert len(result.weeks) == len(question.weeks)
        for week in result.weeks:
            assert week.cost_eur == pytest.approx(sum(week.terms_eur.values()))


def test_a_repetition_gives_the_same_numbers(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    first, _ = evaluate(question, entrants)
    second, _ = evaluate(question, entrants)
    # Time stamps and timings are not results.
    for one, other in zip(first.controllers, second.controllers, strict=True):
        assert one.model_dump(exclude={"decision_time"}) == other.model_dump(
            exclude={"decision_time"}
        )
    assert first.comparisons == second.comparisons


def test_the_json_is_read_back_as_it_was(question: Question, entrants: dict[str, Entrant]) -> None:
    found, _ = evaluate(question, entrants)
    assert Evaluation.model_validate_json(found.model_dump_json()) == found


def test_missing_heat_is_reported_whatever_it_costs(
    entrants: dict[str, Entrant], with_batch: Callable[..., Question]
) -> None:
    found, _ = evaluate(with_batch(short_of_heat=True), entrants)
    result = found.controllers[0]
    assert result.unmet_share == pytest.approx(0.05)
    left = {breach.limit: breach for breach in result.breaches if breach.events}
    assert "town_old.unmet_heat" in left
    assert left["town_old.unmet_heat"].hours == pytest.approx(24.0 * len(found.weeks))
    assert result.weeks[0].breaches


def test_example_weeks_are_kept_for_every_controller(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    found, examples = evaluate(question, entrants)
    assert set(examples.outputs) == {"rules", "constant-price"}
    for course in examples.outputs.values():
        assert tuple(course) == question.examples
        assert all(outputs.shape == (96, len(examples.columns)) for outputs in course.values())
    seasons = {found.weeks[week].season for week in question.examples}
    assert "winter" in seasons


@pytest.mark.parametrize("role", ["baseline", "reference"])
def test_baseline_and_reference_have_to_take_part(
    question: Question, entrants: dict[str, Entrant], role: str
) -> None:
    roles = {"baseline": "rules", "reference": None} | {role: "mpc"}
    with pytest.raises(ConfigError, match=f"{role} 'mpc' is not among"):
        evaluate(question, entrants, baseline=str(roles["baseline"]), reference=roles["reference"])


def test_a_cost_that_is_no_number_names_its_week(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    entrants["constant-price"] = Entrant(NotANumber("constant-price", "heat_price"), "broken")
    found, _ = evaluate(question, entrants)
    # The others are worth keeping, but nobody is compared with weeks left out.
    assert found.controller_names == ("rules",)
    (failure,) = found.failures
    assert "'constant-price' is not finite in the week of 2030" in failure.message
    assert failure.weeks == tuple(range(8))
    assert found.wrong


def test_a_baseline_that_fails_leaves_nothing(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    entrants["rules"] = Entrant(Broken("rules", "offset"), "broken")
    with pytest.raises(NumericalError, match="wire is loose"):
        evaluate(question, entrants)


class NotANumber(ConstantAction):
    def act(self, observation: object) -> np.ndarray:
        return np.full_like(self._action, np.nan)


class Broken(ConstantAction):
    def act(self, observation: object) -> np.ndarray:
        raise RuntimeError("a wire is loose")


def test_stored_results_are_taken_up_again(
    question: Question, entrants: dict[str, Entrant], tmp_path: Path
) -> None:
    store = ResultStore(tmp_path / "work")
    first, _ = evaluate(question, entrants, store=store)
    steps: list[int] = []

    def count(_district: str, _name: str, done: int, _total: int) -> None:
        steps.append(done)

    second, examples = evaluate(question, entrants, store=store, progress=count)
    assert steps == []
    assert second.controllers == first.controllers
    assert second.comparisons == first.comparisons
    assert set(examples.outputs["rules"]) == set(question.examples)


def test_another_seed_or_a_damaged_file_is_computed_again(
    question: Question, entrants: dict[str, Entrant], tmp_path: Path
) -> None:
    store = ResultStore(tmp_path)
    evaluate(question, entrants, store=store)
    steps: list[str] = []

    def progress(_district: str, name: str, _done: int, _total: int) -> None:
        steps.append(name)

    evaluate(replace(question, seed=9), entrants, store=store, progress=progress)
    assert set(steps) == {"rules", "constant-price"}
    steps.clear()
    for path in tmp_path.glob("rules-*.npz"):
        path.write_text("{", encoding="utf-8")
    evaluate(question, entrants, store=store, progress=progress)
    assert set(steps) == {"rules"}
