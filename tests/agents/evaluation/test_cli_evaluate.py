"""``heatrouter evaluate``: one clear message for bad input, and files that appear whole."""

import csv
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from heatrouter.agents import cli_evaluate, evaluation_scenarios
from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.evaluation_controllers import Entrant
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_results import Evaluation
from heatrouter.agents.rollout import BatchLike
from heatrouter.envs.cli import main
from heatrouter.envs.scenarios.library import ScenarioLibrary

COMMAND = ["evaluate", "energy-web", "--weeks", "3", "--hours", "24", "--jobs", "1"]

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _fake_plant(
    question: Question, library: ScenarioLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batch(asked: Question, entrant: Entrant, num_envs: int) -> BatchLike:
        assert question.make_batch is not None
        parametrisation = entrant.controller.parametrisation
        task = asked.task.model_copy(update={"parametrisation": parametrisation})
        return question.make_batch(task, num_envs)

    monkeypatch.setattr(Question, "batch", batch)
    monkeypatch.setattr(evaluation_scenarios, "build_library", lambda *_args, **_settings: library)
    monkeypatch.setattr(
        Question, "contract", lambda asked, entrant: batch(asked, entrant, 1).contract
    )
    monkeypatch.setenv("COLUMNS", "160")


def test_all_files_are_written(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "deep" / "result"
    files = {kind: out.with_suffix(f".{kind}") for kind in ("json", "html", "csv")}
    options = zip(("--json", "--report", "--csv"), files.values(), strict=True)
    code = main([*COMMAND, *(part for option, path in options for part in (option, str(path)))])
    assert code == 0
    found = Evaluation.model_validate_json(files["json"].read_text(encoding="utf-8"))
    assert found.controller_names == ("rules", "constant-price")
    assert files["html"].read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with files["csv"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 2
    costs = [float(row["cost_eur"]) for row in rows if row["controller"] == "rules"]
    assert costs == list(found.controllers[0].costs_eur)
    assert sorted(out.parent.iterdir()) == sorted(files.values())
    table = capsys.readouterr().out
    assert "Demand covered, %" in table
    assert "constant price: cheaper in" in table


def test_json_to_standard_output_is_only_json(capsys: Capture) -> None:
    assert main([*COMMAND, "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["district"] == "energy-web"
    assert "Demand covered" in captured.err


BAD: list[tuple[list[str], str]] = [
    (["--controllers", "rules,ruels"], "ruels: no such controller"),
    (["--controllers", "rules,policy"], "--bundle"),
    (["--bundle", "NOWHERE"], "a bundle is a folder"),
    (["--controllers", "constant-price"], "baseline 'rules' is not among"),
    (["--reference", "mpc"], "reference 'mpc' is not among"),
    (["--controllers", "rules,no.such:Thing"], "cannot be imported"),
    (["--constant-price", "NOWHERE"], "NOWHERE"),
    (["--rules", "NOWHERE"], "NOWHERE"),
    (["--task", "NOWHERE"], "NOWHERE"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_bad_input_gives_one_message_and_no_file(
    options: list[str], message: str, tmp_path: Path, capsys: Capture
) -> None:
    options = [str(tmp_path / "NOWHERE") if part == "NOWHERE" else part for part in options]
    out = tmp_path / "out"
    files = ["--json", str(out / "r.json"), "--report", str(out / "r.html")]
    assert main([*COMMAND, *options, *files]) == 78
    captured = capsys.readouterr()
    assert captured.err.count("error:") == 1
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert not out.exists()


def test_an_unknown_preset_is_named(capsys: Capture) -> None:
    assert main(["evaluate", "atlantis"]) == 78
    assert "atlantis" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--weeks", "0"], ["--split", "tset"], ["--seed", "-1"]])
def test_wrong_usage_is_2(options: list[str]) -> None:
    assert main(["evaluate", "energy-web", *options]) == 2


def test_a_failure_leaves_older_files_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> str:
        raise OSError(28, "No space left on device", "report")

    old = tmp_path / "r.json"
    old.write_text("old", encoding="utf-8")
    monkeypatch.setattr(cli_evaluate, "render_reports", fail)
    files = ["--json", str(old), "--report", str(tmp_path / "r.html")]
    assert main([*COMMAND, *files]) == 1
    assert old.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path, capsys: Capture) -> None:
    assert main([*COMMAND, "--json", str(tmp_path), "--csv", str(tmp_path)]) == 78
    assert capsys.readouterr().err.count(f"{tmp_path}: is a folder") == 2


def test_a_reference_that_is_none_fails_the_run(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("shortsighted")
    vars(module)["Planner"] = lambda: ConstantAction("planner", "offset")
    monkeypatch.setitem(sys.modules, "shortsighted", module)
    path = "shortsighted:Planner"
    options = ["--controllers", f"rules,{path}", "--reference", path]
    code = main([*COMMAND, *options, "--json", str(tmp_path / "r.json")])
    assert code == 1
    assert "it is no reference" in capsys.readouterr().err
    assert (tmp_path / "r.json").is_file()


def test_an_interrupted_run_says_how_to_go_on(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_arguments: object, **_settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_evaluate, "evaluate_all", interrupt)
    assert main([*COMMAND, "--work", str(tmp_path)]) == 130
    assert "run the same command again" in capsys.readouterr().err
