import pytest

from heatrouter.envs.scenarios.compare import STATISTICS, main, table
from heatrouter.envs.scenarios.library import ScenarioLibrary


def test_the_table_has_a_row_for_every_statistic(
    train: ScenarioLibrary, judged: ScenarioLibrary
) -> None:
    lines = table({"train": train, "one": judged.select([0])}).splitlines()
    assert lines[0] == "| | train | one |"
    assert len(lines) == 2 + len(STATISTICS)
    assert " .. " in lines[2]
    assert lines[2].endswith("| 8.592 |")


@pytest.mark.slow
def test_the_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    main(["energy-web", "--years", "2"])
    assert capsys.readouterr().out.startswith("| | train | validation | test (reference year) |")
