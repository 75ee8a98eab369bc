"""Between normalised actions in [-1, 1] and physical units.

-1, 0 and 1 mean low, neutral and high, linear between. Normalised actions belong to Gymnasium and
Stable-Baselines3 only; exported policies hold this mapping and put out physical units.
"""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract


@dataclass(frozen=True, slots=True, eq=False)
class ActionScaling:
    """The mapping of one contract, made once; arrays of shape ``(n_action,)``."""

    low: FloatArray
    neutral: FloatArray
    high: FloatArray

    @classmethod
    def from_contract(cls, contract: Contract) -> "ActionScaling":
        """Read bounds and neutral values."""
        low, high = contract.bounds("action")
        neutral = np.array([channel.neutral for channel in contract.action], dtype=np.float64)
        return cls(low, neutral, high)

    def denormalise(self, normalised: FloatArray) -> FloatArray:
        """Physical actions of normalised ones, which are clipped to [-1, 1] first."""
        inside = np.minimum(np.maximum(normalised, -1.0), 1.0)
        up = np.maximum(inside, 0.0) * (self.high - self.neutral)
        down = np.minimum(inside, 0.0) * (self.neutral - self.low)
        return self.neutral + up + down

    def normalise(self, action: FloatArray) -> FloatArray:
        """Normalised actions of physical ones, clipped to [-1, 1]; zero where there is no range."""
        deviation = np.asarray(action, dtype=np.float64) - self.neutral
        reach = np.where(deviation > 0.0, self.high - self.neutral, self.neutral - self.low)
        scaled = deviation / np.where(reach > 0.0, reach, np.inf)
        return np.minimum(np.maximum(scaled, -1.0), 1.0)


def denormalise(contract: Contract, normalised: FloatArray) -> FloatArray:
    """Physical actions of normalised ones, ``(..., n_action)``; loops keep an ActionScaling."""
    return ActionScaling.from_contract(contract).denormalise(normalised)


def normalise(contract: Contract, action: FloatArray) -> FloatArray:
    """Normalised actions of physical ones, ``(..., n_action)``; loops keep an ActionScaling."""
    return ActionScaling.from_contract(contract).normalise(action)
