"""The closed loop over the compiled plant: books that only physics can put to the test."""

import numpy as np
import pytest

from heatrouter.envs.kpis import KpiLayout, accumulate, start, summary
from heatrouter.envs.scenarios.generator import assemble, generate
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task

pytestmark = pytest.mark.slow

WINTER, SPRING, SUMMER, AUTUMN = 1440, 9600, 18240, 28800


@pytest.fixture(scope="module")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="module")
def library(district: District) -> ScenarioLibrary:
    return assemble(district, "train", [generate(district, "train", number=0)])


def closed_loop(
    district: District,
    library: ScenarioLibrary,
    num_envs: int,
    parametrisation: str,
    *,
    first_env: int = 0,
) -> DistrictBatch:
    task = load_task("energy-web").model_copy(
        update={"parametrisation": parametrisation, "episode_hours": 6.0}
    )
    return DistrictBatch(district, task, library, num_envs=num_envs, seed=7, first_env=first_env)


@pytest.mark.parametrize("parametrisation", ["offset", "heat_price"])
def test_batch_of_n_equals_n_singles(
    district: District, library: ScenarioLibrary, parametrisation: str
) -> None:
    # a batch of five runs in parallel and raises new episodes beside itself, singles do neither
    batch = closed_loop(district, library, 5, parametrisation)
    singles = [closed_loop(district, library, 1, parametrisation, first_env=e) for e in range(5)]
    together = batch.reset()
    for e, single in enumerate(singles):
        np.testing.assert_array_equal(single.reset()[0], together[e])
    action = np.array([[c.neutral for c in batch.contract.action]])
    for _ in range(30):
        step = batch.step(np.tile(action, (5, 1)))
        for e, single in enumerate(singles):
            alone = single.step(action)
            np.testing.assert_array_equal(alone.observation[0], step.observation[e])
            assert alone.reward[0] == step.reward[e]
            assert alone.truncated[0] == step.truncated[e]


def test_saved_state_goes_on_bit_for_bit(district: District, library: ScenarioLibrary) -> None:
    batch = closed_loop(district, library, 2, "heat_price")
    batch.reset()
    action = np.tile([c.neutral for c in batch.contract.action], (2, 1))
    for _ in range(5):
        batch.step(action)
    saved = batch.save_state()
    expected = [batch.step(action) for _ in range(30)]
    batch.restore_state(saved)
    for step in expected:
        again = batch.step(action)
        np.testing.assert_array_equal(again.observation, step.observation)
        np.testing.assert_array_equal(again.reward, step.reward)


@pytest.mark.parametrize("parametrisation", ["offset", "heat_price"])
def test_rules_and_neutral_prices_keep_everyone_warm(
    district: District, library: ScenarioLibrary, parametrisation: str
) -> None:
    batch = closed_loop(district, library, 4, parametrisation)
    starts = np.array([WINTER, SPRING, SUMMER, AUTUMN])
    batch.reset_to(np.zeros(4, dtype=np.int64), starts, truncate=False)
    action = np.tile([c.neutral for c in batch.contract.action], (4, 1))
    layout, sums = KpiLayout.build(district, batch.columns), start(4)
    for _ in range(3 * 96):
        step = batch.step(action)
        sums = accumulate(layout, sums, step.outputs, step.terms, batch.task.control_dt_s)
        assert step.verdict.accepted.all()
    figures = summary(sums)
    assert (figures["unmet_demand_share"] < 1e-3).all()
    assert (figures["room_comfort_kh"] < 1.0).all()
    assert (figures["crop_comfort_kh"] < 24.0).all()  # hot afternoons are no fault of a controller
    assert (figures["energy_closure_relative"] < 1e-9).all()
    assert (figures["waste_heat_share"] > 0.4).all()
