"""The training configuration: everything that a training run depends on, with unit and bounds.

Time scales are in hours and become factors per step with the task's control step, so that a
configuration keeps its meaning when the control step changes.
"""

import hashlib
import json
import math
from typing import Literal

from pydantic import Field

from heatrouter.envs.contract import Parametrisation
from heatrouter.envs.spec.base import Described
from heatrouter.envs.units import SECONDS_PER_HOUR
from heatrouter.training.imitation.settings import (
    AnchorSettings,
    ImitationSettings,
    ShapingSettings,
)

Layers = tuple[int, ...]

MAX_WIDTH = 4096
_HOURS_BEHIND = 25.0
"""What a planner looks back on, and the step it stands in, h."""


def factor_per_step(time_constant_h: float, control_dt_s: float) -> float:
    """Factor per control step of an exponential decay: ``exp(-dt / time constant)``.

    Args:
        time_constant_h: Time constant in hours; zero gives zero.
        control_dt_s: Control step in seconds.

    Returns:
        A number in 0..1: the discount, or the lambda of generalised advantage estimation.
    """
    if time_constant_h == 0.0:
        return 0.0
    return math.exp(-control_dt_s / (time_constant_h * SECONDS_PER_HOUR))


class PpoSettings(Described):
    """Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347)."""

    environments: int = Field(64, ge=1, le=4096, description="simulated side by side")
    rollout_steps: int = Field(
        168, ge=2, le=10_000, description="control steps per environment between two updates"
    )
    epochs: int = Field(4, ge=1, le=50, description="passes over each rollout")
    minibatch: int = Field(2688, ge=2, le=1_000_000, description="samples per gradient step")
    learning_rate: float = Field(2e-4, gt=0.0, le=0.1, description="at the start")
    learning_rate_end: float = Field(0.0, ge=0.0, le=0.1, description="at the end; linear between")
    clip: float = Field(0.15, gt=0.0, lt=1.0, description="range of the probability ratio")
    target_kl: float | None = Field(
        0.02, gt=0.0, le=1.0, description="an update stops beyond 1.5 times this; null for never"
    )
    discount_h: float = Field(
        33.0, gt=0.0, le=10_000.0, description="time constant of the discount, h (33: 0.97 per h)"
    )
    gae_h: float = Field(
        19.5,
        ge=0.0,
        le=10_000.0,
        description="time constant of advantages, h (19.5: 0.95 per h)",
    )
    value_weight: float = Field(0.5, ge=0.0, le=10.0)
    entropy_weight: float = Field(0.0, ge=0.0, le=1.0)
    max_gradient_norm: float = Field(0.5, gt=0.0, le=100.0)
    critic_rollouts: int = Field(
        2, ge=0, le=1000, description="first rollouts that train the value only"
    )


class NetworkSettings(Described):
    """Two separate networks with tanh layers, for the policy and for its value."""

    policy_layers: Layers = Field((128, 128), min_length=1, max_length=6)
    value_layers: Layers = Field((128, 128), min_length=1, max_length=6)
    output_gain: float = Field(
        0.01, ge=0.0, le=2.0, description="size of the policy's last weights at the start"
    )
    initial_std: float = Field(
        0.15, gt=0.0, le=2.0, description="of the normalised action in -1..1 at the start"
    )
    train_std: bool = Field(False, description="whether the deviation is learnt, or stays")


class ScenarioSettings(Described):
    """Generated years; those of training, validation and test never share data."""

    train_years: int = Field(16, ge=1, le=1000)
    train_seed: int = Field(1, ge=0)
    validation_years: int = Field(4, ge=1, le=1000)
    validation_seed: int = Field(2, ge=0)


class ConstantPriceSettings(Described):
    """Search for the best constant action: a standing controller and PPO's starting point."""

    enabled: bool = True
    generations: int = Field(5, ge=1, le=100)
    candidates: int = Field(16, ge=4, le=1000, description="tried in each generation")
    weeks: int = Field(4, ge=1, le=200, description="starts over the year, the same for all")
    hours: float = Field(168.0, gt=0.0, le=8784.0, description="length of a trial, h")
    elite_share: float = Field(0.25, gt=0.0, lt=1.0, description="that the next generation follows")
    initial_std: float = Field(0.5, gt=0.0, le=2.0, description="of the normalised action")


class EvaluationSettings(Described):
    """Scores on validation weeks, and the choice of the checkpoint by them."""

    every_rollouts: int = Field(10, ge=1, le=100_000)
    weeks: int = Field(8, ge=1, le=500, description="spread over the year")
    seed: int = Field(7, ge=0, description="of the draw of the weeks")
    hours: float = Field(168.0, gt=0.0, le=8784.0, description="length of a week, h")


class CheckpointSettings(Described):
    """What resume needs."""

    every_rollouts: int = Field(10, ge=1, le=100_000)
    keep: int = Field(2, ge=1, le=1000, description="newest checkpoints that stay on disk")


class TrackingSettings(Described):
    """MLflow; a SQLite file by default, no network."""

    enabled: bool = True
    uri: str = Field("sqlite:///runs/mlflow.db", description="tracking URI")
    experiment: str = Field("heatrouter", min_length=1)


class TrainingConfig(Described):
    """One training run. Same configuration, same machine, same policy."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)
    task: str = Field(description="name of a preset, or path of a task file")
    parametrisation: Parametrisation | None = Field(
        None, description="what actions mean; null for what the task says"
    )
    algorithm: Literal["ppo"] = "ppo"
    seed: int = Field(1, ge=0, le=2**31 - 1)
    total_steps: int = Field(ge=1, le=10**10, description="control steps of all environments")
    reward_scale_eur: float = Field(
        100.0, gt=0.0, le=1.0e7, description="cost in euro that makes one unit of negative reward"
    )
    reward_baseline: bool = Field(
        True, description="rewards count from the cost of the best constant price at the same time"
    )
    sim_dt_s: float | None = Field(
        None,
        ge=1.0,
        le=900.0,
        description="sub-step of the simulator while searching and training; null for the task's, "
        "which validation always takes",
    )
    torch_threads: int = Field(2, ge=1, le=256)
    ppo: PpoSettings = PpoSettings()
    network: NetworkSettings = NetworkSettings()
    scenarios: ScenarioSettings = ScenarioSettings()
    constant_price: ConstantPriceSettings = ConstantPriceSettings()
    imitation: ImitationSettings = ImitationSettings()
    anchor: AnchorSettings = AnchorSettings()
    shaping: ShapingSettings = ShapingSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    checkpoints: CheckpointSettings = CheckpointSettings()
    tracking: TrackingSettings = TrackingSettings()

    @property
    def digest(self) -> str:
        """sha256 over everything but where results are tracked and labels are kept."""
        content = self.model_dump(mode="json", exclude={"tracking": True, "imitation": {"folder"}})
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def rollout_size(self) -> int:
        """Control steps of one rollout, all environments together."""
        return self.ppo.environments * self.ppo.rollout_steps

    def cross_check(self) -> list[tuple[str, str]]:
        """Mistakes across fields as ``(path, message)``; empty when the settings fit together."""
        mistakes: list[tuple[str, str]] = []
        ppo = self.ppo
        # Comparisons, since a field that could not be read is NaN here.
        if self.rollout_size % ppo.minibatch > 0:
            message = (
                f"{ppo.minibatch} must divide environments x rollout_steps, {self.rollout_size}; "
                "a smaller last minibatch would weigh its samples more"
            )
            mistakes.append(("ppo.minibatch", message))
        if ppo.learning_rate_end > ppo.learning_rate:
            message = (
                f"{ppo.learning_rate_end:g} must not exceed learning_rate {ppo.learning_rate:g}"
            )
            mistakes.append(("ppo.learning_rate_end", message))
        if self.total_steps < self.rollout_size:
            message = (
                f"{self.total_steps} is less than one rollout of {self.rollout_size}; "
                "give more steps, or fewer environments"
            )
            mistakes.append(("total_steps", message))
        labels = self.imitation.labels
        if labels.hours < labels.horizon_hours + _HOURS_BEHIND:
            message = (
                f"{labels.hours:g} h must hold the planner's horizon of {labels.horizon_hours:g} h "
                f"and {_HOURS_BEHIND:g} h behind; lengthen it"
            )
            mistakes.append(("imitation.labels.hours", message))
        for name in ("anchor", "shaping"):
            if getattr(self, name).enabled and not self.imitation.enabled:
                message = "needs a start to refer to; set imitation.enabled, or leave this out"
                mistakes.append((f"{name}.enabled", message))
        for name in ("policy_layers", "value_layers"):
            layers: Layers = getattr(self.network, name)
            if not all(1 <= width <= MAX_WIDTH for width in layers):
                message = f"{list(layers)} must be widths in 1..{MAX_WIDTH}"
                mistakes.append((f"network.{name}", message))
        return mistakes
