"""Steps per second that PPO learns from, end to end, and where the time goes.

The network, the district, its sub-step and the sizes of rollout and minibatch are those of the
shipped configuration. One rollout is collected and learnt from before the clock starts.
"""

import os
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np
import torch
from measure import Figure, Measurement, smoke
from rich.console import Console
from rich.table import Table

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.batch_step import BatchStep
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.training.algorithms.building import build_learner
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_loading import load_training_config
from heatrouter.training.sb3_vec_env import DistrictVecEnv

Given = ParamSpec("Given")
Result = TypeVar("Result")

CONFIG = "energy-web"
STEPS_PER_S = 5000.0
ROLLOUTS = 4


class Stopwatch:
    """Time spent in functions, by name, s."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = {}

    def around(self, name: str, function: Callable[Given, Result]) -> Callable[Given, Result]:
        def timed(*args: Given.args, **named: Given.kwargs) -> Result:
            begin = time.perf_counter()
            result = function(*args, **named)
            self.spent_s[name] = self.spent_s.get(name, 0.0) + time.perf_counter() - begin
            return result

        return timed


class TimedBatch(DistrictBatch):
    """Adds up the time of its steps, s."""

    spent_s = 0.0

    def step(self, action: FloatArray) -> BatchStep:
        begin = time.perf_counter()
        result = super().step(action)
        self.spent_s += time.perf_counter() - begin
        return result


def main() -> list[Measurement | Figure]:
    changes = ["ppo.environments=8", "ppo.minibatch=672"] if smoke() else []
    config = load_training_config(CONFIG, [*changes, "scenarios.train_years=1"])
    batch = _batch(config)
    env = DistrictVecEnv(batch, reward_scale_eur=config.reward_scale_eur)
    before = torch.get_num_threads()
    torch.set_num_threads(min(config.torch_threads, len(os.sched_getaffinity(0))))
    try:
        return _measured(config, batch, env)
    finally:
        torch.set_num_threads(before)


def _measured(
    config: TrainingConfig, batch: TimedBatch, env: DistrictVecEnv
) -> list[Measurement | Figure]:
    model: Any = build_learner(
        config, batch.contract.control_dt_s, env, np.zeros(env.action_space.shape or ())
    )
    model.learn(config.rollout_size)
    watch = Stopwatch()
    model.train = watch.around("update", model.train)
    model.policy.forward = watch.around("policy", model.policy.forward)
    env.step_wait = watch.around("vec env", env.step_wait)  # type: ignore[method-assign]
    rollouts = 1 if smoke() else ROLLOUTS
    batch.spent_s, begin = 0.0, time.perf_counter()
    model.learn(rollouts * config.rollout_size, reset_num_timesteps=False)
    whole_s = time.perf_counter() - begin
    steps = rollouts * config.rollout_size
    spent = {
        "environment": batch.spent_s,
        "around the environment": watch.spent_s["vec env"] - batch.spent_s,
        "policy while acting": watch.spent_s["policy"],
        "updates": watch.spent_s["update"],
    }
    spent["rest of the rollout"] = whole_s - sum(spent.values())
    table = Table("PPO, end to end", "µs a step", "share")
    for name, seconds in spent.items():
        table.add_row(name, f"{seconds / steps * 1e6:.1f}", f"{seconds / whole_s:.0%}")
    table.add_row("whole", f"{whole_s / steps * 1e6:.1f}", f"{steps / whole_s:,.0f} steps/s")
    Console().print(table)
    cores = len(os.sched_getaffinity(0))
    name = f"{CONFIG}, PPO with {config.acting.environments} environments on {cores} cores"
    return [
        Figure(f"{name}, steps per second", steps / whole_s, "1/s", STEPS_PER_S),
        Figure(f"{name}, share of the environment", batch.spent_s / whole_s),
        Figure(f"{name}, share of updates", watch.spent_s["update"] / whole_s),
    ]


def _batch(config: TrainingConfig) -> TimedBatch:
    district, task = load_district(CONFIG), load_task(config.task)
    if config.sim_dt_s is not None:
        task = task.model_copy(update={"sim_dt_s": config.sim_dt_s})
    library = build_library(district, "train", config.scenarios.train_years, 1)
    return TimedBatch(district, task, library, num_envs=config.acting.environments, seed=1)
