"""Rows of the board over real sockets and processes; `heatrouter faults run --sockets` has all."""

from pathlib import Path

import pytest

from heatrouter.deploy.faults.board import Occasion
from heatrouter.deploy.faults.registry import ROWS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SHORT = (1, 2, 5, 7, 14, 15, 16, 18, 19, 24, 25, 28)


def test_every_row_but_the_drift_of_a_sensor_can_be_run_for_real() -> None:
    assert [number for number, row in ROWS.items() if row.real is None] == [6]


@pytest.mark.parametrize("number", SHORT)
def test_a_row_keeps_its_bound_for_real(number: int, tmp_path: Path) -> None:
    scenario = ROWS[number].real
    assert scenario is not None
    found = scenario(Occasion(tmp_path / "row"))
    assert found.row == number
    assert found.passed, found.detail
    assert found.unsafe_writes == 0
