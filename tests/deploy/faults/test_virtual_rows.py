"""Rows of the board on the virtual clock: some in every run, all of them in the slow one."""

import json
from pathlib import Path

import pytest

from heatrouter.deploy.faults.board import Occasion
from heatrouter.deploy.faults.registry import ROWS
from heatrouter.deploy.faults.virtual_run import VirtualRun
from heatrouter.deploy.modes import Mode
from heatrouter.envs.cli import main

FAST = (2, 10, 15)
SEEDS = (0, 1, 2)


def run(number: int, folder: Path, seeds: tuple[int, ...]) -> None:
    scenario = ROWS[number].virtual
    assert scenario is not None
    found = scenario(Occasion(folder / "row", seeds))
    assert found.row == number
    assert found.passed, found.detail
    assert found.unsafe_writes == 0


@pytest.mark.parametrize("number", FAST)
def test_a_row_keeps_its_bound(number: int, tmp_path: Path) -> None:
    run(number, tmp_path, (7,))


@pytest.mark.slow
@pytest.mark.parametrize("number", [n for n, row in ROWS.items() if row.virtual is not None])
def test_every_row_keeps_its_bound(number: int, tmp_path: Path) -> None:
    run(number, tmp_path, SEEDS)


async def test_the_board_sees_what_a_service_without_a_guard_would_do(tmp_path: Path) -> None:
    """A board that cannot fail proves nothing."""
    bench = VirtualRun(tmp_path, 0)
    await bench.warm()
    assert bench.checker.unsafe == []
    supply = "set_point:main.supply_temp_c"
    for value in (float("nan"), 60.0, bench.link.shown(supply) + 3.0):
        assert await bench.link.write({supply: value}) == (supply,)
    assert len(bench.checker.unsafe) == 3
    assert bench.seen[-1].mode is Mode.POLICY


def test_the_command_keeps_what_it_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "board.json"
    assert main(["faults", "run", "--row", "16", "--seeds", "1", "--out", str(out)]) == 0
    assert "1 run, 0 failed, 0 unsafe writes" in capsys.readouterr().out
    kept = json.loads(out.read_text())
    assert [(r["row"], r["kind"], r["passed"]) for r in kept["rows"]] == [(16, "virtual", True)]
    assert main(["faults", "page", str(out), "--out", str(tmp_path / "faults.md")]) == 0
    assert "| 16 | **operator takes over**" in (tmp_path / "faults.md").read_text()
