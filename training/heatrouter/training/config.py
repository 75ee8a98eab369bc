"""The training configuration: everything that a training run depends on, with unit and bounds.

Time scales are in hours and become factors per step with the task's control step, so that a
configuration keeps its meaning when the control step changes.
"""

import hashlib
import json
import math
from typing import Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from heatrouter.envs.contract import Parametrisation
from heatrouter.envs.spec.base import Described
from heatrouter.envs.units import SECONDS_PER_HOUR
from heatrouter.training.config_fines import Fine
from heatrouter.training.config_lagrangian import LagrangianSettings
from heatrouter.training.config_off_policy import SacSettings, TqcSettings
from heatrouter.training.config_variety import CurriculumSettings, RandomisationSettings
from heatrouter.training.imitation.settings import (
    AnchorSettings,
    ImitationSettings,
    ShapingSettings,
)

AlgorithmName = Literal["ppo", "lagrangian-ppo", "sac", "tqc"]

ALGORITHM_SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "ppo": ("ppo",),
    "lagrangian-ppo": ("ppo", "lagrangian"),
    "sac": ("sac",),
    "tqc": ("tqc",),
}
"""Sections that belong to an algorithm; the first one says how it acts."""

_IMITATING: Final = ("ppo", "lagrangian-ppo")

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
    """Two separate networks, for the policy and for its value."""

    policy_layers: Layers = Field((128, 128), min_length=1, max_length=6)
    value_layers: Layers = Field((128, 128), min_length=1, max_length=6)
    activation: Literal["tanh", "relu"] = "tanh"
    output_gain: float = Field(
        0.01, ge=0.0, le=2.0, description="size of the policy's last weights at the start"
    )
    initial_std: float = Field(
        0.15, gt=0.0, le=2.0, description="of the normalised action in -1..1 at the start"
    )
    train_std: bool = Field(False, description="whether the deviation is learnt, or stays")


class ScenarioSettings(Described):
    """Years to train on and to choose by; those of training, validation and test share no data."""

    train: str = Field("generated", description="source: 'generated', or a scenario file or name")
    validation: str = Field("generated", description="the same, for scores and the choice")
    test: tuple[str, ...] = Field(
        (), description="scenario files that will judge; none may overlap the two above"
    )
    data: str | None = Field(None, description="folder of the CSV files that scenario files name")
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
    """MLflow; a SQLite file by default, no network.

    Everything is written to the run's folder first, so that a server that is down loses nothing.
    """

    enabled: bool = True
    uri: str = Field("sqlite:///runs/mlflow.db", description="tracking URI")
    experiment: str = Field("heatrouter", min_length=1)
    bundle: bool = Field(False, description="export the best policy at the end and keep it there")
    registered_model: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="registered model that the bundle becomes a version of, alias 'challenger'",
    )
    system_every_s: float | None = Field(
        10.0, ge=1.0, le=3600.0, description="between two readings of CPU and memory; null for none"
    )


class TrainingConfig(Described):
    """One training run. Same configuration, same machine, same policy."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)
    task: str = Field(description="name of a preset, or path of a task file")
    parametrisation: Parametrisation | None = Field(
        None, description="what actions mean; null for what the task says"
    )
    algorithm: AlgorithmName = "ppo"
    seed: int = Field(1, ge=0, le=2**31 - 1)
    total_steps: int = Field(ge=1, le=10**10, description="control steps of all environments")
    budget_core_s: float | None = Field(
        None,
        gt=0.0,
        le=1.0e7,
        description="CPU time, labels included, after which the training ends at the next rollout "
        "boundary; rates and weights that fall over the training then fall with it. null for none",
    )
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
    torch_threads: int = Field(
        1,
        ge=1,
        le=256,
        description="of the networks; more than one pays for layers of many hundreds only. The "
        "simulator takes every core",
    )
    ppo: PpoSettings = PpoSettings()
    lagrangian: LagrangianSettings = LagrangianSettings()
    sac: SacSettings = SacSettings()
    tqc: TqcSettings = TqcSettings()
    network: NetworkSettings = NetworkSettings()
    scenarios: ScenarioSettings = ScenarioSettings()
    constant_price: ConstantPriceSettings = ConstantPriceSettings()
    imitation: ImitationSettings = ImitationSettings()
    anchor: AnchorSettings = AnchorSettings()
    shaping: ShapingSettings = ShapingSettings()
    fines: tuple[Fine, ...] = Field(
        (), max_length=6, description="on limits, in training and in the choice of the best policy"
    )
    evaluation: EvaluationSettings = EvaluationSettings()
    checkpoints: CheckpointSettings = CheckpointSettings()
    tracking: TrackingSettings = TrackingSettings()
    curriculum: CurriculumSettings = CurriculumSettings()
    randomisation: RandomisationSettings = RandomisationSettings()

    @model_serializer(mode="wrap")
    def _without_other_algorithms(self, plain: SerializerFunctionWrapHandler) -> dict[str, object]:
        content: dict[str, object] = plain(self)
        for name in self._foreign_sections:
            content.pop(name, None)
        return content

    @property
    def acting(self) -> PpoSettings | SacSettings:
        """How the chosen algorithm acts: environments, steps between updates, rates, discount."""
        found = {"sac": self.sac, "tqc": self.tqc}.get(self.algorithm, self.ppo)
        assert isinstance(found, PpoSettings | SacSettings)
        return found

    @property
    def _foreign_sections(self) -> tuple[str, ...]:
        own = ALGORITHM_SECTIONS.get(self.algorithm)
        if own is None:  # a name that could not be read belongs to any
            return ()
        every = dict.fromkeys(name for names in ALGORITHM_SECTIONS.values() for name in names)
        return tuple(name for name in every if name not in own)

    @property
    def digest(self) -> str:
        """sha256 over everything but where results are tracked and labels are kept."""
        content = self.model_dump(mode="json", exclude={"tracking": True, "imitation": {"folder"}})
        if content["budget_core_s"] is None:  # came later: digests from before stay
            del content["budget_core_s"]
        if not content["fines"]:
            del content["fines"]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def rollout_size(self) -> int:
        """Control steps of one rollout, all environments together."""
        return self.acting.environments * self.acting.rollout_steps

    def cross_check(self) -> list[tuple[str, str]]:
        """Mistakes across fields as ``(path, message)``; empty when the settings fit together."""
        mistakes = [
            (name, f"belongs to another algorithm than {self.algorithm}; remove it")
            for name in self._foreign_sections
            if getattr(self, name) != type(self).model_fields[name].default
        ]
        section = ALGORITHM_SECTIONS.get(self.algorithm, ("ppo",))[0]
        acting = self.acting
        # Comparisons, since a field that could not be read is NaN here.
        if acting.learning_rate_end > acting.learning_rate:
            message = (
                f"{acting.learning_rate_end:g} must not exceed learning_rate "
                f"{acting.learning_rate:g}"
            )
            mistakes.append((f"{section}.learning_rate_end", message))
        if isinstance(acting, PpoSettings):
            mistakes += self._check_ppo(acting)
        else:
            mistakes += self._check_off_policy(section, acting)
        if self.total_steps < self.rollout_size:
            message = (
                f"{self.total_steps} is less than one rollout of {self.rollout_size}; "
                "give more steps, or fewer environments"
            )
            mistakes.append(("total_steps", message))
        for path, layers in (
            ("network.policy_layers", self.network.policy_layers),
            ("network.value_layers", self.network.value_layers),
            ("lagrangian.critic_layers", self.lagrangian.critic_layers),
        ):
            if not all(1 <= width <= MAX_WIDTH for width in layers):
                mistakes.append((path, f"{list(layers)} must be widths in 1..{MAX_WIDTH}"))
        fined = [fine.kind for fine in self.fines]
        mistakes += [
            (f"fines[{i}].kind", f"{kind!r} stands there twice; remove one")
            for i, kind in enumerate(fined)
            if kind in fined[:i] and len(kind) > 0
        ]
        return [*mistakes, *self._check_variety(), *self._check_imitation()]

    def _check_ppo(self, ppo: PpoSettings) -> list[tuple[str, str]]:
        mistakes = []
        if self.rollout_size % ppo.minibatch > 0:
            message = (
                f"{ppo.minibatch} must divide environments x rollout_steps, {self.rollout_size}; "
                "a smaller last minibatch would weigh its samples more"
            )
            mistakes.append(("ppo.minibatch", message))
        kinds = [constraint.kind for constraint in self.lagrangian.constraints]
        for i, kind in enumerate(kinds):
            if kind in kinds[:i] and len(kind) > 0:
                path = f"lagrangian.constraints[{i}].kind"
                mistakes.append((path, f"{kind!r} stands there twice; remove one"))
        return mistakes

    def _check_off_policy(self, section: str, sac: SacSettings) -> list[tuple[str, str]]:
        mistakes = []
        if sac.memory_steps < self.rollout_size:
            message = f"{sac.memory_steps} is less than one rollout of {self.rollout_size}"
            mistakes.append((f"{section}.memory_steps", message))
        if self.total_steps <= sac.warmup_steps:
            message = f"{sac.warmup_steps} must be less than total_steps, {self.total_steps}"
            mistakes.append((f"{section}.warmup_steps", message))
        if isinstance(sac, TqcSettings) and sac.dropped_quantiles >= sac.quantiles:
            message = f"{sac.dropped_quantiles} must be less than quantiles, {sac.quantiles}"
            mistakes.append((f"{section}.dropped_quantiles", message))
        return mistakes

    def _check_imitation(self) -> list[tuple[str, str]]:
        mistakes = []
        labels = self.imitation.labels
        if labels.hours < labels.horizon_hours + _HOURS_BEHIND:
            message = (
                f"{labels.hours:g} h must hold the planner's horizon of {labels.horizon_hours:g} h "
                f"and {_HOURS_BEHIND:g} h behind; lengthen it"
            )
            mistakes.append(("imitation.labels.hours", message))
        if self.imitation.enabled and self.algorithm not in _IMITATING:
            message = f"{self.algorithm!r} starts from no clone; take {' or '.join(_IMITATING)}"
            mistakes.append(("algorithm", message))
        for name in ("anchor", "shaping"):
            if getattr(self, name).enabled and not self.imitation.enabled:
                message = "needs a start to refer to; set imitation.enabled, or leave this out"
                mistakes.append((f"{name}.enabled", message))
        if self.anchor.enabled and self.algorithm != "ppo":
            mistakes.append(("anchor.enabled", f"{self.algorithm!r} has no anchor; take 'ppo'"))
        if self.shaping.enabled and (self.curriculum.stages or self.randomisation.variants > 1):
            message = "refers to courses of one district; leave out curriculum and variants"
            mistakes.append(("shaping.enabled", message))
        return mistakes

    def _check_variety(self) -> list[tuple[str, str]]:
        mistakes = []
        before = 0.0
        for i, stage in enumerate(self.curriculum.stages):
            if stage.until_share <= before:
                message = f"{stage.until_share:g} must exceed that of the stage before, {before:g}"
                mistakes.append((f"curriculum.stages[{i}].until_share", message))
            before = stage.until_share
        variants, environments = self.randomisation.variants, self.acting.environments
        if environments % variants > 0:
            message = f"{variants} must divide the number of environments, {environments}"
            mistakes.append(("randomisation.variants", message))
        if variants > 1 and not self.randomisation.sizes:
            mistakes.append(
                ("randomisation.sizes", f"must name what differs in {variants} variants")
            )
        return mistakes
