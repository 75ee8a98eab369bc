"""Curriculum and randomisation: mild weeks first, variants side by side, nothing observed of it."""

import numpy as np
import pytest

from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.events import EventRates
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_loading import parse_training_config
from heatrouter.training.config_variety import RandomisationSettings, SizeRange
from heatrouter.training.district_variants import district_variants
from heatrouter.training.mild_starts import MildStarts, coldness
from heatrouter.training.preparation import TrainingInputs
from heatrouter.training.training_batches import TrainingBatches

PIPES = SizeRange(of="pipe", field="length_m", low=0.9, high=1.1)
TEXT = """
name: x
task: energy-web
total_steps: 9600
sim_dt_s: 300.0
constant_price: {enabled: false}
scenarios: {train_years: 1, validation_years: 1}
ppo: {environments: 4, rollout_steps: 12, minibatch: 48}
curriculum:
  stages:
    - {until_share: 0.2, easiest_share: 0.1, faults_factor: 0.0, forecast: perfect}
    - {until_share: 0.5, faults_factor: 0.5}
randomisation:
  variants: 2
  sizes: [{of: pipe, field: length_m, low: 0.9, high: 1.1}]
  faults: {source_outage: 4.0}
"""


@pytest.fixture(scope="module")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="module")
def task() -> Task:
    return load_task("energy-web")


def test_variants_differ_in_sizes_and_in_nothing_a_policy_sees(
    district: District, task: Task
) -> None:
    settings = RandomisationSettings(variants=3, sizes=(PIPES,), seed=4)
    first, *others = district_variants(district, task, settings)
    assert first is district
    for variant in others:
        ratio = [
            b.length_m / a.length_m for a, b in zip(district.pipes, variant.pipes, strict=True)
        ]
        assert 0.9 <= min(ratio) < max(ratio) <= 1.1
        assert variant.units == district.units
    assert district_variants(district, task, settings) == (first, *others)
    assert others[0] != others[1]


def test_a_size_that_does_not_exist_is_a_mistake(district: District, task: Task) -> None:
    sizes = (PIPES, SizeRange(of="reactor", field="power_kw", low=0.5, high=2.0))
    with pytest.raises(TrainingConfigError, match=r"randomisation.sizes\[1\].*no 'reactor'"):
        district_variants(district, task, RandomisationSettings(variants=2, sizes=sizes))


def test_mild_starts_are_the_mildest_share(district: District) -> None:
    library = build_library(district, "train", 2, seed=1)
    mild = MildStarts(
        library,
        easiest_share=0.25,
        episode_steps=96,
        control_dt_s=900.0,
        num_envs=8,
        seed=1,
    )
    cold = coldness(library, 96)
    # By hand for one start: the mean over its day.
    ambient = library.values[1, 500:596, library.column("ambient_temp_c")]
    assert cold[1, 500] == pytest.approx(np.maximum(15.0 - ambient, 0.0).mean())
    limit = np.quantile(cold, 0.25) + 1e-9
    for _ in range(20):
        scenario, start, _ = mild.draw(np.arange(8))
        assert (cold[scenario, start] <= limit).all()


def parsed() -> TrainingConfig:
    return parse_training_config(TEXT)


def test_stages_follow_the_share_of_the_steps_and_change_the_task_only(
    district: District, task: Task
) -> None:
    inputs = TrainingInputs.load(parsed(), task, district)
    batches = TrainingBatches(inputs, None)
    assert [batches.stage_at(steps) for steps in (0, 1919, 1920, 4799, 4800, 9600)] == [
        *(0, 0, 1, 1, 2, 2)
    ]
    stages = inputs.config.curriculum.stages
    first, second, last = (batches._task(stage) for stage in (*stages, None))
    assert first.forecast.kind == "perfect"
    assert second.forecast.kind == last.forecast.kind == task.forecast.kind
    assert first.event_rates == EventRates()
    assert second.event_rates == EventRates(source_outage=2.0)
    assert last.event_rates == EventRates(source_outage=4.0)


def test_training_and_validation_vary_their_tariffs_alike(district: District, task: Task) -> None:
    plain = parsed()
    config = parse_training_config(f"{TEXT}  tariffs: {{share: 1.0}}\n")
    assert plain.digest != config.digest
    before, after = (TrainingInputs.load(each, task, district) for each in (plain, config))
    for one, other in ((before.train, after.train), (before.validation, after.validation)):
        assert all("another market" in entry["tariffs"] for entry in other.provenance)
        gas, air = (one.column(name) for name in ("gas_eur_per_mwh", "ambient_temp_c"))
        assert not np.array_equal(one.values[:, :, gas], other.values[:, :, gas])
        np.testing.assert_array_equal(one.values[:, :, air], other.values[:, :, air])


def test_ranges_of_tariffs_are_checked_with_their_path() -> None:
    with pytest.raises(TrainingConfigError, match=r"randomisation.tariffs.gas.*in order"):
        parse_training_config(f"{TEXT}  tariffs: {{gas: [2.0, 1.0]}}\n")


@pytest.mark.slow
def test_variants_step_side_by_side_and_go_on_exactly(district: District, task: Task) -> None:
    inputs = TrainingInputs.load(parsed(), task, district)
    batches = TrainingBatches(inputs, None)
    one, other = (batches.make(0).batch for _ in range(2))
    first = one.reset()
    np.testing.assert_array_equal(first, other.reset())
    assert first.shape[0] == one.num_envs == 4
    action = np.tile([channel.neutral for channel in one.contract.action], (4, 1))
    for _ in range(3):
        one.step(action)
    other.restore_state(one.save_state())
    for _ in range(3):
        a, b = one.step(action), other.step(action)
        np.testing.assert_array_equal(a.observation, b.observation)
        np.testing.assert_array_equal(a.reward, b.reward)
        assert a.terms.keys() == b.terms.keys()
    later = batches.make(2).batch
    assert not np.array_equal(later.reset(), first)
