"""The cache of compiled kernels follows every source that is compiled into them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from heatrouter.envs.components import heat_pump
from heatrouter.envs.simulation.compile import CACHE_VARIABLE, cache_folder, kernel_digest

SCRIPT = "from heatrouter.envs.simulation.compile import kernel_digest; print(kernel_digest())"


def _digest_of_copy(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_an_edited_unit_changes_the_cache(tmp_path: Path) -> None:
    envs = Path(heat_pump.__file__).parents[3]
    copy = tmp_path / "envs"
    shutil.copytree(envs, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert _digest_of_copy(copy) == kernel_digest()
    unit = copy / "heatrouter/envs/components/heat_pump.py"
    unit.write_text(unit.read_text().replace("_MIN_LIFT_K = 5.0", "_MIN_LIFT_K = 6.0"))
    edited = _digest_of_copy(copy)
    assert edited != kernel_digest()
    caller = copy / "heatrouter/envs/simulation/district_batch.py"
    caller.write_text(caller.read_text() + "\n# a comment\n")
    assert _digest_of_copy(copy) == edited


def test_the_cache_is_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path / kernel_digest()
