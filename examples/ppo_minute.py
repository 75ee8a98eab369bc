"""About a minute of PPO of Stable-Baselines3 on the batched district.

python examples/ppo_minute.py --steps 100000

Enough to see how the parts fit together, not to beat the rules: `heatrouter train` does more (a
starting point, a baseline of the reward, validation on other years).
"""

import argparse

from stable_baselines3 import PPO

from heatrouter.envs import DistrictBatch, build_library, load_district, load_task
from heatrouter.training import DistrictVecEnv


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--environments", type=int, default=32)
    arguments = parser.parse_args()

    district = load_district("energy-web")
    task = load_task("energy-web").model_copy(update={"sim_dt_s": 300.0})
    years = build_library(district, "train", count=2, seed=1)
    batch = DistrictBatch(district, task, years, num_envs=arguments.environments, seed=1)
    env = DistrictVecEnv(batch, reward_scale_eur=250.0)
    size = 32 * arguments.environments
    model = PPO(
        "MlpPolicy", env, n_steps=32, batch_size=size // 4, n_epochs=4, seed=1, device="cpu"
    )
    model.learn(max(arguments.steps, size))
    action, _ = model.predict(env.reset(), deterministic=True)
    print(f"{model.num_timesteps} steps; first action {action[0].round(2)}")


if __name__ == "__main__":
    main()
