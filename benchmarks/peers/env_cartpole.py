"""Steps of Gymnasium's CartPole without wrappers, random actions, episodes begun anew."""

import gymnasium
import numpy as np

from peers.stopwatch import Spent, serve, timed

STEPS = 50_000


def main() -> None:
    env = gymnasium.make("CartPole-v1").unwrapped
    env.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, 2, STEPS).tolist()

    def steps() -> None:
        for action in actions:
            if env.step(action)[2]:
                env.reset()

    def work() -> Spent:
        return Spent(STEPS, timed(steps, 1).cpu_s)

    serve({"step": work}, ("gymnasium", "numpy"))


if __name__ == "__main__":
    main()
