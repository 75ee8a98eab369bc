"""The vector environment: equal to single ones, fresh arrays, ends in the same step."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from heatrouter.envs.gymenv import ENVIRONMENTS
from heatrouter.envs.gymenv.district_env import DistrictEnv
from heatrouter.envs.gymenv.vector_env import DistrictVectorEnv
from heatrouter.envs.objective import TERMS
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

NUM_ENVS = 5
STEPS = 8  # of an episode of 2 h
STARTS = {"scenario": [0, 1, 0, 1, 0], "start_step": [0, 1500, 12_000, 20_000, 35_000]}


@pytest.fixture
def envs(district: District, task: Task, library: ScenarioLibrary) -> DistrictVectorEnv:
    return DistrictVectorEnv(NUM_ENVS, district, task, library)


def actions(seed: int, n: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.0, 1.0, (n, NUM_ENVS, width)).astype(np.float32)


def width(envs: DistrictVectorEnv) -> int:
    return len(envs.contract.action)


def run(envs: DistrictVectorEnv, seed: int | list[int | None], steps: int) -> list[np.ndarray]:
    seen: list[np.ndarray] = [envs.reset(seed=seed)[0]]
    for action in actions(1, steps, width(envs)):
        observation, reward, _, truncated, _ = envs.step(action)
        seen += [observation, reward, truncated]
    return seen


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_make_vec_takes_the_batched_environment(name: str) -> None:
    envs = gymnasium.make_vec(f"heatrouter.envs.gymenv:{name}", num_envs=3, scenarios=1)
    assert isinstance(envs, DistrictVectorEnv)
    assert envs.batch.district.name == ENVIRONMENTS[name]
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert envs.observation_space.shape == (3, *(envs.single_observation_space.shape or ()))
    observation, info = envs.reset(seed=0)
    assert observation in envs.observation_space
    assert info == {}
    observation, reward, *_ = envs.step(envs.action_space.sample())
    assert observation in envs.observation_space
    assert np.isfinite(reward).all()
    envs.close()


def test_a_batch_equals_single_environments(
    envs: DistrictVectorEnv, district: District, task: Task, library: ScenarioLibrary
) -> None:
    together: list[list[Any]] = [[] for _ in range(NUM_ENVS)]
    observation, _ = envs.reset(options=STARTS)
    taken = actions(2, STEPS, width(envs))
    for e in range(NUM_ENVS):
        together[e].append(observation[e])
    for action in taken:
        observation, reward, _, truncated, info = envs.step(action)
        for e in range(NUM_ENVS):
            last = info["final_obs"][e] if truncated[e] else observation[e]
            together[e].append((last, reward[e], truncated[e]))
    for e in range(NUM_ENVS):
        single = DistrictEnv(district, task, library)
        options = {key: values[e] for key, values in STARTS.items()}
        np.testing.assert_array_equal(single.reset(options=options)[0], together[e][0])
        for k, action in enumerate(taken):
            alone, cost, _, cut, _ = single.step(action[e])
            np.testing.assert_array_equal(alone, together[e][k + 1][0])
            assert cost == together[e][k + 1][1]
            assert cut == together[e][k + 1][2]


def test_equal_seeds_give_equal_batches_also_after_ends(envs: DistrictVectorEnv) -> None:
    first, again = (run(envs, 7, 2 * STEPS + 3) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], run(envs, 8, 0)[0])
    listed, same = (run(envs, [1, 2, None, 4, 5], 2) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(listed, same, strict=True))


def test_ends_are_staggered_and_leave_their_sums(envs: DistrictVectorEnv) -> None:
    envs.reset(seed=3)
    total = np.zeros(NUM_ENVS)
    lengths = np.zeros(NUM_ENVS, dtype=int)
    ends: list[list[int]] = [[] for _ in range(NUM_ENVS)]
    for k, action in enumerate(actions(4, 4 * STEPS, width(envs))):
        observation, reward, terminated, truncated, info = envs.step(action)
        total += reward
        lengths += 1
        assert not terminated.any()
        assert bool(info) == bool(truncated.any())
        for e in np.flatnonzero(truncated):
            ends[e].append(k)
            assert info["_final_obs"][e]
            assert not np.array_equal(info["final_obs"][e], observation[e])
            terms = info["final_info"]["episode_terms"]
            assert sum(terms[name][e] for name in TERMS) == pytest.approx(-total[e])
            total[e] = 0.0
        if truncated.any():
            np.testing.assert_array_equal(info["_final_obs"], truncated)
            assert all(info["final_obs"][e] is None for e in np.flatnonzero(~truncated))
    assert len({tuple(e) for e in ends}) > 1, "first episodes have lengths of their own"
    for own in ends:
        assert set(np.diff(own)) <= {STEPS}


def test_returned_arrays_are_fresh(envs: DistrictVectorEnv) -> None:
    before, _ = envs.reset(seed=0)
    kept = before.copy()
    taken = actions(5, 2, width(envs))
    middle, reward, *_ = envs.step(taken[0])
    after, later_reward, *_ = envs.step(taken[1])
    for one, two in ((before, middle), (middle, after), (reward, later_reward)):
        assert not np.shares_memory(one, two)
    np.testing.assert_array_equal(before, kept)


def test_picture_of_the_first(district: District, task: Task, library: ScenarioLibrary) -> None:
    envs = DistrictVectorEnv(2, district, task, library, render_mode="rgb_array")
    envs.reset(seed=0)
    envs.step(np.zeros((2, width(envs)), dtype=np.float32))
    pictures = envs.render()
    assert pictures is not None
    assert pictures[0].shape == (600, 900, 3)
