"""The page of all commands."""

import re
from collections.abc import Iterator
from typing import Any

from generating.markdown import escaped, table
from heatrouter.envs.cli import command_entries, load_command


def cli_page() -> str:
    """All commands with their arguments and options."""
    parts = [
        "# Commands",
        (
            "Exit codes: 0; 1 where something failed; 2 for wrong usage; 69 for a plant that "
            "does not answer; 74 for a disk that is full or cannot be written; 78 for a bad "
            "configuration or bundle; 130 after Ctrl-C. "
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
        rows.append([f"`{names.strip()}`", escaped(text)])
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
        shown.append(f"- `{example[1]}`" if example else escaped(line))
    joined = "\n".join(line for line in shown if line != "Examples:")
    joined = re.sub(r"\n(?=- )", "\n\n", joined)
    joined = re.sub(r"(?<=`)\n\n+(?=- )", "\n", joined)
    return re.sub(r"\n{3,}", "\n\n", joined)
