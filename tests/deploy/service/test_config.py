"""The service's settings: all mistakes at once, and what they name fits together."""

from pathlib import Path

import pytest

from heatrouter.deploy.certificates import make_both
from heatrouter.deploy.config import load_config, prepare
from heatrouter.envs.cli import main
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
    assert "did you mean 'speed'?" in str(caught.value)
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


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"endpoint": "opc.tcp://10.0.0.7:4840"}, "opcua is not set"),
        ({"endpoint": "replay:rows.csv", "mode": "rules", "arm": True}, "recording"),
        ({"endpoint": "ftp://plc"}, "endpoint"),
        ({"opcua": {"user": "anna"}}, "opcua"),
        ({"modbus": {"word_order": "middle"}}, "word_order"),
        ({"forecast": {"source": "file"}}, "needs folder"),
        ({"forecast": {"source": "tags", "folder": "drop"}}, "remove that line"),
    ],
)
def test_field_settings_that_contradict(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ServiceConfigError, match=words):
        load_config(None, {"district": "energy-web"} | settings)


def test_no_security_must_be_said(tmp_path: Path) -> None:
    said: dict[str, object] = {
        "endpoint": "opc.tcp://10.0.0.7:4840",
        "opcua": {"security_policy": "none"},
    }
    assert load_config(None, {"district": "energy-web"} | said).opcua is not None


def test_every_mistake_about_the_field_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = tmp_path / "tags.yaml"
    tags.write_text(
        "measured:\n  tank.level: {node: i=x}\n"
        "forecast: null\n"
        "set_points:\n  main.supply_temp_c: {node: SP, low: 60, high: 90}\n"
    )
    file = tmp_path / "service.yaml"
    file.write_text(
        f"district: energy-web\ntags: {tags}\ntick_s: 61.0\n"
        f"opcua: {{certificate: {tmp_path}/c.der, private_key: {tmp_path}/k.pem, "
        f"trusted: {tmp_path}/t}}\n"
        f"forecast: {{source: file, folder: {tmp_path}/drop}}\n"
    )
    assert main(["serve", str(file), "--check-config"]) == 78
    found = capsys.readouterr().err
    assert "tags.set_points.main.supply_temp_c.low" in found
    assert "the plant takes 60..90 degC" in found
    assert "tick_s" in found
    # What the tags are needed for comes to light with the tags repaired.
    tags.write_text("measured:\n  tank.level: {node: i=x}\n")
    assert main(["serve", str(file), "--check-config"]) == 78
    found = capsys.readouterr().err
    for path in ("opcua.certificate", "opcua.private_key", "opcua.trusted", "forecast", "tick_s"):
        assert f"  {path}: " in found
    assert "tags.tank.level.node" in found


@pytest.mark.parametrize("unit", ["bar", "kW", "degX"])
def test_a_unit_that_measures_something_else(tmp_path: Path, unit: str) -> None:
    tags = tmp_path / "tags.yaml"
    tags.write_text(f"measured:\n  tank.top_temp_c: {{node: TI, unit: {unit}}}\n")
    with pytest.raises(ServiceConfigError) as caught:
        prepare(load_config(None, {"district": "energy-web", "tags": tags}))
    assert paths_of(caught.value) == ["tags.measured.tank.top_temp_c.unit"]
    assert "degF" in str(caught.value)


def test_the_secured_and_the_modbus_example_are_sound(tmp_path: Path) -> None:
    make_both(tmp_path / "certificates", ["127.0.0.1"])
    (tmp_path / "forecasts").mkdir()
    for name in ("energy-web-secured.yaml", "energy-web-modbus.yaml"):
        text = (ROOT / "configs/service" / name).read_text()
        (tmp_path / name).write_text(
            text.replace("certificates/", f"{tmp_path}/certificates/").replace(
                "folder: forecasts", f"folder: {tmp_path}/forecasts"
            )
        )
        assert prepare(load_config(tmp_path / name, {})).contract.district == "energy-web"


def test_decisions_must_fall_on_ticks(bundle: Path) -> None:
    with pytest.raises(ServiceConfigError, match="tick_s"):
        prepare(load_config(None, {"bundle": bundle, "tick_s": 61.0}))


def test_a_bundle_for_another_district_is_refused(bundle: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(preset_text("energy-web").replace("title: ", "title: Not the "))
    with pytest.raises(ServiceConfigError, match="trained on"):
        prepare(load_config(None, {"bundle": bundle, "district": str(other)}))
