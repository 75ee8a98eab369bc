"""A constant price of heat: the standing controller that every policy has to beat."""

import json
from collections.abc import Mapping
from pathlib import Path

from heatrouter.agents.constant_action import ConstantAction
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import ConfigError, Mistake

_REMEDY = "give a JSON object of action channel to value"


class ConstantPriceController(ConstantAction):
    """Gives one heat-price action at all times; refuses contracts that mean something else.

    Args:
        values: Channel of the action to value in its unit; neutral where not named.
        name: How it is called in results.
    """

    def __init__(
        self, values: Mapping[str, float] | None = None, *, name: str = "constant-price"
    ) -> None:
        super().__init__(name, "heat_price", values)

    @classmethod
    def from_json(cls, path: Path, *, name: str = "constant-price") -> "ConstantPriceController":
        """Read the values from a JSON object of channel to number, neutral where not named.

        Raises:
            ConfigError: The file is no such object.
        """
        subject = str(path)
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            mistake = Mistake("", f"cannot be read: {error}; {_REMEDY}")
            raise ConfigError(subject, [mistake]) from error
        if not isinstance(document, dict):
            mistake = Mistake("", f"must be an object; {_REMEDY}")
            raise ConfigError(subject, [mistake])
        mistakes = [
            Mistake(channel, f"{value!r} is no number")
            for channel, value in document.items()
            if isinstance(value, bool) or not isinstance(value, int | float)
        ]
        if mistakes:
            raise ConfigError(subject, mistakes)
        return cls({channel: float(value) for channel, value in document.items()}, name=name)

    def _mistakes(self, contract: Contract) -> list[Mistake]:
        mistakes = super()._mistakes(contract)
        if contract.parametrisation != self.parametrisation:
            message = f"is {contract.parametrisation!r}; a constant price needs 'heat_price'"
            mistakes.insert(0, Mistake("parametrisation", message))
        return mistakes
