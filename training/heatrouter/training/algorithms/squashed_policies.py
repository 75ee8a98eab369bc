"""Policies of SAC and TQC: the contract's scaling, a tanh at the end, a start at a known action."""

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from sb3_contrib.tqc.policies import TQCPolicy
from stable_baselines3.sac.policies import SACPolicy

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.training.config import NetworkSettings
from heatrouter.training.policy import ACTIVATIONS, ContractScaling, MeanParts

_LARGEST_START: Final = 0.98
"""Of a normalised action: beyond, the tanh is so flat that little is learnt from there."""
_SPREAD_GAIN: Final = 0.01
"""Of the weights behind the deviation: at the start it is the same for every observation."""


class _SquashedMean:
    """What training and export use of an actor whose class is another in each library."""

    actor: Any

    def start_at(self, normalised_action: FloatArray) -> None:
        """Make an action the answer to every observation, up to the small random weights.

        Args:
            normalised_action: Shape ``(n_action,)``, in -1..1; moved inside by 0.02 at the ends.
        """
        inside = np.arctanh(np.clip(normalised_action, -_LARGEST_START, _LARGEST_START))
        with torch.no_grad():
            bias = self.actor.get_submodule("mu").get_parameter("bias")
            bias.copy_(torch.as_tensor(inside, dtype=torch.float32))

    def mean_parts(self) -> MeanParts:
        """Return the networks behind the deterministic action; weights are shared."""
        names = ("features_extractor", "latent_pi", "mu")
        scaling, body, head = (self.actor.get_submodule(name) for name in names)
        return MeanParts(scaling, body, head, squashed=True)

    def policy_parameters(self) -> list[torch.nn.Parameter]:
        """Parameters of the actor."""
        return list(self.actor.parameters())


class SacHeatPolicy(_SquashedMean, SACPolicy):
    """SB3's squashed Gaussian actor with its critics.

    Args:
        observation_space: The environment's.
        action_space: The environment's, -1..1.
        lr_schedule: Learning rate by remaining progress.
        contract: What the policy observes and answers.
        settings: Sizes of the networks and of the noise.
        **others: What SB3 passes besides.
    """

    def __init__(
        self,
        observation_space: Any,  # noqa: ANN401  # gymnasium belongs to envs.gymenv alone
        action_space: Any,  # noqa: ANN401
        lr_schedule: Callable[[float], float],
        *,
        contract: Contract,
        settings: NetworkSettings,
        **others: Any,  # noqa: ANN401  # SB3's signature
    ) -> None:
        super().__init__(
            observation_space, action_space, lr_schedule, **_shape(contract, settings), **others
        )
        _small_start(self.actor, settings)


class TqcHeatPolicy(_SquashedMean, TQCPolicy):
    """The same with critics that answer a distribution; arguments as :class:`SacHeatPolicy`."""

    def __init__(
        self,
        observation_space: Any,  # noqa: ANN401  # gymnasium belongs to envs.gymenv alone
        action_space: Any,  # noqa: ANN401
        lr_schedule: Callable[[float], float],
        *,
        contract: Contract,
        settings: NetworkSettings,
        **others: Any,  # noqa: ANN401  # SB3's signature
    ) -> None:
        super().__init__(
            observation_space, action_space, lr_schedule, **_shape(contract, settings), **others
        )
        _small_start(self.actor, settings)


def _shape(contract: Contract, settings: NetworkSettings) -> dict[str, Any]:
    low, high = contract.bounds("observation")
    return {
        "net_arch": {"pi": [*settings.policy_layers], "qf": [*settings.value_layers]},
        "activation_fn": ACTIVATIONS[settings.activation],
        "features_extractor_class": ContractScaling,
        "features_extractor_kwargs": {"low": low, "high": high},
    }


def _small_start(actor: torch.nn.Module, settings: NetworkSettings) -> None:
    mean, spread = actor.get_submodule("mu"), actor.get_submodule("log_std")
    with torch.no_grad():
        mean.get_parameter("weight").mul_(settings.output_gain)
        spread.get_parameter("weight").mul_(_SPREAD_GAIN)
        spread.get_parameter("bias").fill_(math.log(settings.initial_std))
