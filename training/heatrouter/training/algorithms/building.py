"""From the name of an algorithm to a learner, ready to start or to be restored."""

from collections.abc import Callable
from typing import Any, Final

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.gymenv.building import action_space, observation_space
from heatrouter.training.algorithms.lagrangian import build_lagrangian_ppo
from heatrouter.training.algorithms.off_policy import build_sac, build_tqc
from heatrouter.training.algorithms.ppo import build_ppo
from heatrouter.training.algorithms.squashed_policies import SacHeatPolicy, TqcHeatPolicy
from heatrouter.training.config import TrainingConfig
from heatrouter.training.policy import HeatPolicy, TrainedPolicy
from heatrouter.training.sb3_vec_env import DistrictVecEnv

Builder = Callable[[TrainingConfig, float, DistrictVecEnv], BaseAlgorithm]

BUILDERS: Final[dict[str, Builder]] = {
    "ppo": build_ppo,
    "lagrangian-ppo": build_lagrangian_ppo,
    "sac": build_sac,
    "tqc": build_tqc,
}

_POLICIES: Final[dict[str, Callable[..., Any]]] = {
    "ppo": HeatPolicy,
    "lagrangian-ppo": HeatPolicy,
    "sac": SacHeatPolicy,
    "tqc": TqcHeatPolicy,
}


def build_learner(
    config: TrainingConfig, control_dt_s: float, env: DistrictVecEnv, start: FloatArray
) -> BaseAlgorithm:
    """Make the learner that a configuration names.

    Args:
        config: The configuration.
        control_dt_s: Control step, s.
        env: What it steps.
        start: Normalised action that the policy starts from, shape ``(n_action,)``.
    """
    model = BUILDERS[config.algorithm](config, control_dt_s, env)
    # Without outputs: progress and tracking read its values.
    model.set_logger(Logger(folder=None, output_formats=[]))
    trained_policy(model).start_at(start)
    return model


def trained_policy(model: BaseAlgorithm) -> TrainedPolicy:
    """Return the policy of a learner that :func:`build_learner` made."""
    policy = model.policy
    assert isinstance(policy, HeatPolicy | SacHeatPolicy | TqcHeatPolicy)
    return policy


def empty_policy(config: TrainingConfig, contract: Contract) -> HeatPolicy | SacHeatPolicy:
    """Make the policy of a configuration, to load weights into.

    Args:
        config: Of the run that the weights come from.
        contract: Of its district and task.
    """
    more: dict[str, Any] = {}
    if config.algorithm in ("sac", "tqc"):
        more["n_critics"] = getattr(config, config.algorithm).critics
    if config.algorithm == "tqc":
        more["n_quantiles"] = config.tqc.quantiles
    policy: HeatPolicy | SacHeatPolicy = _POLICIES[config.algorithm](
        observation_space(contract),
        action_space(contract),
        lambda _: 0.0,
        contract=contract,
        settings=config.network,
        **more,
    )
    return policy
