"""The VecEnv gives SB3 what it asks for: fresh arrays, ends that are truncations, all terms."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger

from heatrouter.envs.actuate import denormalise
from heatrouter.envs.contract import Contract
from heatrouter.training.sb3_vec_env import DistrictVecEnv

ENVS = 4


Step = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], list[dict[str, Any]]]


def stepped(env: DistrictVecEnv, action: np.ndarray[Any, Any] | None = None) -> Step:
    """A step, typed: SB3 allows observations of other kinds."""
    chosen = np.zeros((ENVS, 2), dtype=np.float32) if action is None else action
    observation, reward, done, infos = env.step(chosen)
    assert isinstance(observation, np.ndarray)
    return observation, reward, done, infos


@pytest.fixture
def env(make_batch: Callable[..., Any]) -> DistrictVecEnv:
    return DistrictVecEnv(make_batch(ENVS, episode_steps=5), reward_scale_eur=10.0)


def test_spaces_are_those_of_the_contract(env: DistrictVecEnv, contract: Contract) -> None:
    low, high = contract.bounds("observation")
    observed: Any = env.observation_space
    acted: Any = env.action_space
    np.testing.assert_array_equal(observed.low, low.astype(np.float32))
    np.testing.assert_array_equal(observed.high, high.astype(np.float32))
    np.testing.assert_array_equal(acted.low, -np.ones(2))
    np.testing.assert_array_equal(acted.high, np.ones(2))


def test_shapes_types_and_bounds(env: DistrictVecEnv) -> None:
    observation = env.reset()
    assert env.observation_space.contains(observation[0])
    for _ in range(12):
        observation, reward, done, infos = stepped(env)
        assert observation.shape == (ENVS, 5)
        assert observation.dtype == np.float32
        assert all(env.observation_space.contains(row) for row in observation)
        assert reward.shape == done.shape == (ENVS,)
        assert reward.dtype == np.float32
        assert done.dtype == np.bool_
        assert len(infos) == ENVS


def test_what_was_returned_does_not_change_later(env: DistrictVecEnv) -> None:
    """A reused buffer would make PPO store shifted observations, and SAC obs == next_obs."""
    returned = [env.reset()]
    copies = [returned[0].copy()]
    rewards, dones = [], []
    for _ in range(8):
        observation, reward, done, _ = stepped(env)
        returned.append(observation)
        copies.append(observation.copy())
        rewards.append((reward, reward.copy()))
        dones.append((done, done.copy()))
    for array, copy in [*zip(returned, copies, strict=True), *rewards, *dones]:
        np.testing.assert_array_equal(array, copy)
    for first, second in pairwise(returned):
        assert not np.shares_memory(first, second)
        assert not np.array_equal(first, second)


def test_an_end_is_a_truncation_with_the_last_observation(make_batch: Callable[..., Any]) -> None:
    env = DistrictVecEnv(make_batch(ENVS, episode_steps=5), reward_scale_eur=10.0)
    env.reset()
    ends = 0
    for _ in range(10):
        observation, _, done, infos = stepped(env)
        for index in range(ENVS):
            if not done[index]:
                assert infos[index] == {}
                continue
            ends += 1
            assert infos[index]["TimeLimit.truncated"] is True
            terminal = infos[index]["terminal_observation"]
            assert not np.shares_memory(terminal, observation)
            # The observation that is returned belongs to the next episode.
            assert not np.array_equal(terminal, observation[index])
    assert ends == 2 * ENVS


def test_actions_reach_the_batch_in_physical_units(
    make_batch: Callable[..., Any], contract: Contract
) -> None:
    batch = make_batch(ENVS)
    seen: list[np.ndarray[Any, Any]] = []
    step = batch.step

    def recorded(action: np.ndarray[Any, Any]) -> Any:
        seen.append(action)
        return step(action)

    batch.step = recorded
    env = DistrictVecEnv(batch, reward_scale_eur=10.0)
    env.reset()
    action = np.array([[-1.0, 0.0], [0.0, 1.0], [1.0, -1.0], [0.5, 0.5]], dtype=np.float32)
    stepped(env, action)
    expected = [[-20.0, 0.0], [60.0, 8.0], [200.0, -8.0], [130.0, 4.0]]
    np.testing.assert_allclose(seen[0], expected)
    np.testing.assert_allclose(seen[0], denormalise(contract, action.astype(np.float64)))


def test_rewards_are_scaled_and_count_from_the_baseline(make_batch: Callable[..., Any]) -> None:
    plain = DistrictVecEnv(make_batch(ENVS), reward_scale_eur=10.0)
    based = DistrictVecEnv(
        make_batch(ENVS), reward_scale_eur=5.0, baseline_eur=lambda: np.full(ENVS, 3.0)
    )
    plain.reset()
    based.reset()
    reward, other = stepped(plain)[1], stepped(based)[1]
    np.testing.assert_allclose(other * 5.0, reward * 10.0 + 3.0, rtol=1e-5)


def test_terms_are_means_since_the_last_call(env: DistrictVecEnv) -> None:
    env.reset()
    rewards = [stepped(env)[1] for _ in range(6)]
    terms, fines = env.drain_terms()
    assert set(terms) == {"energy", "wear"}
    assert sum(terms.values()) == pytest.approx(-10.0 * np.mean(rewards), rel=1e-5)
    assert fines == {}
    assert env.drain_terms() == ({}, {})


def test_fines_lower_the_reward_and_are_told_apart_from_the_terms(
    make_batch: Callable[..., Any],
) -> None:
    def fines(outputs: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        return {"fine_pressure": np.arange(float(len(outputs)))}

    plain = DistrictVecEnv(make_batch(ENVS), reward_scale_eur=10.0)
    fined = DistrictVecEnv(make_batch(ENVS), reward_scale_eur=10.0, fines=fines)
    plain.reset()
    fined.reset()
    reward, lower = stepped(plain)[1], stepped(fined)[1]
    np.testing.assert_allclose(reward - lower, np.arange(ENVS) / 10.0, rtol=1e-5)
    terms, told = fined.drain_terms()
    assert terms == plain.drain_terms()[0]
    assert told == {"fine_pressure": pytest.approx(np.arange(ENVS).mean())}


def test_the_value_of_the_last_observation_is_added_at_a_truncation(
    make_batch: Callable[..., Any],
) -> None:
    """SB3 bootstraps only with terminal_observation and TimeLimit.truncated both there."""
    env = DistrictVecEnv(make_batch(ENVS, episode_steps=5), reward_scale_eur=10.0)
    model = PPO("MlpPolicy", env, n_steps=10, batch_size=8, n_epochs=1, gamma=0.9, seed=0)
    model.set_logger(Logger(folder=None, output_formats=[]))
    seen: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], list[dict[str, Any]]]] = []
    step_wait = env.step_wait

    def recorded() -> Any:
        result = step_wait()
        seen.append((result[1].copy(), result[2].copy(), result[3]))
        return result

    env.step_wait = recorded  # type: ignore[method-assign]
    before = {k: v.clone() for k, v in model.policy.state_dict().items()}
    model.learn(10 * ENVS)
    model.policy.load_state_dict(before)
    bootstrapped = 0
    for index, (reward, done, infos) in enumerate(seen):
        for row in range(ENVS):
            expected = reward[row]
            if done[row]:
                last = torch.as_tensor(infos[row]["terminal_observation"][None, :])
                with torch.no_grad():
                    expected = expected + 0.9 * float(model.policy.predict_values(last)[0])
                bootstrapped += 1
            assert model.rollout_buffer.rewards[index, row] == pytest.approx(expected, rel=1e-5)
    assert bootstrapped == 2 * ENVS


def test_environments_have_no_attributes_or_methods(env: DistrictVecEnv) -> None:
    assert env.get_attr("render_mode") == [None] * ENVS
    assert env.env_is_wrapped(object) == [False] * ENVS
    with pytest.raises(AttributeError, match="one batch"):
        env.set_attr("x", 1)
    with pytest.raises(AttributeError, match="one batch"):
        env.env_method("x")
    env.close()
