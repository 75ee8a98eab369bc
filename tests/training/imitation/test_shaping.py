"""Rewards counted from a planner's course."""

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.training.imitation.collection import Course
from heatrouter.training.imitation.shaping import ReferenceValue
from heatrouter.training.imitation.shards import Work


@pytest.fixture
def batch(work: Work, weeks: ScenarioLibrary) -> DistrictBatch:
    task = work.task.model_copy(update={"episode_hours": work.settings.hours})
    made = DistrictBatch(work.district, task, weeks, num_envs=2, seed=0)
    made.reset_to(np.arange(2), np.zeros(2, dtype=np.int64), truncate=False)
    return made


def shaped(batch: DistrictBatch, value: ReferenceValue, action: FloatArray) -> FloatArray:
    value.before()
    step = batch.step(action)
    return step.reward + value.added(step.final_observation.astype(np.float64))


def test_who_repeats_the_course_gains_and_loses_nothing(
    batch: DistrictBatch, course: Course
) -> None:
    value = ReferenceValue(batch, [course])
    names = [f"{point.name}@executed" for point in batch.contract.set_points]
    executed = course.observation[:, :, [batch.contract.observation_index(n) for n in names]]
    total = np.zeros(2)
    steps = len(course.label) - 1
    for index in range(steps):
        action = executed[index + 1].astype(np.float64)
        # rounded to 32 bits: a machine at its least load must not fall below it
        total += np.abs(shaped(batch, value, np.where(action > 0.0, action + 1e-6, action)))
    # costs are stored in 32 bits, too; a step costs some tens of euro
    assert total.max() / steps < 0.05


def test_heat_that_is_stored_counts_at_once(batch: DistrictBatch, course: Course) -> None:
    """Two prices of heat that differ by 10 EUR/MWh differ by that for what the tank has gained."""
    dearer = Course(**{**course.arrays(), "heat_price": course.heat_price + 10.0})
    plain, more = ReferenceValue(batch, [course]), ReferenceValue(batch, [dearer])
    high = np.tile(batch.contract.bounds("action")[1], (2, 1))
    level = batch.contract.observation_index("tank.level")
    full_kwh = float(more._full_kwh[0])
    for index in range(4):
        plain.before()
        more.before()
        before = batch.observation[:, level]
        step = batch.step(high)
        after = step.final_observation.astype(np.float64)
        gained_mwh = (after[:, level] - before) * full_kwh / 1e3
        course_mwh = np.diff(course.observation[:, :, level], axis=0)[index] * full_kwh / 1e3
        np.testing.assert_allclose(
            more.added(after) - plain.added(after), 10.0 * (gained_mwh - course_mwh), atol=1e-3
        )


def test_a_crop_that_grows_too_cold_is_charged_once(batch: DistrictBatch, course: Course) -> None:
    value = ReferenceValue(batch, [course])
    at = batch.contract.observation_index("greenhouse.air_mean_24h_c")
    value.before()
    seen = batch.observation
    outside = [
        value.added(np.where(np.arange(seen.shape[1]) == at, mean, seen))
        for mean in (20.0, 18.0, 17.0, 25.5)
    ]
    # 18 to 24.5 degC; 25 EUR per kelvin, hour and hectare; two hectares; the mean fades with 24 h
    np.testing.assert_allclose(outside[0], outside[1])
    np.testing.assert_allclose(outside[1] - outside[2], 1200.0)
    np.testing.assert_allclose(outside[1] - outside[3], 1200.0)


def test_new_episodes_are_found_in_the_course(
    work: Work, weeks: ScenarioLibrary, course: Course
) -> None:
    task = work.task.model_copy(update={"episode_hours": work.settings.hours})
    batch = DistrictBatch(work.district, task, weeks, num_envs=3, seed=0)
    value = ReferenceValue(batch, [course])
    batch.reset()
    for _ in range(len(course.label) + 4):
        shaped(batch, value, batch.rules_proposal())
        assert (value._step < len(course.label)).all()
        assert set(value._scenario) <= {0, 1}
