"""Tuned rules and constant heat prices: those of the presets, and any that a user has in a file."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from heatrouter.envs.dispatch.rule_parameters import RuleParameters
from heatrouter.envs.errors import ConfigError, mistakes_from_details
from heatrouter.envs.spec.yaml_reading import Document, read_yaml, read_yaml_file

RULES_ENDING: Final = ".rules.yaml"
PRICE_ENDING: Final = ".constant-price.json"


def preset_rules(name: str) -> RuleParameters:
    """Parameters of the rules that ``heatrouter tune`` found for a preset.

    Args:
        name: Name of a district; for any but a tuned preset an operator's defaults are returned.

    Returns:
        The parameters.
    """
    text = _shipped(name, RULES_ENDING)
    if text is None:
        return RuleParameters()
    return _validated(f"tuned rules of {name}", read_yaml(text))


def preset_constant_price(name: str) -> dict[str, float]:
    """Constant heat price that ``heatrouter tune`` found for a preset, by action channel.

    It was tuned on top of :func:`preset_rules`, whose heating curve its supply offsets shift.

    Args:
        name: Name of a district.

    Returns:
        Action channel to value in its unit; empty, that is neutral, for any but a tuned preset.
    """
    text = _shipped(name, PRICE_ENDING)
    if text is None:
        return {}
    return {channel: float(value) for channel, value in json.loads(text).items()}


def load_rules(path: Path) -> RuleParameters:
    """Read parameters of the rules from a YAML file, as ``heatrouter tune`` writes it.

    Raises:
        ConfigError: All that is wrong with the file.
    """
    return _validated(str(path), read_yaml_file(path))


def _validated(subject: str, document: Document) -> RuleParameters:
    if document.mistakes:
        raise ConfigError(subject, document.mistakes)
    try:
        return RuleParameters.model_validate(document.data)
    except ValidationError as error:
        details = [dict(detail) for detail in error.errors(include_url=False)]
        raise ConfigError(subject, mistakes_from_details(details)) from error


def _shipped(name: str, ending: str) -> str | None:
    """Text of a file that comes with a preset, or None."""
    if not name or any(character in name for character in "/\\:"):
        return None
    file = files("heatrouter.envs") / "presets" / "tuned" / f"{name}{ending}"
    return file.read_text(encoding="utf-8") if file.is_file() else None
