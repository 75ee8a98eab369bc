"""Reading districts and tasks from YAML, with all mistakes of a file at once.

Three passes, none of which stops the others: the text (syntax, duplicate keys), the fields (types,
bounds, unknown keys), and the parts against each other (references, paths, temperatures), which
also runs where fields are wrong.
"""

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from heatrouter.envs.errors import ConfigError, DistrictError, Mistake, TaskError, dotted_path
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.explaining import field_mistakes, suggestion
from heatrouter.envs.spec.partial import partial_model
from heatrouter.envs.spec.rule_files import load_rules
from heatrouter.envs.spec.task import Task
from heatrouter.envs.spec.yaml_reading import Document, Location, read_yaml, read_yaml_file

_TASK_ENDING = ".task.yaml"
_ENDING = ".yaml"
Model = TypeVar("Model", bound=BaseModel)


def preset_names() -> tuple[str, ...]:
    """Names of the districts that come with the package, sorted."""
    names = (item.name for item in _folder().iterdir())
    return tuple(
        sorted(
            name.removesuffix(_ENDING)
            for name in names
            if name.endswith(_ENDING) and not name.endswith(_TASK_ENDING)
        )
    )


def load_district(source: str | Path) -> District:
    """Read a district.

    Args:
        source: Name of a preset, or path of a YAML file.

    Returns:
        The district, checked.

    Raises:
        DistrictError: Everything that is wrong with it, each mistake with its path.
    """
    subject, document = _read(source, _ENDING)
    return validated(District, subject, document, DistrictError, District.cross_check)


def load_task(source: str | Path) -> Task:
    """Read a task.

    Args:
        source: Name of a preset, whose task comes with it, or path of a YAML file.

    Returns:
        The task, checked, with the parameters of the rules that it names.

    Raises:
        TaskError: Everything that is wrong with it, each mistake with its path.
    """
    subject, document = _read(source, _TASK_ENDING)
    document = _with_rules(document, Path(source).parent)
    return validated(Task, subject, document, TaskError, Task.cross_check)


def parse_district(text: str, subject: str = "district") -> District:
    """Read a district from YAML text; raises as :func:`load_district` does."""
    return validated(District, subject, read_yaml(text), DistrictError, District.cross_check)


def parse_task(text: str, subject: str = "task") -> Task:
    """Read a task from YAML text; raises as :func:`load_task` does."""
    return validated(Task, subject, _with_rules(read_yaml(text)), TaskError, Task.cross_check)


def preset_text(name: str) -> str:
    """YAML text of a preset district, comments and all."""
    return (_folder() / f"{name}{_ENDING}").read_text(encoding="utf-8")


def district_schema() -> dict[str, object]:
    """JSON Schema of a district file, for editors and generators."""
    return _schema(District, "heatrouter district")


def task_schema() -> dict[str, object]:
    """JSON Schema of a task file."""
    return _schema(Task, "heatrouter task")


def _folder() -> Traversable:
    return files("heatrouter.envs") / "presets"


def _schema(model: type[BaseModel], title: str) -> dict[str, object]:
    schema = model.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def _read(source: str | Path, ending: str) -> tuple[str, Document]:
    if isinstance(source, str) and source in preset_names():
        preset = _folder() / f"{source}{ending}"
        if preset.is_file():
            return f"preset {source}", read_yaml(preset.read_text(encoding="utf-8"))
        mistake = Mistake("", "the preset comes without a task; write one and name its file")
        return f"preset {source}", Document(mistakes=[mistake])
    if isinstance(source, str) and not _looks_like_path(source):
        names = preset_names()
        near = suggestion(source, names) or f"; presets: {', '.join(names)}"
        mistake = Mistake("", f"is neither a preset nor a file{near}")
        return repr(source), Document(mistakes=[mistake])
    return str(source), read_yaml_file(Path(source))


def _with_rules(document: Document, folder: Path | None = None) -> Document:
    """Put the parameters of the rules where a task has the name of a preset or file with them."""
    data = document.data
    named = data.get("rules") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(named, str):
        return document
    try:
        rules = load_rules(named, folder)
    except ConfigError as error:
        mistakes = [
            Mistake(f"rules.{m.path}" if m.path else "rules", f"{error.subject}: {m.message}")
            for m in error.mistakes
        ]
        rest = {name: value for name, value in data.items() if name != "rules"}
        return replace(document, data=rest, mistakes=[*document.mistakes, *mistakes])
    return replace(document, data={**data, "rules": rules.model_dump()})


def _looks_like_path(source: str) -> bool:
    if source.endswith((_ENDING, ".yml")) or "/" in source:
        return True
    try:
        return bool(source) and Path(source).exists()
    except (OSError, ValueError):
        return False


def validated(
    model: type[Model],
    subject: str,
    document: Document,
    error: type[ConfigError],
    cross_check: Callable[[Model], list[tuple[str, str]]],
) -> Model:
    """Make a description of a file that was read.

    Args:
        model: What the file describes.
        subject: What the file is called in messages.
        document: The file.
        error: What is raised.
        cross_check: Gives what is wrong between parts as ``(path, message)``. It also sees
            descriptions with broken fields left open (``spec.partial``).

    Raises:
        ConfigError: `error`, with everything that is wrong, each mistake with its path.
    """
    if document.data is None and document.mistakes:
        raise error(subject, document.mistakes)
    if not isinstance(document.data, dict):
        mistake = Mistake("", "holds no mapping of keys to values; see `heatrouter init`")
        raise error(subject, [*document.mistakes, mistake])
    # What a mistake of the text hides is not reported a second time as missing.
    known = {mistake.path for mistake in document.mistakes}
    found: list[tuple[Location, Mistake]] = []
    whole: Model | None = None
    bad: set[Location] = set()
    try:
        whole = model.model_validate(document.data, strict=True)
    except ValidationError as refused:
        wrong_fields = field_mistakes(model, refused)
        bad = set(wrong_fields)
        found = [
            (location, mistake)
            for location, mistake in wrong_fields.items()
            if mistake is not None and mistake.path not in known
        ]
    candidate = whole if whole is not None else partial_model(model, document.data, bad)
    if isinstance(candidate, model):
        places = {dotted_path(location): location for location in document.lines}
        reported = known | {mistake.path for _, mistake in found}
        for path, message in cross_check(candidate):
            if path not in reported:
                found.append((places.get(path, ()), Mistake(path, message)))
    mistakes = [*document.mistakes, *_in_order(found, document)]
    if mistakes or whole is None:
        raise error(subject, mistakes)
    return whole


def _in_order(found: list[tuple[Location, Mistake]], document: Document) -> list[Mistake]:
    """Mistakes in the order of the file, each with its line."""
    numbered = []
    for location, mistake in found:
        line = document.line_of(location)
        text = f"{mistake.message} (line {line})" if line else mistake.message
        numbered.append((line or 0, Mistake(mistake.path, text)))
    return [mistake for _, mistake in sorted(numbered, key=lambda pair: pair[0])]
