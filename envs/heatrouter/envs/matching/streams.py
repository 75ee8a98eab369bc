"""A stream that has to be cooled (hot) or heated (cold), as pinch analysis sees it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

DEFAULT_DT_MIN_K = 10.0
"""Least temperature difference where neither table nor user gives one (Kemp 2007, section 2.4)."""


class Stream(BaseModel):
    """Heat between two temperatures at a constant heat capacity rate.

    A stream whose two temperatures are equal condenses or evaporates: all its heat is at that
    temperature.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(min_length=1)
    zone: str = Field("", description="process or building that it belongs to")
    kind: Literal["hot", "cold"]
    supply_temp_c: float = Field(gt=-273.15, description="where the stream begins, degC")
    target_temp_c: float = Field(gt=-273.15, description="where it has to end, degC")
    heat_kw: float = Field(ge=0.0, description="given off (hot) or taken up (cold), kW")
    dt_contribution_k: float = Field(
        0.5 * DEFAULT_DT_MIN_K,
        description="its share of the least temperature difference to another stream, K",
    )

    @model_validator(mode="after")
    def _right_way(self) -> "Stream":
        if self.supply_temp_c != self.target_temp_c and self.is_hot != (
            self.supply_temp_c > self.target_temp_c
        ):
            message = wrong_way(self.kind, self.supply_temp_c, self.target_temp_c)
            raise ValueError(message)
        return self

    @property
    def is_hot(self) -> bool:
        """Whether it has to be cooled."""
        return self.kind == "hot"

    @property
    def low_temp_c(self) -> float:
        """The lower of its two temperatures, degC."""
        return min(self.supply_temp_c, self.target_temp_c)

    @property
    def high_temp_c(self) -> float:
        """The higher of its two temperatures, degC."""
        return max(self.supply_temp_c, self.target_temp_c)

    @property
    def span_k(self) -> float:
        """Difference of its two temperatures, K, >= 0."""
        return self.high_temp_c - self.low_temp_c

    def shift_k(self, dt_min_k: float | None = None) -> float:
        """By what its temperatures are moved so that touching streams may exchange heat, K.

        Hot streams move down and cold ones up, each by its contribution or by half of a common
        least temperature difference (Linnhoff & Flower 1978; Kemp 2007, section 3.9).
        """
        contribution_k = self.dt_contribution_k if dt_min_k is None else 0.5 * dt_min_k
        return -contribution_k if self.is_hot else contribution_k


def wrong_way(kind: str, supply_temp_c: float, target_temp_c: float) -> str:
    """Say that a stream goes the wrong way for its kind."""
    does, other = ("warms up", "cold") if kind == "hot" else ("cools down", "hot")
    return (
        f"a {kind} stream that {does}, from {supply_temp_c:g} to {target_temp_c:g} degC; swap the "
        f"temperatures or call it {other}"
    )
