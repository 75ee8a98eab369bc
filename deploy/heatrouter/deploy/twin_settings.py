"""What an operator says about the look-ahead."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

TWIN_STATE_FILE: Final = "twin-state.npz"
"""As `heatrouter twin --live` looks for it."""


class LookAheadSettings(BaseModel):
    """The live twin, and what it is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    enabled: bool = Field(
        False, description="simulate ahead; without an answer the policy's proposals are refused"
    )
    hours: float = Field(1.0, ge=0.5, le=12.0, description="how far ahead, h")
    warm_up_h: float = Field(
        48.0, ge=0.0, le=336.0, description="hours of history to live through at the start"
    )
    deadline_s: float = Field(
        0.5, gt=0.0, le=30.0, description="real seconds that a tick waits for an answer, at most "
        "half a tick; one that comes later counts from then on",
    )  # fmt: skip
