"""A week of energy-web under the rules, through Gymnasium.

python examples/rules_week.py --hours 168

Actions of the environments are normalised; in `offset` all zeros are the rules themselves.
"""

import argparse

import gymnasium
import numpy as np

from heatrouter.envs import load_task


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=168.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    task = load_task("energy-web").model_copy(update={"parametrisation": "offset"})
    env = gymnasium.make("heatrouter.envs.gymenv:EnergyWeb-v0", task=task)
    observation, _ = env.reset(seed=arguments.seed)
    rules = np.zeros(env.action_space.shape or (), dtype=np.float32)
    cost_eur = 0.0
    steps = round(arguments.hours * 3600.0 / task.control_dt_s)
    for _ in range(steps):
        observation, reward, _, truncated, _ = env.step(rules)
        cost_eur -= float(reward)
        if truncated:
            observation, _ = env.reset()
    print(f"{steps} steps, {observation.size} observations each: {cost_eur:.0f} EUR")


if __name__ == "__main__":
    main()
