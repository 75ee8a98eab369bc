"""Pages of configuration files: every field of a schema."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from generating.markdown import escaped, first_line, table
from heatrouter.deploy.config import ServiceConfig
from heatrouter.deploy.tags import TagMap
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.training.config import TrainingConfig

SCHEMAS: Final[dict[str, tuple[type[BaseModel], str, str]]] = {
    "config-district": (
        District,
        "District file",
        (
            "What `heatrouter districts check FILE` reads. What the units report and what may be "
            "commanded is in [units](../units.md). `heatrouter districts schema` prints it as JSON "
            "Schema, for editors."
        ),
    ),
    "config-task": (
        Task,
        "Task file",
        (
            "What a controller sees, what its action means, and what it is judged by "
            "(`configs/tasks/`). `heatrouter districts schema --task` prints it as JSON Schema."
        ),
    ),
    "config-training": (
        TrainingConfig,
        "Training file",
        (
            "What `heatrouter train FILE` reads (`configs/training/`). `--set ppo.clip=0.1` "
            "changes a field; `heatrouter train --schema` prints it as JSON Schema."
        ),
    ),
    "config-service": (
        ServiceConfig,
        "Service file",
        (
            "What `heatrouter serve FILE` reads (`configs/service/`); options of the command "
            "line win. What it all means is in [operate](../operate.md)."
        ),
    ),
    "config-tags": (
        TagMap,
        "Tag file",
        (
            "Which tag of the plant each name of the contract is (`tags:` of the service "
            "file). A file overrides single entries of the virtual plant's map, see "
            "[operate](../operate.md#tags)."
        ),
    ),
}


def schema_page(model: type[BaseModel], title: str, about: str) -> str:
    """Every field of a file, section by section."""
    schema = model.model_json_schema()
    sections: dict[str, Mapping[str, Any]] = schema.get("$defs", {})
    parts = [f"# {title}", about, _fields(schema, sections)]
    for name, section in sections.items():
        if "properties" in section:
            parts += [f"## {name}", _summary(section), _fields(section, sections)]
    return "\n\n".join(part for part in parts if part)


def _fields(section: Mapping[str, Any], sections: Mapping[str, Any]) -> str:
    required = set(section.get("required", ()))
    rows = [
        [
            f"`{name}`",
            _type(field),
            "required" if name in required else _default(field),
            _bounds(field),
            _meaning(field, sections),
        ]
        for name, field in section.get("properties", {}).items()
    ]
    fields = table(["field", "type", "default", "bounds", "meaning"], rows)
    return f'<div class="fields" markdown>\n\n{fields}\n\n</div>'


def _meaning(field: Mapping[str, Any], sections: Mapping[str, Any]) -> str:
    """What a field says of itself, or else the section that it holds."""
    if "description" in field:
        return escaped(str(field["description"]))
    return _summary(sections.get(str(field.get("$ref", "")).rpartition("/")[2], {}))


def _summary(section: Mapping[str, Any]) -> str:
    return first_line(str(section.get("description", "")))


def _type(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    choices = field.get("anyOf") or field.get("oneOf") or field.get("allOf")
    if choices:
        return " or ".join(dict.fromkeys(_type(choice) for choice in choices))
    if "prefixItems" in field:
        return f"list of {', '.join(_type(item) for item in field['prefixItems'])}"
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("type") == "object":
        return f"names to {_type(inner)}" if (inner := _values(field)) else "mapping"
    if field.get("format") == "path":
        return "path"
    return {"string": "text", "null": "null", "boolean": "true or false"}.get(
        str(field.get("type", "anything")), str(field.get("type", "anything"))
    )


def _values(field: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = field.get("additionalProperties")
    return inner if isinstance(inner, Mapping) else {}


def _default(field: Mapping[str, Any]) -> str:
    if "default" not in field:
        return "its defaults"
    value = field["default"]
    if isinstance(value, Mapping):
        return "its defaults"
    if value is None or isinstance(value, bool):
        return f"`{str(value).lower().replace('none', 'null')}`"
    return f"`{value}`" if value != "" else "empty"


BOUNDS: Final = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "&gt; {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "&lt; {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "`{}`",
}


def _bounds(field: Mapping[str, Any]) -> str:
    found = [text.format(_number(field[key])) for key, text in BOUNDS.items() if key in field]
    inner: list[Mapping[str, Any]] = [*field.get("anyOf", ())]
    inner += [field["items"]] if isinstance(field.get("items"), Mapping) else []
    return ", ".join(dict.fromkeys([*found, *filter(None, map(_bounds, inner))]))


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
