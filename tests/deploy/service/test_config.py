"""The service's settings: all mistakes at once, and what they name fits together."""

from pathlib import Path

import pytest

from heatrouter.deploy.config import load_config, prepare
from heatrouter.envs.errors import ServiceConfigError
from heatrouter.envs.spec.loading import preset_text

ROOT = Path(__file__).parents[3]


def paths_of(error: ServiceConfigError) -> list[str]:
    return [mistake.path for mistake in error.mistakes]


def test_the_example_is_sound() -> None:
    setup = prepare(load_config(ROOT / "configs/service/energy-web.yaml", {}))
    assert setup.contract.district == "energy-web"
    assert setup.config.mode == "shadow"
    assert setup.manifest is None


def test_the_command_line_wins(tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    file.write_text("district: energy-web\nspeed: 60.0\nmode: off\n")
    config = load_config(file, {"speed": 120.0, "mode": None, "ticks": 5})
    assert (config.speed, config.mode, config.ticks) == (120.0, "off", 5)
    assert config.real_tick_s == 0.5


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    file.write_text(
        "district: energy-web\nspeeed: 60.0\ntick_s: -1.0\nendpoint: http://plant\nticks: 0\n"
    )
    with pytest.raises(ServiceConfigError) as caught:
        load_config(file, {})
    assert sorted(paths_of(caught.value)) == ["endpoint", "speeed", "tick_s", "ticks"]
    assert caught.value.exit_code == 78


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mode": "rules"}, "arm"),
        ({"mode": "policy", "arm": True}, "bundle"),
        ({"mode": "policy", "arm": True, "bundle": "b", "policy": False}, "policy"),
        ({"speed": 10_000.0}, "real tick"),
        ({"district": None}, "neither bundle nor district"),
        ({"mode": "auto"}, "mode"),
    ],
)
def test_settings_that_contradict(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ServiceConfigError, match=words):
        load_config(None, {"district": "energy-web"} | settings)


def test_files_that_do_not_exist_are_named_together(tmp_path: Path) -> None:
    config = load_config(
        None, {"district": "energy-wob", "bundle": tmp_path / "none", "state_dir": tmp_path}
    )
    with pytest.raises(ServiceConfigError) as caught:
        prepare(config)
    assert set(paths_of(caught.value)) == {"bundle", "district"}


def test_a_missing_file_is_one_clear_mistake(tmp_path: Path) -> None:
    with pytest.raises(ServiceConfigError, match="no such file"):
        load_config(tmp_path / "none.yaml", {})


def test_a_bundle_brings_district_task_and_contract(bundle: Path) -> None:
    setup = prepare(load_config(None, {"bundle": bundle}))
    assert setup.manifest is not None
    assert setup.contract == setup.manifest.contract
    assert setup.task == setup.manifest.task


def test_decisions_must_fall_on_ticks(bundle: Path) -> None:
    with pytest.raises(ServiceConfigError, match="tick_s"):
        prepare(load_config(None, {"bundle": bundle, "tick_s": 61.0}))


def test_a_bundle_for_another_district_is_refused(bundle: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(preset_text("energy-web").replace("title: ", "title: Not the "))
    with pytest.raises(ServiceConfigError, match="trained on"):
        prepare(load_config(None, {"bundle": bundle, "district": str(other)}))
