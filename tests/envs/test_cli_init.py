"""``heatrouter init``: whole or not at all, and never over something."""

from pathlib import Path

import pytest

from heatrouter.envs import cli_init
from heatrouter.envs.cli import main
from heatrouter.envs.errors import ConfigError


@pytest.fixture(autouse=True)
def _presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    presets = tmp_path / "package" / "presets"
    configs = tmp_path / "package" / "configs"
    presets.mkdir(parents=True)
    (configs / "training").mkdir(parents=True)
    (presets / "energy-web.yaml").write_text("name: energy-web\n", encoding="utf-8")
    (presets / "battery-fab.yaml").write_text("name: battery-fab\n", encoding="utf-8")
    for name in ("ppo", "energy-web-ppo", "battery-fab-ppo"):
        (configs / "training" / f"{name}.yaml").write_text("seed: 1\n", encoding="utf-8")
    monkeypatch.setattr(cli_init, "presets_folder", lambda: presets)
    monkeypatch.setattr(cli_init, "configs_folder", lambda: configs)


def test_a_task_beside_a_preset_is_no_preset() -> None:
    folder = Path(str(cli_init.presets_folder()))
    (folder / "energy-web.task.yaml").write_text("name: x\n", encoding="utf-8")
    assert cli_init.preset_names() == ["battery-fab", "energy-web"]


EXPECTED = [
    Path("configs/training/energy-web-ppo.yaml"),
    Path("configs/training/ppo.yaml"),
    Path("energy-web.yaml"),
]


def test_a_preset_and_the_files_that_fit_it_are_copied(tmp_path: Path) -> None:
    target = tmp_path / "deeper" / "mine"
    assert cli_init.create_project(target, "energy-web") == EXPECTED
    assert sorted(p.relative_to(target) for p in target.rglob("*.yaml")) == EXPECTED
    assert [item.name for item in target.parent.iterdir()] == ["mine"]


def test_every_preset_brings_the_task_that_an_edited_copy_needs(tmp_path: Path) -> None:
    folder = Path(str(cli_init.presets_folder()))
    (folder / "battery-fab.task.yaml").write_text("name: x\n", encoding="utf-8")
    written = cli_init.create_project(tmp_path / "mine", "battery-fab")
    assert Path("configs/tasks/battery-fab.yaml") in written
    copied = tmp_path / "mine" / "configs" / "tasks" / "battery-fab.yaml"
    assert copied.read_text(encoding="utf-8") == "name: x\n"


def test_an_empty_folder_is_filled_and_stays_the_same_folder(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    before = target.stat().st_ino
    assert cli_init.create_project(target, "energy-web") == EXPECTED
    assert target.stat().st_ino == before
    assert (target / "configs" / "training" / "ppo.yaml").is_file()


@pytest.mark.parametrize("what", ["folder", "file"])
def test_nothing_is_overwritten(tmp_path: Path, what: str) -> None:
    target = tmp_path / "mine"
    if what == "folder":
        target.mkdir()
        (target / "notes.txt").write_text("keep", encoding="utf-8")
    else:
        target.write_text("keep", encoding="utf-8")
    with pytest.raises(ConfigError, match="not empty"):
        cli_init.create_project(target, "energy-web")
    kept = target / "notes.txt" if what == "folder" else target
    assert kept.read_text(encoding="utf-8") == "keep"


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli_init, "_copy_tree", fail)
    parent = tmp_path / "parent"
    with pytest.raises(OSError, match="No space"):
        cli_init.create_project(parent / "mine", "energy-web")
    assert list(parent.iterdir()) == []


def test_an_unknown_preset_lists_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "mine"), "--preset", "atlantis"]) == 78
    err = capsys.readouterr().err
    assert "'atlantis'" in err
    assert "battery-fab, energy-web" in err
    assert not (tmp_path / "mine").exists()


def test_the_command_prints_what_it_wrote_and_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "mine")]) == 0
    out = capsys.readouterr().out
    assert str(tmp_path / "mine" / "energy-web.yaml") in out
    assert "Next: heatrouter districts check" in out
