"""What imitation is made of: how labels are collected, how a network is fitted to them."""

from typing import Final

from pydantic import Field

from heatrouter.agents.planning.expectation import Foresight
from heatrouter.agents.planning.settings import PlannerSettings
from heatrouter.envs.spec.base import Described

_EXPERT_HORIZON_H: Final = 48.0


class LabelSettings(Described):
    """Courses through training scenarios, with what a planner would have done.

    With perfect foresight it sees what will come, while what is observed holds the forecast that
    every controller gets; the network that is fitted to both learns the mean of its answers. Where
    these are on or off, a mean is neither: a planner with the forecast answers what it can observe.
    """

    weeks: int = Field(64, ge=1, le=100_000, description="courses of the first round")
    round_weeks: int = Field(32, ge=1, le=100_000, description="courses of every later round")
    rounds: int = Field(
        2, ge=0, le=50, description="later rounds, driven by what was learnt so far (DAgger)"
    )
    hours: float = Field(168.0, ge=72.0, le=8784.0, description="length of a course, h")
    environments: int = Field(8, ge=1, le=256, description="courses side by side in one file")
    expert_share: float = Field(
        1.0, ge=0.0, le=1.0, description="of the first round's hours that the planner drives"
    )
    round_expert_share: float = Field(
        0.2, ge=0.0, le=1.0, description="the same of later rounds; the network drives the rest"
    )
    turn_hours: float = Field(
        12.0, gt=0.0, le=8784.0, description="mean time until who drives is drawn again, h"
    )
    noise_std: float = Field(
        0.05, ge=0.0, le=1.0, description="added to what drives, normalised, held for an hour"
    )
    foresight: Foresight = Field(
        "perfect", description="what the planner knows: what will come, or the task's forecast"
    )
    horizon_hours: float = Field(
        _EXPERT_HORIZON_H, ge=1.0, le=336.0, description="how far the planner looks ahead, h"
    )
    replan_hours: float = Field(
        2.0, gt=0.0, le=24.0, description="time between plans, h; one plan gives its labels"
    )
    supply_levels_k: tuple[float, ...] = Field(
        (0.0, -4.0, 4.0), min_length=1, description="offsets from the heating curve to choose from"
    )
    crop_margin_k: float = Field(
        0.25,
        ge=0.0,
        le=3.0,
        description="that the planner stays inside the crop's band of daily means, for those who "
        "cannot steer as finely as it does",
    )
    processes: int = Field(
        2, ge=1, le=1024, description="that collect; results do not depend on it"
    )

    def planner(self, control_dt_s: float) -> PlannerSettings:
        """The planner that labels."""
        return PlannerSettings(
            horizon_hours=self.horizon_hours,
            fine_hours=min(6.0, self.horizon_hours),
            foresight=self.foresight,
            replan_steps=max(round(self.replan_hours * 3600.0 / control_dt_s), 1),
            supply_levels_k=self.supply_levels_k,
            crop_margin_k=self.crop_margin_k,
            time_limit_s=60.0,  # a limit that is met makes labels depend on the machine's load
            first_passes=3,
        )


class CloneSettings(Described):
    """How a network is fitted to labels."""

    epochs: int = Field(40, ge=1, le=10_000, description="passes over all labels, in every round")
    minibatch: int = Field(
        1024,
        ge=2,
        le=1_000_000,
        description="labels per gradient step; all of them where there are fewer",
    )
    learning_rate: float = Field(1e-3, gt=0.0, le=0.1, description="at the start; falls to zero")
    weight_decay: float = Field(
        1e-4,
        ge=0.0,
        le=1.0,
        description="decoupled (AdamW); higher keeps weights small, against learning labels by "
        "heart",
    )
    held_out_share: float = Field(
        0.1, ge=0.0, le=0.5, description="of the courses, that only measure the fit"
    )


class DistilSettings(Described):
    """How one network is fitted to the mean of several policies."""

    weeks: int = Field(
        192, ge=2, le=10_000, description="of training scenarios, in each of three rounds"
    )
    hours: float = Field(168.0, ge=1.0, le=8784.0, description="length of a week, h")
    epochs: int = Field(10, ge=1, le=10_000, description="passes over all seen, in every round")
    minibatch: int = Field(1024, ge=2, le=1_000_000, description="observations per gradient step")
    learning_rate: float = Field(5e-4, gt=0.0, le=0.1, description="at the start; falls to zero")


class ImitationSettings(Described):
    """A start for reinforcement learning."""

    enabled: bool = Field(
        False, description="the policy starts from a network fitted to a planner's labels"
    )
    labels: LabelSettings = Field(LabelSettings(), description="how they are collected")
    clone: CloneSettings = Field(CloneSettings(), description="how the network is fitted to them")
    folder: str = Field(
        "runs/labels", min_length=1, description="where labels are kept for the next run"
    )
    teachers: tuple[str, ...] = Field(
        (),
        max_length=16,
        description="folders of ended runs of the same task, such as those of other seeds: the "
        "network is then fitted to their mean action; empty for the labels alone",
    )
    distil: DistilSettings = Field(
        DistilSettings(), description="how the network is fitted to the teachers"
    )


class AnchorSettings(Described):
    """Reinforcement learning that is held near what imitation gave."""

    enabled: bool = Field(
        False, description="leaving the clone costs reward, by the divergence of the two policies"
    )
    weight: float = Field(
        0.1, ge=0.0, le=100.0, description="of the divergence from the start, at first"
    )
    weight_end: float = Field(0.0, ge=0.0, le=100.0, description="at the end; linear between")


class ShapingSettings(Described):
    """Rewards counted from the planner's own course through the same weeks."""

    enabled: bool = Field(False, description="trains on the weeks that imitation collected")
    price_share: float = Field(
        1.0, ge=0.0, le=2.0, description="of the planner's price of heat that stored heat counts"
    )
