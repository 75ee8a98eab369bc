"""One action at all times: the rules alone, or a constant price of heat."""

import math
from collections.abc import Mapping

import numpy as np

from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.errors import ConfigError, Mistake


class ConstantAction:
    """Answers the same action always: the neutral one, with some channels replaced.

    Neutral offsets from the rules are the rules themselves; neutral heat prices are the simplest
    water value there is.

    Args:
        name: How it is called in results.
        parametrisation: What its action means.
        values: Channel of the action to value in its unit; neutral where not named.
    """

    def __init__(
        self,
        name: str,
        parametrisation: Parametrisation,
        values: Mapping[str, float] | None = None,
    ) -> None:
        self.name = name
        self.parametrisation: Parametrisation = parametrisation
        self.values: dict[str, float] = dict(values or {})
        self._action: FloatArray = np.zeros((0, 0))

    def reset(self, contract: Contract, num_envs: int) -> None:
        """Prepare the action for a contract.

        Raises:
            ConfigError: A named channel does not exist, or its value lies outside its bounds.
        """
        mistakes = self._mistakes(contract)
        if mistakes:
            subject = f"controller {self.name!r}"
            raise ConfigError(subject, mistakes)
        row = [self.values.get(channel.name, channel.neutral) for channel in contract.action]
        self._action = np.tile(np.array(row, dtype=np.float64), (num_envs, 1))

    def act(self, observation: Float32Array) -> FloatArray:
        """Return the action, a fresh array of shape ``(num_envs, n_action)``."""
        del observation
        return self._action.copy()

    def _mistakes(self, contract: Contract) -> list[Mistake]:
        """All that keeps the values from being an action of the contract."""
        channels = {channel.name: channel for channel in contract.action}
        mistakes = []
        for name, value in self.values.items():
            if name not in channels:
                mistakes.append(Mistake(name, f"no such action; there are: {', '.join(channels)}"))
                continue
            low, high, unit = channels[name].low, channels[name].high, channels[name].unit
            if not (math.isfinite(value) and low <= value <= high):
                mistakes.append(Mistake(name, f"{value:g} is outside {low:g}..{high:g} {unit}"))
        return mistakes
