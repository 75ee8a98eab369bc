"""The rollout keeps what is asked for, and tells what it cost."""

import numpy as np
import pytest

from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.rollout import BatchLike, StepLike, rollout
from heatrouter.envs.arrays import Float32Array, FloatArray

STARTS = (np.array([0, 3], dtype=np.int64), np.array([96, 960], dtype=np.int64))


@pytest.fixture
def batch(question: Question) -> BatchLike:
    assert question.make_batch is not None
    return question.make_batch(question.task, 2)


@pytest.fixture
def controller() -> ConstantAction:
    return ConstantAction("constant-price", "heat_price")


def test_arrays_are_time_by_environment(batch: BatchLike, controller: ConstantAction) -> None:
    names = ("tank.level", "site.ambient_temp_c")
    path = rollout(batch, controller, 5, starts=STARTS, columns=names)
    assert path.outputs.shape == (5, 2, 2)
    assert path.set_points.shape == (5, 2, 1)
    assert path.decision_s.shape == (5,)
    assert (path.decision_s >= 0.0).all()
    assert all(term.shape == (5, 2) for term in path.terms.values())
    assert path.cost_eur == pytest.approx(sum(term.sum(axis=0) for term in path.terms.values()))


def test_only_the_columns_asked_for_are_kept(batch: BatchLike, controller: ConstantAction) -> None:
    every = rollout(batch, controller, 3, starts=STARTS)
    assert tuple(every.columns) == tuple(batch.columns)
    some = rollout(batch, controller, 3, starts=STARTS, columns=("tank.level",))
    assert np.array_equal(some.column("tank.level"), every.column("tank.level"))
    assert rollout(batch, controller, 3, starts=STARTS, columns=()).outputs.size == 0
    with pytest.raises(KeyError):
        some.column("tank.charge_kw")


def test_an_output_that_does_not_exist_is_named(
    batch: BatchLike, controller: ConstantAction
) -> None:
    with pytest.raises(KeyError, match=r"pond\.level"):
        rollout(batch, controller, 1, columns=("pond.level",))


def test_every_step_is_shown(batch: BatchLike, controller: ConstantAction) -> None:
    seen: list[tuple[int, float]] = []

    def on_step(index: int, step: StepLike) -> None:
        seen.append((index, float(step.outputs[0, batch.columns["tank.level"]])))

    path = rollout(batch, controller, 4, starts=STARTS, on_step=on_step)
    assert [index for index, _ in seen] == [0, 1, 2, 3]
    assert [level for _, level in seen] == path.column("tank.level")[:, 0].tolist()


def test_a_controller_sees_what_the_last_step_gave(batch: BatchLike) -> None:
    seen: list[Float32Array] = []

    class Watching(ConstantAction):
        def act(self, observation: Float32Array) -> FloatArray:
            seen.append(observation.copy())
            return super().act(observation)

    path = rollout(batch, Watching("watching", "heat_price"), 3, starts=STARTS)
    levels = path.column("tank.level")
    assert seen[0][:, 1].tolist() == [0.5, 0.5]
    assert seen[1][:, 1] == pytest.approx(levels[0])
    assert seen[2][:, 1] == pytest.approx(levels[1])
