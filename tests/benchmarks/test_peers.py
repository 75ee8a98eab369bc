"""The comparison with peers: what it promises, the talk between its processes, and its page."""

import re
import sys
from pathlib import Path

import pytest
from peers.comparisons import GROUPS
from peers.page import page
from peers.record import GroupRecord, PairRecord, Record, SideRecord, read_record
from peers.worker import Worker, WorkerError

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def record_of(ratios: tuple[float, ...]) -> Record:
    missing = "" if ratios else "no wheel"
    group = GroupRecord(
        name="Decisions",
        sides=(SideRecord(title="peer", unit="a step", missing=missing),)
        if missing
        else (SideRecord(title="peer", unit="a step", rates_per_cpu_s=(12345.0, 10.0, 11.0)),),
        pairs=(PairRecord(ours="ours", peer="peer", ratios=ratios, least=10.0),),
    )
    return Record(
        time="now", machine="none", cores=1, load_average=(0.0,), rounds=3, groups=(group,)
    )


def test_the_page_is_made_of_the_json_beside_it() -> None:
    record = read_record(DOCS / "benchmarks.json")
    assert (DOCS / "benchmarks.md").read_text(encoding="utf-8") == page(record)


def test_the_published_run_is_of_what_is_compared_now() -> None:
    record = read_record(DOCS / "benchmarks.json")
    published = [(p.ours, p.peer, p.least) for group in record.groups for p in group.pairs]
    assert published == [(p.ours, p.peer, p.least) for group in GROUPS for p in group.pairs]
    assert record.rounds >= 5


@pytest.mark.parametrize(
    ("ratios", "missed"),
    [((9.0, 10.5, 11.0), False), ((9.0, 9.9, 90.0), True), ((), True)],
    ids=["median holds", "median is short", "not measured"],
)
def test_the_median_decides_and_a_peer_that_did_not_run_misses(
    ratios: tuple[float, ...], missed: bool
) -> None:
    assert bool(record_of(ratios).missed()) is missed


def test_a_peer_that_is_missing_says_why() -> None:
    text = page(record_of(()))
    assert "not measured: no wheel" in text
    assert "Missed: ours over peer: not measured" in text


def test_numbers_have_three_digits_and_their_spread() -> None:
    text = page(record_of((9.0, 10.5, 12.34)))
    assert "**10.5** (9 to 12.3)" in text
    assert "11 (10 to 12\u202f300)" in text


def test_every_pair_names_sides_and_every_peer_has_exact_pins() -> None:
    for group in GROUPS:
        titles = [side.title for side in group.sides]
        assert len(set(titles)) == len(titles)
        assert {title for pair in group.pairs for title in (pair.ours, pair.peer)} == set(titles)
        for side in group.sides:
            assert (ROOT / "benchmarks" / "peers" / f"{side.module}.py").is_file()
            if side.pins:
                file = ROOT / "benchmarks" / "peers" / f"requirements-{side.pins}.txt"
                pins = [
                    line
                    for line in file.read_text(encoding="utf-8").splitlines()
                    if not line.startswith("#")
                ]
                assert pins
                assert [p for p in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", p)] == []


def test_a_worker_works_when_told(tmp_path: Path) -> None:
    with Worker(sys.executable, "env_cartpole", [], own=True, log=tmp_path / "log") as worker:
        assert "gymnasium" in worker.about["packages"]
        spent = worker.do("step")
        assert spent.done == 50_000
        assert spent.cpu_s > 0.0
        with pytest.raises(WorkerError, match="no such work"):
            worker.do("no such work")


def test_a_worker_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="env_nothing"):
        Worker(sys.executable, "env_nothing", [], own=True, log=tmp_path / "log")
