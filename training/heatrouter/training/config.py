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
from heatrouter.envs.spec.base import Described, SchemaVersion
from heatrouter.envs.units import SECONDS_PER_HOUR
from heatrouter.training.config_fines import Fine
from heatrouter.training.config_lagrangian import LagrangianSettings
from heatrouter.training.config_network import NetworkSettings
from heatrouter.training.config_off_policy import SacSettings, TqcSettings
from heatrouter.training.config_on_policy import PpoSettings
from heatrouter.training.config_run import (
    CheckpointSettings,
    ConstantPriceSettings,
    EvaluationSettings,
    ScenarioSettings,
    TrackingSettings,
)
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


class TrainingConfig(Described):
    """One training run. Same configuration, same machine, same policy."""

    schema_version: SchemaVersion = 1
    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]*$",
        max_length=60,
        description="names the run's folder, its bundle and what is tracked",
    )
    task: str = Field(description="name of a preset, or path of a task file")
    parametrisation: Parametrisation | None = Field(
        None, description="what actions mean; null for what the task says"
    )
    algorithm: AlgorithmName = Field(
        "ppo", description="how the policy learns; the sections of the others are then left out"
    )
    seed: int = Field(
        1,
        ge=0,
        le=2**31 - 1,
        description="of weights, starts and noise; scenarios have seeds of their own",
    )
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
    ppo: PpoSettings = Field(PpoSettings(), description="read by ppo and lagrangian-ppo")
    lagrangian: LagrangianSettings = Field(
        LagrangianSettings(), description="read by lagrangian-ppo beside ppo"
    )
    sac: SacSettings = Field(SacSettings(), description="read by sac")
    tqc: TqcSettings = Field(TqcSettings(), description="read by tqc; it has all that sac has")
    network: NetworkSettings = Field(
        NetworkSettings(), description="sizes of the networks and noise of the first actions"
    )
    scenarios: ScenarioSettings = Field(
        ScenarioSettings(), description="years to learn from and to choose by"
    )
    constant_price: ConstantPriceSettings = Field(
        ConstantPriceSettings(),
        description="search for a constant action, which the policy starts from",
    )
    imitation: ImitationSettings = Field(
        ImitationSettings(),
        description="labels of a planner, and a network fitted to them to start from",
    )
    anchor: AnchorSettings = Field(
        AnchorSettings(), description="holds ppo near what imitation gave"
    )
    shaping: ShapingSettings = Field(
        ShapingSettings(), description="rewards against the planner's course; needs imitation"
    )
    fines: tuple[Fine, ...] = Field(
        (), max_length=6, description="on limits, in training and in the choice of the best policy"
    )
    evaluation: EvaluationSettings = Field(
        EvaluationSettings(), description="how the best policy of the run is found"
    )
    checkpoints: CheckpointSettings = Field(
        CheckpointSettings(), description="how often the state of the training is written"
    )
    tracking: TrackingSettings = Field(
        TrackingSettings(), description="where numbers of the run go; no part of its digest"
    )
    curriculum: CurriculumSettings = Field(CurriculumSettings(), description="order of difficulty")
    randomisation: RandomisationSettings = Field(
        RandomisationSettings(), description="differences between the districts that are trained on"
    )

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
        if content["imitation"]["labels"]["foresight"] == "perfect":
            del content["imitation"]["labels"]["foresight"]
        if not content["imitation"]["teachers"]:
            del content["imitation"]["teachers"], content["imitation"]["distil"]
        if content["randomisation"]["tariffs"] is None:
            del content["randomisation"]["tariffs"]
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
        if len(self.imitation.teachers) == 1:
            message = "one run is no mean; name at least two, or none"
            mistakes.append(("imitation.teachers", message))
        if self.imitation.teachers and not self.imitation.enabled:
            message = "are asked after the labels; set imitation.enabled, or leave them out"
            mistakes.append(("imitation.teachers", message))
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


__all__ = [
    "ALGORITHM_SECTIONS",
    "AlgorithmName",
    "CheckpointSettings",
    "ConstantPriceSettings",
    "EvaluationSettings",
    "NetworkSettings",
    "PpoSettings",
    "ScenarioSettings",
    "TrackingSettings",
    "TrainingConfig",
    "factor_per_step",
]
