"""``heatrouter evaluate``: one clear message for bad input, and files that appear whole."""

import csv
import json
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest

from heatrouter.agents import evaluation_controllers, evaluation_scenarios, evaluation_session
from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.evaluation_controllers import FACTORIES, ControllerSettings, Entrant
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_results import Evaluation, EvaluationSet
from heatrouter.agents.rollout import BatchLike
from heatrouter.envs.cli import main
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.loading import preset_text

COMMAND = [
    *("evaluate", "energy-web", "--weeks", "3", "--hours", "24", "--jobs", "1"),
    *("--controllers", "rules,constant-price"),  # no policy was trained for the fake plant
    *("--bound", "none"),  # nor has it scenarios of its own
]

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _fake_plant(
    question: Question, library: ScenarioLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert question.make_batch is not None
    plant: Callable[..., BatchLike] = type(question.make_batch(question.task, 1))

    def batch(asked: Question, entrant: Entrant, num_envs: int) -> BatchLike:
        parametrisation = entrant.controller.parametrisation
        task = asked.task.model_copy(update={"parametrisation": parametrisation})
        return plant(asked.district, task, library, num_envs)

    monkeypatch.setattr(Question, "batch", batch)
    monkeypatch.setattr(evaluation_scenarios, "build_library", lambda *_args, **_settings: library)
    monkeypatch.setattr(
        Question, "contract", lambda asked, entrant: batch(asked, entrant, 1).contract
    )
    # what was tuned for the preset names actions that this plant has not
    monkeypatch.setattr(evaluation_controllers, "preset_constant_price", lambda _name: {})
    monkeypatch.setenv("COLUMNS", "160")


def test_all_files_are_written(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "deep" / "result"
    written = {kind: out.with_suffix(f".{kind}") for kind in ("json", "html", "csv")}
    options = zip(("--json", "--report", "--csv"), written.values(), strict=True)
    code = main([*COMMAND, *(part for option, path in options for part in (option, str(path)))])
    assert code == 0
    found = Evaluation.model_validate_json(written["json"].read_text(encoding="utf-8"))
    assert found.controller_names == ("rules", "constant-price")
    assert written["html"].read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with written["csv"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 2
    costs = [float(row["cost_eur"]) for row in rows if row["controller"] == "rules"]
    assert costs == list(found.controllers[0].costs_eur)
    assert sorted(out.parent.iterdir()) == sorted(written.values())
    table = capsys.readouterr().out
    assert "Demand covered, %" in table
    assert "constant price: cheaper in" in table


def test_a_district_file_without_a_task_is_judged_by_the_first_presets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(preset_text("energy-web"), encoding="utf-8")
    assert main([COMMAND[0], str(file), *COMMAND[2:]]) == 0
    assert f"{file}: no task is named" in caplog.text


def test_two_districts_make_one_report(tmp_path: Path, capsys: Capture) -> None:
    source = files("heatrouter.envs") / "presets" / "energy-web.yaml"
    twin = tmp_path / "twin.yaml"
    text = source.read_text(encoding="utf-8").replace("name: energy-web", "name: twin-web", 1)
    twin.write_text(text, encoding="utf-8")
    task = files("heatrouter.envs") / "presets" / "energy-web.task.yaml"
    written = {kind: tmp_path / f"both.{kind}" for kind in ("json", "html", "csv")}
    code = main(
        [
            *("evaluate", f"energy-web,{twin}", "--task", str(task), "--seeds", "0"),
            *("--weeks", "2", "--hours", "24", "--jobs", "1", "--bound", "none"),
            *("--json", str(written["json"]), "--report", str(written["html"])),
            *("--csv", str(written["csv"]), "--steps", str(tmp_path / "steps.csv")),
        ]
    )
    assert code == 0
    found = EvaluationSet.model_validate_json(written["json"].read_text(encoding="utf-8"))
    assert [one.district for one in found.evaluations] == ["energy-web", "twin-web"]
    html = written["html"].read_text(encoding="utf-8")
    for name in ("energy-web", "twin-web"):
        assert html.count(f'<article id="{name}">') == 1
        assert f'href="#{name}"' in html
        assert (tmp_path / f"steps-{name}.csv").stat().st_size > 10_000
    with written["csv"].open(encoding="utf-8", newline="") as file:
        districts = [row["district"] for row in csv.DictReader(file)]
    assert districts == ["energy-web"] * 4 + ["twin-web"] * 4
    assert capsys.readouterr().out.count("Demand covered") == 2


def test_the_reference_is_the_controller_of_that_name(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(_settings: ControllerSettings) -> Entrant:
        return Entrant(ConstantAction("reference", "offset"), "the rules once more", slow=True)

    monkeypatch.setitem(FACTORIES, "reference", made)
    options = ["--controllers", "rules,reference", "--json", str(tmp_path / "r.json")]
    assert main([*COMMAND, *options]) == 1
    assert "reference does not cost less than rules" in capsys.readouterr().err


def test_a_bound_that_is_beaten_fails_the_run(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("boastful")
    vars(module)["bound"] = lambda _question, _week: 1e9
    monkeypatch.setitem(sys.modules, "boastful", module)
    code = main([*COMMAND, "--bound", "boastful:bound", "--json", str(tmp_path / "r.json")])
    assert code == 1
    assert "the bound was beaten 6 times" in capsys.readouterr().err
    assert main([*COMMAND, "--bound", "none"]) == 0


def test_json_to_standard_output_is_only_json(capsys: Capture) -> None:
    assert main([*COMMAND, "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["district"] == "energy-web"
    assert "Demand covered" in captured.err


BAD: list[tuple[list[str], str]] = [
    (["--controllers", "rules,ruels"], "ruels: no such controller"),
    (["--controllers", "rules,policy:NOWHERE"], "a bundle is a folder"),
    (["--controllers", "rules,policy", "--bundle", "NOWHERE"], "a bundle is a folder"),
    (["--controllers", "constant-price"], "baseline 'rules' is not among"),
    (["--reference", "mpc"], "reference 'mpc' is not among"),
    (["--controllers", "rules,no.such:Thing"], "cannot be imported"),
    (["--constant-price", "NOWHERE"], "NOWHERE"),
    (["--rules", "NOWHERE"], "NOWHERE"),
    (["--task", "NOWHERE"], "NOWHERE"),
    (["--steps", "NOWHERE"], ".parquet or .csv"),
    (["--seeds", "0,one,-2"], "one: is no whole number"),
    (["--seeds", "1,1"], "none twice"),
    (["--bound", "no.such:thing"], "bound cannot be imported"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_bad_input_gives_one_message_and_no_file(
    options: list[str], message: str, tmp_path: Path, capsys: Capture
) -> None:
    options = [str(tmp_path / "NOWHERE") if part == "NOWHERE" else part for part in options]
    out = tmp_path / "out"
    outputs = ["--json", str(out / "r.json"), "--report", str(out / "r.html")]
    assert main([*COMMAND, *options, *outputs]) == 78
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
    monkeypatch.setattr(evaluation_session, "render_reports", fail)
    outputs = ["--json", str(old), "--report", str(tmp_path / "r.html")]
    assert main([*COMMAND, *outputs]) == 1
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

    monkeypatch.setattr(evaluation_session, "evaluate_all", interrupt)
    assert main([*COMMAND, "--work", str(tmp_path)]) == 130
    assert "run the same command again" in capsys.readouterr().err
