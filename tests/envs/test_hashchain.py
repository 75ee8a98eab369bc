"""The hash chain: what it writes, what it survives, and what it does not let pass."""

import errno
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from heatrouter.envs import hashchain
from heatrouter.envs.hashchain import (
    GENESIS,
    LAST_LINE,
    ChainError,
    ChainWriteError,
    ChainWriter,
    Link,
    canonical_json,
    read_chain,
    verify_chain,
)


def chain(path: Path, records: int = 5, start: Link = GENESIS) -> Link:
    with ChainWriter(path, start=start) as writer:
        for number in range(records):
            writer.append({"number": number, "value": 0.1 * number, "unit": "degC"})
        return writer.head


def test_a_chain_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    head = chain(path, 5)
    assert head.records == 5
    entries = list(read_chain(path))
    assert [entry.body["value"] for entry in entries] == [0.1 * number for number in range(5)]
    assert [entry.seq for entry in entries] == [0, 1, 2, 3, 4]
    assert entries[0].prev == "0" * 64
    assert entries[-1].sha256 == head.sha256
    assert verify_chain([path]) == head
    assert path.stat().st_mode & 0o007 == 0


def test_a_line_can_be_checked_without_this_module(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    chain(path, 2)
    for line in path.read_text().splitlines():
        content, _, rest = line.partition(',"sha256":')
        assert hashlib.sha256((content + "}").encode()).hexdigest() == rest.strip('"}')


def test_canonical_json() -> None:
    assert (
        canonical_json({"b": 1.0, "a": [True, None, "ä"]}) == b'{"a":[true,null,"\\u00e4"],"b":1.0}'
    )
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json([float("nan")])


def test_it_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    first = chain(path, 3)
    with ChainWriter(path) as writer:
        assert writer.head == first
        assert writer.torn_bytes == 0
        writer.append({"again": True})
    assert verify_chain([path]).records == 4


def test_it_goes_on_across_files(tmp_path: Path) -> None:
    one, two, three = (tmp_path / f"{n}.jsonl" for n in range(3))
    first = chain(one, 3)
    second = chain(two, 2, start=first)
    three.touch()
    assert second.records == 5
    assert verify_chain([one, two, three]) == second
    assert verify_chain([two], start=None) == second
    assert verify_chain([two], start=first) == second
    with pytest.raises(ChainError, match=r"1.jsonl, line 1, record 0: has the number 3"):
        verify_chain([two, one])
    with pytest.raises(ChainError, match=r"0.jsonl, line 1, record 5: has the number 0"):
        verify_chain([two, one], start=None)


def test_an_empty_chain(tmp_path: Path) -> None:
    empty = tmp_path / "log.jsonl"
    empty.touch()
    assert verify_chain([empty]) == GENESIS
    assert verify_chain([]) == GENESIS
    assert verify_chain([empty], start=None) == GENESIS


def test_a_long_last_line_is_found(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with ChainWriter(path) as writer:
        writer.append({"short": 1})
        head = writer.append({"long": "x" * 200_000})
    with ChainWriter(path) as writer:
        assert writer.head == head


@pytest.mark.parametrize("kept", range(1, 60, 7))
def test_a_torn_last_line(tmp_path: Path, kept: int) -> None:
    """Power lost while the last record was being written."""
    path = tmp_path / "log.jsonl"
    before = chain(path, 3)
    whole = path.stat().st_size
    chain(path, 1, start=before)
    os.truncate(path, whole + kept)
    with pytest.raises(ChainError, match="line 4, record 3: is cut off"):
        verify_chain([path])
    assert verify_chain([path], allow_torn=True) == before
    with ChainWriter(path) as writer:
        assert writer.torn_bytes == kept
        assert writer.head == before
        writer.append({"after": "the power came back"})
    assert verify_chain([path]).records == 4


def test_only_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"body":{"nu')
    with pytest.raises(ChainError, match="line 1, record 0: is cut off"):
        list(read_chain(path, start=None))
    with ChainWriter(path) as writer:
        assert writer.head == GENESIS
        assert writer.torn_bytes == 12


def test_records_cut_off_whole_show_against_a_kept_end(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    head = chain(path, 5)
    half = verify_chain([path])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]))
    assert verify_chain([path]).records == 3  # the chain itself cannot tell
    with pytest.raises(ChainError, match="record 4: is not the expected one"):
        verify_chain([path], expected=head)
    path.write_bytes(b"".join(lines))
    assert verify_chain([path], expected=head) == half
    assert verify_chain([path], expected=GENESIS) == half
    middle = list(read_chain(path))[2]
    assert verify_chain([path], expected=Link(3, middle.sha256)) == half
    with pytest.raises(ChainError):
        verify_chain([], expected=head)


def test_every_flipped_byte_is_found_and_its_record_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    chain(path, 4)
    good = path.read_bytes()
    for position in range(len(good)):
        bad = bytearray(good)
        bad[position] ^= 1 << (position % 8)
        path.write_bytes(bad)
        record = good[:position].count(b"\n")
        with pytest.raises(ChainError) as caught:
            verify_chain([path])
        assert caught.value.seq == record, (position, str(caught.value))


@pytest.mark.parametrize(
    ("change", "line", "cause"),
    [
        (lambda lines: lines[:1] + lines[2:], 2, "has the number 2"),
        (lambda lines: lines[:2] + lines[1:], 3, "has the number 1"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2, "has the number 2"),
        (lambda lines: [*lines[:1], b"\n", *lines[1:]], 2, "is no JSON"),
        (lambda lines: [*lines[:1], b"\xff\n", *lines[1:]], 2, "is no JSON"),
        (lambda lines: [*lines[:1], b"[1]\n", *lines[1:]], 2, "does not have the entries"),
        (lambda lines: [*lines[:1], b"{}\n", *lines[1:]], 2, "does not have the entries"),
        (lambda lines: [lines[0], lines[1].replace(b":1,", b": 1,"), *lines[2:]], 2, "was changed"),
        (
            lambda lines: [*lines[:1], b'{"body":1,"prev":"","seq":1,"sha256":""}\n'],
            2,
            "seq is no whole number",
        ),
        (
            lambda lines: [*lines[:1], b'{"body":{},"prev":"","seq":true,"sha256":""}\n'],
            2,
            "seq is no whole number",
        ),
        (
            lambda lines: [*lines[:1], b'{"body":{"a":NaN},"prev":"","seq":1,"sha256":""}\n'],
            2,
            "is no JSON",
        ),
    ],
)
def test_edited_files(tmp_path: Path, change: object, line: int, cause: str) -> None:
    path = tmp_path / "log.jsonl"
    chain(path, 4)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))  # type: ignore[operator]  # one of the lambdas
    with pytest.raises(ChainError) as caught:
        verify_chain([path])
    assert caught.value.line == line
    assert cause in caught.value.cause


def test_a_record_resealed_by_a_forger_breaks_the_next(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    chain(path, 4)
    lines = path.read_bytes().splitlines(keepends=True)
    entry = json.loads(lines[1])
    forged, _ = hashchain._sealed({"number": 99}, Link(entry["seq"], entry["prev"]))
    path.write_bytes(b"".join([lines[0], forged, *lines[2:]]))
    with pytest.raises(ChainError, match="line 3, record 2: does not follow the record before"):
        verify_chain([path])


def test_a_damaged_last_record_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    chain(path, 3)
    damaged = path.read_bytes().replace(b'"number":2', b'"number":7')
    path.write_bytes(damaged)
    with pytest.raises(ChainError, match="last record: was changed") as caught:
        ChainWriter(path)
    assert caught.value.line == LAST_LINE
    assert path.read_bytes() == damaged


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with ChainWriter(path), pytest.raises(ChainWriteError, match="is a service running"):
        ChainWriter(path)
    ChainWriter(path).close()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ChainWriteError, match="cannot be opened"):
        ChainWriter(tmp_path / "missing" / "log.jsonl")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_is_no_json_is_refused_and_forgotten(tmp_path: Path, value: object) -> None:
    path = tmp_path / "log.jsonl"
    with ChainWriter(path) as writer:
        writer.append({"value": 1})
        with pytest.raises(ChainWriteError, match="record 1 is no JSON"):
            writer.append({"value": value})
        writer.append({"value": 2})
    assert verify_chain([path]).records == 2


def test_a_full_disk_leaves_whole_records_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    room = [700]
    write = os.write

    def write_while_there_is_room(file: int, data: memoryview) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(file, data[: room[0]])
        room[0] -= written
        return written

    with ChainWriter(path) as writer:
        monkeypatch.setattr(os, "write", write_while_there_is_room)
        for number in range(3):
            writer.append({"number": number})
        with pytest.raises(ChainWriteError, match="record 3 not written: No space left"):
            writer.append({"number": 3, "padding": "x" * 300})
        assert writer.head.records == 3
        assert verify_chain([path]) == writer.head  # nothing torn
        room[0] = 10_000
        writer.append({"number": "after"})
    assert verify_chain([path]).records == 4


_WRITE_FOR_EVER = """
import sys
import threading
from pathlib import Path
from heatrouter.envs.hashchain import ChainWriter
with ChainWriter(Path(sys.argv[1]), sync_interval_s=None) as writer:
    print("ready", flush=True)
    while True:
        writer.append({"text": "x" * 3000, "number": writer.head.records})
"""


@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_killed_while_writing(tmp_path: Path, kills: int) -> None:
    path = tmp_path / "log.jsonl"
    rng = random.Random(1)
    records = 0
    for _ in range(kills):
        # The environment is the test's own, so that the portions are found where they are.
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITE_FOR_EVER, str(path)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(rng.uniform(0.0, 0.05))
            process.kill()
        head = verify_chain([path], allow_torn=True)
        assert head.records >= records
        records = head.records
    with ChainWriter(path) as writer:
        assert writer.head.records == records


def test_a_line_of_nothing_but_brackets_is_a_bad_record(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    chain(path, 2)
    with path.open("ab") as file:
        file.write(b"[" * 200_000 + b"\n")
    with pytest.raises(ChainError, match="line 3, record 2"):
        verify_chain([path])
