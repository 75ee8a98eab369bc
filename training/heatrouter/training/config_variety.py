"""Settings of what training meets besides the plain scenarios: order of difficulty, variety."""

from typing import Literal

from pydantic import Field

from heatrouter.envs.spec.base import Described
from heatrouter.envs.spec.events import EventRates
from heatrouter.envs.spec.tariff_variety import TariffVariety


class Stage(Described):
    """A part of the training with episodes of one difficulty."""

    until_share: float = Field(
        gt=0.0, le=1.0, description="share of the training's steps at which the stage ends"
    )
    easiest_share: float = Field(
        1.0, gt=0.0, le=1.0, description="share of all starts, mildest first, that are drawn from"
    )
    faults_factor: float = Field(1.0, ge=0.0, le=10.0, description="times the rates of faults")
    forecast: Literal["perfect", "persistence", "noisy"] | None = Field(
        None, description="in place of the task's"
    )


class CurriculumSettings(Described):
    """From easy to hard; without stages every start is drawn alike from the first step on."""

    stages: tuple[Stage, ...] = Field(
        (), max_length=20, description="in order; after the last one everything is drawn"
    )


class SizeRange(Described):
    """A number of the district's description that differs between its variants."""

    of: str = Field(
        min_length=1, max_length=40, description="'pipe', 'circuit', or the kind of a unit"
    )
    field: str = Field(min_length=1, max_length=60, description="as the district file names it")
    low: float = Field(gt=0.0, le=1.0, description="least factor on what stands there")
    high: float = Field(ge=1.0, le=10.0, description="largest factor")


class RandomisationSettings(Described):
    """Variety that the policy shall bear. It observes and acts as without."""

    variants: int = Field(
        1, ge=1, le=64, description="districts side by side; the first one is as described"
    )
    sizes: tuple[SizeRange, ...] = Field(
        (),
        max_length=40,
        description="what differs between variants; needed where there are several",
    )
    tariffs: TariffVariety | None = Field(
        None,
        description="years of training and validation with tariffs of other markets; null for none",
    )
    seed: int = Field(1, ge=0, description="of the factors")
    faults: EventRates | None = Field(None, description="random events in training scenarios")
