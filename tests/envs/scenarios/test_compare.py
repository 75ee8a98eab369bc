import pytest

from heatrouter.envs.scenarios.compare import STATISTICS, libraries_of, table
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.district import District


def test_the_table_has_a_row_for_every_statistic(
    train: ScenarioLibrary, judged: ScenarioLibrary
) -> None:
    lines = table({"train": train, "one": judged.select([0])}).splitlines()
    assert lines[0] == "| | train | one |"
    assert len(lines) == 2 + len(STATISTICS)
    assert " .. " in lines[2]
    assert lines[2].endswith("| 8.592 |")


@pytest.mark.slow
def test_the_splits_stand_side_by_side(district: District) -> None:
    libraries = libraries_of(district, 2)
    assert table(libraries).startswith("| | train | validation | test (reference year) |")
