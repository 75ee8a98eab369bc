"""The checkers of Gymnasium and Stable-Baselines3 pass for every preset's environment."""

import warnings

import gymnasium
import numpy as np
import pytest
from stable_baselines3.common.env_checker import check_env

from heatrouter.envs.gymenv import ENVIRONMENTS
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.training.sb3_vec_env import DistrictVecEnv


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_stable_baselines_takes_the_environment(name: str) -> None:
    env = gymnasium.make(f"heatrouter.envs.gymenv:{name}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Ranges of a plant are not centred; the policy scales them itself.
        warnings.filterwarnings("ignore", message=".*normalize your.*")
        check_env(env.unwrapped)
    env.close()


@pytest.mark.slow
def test_the_vec_env_runs_the_district() -> None:
    district, task = load_district("energy-web"), load_task("energy-web")
    short = task.model_copy(update={"episode_hours": 1.0, "sim_dt_s": 300.0})
    library = build_library(district, "train", 1, 3)
    batch = DistrictBatch(district, short, library, num_envs=5, seed=2)
    env = DistrictVecEnv(batch, reward_scale_eur=100.0)
    observation = env.reset()
    kept = [(observation, observation.copy())]
    ends = 0
    for _ in range(8):
        observed, reward, done, infos = env.step(env.action_space.sample() * np.ones((5, 1)))
        assert isinstance(observed, np.ndarray)
        assert all(env.observation_space.contains(row) for row in observed)
        assert np.isfinite(reward).all()
        for index in np.flatnonzero(done):
            ends += 1
            terminal = infos[index]["terminal_observation"]
            assert env.observation_space.contains(terminal)
            assert not np.array_equal(terminal, observed[index])
        kept.append((observed, observed.copy()))
    assert ends >= 5
    assert all(np.array_equal(array, copy) for array, copy in kept)
