"""PPO as the configuration says."""

from collections.abc import Callable
from typing import Any

from stable_baselines3 import PPO

from heatrouter.training.config import TrainingConfig, factor_per_step
from heatrouter.training.imitation.anchor import AnchoredPolicy
from heatrouter.training.policy import HeatPolicy
from heatrouter.training.sb3_vec_env import DistrictVecEnv


def build_ppo(config: TrainingConfig, control_dt_s: float, env: DistrictVecEnv) -> PPO:
    """Make PPO.

    Args:
        config: The run's configuration.
        control_dt_s: Control step, s.
        env: What it steps.
    """
    arguments = ppo_arguments(config, control_dt_s, env)
    if not config.anchor.enabled:
        return PPO(HeatPolicy, env, **arguments)
    # an anchored policy puts its divergence where SB3 weighs the entropy
    return PPO(AnchoredPolicy, env, **arguments | {"ent_coef": config.anchor.weight})


def ppo_arguments(
    config: TrainingConfig, control_dt_s: float, env: DistrictVecEnv
) -> dict[str, Any]:
    """Return what PPO and what is made of it take, by keyword."""
    ppo = config.ppo
    return {
        "learning_rate": falling(ppo.learning_rate, ppo.learning_rate_end),
        "n_steps": ppo.rollout_steps,
        "batch_size": ppo.minibatch,
        "n_epochs": ppo.epochs,
        "gamma": factor_per_step(ppo.discount_h, control_dt_s),
        "gae_lambda": factor_per_step(ppo.gae_h, control_dt_s),
        "clip_range": ppo.clip,
        "ent_coef": ppo.entropy_weight,
        "vf_coef": ppo.value_weight,
        "max_grad_norm": ppo.max_gradient_norm,
        "target_kl": ppo.target_kl,
        "policy_kwargs": {"contract": env.batch.contract, "settings": config.network},
        "seed": config.seed,
        "device": "cpu",
    }


def falling(first: float, last: float) -> Callable[[float], float]:
    """Return a learning rate by what remains of the training, 1..0."""
    return lambda remaining: last + (first - last) * remaining
