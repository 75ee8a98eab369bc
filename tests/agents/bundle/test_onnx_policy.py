"""The exported policy as a controller."""

from pathlib import Path

import numpy as np
import pytest

from heatrouter.agents.bundle import load_bundle
from heatrouter.agents.onnx_policy import OnnxPolicy
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError


@pytest.fixture
def policy(folder: Path) -> OnnxPolicy:
    return OnnxPolicy(load_bundle(folder))


def test_it_reproduces_the_golden_actions(policy: OnnxPolicy, folder: Path) -> None:
    golden = load_bundle(folder).golden
    np.testing.assert_allclose(policy.act(golden.observation), golden.action, rtol=1e-6)


def test_batches_and_single_calls_agree(
    policy: OnnxPolicy, contract: Contract, folder: Path
) -> None:
    observation = load_bundle(folder).golden.observation
    together = policy.act(observation)
    policy.reset(contract, 1)
    alone = np.concatenate([policy.act(row[None, :]) for row in observation])
    np.testing.assert_allclose(together, alone, rtol=1e-6)


def test_an_answer_is_a_fresh_array(policy: OnnxPolicy, folder: Path) -> None:
    observation = load_bundle(folder).golden.observation
    first = policy.act(observation[:1])
    kept = first.copy()
    policy.act(observation[1:2])
    np.testing.assert_array_equal(first, kept)
    assert first.dtype == np.float64


def test_strided_and_double_observations_are_taken(policy: OnnxPolicy, folder: Path) -> None:
    observation = load_bundle(folder).golden.observation
    wide = np.repeat(observation, 2, axis=1)[:, ::2]
    np.testing.assert_array_equal(policy.act(wide), policy.act(observation))


def test_a_nan_stays_in_its_row(policy: OnnxPolicy, folder: Path) -> None:
    observation = load_bundle(folder).golden.observation.copy()
    observation[3, 2] = np.nan
    action = policy.act(observation)
    assert np.isnan(action[3]).all()
    assert np.isfinite(np.delete(action, 3, axis=0)).all()


def test_another_contract_is_refused(policy: OnnxPolicy, contract: Contract) -> None:
    other = contract.model_copy(update={"control_dt_s": 600.0})
    with pytest.raises(BundleError, match="the policy was trained for"):
        policy.reset(other, 1)


def test_another_width_is_refused(policy: OnnxPolicy) -> None:
    with pytest.raises(BundleError, match=r"its shape is \(1, 3\)"):
        policy.act(np.zeros((1, 3), dtype=np.float32))
