"""The contract between controller, environment and service: what each vector holds, in order.

A :class:`Contract` names every entry of the observation, action and set-point vectors with unit,
bounds and origin. It travels in the policy bundle; the service maps tags to its measured channels
and builds the same observation with the same code, so that the controller that was evaluated is
the controller that runs. Its digest is what bundle, district and service compare.
"""

import hashlib
import json
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from heatrouter.envs.arrays import FloatArray

ObservationSource = Literal[
    "measured", "lagged", "executed", "dwell", "clock", "tariff", "forecast"
]
"""Where an observation comes from: a tag, the history of one, the guard's memory, the calendar,
the tariff in force, or a forecast service."""

Parametrisation = Literal["absolute", "offset", "heat_price"]
"""What an action means: set-points, offsets from the rules, or prices of heat (see actuate)."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Channel(_Frozen):
    """One entry of the observation vector, in physical units."""

    name: str = Field(description="unique, e.g. 'tank.level' or 'tank.level@-3600s'")
    unit: str = Field(description="unit of the value, e.g. 'degC', 'kW', '1'")
    low: float = Field(description="lower bound used for scaling and range checks")
    high: float = Field(description="upper bound used for scaling and range checks")
    source: ObservationSource
    origin: str = Field(description="tag, series or set-point that the value is taken from")
    aggregation: Literal["instant", "mean"] = "mean"
    lag_s: float = Field(0.0, ge=0.0, description="age of a lagged value")
    lead_start_s: float = Field(0.0, ge=0.0, description="start of a forecast window")
    lead_end_s: float = Field(0.0, ge=0.0, description="end of a forecast window")


class ActionChannel(_Frozen):
    """One entry of the action vector, in physical units."""

    name: str
    unit: str
    low: float
    high: float
    neutral: float = Field(description="what a normalised action of zero means")
    interpolation: Literal["hold", "linear"] = "hold"


class SetPoint(_Frozen):
    """One entry of the set-point vector: what is written to the plant."""

    name: str = Field(description="'<unit>.<quantity>', e.g. 'gas_boiler.load_share'")
    unit: str
    low: float
    high: float
    safe: float = Field(description="value that is safe when nothing else is known")
    switchable: bool = Field(description="low means off, and minimum run times apply")


class Contract(_Frozen):
    """Observation, action and set-point vectors of one district under one task."""

    district: str
    district_digest: str = Field(description="sha256 of the district description")
    parametrisation: Parametrisation
    control_dt_s: float = Field(gt=0.0)
    observation: tuple[Channel, ...]
    action: tuple[ActionChannel, ...]
    set_points: tuple[SetPoint, ...]

    @property
    def digest(self) -> str:
        """sha256 over the canonical JSON of the contract."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def observation_index(self, name: str) -> int:
        """Position of an observation channel; raises KeyError naming the channel."""
        return _position(tuple(c.name for c in self.observation), name)

    def action_index(self, name: str) -> int:
        """Position of an action channel; raises KeyError naming the channel."""
        return _position(tuple(c.name for c in self.action), name)

    def set_point_index(self, name: str) -> int:
        """Position of a set-point; raises KeyError naming it."""
        return _position(tuple(c.name for c in self.set_points), name)

    def bounds(
        self, part: Literal["observation", "action", "set_points"]
    ) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bounds of one vector, each of shape ``(n,)``."""
        channels: tuple[Channel | ActionChannel | SetPoint, ...] = getattr(self, part)
        low = np.array([c.low for c in channels], dtype=np.float64)
        high = np.array([c.high for c in channels], dtype=np.float64)
        return low, high


def _position(names: tuple[str, ...], name: str) -> int:
    try:
        return names.index(name)
    except ValueError:
        message = f"channel {name!r} is not in the contract; it has: {', '.join(names)}"
        raise KeyError(message) from None
