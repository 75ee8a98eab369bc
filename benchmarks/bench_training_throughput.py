"""Steps per second that PPO learns from, end to end, and where the time goes.

The network, the district, its sub-step and the sizes of rollout and minibatch are those of the
shipped configuration. One rollout is collected and learnt from before the clock starts. On a
busy machine the CPU times tell more than the clock.
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

from heatrouter.envs.scenarios.sources import build_library
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
ENVIRONMENT, AROUND, ACTING, UPDATES = PARTS = (
    "environment",
    "around the environment",
    "policy while acting",
    "updates",
)
REST, WHOLE = "rest of the rollout", "whole"


class Stopwatch:
    """Time spent in functions, by name: of the clock and of all cores together, s."""

    def __init__(self) -> None:
        self.clock_s: dict[str, float] = {}
        self.cpu_s: dict[str, float] = {}

    def around(self, name: str, function: Callable[Given, Result]) -> Callable[Given, Result]:
        def timed(*args: Given.args, **named: Given.kwargs) -> Result:
            clock, cpu = time.perf_counter(), time.process_time()
            result = function(*args, **named)
            self.clock_s[name] = self.clock_s.get(name, 0.0) + time.perf_counter() - clock
            self.cpu_s[name] = self.cpu_s.get(name, 0.0) + time.process_time() - cpu
            return result

        return timed


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
    config: TrainingConfig, batch: DistrictBatch, env: DistrictVecEnv
) -> list[Measurement | Figure]:
    model: Any = build_learner(
        config, batch.contract.control_dt_s, env, np.zeros(env.action_space.shape or ())
    )
    model.learn(config.rollout_size)
    watch = Stopwatch()
    batch.step = watch.around(ENVIRONMENT, batch.step)  # type: ignore[method-assign]
    env.step_wait = watch.around(AROUND, env.step_wait)  # type: ignore[method-assign]
    model.policy.forward = watch.around(ACTING, model.policy.forward)
    model.train = watch.around(UPDATES, model.train)
    learn = watch.around(WHOLE, model.learn)
    rollouts = 1 if smoke() else ROLLOUTS
    learn(rollouts * config.rollout_size, reset_num_timesteps=False)
    steps = rollouts * config.rollout_size
    for spent in (watch.clock_s, watch.cpu_s):
        spent[AROUND] -= spent[ENVIRONMENT]
        spent[REST] = spent[WHOLE] - sum(spent[name] for name in PARTS)
    table = Table("PPO, end to end", "µs a step", "share", "CPU µs a step")
    for name in (*PARTS, REST, WHOLE):
        clock, cpu = watch.clock_s[name], watch.cpu_s[name]
        share = f"{clock / watch.clock_s[WHOLE]:.0%}"
        each = (f"{seconds / steps * 1e6:.1f}" for seconds in (clock, cpu))
        table.add_row(name, next(each), share, next(each))
    Console().print(table)
    whole_s = watch.clock_s[WHOLE]
    cores = len(os.sched_getaffinity(0))
    name = f"{CONFIG}, PPO with {config.acting.environments} environments on {cores} cores"
    return [
        Figure(f"{name}, steps per second", steps / whole_s, "1/s", STEPS_PER_S),
        Figure(f"{name}, steps per CPU second", steps / watch.cpu_s[WHOLE], "1/s"),
        Figure(f"{name}, share of the environment", watch.clock_s[ENVIRONMENT] / whole_s),
        Figure(f"{name}, share of updates", watch.clock_s[UPDATES] / whole_s),
    ]


def _batch(config: TrainingConfig) -> DistrictBatch:
    district, task = load_district(CONFIG), load_task(config.task)
    if config.sim_dt_s is not None:
        task = task.model_copy(update={"sim_dt_s": config.sim_dt_s})
    library = build_library(district, "train", config.scenarios.train_years, 1)
    return DistrictBatch(district, task, library, num_envs=config.acting.environments, seed=1)
