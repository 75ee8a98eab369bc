"""Settings of fines: what a learner pays in training for coming near a limit or leaving it."""

from typing import Literal

from pydantic import Field

from heatrouter.envs.spec.base import Described

FinedKind = Literal["unmet heat", "overheating", "pressure", "room", "hot water", "crop"]
"""Kinds of limit that an evaluation reports beside the cost."""


class Fine(Described):
    """A price on a kind of limit, in training and in the choice of the best policy alone.

    The objective prices most limits weakly or not at all, and they are left for minutes a week:
    too rare to be seen in a sum of euros. A judgement never contains fines.
    """

    kind: FinedKind
    eur_per_h: float = Field(
        gt=0.0, le=1.0e6, description="outside one limit of this kind, beyond its tolerance"
    )
    margin: float = Field(
        0.0,
        ge=0.0,
        le=100.0,
        description="bar, K or kW inside the limit, from where the fine rises linearly to its "
        "full height at the end of the limit's tolerance",
    )
