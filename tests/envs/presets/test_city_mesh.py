"""The generated town: of the size asked for, repeatable, written so that it reads back the same."""

from pathlib import Path

import pytest
import yaml

from heatrouter.envs.cli import main
from heatrouter.envs.errors import EXIT_CONFIG, ConfigError
from heatrouter.envs.presets.city_mesh import city_mesh, city_mesh_text
from heatrouter.envs.scenarios.catalogue import SHARED_HOT_WATER, series_of
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.sizing import size_figures
from heatrouter.envs.spec.district_text import district_text
from heatrouter.envs.spec.loading import (
    load_district,
    parse_district,
    preset_names,
    preset_text,
)


def test_the_preset_is_what_the_generator_makes() -> None:
    assert preset_text("city-mesh") == city_mesh_text()


@pytest.mark.parametrize(("pipes", "seed"), [(40, 0), (97, 1), (260, 2)])
def test_towns_of_any_size_are_sound(pipes: int, seed: int) -> None:
    text = city_mesh_text(pipes, seed, "town")
    town = parse_district(text)  # also checks that every place has a path and the pump can lift
    assert len(town.pipes) == pipes
    assert len(town.pipes) >= len(town.locations) + 1  # at least two rings
    assert town == city_mesh(pipes, seed, "town")
    odd = [figure.name for figure in size_figures(town) if not figure.sensible]
    assert odd == []


def test_another_seed_is_another_town() -> None:
    assert city_mesh(60, 1).digest == city_mesh(60, 1).digest
    assert city_mesh(60, 1).digest != city_mesh(60, 2).digest


def test_too_small_a_town_is_refused() -> None:
    with pytest.raises(ConfigError, match="pipes 12 must be >= 40"):
        city_mesh(12)


@pytest.mark.parametrize("name", preset_names())
def test_written_districts_read_back_the_same(name: str) -> None:
    fields = yaml.safe_load(preset_text(name))
    assert parse_district(district_text(fields, ["a heading"])) == load_district(name)


def test_many_substations_share_their_hot_water() -> None:
    district = load_district("city-mesh")
    names = [name for name in series_of(district) if "hot_water" in name]
    assert names == [SHARED_HOT_WATER]
    library = build_library(district, "train", 1)
    draw = library.values[0, :, library.column(SHARED_HOT_WATER)]
    # 1 MWh a year is drawn as 1000 kWh
    assert draw.sum() * library.step_s / 3600.0 == pytest.approx(1000.0)
    assert 0.0 < draw.min() < draw.max() < 1.0


def test_generate_writes_a_district_that_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new" / "town.yaml"
    asked = ["--pipes", "45", "--seed", "3", "--name", "small-town"]
    assert main(["districts", "generate", *asked, "--out", str(file)]) == 0
    assert main(["districts", "check", str(file), "--strict"]) == 0
    capsys.readouterr()
    assert main(["districts", "generate", *asked]) == 0
    assert capsys.readouterr().out == file.read_text(encoding="utf-8")
    assert main(["districts", "generate", "--pipes", "3"]) == EXIT_CONFIG
