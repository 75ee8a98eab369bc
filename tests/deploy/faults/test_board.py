"""The board itself: registry, verdict, what is kept and printed, exit codes."""

import json
import math
from pathlib import Path

import pytest

from heatrouter.deploy.faults.board import FaultRow, Occasion, RowResult, judged
from heatrouter.deploy.faults.board_page import page
from heatrouter.deploy.faults.board_run import Board, read_board, run_row, to_json
from heatrouter.deploy.faults.registry import ROWS
from heatrouter.envs.cli import main
from heatrouter.envs.errors import ConfigError

REAL_ONLY = {19, 20, 21, 26, 27}
"""Processes, disks, sockets and a real scheduler."""


def test_the_registry_has_all_rows_of_the_board() -> None:
    assert list(ROWS) == list(range(1, 29))
    assert all(row.number == number for number, row in ROWS.items())
    assert {number for number, row in ROWS.items() if row.virtual is None} == REAL_ONLY


def result(**changes: object) -> RowResult:
    given: dict[str, object] = {"reaction_s": [10.0, 60.0], "bound_s": 60.0, "unsafe_writes": 0}
    return judged(2, "virtual", **(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reaction_s": [10.0, 60.1]}, "1 of 2 reactions later than 60 s"),
        ({"reaction_s": [math.inf]}, "later"),
        ({"reaction_s": [math.nan]}, "later"),
        ({"unsafe_writes": 1}, "1 unsafe writes"),
        ({"audit_names_cause": False}, "audit"),
        ({"recovered_properly": False}, "recovery"),
        ({"failures": ["the policy was left"]}, "the policy was left"),
    ],
)
def test_each_condition_alone_fails_a_row(changes: dict[str, object], words: str) -> None:
    found = result(**changes)
    assert not found.passed
    assert words in found.detail


def test_a_row_within_everything_passes() -> None:
    assert result(detail="worth knowing") == RowResult(
        row=2,
        kind="virtual",
        reaction_s=(10.0, 60.0),
        bound_s=60.0,
        unsafe_writes=0,
        audit_names_cause=True,
        recovered_properly=True,
        passed=True,
        detail="worth knowing",
    )


def row(virtual: RowResult | None, number: int = 2) -> FaultRow:
    def scenario(occasion: Occasion) -> RowResult:
        assert list(occasion.folder.iterdir()) == []
        if virtual is None:
            raise ZeroDivisionError
        return virtual

    return FaultRow(number, "title", "fault", "reaction | or not", "1 T", scenario, None)


def test_a_scenario_that_breaks_is_a_failed_row() -> None:
    found = run_row(row(None), "virtual", 1)
    assert found is not None
    assert not found.passed
    assert "ZeroDivisionError" in found.detail
    assert run_row(row(None), "real", 1) is None


def test_results_come_back_from_their_file_and_older_ones_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "board.json"
    late = run_row(row(result(reaction_s=[math.inf, 1.0])), "virtual", 2)
    fine = run_row(row(result()), "virtual", 2)
    other = run_row(row(judged(1, "virtual", reaction_s=(), bound_s=math.nan, unsafe_writes=0), 1),
                    "virtual", 1)  # fmt: skip
    assert late is not None
    assert fine is not None
    assert other is not None
    board = Board().with_rows([late, other])
    path.write_text(to_json(board))
    json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert read_board(path) == board
    assert late.ordered_s == (1.0, math.inf)
    assert board.with_rows([fine]).rows == (other, fine)
    with pytest.raises(ConfigError, match="no fault board"):
        read_board(tmp_path / "none.json")


def test_the_page_has_every_row_and_its_verdict() -> None:
    late = run_row(row(result(reaction_s=[math.inf, 1.0])), "virtual", 2)
    assert late is not None
    board = Board(rows=(late,))
    lines = page({2: row(None), **{n: ROWS[n] for n in (1, 3)}}, board).splitlines()
    table = [line for line in lines if line.startswith("| ")]
    assert [line.split("|")[1].strip() for line in table] == ["#", "2", "1", "3"]
    assert "1.0 / never | FAILED" in table[1]
    assert {line.count("|") for line in table} == {9}, "a bar in a text would be a column"
    assert any(line.startswith("- 2, virtual: 1 of 2 reactions later") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "words"), [(["--row", "29"], "1 to 28"), ([], "name rows"), (["--row", "0"], "0")]
)
def test_rows_that_are_not_there_are_refused(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["faults", "run", *arguments]) not in {0, 1}
    assert words in capsys.readouterr().err


def test_the_list_says_what_can_be_run_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 28
    assert {entry["row"] for entry in rows if not entry["virtual"]} == REAL_ONLY


def test_the_page_of_the_documentation_is_the_one_of_the_results_beside_it() -> None:
    """Else: heatrouter faults page docs/faults.json --out docs/faults.md."""
    docs = Path(__file__).parents[3] / "docs"
    assert (docs / "faults.md").read_text() == page(ROWS, read_board(docs / "faults.json"))
