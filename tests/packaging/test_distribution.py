"""Build the sdist and the wheel, install the wheel into an empty environment, use it."""

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from heatrouter.envs.version import __version__

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel built from it (not from the checkout)."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return dist / f"heatrouter-{__version__}-py3-none-any.whl"


def test_the_wheel_holds_heatrouter_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {
        "heatrouter",
        f"heatrouter-{__version__}.dist-info",
    }
    assert "heatrouter/__init__.py" not in names
    assert {name.split("/")[1] for name in names if name.startswith("heatrouter/")} == {
        "__main__.py",
        "agents",
        "deploy",
        "envs",
        "training",
    }
    assert not [
        name for name in names if Path(name).name.startswith("test_") or name.endswith(".pyc")
    ]


def test_the_wheel_holds_every_file_of_the_portions(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tracked = {
        path.relative_to(ROOT / portion).as_posix()
        for portion in ("agents", "deploy", "envs", "training")
        for path in (ROOT / portion / "heatrouter").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sorted(tracked - names) == []


def test_the_sdist_can_be_tested(dist: Path) -> None:
    with tarfile.open(dist / f"heatrouter-{__version__}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "LICENSE", "README.md", "constraints.txt", "hatch_build.py"} <= names
    assert "tests/packaging/test_distribution.py" in names
    assert not [name for name in names if name.startswith((".venv", "runs", "site/"))]


def test_the_wheel_works_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    script = tmp_path / "venv" / "bin" / "heatrouter"
    run(
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "-c",
        ROOT / "constraints.txt",
        wheel,
        cwd=tmp_path,
    )
    location = run(python, "-c", "import heatrouter.envs as e; print(e.__file__)", cwd=tmp_path)
    assert location.startswith(str(tmp_path))
    assert run(script, "--version", cwd=tmp_path) == f"heatrouter {__version__}\n"
    assert "energy-web" in run(script, "districts", "list", cwd=tmp_path)
    run(script, "init", "my-district", cwd=tmp_path)
    assert (tmp_path / "my-district" / "energy-web.yaml").is_file()
    assert list((tmp_path / "my-district" / "configs").rglob("*.yaml"))
    installed = run(python, "-m", "pip", "list", "--format", "json", cwd=tmp_path)
    names = {item["name"].lower() for item in json.loads(installed)}
    assert not names & {"torch", "stable-baselines3", "mlflow"}
