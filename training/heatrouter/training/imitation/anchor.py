"""A policy that is held near the one it started from.

The Kullback-Leibler divergence from the prior takes the place of the entropy: what
Stable-Baselines3 calls ``ent_coef`` weighs it, and its training loop stays as it is. Both policies
are Gaussian with the same deviation, so the divergence is the squared distance of the means over
twice the variance.
"""

import copy
from collections.abc import Callable
from typing import Any

import torch
from stable_baselines3.common.type_aliases import PyTorchObs

from heatrouter.envs.contract import Contract
from heatrouter.training.config import NetworkSettings
from heatrouter.training.policy import HeatPolicy


class AnchoredPolicy(HeatPolicy):
    """A policy with a fixed copy of the one that it started from.

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
            observation_space,
            action_space,
            lr_schedule,
            contract=contract,
            settings=settings,
            **others,
        )
        self.prior = copy.deepcopy(self._mean_network()).requires_grad_(False)

    def set_prior(self) -> None:
        """Hold on to the present mean action."""
        self.prior.load_state_dict(self._mean_network().state_dict())

    def _mean_network(self) -> torch.nn.Sequential:
        parts = self.mean_parts()
        return torch.nn.Sequential(parts.body, parts.head)

    def evaluate_actions(
        self, obs: PyTorchObs, actions: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Values, log-likelihoods, and minus the divergence from the prior, each ``(n,)``."""
        features = self.extract_features(obs)
        assert isinstance(features, torch.Tensor)
        latent_pi, latent_vf = self.mlp_extractor(features)
        distribution = self._get_action_dist_from_latent(latent_pi)
        with torch.no_grad():
            before = self.prior(features)
        std = torch.exp(self.get_parameter("log_std"))
        away = (distribution.mode() - before) / std  # the mode of a Gaussian is its mean
        divergence = 0.5 * (away**2).sum(dim=1)
        return self.value_net(latent_vf), distribution.log_prob(actions), -divergence
