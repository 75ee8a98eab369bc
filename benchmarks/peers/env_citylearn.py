"""Steps of CityLearn: five buildings with battery and photovoltaics, one agent, random actions."""

import tempfile
import time
from pathlib import Path

import numpy as np
from citylearn.citylearn import CityLearnEnv

from peers.citylearn_data import write_dataset
from peers.stopwatch import Spent, serve

STEPS = 400


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        env = CityLearnEnv(str(write_dataset(Path(folder))), central_agent=True)
        space = env.action_space[0]
        drawn = np.random.default_rng(0).uniform(space.low, space.high, (STEPS, space.shape[0]))
        actions = [[action] for action in drawn.tolist()]

        def work() -> Spent:
            env.reset()
            begin = time.process_time()
            for action in actions:
                env.step(action)
            return Spent(STEPS, time.process_time() - begin)

        serve({"step": work}, ("citylearn", "gymnasium", "numpy"))


if __name__ == "__main__":
    main()
