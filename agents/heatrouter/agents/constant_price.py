"""A constant price of heat: the standing controller that every policy has to beat."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.errors import ConfigError, Mistake


class ConstantPriceController:
    """Gives one heat-price action at all times.

    Args:
        values: Channel of the action to value in its unit; neutral where not named.
        name: How it is called in results.
    """

    parametrisation: Final[Parametrisation] = "heat_price"

    def __init__(
        self, values: Mapping[str, float] | None = None, *, name: str = "constant-price"
    ) -> None:
        self.name = name
        self.values: dict[str, float] = dict(values or {})
        self._action: FloatArray = np.zeros((0, 0))

    @classmethod
    def from_json(cls, path: Path, *, name: str = "constant-price") -> "ConstantPriceController":
        """Read the values from a JSON object of channel to number.

        Raises:
            ConfigError: The file is no such object.
        """
        subject = str(path)
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ConfigError(subject, [Mistake("", f"cannot be read: {error}")]) from error
        if not isinstance(document, dict):
            mistake = Mistake("", "must be an object of channel to number")
            raise ConfigError(subject, [mistake])
        mistakes = [
            Mistake(channel, f"{value!r} is no number")
            for channel, value in document.items()
            if isinstance(value, bool) or not isinstance(value, int | float)
        ]
        if mistakes:
            raise ConfigError(subject, mistakes)
        return cls({channel: float(value) for channel, value in document.items()}, name=name)

    def reset(self, contract: Contract, num_envs: int) -> None:
        """Prepare the action for a contract.

        Raises:
            ConfigError: The contract means something else by an action, a named channel does not
                exist, or its value lies outside its bounds.
        """
        mistakes = []
        if contract.parametrisation != self.parametrisation:
            message = f"is {contract.parametrisation!r}; a constant price needs 'heat_price'"
            mistakes.append(Mistake("parametrisation", message))
        channels = {channel.name: channel for channel in contract.action}
        for name, value in self.values.items():
            if name not in channels:
                mistakes.append(Mistake(name, f"is no action; there are: {', '.join(channels)}"))
                continue
            low, high = channels[name].low, channels[name].high
            if not (math.isfinite(value) and low <= value <= high):
                unit = channels[name].unit
                mistakes.append(Mistake(name, f"{value} is outside {low:g}..{high:g} {unit}"))
        if mistakes:
            subject = f"controller {self.name!r}"
            raise ConfigError(subject, mistakes)
        row = [self.values.get(channel.name, channel.neutral) for channel in contract.action]
        self._action = np.tile(np.array(row, dtype=np.float64), (num_envs, 1))

    def act(self, observation: Float32Array) -> FloatArray:
        """Return the action, a fresh array of shape ``(num_envs, n_action)``."""
        del observation
        return self._action.copy()
