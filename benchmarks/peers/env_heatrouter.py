"""Steps of energy-web in batches, under random actions; episodes begin anew where they end."""

import time
from collections.abc import Callable

import numpy as np

from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.loading import load_district, load_task
from peers.stopwatch import Spent, serve

PRESET = "energy-web"
STEPS_AT_ONCE = 4096


def batch_work(library: ScenarioLibrary, num_envs: int, sim_dt_s: float) -> Callable[[], Spent]:
    """A work that steps a batch of energy-web.

    Args:
        library: Scenarios to draw from.
        num_envs: Environments in the batch.
        sim_dt_s: Sub-step of the physics; a control step is 15 minutes.
    """
    district = load_district(PRESET)
    task = load_task(PRESET).model_copy(update={"sim_dt_s": sim_dt_s})
    batch = DistrictBatch(
        district,
        task,
        library,
        num_envs=num_envs,
        seed=0,
        make_plant=lambda count: Simulation(
            district, library, num_envs=count, sim_dt_s=sim_dt_s, threads=1
        ),
    )
    batch.reset(seed=0)
    low, high = batch.contract.bounds("action")
    steps = STEPS_AT_ONCE // num_envs
    actions = np.random.default_rng(0).uniform(low, high, (steps, num_envs, low.size))

    def work() -> Spent:
        begin = time.process_time()
        for action in actions:
            batch.step(action)
        return Spent(steps * num_envs, time.process_time() - begin)

    return work


def main() -> None:
    library = build_library(load_district(PRESET), "train", 1)
    works = {
        f"{size} of {sub_step_s:g} s": batch_work(library, size, sub_step_s)
        for sub_step_s in (60.0, 180.0)
        for size in (64, 256)
    }
    serve(works, ("heatrouter", "numpy", "numba"))


if __name__ == "__main__":
    main()
