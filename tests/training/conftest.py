"""A closed loop without a plant, for what is about training and not about heat.

One price to follow: the cost of a step is the square of the distance between the first action and
the first observation, both normalised.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from heatrouter.envs.actuate import normalise
from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray, IntArray
from heatrouter.envs.contract import ActionChannel, Channel, Contract, SetPoint
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_loading import parse_training_config
from heatrouter.training.constraint_signals import Signals

OBSERVATIONS = 5


def toy_contract() -> Contract:
    return Contract(
        district="toy",
        district_digest="0" * 64,
        parametrisation="heat_price",
        control_dt_s=900.0,
        observation=tuple(
            Channel(
                name=f"o{i}", unit="kW", low=-50.0, high=150.0, source="measured", origin=f"o{i}"
            )
            for i in range(OBSERVATIONS)
        ),
        action=(
            ActionChannel(name="tank.price", unit="EUR/MWh", low=-20.0, high=200.0, neutral=60.0),
            ActionChannel(name="main.offset", unit="K", low=-8.0, high=8.0, neutral=0.0),
        ),
        set_points=(
            SetPoint(name="p.load_share", unit="1", low=0.0, high=1.0, safe=0.0, switchable=True),
        ),
    )


class ToyStep(NamedTuple):
    observation: Float32Array
    reward: FloatArray
    truncated: BoolArray
    final_observation: Float32Array
    terms: dict[str, FloatArray]
    outputs: FloatArray


class ToyBatch:
    """The interface of ``DistrictBatch`` that training uses."""

    def __init__(self, num_envs: int, *, seed: int = 0, episode_steps: int = 20) -> None:
        self.contract = toy_contract()
        self.num_envs = num_envs
        self._random = np.random.default_rng(seed)
        self._episode_steps = episode_steps
        self._state = np.zeros((num_envs, OBSERVATIONS))
        self._age: IntArray = np.zeros(num_envs, dtype=np.int64)

    def _observe(self) -> Float32Array:
        return (50.0 + 100.0 * self._state).astype(np.float32)

    def reset(self) -> Float32Array:
        self._state = self._random.uniform(-1.0, 1.0, self._state.shape)
        # Staggered: not all episodes end at once.
        self._age = np.arange(self.num_envs, dtype=np.int64) % self._episode_steps
        return self._observe()

    def reset_to(self, scenario: IntArray, start_step: IntArray) -> Float32Array:
        self._random = np.random.default_rng([int(scenario[0]), int(start_step[0])])
        self._state = np.zeros_like(self._state)
        self._age[:] = 0
        return self._observe()

    def step(self, action: FloatArray) -> ToyStep:
        normalised = normalise(self.contract, action)
        cost = 10.0 * (normalised[:, 0] - self._state[:, 0]) ** 2
        noise = self._random.standard_normal(self._state.shape)
        self._state = np.clip(0.8 * self._state + 0.3 * noise, -1.0, 1.0)
        self._age += 1
        truncated = self._age >= self._episode_steps
        final = self._observe()
        if truncated.any():
            fresh = self._random.uniform(-1.0, 1.0, self._state.shape)
            self._state = np.where(truncated[:, None], fresh, self._state)
            self._age[truncated] = 0
        return ToyStep(
            self._observe(),
            -cost,
            truncated,
            final,
            {"energy": 0.75 * cost, "wear": 0.25 * cost},
            np.stack([(normalised[:, 0] > 0.3).astype(float), np.ones(self.num_envs)], axis=1),
        )

    def save_state(self) -> dict[str, np.ndarray[Any, Any]]:
        state = self._random.bit_generator.state["state"]
        words = [f"{state[name]:032x}" for name in ("state", "inc")]
        return {
            "state": self._state.copy(),
            "age": self._age.copy(),
            "random": np.frombuffer(bytes.fromhex("".join(words)), dtype=np.uint8).copy(),
        }

    def restore_state(self, saved: dict[str, np.ndarray[Any, Any]]) -> None:
        self._state = saved["state"].copy()
        self._age = saved["age"].copy()
        words = bytes(saved["random"]).hex()
        current = dict(self._random.bit_generator.state)
        current["state"] = {"state": int(words[:32], 16), "inc": int(words[32:], 16)}
        self._random.bit_generator.state = current


@pytest.fixture
def contract() -> Contract:
    return toy_contract()


@pytest.fixture
def make_batch() -> type[ToyBatch]:
    """The class, since tests cannot import from here."""
    return ToyBatch


def toy_signals(outputs: FloatArray) -> Signals:
    """One constraint: the first action stays at or below 0.3."""
    return Signals(outputs[:, :1], outputs[:, 1:])


@pytest.fixture
def signals() -> Callable[[FloatArray], Signals]:
    return toy_signals


@pytest.fixture
def make_config() -> Callable[[str], TrainingConfig]:
    """A small configuration by the name of an algorithm."""
    return lambda algorithm: parse_training_config(SMALL + SECTIONS[algorithm])


@pytest.fixture
def config() -> TrainingConfig:
    """Small enough to train in seconds."""
    return parse_training_config(SMALL + SECTIONS["ppo"])


SMALL = """
name: toy
task: energy-web
seed: 3
total_steps: 4096
reward_scale_eur: 10.0
torch_threads: 1
network: {policy_layers: [32], value_layers: [32]}
evaluation: {every_rollouts: 2}
checkpoints: {every_rollouts: 3}
tracking: {enabled: false}
"""

_PPO = """
ppo:
  environments: 8
  rollout_steps: 64
  minibatch: 128
  learning_rate: 3.0e-3
  discount_h: 2.0
  gae_h: 1.0
  critic_rollouts: 1
"""

# The memory is smaller than the run, so that it wraps round.
_OFF_POLICY = """
  environments: 8
  rollout_steps: 64
  updates: 16
  batch: 64
  memory_steps: 2000
  warmup_steps: 600
  learning_rate: 3.0e-3
  discount_h: 2.0
"""

SECTIONS = {
    "ppo": _PPO,
    "lagrangian-ppo": "algorithm: lagrangian-ppo"
    + _PPO
    + """
lagrangian:
  constraints: [{kind: room, allowed_share: 0.02}]
  critic_layers: [16]
  multiplier_rate: 0.5
""",
    "sac": "algorithm: sac\nsac:" + _OFF_POLICY,
    "tqc": "algorithm: tqc\ntqc:" + _OFF_POLICY + "  quantiles: 5\n  dropped_quantiles: 1\n",
}

TINY = """
name: tiny
task: energy-web
total_steps: 192
sim_dt_s: 300.0
torch_threads: 1
scenarios: {train_years: 1, validation_years: 1}
constant_price: {enabled: false}
reward_baseline: false
evaluation: {every_rollouts: 1, weeks: 1, hours: 2.0}
checkpoints: {every_rollouts: 1}
tracking: {enabled: false}
ppo: {environments: 8, rollout_steps: 12, minibatch: 48, critic_rollouts: 0}
"""


@pytest.fixture
def source(tmp_path: Path) -> str:
    """Path of a training file whose run on a real district takes seconds."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return str(path)
