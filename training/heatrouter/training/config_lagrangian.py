"""Settings of PPO with constraints: limits that hold on average, at the least price in reward."""

from typing import Literal

from pydantic import Field

from heatrouter.envs.spec.base import Described

ConstraintKind = Literal[
    "unmet demand", "unmet heat", "overheating", "pressure", "room", "hot water", "crop"
]
"""``unmet demand`` is energy; the others are the kinds of limit that an evaluation reports."""


class Constraint(Described):
    """One thing that must stay rare."""

    kind: ConstraintKind = Field(
        description="what must stay rare: demand that is not met, or a kind of limit that is left"
    )
    allowed_share: float = Field(
        gt=0.0,
        le=1.0,
        description="of demand for 'unmet demand', else of time outside the limits of this kind",
    )


class LagrangianSettings(Described):
    """Multipliers that rise while a constraint is broken (Ray et al. 2019, Stooke et al. 2020).

    A multiplier is the weight of the constraint's standardised advantage, that of the reward
    being one.
    """

    constraints: tuple[Constraint, ...] = Field(
        (
            Constraint(kind="unmet demand", allowed_share=0.001),
            Constraint(kind="hot water", allowed_share=0.001),
        ),
        min_length=1,
        max_length=7,
        description="each kind once; every one has a multiplier of its own",
    )
    multiplier_start: float = Field(
        0.1,
        ge=0.0,
        le=100.0,
        description="of every constraint; higher is careful from the first rollout on",
    )
    multiplier_max: float = Field(
        20.0,
        gt=0.0,
        le=1000.0,
        description="beyond which none rises, however long its constraint is broken",
    )
    multiplier_rate: float = Field(
        0.05,
        gt=0.0,
        le=10.0,
        description="rise per rollout at twice the allowed share or more; falls likewise",
    )
    damping: float = Field(
        0.5,
        ge=0.0,
        le=10.0,
        description="rollouts ahead for which the trend of the broken share counts",
    )
    critic_layers: tuple[int, ...] = Field(
        (128, 128),
        min_length=1,
        max_length=6,
        description="hidden widths of the network that foretells broken constraints",
    )
    critic_learning_rate: float = Field(
        1.0e-3, gt=0.0, le=0.1, description="of that network, constant"
    )
    critic_epochs: int = Field(4, ge=1, le=50, description="passes over each rollout")
