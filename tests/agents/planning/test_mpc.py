"""The planning controller in the closed loop."""

from typing import NamedTuple

import numpy as np
import pytest
from tests.agents.planning.plants import DAY, begin, loop
from tests.envs.small_districts import SMALL_DISTRICTS

from heatrouter.agents.mpc import MpcController
from heatrouter.agents.planning.district_program import DistrictProgram, PlanValues
from heatrouter.agents.planning.planner import Plan
from heatrouter.agents.planning.settings import PlannerSettings
from heatrouter.agents.protocol import Controller, PlantAware
from heatrouter.agents.protocol import Planner as Recording
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Parametrisation
from heatrouter.envs.errors import ConfigError, NumericalError
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.events import PumpTrip, SensorBias, SensorDropout, SourceOutage
from heatrouter.envs.spec.loading import preset_names

WINTER, SPRING, SUMMER = 12 * DAY + 20, 105 * DAY + 32, 196 * DAY + 40
SHORT = PlannerSettings(horizon_hours=8.0, fine_hours=2.0, binary_hours=2.0, time_limit_s=20.0)


class Course(NamedTuple):
    """What a closed loop did, by step and environment."""

    set_points: FloatArray
    proposal: FloatArray
    cost: FloatArray
    unmet: FloatArray
    plans: list[tuple[Plan | None, ...]]


def follow(batch: DistrictBatch, controller: MpcController, steps: int, *starts: int) -> Course:
    """Run a controller from given steps of the first scenario."""
    controller.attach(batch)
    seen = begin(batch, *starts)
    controller.reset(batch.contract, batch.num_envs)
    rows, plans = [], []
    for _ in range(steps):
        step = batch.step(controller.act(seen))
        seen = step.observation
        rows.append((step.set_points, step.proposal, -step.reward, step.terms["unmet"]))
        plans.append(controller.plans)
    set_points, proposal, cost, unmet = (np.array(column) for column in zip(*rows, strict=True))
    return Course(set_points, proposal, cost, unmet, plans)


def rules_unmet(name: str, steps: int, *starts: int) -> float:
    batch = loop(name, num_envs=len(starts))
    begin(batch, *starts)
    return sum(float(batch.step(batch.rules_proposal()).terms["unmet"].sum()) for _ in range(steps))


def check_loop(name: str, settings: PlannerSettings, steps: int, *starts: int) -> None:
    """No failed solve, sensible set-points, and heat for everybody whom the rules heat."""
    batch = loop(name, num_envs=len(starts))
    controller = MpcController(settings)
    course = follow(batch, controller, steps, *starts)
    low, high = batch.contract.bounds("set_points")
    for points in (course.set_points, course.proposal):
        assert np.isfinite(points).all()
        assert (points >= low - 1e-9).all()
        assert (points <= high + 1e-9).all()
    record = controller.planning_record()
    assert record["infeasible"] == 0.0
    assert record["solves"] == len(starts) * -(-steps // settings.replan_steps)
    assert np.asarray(record["decision_s"]).size == record["solves"]
    # an allowance for what a cold start leaves short: 0.1 EUR is 125 Wh
    assert course.unmet.sum() <= rules_unmet(name, steps, *starts) + 0.1


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
def test_small_districts(name: str) -> None:
    check_loop(name, SHORT, 24, WINTER, SUMMER)


FAULTS = (
    SourceOutage(kind="source_outage", units=("air_heat_pump",), from_day=13.1, hours=3.0),
    PumpTrip(kind="pump_trip", from_day=13.3, hours=0.5),
    SensorDropout(kind="sensor_dropout", from_day=13.25, hours=1.5),
    SensorBias(kind="sensor_bias", channels=("tank.level",), bias=0.3, from_day=13.2, hours=3.0),
)


@pytest.mark.parametrize("foresight", ["forecast", "perfect"])
def test_through_faults_of_plant_and_sensors(foresight: str) -> None:
    batch = loop("chp_and_solar", events=FAULTS)
    settings = SHORT.model_copy(update={"foresight": foresight})
    controller = MpcController(settings)
    course = follow(batch, controller, 40, 12 * DAY)
    assert np.isfinite(course.proposal).all()
    assert controller.planning_record()["infeasible"] == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("foresight", ["forecast", "perfect"])
@pytest.mark.parametrize("name", SMALL_DISTRICTS)
def test_a_day_of_small_districts(name: str, foresight: str) -> None:
    settings = PlannerSettings.model_validate({"foresight": foresight})
    check_loop(name, settings, DAY, WINTER, SPRING, SUMMER)


@pytest.mark.slow
@pytest.mark.parametrize("name", preset_names())
def test_presets(name: str) -> None:
    check_loop(name, PlannerSettings(), DAY if name != "city-mesh" else 24, WINTER)


def test_it_is_a_controller_of_every_kind() -> None:
    controller = MpcController()
    kept: Controller = controller
    assert kept.name == "mpc"
    assert isinstance(controller, PlantAware)
    assert isinstance(controller, Recording)


def test_same_seed_same_bits() -> None:
    first = follow(loop("biogas"), MpcController(SHORT), 16, WINTER)
    again = follow(loop("biogas"), MpcController(SHORT), 16, WINTER)
    assert (first.set_points == again.set_points).all()
    assert (first.cost == again.cost).all()


def test_a_reset_forgets_everything() -> None:
    batch, controller = loop("chp_and_solar"), MpcController(SHORT)
    first = follow(batch, controller, 8, WINTER)
    follow(batch, controller, 6, SUMMER)
    again = follow(batch, controller, 8, WINTER)
    assert (first.set_points == again.set_points).all()
    assert controller.planning_record()["solves"] == 2.0


@pytest.mark.parametrize("name", ["two_circuits_with_heat_pump", "chp_and_solar", "fab"])
def test_environments_are_planned_as_if_alone(name: str) -> None:
    starts = (WINTER, SPRING, SUMMER)
    together = follow(loop(name, num_envs=3), MpcController(SHORT), 12, *starts)
    for env, start in enumerate(starts):
        alone = follow(loop(name), MpcController(SHORT), 12, start)
        assert (alone.set_points[:, 0] == together.set_points[:, env]).all()
        assert (alone.cost[:, 0] == together.cost[:, env]).all()


@pytest.mark.parametrize("parametrisation", ["offset", "heat_price"])
@pytest.mark.parametrize("name", ["biogas", "pcm_and_batch", "two_circuits_with_exchanger", "fab"])
def test_through_every_layer(name: str, parametrisation: Parametrisation) -> None:
    batch = loop(name, parametrisation=parametrisation)
    controller = MpcController(SHORT, parametrisation=parametrisation)
    controller.attach(batch)
    seen = begin(batch, WINTER)
    controller.reset(batch.contract, 1)
    low, high = batch.contract.bounds("action")
    for _ in range(8):
        action = controller.act(seen)
        assert action.shape == (1, low.size)
        assert (action >= low).all()
        assert (action <= high).all()
        step = batch.step(action)
        assert step.verdict.accepted.all()
        seen = step.observation


def test_offsets_give_the_set_points_of_the_plan() -> None:
    """As far as offsets reach: what is proposed is what was planned."""
    batch = loop("biogas", parametrisation="offset")
    controller = MpcController(SHORT, parametrisation="offset")
    controller.attach(batch)
    seen = begin(batch, WINTER)
    controller.reset(batch.contract, 1)
    for turn in range(4):
        rules = batch.rules_proposal()
        step = batch.step(controller.act(seen))
        plan = controller.plans[0]
        assert plan is not None
        low, high = batch.contract.bounds("action")
        reached = rules + np.clip(plan.set_points[turn] - rules, low, high)
        assert step.proposal == pytest.approx(reached, abs=1e-9)
        seen = step.observation


def test_who_is_not_attached_or_reset_says_so() -> None:
    batch, controller = loop("biogas"), MpcController(SHORT)
    with pytest.raises(ConfigError, match="attach it to a loop"):
        controller.reset(batch.contract, 1)
    controller.attach(batch)
    with pytest.raises(ConfigError, match="was not reset"):
        controller.act(np.zeros((1, len(batch.contract.observation)), dtype=np.float32))
    other = MpcController(parametrisation="offset")
    other.attach(batch)
    with pytest.raises(ConfigError, match="contract means 'absolute'"):
        other.reset(batch.contract, 1)


def test_plans_are_made_before_the_last_one_ends() -> None:
    batch = loop("biogas")
    settings = SHORT.model_copy(update={"replan_steps": 40})
    controller = MpcController(settings)
    controller.attach(batch)
    with pytest.raises(ConfigError, match="replan_steps"):
        controller.reset(batch.contract, 1)


def failing(monkeypatch: pytest.MonkeyPatch, *which: int) -> None:
    """Let some of the solves fail, counted from 0."""
    solve = DistrictProgram.solve
    calls = iter(range(10**6))

    def broken(
        self: DistrictProgram, *, integers: bool, time_limit_s: float, gap: float = 1e-3
    ) -> PlanValues:
        if next(calls) in which:
            raise NumericalError("no solution", "planning", 0)
        return solve(self, integers=integers, time_limit_s=time_limit_s, gap=gap)

    monkeypatch.setattr(DistrictProgram, "solve", broken)


LINEAR = SHORT.model_copy(
    update={"binary_hours": 0.0, "supply_levels_k": (0.0,), "first_passes": 1}
)
"""One solve in each decision."""


@pytest.mark.parametrize("parametrisation", ["absolute", "heat_price"])
def test_the_last_plan_goes_on_where_no_new_one_is_found(
    monkeypatch: pytest.MonkeyPatch, parametrisation: Parametrisation
) -> None:
    failing(monkeypatch, 1, 2)
    batch = loop("chp_and_solar", parametrisation=parametrisation)
    controller = MpcController(LINEAR, parametrisation=parametrisation)
    course = follow(batch, controller, 16, WINTER)
    first, second, third, fresh = (course.plans[4 * i][0] for i in range(4))
    assert first is not None
    assert second is not None
    assert third is not None
    assert fresh is not None
    n = len(first.set_points)
    assert (second.set_points[: n - 4] == first.set_points[4:]).all()
    assert (third.set_points[: n - 8] == first.set_points[8:]).all()
    assert not (fresh.set_points[: n - 12] == first.set_points[12:]).all()
    # prices go on as well, not from the beginning
    assert (second.hours_before, third.hours_before, fresh.hours_before) == (1.0, 2.0, 0.0)
    record = controller.planning_record()
    assert (record["solves"], record["infeasible"]) == (4.0, 2.0)


@pytest.mark.parametrize("parametrisation", ["absolute", "offset", "heat_price"])
def test_without_any_plan_the_rules_decide(
    monkeypatch: pytest.MonkeyPatch, parametrisation: Parametrisation
) -> None:
    failing(monkeypatch, 0)
    batch = loop("chp_and_solar", parametrisation=parametrisation)
    controller = MpcController(LINEAR, parametrisation=parametrisation)
    controller.attach(batch)
    seen = begin(batch, WINTER)
    controller.reset(batch.contract, 1)
    rules = batch.rules_proposal()
    action = controller.act(seen)
    assert controller.plans == (None,)
    if parametrisation == "heat_price":
        assert action[0].tolist() == [channel.neutral for channel in batch.contract.action]
    else:
        assert (batch.step(action).proposal == rules).all()


def test_the_record_counts_deadlines_and_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SHORT.model_copy(update={"gap": 1e-3})
    controller = MpcController(settings)
    follow(loop("biogas"), controller, 8, WINTER)
    record = controller.planning_record()
    assert record["deadline"] == 0.0
    assert 0.0 <= float(np.asarray(record["gap_mean"])) <= float(np.asarray(record["gap_worst"]))
    assert float(np.asarray(record["gap_worst"])) <= 1e-3 + 1e-9
    controller = MpcController(LINEAR)
    failing(monkeypatch, *range(10))
    follow(loop("biogas"), controller, 8, WINTER)
    record = controller.planning_record()
    assert (record["solves"], record["infeasible"], record["deadline"]) == (2.0, 2.0, 0.0)
    assert np.isnan(float(np.asarray(record["gap_mean"])))
    assert np.isnan(float(np.asarray(record["mismatch_demand_bias"])))
