"""A network fitted to labels."""

import numpy as np
import pytest
import torch
from tests.training.conftest import toy_contract

from heatrouter.envs.arrays import Float32Array
from heatrouter.envs.gymenv.building import action_space, observation_space
from heatrouter.envs.observe import build_contract
from heatrouter.training.config import NetworkSettings
from heatrouter.training.imitation.cloning import (
    LabelSet,
    fit,
    plain_network,
    tells_actions,
)
from heatrouter.training.imitation.collection import Course
from heatrouter.training.imitation.settings import CloneSettings
from heatrouter.training.imitation.shards import Work
from heatrouter.training.policy import ContractScaling, HeatPolicy

SETTINGS = CloneSettings(epochs=25, minibatch=128, learning_rate=3e-3)


@pytest.fixture
def policy() -> HeatPolicy:
    torch.manual_seed(0)
    contract = toy_contract()
    return HeatPolicy(
        observation_space(contract),
        action_space(contract),
        lambda _: 0.0,
        contract=contract,
        settings=NetworkSettings(policy_layers=(32, 32), value_layers=(8,)),
    )


def made_up(count: int = 2000) -> LabelSet:
    """The first action follows the first channel, the second is always at its bound."""
    random = np.random.default_rng(0)
    observation = random.uniform(-50.0, 150.0, (count, 5)).astype(np.float32)
    label = np.stack([np.clip((observation[:, 0] - 50.0) / 125.0, -1, 1), np.ones(count)], axis=1)
    return LabelSet(observation, label.astype(np.float32), np.arange(count) % 10 == 0)


def answers(policy: HeatPolicy, observation: Float32Array) -> Float32Array:
    with torch.no_grad():
        return np.asarray(policy.mean_action(torch.from_numpy(observation)).numpy())


def test_answers_are_the_labels(policy: HeatPolicy) -> None:
    labels = made_up()
    report = fit(policy, labels, SETTINGS, seed=0)
    assert report.held_out_error < 2e-3
    assert report.explained[0] > 0.99
    assert report.samples == 1800
    # noise around an answer at its bound must not lead away from it
    assert answers(policy, labels.observation)[:, 1].min() > 1.3


def test_the_same_seed_gives_the_same_network(policy: HeatPolicy) -> None:
    before = {name: value.clone() for name, value in policy.state_dict().items()}
    fit(policy, made_up(), SETTINGS, seed=4)
    first = plain_network(policy).to_bytes()
    policy.load_state_dict(before)
    fit(policy, made_up(), SETTINGS, seed=4)
    assert plain_network(policy).to_bytes() == first


def test_answers_do_not_depend_on_what_tells_past_actions(work: Work, course: Course) -> None:
    contract = build_contract(work.district, work.task)
    blind = tells_actions(contract)
    names = [channel.name for channel in contract.observation]
    told = {name for name, hidden in zip(names, blind, strict=True) if hidden}
    assert {"gas_engine.load_share@executed", "gas_engine.heat_kw", "main.supply_temp_c"} <= told
    assert {"main.supply_temp_c@-3600s", "gas_engine.load_share@dwell"} <= told
    assert not told & {"tank.level", "site.ambient_temp_c", "main.load_kw", "main.return_temp_c"}
    policy = HeatPolicy(
        observation_space(contract),
        action_space(contract),
        lambda _: 0.0,
        contract=contract,
        settings=NetworkSettings(policy_layers=(16,), value_layers=(8,)),
    )
    fit(policy, LabelSet.of([course], 0.0), CloneSettings(epochs=3, minibatch=32), seed=0)
    seen = course.observation[-1]
    low, high = contract.bounds("observation")
    changed = np.where(blind, (low + high) / 2.0, seen).astype(np.float32)
    np.testing.assert_array_equal(answers(policy, seen), answers(policy, changed))


def test_whole_courses_are_held_out(course: Course) -> None:
    labels = LabelSet.of([course], 0.5)
    per_course = course.labelled.sum(axis=0)
    assert labels.held_out.sum() in per_course
    assert len(labels.label) == course.labelled.sum()
    changes = np.flatnonzero(np.diff(labels.held_out.astype(int)))
    assert changes.tolist() == [per_course[0] - 1]


def test_plain_arrays_answer_as_the_network_does(policy: HeatPolicy) -> None:
    labels = made_up()
    scaling = policy.pi_features_extractor
    assert isinstance(scaling, ContractScaling)
    scaling.standardise(*labels.statistics())
    fit(policy, labels, SETTINGS, seed=0)
    far = np.concatenate([labels.observation[:50], 1e4 * labels.observation[:5]])
    plain = plain_network(policy).normalised(far)
    np.testing.assert_allclose(plain, answers(policy, far), atol=2e-6)


def test_standard_scaling_leaves_still_channels_at_the_contracts_scale(policy: HeatPolicy) -> None:
    scaling = policy.pi_features_extractor
    assert isinstance(scaling, ContractScaling)
    mean = np.array([50.0, 60.0, 70.0, 80.0, 90.0])
    scaling.standardise(mean, np.array([40.0, 1e-3, 2.0, 0.0, 500.0]))
    half_range = 100.0
    seen = torch.tensor(mean + half_range, dtype=torch.float32)[None]
    features = scaling(seen)[0].numpy()
    # moved by itself, stood still, hardly moved, stood still, moved beyond its bounds
    np.testing.assert_allclose(features, [100.0 / 40.0, 1.0, 5.0, 1.0, 0.2], rtol=1e-5)
