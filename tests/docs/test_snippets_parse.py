"""Every command line and Python block of the documentation is at least well-formed.

Options and commands exist, values have their type, modules have the names that are imported. What
also runs is in `test_snippets_run`.
"""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from typing import cast

import pytest
import typer
import yaml
from tests.docs.snippets import ROOT, Snippet, all_snippets, pages

from heatrouter.envs.cli import app, command_entries, load_command, main

LANGUAGES = {"sh", "python", "yaml", "json", "ini", "text"}
OTHER_PROGRAMS = {
    *("cp", "echo", "export", "install", "kill", "mkdir", "mlflow", "openssl", "pip", "python"),
    *("python3", "ray", "sed", "sleep", "systemctl", "uaread", "uawrite", "useradd", "."),
    "/opt/heatrouter/bin/pip",
}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
QUICK = {
    ("districts", "check"),
    ("districts", "list"),
    ("districts", "schema"),
    ("districts", "show"),
    ("scenarios", "list"),
    ("tags", "show"),
}
"""Commands that need no simulator and no file of an earlier block."""

SHELL = [snippet for snippet in all_snippets() if snippet.language == "sh"]
PYTHON = [snippet for snippet in all_snippets() if snippet.language == "python"]


def heatrouter_commands(snippets: list[Snippet]) -> Iterator[tuple[Snippet, list[str]]]:
    for snippet in snippets:
        for words in snippet.commands():
            if words[0].rpartition("/")[2] == "heatrouter":
                yield snippet, words[1:]


COMMANDS = list(heatrouter_commands(SHELL))
QUICK_LINES = sorted(
    {
        " ".join(words)
        for snippet, words in COMMANDS
        if tuple(words[:2]) in QUICK and not any(".yaml" in word for word in words)
    }
)


UsageError = cast("type[Exception]", typer.BadParameter.__base__)


def parse(words: list[str]) -> None:
    """Parse a command line to its last option, without running it; raises typer's usage error."""
    if not words or words[0].startswith("-"):
        typer.main.get_command(app).make_context("heatrouter", list(words), resilient_parsing=True)
        return
    command = load_command(command_entries()[words[0]])
    name, rest = words[0], words[1:]
    while hasattr(command, "commands"):
        name, rest = f"{name} {rest[0]}", rest[1:]
        command = command.commands[name.rpartition(" ")[2]]
    if rest not in (["--help"], ["-h"]):
        command.make_context(name, list(rest))


def test_the_pages_have_snippets() -> None:
    assert {"README.md", "docs/index.md", "docs/operate.md"} <= set(pages())
    assert len(COMMANDS) > 80
    assert len(PYTHON) > 10


@pytest.mark.parametrize("snippet", all_snippets(), ids=str)
def test_a_block_says_its_language(snippet: Snippet) -> None:
    assert snippet.language in LANGUAGES


@pytest.mark.parametrize(("snippet", "words"), COMMANDS, ids=lambda value: str(value)[:60])
def test_a_command_line_parses(snippet: Snippet, words: list[str]) -> None:
    parse(words)


def test_a_wrong_command_line_does_not_parse() -> None:
    for words in (
        ["simulate", "energy-web", "--dayz", "1"],
        ["districts", "show"],
        ["match", "--top", "x"],
    ):
        with pytest.raises(UsageError):
            parse(words)
    with pytest.raises(KeyError):
        parse(["tags", "shaw"])


@pytest.mark.parametrize("snippet", SHELL, ids=str)
def test_other_programs_are_known(snippet: Snippet) -> None:
    for words in snippet.commands():
        program = words[0]
        if program == "make":
            goals = [word for word in words[1:] if "=" not in word]
            assert set(goals) <= TARGETS, words
        elif program.rpartition("/")[2] in {"python", "python3"}:
            scripts = [word for word in words[1:] if word.endswith(".py")]
            assert all((ROOT / script).is_file() for script in scripts), words
        elif program.rpartition("/")[2] != "heatrouter" and "=" not in program:
            assert program in OTHER_PROGRAMS, words


@pytest.mark.parametrize(
    "snippet", [snippet for snippet in PYTHON if snippet.not_run is None], ids=str
)
def test_python_compiles_and_what_it_imports_exists(snippet: Snippet) -> None:
    for node in ast.walk(ast.parse(snippet.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("heatrouter"):
            module = import_module(str(node.module))
            missing = [alias.name for alias in node.names if not hasattr(module, alias.name)]
            assert not missing, (node.module, missing)


@pytest.mark.parametrize(
    "snippet", [snippet for snippet in all_snippets() if snippet.language == "yaml"], ids=str
)
def test_yaml_reads(snippet: Snippet) -> None:
    if snippet.not_run is None:
        assert yaml.safe_load(snippet.text) is not None


@pytest.mark.parametrize("line", QUICK_LINES)
def test_a_quick_command_runs(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 0
    assert capsys.readouterr().out
