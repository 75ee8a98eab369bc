"""The single environment: Gymnasium's checker, seeds, ends, pictures."""

import re
import subprocess
import sys
from collections.abc import Iterator

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from heatrouter.envs.errors import DistrictError, TaskError
from heatrouter.envs.gymenv import ENVIRONMENTS, preset_envs
from heatrouter.envs.gymenv.district_env import DistrictEnv
from heatrouter.envs.objective import TERMS
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task, preset_names
from heatrouter.envs.spec.task import Task

STEPS = 8  # of an episode of 2 h


@pytest.fixture
def env(district: District, task: Task, library: ScenarioLibrary) -> Iterator[DistrictEnv]:
    made = DistrictEnv(district, task, library)
    yield made
    made.close()


def rollout(env: DistrictEnv, seed: int, steps: int = STEPS) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    observation, info = env.reset(seed=seed)
    assert info == {}
    seen = [observation]
    for _ in range(steps):
        action = rng.uniform(-1.0, 1.0, env.action_space.shape).astype(np.float32)
        observation, reward, terminated, truncated, _ = env.step(action)
        seen.append(np.append(observation, np.float32(reward)))
        assert not terminated
        if truncated:
            break
    return seen


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_gymnasium_checker_passes(name: str) -> None:
    made = gymnasium.make(f"heatrouter.envs.gymenv:{name}", scenarios=1)
    check_env(made.unwrapped)
    made.close()


def test_every_preset_has_an_environment() -> None:
    assert sorted(ENVIRONMENTS.values()) == sorted(preset_names())


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_every_environment_is_documented(name: str) -> None:
    """Gymnasium's sections are there, and the table of actions is that of the contract."""
    made = getattr(preset_envs, name.replace("-v0", "Env"))
    text = made.__doc__
    for section in (
        "Description",
        "Action Space",
        "Observation Space",
        "Rewards",
        "Starting State",
        "Episode End",
        "Arguments",
        "Version History",
    ):
        assert f"## {section}\n" in text
    preset = ENVIRONMENTS[name]
    assert made.preset == preset
    contract = build_contract(load_district(preset), load_task(preset))
    rows = [line for line in text.splitlines() if re.match(r"\s*\| \d+ \|", line)]
    assert len(rows) == len(contract.action)
    for row, channel in zip(rows, contract.action, strict=True):
        low, high = row.split("|")[3:5]
        if low.strip() != "contract":
            assert (float(low), float(high)) == (channel.low, channel.high)


def test_make_finds_the_environment_in_a_fresh_process() -> None:
    code = (
        "import warnings; warnings.simplefilter('error')\n"
        "import gymnasium as gym\n"
        "env = gym.make('heatrouter.envs.gymenv:EnergyWeb-v0', scenarios=1)\n"
        "assert env.spec.id == 'EnergyWeb-v0'\n"
        "env.reset(seed=0); env.step(env.action_space.sample())\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_equal_seeds_give_equal_episodes(env: DistrictEnv) -> None:
    first, again, other = rollout(env, 1), rollout(env, 1), rollout(env, 2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_episodes_go_on_differently_without_a_seed(env: DistrictEnv) -> None:
    env.reset(seed=3)
    second, _ = env.reset()
    third, _ = env.reset()
    assert not np.array_equal(second, third)
    env.reset(seed=3)
    np.testing.assert_array_equal(env.reset()[0], second)


def test_truncation_comes_after_the_episode_with_its_sums(env: DistrictEnv) -> None:
    env.reset(seed=0)
    neutral = np.zeros(env.action_space.shape or (), dtype=np.float32)
    total = 0.0
    for k in range(STEPS):
        observation, reward, terminated, truncated, info = env.step(neutral)
        total += reward
        assert observation in env.observation_space
        assert not terminated
        assert truncated == (k == STEPS - 1)
        assert bool(info) == truncated
    terms = info["episode_terms"]
    assert tuple(terms) == TERMS
    assert sum(terms.values()) == pytest.approx(-total)


def test_the_last_observation_belongs_to_the_ended_episode(
    env: DistrictEnv, district: District, library: ScenarioLibrary
) -> None:
    """A step cut off must show the same as one that is not."""
    start = {"scenario": 1, "start_step": 4000}
    long = DistrictEnv(
        district, load_task("energy-web").model_copy(update={"episode_hours": 24.0}), library
    )
    neutral = np.zeros(env.action_space.shape or (), dtype=np.float32)
    env.reset(options=start)
    long.reset(options=start)
    for _ in range(STEPS):
        cut = env.step(neutral)
        going_on = long.step(neutral)
    assert cut[3] is True
    assert going_on[3] is False
    np.testing.assert_array_equal(cut[0], going_on[0])


def test_starts_can_be_given(env: DistrictEnv, library: ScenarioLibrary) -> None:
    by_index, _ = env.reset(options={"scenario": 1, "start_step": 960})
    by_name, _ = env.reset(options={"scenario": library.names[1], "start_step": 960})
    np.testing.assert_array_equal(by_index, by_name)
    for options in (
        {"scenario": 2},
        {"scenario": "nobody"},
        {"start_step": -1},
        {"start_step": 10**9},
        {"begin": 0},
        {"scenario": [0, 1]},
    ):
        with pytest.raises(TaskError):
            env.reset(options=options)


def test_extreme_actions_stay_within_the_observation_space(env: DistrictEnv) -> None:
    shape = env.action_space.shape or ()
    for action in (-np.ones(shape), np.ones(shape), np.full(shape, 9.0)):
        env.reset(seed=4)
        for _ in range(STEPS):
            observation, reward, *_ = env.step(action.astype(np.float32))
            assert observation in env.observation_space
            assert np.isfinite(reward)


def test_observations_are_fresh_arrays(env: DistrictEnv) -> None:
    before, _ = env.reset(seed=0)
    kept = before.copy()
    after, *_ = env.step(np.zeros(env.action_space.shape or (), dtype=np.float32))
    assert not np.shares_memory(before, after)
    np.testing.assert_array_equal(before, kept)


def test_pictures(district: District, task: Task, library: ScenarioLibrary) -> None:
    env = DistrictEnv(district, task, library, render_mode="rgb_array")
    env.reset(seed=0)
    before = env.render()
    env.step(np.zeros(env.action_space.shape or (), dtype=np.float32))
    after = env.render()
    assert before is not None
    assert after is not None
    assert before.shape == after.shape == (600, 900, 3)
    assert (before != after).any()


def test_human_mode_runs_without_a_display(
    district: District, task: Task, library: ScenarioLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib as mpl

    monkeypatch.setitem(mpl.rcParams, "backend", "agg")
    env = DistrictEnv(district, task, library, render_mode="human")
    env.reset(seed=0)
    env.step(np.zeros(env.action_space.shape or (), dtype=np.float32))
    env.close()


def test_rendering_needs_a_mode(env: DistrictEnv) -> None:
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode"):
        assert env.render() is None


def test_mistakes_of_a_file_reach_the_user() -> None:
    with pytest.raises(DistrictError, match="neither a preset nor a file"):
        DistrictEnv("nowhere")
