"""A virtual plant of a district on one year, compiled and warm."""

import time
from collections.abc import Callable
from typing import Literal

import numpy as np

from heatrouter.deploy.plant import Pace, VirtualPlant
from heatrouter.deploy.tags import default_tags
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.forecast import Forecaster
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task

SECONDS_PER_DAY = 86_400


def build_plant(
    source: str,
    task_source: str,
    *,
    speed: float,
    tick_s: float,
    scenario: str = "generated",
    split: Literal["train", "validation", "test"] = "test",
    seed: int = 0,
    start_day: int = 0,
) -> VirtualPlant:
    """The plant of a district preset or file; see :func:`plant_of`."""
    return plant_of(
        load_district(source),
        load_task(task_source),
        speed=speed,
        tick_s=tick_s,
        scenario=scenario,
        split=split,
        seed=seed,
        start_day=start_day,
    )


def plant_of(
    district: District,
    task: Task,
    *,
    speed: float,
    tick_s: float,
    scenario: str = "generated",
    split: Literal["train", "validation", "test"] = "test",
    seed: int = 0,
    start_day: int = 0,
    clock: Callable[[], float] = time.monotonic,
) -> VirtualPlant:
    """A virtual plant of a district on one generated or recorded year, compiled and warm.

    Args:
        district: What it simulates.
        task: Its forecasts are what the plant serves.
        speed: Plant seconds per real second.
        tick_s: Plant seconds between two readings; whole multiple of the task's ``sim_dt_s``.
        scenario: ``generated``, ``try`` or a scenario file.
        split: Which set the scenario belongs to.
        seed: Of the scenario and of what a start leaves open.
        start_day: Day of the year to start on, 0 is 1 January.
        clock: Monotonic real time, s.

    Raises:
        ConfigError: District, task, scenario or tick cannot be used.
    """
    contract = build_contract(district, task)
    sub_steps = round(tick_s / task.sim_dt_s)
    if sub_steps < 1 or abs(sub_steps * task.sim_dt_s - tick_s) > 1e-9:
        msg = f"--tick-s {tick_s:g} is no whole multiple of the task's sim_dt_s {task.sim_dt_s:g}"
        raise ConfigError(msg)
    library = build_library(district, split, 1, seed=seed, scenario=scenario)
    forecaster = Forecaster(library, task.forecast)
    simulation = Simulation(district, library, num_envs=1, sim_dt_s=task.sim_dt_s)
    first = np.zeros(1, dtype=np.int64)
    start_s = np.array([start_day * SECONDS_PER_DAY], dtype=np.int64)
    simulation.reset(first, first, start_s, np.array([seed], dtype=np.int64))

    def forecasts(time_s: int) -> FloatArray:
        step = np.array([time_s // library.step_s], dtype=np.int64)
        windows: FloatArray = forecaster.windows_at(first, step)[0]
        return windows

    # Compiling may take a minute the first time, in which nobody shall be connected.
    saved = simulation.save_state()
    safe = {point.name: point.safe for point in contract.set_points}
    simulation.advance(np.array([[safe[name] for name in simulation.set_point_names]]), 1)
    simulation.restore_state(saved)
    return VirtualPlant(
        simulation,
        district,
        default_tags(contract),
        forecasts=forecasts,
        pace=Pace(speed, tick_s, sub_steps, library.step_s),
        clock=clock,
    )
