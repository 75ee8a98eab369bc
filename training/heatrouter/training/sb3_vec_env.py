"""The batched closed loop as a Stable-Baselines3 ``VecEnv``, without a loop over environments.

SB3 keeps what ``step_wait`` returns until the next call (a reused observation buffer would make PPO
store the observation of the next step with the action of this one), so every array that leaves
here is fresh. Episodes are truncated, never terminated: SB3 then adds the discounted value of
``terminal_observation`` to the last reward.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn

from heatrouter.envs.actuate import ActionScaling
from heatrouter.envs.arrays import Float32Array, FloatArray, IntArray
from heatrouter.envs.gymenv.building import action_space, observation_space
from heatrouter.training.batch_protocols import Shaping, TrainingBatch
from heatrouter.training.constraint_signals import Signals


class EndedEpisodes(NamedTuple):
    """Episodes that ended in a rollout.

    Attributes:
        step: Of the rollout, ``(n_ended,)``.
        env: Which environment, ``(n_ended,)``.
        observation: Their last observations, ``(n_ended, n_observation)``.
    """

    step: IntArray
    env: IntArray
    observation: Float32Array


class DistrictVecEnv(VecEnv):
    """What PPO steps: normalised actions in, scaled rewards out.

    Observation: as the contract says, physical units, 32-bit, within its bounds.
    Action: -1..1 per channel of the contract; -1, 0, 1 are its low, neutral and high value.
    Reward: minus the cost of the step in €, less that of the baseline, over ``reward_scale_eur``.
    Episodes: truncated after the task's ``episode_hours``; the next one starts in the same call.

    Args:
        batch: The closed loop.
        reward_scale_eur: Cost in € that makes one unit of reward.
        baseline_eur: Called before each step, returns a cost in € per environment that no action
            can change, shape ``(num_envs,)``; subtracting it takes noise out of the returns.
        shaping: Adds what a step has gained against another course of the same week.
        signals: Reads constraints off a step's outputs, for learners with constraints.
        fines: Reads off a step's outputs what it pays, in €, for leaving limits; each under its
            name.
    """

    def __init__(
        self,
        batch: TrainingBatch,
        *,
        reward_scale_eur: float,
        baseline_eur: Callable[[], FloatArray] | None = None,
        shaping: Shaping | None = None,
        signals: Callable[[FloatArray], Signals] | None = None,
        fines: Callable[[FloatArray], Mapping[str, FloatArray]] | None = None,
    ) -> None:
        self.batch = batch
        self._fines = fines
        self._shaping = shaping
        self._read_signals = signals
        self._signals: list[Signals] = []
        self._ended: list[EndedEpisodes] = []
        self._scale = 1.0 / reward_scale_eur
        self._baseline = baseline_eur
        self._actions: Float32Array = np.zeros((batch.num_envs, 0), dtype=np.float32)
        self._scaling = ActionScaling.from_contract(batch.contract)
        self._term_sums: dict[str, FloatArray] = {}
        self._fine_sums: dict[str, FloatArray] = {}
        self._steps = 0
        super().__init__(
            batch.num_envs,
            observation_space(batch.contract),
            action_space(batch.contract),
        )

    def reset(self) -> Float32Array:
        """Start all episodes anew; returns observations ``(num_envs, n_observation)``."""
        return self.batch.reset()

    def step_async(self, actions: Float32Array) -> None:
        """Remember the actions, shape ``(num_envs, n_action)``, in -1..1."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Take the step; returns observations, rewards, ends and infos."""
        added: FloatArray | float = self._baseline() if self._baseline is not None else 0.0
        if self._shaping is not None:
            self._shaping.before()
        action = self._scaling.denormalise(self._actions.astype(np.float64))
        step = self.batch.step(action)
        if self._shaping is not None:
            added = added + self._shaping.added(step.final_observation.astype(np.float64))
        fines = {} if self._fines is None else self._fines(step.outputs)
        for fine in fines.values():
            added = added - fine
        reward = ((step.reward + added) * self._scale).astype(np.float32)
        self._steps += 1
        self._sum_up(self._term_sums, step.terms)
        self._sum_up(self._fine_sums, fines)
        ended = np.flatnonzero(step.truncated)
        if self._read_signals is not None:
            at = np.full(ended.size, len(self._signals), dtype=np.int64)
            self._ended.append(EndedEpisodes(at, ended, step.final_observation[ended]))
            self._signals.append(self._read_signals(step.outputs))
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for index in ended:
            infos[index] = {
                "terminal_observation": step.final_observation[index].copy(),
                "TimeLimit.truncated": True,
            }
        return step.observation, reward, step.truncated.copy(), infos

    def drain_terms(self) -> tuple[dict[str, float], dict[str, float]]:
        """Means since the last call, € per environment and step.

        Returns:
            Every term of the objective, and every fine.
        """
        steps = max(self._steps, 1)
        terms, fines = (
            {name: float(value.mean()) / steps for name, value in sums.items()}
            for sums in (self._term_sums, self._fine_sums)
        )
        self._term_sums, self._fine_sums = {}, {}
        self._steps = 0
        return terms, fines

    @staticmethod
    def _sum_up(sums: dict[str, FloatArray], values: Mapping[str, FloatArray]) -> None:
        for name, value in values.items():
            before = sums.get(name)
            sums[name] = value.copy() if before is None else before + value

    def drain_signals(self) -> tuple[Signals, EndedEpisodes]:
        """Constraint signals since the last call, ``(n_steps, num_envs, n_constraints)``."""
        signals = Signals(*(np.stack(part) for part in zip(*self._signals, strict=True)))
        ended = EndedEpisodes(*(np.concatenate(part) for part in zip(*self._ended, strict=True)))
        self._signals, self._ended = [], []
        return signals, ended

    def replace_batch(
        self, batch: TrainingBatch, baseline_eur: Callable[[], FloatArray] | None
    ) -> Float32Array:
        """Go on with another batch of the same contract; returns its first observations.

        Args:
            batch: With as many environments as the one before.
            baseline_eur: Of the new batch, as in the constructor.
        """
        self.batch, self._baseline = batch, baseline_eur
        return batch.reset()

    def close(self) -> None:
        """Nothing to close: the batch lives in this process."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Return an attribute of this object once per environment; environments have none."""
        value = getattr(self, attr_name, None)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:  # noqa: ANN401
        """Refuse: environments have no attributes of their own."""
        msg = f"{attr_name!r} cannot be set to {value!r}: the environments {indices} are one batch"
        raise AttributeError(msg)

    def env_method(
        self,
        method_name: str,
        *method_args: Any,  # noqa: ANN401  # SB3's signature
        indices: VecEnvIndices = None,
        **method_kwargs: Any,  # noqa: ANN401
    ) -> list[Any]:
        """Refuse: environments have no methods of their own."""
        del method_args, method_kwargs
        msg = f"{method_name!r} cannot be called: the environments {indices} are one batch"
        raise AttributeError(msg)

    def env_is_wrapped(self, wrapper_class: type, indices: VecEnvIndices = None) -> list[bool]:
        """No environment is wrapped."""
        del wrapper_class
        return [False for _ in self._get_indices(indices)]
