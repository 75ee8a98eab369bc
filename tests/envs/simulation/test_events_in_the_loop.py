"""Events in the closed loop: plant, observation and guard together."""

from typing import Any

import numpy as np
import pytest

from heatrouter.envs.actuate import denormalise
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, parse_task, preset_names
from heatrouter.envs.spec.task import Task

DAY = 96
EVENTS: list[dict[str, Any]] = [
    {"kind": "source_outage", "from_day": 20, "hours": 12, "units": ["glassworks"]},
    {"kind": "pump_trip", "from_day": 20.25, "hours": 3, "remaining": 0.05},
    {"kind": "fuel_shortage", "from_day": 20, "hours": 12, "remaining": 0.1},
    {"kind": "fouling", "from_day": 19, "hours": 48, "units": ["town_old"], "cleanness": 0.3},
    {"kind": "cold_spell", "from_day": 18, "hours": 96, "depth_k": 15.0},
    {"kind": "sensor_bias", "from_day": 20, "hours": 9, "channels": ["site.ambient_temp_c"],
     "bias": -9.0},
    {"kind": "sensor_freeze", "from_day": 20, "hours": 9, "channels": ["tank.level"]},
    {"kind": "sensor_dropout", "from_day": 20.2, "hours": 4},
    {"kind": "communication_delay", "from_day": 20, "hours": 6, "delay_s": 1800.0},
]  # fmt: skip


@pytest.fixture(scope="module")
def district() -> District:
    assert "energy-web" in preset_names()
    return load_district("energy-web")


def task_with(events: list[dict[str, Any]]) -> Task:
    import yaml

    from heatrouter.envs.spec.loading import load_task

    plain = load_task("energy-web").model_dump(mode="json")
    return parse_task(yaml.safe_dump({**plain, "parametrisation": "offset", "events": events}))


def loop(district: District, events: list[dict[str, Any]]) -> DistrictBatch:
    library = build_library(district, "train", 1)
    return DistrictBatch(district, task_with(events), library, num_envs=1, seed=0)


def test_the_plant_lives_through_everything_at_once_and_is_worse_for_it(
    district: District,
) -> None:
    costs, heat = [], []
    for events in ([], EVENTS):
        batch = loop(district, events)
        batch.reset_to(np.zeros(1, np.int64), np.full(1, 19 * DAY), truncate=False)
        rules = denormalise(batch.contract, np.zeros((1, len(batch.contract.action))))
        cost, glass = 0.0, 0.0
        for _ in range(DAY // 2):
            step = batch.step(rules)
            assert np.isfinite(step.set_points).all()
            assert np.isfinite(step.observation).all()
            cost -= float(step.reward[0])
            glass += float(step.outputs[0, batch.columns["glassworks.heat_kw"]])
        costs.append(cost)
        heat.append(glass)
    assert heat[0] > 1000.0
    assert heat[1] < 1.0
    assert costs[1] > 1.5 * costs[0]


def test_state_with_faults_is_saved_and_restored_exactly(district: District) -> None:
    batch = loop(district, EVENTS)
    batch.reset_to(np.zeros(1, np.int64), np.full(1, 19 * DAY + 16), truncate=False)
    rules = denormalise(batch.contract, np.zeros((1, len(batch.contract.action))))
    for _ in range(6):
        batch.step(rules)
    saved = batch.save_state()
    first = [batch.step(rules) for _ in range(6)]
    batch.restore_state(saved)
    for before in first:
        again = batch.step(rules)
        np.testing.assert_array_equal(before.outputs, again.outputs)
        np.testing.assert_array_equal(before.observation, again.observation)


def test_what_the_controller_sees_is_wrong_and_the_plant_is_not(district: District) -> None:
    batch = loop(district, EVENTS)
    batch.reset_to(np.zeros(1, np.int64), np.full(1, 19 * DAY - 4), truncate=False)
    rules = denormalise(batch.contract, np.zeros((1, len(batch.contract.action))))
    seen, real = [], []
    at = batch.contract.observation_index("site.ambient_temp_c")
    for _ in range(12):
        step = batch.step(rules)
        seen.append(float(step.observation[0, at]))
        real.append(float(step.outputs[0, batch.columns["site.ambient_temp_c"]]))
    # from midnight on: 9 K too cold, and the reading is two steps old
    assert seen[3] == pytest.approx(real[3], abs=1e-5)
    assert seen[8] == pytest.approx(real[6] - 9.0, abs=1e-5)
