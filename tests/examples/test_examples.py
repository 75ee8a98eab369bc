"""Scripts and notebooks of examples/ run, at sizes that a test can wait for."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SCRIPTS = {
    "mild_days.py": (),
    "ppo_minute.py": ("--steps", "128", "--environments", "4"),
    "rules_week.py": ("--hours", "3"),
    "run_bundle.py": ("--hours", "3"),
}
NOTEBOOKS = sorted(path.name for path in (EXAMPLES / "notebooks").glob("*.ipynb"))

EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
for cell in notebook.cells:
    for old, new in [argument.split("->") for argument in sys.argv[2:]]:
        cell.source = cell.source.replace(old, new)
NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
"""


def run(*arguments: str, folder: Path) -> str:
    """Run Python in a folder of its own; returns what it printed."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "MPLBACKEND": "agg",
        "IPYTHONDIR": str(folder / "ipython"),
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def test_every_script_has_a_size_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SCRIPTS)
    assert len(NOTEBOOKS) == 2


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_kept_without_outputs(name: str) -> None:
    text = (EXAMPLES / "notebooks" / name).read_text(encoding="utf-8")
    assert '"output_type"' not in text
    assert set(re.findall(r'"execution_count": (\w+)', text)) == {"null"}


def test_the_page_shows_the_controller_that_is_shipped() -> None:
    page = (ROOT / "docs/how-to/controller.md").read_text(encoding="utf-8")
    assert (EXAMPLES / "mild_days.py").read_text(encoding="utf-8").rstrip() in page


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs(name: str, tmp_path: Path) -> None:
    printed = run(str(EXAMPLES / name), *SCRIPTS[name], folder=tmp_path)
    if SCRIPTS[name]:
        assert re.search(r"\d+ steps", printed)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs(name: str, tmp_path: Path) -> None:
    pytest.importorskip("nbclient", reason="comes with the extra dev")
    pytest.importorskip("ipykernel", reason="comes with the extra dev")
    path = str(EXAMPLES / "notebooks" / name)
    run(
        "-c",
        EXECUTE,
        path,
        "HOURS = 24->HOURS = 2",
        "WEEKS, HOURS = 2, 168.0->WEEKS, HOURS = 1, 2.0",
        folder=tmp_path,
    )
