"""How a planner looks ahead."""

from pydantic import BaseModel, ConfigDict, Field

from heatrouter.agents.planning.expectation import Foresight


class PlannerSettings(BaseModel):
    """Settings of model predictive control; the defaults are those of ``mpc``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon_hours: float = Field(24.0, ge=1.0, le=336.0)
    fine_hours: float = Field(
        6.0, ge=0.0, le=72.0, description="planned in control steps, the rest in hours"
    )
    foresight: Foresight = Field("forecast", description="the task's forecast, or what will come")
    replan_steps: int = Field(4, ge=1, le=96, description="control steps between plans")
    binary_hours: float = Field(
        0.0, ge=0.0, le=72.0, description="hours in which machines are on or off, 0: never"
    )
    supply_levels_k: tuple[float, ...] = Field(
        (0.0, -4.0, 4.0), min_length=1, description="offsets from the heating curve to choose from"
    )
    stratification_loss: float = Field(
        0.25,
        ge=0.0,
        le=0.9,
        description="share of a store's room whose water is too lukewarm to be used",
    )
    crop_margin_k: float = Field(
        0.0, ge=0.0, le=3.0, description="kept inside the crop's band of daily means"
    )
    end_value_eur_per_mwh: float | None = Field(
        None, description="of heat in stores at the end of the horizon; null: the task's"
    )
    time_limit_s: float = Field(0.4, gt=0.0, le=600.0, description="of a mixed-integer solve")
    gap: float = Field(1e-3, gt=0.0, le=0.5, description="at which a mixed-integer solve may end")
    first_passes: int = Field(3, ge=1, le=10, description="plans of the first decision")
    passes: int = Field(1, ge=1, le=10, description="plans of every later decision")


REFERENCE = PlannerSettings(
    horizon_hours=72.0, foresight="perfect", time_limit_s=5.0, fine_hours=6.0
)
"""Perfect foresight over three days: what the score is measured against."""
