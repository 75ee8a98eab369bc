"""The twin is the plant: same state, same weather, same set-points, same bits."""

import numpy as np
import pytest
from tests.agents.planning.plants import DAY, begin, loop
from tests.envs.small_districts import SMALL_DISTRICTS

from heatrouter.agents.planning.twin_run import TwinRun
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.events import PumpTrip, SourceOutage

HOURS = 6
STEPS = 4 * HOURS
STARTS = (12 * DAY + 20, 105 * DAY + 50, 365 * DAY - 9)


def twin_of(batch: DistrictBatch, variants: int = 2) -> TwinRun:
    return TwinRun(
        batch.district, batch.task, batch.library, n_steps=STEPS + 1, n_variants=variants
    )


def stand_in(twin: TwinRun, batch: DistrictBatch, env: int) -> None:
    """Put the twin where an environment stands, with what will come."""
    saved = batch.save_state()
    values = batch.library.values[int(saved["plant.scenario"][env])]
    step = int(saved["plant.time_s"][env]) // batch.library.step_s
    past = values[np.arange(step - DAY, step) % len(values)]
    ahead = values[np.arange(step, step + STEPS + 1) % len(values)]
    twin.start(saved, env, past, ahead)


def wander(batch: DistrictBatch, seed: int, steps: int) -> tuple[FloatArray, FloatArray]:
    """Outputs and executed set-points under actions anywhere in their ranges, by environment."""
    random = np.random.default_rng(seed)
    low, high = batch.contract.bounds("action")
    outputs, executed = [], []
    for i in range(steps):
        if i % 3 == 0:
            action = low + (high - low) * random.random((batch.num_envs, low.size))
        step = batch.step(action)
        outputs.append(step.outputs)
        executed.append(step.set_points)
    return np.stack(outputs, axis=1), np.stack(executed, axis=1)


@pytest.mark.parametrize("name", [*SMALL_DISTRICTS, "energy-web"])
def test_the_twin_does_what_the_plant_does(name: str) -> None:
    batch = loop(name, num_envs=len(STARTS))
    begin(batch, *STARTS)
    wander(batch, seed=1, steps=5)
    twin = twin_of(batch)
    before = batch.save_state()
    courses = []
    outputs, executed = wander(batch, seed=2, steps=STEPS)
    after = batch.save_state()
    batch.restore_state(before)
    for env in range(batch.num_envs):
        stand_in(twin, batch, env)
        actions = np.repeat(executed[env][np.newaxis], 2, axis=0)
        # another variant does something else beside it
        actions[1] = batch.decoder.plan.set_point_safe
        courses.append(twin.run(actions))
    for env, course in enumerate(courses):
        assert (course.set_points[0] == executed[env]).all()
        differ = (course.outputs[0] != outputs[env]).any(axis=0)
        names = [column for column, at in batch.columns.items() if differ[at]]
        assert not names
        assert (course.observations[0, 0] == before["observation"][env]).all()
        assert (course.outputs[1] != outputs[env]).any()
    # the plant has noticed nothing of all this
    untouched = batch.save_state()
    assert all((untouched[key] == before[key]).all() for key in before)
    repeated, _ = wander(batch, seed=2, steps=STEPS)
    assert (repeated == outputs).all()
    now = batch.save_state()
    assert all((now[key] == after[key]).all() for key in after)


def test_faults_of_the_plant_are_those_of_the_twin() -> None:
    """Events are series of the plant's library; the twin gets them with the other series."""
    outage = SourceOutage(kind="source_outage", units=("engine",), from_day=13.25, hours=2.0)
    trip = PumpTrip(kind="pump_trip", from_day=13.3, hours=0.5)
    batch = loop("chp_and_solar", events=(outage, trip))
    begin(batch, 12 * DAY + 20)
    twin = twin_of(batch)
    stand_in(twin, batch, 0)
    outputs, executed = wander(batch, seed=4, steps=STEPS)
    course = twin.run(np.repeat(executed, 2, axis=0))
    assert (course.outputs == outputs).all()


def test_the_cost_is_that_of_the_plant() -> None:
    batch = loop("chp_and_solar")
    begin(batch, STARTS[0])
    twin = twin_of(batch)
    stand_in(twin, batch, 0)
    executed, cost = [], []
    for _ in range(8):
        step = batch.step(batch.rules_proposal())
        executed.append(step.set_points[0])
        cost.append(-step.reward[0])
    course = twin.run(np.repeat(np.array(executed)[np.newaxis], 2, axis=0))
    assert course.cost_eur.tolist() == [cost, cost]


def test_variants_do_not_disturb_each_other() -> None:
    batch = loop("fab")
    begin(batch, STARTS[1])
    random = np.random.default_rng(3)
    low, high = batch.contract.bounds("action")
    actions = low + (high - low) * random.random((3, 12, low.size))
    twin = twin_of(batch, variants=3)
    stand_in(twin, batch, 0)
    together = twin.run(actions)
    alone = twin_of(batch, variants=1)
    for variant in range(3):
        stand_in(alone, batch, 0)
        course = alone.run(actions[variant : variant + 1])
        assert (course.outputs[0] == together.outputs[variant]).all()


def test_a_run_leaves_nothing_behind() -> None:
    """What was expected before, of another hour and plant, does not matter to the next run."""
    batch = loop("fab", num_envs=2)
    begin(batch, STARTS[0], STARTS[1])
    points = np.tile(batch.decoder.plan.set_point_safe, (1, 12, 1))
    fresh, used = twin_of(batch, variants=1), twin_of(batch, variants=1)
    stand_in(used, batch, 0)
    used.run(points)
    for twin in (fresh, used):
        stand_in(twin, batch, 1)
    assert (fresh.run(points).outputs == used.run(points).outputs).all()


def test_library_of_the_plant_is_untouched() -> None:
    batch = loop("fab")
    before = batch.library.values.copy()
    begin(batch, STARTS[2])
    twin = twin_of(batch)
    saved = batch.save_state()
    twin.start(saved, 0, np.zeros((DAY, before.shape[2])), np.zeros((STEPS + 1, before.shape[2])))
    assert (batch.library.values == before).all()
    assert not batch.library.values.flags.writeable
