"""Reading a training configuration: from a file or a name, with overrides, all mistakes at once."""

from collections.abc import Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError

from heatrouter.envs.cli_init import configs_folder
from heatrouter.envs.errors import Mistake, TrainingConfigError, dotted_path
from heatrouter.envs.spec.explaining import explain, locate, suggestion
from heatrouter.envs.spec.partial import partial_model
from heatrouter.envs.spec.yaml_reading import Document, Location, Plain, read_yaml, read_yaml_file
from heatrouter.training.config import ALGORITHM_SECTIONS, TrainingConfig

_ENDINGS = (".yaml", ".yml")


def config_names() -> tuple[str, ...]:
    """Names of the configurations that come with heatrouter, sorted."""
    folder = configs_folder()
    training = folder / "training" if folder is not None else None
    if training is None or not training.is_dir():
        return ()
    return tuple(
        sorted(
            item.name.removesuffix(".yaml")
            for item in training.iterdir()
            if item.name.endswith(".yaml")
        )
    )


def load_training_config(source: str | Path, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Read a training configuration.

    Args:
        source: Path of a YAML file, or the name of a configuration that comes with heatrouter.
        overrides: Changes as ``key=value``, e.g. ``ppo.learning_rate=1e-4``; values are YAML.

    Returns:
        The configuration, checked.

    Raises:
        TrainingConfigError: Everything that is wrong with it, each mistake with its path.
    """
    subject, document = _read(source)
    data = document.data
    if data is None and document.mistakes:
        raise TrainingConfigError(subject, document.mistakes)
    if not isinstance(data, dict):
        mistake = Mistake("", "holds no mapping of keys to values; see `heatrouter init`")
        raise TrainingConfigError(subject, [*document.mistakes, mistake])
    data, refused = _overridden(data, overrides)
    return _validated(subject, data, [*document.mistakes, *refused], document)


def parse_training_config(text: str, subject: str = "training configuration") -> TrainingConfig:
    """Read a configuration from YAML text; raises as :func:`load_training_config` does."""
    document = read_yaml(text)
    if not isinstance(document.data, dict):
        mistake = Mistake("", "holds no mapping of keys to values")
        raise TrainingConfigError(subject, document.mistakes or [mistake])
    return _validated(subject, document.data, document.mistakes, document)


def dump_training_config(config: TrainingConfig) -> str:
    """YAML text of a configuration with all defaults written out."""
    content = config.model_dump(mode="json")
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def training_config_schema() -> dict[str, object]:
    """JSON Schema of a training file, for editors."""
    schema = TrainingConfig.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "heatrouter training configuration",
        # What belongs to another algorithm is marked while one types, too.
        "allOf": [_only_own_sections(name) for name in ALGORITHM_SECTIONS],
    }


def _only_own_sections(algorithm: str) -> dict[str, object]:
    named: dict[str, object] = {"properties": {"algorithm": {"const": algorithm}}}
    if algorithm != TrainingConfig.model_fields["algorithm"].default:
        named["required"] = ["algorithm"]
    every = dict.fromkeys(name for names in ALGORITHM_SECTIONS.values() for name in names)
    foreign = [name for name in every if name not in ALGORITHM_SECTIONS[algorithm]]
    return {"if": named, "then": {"properties": dict.fromkeys(foreign, False)}}


def _read(source: str | Path) -> tuple[str, Document]:
    if isinstance(source, Path) or source.endswith(_ENDINGS) or "/" in source:
        return str(source), read_yaml_file(Path(source))
    names = config_names()
    folder = configs_folder()
    if source in names and folder is not None:
        text = (folder / "training" / f"{source}.yaml").read_text(encoding="utf-8")
        return f"configuration {source}", read_yaml(text)
    near = suggestion(source, names) or f"; there are: {', '.join(names) or 'none'}"
    mistake = Mistake("", f"is neither a configuration of heatrouter nor a file{near}")
    return repr(source), Document(mistakes=[mistake])


def _overridden(
    data: dict[str, Plain], overrides: Sequence[str]
) -> tuple[dict[str, Plain], list[Mistake]]:
    """Apply ``a.b=c`` to a copy; what cannot be applied becomes a mistake."""
    mistakes = []
    for override in overrides:
        path, equals, text = override.partition("=")
        keys = path.strip().split(".")
        if not equals or not all(keys):
            mistakes.append(Mistake(f"--set {override}", "must be key=value, as in ppo.clip=0.2"))
            continue
        value = read_yaml(text)
        if value.mistakes and text.strip():
            mistakes.append(Mistake(f"--set {path}", f"{text!r} is no YAML value"))
            continue
        changed = _replaced(data, keys, value.data)
        if changed is None:
            mistakes.append(Mistake(f"--set {path}", f"{keys[0]!r} holds no keys of its own"))
            continue
        data = changed
    return data, mistakes


def _replaced(data: Plain, keys: list[str], value: Plain) -> dict[str, Plain] | None:
    if data is None:
        data = {}
    if not isinstance(data, dict):
        return None
    if len(keys) == 1:
        return {**data, keys[0]: value}
    inner = _replaced(data.get(keys[0]), keys[1:], value)
    return None if inner is None else {**data, keys[0]: inner}


def _validated(
    subject: str, data: dict[str, Plain], mistakes: Sequence[Mistake], document: Document
) -> TrainingConfig:
    found = list(mistakes)
    config = None
    bad: set[Location] = set()
    try:
        config = TrainingConfig.model_validate(data, strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            place = locate(TrainingConfig, detail["loc"])
            bad.add(place.location)
            line = document.line_of(place.location)
            where = f" (line {line})" if line else ""
            found.append(Mistake(dotted_path(place.location), explain(detail, place) + where))
    # What fits together is checked also where single fields are wrong.
    candidate = config if config is not None else partial_model(TrainingConfig, data, bad)
    if isinstance(candidate, TrainingConfig):
        reported = {mistake.path for mistake in found}
        found += [Mistake(*pair) for pair in candidate.cross_check() if pair[0] not in reported]
    if found or config is None:
        raise TrainingConfigError(subject, found)
    return config
