"""The scenario files that come with the project."""

from pathlib import Path

import pytest

from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.scenario_file import (
    ComputedGround,
    FileSeries,
    load_scenario_file,
    scenario_schema,
)

CONFIGS = Path(__file__).parents[3] / "configs" / "scenarios"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_scenario_file_of_the_project_is_valid(path: Path) -> None:
    file = load_scenario_file(path)
    assert file.name == path.stem
    assert isinstance(file.site.ground_temp_c, ComputedGround)


@pytest.mark.parametrize("name", ["de-2023", "dk-2018", "dk-2020"])
def test_years_of_judging_are_for_nothing_else_and_say_what_is_borrowed(name: str) -> None:
    file = load_scenario_file(CONFIGS / f"{name}.yaml")
    assert file.split == "test"
    for source in (file.site.irradiance_w_m2, file.site.wind_speed_m_s):
        assert isinstance(source, FileSeries)
        assert source.align == "calendar"
        assert source.note.startswith("borrowed:")


def test_the_schema_describes_every_field_of_a_file_series() -> None:
    definitions = scenario_schema()["$defs"]
    assert isinstance(definitions, dict)
    assert set(definitions["FileSeries"]["properties"]) >= {"file", "column", "scale", "clock"}
    assert scenario_schema()["title"] == "heatrouter scenario"


def test_files_that_are_no_scenario_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="there is no such file"):
        load_scenario_file(tmp_path / "none.yaml")
    path = tmp_path / "list.yaml"
    path.write_text("- 1\n- 2\n")
    with pytest.raises(ScenarioError, match="holds no mapping"):
        load_scenario_file(path)
    path.write_text("name: a\nname: b\n")
    with pytest.raises(ScenarioError, match="given twice"):
        load_scenario_file(path)
