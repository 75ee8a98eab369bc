"""The audit log: what was seen, proposed and done at each tick, chained against editing.

The file in use is ``audit.jsonl``; a full one is renamed to ``audit.000001.jsonl`` and so on, and
the chain goes on across files. Numbers are written so that they come back bit for bit; what is no
number is written as null and comes back as NaN.
"""

import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import HeatrouterError
from heatrouter.envs.hashchain import (
    GENESIS,
    ChainError,
    ChainWriteError,
    ChainWriter,
    Entry,
    Link,
    read_chain,
)

DEFAULT_SEGMENT_BYTES: Final = 64 * 1024 * 1024

_VECTORS: Final = ("observation", "action", "proposal", "executed")
_COUNTS: Final = ("quality", "reasons")


class AuditError(HeatrouterError):
    """The audit log cannot be written or read; control goes on, the policy does not."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AuditRecord:
    """One tick, or something that a person or the service did between two.

    Attributes:
        tick: Number of the tick since the service started.
        time_s: Monotonic time of the tick, as the guard and the modes saw it.
        wall_time: The calendar's time, ISO 8601, for people.
        mode: Actual mode.
        target: What a person asked for.
        observation: What the controller saw, shape ``(n_observation,)``.
        quality: Validity causes of the inputs, whole numbers, 0 for a valid one.
        bundle: sha256 of the bundle whose answer this is.
        action: Raw answer of the policy, shape ``(n_action,)``.
        proposal: Decoded answer, shape ``(n_set_points,)``.
        executed: What the guard let through, same shape.
        reasons: Guard reasons per set-point.
        written: Whether ``executed`` was written to the plant.
        user: Who asked for it, where a person did.
        event: What happened, e.g. ``fault WORKER_DEAD raised``.
        detail: Whatever else a replay needs; JSON types, and arrays of numbers.
        lost_before: Records that could not be written just before this one; set by the log.
    """

    tick: int
    time_s: float
    mode: str
    target: str
    wall_time: str = ""
    observation: FloatArray | None = None
    quality: tuple[int, ...] | None = None
    bundle: str | None = None
    action: FloatArray | None = None
    proposal: FloatArray | None = None
    executed: FloatArray | None = None
    reasons: tuple[int, ...] | None = None
    written: bool = False
    user: str | None = None
    event: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    lost_before: int = 0


class AuditLog:
    """Writes records to the file in use; opens it when the first record comes.

    A record that cannot be written is counted, and the count goes into the next one that can, so
    that a gap is on record. Each write tries anew: the log heals when the disk has room again.

    Args:
        path: The file in use, e.g. ``state/audit.jsonl``; its folder has to be there.
        max_bytes: A file this long is set aside before the next record.
        sync_interval_s: Longest time between two syncs to the disk, see ``ChainWriter``.
        sync_beside: Whether a thread syncs, see ``ChainWriter``.
        wall_clock: POSIX seconds.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int = DEFAULT_SEGMENT_BYTES,
        sync_interval_s: float | None = 1.0,
        sync_beside: bool = False,
        wall_clock: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.lost = 0
        self._max_bytes = max_bytes
        self._interval_s = sync_interval_s
        self._sync_beside = sync_beside
        self._wall_clock = wall_clock
        self._clock = clock
        self._writer: ChainWriter | None = None

    @property
    def head(self) -> Link | None:
        """End of the chain; ``None`` before the first record."""
        return None if self._writer is None else self._writer.head

    def write(self, record: AuditRecord) -> Link:
        """Append a record and return the new end of the chain.

        Raises:
            AuditError: If it cannot be written: disk full, folder gone, last record tampered with.
        """
        try:
            link = self._open_writer().append(self._body(record))
        except (ChainError, ChainWriteError, OSError) as error:
            self.lost += 1
            message = f"audit record of tick {record.tick} is lost ({self.lost} so far): {error}"
            raise AuditError(message) from error
        self.lost = 0
        return link

    def sync(self) -> None:
        """Let the thread sync where that is due, see ``ChainWriter``; never waits."""
        if self._writer is not None:
            self._writer.sync()

    def close(self) -> None:
        """Sync and close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open_writer(self) -> ChainWriter:
        writer = self._writer
        if writer is not None and writer.size_bytes < self._max_bytes:
            return writer
        if writer is not None:
            # The chain's end is on disk once it is closed; a crash after the rename finds it there.
            self.close()
            self.path.rename(_next_segment(self.path))
        start = GENESIS if writer is None else writer.head
        if writer is None and not _has_record(self.path):
            start = _end_of_last_segment(self.path)
        self._writer = ChainWriter(
            self.path,
            start=start,
            sync_interval_s=self._interval_s,
            sync_beside=self._sync_beside,
            clock=self._clock,
        )
        return self._writer

    def _body(self, record: AuditRecord) -> dict[str, object]:
        now = datetime.fromtimestamp(self._wall_clock(), tz=UTC)
        wall_time = record.wall_time or now.isoformat(timespec="milliseconds")
        return {
            "tick": record.tick,
            "time_s": _number(record.time_s),
            "wall_time": wall_time,
            "mode": str(record.mode),
            "target": str(record.target),
            **{name: _json_value(getattr(record, name)) for name in _VECTORS},
            **{name: getattr(record, name) for name in _COUNTS},
            "bundle": record.bundle,
            "written": record.written,
            "user": record.user,
            "event": record.event,
            "detail": _json_value(record.detail),
            "lost_before": self.lost,
        }


def audit_segments(path: Path) -> list[Path]:
    """Every file of a log, oldest first, the one in use last."""
    segments = sorted(p for p in path.parent.iterdir() if _segment_number(path, p))
    return [*segments, path] if path.exists() else segments


def read_audit(path: Path) -> Iterator[AuditRecord]:
    """Yield every record of a log, each checked before it is yielded.

    Where the oldest files were archived, the oldest record left is believed.

    Args:
        path: The file in use; the ones set aside are found beside it.

    Raises:
        ChainError: At the first bad record, which it names.
        AuditError: If there is no log, or a record of another version.
    """
    segments = audit_segments(path) if path.parent.is_dir() else []
    if not segments:
        message = f"{path}: there is no audit log; name the state folder of a service that has run"
        raise AuditError(message)
    first = _segment_number(path, segments[0])
    link = GENESIS if first in {0, 1} else None
    for segment in segments:
        for entry in read_chain(segment, start=link, allow_torn=segment == path):
            yield _record(entry, segment)
            link = Link(entry.seq + 1, entry.sha256)


def _segment_number(path: Path, candidate: Path) -> int:
    """Number of a file set aside; 0 for the file in use and for strangers."""
    pattern = rf"{re.escape(path.stem)}\.(\d{{6,}}){re.escape(path.suffix)}"
    match = re.fullmatch(pattern, candidate.name)
    return int(match[1]) if match else 0


def _next_segment(path: Path) -> Path:
    number = 1 + max((_segment_number(path, p) for p in path.parent.iterdir()), default=0)
    return path.with_name(f"{path.stem}.{number:06d}{path.suffix}")


def _has_record(path: Path) -> bool:
    """Whether there is a whole line; half a one is dropped when the file is opened."""
    try:
        with path.open("rb") as file:
            return file.readline().endswith(b"\n")
    except FileNotFoundError:
        return False


def _end_of_last_segment(path: Path) -> Link:
    """Where a new file has to go on: the service stopped before its first whole record."""
    segments = [p for p in audit_segments(path) if p != path]
    if not segments:
        return GENESIS
    with ChainWriter(segments[-1], sync_interval_s=None) as last:
        return last.head


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _json_value(value: object) -> object:
    """The value in JSON's types: no number is null, what has no JSON form is left to fail."""
    if value is None or type(value) in {str, int, bool}:
        return value
    if isinstance(value, np.ndarray):
        plain: object = value.tolist()
        # Most arrays, and most of a record: nothing in them has to be looked at one by one.
        whole = value.dtype.kind in "biu"
        numbers = value.dtype.kind == "f" and bool(np.isfinite(value).all())
        return plain if whole or numbers else _json_value(plain)
    if isinstance(value, Mapping):
        return {str(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    if isinstance(value, np.generic):
        return _json_value(value.item())
    if isinstance(value, float):
        return _number(value)
    return value


def _vector(value: object) -> FloatArray | None:
    if value is None:
        return None
    # NumPy reads null as NaN here.
    numbers: npt.NDArray[np.float64] = np.array(value, dtype=np.float64)
    return numbers


def _record(entry: Entry, path: Path) -> AuditRecord:
    fields: dict[str, object] = dict(entry.body)
    try:
        fields |= {name: _vector(fields[name]) for name in _VECTORS}
        counts = {name: fields[name] for name in _COUNTS}
        fields |= {k: tuple(v) if isinstance(v, list) else None for k, v in counts.items()}
        return AuditRecord(**fields)  # type: ignore[arg-type]  # hashed as written by AuditLog
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path}: record {entry.seq} is of another version: {error!r}"
        raise AuditError(message) from error
