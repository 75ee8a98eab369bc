"""PPO under constraints: a critic of broken constraints, and a multiplier for each of them.

The policy follows the advantage of the reward less the multipliers' sum of the advantages of the
constraints, divided by the sum of all weights; each is standardised over the rollout, so that a
multiplier does not depend on units. A multiplier rises while its constraint is broken more than
allowed over a rollout, and falls while it is not (Ray, Achiam, Amodei 2019, "Benchmarking safe
exploration"); the trend counts in advance, against swinging (Stooke, Achiam, Abbeel 2020,
arXiv:2007.03964). SB3's own ``train`` does the rest.
"""

import itertools
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from stable_baselines3 import PPO

from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray
from heatrouter.training.algorithms.ppo import ppo_arguments
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_lagrangian import LagrangianSettings
from heatrouter.training.policy import ACTIVATIONS, HeatPolicy
from heatrouter.training.sb3_vec_env import DistrictVecEnv, EndedEpisodes

_MINIBATCHES: Final = 4  # of a pass of the constraints' critic over a rollout


class ConstraintRollout(NamedTuple):
    """What a rollout says about constraints.

    Attributes:
        share: Broken share of every constraint, ``(n_constraints,)``.
        advantages: Of breaking it, ``(n_steps, num_envs, n_constraints)``.
        targets: What the critic shall answer, the same shape.
    """

    share: FloatArray
    advantages: FloatArray
    targets: FloatArray


class LagrangianPpo(PPO):
    """PPO with constraints; arguments as PPO, and the settings of the constraints.

    Args:
        policy: As PPO.
        env: As PPO; it has to read constraint signals.
        lagrangian: Constraints, multipliers and critic.
        frozen_rollouts: First rollouts in which the policy stands still, and multipliers with it.
        **others: As PPO.
    """

    def __init__(
        self,
        policy: type[HeatPolicy],
        env: DistrictVecEnv,
        *,
        lagrangian: LagrangianSettings,
        frozen_rollouts: int,
        **others: Any,  # noqa: ANN401  # PPO's
    ) -> None:
        super().__init__(policy, env, **others)
        self._settings, self._frozen = lagrangian, frozen_rollouts
        count = len(lagrangian.constraints)
        self.allowed = np.array([c.allowed_share for c in lagrangian.constraints])
        self.multipliers = torch.full((count,), lagrangian.multiplier_start, dtype=torch.float64)
        self.last_excess = torch.zeros(count, dtype=torch.float64)
        assert isinstance(self.policy, HeatPolicy)
        self.cost_critic = cost_critic(
            self.policy.features_dim, lagrangian.critic_layers, count, "tanh"
        )
        self.cost_optimizer = torch.optim.Adam(
            self.cost_critic.parameters(), lr=lagrangian.critic_learning_rate
        )

    def train(self) -> None:
        """Mix the advantages, let PPO train, then fit the constraints' critic."""
        buffer = self.rollout_buffer
        # A copy, (n_steps, num_envs, n_obs): PPO reshapes its own.
        observations = buffer.observations.copy()
        rollout = self._constraint_rollout(observations)
        if self.num_timesteps > self._frozen * buffer.buffer_size * buffer.n_envs:
            self._move_multipliers(rollout.share)
        weights = self.multipliers.numpy()
        mixed = standardised(buffer.advantages.astype(np.float64))
        for i, weight in enumerate(weights):
            mixed -= weight * standardised(rollout.advantages[:, :, i])
        buffer.advantages = (mixed / (1.0 + weights.sum())).astype(np.float32)
        super().train()
        loss = self._fit_critic(observations, rollout.targets)
        self.logger.record("train/constraint_value_loss", loss)
        for constraint, share, weight in zip(
            self._settings.constraints, rollout.share, weights, strict=True
        ):
            name = constraint.kind.replace(" ", "_")
            self.logger.record(f"train/broken_share_{name}", float(share))
            self.logger.record(f"train/multiplier_{name}", float(weight))

    def _move_multipliers(self, share: FloatArray) -> None:
        settings = self._settings
        excess = torch.as_tensor(np.clip(share / self.allowed - 1.0, -1.0, 1.0))
        ahead = excess + settings.damping * (excess - self.last_excess)
        self.multipliers += settings.multiplier_rate * torch.clamp(ahead, -1.0, 1.0)
        self.multipliers.clamp_(0.0, settings.multiplier_max)
        self.last_excess.copy_(excess)

    def _constraint_rollout(self, observations: Float32Array) -> ConstraintRollout:
        assert isinstance(self.env, DistrictVecEnv)
        assert isinstance(self._last_obs, np.ndarray)
        signals, ended = self.env.drain_signals()
        whole = signals.whole.mean(axis=(0, 1))
        whole[whole <= 0.0] = 1.0  # nothing was demanded, so nothing is unmet
        costs = signals.broken / whole
        share = costs.mean(axis=(0, 1))
        values = np.concatenate(
            [self._values(observations), self._values(self._last_obs[np.newaxis])]
        )
        advantages = self._advantages(costs, values, ended)
        return ConstraintRollout(share, advantages, advantages + values[:-1])

    def _advantages(
        self, costs: FloatArray, values: FloatArray, ended: EndedEpisodes
    ) -> FloatArray:
        """Generalised advantages; a truncated episode is worth what would have followed."""
        stops: BoolArray = np.zeros(costs.shape[:2], dtype=np.bool_)
        following = values[1:].copy()
        if len(ended.step):
            stops[ended.step, ended.env] = True
            following[ended.step, ended.env] = self._values(ended.observation[np.newaxis])[0]
        advantages = np.empty_like(costs)
        later = np.zeros(costs.shape[1:])
        for step in reversed(range(len(costs))):
            delta = costs[step] + self.gamma * following[step] - values[step]
            goes_on = ~stops[step][:, np.newaxis]
            later = delta + self.gamma * self.gae_lambda * goes_on * later
            advantages[step] = later
        return advantages

    def _values(self, observations: Float32Array) -> FloatArray:
        """Answers of the critic, ``(n_steps, num_envs, n_constraints)``."""
        flat = torch.as_tensor(observations.reshape(-1, observations.shape[-1]))
        with torch.no_grad():
            found = self.cost_critic(self._features(flat)).numpy()
        values: FloatArray = found.reshape(*observations.shape[:-1], -1).astype(np.float64)
        return values

    def _features(self, observations: torch.Tensor) -> torch.Tensor:
        assert isinstance(self.policy, HeatPolicy)
        features: torch.Tensor = self.policy.vf_features_extractor(observations)
        return features

    def _fit_critic(self, observations: Float32Array, targets: FloatArray) -> float:
        rows = self._features(torch.as_tensor(observations.reshape(-1, observations.shape[-1])))
        wanted = torch.as_tensor(targets.reshape(len(rows), -1), dtype=torch.float32)
        loss = torch.zeros(())
        for _ in range(self._settings.critic_epochs):
            for part in torch.randperm(len(rows)).chunk(_MINIBATCHES):
                loss = torch.nn.functional.mse_loss(self.cost_critic(rows[part]), wanted[part])
                self.cost_optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                self.cost_optimizer.step()
        return float(loss.detach())

    def _get_torch_save_params(self) -> tuple[list[str], list[str]]:
        modules, variables = super()._get_torch_save_params()
        return (
            [*modules, "cost_critic", "cost_optimizer"],
            [*variables, "multipliers", "last_excess"],
        )


def cost_critic(
    inputs: int, layers: tuple[int, ...], outputs: int, activation: str
) -> torch.nn.Sequential:
    """Make the network that foretells how much constraints will be broken."""
    widths = [inputs, *layers]
    parts: list[torch.nn.Module] = []
    for width, following in itertools.pairwise(widths):
        parts += [torch.nn.Linear(width, following), ACTIVATIONS[activation]()]
    return torch.nn.Sequential(*parts, torch.nn.Linear(widths[-1], outputs))


def standardised(values: FloatArray) -> FloatArray:
    """Return values with mean zero and deviation one; zeros where they do not differ."""
    spread = float(values.std())
    centred: FloatArray = values - values.mean()
    return centred / spread if spread > 1e-12 else np.zeros_like(centred)


def build_lagrangian_ppo(
    config: TrainingConfig, control_dt_s: float, env: DistrictVecEnv
) -> LagrangianPpo:
    """Make PPO under the configured constraints.

    Args:
        config: The run's configuration.
        control_dt_s: Control step, s.
        env: What it steps, with constraint signals.
    """
    return LagrangianPpo(
        HeatPolicy,
        env,
        lagrangian=config.lagrangian,
        frozen_rollouts=config.ppo.critic_rollouts,
        **ppo_arguments(config, control_dt_s, env),
    )
