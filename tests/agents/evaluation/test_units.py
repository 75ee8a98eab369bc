"""Units of work: cut by the controller alone, and found again only where nothing has changed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heatrouter.agents.evaluation import evaluate, evaluate_all
from heatrouter.agents.evaluation_controllers import (
    ControllerSettings,
    Entrant,
    make_entrants,
)
from heatrouter.agents.evaluation_pool import Case
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_run import run_unit
from heatrouter.agents.evaluation_store import ResultStore
from heatrouter.agents.evaluation_units import Unit, units_of
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.rule_parameters import RuleParameters


@pytest.fixture
def entrants(district: District) -> dict[str, Entrant]:
    return make_entrants(("rules", "constant-price"), ControllerSettings(district))


def test_slow_controllers_run_week_by_week(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    fast = units_of(0, question, "rules", entrants["rules"])
    slow = units_of(0, question, "rules", replace(entrants["rules"], slow=True))
    assert [unit.weeks for unit in fast if unit.kind == "weeks"] == [tuple(range(8))]
    assert [unit.kind for unit in fast].count("decisions") == 1
    assert [unit.weeks for unit in slow] == [(week,) for week in range(8)]


def test_how_weeks_are_cut_changes_no_number(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    whole, _ = evaluate(question, entrants)
    slow = {name: replace(entrant, slow=True) for name, entrant in entrants.items()}
    cut, _ = evaluate(question, slow)
    for one, other in zip(whole.controllers, cut.controllers, strict=True):
        assert one.model_dump(exclude={"decision_time"}) == other.model_dump(
            exclude={"decision_time"}
        )
    assert whole.comparisons == cut.comparisons


def test_decisions_are_timed_one_environment_at_a_time(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    steps = question.steps
    fast = evaluate(question, entrants)[0].controller("rules").decision_time
    slow = {name: replace(entrant, slow=True) for name, entrant in entrants.items()}
    each = evaluate(question, slow)[0].controller("rules").decision_time
    assert fast.decisions == steps - 5
    assert each.decisions == len(question.weeks) * (steps - 5)


def test_a_key_is_of_all_that_a_result_depends_on(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    rules = entrants["rules"]

    def keys(asked: Question, entrant: Entrant) -> set[str]:
        return {unit.key for unit in units_of(0, asked, "rules", entrant)}

    known = keys(question, rules)
    assert keys(question, rules) == known
    tuned = replace(rules, rules=RuleParameters(supply_shift_k=-2.0))
    task = question.task.model_copy(update={"sim_dt_s": 30.0})
    for other in (
        keys(question, tuned),
        keys(question, replace(rules, origin="another")),
        keys(replace(question, seed=9), rules),
        keys(replace(question, task=task), rules),
        keys(replace(question, weeks=question.weeks[::-1]), rules),
    ):
        assert not known & other
    assert keys(question, replace(rules, storable=False)) == {""}


def test_an_interrupted_evaluation_goes_on_where_it_was(
    question: Question, entrants: dict[str, Entrant], tmp_path: Path
) -> None:
    store = ResultStore(tmp_path)
    slow = {name: replace(entrant, slow=True) for name, entrant in entrants.items()}
    done: list[tuple[str, int]] = []

    def interrupt(_district: str, name: str, weeks: int, _total: int) -> None:
        done.append((name, weeks))
        if len(done) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(question, slow, store=store, progress=interrupt)
    assert len(list(tmp_path.iterdir())) == 5
    first = list(done)
    done.clear()

    def count(_district: str, name: str, weeks: int, _total: int) -> None:
        done.append((name, weeks))

    resumed, _ = evaluate(question, slow, store=store, progress=count)
    assert len(done) == 16 - len(first)
    straight, _ = evaluate(question, slow)
    assert resumed.comparisons == straight.comparisons


def test_a_stored_unit_comes_back_as_it_was(
    question: Question, entrants: dict[str, Entrant], tmp_path: Path
) -> None:
    unit = units_of(0, question, "rules", entrants["rules"], keep_steps=True)[0]
    result = run_unit(question, entrants["rules"], unit)
    store = ResultStore(tmp_path)
    store.save(unit, result)
    found = store.load(unit)
    assert found is not None
    assert found.record == result.record
    assert np.array_equal(found.sums, result.sums)
    assert np.array_equal(found.heat, result.heat)
    assert {week: course.tolist() for week, course in found.courses.items()} == {
        week: course.tolist() for week, course in result.courses.items()
    }
    steps = dict(store.steps(unit))
    assert steps.keys() == result.steps.keys()
    assert np.array_equal(steps["outputs"], result.steps["outputs"])


def test_failures_are_not_kept(question: Question, district: District, tmp_path: Path) -> None:
    class Broken:
        name = "broken"
        parametrisation = "offset"

        def reset(self, contract: object, num_envs: int) -> None:
            raise RuntimeError("a wire is loose")

    unit = Unit(0, "broken", (0,), key="k")
    result = run_unit(question, Entrant(Broken(), "broken"), unit)  # type: ignore[arg-type]
    assert result.record.failure is not None
    assert "a wire is loose" in result.record.failure.message
    assert "test_units.py, line" in result.record.failure.message
    store = ResultStore(tmp_path)
    store.save(unit, result)
    assert store.load(unit) is None


def test_several_districts_are_judged_side_by_side(
    question: Question,
    entrants: dict[str, Entrant],
    with_batch: Callable[..., Question],
) -> None:
    short = with_batch(short_of_heat=True)
    first, second = evaluate_all([Case(question, entrants), Case(short, entrants)])
    assert first.evaluation.comparisons == evaluate(question, entrants)[0].comparisons
    assert second.evaluation.controllers[0].unmet_share == pytest.approx(0.05)


def test_duration_curves_fall_and_hold_the_energy(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    found, _ = evaluate(question, entrants)
    result = found.controller("rules")
    curves = {curve.name: np.array(curve.exceeded_kw) for curve in result.duration}
    assert {"demand", "gas_boiler", "fab_heat_pump", "glassworks"} <= curves.keys()
    for name, curve in curves.items():
        assert (np.diff(curve) <= 1e-9).all(), name
    mean = result.mean_outputs["glassworks.heat_kw"]
    assert curves["glassworks"].mean() == pytest.approx(mean, rel=0.02)
