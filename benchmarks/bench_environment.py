"""Steps of the closed loop, against Gymnasium's CartPole in the same run.

Times of one machine say little about another; how many CartPole steps a step of a district costs
says about the same everywhere. CPU time of one thread, so that a busy machine does not matter.
"""

import os
import time
from collections.abc import Callable

import gymnasium
import numba
import numpy as np
from measure import SMOKE_VARIABLE, Measurement
from rich.console import Console
from rich.table import Table

from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.loading import load_district, load_task

PRESET = "energy-web"
BATCHES = (1, 8, 64)
DAY_STEPS = 96


def main() -> list[Measurement]:
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        cart_pole = _cart_pole()
        batches = [_district(num_envs) for num_envs in BATCHES]
    finally:
        numba.set_num_threads(threads)
    table = Table("environment", "CartPole steps per step of one environment")
    table.add_row("CartPole-v1, bare", "1")
    for num_envs, item in zip(BATCHES, batches, strict=True):
        table.add_row(f"{PRESET}, {num_envs} at once", f"{item.p50_s / cart_pole.p50_s:.1f}")
    Console().print(table)
    return [cart_pole, *batches]


def _cart_pole() -> Measurement:
    env = gymnasium.make("CartPole-v1").unwrapped
    env.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, 2, 1000)

    def steps() -> None:
        for action in actions:
            if env.step(action)[2]:
                env.reset()

    return _cpu("CartPole-v1 step", steps, actions.size)


def _district(num_envs: int) -> Measurement:
    """Time of one step of one environment under the rules, all seasons side by side."""
    district = load_district(PRESET)
    task = load_task(PRESET).model_copy(update={"parametrisation": "offset"})
    library = build_library(district, "train", 1)
    batch = DistrictBatch(district, task, library, num_envs=num_envs, seed=0)
    starts = np.linspace(0, library.n_steps - DAY_STEPS, num_envs).astype(np.int64)
    batch.reset_to(np.zeros(num_envs, dtype=np.int64), starts, truncate=False)
    action = np.zeros((num_envs, len(batch.contract.action)))
    steps = 1 if os.environ.get(SMOKE_VARIABLE) else DAY_STEPS

    def day() -> None:
        for _ in range(steps):
            batch.step(action)

    name = f"{PRESET} step, {num_envs} environments, per environment"
    return _cpu(name, day, steps * num_envs)


def _cpu(name: str, function: Callable[[], None], calls: int) -> Measurement:
    """CPU time of one call, where `function` makes so many."""
    repeats = 1 if os.environ.get(SMOKE_VARIABLE) else 15
    function()
    times_s = np.empty(repeats)
    for index in range(repeats):
        begin = time.process_time()
        function()
        times_s[index] = (time.process_time() - begin) / calls
    p50_s, p99_s = np.percentile(times_s, [50, 99])
    # The clock of the process may be too coarse for a single run.
    return Measurement(name, max(float(p50_s), 1e-9), max(float(p99_s), 1e-9), repeats, calls)
