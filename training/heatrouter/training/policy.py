"""The policy network: scaling by the contract, two networks, a start at a known action."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.training.config import NetworkSettings

STANDARD_LIMIT: Final = 5.0
"""Standardised features are clipped to plus and minus this."""
LEAST_STD: Final = 0.1
"""In half ranges of the contract: what moves less is not blown up further."""
STILL: Final = 0.01
"""A channel that moves less than this keeps the contract's scale."""

ACTIVATIONS: Final[dict[str, type[torch.nn.Module]]] = {
    "tanh": torch.nn.Tanh,
    "relu": torch.nn.ReLU,
}


class MeanParts(NamedTuple):
    """What leads from an observation to the mean of the normalised action."""

    scaling: torch.nn.Module
    body: torch.nn.Module
    head: torch.nn.Module
    squashed: bool
    """Whether a tanh follows."""

    def answer(self, features: torch.Tensor) -> torch.Tensor:
        """Mean for scaled observations, before clip or tanh, shape ``(n, n_action)``."""
        mean: torch.Tensor = self.head(self.body(features))
        return mean


class TrainedPolicy(Protocol):
    """What training and export use of a policy, whatever the algorithm."""

    def start_at(self, normalised_action: FloatArray) -> None:
        """Make an action the answer to every observation."""

    def mean_parts(self) -> MeanParts:
        """Return the networks behind the deterministic action; weights are shared."""

    def policy_parameters(self) -> list[torch.nn.Parameter]:
        """Parameters of the policy, without those of values."""

    def state_dict(self) -> dict[str, Any]:
        """All weights."""


class ContractScaling(BaseFeaturesExtractor):
    """Scales observations by the bounds of the contract to -1..1 and clips them there.

    Fixed while the policy learns and exported with it. A policy that starts from labels has means
    and deviations of their observations instead (:meth:`standardise`): a price that may be anything
    from -500 to 1000 EUR/MWh moves by some hundredths of that range.

    Args:
        observation_space: The environment's; its bounds are those of the contract.
        low: Lower bounds, physical units, shape ``(n_observation,)``.
        high: Upper bounds.
    """

    middle: torch.Tensor
    inverse_half_range: torch.Tensor
    limit: torch.Tensor

    def __init__(
        self,
        observation_space: Any,  # noqa: ANN401  # gymnasium belongs to envs.gymenv alone
        low: FloatArray,
        high: FloatArray,
    ) -> None:
        super().__init__(observation_space, features_dim=low.size)
        half_range = (high - low) / 2.0
        # A channel without a range carries no information: it becomes zero.
        inverse = np.where(half_range > 0.0, 1.0 / np.where(half_range > 0.0, half_range, 1.0), 0.0)
        self.register_buffer("middle", torch.as_tensor((high + low) / 2.0, dtype=torch.float32))
        self.register_buffer("inverse_half_range", torch.as_tensor(inverse, dtype=torch.float32))
        self.register_buffer("limit", torch.ones(()))

    def standardise(self, mean: FloatArray, std: FloatArray) -> None:
        """Scale by statistics from now on; channels that hardly moved keep the contract's scale.

        Args:
            mean: Shape ``(n_observation,)``, physical units.
            std: The same.
        """
        inverse = self.inverse_half_range.numpy().astype(np.float64)
        share = std * inverse
        # a channel that stood still says nothing about how far it may move
        share = np.where(share < STILL, 1.0, np.maximum(share, LEAST_STD))
        factor = inverse / share
        self.middle.copy_(torch.as_tensor(mean, dtype=torch.float32))
        self.inverse_half_range.copy_(torch.as_tensor(factor, dtype=torch.float32))
        self.limit.fill_(STANDARD_LIMIT)

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Return features inside plus and minus the limit, shape ``(num_envs, n_observation)``."""
        scaled = (observations - self.middle) * self.inverse_half_range
        return torch.maximum(torch.minimum(scaled, self.limit), -self.limit)


class HeatPolicy(ActorCriticPolicy):
    """SB3's Gaussian actor-critic with the scaling above and separate networks.

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
        low, high = contract.bounds("observation")
        super().__init__(
            observation_space,
            action_space,
            lr_schedule,
            net_arch={"pi": [*settings.policy_layers], "vf": [*settings.value_layers]},
            activation_fn=ACTIVATIONS[settings.activation],
            log_std_init=float(np.log(settings.initial_std)),
            features_extractor_class=ContractScaling,
            features_extractor_kwargs={"low": low, "high": high},
            **others,
        )
        self.contract = contract
        self.get_parameter("log_std").requires_grad_(settings.train_std)
        with torch.no_grad():
            # SB3 starts the last layer with orthogonal weights of gain 0.01.
            self.action_net.get_parameter("weight").mul_(settings.output_gain / 0.01)

    def start_at(self, normalised_action: FloatArray) -> None:
        """Make an action the mean for every observation, up to the small random weights.

        Args:
            normalised_action: Shape ``(n_action,)``, in -1..1.
        """
        mean = torch.as_tensor(normalised_action, dtype=torch.float32)
        with torch.no_grad():
            self.action_net.get_parameter("bias").copy_(mean)

    def mean_action(self, observations: torch.Tensor) -> torch.Tensor:
        """Mean of the normalised action, not clipped, shape ``(num_envs, n_action)``."""
        parts = self.mean_parts()
        return parts.answer(parts.scaling(observations))

    def mean_parts(self) -> MeanParts:
        """Return the networks behind the mean action; weights are shared."""
        body = self.mlp_extractor.policy_net
        return MeanParts(self.pi_features_extractor, body, self.action_net, squashed=False)

    def policy_parameters(self) -> list[torch.nn.Parameter]:
        """Parameters of the policy, without those of the value."""
        parts = self.mean_parts()
        return [*parts.body.parameters(), *parts.head.parameters()]
