"""The audit log: bit for bit there and back, across files, through a full disk and a power loss."""

import dataclasses
import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from heatrouter.deploy.audit import AuditError, AuditLog, AuditRecord, audit_segments, read_audit
from heatrouter.envs import hashchain
from heatrouter.envs.hashchain import ChainError, verify_chain

NAN = float("nan")


def record(tick: int, **changes: object) -> AuditRecord:
    rng = np.random.default_rng(tick)
    base = AuditRecord(
        tick=tick,
        time_s=0.1 * tick,
        mode="POLICY",
        target="POLICY",
        observation=rng.normal(size=40),
        quality=(0,) * 40,
        bundle="ab" * 32,
        action=rng.normal(size=8),
        proposal=rng.normal(size=8),
        executed=rng.normal(size=8),
        reasons=(0, 2, 0, 0, 64, 0, 0, 0),
        written=True,
    )
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]  # names of fields


def equal(one: AuditRecord, other: AuditRecord) -> None:
    for field in dataclasses.fields(AuditRecord):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b, field.name


def test_records_come_back_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    written = [record(tick, wall_time="2026-01-01T00:00:00+00:00") for tick in range(20)]
    with AuditLog(path) as log:
        before = log.head
        heads = [log.write(one) for one in written]
        assert (before, log.head) == (None, heads[-1])
        assert [head.records for head in heads] == list(range(1, 21))
    for one, other in zip(written, read_audit(path), strict=True):
        equal(one, other)
        assert one.observation is not None
        assert other.observation is not None
        assert one.observation.tobytes() == other.observation.tobytes()


def test_what_is_no_number_is_null(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    odd = record(
        1,
        action=np.array([NAN, np.inf, -np.inf, 1.0]),
        time_s=NAN,
        detail={
            "age_s": np.array([1.0, NAN]),
            "ready_s": np.float64(NAN),
            "count": np.int64(3),
            "nested": [{"x": NAN, "flag": np.True_}, (1, 2)],
            "late": None,
        },
    )
    with AuditLog(path) as log:
        log.write(odd)
    text = path.read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    body = json.loads(text)["body"]
    assert body["action"] == [None, None, None, 1.0]
    assert body["time_s"] is None
    assert body["detail"] == {
        "age_s": [1.0, None],
        "ready_s": None,
        "count": 3,
        "nested": [{"x": None, "flag": True}, [1, 2]],
        "late": None,
    }
    (back,) = read_audit(path)
    np.testing.assert_array_equal(back.action, [NAN, NAN, NAN, 1.0])


def test_events_between_ticks(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, wall_clock=lambda: 0.5) as log:
        log.write(
            AuditRecord(
                tick=3, time_s=3.0, mode="RULES", target="POLICY", user="anna", event="re-armed"
            )
        )
    (back,) = read_audit(path)
    assert (back.user, back.event, back.observation, back.reasons) == (
        "anna",
        "re-armed",
        None,
        None,
    )
    assert back.wall_time == "1970-01-01T00:00:00.500+00:00"
    assert not back.written


def test_full_files_are_set_aside_and_the_chain_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    (tmp_path / "audit.old.jsonl").write_text("a stranger's\n")
    with AuditLog(path, max_bytes=10_000) as log:
        for tick in range(30):
            head = log.write(record(tick))
    segments = audit_segments(path)
    assert [segment.name for segment in segments[:2]] == [
        "audit.000001.jsonl",
        "audit.000002.jsonl",
    ]
    assert segments[-1] == path
    assert len(segments) > 3
    assert all(segment.stat().st_size < 14_000 for segment in segments)
    assert verify_chain(segments) == head
    assert [one.tick for one in read_audit(path)] == list(range(30))
    # the oldest archived: what is left is believed
    segments[0].unlink()
    left = [one.tick for one in read_audit(path)]
    assert left[-1] == 29
    assert 0 < left[0] < 29
    # one missing in between is not
    segments[2].unlink()
    with pytest.raises(ChainError, match="records are missing"):
        list(read_audit(path))


def test_a_restart_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    for start in range(0, 30, 10):
        with AuditLog(path, max_bytes=8_000) as log:
            for tick in range(start, start + 10):
                log.write(record(tick))
    assert [one.tick for one in read_audit(path)] == list(range(30))


@pytest.mark.parametrize("left", [None, b"", b'{"body":{"tick', b"\0" * 900])
def test_stopped_between_setting_aside_and_writing(tmp_path: Path, left: bytes | None) -> None:
    path = tmp_path / "audit.jsonl"
    with AuditLog(path) as log:
        log.write(record(0))
    path.rename(tmp_path / "audit.000001.jsonl")
    if left is not None:
        path.write_bytes(left)
    with AuditLog(path) as log:
        assert log.write(record(1)).records == 2
    assert [one.tick for one in read_audit(path)] == [0, 1]


def test_a_power_loss_costs_the_torn_record_only(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with AuditLog(path) as log:
        for tick in range(3):
            log.write(record(tick))
    os.truncate(path, path.stat().st_size - 100)
    assert [one.tick for one in read_audit(path)] == [0, 1]
    with AuditLog(path) as log:
        log.write(record(9))
    assert [one.tick for one in read_audit(path)] == [0, 1, 9]


def test_a_full_disk_is_a_typed_error_and_leaves_a_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "audit.jsonl"

    def full(_file: int, _data: memoryview) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with AuditLog(path) as log:
        log.write(record(0))
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            for tick in range(1, 4):
                with pytest.raises(AuditError, match=f"tick {tick} is lost .{tick} so far.*space"):
                    log.write(record(tick))
        assert log.lost == 3
        log.write(record(4))
        log.write(record(5))
    assert [(one.tick, one.lost_before) for one in read_audit(path)] == [(0, 0), (4, 3), (5, 0)]


def test_a_folder_that_comes_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "state" / "audit.jsonl"
    log = AuditLog(path)  # a service starts without its disk
    with pytest.raises(AuditError, match="is lost"):
        log.write(record(0))
    path.parent.mkdir()
    log.write(record(1))
    log.close()
    log.close()
    assert [(one.tick, one.lost_before) for one in read_audit(path)] == [(1, 1)]


def test_setting_aside_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "audit.jsonl"

    def refused(_self: Path, _target: Path) -> Path:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with AuditLog(path, max_bytes=100) as log:
        log.write(record(0))
        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", refused)
            with pytest.raises(AuditError, match="Read-only"):
                log.write(record(1))
        log.write(record(2))
        log.write(record(3))
    assert [(one.tick, one.lost_before) for one in read_audit(path)] == [(0, 0), (2, 1), (3, 0)]
    assert verify_chain(audit_segments(path)).records == 3


def test_a_tampered_log_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with AuditLog(path) as log:
        log.write(record(0))
    path.write_bytes(path.read_bytes().replace(b'"POLICY"', b'"RULES" '))
    with AuditLog(path) as log, pytest.raises(AuditError, match="was changed after it was written"):
        log.write(record(1))
    with pytest.raises(ChainError, match="line 1, record 0"):
        list(read_audit(path))


def test_what_has_no_json_form_is_refused(tmp_path: Path) -> None:
    with (
        AuditLog(tmp_path / "audit.jsonl") as log,
        pytest.raises(AuditError, match="is no JSON"),
    ):
        log.write(record(0, detail={"object": object()}))


def test_no_log(tmp_path: Path) -> None:
    for path in (tmp_path / "audit.jsonl", tmp_path / "missing" / "audit.jsonl"):
        with pytest.raises(AuditError, match="there is no audit log"):
            list(read_audit(path))


def test_a_record_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with hashchain.ChainWriter(path) as writer:
        writer.append({"something": "else"})
    with pytest.raises(AuditError, match="record 0 is of another version"):
        list(read_audit(path))
