"""MLflow: everything is logged, nothing is said, nothing leaves the folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from heatrouter.training.config import TrackingSettings
from heatrouter.training.tracking import Tracker

# In a process of its own: MLflow warns on import, and configures logging for the whole process.
SCRIPT = """
from mlflow import MlflowClient
from heatrouter.training.config import TrackingSettings
from heatrouter.training.tracking import Tracker

settings = TrackingSettings(uri="sqlite:///runs/mlflow.db", experiment="e")
tracker = Tracker(settings, "first")
tracker.params({"seed": 1, "ppo": {"clip": 0.15}})
tracker.metrics({"reward/gas": -1.5, "validation/saving": 0.02}, 100)
tracker.metrics({"reward/gas": -1.0}, 200)
tracker.text("config.yaml", "name: x")
tracker.close()
again = Tracker(settings, "first", tracker.run_id)
again.metrics({"reward/gas": -0.5}, 300)
again.close("KILLED")
assert again.run_id == tracker.run_id

client = MlflowClient(tracking_uri=settings.uri)
run = client.get_run(tracker.run_id)
assert run.info.run_name == "first" and run.info.status == "KILLED"
assert run.data.params == {"seed": "1", "ppo.clip": "0.15"}
history = client.get_metric_history(tracker.run_id, "reward/gas")
assert [(m.step, m.value) for m in history] == [(100, -1.5), (200, -1.0), (300, -0.5)]
assert [a.path for a in client.list_artifacts(tracker.run_id)] == ["config.yaml"]
"""


@pytest.mark.slow
def test_a_run_is_logged_quietly_into_its_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {
        "mlflow.db",
        "mlflow-artifacts",
    }


def test_tracking_that_is_off_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tracker = Tracker(TrackingSettings(enabled=False), "x")
    tracker.params({"a": 1})
    tracker.metrics({"a": 1.0}, 1)
    tracker.text("a", "b")
    tracker.close()
    assert tracker.run_id is None
    assert list(tmp_path.iterdir()) == []
