"""The search: whole records only, newest first, over files that are set aside meanwhile."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatrouter.deploy.audit import AuditLog, AuditRecord
from heatrouter.deploy.web import audit_search
from heatrouter.deploy.web.audit_search import AuditQuery, CursorError, search_audit

BEGIN = 1_700_000_000.0


def write(path: Path, events: list[str | None], *, max_bytes: int = 10**9) -> None:
    moments = iter(range(len(events)))
    with AuditLog(
        path,
        max_bytes=max_bytes,
        sync_interval_s=None,
        wall_clock=lambda: BEGIN + next(moments),
    ) as log:
        for number, event in enumerate(events):
            log.write(
                AuditRecord(
                    tick=number,
                    time_s=float(number),
                    mode="POLICY" if number % 2 else "RULES",
                    target="POLICY",
                    event=event,
                    user="anna" if number % 3 == 0 else None,
                    detail={"reason": f"because {number}", "filler": "x" * (number % 50)},
                )
            )


def ticks_of(page: audit_search.AuditPage) -> list[object]:
    return [record["tick"] for record in page.records]


@settings(deadline=None, max_examples=60)
@given(
    count=st.integers(0, 40),
    block=st.integers(1, 4000),
    segment=st.integers(300, 20_000),
    limit=st.integers(1, 50),
)
def test_every_record_once_whatever_the_blocks(
    tmp_path_factory: pytest.TempPathFactory, count: int, block: int, segment: int, limit: int
) -> None:
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    write(path, [f"event {i}" for i in range(count)], max_bytes=segment)
    found, cursor = [], None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_search, "BLOCK_BYTES", block)
        for _ in range(count + 2):
            page = search_audit(path, AuditQuery(limit=limit, cursor=cursor))
            found += ticks_of(page)
            cursor = page.cursor
            if cursor is None:
                break
    assert found == list(range(count - 1, -1, -1))


def test_filters(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, ["mode RULES" if i % 4 == 0 else None for i in range(40)])

    def search(**query: object) -> list[object]:
        return ticks_of(search_audit(path, AuditQuery(limit=200, **query)))  # type: ignore[arg-type]  # of many types

    assert search() == list(range(36, -1, -4))
    assert search(ticks=True) == list(range(39, -1, -1))
    assert search(mode="POLICY", ticks=True) == list(range(39, 0, -2))
    assert search(user="anna") == [36, 24, 12, 0]
    assert search(text="BECAUSE 3") == [36, 32]
    assert search(begin=BEGIN + 10.0, end=BEGIN + 20.0) == [20, 16, 12]
    assert search(user="ann") == []


def test_a_record_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, ["one", "two"])
    with path.open("ab") as file:
        file.write(b'{"body":{"event":"thr')
    page = search_audit(path, AuditQuery())
    assert ticks_of(page) == [1, 0]
    assert page.unreadable == 0


def test_a_page_goes_on_where_it_was_although_the_file_was_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, [f"event {i}" for i in range(10)])
    page = search_audit(path, AuditQuery(limit=4))
    path.rename(tmp_path / "audit.000001.jsonl")
    write(path, ["newer"])
    rest = search_audit(path, AuditQuery(cursor=page.cursor))
    assert ticks_of(rest) == [5, 4, 3, 2, 1, 0]


def test_damage_is_counted_and_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, ["one", "two", "three"])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"\xff\x00 no record\n" + lines[2])
    page = search_audit(path, AuditQuery())
    assert ticks_of(page) == [2, 0]
    assert page.unreadable == 1


def test_a_search_that_takes_too_long_says_where_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, [f"event {i}" for i in range(10)])
    seconds = iter(range(0, 1000, 1))
    page = search_audit(path, AuditQuery(text="nowhere"), clock=lambda: float(next(seconds)))
    assert not page.complete
    assert page.cursor is not None
    rest = search_audit(path, AuditQuery(cursor=page.cursor))
    assert 0 < len(rest.records) < 10


@pytest.mark.parametrize("cursor", ["", "1-2", "../../etc/passwd:0", "x", "-1--1"])
def test_a_cursor_that_nobody_gave_out(tmp_path: Path, cursor: str) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, ["one"])
    with pytest.raises(CursorError):
        search_audit(path, AuditQuery(cursor=cursor))
