"""Writes docs/reference/ from the code: commands, settings, contracts of the presets, public names.

    python docs/generate.py            # or `make reference`, after a change of any of these
    python docs/generate.py --check    # exit code 1 where a page is behind the code

A test compares, too. Nothing here is imported by heatrouter.
"""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from heatrouter.deploy.config import ServiceConfig
from heatrouter.deploy.tags import TagMap
from heatrouter.envs.cli import command_entries, load_command
from heatrouter.envs.contract import Channel, Contract
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task, preset_names
from heatrouter.envs.spec.task import Task
from heatrouter.training.config import TrainingConfig

FOLDER: Final = Path(__file__).parent / "reference"
NOTE: Final = "<!-- Written by docs/generate.py; edit the code and run it again. -->"
PORTIONS: Final = ("envs", "agents", "training", "deploy")

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


def pages() -> dict[str, str]:
    """Every page of the reference: name -> text."""
    made = {"cli": cli_page(), "contracts": contracts_page(), "api": api_page()}
    made |= {name: schema_page(*about) for name, about in SCHEMAS.items()}
    made["index"] = index_page()
    return {f"{name}.md": f"{NOTE}\n\n{text.rstrip()}\n" for name, text in made.items()}


def index_page() -> str:
    """What there is."""
    files = "\n".join(f"- [{title}]({name}.md)" for name, (_, title, _) in SCHEMAS.items())
    return (
        "# Reference\n\nWritten from the code.\n\n- [Commands](cli.md)\n"
        f"{files}\n- [Contracts of the presets](contracts.md)\n- [Public names](api.md)\n"
    )


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# --- commands ---


def cli_page() -> str:
    """All commands with their arguments and options."""
    parts = [
        "# Commands",
        (
            "Exit codes: 0; 1 where something failed; 2 for wrong usage; 69 for a plant that "
            "does not answer; 78 for a bad configuration or bundle; 130 after Ctrl-C. "
            "`heatrouter --traceback COMMAND` shows where in the code an error arose."
        ),
    ]
    panel = ""
    for entry in command_entries().values():
        if entry.portion.panel != panel:
            panel = entry.portion.panel
            parts.append(f"## {panel}")
        parts.extend(_command(entry.name, load_command(entry)))
    return "\n\n".join(parts)


def _command(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401  # of Typer's own kind
    if hasattr(command, "commands"):
        for sub_name, sub_command in command.commands.items():
            yield from _command(f"{name} {sub_name}", sub_command)
        return
    context = command.make_context(name, [], resilient_parsing=True)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join(_argument(p) for p in arguments)
    yield f"### {name}"
    yield f"`heatrouter {name} [OPTIONS]{' ' if usage else ''}{usage}`"
    yield _help(command.help or "")
    rows = []
    for parameter in command.params:
        names, text = parameter.get_help_record(context)
        if parameter in arguments:
            names = _argument(parameter)
        names = re.sub(r"\[default: [^\]]*\]", "", names)
        rows.append([f"`{names.strip()}`", _escaped(text)])
    if rows:
        yield table(["argument or option", "meaning"], rows)


def _argument(parameter: Any) -> str:  # noqa: ANN401  # of Typer's own kind
    named = str(parameter.metavar or parameter.name.upper()).strip("[]")
    return named if parameter.required else f"[{named}]"


def _help(text: str) -> str:
    """Help with its examples as a list of commands."""
    lines = [line.strip() for line in re.sub(r"[\b\f]", "", text).strip().splitlines()]
    shown = []
    for line in lines:
        example = re.match(r"(?:Examples?: ?)?(heatrouter .*)$", line)
        shown.append(f"- `{example[1]}`" if example else _escaped(line))
    joined = "\n".join(line for line in shown if line != "Examples:")
    joined = re.sub(r"\n(?=- )", "\n\n", joined)
    joined = re.sub(r"(?<=`)\n\n+(?=- )", "\n", joined)
    return re.sub(r"\n{3,}", "\n\n", joined)


def _escaped(text: str) -> str:
    return re.sub(r"(?<!`)<([^>`]*)>(?!`)", r"&lt;\1&gt;", text)


# --- settings ---


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
    return table(["field", "type", "default", "bounds", "meaning"], rows)


def _meaning(field: Mapping[str, Any], sections: Mapping[str, Any]) -> str:
    """What a field says of itself, or else the section that it holds."""
    if "description" in field:
        return _escaped(str(field["description"]))
    return _summary(sections.get(str(field.get("$ref", "")).rpartition("/")[2], {}))


def _summary(section: Mapping[str, Any]) -> str:
    return _first_line(str(section.get("description", "")))


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
        return str(value).lower().replace("none", "null")
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


def _first_line(text: str) -> str:
    line = re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text.split("\n\n", maxsplit=1)[0])
    return _escaped(line.replace("``", "`"))


# --- contracts ---


def contracts_page() -> str:
    """Observation, action and set-points of every preset."""
    parts = [
        "# Contracts of the presets",
        (
            "What a controller sees and what it may say, in order, in physical units, with the "
            "task that comes with the preset. `name@-3600s` is a value an hour ago, `@+1..2h` "
            "the mean of a forecast, `@executed` the set-point in force, `@dwell` the time "
            "since it was switched. Bounds scale; they clip nothing that is measured. A row "
            "with `*` stands for so many channels that differ by a number or a lag only."
        ),
    ]
    for name in preset_names():
        contract = build_contract(load_district(name), load_task(name))
        parts += [
            f"## {name}",
            (
                f"{len(contract.observation)} observations, {len(contract.action)} actions "
                f"(`{contract.parametrisation}`), {len(contract.set_points)} set-points; a step is "
                f"{contract.control_dt_s:g} s."
            ),
            "**Action**",
            table(
                ["action", "unit", "low", "neutral", "high"],
                (
                    [f"`{c.name}`", c.unit, _short(c.low), _short(c.neutral), _short(c.high)]
                    for c in contract.action
                ),
            ),
            "**Set-points**",
            table(
                ["set-point", "unit", "low", "high", "safe"],
                (
                    [f"`{c.name}`", c.unit, _short(c.low), _short(c.high), _short(c.safe)]
                    for c in contract.set_points
                ),
            ),
            "**Observation**",
            table(
                ["observation", "number", "unit", "low", "high", "from"], _observations(contract)
            ),
        ]
    return "\n\n".join(parts)


def _observations(contract: Contract) -> Iterator[list[str]]:
    families: dict[tuple[object, ...], list[Channel]] = {}
    for channel in contract.observation:
        alike = re.sub(r"\d+(?=[._@])|@.*", "*", channel.name)
        # Numbered channels of a large town differ in size; their rows do not help anybody.
        bounds = () if re.search(r"\d+[._]", channel.name) else (channel.low, channel.high)
        key = (alike, channel.unit, channel.source, *bounds)
        families.setdefault(key, []).append(channel)
    for (family, *_), channels in families.items():
        first = channels[0]
        if len(channels) == 1:
            name = f"`{first.name}`"
        else:
            ends = f"`{first.name}` … `{channels[-1].name}`"
            name = f"`{family}`: {ends}"
        low = min(channel.low for channel in channels)
        high = max(channel.high for channel in channels)
        yield [name, str(len(channels)), first.unit, _short(low), _short(high), first.source]


def _short(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"


# --- public names ---


def api_page() -> str:
    """What each portion exports."""
    parts = [
        "# Public names",
        (
            "What is listed here follows [semantic versioning](../versioning.md). Names are loaded "
            "when they are used first: `import heatrouter.envs` loads neither NumPy nor torch. "
            "Environments are made by Gymnasium: "
            '`gymnasium.make("heatrouter.envs.gymenv:EnergyWeb-v0")`.'
        ),
    ]
    for portion in PORTIONS:
        module = import_module(f"heatrouter.{portion}")
        parts += [f"## heatrouter.{portion}", _first_line(inspect.getdoc(module) or "")]
        parts.append(
            table(
                ["name", "what it is", "defined in"],
                (_export(module, name) for name in module.__all__),
            )
        )
    return "\n\n".join(parts)


def _export(module: Any, name: str) -> list[str]:  # noqa: ANN401  # a module with lazy exports
    value = getattr(module, name)
    source = module._EXPORTS[name]  # noqa: SLF001  # the table of the portion
    shown = f"`{name}`"
    if inspect.isfunction(value):
        names = ", ".join(inspect.signature(value).parameters)
        shown = f"`{name}({names})`"
    text = "version of heatrouter" if name == "__version__" else inspect.getdoc(value) or ""
    return [shown, _first_line(text), f"`{source}`"]


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them; returns the exit code."""
    made = pages()
    behind = [
        name
        for name, text in made.items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        sys.stdout.writelines(f"{name} is behind the code\n" for name in behind)
        return 1 if behind else 0
    FOLDER.mkdir(exist_ok=True)
    for name in behind:
        (FOLDER / name).write_text(made[name], encoding="utf-8")
        sys.stdout.write(f"wrote {FOLDER.name}/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
