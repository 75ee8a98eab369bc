"""Steps of the closed loop: how fast, what of it is the kernel, how it grows with the batch.

Times are CPU times of the process, so that a busy machine matters little. Times of one machine say
little about another; Gymnasium's CartPole in the same run is the yardstick.
"""

import os
import time
from dataclasses import dataclass

import gymnasium
import numpy as np
from measure import Figure, Measurement, measure_cpu, smoke
from rich.console import Console
from rich.table import Table

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task

PRESET = "energy-web"
ENVIRONMENT = "heatrouter.envs.gymenv:EnergyWeb-v0"
BATCHES = (1, 4, 16, 64, 256, 1024)
DAY_STEPS = 96
STEPS_AT_ONCE = 2048
"""Steps of all environments together that one timing covers, at least two of each."""
SINGLE_STEPS_PER_S = 2500.0
BATCHED_STEPS_PER_S = 10_000.0


class TimedSimulation(Simulation):
    """Adds up the CPU time of its kernel, s."""

    kernel_s = 0.0

    def advance(self, set_points: FloatArray, sub_steps: int) -> FloatArray:
        begin = time.process_time()
        outputs = super().advance(set_points, sub_steps)
        self.kernel_s += time.process_time() - begin
        return outputs


@dataclass(frozen=True)
class BatchTimes:
    """Of one size of batch."""

    num_envs: int
    step: Measurement  # per step of one environment
    around_kernel_s: float  # least time per step of the batch that is not the kernel's
    state_bytes: float  # per environment


def main() -> list[Measurement | Figure]:
    district, task = load_district(PRESET), load_task(PRESET)
    library = build_library(district, "train", 1)
    cart_pole = _cart_pole()
    single = _gym_single()
    sizes = BATCHES[:3] if smoke() else BATCHES
    batches = [_batch(district, task, library, num_envs) for num_envs in sizes]
    start = _episode_start(district, task, library)
    _show(cart_pole, single, batches)
    figures = [
        Figure(
            f"{PRESET}, gym.make, steps per CPU second",
            1.0 / single.best_s,
            "1/s",
            SINGLE_STEPS_PER_S,
        ),
        _on_all_cores(district, task, library),
        *_growth(batches),
        Figure(
            "episode start, share of an episode's time",
            start.best_s / (batches[0].step.best_s * _episode_steps(task)),
        ),
        Figure("state, bytes per environment", batches[-1].state_bytes, "B"),
    ]
    return [cart_pole, single, *(batch.step for batch in batches), start, *figures]


def _cart_pole() -> Measurement:
    env = gymnasium.make("CartPole-v1").unwrapped
    env.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, 2, 1000)

    def steps() -> None:
        for action in actions:
            if env.step(action)[2]:
                env.reset()

    return measure_cpu("CartPole-v1 step, bare", steps, calls=actions.size)


def _gym_single() -> Measurement:
    """Steps through ``gym.make`` as a user of Gymnasium takes them, in its middle of winter."""
    env = gymnasium.make(ENVIRONMENT, scenarios=1)
    env.reset(seed=0, options={"scenario": 0, "start_step": 0})
    action = np.zeros(env.action_space.shape or (), dtype=np.float32)
    steps = 1 if smoke() else DAY_STEPS // 2

    def half_a_day() -> None:
        for _ in range(steps):
            if env.step(action)[3]:
                env.reset(options={"scenario": 0, "start_step": 0})

    return measure_cpu(f"{PRESET} step, gym.make", half_a_day, calls=steps)


def _closed_loop(
    district: District, task: Task, library: ScenarioLibrary, num_envs: int, threads: int | None
) -> tuple[DistrictBatch, TimedSimulation, FloatArray]:
    """A batch with all seasons side by side, its plant, and neutral actions."""
    batch = DistrictBatch(
        district,
        task,
        library,
        num_envs=num_envs,
        seed=0,
        make_plant=lambda count: TimedSimulation(
            district, library, num_envs=count, sim_dt_s=task.sim_dt_s, threads=threads
        ),
    )
    starts = np.linspace(0, library.n_steps - DAY_STEPS, num_envs).astype(np.int64)
    batch.reset_to(np.zeros(num_envs, dtype=np.int64), starts, truncate=False)
    neutral = np.tile([channel.neutral for channel in batch.contract.action], (num_envs, 1))
    assert isinstance(batch.plant, TimedSimulation)
    return batch, batch.plant, neutral


def _batch(district: District, task: Task, library: ScenarioLibrary, num_envs: int) -> BatchTimes:
    batch, plant, action = _closed_loop(district, task, library, num_envs, threads=1)
    steps = 1 if smoke() else max(min(STEPS_AT_ONCE // num_envs, DAY_STEPS), 2)
    around_s = []

    def some_steps() -> None:
        plant.kernel_s, begin = 0.0, time.process_time()
        for _ in range(steps):
            batch.step(action)
        around_s.append((time.process_time() - begin - plant.kernel_s) / steps)

    name = f"{PRESET} step, {num_envs} environments, per environment"
    step = measure_cpu(name, some_steps, calls=steps * num_envs, repeats=7)
    size = sum(array.nbytes for array in batch.save_state().values()) / num_envs
    return BatchTimes(num_envs, step, max(min(around_s), 1e-9), size)


def _on_all_cores(district: District, task: Task, library: ScenarioLibrary) -> Figure:
    """Steps per second of the clock, in a batch whose plants use every core."""
    num_envs = BATCHES[1] if smoke() else 64
    batch, _, action = _closed_loop(district, task, library, num_envs, threads=None)
    steps = 1 if smoke() else DAY_STEPS // 4
    best_s = np.inf
    for _ in range(7):
        begin = time.perf_counter()
        for _ in range(steps):
            batch.step(action)
        best_s = min(best_s, (time.perf_counter() - begin) / (steps * num_envs))
    cores = len(os.sched_getaffinity(0))
    name = f"{PRESET}, {num_envs} environments on {cores} cores, steps per second"
    return Figure(name, 1.0 / best_s, "1/s", BATCHED_STEPS_PER_S)


def _episode_start(district: District, task: Task, library: ScenarioLibrary) -> Measurement:
    """An episode begins: a state, an hour of warm-up, a first observation."""
    batch, _, _ = _closed_loop(district, task, library, 1, threads=1)
    numbers = iter(range(10**6))

    def begin() -> None:
        batch.reset_to(np.array([0]), np.array([next(numbers) * 997 % library.n_steps]))

    return measure_cpu(f"{PRESET} episode start, with an hour of warm-up", begin, calls=1)


def _episode_steps(task: Task) -> int:
    return round(task.episode_hours * 3600.0 / task.control_dt_s)


def _growth(batches: list[BatchTimes]) -> list[Figure]:
    """Exponents of the time of a step over the number of environments: 1 is proportional."""
    sizes = np.log([batch.num_envs for batch in batches])

    def exponent(times_s: list[float]) -> float:
        return float(np.polyfit(sizes, np.log(times_s), 1)[0])

    whole = exponent([batch.step.best_s * batch.num_envs for batch in batches])
    around = exponent([batch.around_kernel_s for batch in batches])
    span = f"{batches[0].num_envs} to {batches[-1].num_envs} environments"
    return [
        Figure(f"exponent of a step's time, {span}", whole),
        Figure(f"exponent of what is not the kernel's, {span}", around),
    ]


def _show(cart_pole: Measurement, single: Measurement, batches: list[BatchTimes]) -> None:
    table = Table(
        "environment", "steps per CPU second", "around the kernel", "of it", "CartPole steps"
    )
    table.add_row(cart_pole.name, f"{1.0 / cart_pole.best_s:,.0f}", "", "", "1")
    table.add_row(
        single.name,
        f"{1.0 / single.best_s:,.0f}",
        "",
        "",
        f"{single.best_s / cart_pole.best_s:.1f}",
    )
    for batch in batches:
        step_s = batch.step.best_s
        around_s = batch.around_kernel_s / batch.num_envs
        table.add_row(
            f"{PRESET}, {batch.num_envs} at once",
            f"{1.0 / step_s:,.0f}",
            f"{around_s * 1e6:.1f} µs",
            f"{around_s / step_s:.0%}",
            f"{step_s / cart_pole.best_s:.1f}",
        )
    Console().print(table)
