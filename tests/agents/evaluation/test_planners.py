"""Planners: attached to the plant before they are reset, and asked how their solves ended."""

import math
from collections.abc import Mapping

import numpy as np
import pytest

from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.evaluation import evaluate
from heatrouter.agents.evaluation_controllers import ControllerSettings, Entrant, make_entrants
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_run import planning_of
from heatrouter.agents.rollout import BatchLike, rollout
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.spec.district import District


class Planner(ConstantAction):
    """Counts a solve every fourth step; every sixth of them is ended by the deadline."""

    def __init__(self, name: str = "mpc", price: float = 30.0, gap: float = 0.01) -> None:
        super().__init__(name, "heat_price", {"tank.price": price})
        self.calls: list[str] = []
        self.attached: object = None
        self.gap = gap

    def attach(self, batch: object) -> None:
        self.calls.append("attach")
        self.attached = batch

    def reset(self, contract: Contract, num_envs: int) -> None:
        self.calls.append("reset")
        self.steps = 0
        super().reset(contract, num_envs)

    def act(self, observation: object) -> FloatArray:
        self.steps += 1
        return self._action.copy()

    def planning_record(self) -> Mapping[str, FloatArray | float]:
        solves = self.steps // 4
        return {
            "solves": float(solves),
            "infeasible": 0.0,
            "deadline": float(solves // 6),
            "gap_mean": self.gap,
            "gap_worst": 3.0 * self.gap,
            "decision_s": np.full((1, solves), 0.25),
        }


@pytest.fixture
def entrants(district: District) -> dict[str, Entrant]:
    made = make_entrants(("rules",), ControllerSettings(district))
    made["mpc"] = Entrant(Planner(), "made up", slow=True)
    return made


def test_the_plant_is_attached_before_the_reset(question: Question) -> None:
    assert question.make_batch is not None
    batch: BatchLike = question.make_batch(question.task, 2)
    planner = Planner()
    rollout(batch, planner, 3)
    assert planner.calls == ["attach", "reset"]
    assert planner.attached is batch


def test_solves_are_summed_over_the_weeks(question: Question, entrants: dict[str, Entrant]) -> None:
    found, _ = evaluate(question, entrants)
    planning = found.controller("mpc").planning
    assert planning is not None
    assert planning.solves == 8 * 24
    assert planning.deadline == 8 * 4
    assert planning.deadline_share == pytest.approx(1.0 / 6.0)
    assert planning.gap_mean == pytest.approx(0.01)
    assert planning.gap_worst == pytest.approx(0.03)
    assert found.controller("rules").planning is None


def test_the_planner_times_its_own_decisions(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    time = evaluate(question, entrants)[0].controller("mpc").decision_time
    assert time.decisions == 8 * 24
    assert time.p50_ms == pytest.approx(250.0)
    assert time.p99_ms == pytest.approx(250.0)


def test_a_gap_that_is_not_known_is_none() -> None:
    planner = Planner(gap=math.nan)
    planner.steps = 4
    planning = planning_of(planner)
    assert planning is not None
    assert (planning.gap_mean, planning.gap_worst) == (None, None)


def test_a_controller_called_reference_gives_the_score(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    # Of two planners with different prices either may be the better one on this plant.
    entrants["reference"] = Entrant(Planner("reference", 45.0), "made up", slow=True)
    found, _ = evaluate(question, entrants)
    scores = {c.controller: c.score for c in found.comparisons}
    assert all(score is not None and score.reference == "reference" for score in scores.values())
    costs = {name: sum(found.controller(name).costs_eur) for name in found.controller_names}
    gap = costs["rules"] - costs["reference"]
    score = scores["mpc"]
    assert score is not None
    assert score.headroom_percent == pytest.approx(100.0 * gap / costs["rules"])
    if score.verdict == "scored":
        assert score.optimality is not None
        assert score.optimality.estimate == pytest.approx((costs["rules"] - costs["mpc"]) / gap)
    else:
        assert gap < 0.03 * costs["rules"]
