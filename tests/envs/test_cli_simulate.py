"""``heatrouter simulate``: key figures, closure, files, exit codes."""

import csv
import json
from pathlib import Path

import pytest

from heatrouter.envs.cli import main
from heatrouter.envs.kpis import KPIS
from heatrouter.envs.spec.loading import preset_text

DAY = ["--days", "0.25", "--start", "15"]


def test_figures_and_closure_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "energy-web", *DAY]) == 0
    printed = capsys.readouterr().out
    assert "Demand covered" in printed
    assert "energy balance closes" in printed


def test_json_and_files_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "run"
    assert main(["simulate", *DAY, "--json", "--out", str(out), "--seed", "3"]) == 0
    printed = json.loads(capsys.readouterr().out)
    written = json.loads((out / "kpis.json").read_text(encoding="utf-8"))
    assert written["kpis"] == printed["kpis"]
    assert {kpi.name for kpi in KPIS} <= set(printed["kpis"])
    assert printed["kpis"]["energy_closure_relative"] < 1e-9
    with (out / "outputs.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["seconds"] for row in rows[:2]] == ["900", "1800"]
    assert len(rows) == 24
    assert 0.0 <= float(rows[-1]["tank.level"]) <= 1.0
    assert (out / "last.png").stat().st_size > 5_000


def test_without_reuse_gas_takes_over(capsys: pytest.CaptureFixture[str]) -> None:
    gas = {}
    for reuse in (True, False):
        assert main(["simulate", *DAY, "--json", *([] if reuse else ["--no-reuse"])]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["reuse"] is reuse
        gas[reuse] = answer["kpis"]["fuel_kwh"]
    assert gas[False] > 1.5 * gas[True]
    assert main(["simulate", *DAY, "--no-reuse"]) == 0
    assert "under the rules without reuse" in capsys.readouterr().out


def test_equal_seeds_give_equal_runs(capsys: pytest.CaptureFixture[str]) -> None:
    answers = []
    for seed in ("1", "1", "2"):
        assert main(["simulate", *DAY, "--json", "--seed", seed]) == 0
        answers.append(json.loads(capsys.readouterr().out)["kpis"])
    assert answers[0] == answers[1] != answers[2]


def test_a_file_and_the_reference_year(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(preset_text("energy-web"), encoding="utf-8")
    assert main(["simulate", str(file), *DAY, "--scenario", "try", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scenario"].startswith("try")
    assert f"{file}: no task is named" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--days", "0"], 2),
        (["--start", "400"], 2),
        (["--days", "many"], 2),
        (["--scenario", "nobody"], 78),
        (["--task", "nobody"], 78),
    ],
)
def test_wrong_arguments(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "energy-web", *arguments]) == code
    assert capsys.readouterr().err


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--help"]) == 0
    assert "Example: heatrouter simulate" in " ".join(capsys.readouterr().out.split())


def test_origins_add_up_to_the_heat_delivered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--days", "0.5", "--start", "15", "--origins", "--json"]) == 0
    traced = json.loads(capsys.readouterr().out)["heat_by_origin_kwh"]
    assert set(traced) >= {"town_old", "greenhouse"}
    assert all(heat >= 0.0 for row in traced.values() for heat in row.values())
    assert sum(traced["town_old"].values()) > 100.0
    assert traced["town_old"]["glassworks"] > traced["chip_fab"]["glassworks"]
