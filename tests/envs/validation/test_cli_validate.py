"""``heatrouter validate``: verdicts, exit codes, JSON, pictures, and messages for missing data."""

import json
from pathlib import Path

import pytest
from tests.envs.validation.synthetic import pretend_pandapipes, write_table, write_ulg

from heatrouter.envs.cli import main


def run(*arguments: object) -> int:
    return main(["validate", *map(str, arguments)])


def test_a_closed_form_is_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Delay, two wall volumes and loss of the transport are those of the closed form."""
    write_ulg(tmp_path)
    assert run("ulg", "--data", tmp_path, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["passed"] is True
    checks = {check["figure"]: check for check in answer["parts"][0]["checks"]}
    assert checks["RMSE at 1 s"]["value"] < 0.12
    assert abs(checks["bias at 1 s"]["value"]) < 0.02
    assert checks["RMSE at 60 s"]["passed"] is None


def test_a_missed_limit_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_ulg(tmp_path)
    write_ulg(tmp_path, name="made_2", shift_k=0.3)
    assert run("ulg", "--data", tmp_path) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "MISSED" in printed
    assert "1 of 4 limits missed: ulg made_2 bias at 1 s" in printed


def test_other_tools_results_stand_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_ulg(tmp_path)
    rows = [(0, 20, 294.15), (100, 30, 301.15)]
    write_table(
        tmp_path / "ulg" / "reference_some_tool_ulg_made_1.csv",
        ("time", "T_out_measured", "T_out_model"),
        ("s", "degC", "K"),
        rows,
    )
    assert run("ulg", "--data", tmp_path, "--json") == 0
    figures = json.loads(capsys.readouterr().out)["parts"][0]["checks"]
    assert figures[0]["references"]["some tool"] == pytest.approx((0.5 * (1 + 4)) ** 0.5)
    assert figures[1]["references"]["some tool"] == pytest.approx(-0.5)


def test_pictures_are_written(tmp_path: Path) -> None:
    write_ulg(tmp_path)
    assert run("ulg", "--data", tmp_path, "--plot", tmp_path / "new" / "pictures") == 0
    picture = tmp_path / "new" / "pictures" / "validation-ulg-made_1.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert 5_000 < picture.stat().st_size < 150_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ulg"], "--data"),
        (["ulg", "--data", "nowhere"], "nowhere is no folder"),
        (["ait", "--data", "."], "ait"),
        (["destest", "--data", "."], "destest"),
        (["all", "--data", "nowhere"], "nowhere is no folder"),
    ],
)
def test_missing_data_is_said(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == 78
    assert said in capsys.readouterr().err


def test_an_empty_folder_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tugraz").mkdir()
    assert run("tugraz", "--data", tmp_path) == 78
    assert "holds no case*.csv" in capsys.readouterr().err


def test_broken_files_are_named_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_ulg(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("\n398.0,", "\n39x,"), "utf-8")
    assert run("ulg", "--data", tmp_path) == 78
    captured = capsys.readouterr()
    assert "ulg/ulg_made_1.csv, line 203, column 'time': '39x' is no number" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("installed", "said"),
    [(None, "pip install 'heatrouter[io]'"), ("0.12.0", "0.16 or newer is needed")],
)
def test_missing_or_old_pandapipes_is_said(
    installed: str | None,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pretend_pandapipes(installed, monkeypatch)
    assert run("pandapipes") == 78
    assert said in capsys.readouterr().err


def test_the_substation_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("substation", "--json") == 0
    checks = json.loads(capsys.readouterr().out)["parts"][0]["checks"]
    assert [check["passed"] for check in checks] == [True] * 5
