"""The version has one source."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

import heatrouter.envs
from heatrouter.envs.cli import main
from heatrouter.envs.version import __version__

ROOT = Path(__file__).parents[2]


def test_the_metadata_and_the_export_agree_with_the_module() -> None:
    assert version("heatrouter") == __version__
    assert heatrouter.envs.__version__ == __version__


def test_the_changelog_has_a_section_for_it() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(__version__)}\b", changelog, re.MULTILINE)


def test_a_citation_names_it() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__


def test_the_command_line_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"heatrouter {__version__}\n"
