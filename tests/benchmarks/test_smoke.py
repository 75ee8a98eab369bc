"""Every benchmark still runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_benchmark_runs_once(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    command = [sys.executable, str(ROOT / "benchmarks" / "run.py"), "--smoke", "--out", str(out)]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    measurements = json.loads(out.read_text(encoding="utf-8"))["measurements"]
    assert measurements
    assert all(item["p50_s"] > 0.0 for item in measurements)
