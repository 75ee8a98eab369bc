"""When the hash chain brings its records to the disk, and what a broken disk does to them."""

import errno
import os
import threading
from pathlib import Path

import pytest

from heatrouter.envs.hashchain import (
    ChainWriteError,
    ChainWriter,
    verify_chain,
)


class Disk:
    """Counts the syncs that reach it."""

    def __init__(self) -> None:
        self.syncs = 0
        self.broken = False

    def fsync(self, _file: int) -> None:
        if self.broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.syncs += 1


@pytest.mark.parametrize(
    ("interval_s", "syncs"),
    [(0.0, 20), (5.0, 4), (1.0, 20), (None, 0), (100.0, 0)],
)
def test_how_often_it_syncs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interval_s: float | None, syncs: int
) -> None:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    now_s = [0.0]
    with ChainWriter(
        tmp_path / "log.jsonl", sync_interval_s=interval_s, clock=lambda: now_s[0]
    ) as writer:
        for _ in range(20):
            now_s[0] += 1.0
            writer.append({})
        assert disk.syncs == syncs


def test_a_failed_sync_is_a_failed_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.jsonl"
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    with ChainWriter(path) as writer:
        writer.append({"number": 0})
        disk.broken = True
        with pytest.raises(ChainWriteError, match="record 1 not written"):
            writer.append({"number": 1})
        assert verify_chain([path]).records == 1


def beside(path: Path, now_s: list[float]) -> ChainWriter:
    return ChainWriter(path, sync_interval_s=5.0, sync_beside=True, clock=lambda: now_s[0])


def test_a_thread_syncs_what_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    now_s = [0.0]
    with beside(tmp_path / "log.jsonl", now_s) as writer:
        for _ in range(20):
            now_s[0] += 1.0
            writer.append({})
            writer.sync()
    assert disk.syncs == 5, "each five seconds, and at the end"


def test_what_nobody_lets_sync_is_synced_with_the_next_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    now_s = [0.0]
    with beside(tmp_path / "log.jsonl", now_s) as writer:
        now_s[0] = 5.0
        writer.append({})
        assert disk.syncs == 0
        writer.append({})
        assert disk.syncs == 1


def test_a_sync_that_has_not_ended_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    begun, go_on = threading.Event(), threading.Event()

    def slow(file: int) -> None:
        begun.set()
        assert go_on.wait(60.0)
        disk.fsync(file)

    monkeypatch.setattr(os, "fsync", slow)
    now_s = [0.0]
    with beside(tmp_path / "log.jsonl", now_s) as writer:
        now_s[0] = 5.0
        writer.append({})
        writer.sync()
        assert begun.wait(60.0)
        writer.append({})  # not due: does not wait
        assert disk.syncs == 0
        threading.Timer(0.05, go_on.set).start()
        now_s[0] = 10.0
        writer.append({})
        assert disk.syncs == 1


def test_a_failed_sync_of_the_thread_fails_records_until_the_disk_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    now_s = [0.0]
    with beside(path, now_s) as writer:
        now_s[0] = 5.0
        disk.broken = True
        writer.append({"number": 0})
        writer.sync()
        now_s[0] = 10.0
        for _ in range(3):
            with pytest.raises(ChainWriteError, match="record 1 not written"):
                writer.append({"number": 1})
            writer.sync()
        disk.broken = False
        writer.append({"number": 1})
        writer.append({"number": 2})
        assert verify_chain([path]).records == 3
