"""Parameters of the rules in files: those that come with the presets, and any that a user has."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from heatrouter.envs.errors import ConfigError, Mistake, mistakes_from_details
from heatrouter.envs.spec.rule_parameters import RuleParameters
from heatrouter.envs.spec.yaml_reading import Document, read_yaml, read_yaml_file

RULES_ENDING: Final = ".rules.yaml"


def load_rules(source: str | Path, folder: Path | None = None) -> RuleParameters:
    """Read parameters of the rules, as ``heatrouter tune`` writes them.

    Args:
        source: Name of a preset that comes with tuned ones, or path of a YAML file.
        folder: What the path is relative to; the working directory if not given.

    Returns:
        The parameters; what a file leaves out is an operator's default.

    Raises:
        ConfigError: All that is wrong with the file, or there is none.
    """
    if isinstance(source, str):
        text = tuned_text(source, RULES_ENDING)
        if text is not None:
            return _validated(f"tuned rules of {source}", read_yaml(text))
        if not source.endswith((".yaml", ".yml")) and "/" not in source:
            message = (
                "is neither a preset with tuned rules nor a YAML file; "
                f"such presets: {', '.join(_tuned_presets())}"
            )
            raise ConfigError(repr(source), [Mistake("", message)])
    path = Path(source) if folder is None else folder / source
    return _validated(str(path), read_yaml_file(path))


def tuned_text(name: str, ending: str) -> str | None:
    """Text of a file that ``heatrouter tune`` wrote for a preset, or None."""
    if not name or any(character in name for character in "/\\:\0"):
        return None
    file = _folder() / f"{name}{ending}"
    try:
        return file.read_text(encoding="utf-8") if file.is_file() else None
    except OSError:  # a name that no file may have
        return None


def _validated(subject: str, document: Document) -> RuleParameters:
    if document.mistakes:
        raise ConfigError(subject, document.mistakes)
    try:
        return RuleParameters.model_validate(document.data)
    except ValidationError as error:
        details = [dict(detail) for detail in error.errors(include_url=False)]
        raise ConfigError(subject, mistakes_from_details(details)) from error


def _folder() -> Traversable:
    return files("heatrouter.envs") / "presets" / "tuned"


def _tuned_presets() -> list[str]:
    names = (item.name for item in _folder().iterdir())
    return sorted(n.removesuffix(RULES_ENDING) for n in names if n.endswith(RULES_ENDING))
