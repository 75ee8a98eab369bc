"""The status file: whole, newest last, and never in the way of a tick."""

import logging
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from heatrouter.deploy.state_dir import StateDir
from heatrouter.deploy.status_file import StatusFile


class SlowDisk(StateDir):
    """Lets nothing through until it may."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.written: list[object] = []

    def write_status(self, status: Mapping[str, object]) -> None:
        self.begun.set()
        assert self.go_on.wait(60.0)
        super().write_status(status)
        self.written.append(status["tick"])


def test_without_its_thread_it_writes_at_once(tmp_path: Path) -> None:
    folder = StateDir(tmp_path)
    file = StatusFile(folder)
    file.put({"tick": 1})
    assert folder.read_status() == {"tick": 1}
    file.write_beside()
    file.close()
    assert folder.read_status() == {"tick": 1}


def test_whoever_puts_does_not_wait_and_the_newest_counts(tmp_path: Path) -> None:
    disk = SlowDisk(tmp_path)
    file = StatusFile(disk)
    file.start()
    file.put({"tick": 0})
    file.write_beside()
    assert disk.begun.wait(60.0)
    for tick in (1, 2, 3):
        file.put({"tick": tick})
        file.write_beside()
    assert disk.written == []
    disk.go_on.set()
    file.close()
    assert disk.written == [0, 3]
    assert disk.read_status() == {"tick": 3}


def test_what_was_put_last_is_there_at_the_end(tmp_path: Path) -> None:
    folder = StateDir(tmp_path)
    file = StatusFile(folder)
    file.start()
    file.put({"tick": 7})
    file.close()
    assert folder.read_status() == {"tick": 7}
    file.put({"tick": 8})
    assert folder.read_status() == {"tick": 8}


def test_a_disk_that_takes_nothing_is_told_and_survived(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(StateDir):
        full = True

        def write_status(self, status: Mapping[str, object]) -> None:
            if self.full:
                raise OSError(28, "No space left on device")
            super().write_status(status)

    folder = Full(tmp_path)
    file = StatusFile(folder)
    file.start()
    with caplog.at_level(logging.ERROR):
        file.put({"tick": 1})
        file.close()
        file.start()
        # No JSON form: a mistake of ours, which must not end the thread either.
        folder.full = False
        file.put({"tick": float("nan")})
        file.close()
    assert "No space left" in caplog.text
    assert "status not written" in caplog.text
    file.put({"tick": 2})
    assert folder.read_status() == {"tick": 2}
