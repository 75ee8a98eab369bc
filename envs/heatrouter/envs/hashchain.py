"""Append-only files of JSON records, each chained to the one before by its hash.

One record per line, as canonical JSON (keys sorted, no spaces, ASCII, shortest floats, no NaN)::

    {"body": {...}, "prev": "<sha256 of the record before>", "seq": 7, "sha256": "<of this record>"}

``sha256`` is the hash of the same line without its own entry, so that a few lines in any language
can check a file. The first record's ``prev`` is 64 zeros. A chain shows what was changed, removed
or put in between; records cut off at its end show only to who kept a later head.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from heatrouter.envs.errors import HeatrouterError

LAST_LINE: Final = -1
"""Line and number of a bad record that was found from the end of a file, without counting."""

_BLOCK_BYTES: Final = 65536

_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


class ChainError(HeatrouterError):
    """A file whose chain does not hold.

    Args:
        path: The file.
        line: Line of the first bad record, from 1, or ``LAST_LINE``.
        seq: Number that the record should have.
        cause: What is wrong with it.
    """

    def __init__(self, path: Path, line: int, seq: int, cause: str) -> None:
        self.path = path
        self.line = line
        self.seq = seq
        self.cause = cause
        super().__init__(path, line, seq, cause)

    def __str__(self) -> str:
        """Return the place and the cause."""
        place = "last record" if self.line < 0 else f"line {self.line}, record {self.seq}"
        return f"{self.path}, {place}: {self.cause}"


class ChainWriteError(HeatrouterError):
    """A record that could not be written, e.g. on a full disk; the file ends as before it."""


class Link(NamedTuple):
    """End of a chain: how many records it holds, and the hash of the last."""

    records: int
    sha256: str


GENESIS: Final = Link(0, "0" * 64)
"""The end of an empty chain."""


class Entry(NamedTuple):
    """One record of a chain."""

    seq: int
    body: dict[str, object]
    prev: str
    sha256: str


def canonical_json(value: object) -> bytes:
    """The one way to write a value as JSON; raises ValueError or TypeError where there is none."""
    return _CANONICAL.encode(value).encode("ascii")


def _sealed(body: Mapping[str, object], link: Link) -> tuple[bytes, Link]:
    """The line of a record that follows ``link``, and the link after it."""
    content = canonical_json({"body": body, "prev": link.sha256, "seq": link.records})
    digest = hashlib.sha256(content).hexdigest()
    # "sha256" sorts last, so the record with its hash is the content with one entry more.
    return content[:-1] + f',"sha256":"{digest}"}}\n'.encode(), Link(link.records + 1, digest)


class ChainWriter:
    """Appends records to one file; one writer per file, which a lock sees to.

    A last line that was cut off by a power loss is removed on opening. A complete last line that
    does not hold is not: that is damage or tampering, and for a person to look at.

    Args:
        path: The file; made if it is not there.
        start: End of the chain that an empty file goes on from.
        sync_interval_s: Longest time between two syncs to the disk; 0 syncs every record, ``None``
            leaves it to the operating system.
        sync_beside: Whether a thread syncs what is due once :meth:`sync` is called, so that whoever
            writes a record need not wait for the disk. A sync that failed fails the next record;
            one that has not ended when the next is due is waited for, and one that nobody called
            for is made with the next record.
        clock: Monotonic seconds.

    Raises:
        ChainWriteError: If the file cannot be opened, or another writer has it.
        ChainError: If its last record does not hold.
    """

    def __init__(
        self,
        path: Path,
        *,
        start: Link = GENESIS,
        sync_interval_s: float | None = 0.0,
        sync_beside: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.head = start
        self.size_bytes = 0
        self.torn_bytes = 0
        self._interval_s = sync_interval_s
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "chain-sync") if sync_beside else None
        self._syncing: Future[None] | None = None
        self._sync_due = False
        self._sync_failed = False
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        except OSError as error:
            message = f"{path}: cannot be opened for appending: {error.strerror}"
            raise ChainWriteError(message) from error
        try:
            self._recover()
        except BaseException:
            os.close(self._file)
            raise
        self._synced_s = clock()

    def append(self, body: Mapping[str, object]) -> Link:
        """Write one record and return the new end of the chain.

        Raises:
            ChainWriteError: If it could not be written whole. The file then ends with the record
                before, and the next call tries anew.
        """
        try:
            line, link = _sealed(body, self.head)
        except (TypeError, ValueError) as error:
            message = f"{self.path}: record {self.head.records} is no JSON: {error}"
            raise ChainWriteError(message) from error
        try:
            self._write(line)
            self._sync_if_due()
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, self.size_bytes)
            message = f"{self.path}: record {self.head.records} not written: {error.strerror}"
            raise ChainWriteError(message) from error
        self.size_bytes += len(line)
        self.head = link
        return link

    def sync(self) -> None:
        """Let the thread sync where that is due; never waits, and does nothing without a thread."""
        if self._thread is not None and self._sync_due:
            self._sync_due = False
            self._syncing = self._thread.submit(os.fsync, self._file)

    def close(self) -> None:
        """Sync and close the file; nothing may be appended after that."""
        if self._thread is not None:
            self._thread.shutdown()
        with suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def _sync_if_due(self) -> None:
        if self._interval_s is None:
            return
        now_s = self._clock()
        due = now_s - self._synced_s >= self._interval_s
        if self._syncing is not None and (due or self._syncing.done()):
            self._end_of_sync(self._syncing)
        # After a failure each record has to prove that the disk takes it again.
        if self._sync_due or self._sync_failed or (due and self._thread is None):
            os.fsync(self._file)
            self._sync_due = self._sync_failed = False
        elif due:
            self._sync_due = True
        else:
            return
        self._synced_s = now_s

    def _end_of_sync(self, syncing: "Future[None]") -> None:
        """Wait for the sync of the thread; raises OSError where it failed."""
        self._syncing = None
        try:
            syncing.result()
        except OSError:
            self._sync_failed = True
            raise

    def _recover(self) -> None:
        """Take the lock, drop a torn last line, and go on from the last whole one."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            size = os.fstat(self._file).st_size
            end, last = _last_line(self._file, size)
            if end < size:
                os.ftruncate(self._file, end)
                os.fsync(self._file)
        except OSError as error:
            message = f"{self.path}: cannot be taken over: {error.strerror}; is a service running?"
            raise ChainWriteError(message) from error
        self.size_bytes, self.torn_bytes = end, size - end
        if end:
            entry = _entry(last, None)
            if isinstance(entry, str):
                raise ChainError(self.path, LAST_LINE, LAST_LINE, entry)
            self.head = Link(entry.seq + 1, entry.sha256)


def _last_line(file: int, size: int) -> tuple[int, bytes]:
    """Where the last whole line ends, and that line without its newline."""
    tail = b""
    begin = size
    while begin > 0 and tail.count(b"\n") < 2:
        begin = max(0, begin - _BLOCK_BYTES)
        tail = os.pread(file, size - begin, begin)
    end = tail.rfind(b"\n")
    if end < 0:
        return 0, b""
    return begin + end + 1, tail[tail.rfind(b"\n", 0, end) + 1 : end]


def _entry(line: bytes, link: Link | None) -> Entry | str:
    """The record that a line holds, or what is wrong with it.

    Args:
        line: Without its newline.
        link: End of the chain before it; ``None`` to check the record by itself only.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"is no JSON: {error}"
    if not isinstance(record, dict) or record.keys() != {"body", "prev", "seq", "sha256"}:
        return "does not have the entries body, prev, seq, sha256"
    entry = Entry(record["seq"], record["body"], record["prev"], record["sha256"])
    if type(entry.seq) is not int or not isinstance(entry.body, dict):
        return "seq is no whole number, or body no object"
    try:
        sealed, _ = _sealed(entry.body, Link(entry.seq, entry.prev))
    except ValueError as error:
        return f"is no JSON: {error}"
    # One comparison covers the hash and everything that is not canonical.
    if sealed[:-1] != line:
        return "was changed after it was written: its sha256 does not fit its content"
    if link is not None and entry.seq != link.records:
        return f"has the number {entry.seq}: records are missing or were put in"
    if link is not None and entry.prev != link.sha256:
        return "does not follow the record before: prev is not its sha256"
    return entry


def read_chain(
    path: Path, *, start: Link | None = GENESIS, allow_torn: bool = False
) -> Iterator[Entry]:
    """Yield every record of a file, each checked before it is yielded.

    Args:
        path: The file.
        start: End of the chain before this file; ``None`` believes the first record's own word.
        allow_torn: Whether a last line without its newline is passed over: a file being written,
            or one that nobody opened since a power loss.

    Raises:
        ChainError: At the first bad record, which it names.
        OSError: If the file cannot be read.
    """
    link = start
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                if allow_torn:
                    return
                seq = 0 if link is None else link.records
                raise ChainError(path, number, seq, "is cut off: the line has no end")
            entry = _entry(line[:-1], link)
            if isinstance(entry, str):
                raise ChainError(path, number, 0 if link is None else link.records, entry)
            yield entry
            link = Link(entry.seq + 1, entry.sha256)


def verify_chain(
    paths: Iterable[Path],
    *,
    start: Link | None = GENESIS,
    expected: Link | None = None,
    allow_torn: bool = False,
) -> Link:
    """Check files that continue each other and return the end of the chain.

    Args:
        paths: The files, oldest first.
        start: End of the chain before the first file; ``None`` believes its first record.
        expected: An end that was kept elsewhere, e.g. signed. The chain has to come by it; without
            it, records cut off at the end go unseen.
        allow_torn: As in :func:`read_chain`, for the last file.

    Raises:
        ChainError: At the first bad record, which it names.
        OSError: If a file cannot be read.
    """
    files = list(paths)
    link = start
    met = expected is None or expected == start
    for path in files:
        torn = allow_torn and path is files[-1]
        for entry in read_chain(path, start=link, allow_torn=torn):
            link = Link(entry.seq + 1, entry.sha256)
            met = met or link == expected
    if not met and expected is not None:
        last = files[-1] if files else Path()
        cause = f"is not the expected one, {expected.sha256[:12]}: the chain was cut or rewritten"
        raise ChainError(last, 0, expected.records - 1, cause)
    return GENESIS if link is None else link
