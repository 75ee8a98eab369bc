"""Searches the audit log for people: newest first, page by page, within a budget.

Files are read from their ends in blocks and never locked, so the guard process, which appends to
the newest, does not notice. Nothing is proved here: that the chain holds is what ``heatrouter
verify`` is for.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from heatrouter.deploy.audit import audit_segments

BLOCK_BYTES: Final = 1 << 18

BUDGET_BYTES: Final = 128 << 20
BUDGET_S: Final = 2.0
"""A search that takes longer returns what it has, and where to go on."""

MOST_LINE_BYTES: Final = 4 << 20

_CURSOR = re.compile(r"([0-9]{1,20})-([0-9]{1,15})")
"""A file, by its number in the file system, which stays when it is set aside, and a place in it."""


class CursorError(ValueError):
    """A cursor that no page of this log gave out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """What to look for; everything that is given has to be met.

    Attributes:
        begin: POSIX time, s.
        end: POSIX time, s.
        mode: Actual mode.
        user: Who asked, exactly.
        text: Part of the event, its reason, cause or outcome, in any case.
        ticks: Whether ticks are wanted beside events.
        limit: Records of a page.
        cursor: Where the page before ended.
    """

    begin: float | None = None
    end: float | None = None
    mode: str | None = None
    user: str | None = None
    text: str | None = None
    ticks: bool = False
    limit: int = 50
    cursor: str | None = None


@dataclass(slots=True)
class AuditPage:
    """One page.

    Attributes:
        records: Newest first, as in the log, with number (``seq``) and hash (``sha256``).
        cursor: Where the next page begins; None where there is none.
        complete: False where the search ran out of its budget before the page was full.
        unreadable: Lines that are no record; `heatrouter verify` says more.
    """

    records: list[dict[str, object]] = field(default_factory=list)
    cursor: str | None = None
    complete: bool = True
    unreadable: int = 0


def search_audit(
    path: Path, query: AuditQuery, *, clock: Callable[[], float] = time.monotonic
) -> AuditPage:
    """Return one page of what fits.

    Args:
        path: The file in use; the ones set aside are found beside it.
        query: What to look for.
        clock: Monotonic real time, s, for the budget.

    Raises:
        CursorError: A cursor that names no place in the log.
    """
    page = AuditPage()
    segments = audit_segments(path)[::-1] if path.parent.is_dir() else []
    end: int | None = None
    if query.cursor is not None:
        segments, end = _resume(segments, query.cursor)
    begin_s, seen = clock(), 0
    for segment in segments:
        for offset, line in _lines_backwards(segment, end):
            seen += len(line)
            record = _fitting(line, query, page)
            if record is not None:
                if _before(record, query):
                    return page
                page.records.append(record)
            full = len(page.records) >= query.limit
            if full or seen > BUDGET_BYTES or clock() - begin_s > BUDGET_S:
                page.cursor, page.complete = f"{segment.stat().st_ino}-{offset}", full
                return page
        end = None
    return page


def _resume(segments: list[Path], cursor: str) -> tuple[list[Path], int]:
    match = _CURSOR.fullmatch(cursor)
    numbers = [segment.stat().st_ino for segment in segments]
    if match is None or int(match[1]) not in numbers:
        msg = "the cursor names no place in the log; it may have been archived: search anew"
        raise CursorError(msg)
    return segments[numbers.index(int(match[1])) :], int(match[2])


def _lines_backwards(path: Path, end: int | None) -> Iterator[tuple[int, bytes]]:
    """Whole lines with their offsets, last first; what is being written is left out."""
    try:
        file = path.open("rb")
    except OSError:
        return
    with file:
        size = file.seek(0, 2)
        position = size if end is None else min(end, size)
        rest = b""
        whole = False
        while position > 0:
            take = min(BLOCK_BYTES, position)
            position -= take
            file.seek(position)
            lines = (file.read(take) + rest).split(b"\n")
            rest = lines[0]
            offset = position + len(rest) + 1 + sum(len(line) + 1 for line in lines[1:])
            for line in reversed(lines[1:]):
                offset -= len(line) + 1
                # After the last line's end there is nothing, or a line that is not whole yet.
                if whole and line:
                    yield offset, line
                whole = True
            if len(rest) > MOST_LINE_BYTES:
                rest = b""
        if rest and whole:
            yield 0, rest


def _fitting(line: bytes, query: AuditQuery, page: AuditPage) -> dict[str, object] | None:
    """The record of a line, if it fits; ticks, the most of a log, are dropped before parsing."""
    if not query.ticks and b'"event":null' in line:
        return None
    if query.user is not None and json.dumps(query.user).encode() not in line:
        return None
    try:
        entry = json.loads(line)
        record: dict[str, object] = entry["body"] | {"seq": entry["seq"], "sha256": entry["sha256"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        page.unreadable += 1
        return None
    return record if _before(record, query) or _fits(record, query) else None


def _fits(record: dict[str, object], query: AuditQuery) -> bool:
    if not query.ticks and record.get("event") is None:
        return False
    if query.end is not None and not _wall_time(record) <= query.end:
        return False
    if query.mode is not None and record.get("mode") != query.mode:
        return False
    if query.user is not None and record.get("user") != query.user:
        return False
    return query.text is None or query.text.casefold() in _words(record)


def _before(record: dict[str, object], query: AuditQuery) -> bool:
    """Whether a record is older than what is asked for, so that all that follow are, too."""
    return query.begin is not None and _wall_time(record) < query.begin


def _wall_time(record: dict[str, object]) -> float:
    try:
        moment = datetime.fromisoformat(str(record.get("wall_time")))
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _words(record: dict[str, object]) -> str:
    detail = record.get("detail")
    texts = [record.get("event")]
    if isinstance(detail, dict):
        texts += [detail.get(key) for key in ("reason", "cause", "outcome")]
    return " ".join(str(text) for text in texts if text).casefold()
