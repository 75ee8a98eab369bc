"""When a process runs."""

from typing import Literal

from pydantic import Field

from heatrouter.envs.spec.base import Described


class Shift(Described):
    """Hours of one kind of day in which a process runs, local time."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(
        min_length=1, description="on which it begins"
    )
    start_hour: float = Field(ge=0.0, lt=24.0, description="local time")
    end_hour: float = Field(
        gt=0.0,
        le=24.0,
        description="local time; at or before start_hour it goes on into the next day",
    )
    level: float = Field(ge=0.0, le=1.0, description="share of full production")


class Production(Described):
    """When a process runs: shifts over an idle level, with outages."""

    idle_level: float = Field(0.0, ge=0.0, le=1.0, description="level outside all shifts")
    shifts: tuple[Shift, ...] = Field(
        (),
        description="of several at once the highest level holds; without any, idle_level "
        "holds throughout",
    )
    outages_per_year: float = Field(
        0.0, ge=0.0, le=200.0, description="random stops to level 0 in a generated year, on average"
    )
    outage_hours: float = Field(0.0, ge=0.0, le=2000.0, description="mean length of an outage")
    noise: float = Field(0.03, ge=0.0, le=0.5, description="standard deviation of the level")
