"""The computation of a tick: the observation of training, rules warm, the guard in between."""

import numpy as np
import pytest

from heatrouter.deploy.config import ServiceConfig, ServiceSetup
from heatrouter.deploy.control_cycle import ControlCycle
from heatrouter.deploy.tags import default_tags
from heatrouter.deploy.tick_reading import StepMeans, TickReading
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.scenarios.forecast import Forecaster
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

TICK_S = 60.0


@pytest.fixture
def setup(district: District, task: Task, contract: Contract) -> ServiceSetup:
    config = ServiceConfig(district="energy-web", tick_s=TICK_S)
    return ServiceSetup(config, district, task, contract, default_tags(contract), None)


@pytest.fixture
def cycle(setup: ServiceSetup) -> ControlCycle:
    return ControlCycle(setup)


def reading_of(
    cycle: ControlCycle,
    values: dict[str, float],
    *,
    time_s: float,
    applied: FloatArray,
    forecast: FloatArray | None = None,
) -> TickReading:
    inputs = np.array([values[name] for name in cycle.layout.input_names])
    shape = cycle.layout.forecast_shape
    return TickReading(
        inputs=inputs,
        quality=np.zeros(inputs.shape, dtype=np.int8),
        source_time_s=np.full(inputs.shape, time_s),
        clock=np.array(
            [values["site.local_hour"], values["site.weekday"], values["site.day_of_year"]]
        ),
        plant_time_s=time_s,
        arrays={},
        forecast=np.zeros(shape) if forecast is None else forecast,
        forecast_issue_s=time_s,
        set_points=applied,
        applied=applied,
        enable=True,
        override=False,
        external=True,
    )


def plain_values(cycle: ControlCycle, contract: Contract) -> dict[str, float]:
    values = {
        c.origin: c.low + 0.4 * (c.high - c.low)
        for c in contract.observation
        if c.source in {"measured", "tariff"}
    }
    return values | {"site.local_hour": 12.0, "site.weekday": 2.0, "site.day_of_year": 20.0}


def take(cycle: ControlCycle, reading: TickReading) -> bool:
    return cycle.take(reading, reading.inputs, np.ones(reading.inputs.shape, dtype=np.bool_))


def test_the_observation_is_the_one_of_training(
    cycle: ControlCycle, district: District, task: Task, contract: Contract
) -> None:
    """Fed with the simulator's minutes, the service sees what the environment saw."""
    library = build_library(district, "test", 1, seed=3)
    batch = DistrictBatch(district, task, library, num_envs=1, seed=3)
    first = np.zeros(1, dtype=np.int64)
    batch.reset_to(first, np.array([20 * 96], dtype=np.int64))
    minutes = Simulation(district, library, num_envs=1, sim_dt_s=task.sim_dt_s)
    minutes.restore_state(batch.plant.save_state())
    forecaster = Forecaster(library, task.forecast)
    order = [contract.set_point_index(name) for name in minutes.set_point_names]
    rng = np.random.default_rng(5)
    low, high = contract.bounds("action")
    compared = [
        i
        for i, c in enumerate(contract.observation)
        if c.source in {"measured", "executed", "clock", "tariff", "forecast"}
    ]
    span = np.array([c.high - c.low for c in contract.observation])
    seen = 0
    for _ in range(6):
        step = batch.step(rng.uniform(low, high, (1, low.size)))
        for _ in range(task.sub_steps):
            outputs = minutes.advance(step.set_points[:, order], 1)[0]
            time_s = float(minutes.time_s[0])
            values = {name: float(outputs[k]) for name, k in minutes.columns.items()}
            issue = np.array([int(time_s) // library.step_s], dtype=np.int64)
            reading = reading_of(
                cycle,
                values,
                time_s=time_s,
                applied=step.set_points[0],
                forecast=forecaster.windows_at(first, issue)[0],
            )
            cycle.track(step.set_points[0], time_s)
            if take(cycle, reading):
                observation = cycle.observe(time_s)
                # The first decision came with the first minute, and took it from the means.
                if cycle.decisions > 2:
                    difference = np.abs(observation - step.observation[0]) / span
                    names = [contract.observation[i].name for i in compared if difference[i] > 1e-6]
                    assert names == []
                    seen += 1
    assert seen == 5


def test_decisions_fall_on_the_plants_control_steps(
    cycle: ControlCycle, contract: Contract
) -> None:
    values = plain_values(cycle, contract)
    applied = np.array([p.safe for p in contract.set_points])
    due = []
    for k in range(40):
        time_s = 7 * 60.0 + TICK_S * k  # the service joined in the middle of a step
        cycle.track(applied, time_s)
        if take(cycle, reading_of(cycle, values, time_s=time_s, applied=applied)):
            cycle.observe(time_s)
            due.append(time_s)
    assert due == [420.0, 900.0, 1800.0, 2700.0]


def test_a_plant_clock_that_stands_still_does_not_stop_decisions(
    cycle: ControlCycle, contract: Contract
) -> None:
    values = plain_values(cycle, contract)
    applied = np.array([p.safe for p in contract.set_points])
    decisions = 0
    for k in range(100):
        cycle.track(applied, TICK_S * k)
        if take(cycle, reading_of(cycle, values, time_s=0.0, applied=applied)):
            cycle.observe(TICK_S * k)
            decisions += 1
    assert decisions == 5  # at once, then every one and a half steps


def test_means_leave_invalid_ticks_out_and_instants_take_the_last() -> None:
    means = StepMeans(np.array([False, False, True]))
    for k in range(10):
        values = np.array([float(k), 7.0, float(k)])
        means.add(values, np.array([k >= 8, False, True]))
    np.testing.assert_array_equal(means.take(), [8.5, 7.0, 9.0])
    means.add(np.array([1.0, 2.0, 3.0]), np.ones(3, dtype=np.bool_))
    np.testing.assert_array_equal(means.take(), [1.0, 2.0, 3.0])


def started(cycle: ControlCycle, contract: Contract) -> FloatArray:
    applied = np.array([p.safe for p in contract.set_points])
    cycle.track(applied, 0.0)
    reading = reading_of(cycle, plain_values(cycle, contract), time_s=0.0, applied=applied)
    assert take(cycle, reading)
    cycle.observe(0.0)
    return applied


def test_nothing_is_proposed_before_anything_is_known(cycle: ControlCycle) -> None:
    assert cycle.guarded(0.0, use_policy=True) is None


def test_the_rules_answer_where_the_policy_does_not(
    cycle: ControlCycle, contract: Contract
) -> None:
    started(cycle, contract)
    step = cycle.guarded(TICK_S, use_policy=True)
    assert step is not None
    assert (step.source, step.policy_refused) == ("rules", False)
    neutral = np.array([a.neutral for a in contract.action])
    assert cycle.act(neutral)
    step = cycle.guarded(TICK_S, use_policy=True)
    assert step is not None
    assert step.source == "policy"
    step = cycle.guarded(TICK_S, use_policy=False)
    assert step is not None
    assert step.source == "rules"


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1e9])
def test_a_wrong_action_is_not_held(cycle: ControlCycle, contract: Contract, wrong: float) -> None:
    started(cycle, contract)
    action = np.array([a.neutral for a in contract.action])
    action[-1] = wrong
    assert not cycle.act(action)
    assert cycle.policy_proposal is None


def test_a_policys_rounding_is_no_fault(cycle: ControlCycle, contract: Contract) -> None:
    started(cycle, contract)
    high = np.array([a.high for a in contract.action])
    assert cycle.act(high + 1e-5 * np.array([a.high - a.low for a in contract.action]))


def test_what_the_plant_refused_is_not_remembered(cycle: ControlCycle, contract: Contract) -> None:
    applied = started(cycle, contract)
    step = cycle.guarded(10 * TICK_S, use_policy=False)
    assert step is not None
    moved = step.set_points != applied
    assert moved.any()
    cycle.executed(step, moved, 10 * TICK_S)
    assert cycle.memory is not None
    np.testing.assert_array_equal(cycle.memory.set_points[0], applied)


def test_rates_count_from_the_confirmation_of_a_write(
    cycle: ControlCycle, contract: Contract
) -> None:
    started(cycle, contract)
    nothing = np.zeros(len(contract.set_points), dtype=np.bool_)
    step = cycle.guarded(10 * TICK_S, use_policy=False)
    assert step is not None
    cycle.executed(step, nothing, 11.9 * TICK_S)
    late = cycle.guarded(12 * TICK_S, use_policy=False)
    assert late is not None
    moved = np.abs(late.set_points - step.set_points)
    # Only 0.1 of a tick has passed at the plant, although the service began two ticks ago.
    limited = cycle.limits.rate_up_per_s < 1.0
    assert (moved <= 0.1 * TICK_S * cycle.limits.rate_up_per_s + 1e-9)[limited].all()
    running = step.memory.on[0] & (step.memory.held_s[0] > 0.0)
    assert cycle.memory is not None
    np.testing.assert_allclose(
        (cycle.memory.held_s - step.memory.held_s)[0, running], 1.9 * TICK_S, atol=1e-9
    )


def test_following_the_plant_keeps_the_dwell(cycle: ControlCycle, contract: Contract) -> None:
    applied = np.array([p.safe for p in contract.set_points])
    pump = contract.set_point_index("fab_heat_pump.load_share")
    cycle.track(applied, 0.0)
    cycle.track(applied, 600.0)
    assert cycle.memory is not None
    assert cycle.memory.held_s[0, pump] == 600.0
    running = applied.copy()
    running[pump] = 0.5
    cycle.track(running, 660.0)
    assert cycle.memory.held_s[0, pump] == 0.0
    assert cycle.memory.on[0, pump]
