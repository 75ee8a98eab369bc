"""``heatrouter districts import`` writes a district that the other commands take."""

import json
import re
import sys
from pathlib import Path

import pytest
from tests.envs.exchange.esdl_files import coupled, town
from tests.envs.exchange.pandapipes_files import ring, written
from typer.testing import CliRunner

from heatrouter.envs.cli_districts import app
from heatrouter.envs.errors import EXIT_CONFIG, ConfigError
from heatrouter.envs.exchange.importing import write_all
from heatrouter.envs.spec.loading import load_district

RUNNER = CliRunner()


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_yaml_and_report_are_written_and_sound(tmp_path: Path) -> None:
    (tmp_path / "t.esdl").write_text(town().text(), encoding="utf-8")
    out = tmp_path / "new" / "t.yaml"
    ran = RUNNER.invoke(app, ["import", str(tmp_path / "t.esdl"), "--out", str(out), "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    district = load_district(out)
    assert told["digest"] == district.digest
    assert files(out.parent) == {"t.yaml", "t.import.md"}
    page = (out.parent / "t.import.md").read_text(encoding="utf-8")
    for section in ("mapped", "assumed"):
        for entry in told["report"][section]:
            assert entry["what"] in page
            assert " ".join(entry["what"].split()) in out.read_text(encoding="utf-8")
    assert all("assumed" in unit.sizing for unit in district.units)


def test_what_was_not_read_is_named(tmp_path: Path) -> None:
    tables = ring() | {"weather": [{"temp": 3.0}]}
    tables["heat_consumer"][1]["mood"] = "good"
    texts = {
        "a.json": written(tables),
        "b.esdl": town().text().replace('id="Tank"', 'id="Tank" mood="good"'),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        out = str(tmp_path / f"{name}.yaml")
        ran = RUNNER.invoke(app, ["import", str(tmp_path / name), "--out", out, "--json"])
        dropped = [entry["what"] for entry in json.loads(ran.stdout)["report"]["dropped"]]
        assert any("mood" in line for line in dropped)
        assert name != "a.json" or "the table weather" in dropped


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    source, out = tmp_path / "net.json", tmp_path / "net.yaml"
    source.write_text(written(ring()), encoding="utf-8")
    out.write_text("mine", encoding="utf-8")
    ran = RUNNER.invoke(app, ["import", str(source), "--out", str(out)])
    assert isinstance(ran.exception, ConfigError)
    assert out.read_text(encoding="utf-8") == "mine"
    assert files(tmp_path) == {"net.json", "net.yaml"}
    assert RUNNER.invoke(app, ["import", str(source), "--out", str(out), "--force"]).exit_code == 0
    assert len(load_district(out).pipes) == 7


def test_mistakes_leave_78_and_no_file(tmp_path: Path) -> None:
    source = tmp_path / "t.esdl"
    source.write_text(town().text().replace('"DN150"', '"DN1"'), encoding="utf-8")
    ran = RUNNER.invoke(app, ["import", str(source), "--out", str(tmp_path / "t.yaml"), "--json"])
    assert ran.exit_code == EXIT_CONFIG
    told = json.loads(ran.stdout)
    assert told["imported"] is False
    assert "Pipe 'P1'" in {m["path"] for m in told["mistakes"]}
    assert files(tmp_path) == {"t.esdl"}


def test_what_makes_no_district_is_told_by_name(tmp_path: Path) -> None:
    source = tmp_path / "t.esdl"
    source.write_text(town().text().replace('power="500000.0"', 'power="9e14"'), encoding="utf-8")
    ran = RUNNER.invoke(app, ["import", str(source), "--out", str(tmp_path / "t.yaml")])
    assert isinstance(ran.exception, ConfigError)
    assert "units[house_a].space_heat_design_kw" in str(ran.exception)
    assert not re.search(r"\(line \d+\)", str(ran.exception))


def test_a_file_that_cannot_be_written_leaves_none(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "full.yaml").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        write_all({blocked / "full.yaml": "x", blocked / "a.md": "y"}, overwrite=True)
    assert files(blocked) == {"full.yaml"}


@pytest.mark.parametrize("command", [["import", "schutterwald_heat"], ["export", "energy-web"]])
def test_a_missing_package_is_named_with_its_remedy(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandapipes", None)
    out = tmp_path / ("x.yaml" if command[0] == "import" else "x.json")
    ran = RUNNER.invoke(app, [*command, "--out", str(out)])
    assert isinstance(ran.exception, ConfigError)
    assert "pip install 'heatrouter[io]'" in str(ran.exception)


def test_files_need_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pandapipes", "esdl", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)
    for name, text in (("a.esdl", coupled(heatTransferCoefficient=5e4).text()),
                       ("b.json", written(ring()))):  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
        out = tmp_path / f"{name}.yaml"
        assert (
            RUNNER.invoke(app, ["import", str(tmp_path / name), "--out", str(out)]).exit_code == 0
        )


@pytest.mark.parametrize("source", ["nowhere.esdl", ".", "schutterwald"])
def test_what_is_no_file_is_told(source: str, tmp_path: Path) -> None:
    ran = RUNNER.invoke(app, ["import", source, "--out", str(tmp_path / "x.yaml")])
    assert isinstance(ran.exception, ConfigError)
