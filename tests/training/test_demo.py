"""The demo's own logic: stages, checks, figures. The whole demo runs in `make demo`."""

import io
import json
import signal
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from heatrouter.envs.cli import main
from heatrouter.training.cli_demo import _make_room
from heatrouter.training.demo_service import ServiceRun, _kill_policy, _result
from heatrouter.training.demo_stages import LOGS, DemoError, Stages, end, start, tail
from heatrouter.training.demo_summary import (
    build_summary,
    controller_figures,
    failed_checks,
    print_summary,
)

SERVICE = ServiceRun(
    ticks=240,
    fallback_ticks_after_kill=1,
    unsafe_writes=0,
    policy_ticks=118,
    writes=300,
    audit_verified=True,
    policy_ms=0.01,
)


def evaluation(policy_eur: float = 900.0) -> dict[str, Any]:
    def controller(name: str, costs: tuple[float, ...]) -> dict[str, Any]:
        kpis = {"reuse_rate": 0.8, "recapture": 0.9}
        empty: dict[str, Any] = {"seasonal_cop": None, "boiler_kwh": 1000.0, "co2_t": 3.0}
        weeks = [{"cost_eur": c, "kpis": kpis | empty} for c in costs]
        return {"name": name, "unmet_share": 0.001, "weeks": weeks}

    return {
        "split": "test",
        "weeks": [{"start_utc": "2001-01-01T00:00:00Z"}, {"start_utc": "2001-06-01T00:00:00Z"}],
        "controllers": [
            controller("rules", (1500.0, 500.0)),
            controller("policy", (1200.0, policy_eur - 400.0)),
        ],
        "comparisons": [{"controller": "policy", "saving_percent": {"estimate": 15.0}}],
    }


def summary(**changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "evaluation": evaluation(),
        "training": {
            "steps": 1,
            "seconds": 2.0,
            "best_step": 1,
            "best_saving": 0.1,
            "start_saving": 0.05,
        },
        "parity": {
            "max_abs_error_normalised": 2e-7,
            "max_abs_error_physical": 1e-5,
            "observations": 12_000,
        },
        "closure": 1e-12,
        "service": SERVICE,
    }
    return build_summary(**arguments | changes)


def test_figures_are_of_all_weeks() -> None:
    figures = controller_figures(evaluation())
    assert figures["rules"]["objective_eur"] == 2000.0
    assert figures["rules"]["cost_eur"] == 1000.0
    assert figures["policy"]["objective_eur"] == 1700.0
    assert "seasonal_cop" not in figures["rules"]


def test_the_summary_holds_what_is_promised() -> None:
    found = summary()
    assert found["reuse_rate"] == {"rules": 0.8, "policy": 0.8}
    assert found["unmet_demand_share"] == {"rules": 0.001, "policy": 0.001}
    assert found["saving"] == pytest.approx(0.15)
    assert found["parity_max_abs_error"] == 2e-7
    assert found["energy_closure_relative"] == 1e-12
    assert found["service"]["ticks"] == 240
    assert found["service"]["fallback_ticks_after_kill"] == 1
    assert found["service"]["unsafe_writes"] == 0
    assert failed_checks(found) == []
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"closure": 1e-8}, "energy balance"),
        ({"closure": float("nan")}, "energy balance"),
        ({"evaluation": evaluation(2000.0)}, "held-out weeks"),
        ({"service": {"ticks": 219}}, "219 ticks"),
        ({"service": {"fallback_ticks_after_kill": 2}}, "2 ticks"),
        ({"service": {"fallback_ticks_after_kill": None}}, "None ticks"),
        ({"service": {"unsafe_writes": 1}}, "1 unsafe"),
        ({"service": {"policy_ticks": 0}}, "never controlled"),
        ({"service": {"audit_verified": False}}, "audit"),
    ],
)
def test_every_promise_is_checked(changes: dict[str, Any], message: str) -> None:
    if "service" in changes:
        values = {name: getattr(SERVICE, name) for name in SERVICE.__slots__}
        changes = {"service": ServiceRun(**values | changes["service"])}
    failed = failed_checks(summary(**changes))
    assert len(failed) == 1
    assert message in failed[0]


def test_the_table_prints() -> None:
    text = io.StringIO()
    print_summary(summary(), Console(file=text, width=100))
    assert "waste heat put to use, %" in text.getvalue()
    assert "saves 15.00 % of the rules' cost" in text.getvalue()


def test_the_fallback_is_counted_from_the_kill() -> None:
    served: dict[str, Any] = {
        "ticks": 240,
        "modes": {"POLICY": 100},
        "mode_changes": [
            {"mode": "RULES", "tick": 0},
            {"mode": "POLICY", "tick": 15},
            {"mode": "RULES", "tick": 122},
        ],
    }
    assert _result(served, {"unsafe_writes": 0}, 121).fallback_ticks_after_kill == 1
    assert _result(served, {"unsafe_writes": 0}, 122).fallback_ticks_after_kill is None
    assert _result(served, {"unsafe_writes": 0}, None).fallback_ticks_after_kill is None


def test_the_policy_is_killed_only_while_it_controls(tmp_path: Path) -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    status = tmp_path / "status.json"
    states = iter([(5, "POLICY"), (20, "RULES"), (21, "POLICY")])
    said: list[str] = []

    def ended() -> int | None:
        tick, mode = next(states)
        content = {"tick": tick, "mode": mode, "worker_pid": sleeper.pid}
        status.write_text(json.dumps(content), encoding="utf-8")
        return None

    assert _kill_policy(ended, status, 10, said.append) == 21
    assert sleeper.wait(10) == -signal.SIGKILL
    assert said == ["tick 5, POLICY", "tick 20, RULES", "tick 21, POLICY"]
    assert _kill_policy(lambda: 0, status, 10, said.append) is None


@pytest.fixture
def stages(tmp_path: Path) -> Stages:
    return Stages(tmp_path, Console(file=io.StringIO(), width=200), total=2)


def test_a_stage_returns_what_its_command_says(stages: Stages) -> None:
    assert stages.run("version", "say the version", ["--version"]).startswith("heatrouter ")
    assert set(stages.seconds) == {"version"}


def test_a_stage_that_fails_shows_the_end_of_its_log(stages: Stages) -> None:
    with pytest.raises(
        DemoError, match=r"`heatrouter export nothing --out b` ended with 78:\n.*no tr"
    ):
        stages.run("export", "export", ["export", "nothing", "--out", "b"])


def test_a_process_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process, _ = start(["--help"], tmp_path / "logs" / "help")
    end(process)
    assert process.returncode is not None
    begin = time.monotonic()
    end(process)
    assert time.monotonic() - begin < 1.0


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "x.out"
    path.write_text("a\n\nb\rc\n", encoding="utf-8")
    assert tail(path, 2) == ["b", "c"]
    assert tail(tmp_path / "missing", 2) == []


def test_a_folder_that_is_in_use_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("x")
    assert main(["demo", "--out", str(tmp_path)]) == 78
    assert "something else than a demo" in capsys.readouterr().err
    assert (tmp_path / "mine").read_text() == "x"


def test_what_the_last_stage_needs_is_asked_for_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_the_service(name: str) -> object:
        if name in {"asyncua", "uvicorn"}:
            raise PackageNotFoundError(name)
        return distribution(name)

    monkeypatch.setattr("heatrouter.envs.extras.distribution", without_the_service)
    out = tmp_path / "demo"
    assert main(["demo", "--out", str(out)]) == 78
    err = capsys.readouterr().err
    assert "not installed: asyncua, uvicorn" in err
    assert "pip install 'heatrouter[deploy]'" in err
    assert not out.exists()


def test_an_earlier_demo_is_kept_aside(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    for text in ("first", "second"):
        (out / LOGS).mkdir(parents=True)
        (out / "report.html").write_text(text)
        _make_room(out, Console(quiet=True))
        assert list(out.iterdir()) == []
    assert (tmp_path / "demo-1" / "report.html").read_text() == "first"
    assert (tmp_path / "demo-2" / "report.html").read_text() == "second"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "name a training file"),
        (["train", "demo", "--resume", "x"], "run's own configuration"),
        (["train", "--resume", "x", "--set", "seed=1"], "run's own configuration"),
    ],
)
def test_wrong_usage_of_train_is_told(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_a_mistake_in_a_setting_is_a_bad_configuration(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "demo", "--set", "ppo.clip=2", "--set", "sed=1"]) == 78
    err = capsys.readouterr().err
    assert "2 mistakes" in err
    assert "ppo.clip: 2 must be" in err
    assert "did you mean 'seed'" in err
    assert list(tmp_path.iterdir()) == []
