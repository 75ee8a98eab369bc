"""The state folder: whole files or none, requests taken once, answers waited for."""

import os
import threading
import time
from pathlib import Path

import pytest

from heatrouter.deploy.state_dir import ModeRequest, StateDir, read_json, write_json
from heatrouter.envs.cli import main
from heatrouter.envs.errors import ServiceConfigError


@pytest.fixture
def folder(tmp_path: Path) -> StateDir:
    state_dir = StateDir(tmp_path / "state")
    state_dir.create()
    return state_dir


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert read_json(path) == {"a": 1}
    assert [p.name for p in path.parent.iterdir()] == ["file.json"]


def test_what_a_killed_writer_left_is_swept_up(folder: StateDir) -> None:
    old, new = folder.path / ".status.json-old", folder.path / ".status.json-new"
    for path in (old, new):
        path.write_text("{")
    hour_ago = time.time() - 3600.0
    os.utime(old, (hour_ago, hour_ago))
    with folder.locked():
        assert not old.exists()
        assert new.exists(), "somebody may be writing it"


def test_a_request_is_taken_once(folder: StateDir) -> None:
    request = ModeRequest(mode="SHADOW", user="anna")
    folder.ask(request)
    assert folder.take_request() == request
    assert folder.take_request() is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"mode": "OFF"}', '{"mode": 1, "user": "a"}']
)
def test_what_is_no_request_is_dropped(folder: StateDir, text: str) -> None:
    (folder.path / "mode-request.json").write_text(text)
    answer = folder.take_request()
    assert isinstance(answer, str)
    assert "dropped" in answer
    assert folder.take_request() is None


def test_requests_to_an_earlier_run_are_forgotten(folder: StateDir) -> None:
    folder.ask(ModeRequest(mode="POLICY", user="anna"))
    folder.forget_request()
    assert folder.take_request() is None


def test_the_folder_is_its_owners(folder: StateDir) -> None:
    assert folder.path.stat().st_mode & 0o077 == 0


def test_a_second_service_is_kept_out(folder: StateDir) -> None:
    folder.write_status({"pid": 4711})
    with folder.locked(), pytest.raises(ServiceConfigError, match="4711"), folder.locked():
        pass
    with folder.locked():
        pass


def test_mode_without_a_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mode", "--state-dir", str(tmp_path)]) == 69
    assert "status.json" in capsys.readouterr().err


def test_mode_shows_the_status(folder: StateDir, capsys: pytest.CaptureFixture[str]) -> None:
    status = {"mode": "RULES", "target": "POLICY", "faults": ["FORECAST"]}
    folder.write_status(status | {"latched": ["WORKER_DEAD"], "alarms": {"DRIFT": "tank"}})
    assert main(["mode", "--state-dir", str(folder.path)]) == 0
    shown = capsys.readouterr().out
    assert "RULES (asked for: POLICY)" in shown
    assert "faults  FORECAST\n" in shown
    assert "waits   WORKER_DEAD" in shown
    assert "alarms  DRIFT" in shown


def test_an_unknown_mode_is_a_usage_error(folder: StateDir) -> None:
    folder.write_status({"mode": "OFF"})
    assert main(["mode", "auto", "--state-dir", str(folder.path)]) == 2


@pytest.mark.parametrize(("accepted", "code"), [(True, 0), (False, 1)])
def test_mode_asks_and_waits_for_the_answer(
    folder: StateDir, accepted: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.write_status({"mode": "OFF"})

    def service() -> None:
        request = None
        while not isinstance(request, ModeRequest):
            request = folder.take_request()
            time.sleep(0.01)
        answer = {"request_id": request.request_id, "accepted": accepted, "outcome": request.user}
        folder.write_status({"mode": "OFF", "last_request": answer})

    thread = threading.Thread(target=service)
    thread.start()
    arguments = ["mode", "shadow", "--state-dir", str(folder.path), "--user", "anna"]
    assert main(arguments) == code
    thread.join()
    assert "anna" in capsys.readouterr().out


def test_a_silent_service_is_unavailable(folder: StateDir) -> None:
    folder.write_status({"mode": "OFF"})
    arguments = ["mode", "off", "--state-dir", str(folder.path), "--wait-s", "0.1"]
    assert main(arguments) == 69
