"""Tracking: everything is kept in the run's folder, and reaches MLflow once that answers."""

import subprocess
import sys
from pathlib import Path

import pytest

from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.config import TrackingSettings
from heatrouter.training.system_readings import SystemReadings
from heatrouter.training.tracking import Tracker
from heatrouter.training.tracking_journal import Journal

NOBODY = "http://127.0.0.1:9"  # discard: nothing listens there

# In a process of its own: MLflow warns on import, and configures logging for the whole process.
SCRIPT = """
from pathlib import Path
from mlflow import MlflowClient
from heatrouter.training.config import TrackingSettings
from heatrouter.training.nested_runs import CHILDREN, sync
from heatrouter.training.tracking import Tracker
from heatrouter.training.tracking_registry import promote

settings = TrackingSettings(uri="sqlite:///runs/mlflow.db", experiment="e", system_every_s=None)
folder = Path("first")
(folder / "bundle").mkdir(parents=True)
(folder / "bundle" / "policy.onnx").write_text("x")
tracker = Tracker(settings, "first", folder)
assert tracker.is_new
tracker.params({"seed": 1, "ppo": {"clip": 0.15}})
tracker.metrics({"reward/gas": -1.5, "validation/saving": 0.02}, 100)
tracker.metrics({"reward/gas": -1.0}, 200)
tracker.text("config.yaml", "name: x")
# As after a kill: no end, and half a line.
with (folder / "tracking" / "journal.jsonl").open("a") as file:
    file.write('{"kind": "met')
again = Tracker(settings, "first", folder)
assert not again.is_new
again.metrics({"reward/gas": 99.0}, 200)  # told before
again.metrics({"reward/gas": -0.5}, 300)
again.file("bundle")
again.register("m", "bundle", {"saving": 0.02})
again.close("KILLED")
assert again.run_id == tracker.run_id

client = MlflowClient(tracking_uri=settings.uri)
run = client.get_run(tracker.run_id)
assert run.info.run_name == "first" and run.info.status == "KILLED"
assert run.data.params == {"seed": "1", "ppo.clip": "0.15"}
history = client.get_metric_history(tracker.run_id, "reward/gas")
assert [(m.step, m.value) for m in history] == [(100, -1.5), (200, -1.0), (300, -0.5)]
assert sorted(a.path for a in client.list_artifacts(tracker.run_id)) == ["bundle", "config.yaml"]
assert client.get_model_version_by_alias("m", "challenger").tags["saving"] == "0.02"
assert "version 1 is the champion" in promote(settings.uri, "m")
assert client.get_registered_model("m").aliases == {"champion": 1} or \\
    client.get_registered_model("m").aliases == {"champion": "1"}

# Runs below a folder, written by workers that send nothing: nested once the driver sends them.
parent = Tracker(settings, "sweep", Path("sweep"))
for name in ("a", "b"):
    worker = Tracker(settings, name, Path("sweep") / name, send=False)
    worker.metrics({"reward/gas": -1.0}, 100)
    worker.close()
    assert worker.run_id is None
Path("sweep", CHILDREN).write_text("a\\nb\\n")
parent.close()
ids = sync(Path("sweep"))
assert len(ids) == 3 and ids[0] == parent.run_id
parents = [client.get_run(i).data.tags.get("mlflow.parentRunId") for i in ids]
assert parents == [None, ids[0], ids[0]]
assert sync(Path("sweep")) == ids  # nothing twice
"""


@pytest.mark.slow
def test_runs_are_logged_quietly_into_their_folder(tmp_path: Path) -> None:
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
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {
        "mlflow.db",
        "mlflow-artifacts",
    }


# A server that comes up while the run goes on, through the tracker and through `track sync`.
SERVER = """
import sys
from pathlib import Path
from heatrouter.training.config import TrackingSettings
from heatrouter.training.nested_runs import sync
from heatrouter.training.tracking import Tracker

down, up = sys.argv[1:]
told = []
settings = TrackingSettings(uri=down, system_every_s=None)
tracker = Tracker(settings, "x", Path("x"), warn=told.append)
tracker.metrics({"a": 1.0}, 1)
tracker.metrics({"a": 2.0}, 2)
tracker.close()
assert tracker.run_id is None
assert len(told) == 2, told
assert "training goes on" in told[0] and "heatrouter track sync x" in told[1]
(run,) = sync(Path("x"), up)
from mlflow import MlflowClient
history = MlflowClient(tracking_uri=up).get_metric_history(run, "a")
assert [(m.step, m.value) for m in history] == [(1, 1.0), (2, 2.0)]
"""


@pytest.mark.slow
def test_a_server_that_is_down_costs_nothing_but_an_upload(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SERVER, NOBODY, "sqlite:///later.db"],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_tracking_that_is_off_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tracker = Tracker(TrackingSettings(enabled=False), "x", tmp_path)
    tracker.params({"a": 1})
    tracker.metrics({"a": 1.0}, 1)
    tracker.text("a", "b")
    tracker.close()
    assert tracker.run_id is None
    assert list(tmp_path.iterdir()) == []


def test_a_worker_writes_its_journal_and_sends_nothing(tmp_path: Path) -> None:
    settings = TrackingSettings(uri=NOBODY, system_every_s=None)
    tracker = Tracker(settings, "x", tmp_path, send=False)
    tracker.metrics({"a": 1.0}, 10)
    again = Tracker(settings, "x", tmp_path, send=False)
    again.metrics({"a": 5.0}, 10)  # after a resume: told before
    again.metrics({"a": 2.0}, 20)
    again.close()
    told = [e.content for e in Journal(tmp_path).entries() if e.kind == "metrics"]
    assert told == [{"step": 10, "values": {"a": 1.0}}, {"step": 20, "values": {"a": 2.0}}]
    assert Journal(tmp_path).waits(NOBODY)


def test_a_line_that_was_cut_off_is_dropped(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append("metrics", {"step": 1, "values": {}})
    with journal.path.open("a", encoding="utf-8") as file:
        file.write('{"kind": "metr')
    assert [entry.kind for entry in journal.entries()] == ["metrics"]
    journal.mend()
    journal.append("status", {"status": "FINISHED"})
    assert [entry.kind for entry in journal.entries()] == ["metrics", "status"]


def test_what_a_store_has_is_remembered_for_each_store(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append("metrics", {"step": 1, "values": {}})
    (entry,) = journal.entries()
    journal.remember("one", "r1", entry.end)
    assert not journal.waits("one")
    assert journal.waits("another")
    assert journal.uploaded("one") == ("r1", entry.end)
    journal.append("status", {"status": "FINISHED"})
    assert [e.kind for e in journal.entries(entry.end)] == ["status"]


def test_a_folder_where_nothing_was_tracked_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingConfigError, match="nothing was tracked there"):
        Journal(tmp_path).opening()


def test_readings_of_the_machine_have_the_names_that_mlflow_shows(tmp_path: Path) -> None:
    readings = SystemReadings(1000.0, tmp_path)
    values = readings.read()
    assert 0.0 < values["system/system_memory_usage_percentage"] < 100.0
    assert values["system/disk_available_megabytes"] > 0.0
    assert readings.read() == {}  # not yet time
    assert SystemReadings(None, tmp_path).read() == {}
