"""Tuned constant heat prices of the presets."""

import json
from typing import Final

from heatrouter.envs.spec.rule_files import tuned_text

PRICE_ENDING: Final = ".constant-price.json"


def preset_constant_price(name: str) -> dict[str, float]:
    """Constant heat price that ``heatrouter tune`` found for a preset, by action channel.

    It was tuned on top of the rules of the preset's task, whose heating curve its supply offsets
    shift.

    Args:
        name: Name of a district.

    Returns:
        Action channel to value in its unit; empty, that is neutral, for any but a tuned preset.
    """
    text = tuned_text(name, PRICE_ENDING)
    if text is None:
        return {}
    return {channel: float(value) for channel, value in json.loads(text).items()}
