"""Fields that several kinds of units have, each with its bounds and its meaning."""

from typing import Annotated

from pydantic import Field

from heatrouter.envs.spec.base import Name

UnitName = Annotated[
    Name,
    Field(description="unique in the district; output columns, set-points and tags begin with it"),
]
UnitLocation = Annotated[
    Name, Field(description="place of the network that it stands at; fixes its circuit")
]
Sizing = Annotated[str, Field(description="source of the numbers, or 'hypothetical'")]

MaxMassFlow = Annotated[
    float, Field(gt=0.0, le=2000.0, description="largest flow of network water through the unit")
]
Ramp = Annotated[
    float,
    Field(
        gt=0.0,
        le=10.0,
        description="by which its share of the full load, or of what it could recover, may change "
        "in a minute; plant and guard hold it",
    ),
]
Dwell = Annotated[float, Field(ge=0.0, le=1440.0)]
"""Minutes that a unit keeps running, or standing, at least."""

MinRun = Annotated[
    Dwell, Field(description="the guard keeps it running this long after a start, at least")
]
MinStop = Annotated[
    Dwell, Field(description="the guard keeps it standing this long after a stop, at least")
]
StartCost = Annotated[
    float, Field(ge=0.0, le=10_000.0, description="wear and fuel of each start, in the objective")
]

BypassTemp = Annotated[
    float,
    Field(
        ge=20.0,
        le=80.0,
        description="supply temperature here at which the thermostatic bypass is half open (shut "
        "2 K above, wide open 2 K below); higher keeps the line warmer and loses more heat",
    ),
]
BypassFlowShare = Annotated[
    float,
    Field(
        ge=0.0,
        le=0.3,
        description="flow through the wide-open bypass over the design flow of the main exchanger",
    ),
]
