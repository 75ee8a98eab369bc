"""Build the sdist and the wheel, look into them, use the wheel in an empty environment.

`make release` tries every extra, with real jobs.
"""

import json
import os
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest
from distributions import Distributions, build, sdist_mistakes, wheel_mistakes

from heatrouter.envs.version import __version__

ROOT = Path(__file__).parents[2]


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
def built(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """The sdist, and the wheel built from it (not from the checkout)."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.mark.slow
def test_wheel_and_sdist_hold_what_they_must_and_nothing_else(built: Distributions) -> None:
    assert wheel_mistakes(built.wheel, __version__) == []
    assert sdist_mistakes(built.sdist) == []


def test_a_wheel_is_refused_for_what_it_lacks_and_for_what_it_holds(tmp_path: Path) -> None:
    wheel = tmp_path / "heatrouter.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("heatrouter/envs/py.typed", "heatrouter/envs/tests/test_x.py", "tests/a.py"):
            archive.writestr(name, "")
    found = wheel_mistakes(wheel, __version__)
    assert "no presets (heatrouter/envs/presets/{}.yaml)" in found
    assert "installs heatrouter, tests" in found
    assert "holds heatrouter/envs/tests/test_x.py" in found
    assert "lacks heatrouter/envs/presets/energy-web.yaml" in found
    assert "lacks heatrouter/envs/presets/configs/training/demo.yaml" in found
    assert not [text for text in found if "py.typed" in text and "envs" in text]


@pytest.mark.slow
def test_the_wheel_works_outside_the_checkout(built: Distributions, tmp_path: Path) -> None:
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
        built.wheel,
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
