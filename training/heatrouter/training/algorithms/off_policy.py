"""SAC and TQC as the configuration says."""

from typing import Any

import numpy as np
from sb3_contrib import TQC
from stable_baselines3 import SAC

from heatrouter.training.algorithms.ppo import falling
from heatrouter.training.algorithms.squashed_policies import SacHeatPolicy, TqcHeatPolicy
from heatrouter.training.config import TrainingConfig, factor_per_step
from heatrouter.training.config_off_policy import SacSettings
from heatrouter.training.sb3_vec_env import DistrictVecEnv

Sample = tuple[np.ndarray, np.ndarray]


class PolicyWarmup:
    """Lets the first steps be the policy's own, where SB3 would draw actions from the whole range.

    The policy starts at the best constant price: random prices would fill the memory with what no
    policy comes to.
    """

    random_warmup = False

    def _sample_action(self, learning_starts: int, *others: Any, **named: Any) -> Sample:  # noqa: ANN401
        until = learning_starts if self.random_warmup else 0
        sample: Sample = super()._sample_action(until, *others, **named)  # type: ignore[misc]
        return sample


class HeatSac(PolicyWarmup, SAC):
    """SB3's SAC with the warm-up above."""


class HeatTqc(PolicyWarmup, TQC):
    """sb3-contrib's TQC with the warm-up above."""


def build_sac(config: TrainingConfig, control_dt_s: float, env: DistrictVecEnv) -> SAC:
    """Make SAC.

    Args:
        config: The run's configuration.
        control_dt_s: Control step, s.
        env: What it steps.
    """
    model = HeatSac(SacHeatPolicy, env, **_arguments(config, config.sac, control_dt_s, env))
    model.random_warmup = config.sac.random_warmup
    return model


def build_tqc(config: TrainingConfig, control_dt_s: float, env: DistrictVecEnv) -> TQC:
    """Make TQC; arguments as :func:`build_sac`."""
    arguments = _arguments(config, config.tqc, control_dt_s, env)
    arguments["policy_kwargs"]["n_quantiles"] = config.tqc.quantiles
    dropped = config.tqc.dropped_quantiles
    model = HeatTqc(TqcHeatPolicy, env, top_quantiles_to_drop_per_net=dropped, **arguments)
    model.random_warmup = config.tqc.random_warmup
    return model


def _arguments(
    config: TrainingConfig, sac: SacSettings, control_dt_s: float, env: DistrictVecEnv
) -> dict[str, Any]:
    tuned = f"auto_{sac.entropy_weight_start}"
    return {
        "learning_rate": falling(sac.learning_rate, sac.learning_rate_end),
        "buffer_size": sac.memory_steps,
        "learning_starts": sac.warmup_steps,
        "batch_size": sac.batch,
        "tau": 1.0 / sac.target_updates,
        "gamma": factor_per_step(sac.discount_h, control_dt_s),
        "train_freq": (sac.rollout_steps, "step"),
        "gradient_steps": sac.updates,
        "ent_coef": tuned if sac.entropy_weight is None else sac.entropy_weight,
        "target_entropy": sac.entropy_per_action * len(env.batch.contract.action),
        "policy_kwargs": {
            "contract": env.batch.contract,
            "settings": config.network,
            "n_critics": sac.critics,
        },
        "seed": config.seed,
        "device": "cpu",
    }
