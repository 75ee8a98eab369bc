"""``heatrouter scenarios``."""

import json
from pathlib import Path

import pytest

from heatrouter.envs.cli import main


def test_list_names_what_scenario_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {"generated", "try", "de-2023", "dk-2018", "dk-2020"} <= set(rows)
    assert rows["de-2023"]["needs"] == "--data"
    assert rows["ammonia-shutdown-2022"]["needs"] == "nothing"
    assert main(["scenarios", "list"]) == 0
    assert "Scenarios" in capsys.readouterr().out


def test_show_has_series_and_provenance(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios", "show", "ammonia-shutdown-2022", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["series"]["glassworks.availability"]["lowest"] == 0.0
    assert shown["series"]["gas_eur_per_mwh"]["highest"] == 240.0
    assert "source_outage" in shown["provenance"]["events"]
    assert main(["scenarios", "show", "try"]) == 0
    assert "Deutscher Wetterdienst" in capsys.readouterr().out


def test_check_says_every_mistake_and_leaves_with_78(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scenarios", "check", "ammonia-shutdown-2022"]) == 0
    assert "no mistakes" in capsys.readouterr().out
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: a test\nsplit: test\nstart_utc: '2021-01-01T00:00:00Z'\nseed: 1\n"
        "events:\n"
        "  - {kind: sensor_freeze, from_day: 3, hours: 5, channels: [tank.lvl, tank.level]}\n"
    )
    assert main(["scenarios", "check", str(path), "--json"]) == 78
    mistakes = json.loads(capsys.readouterr().out)["mistakes"]
    assert len(mistakes) == 1
    assert "'tank.lvl' is no measured channel" in mistakes[0]["message"]
    path.write_text(path.read_text() + "  - {kind: pump_trip, hours: 0}\nseed: 2\n")
    assert main(["scenarios", "check", str(path)]) == 78
    assert "given twice" in capsys.readouterr().out
    assert main(["scenarios", "check", "de-2024"]) == 78
    assert "give one of generated, try" in capsys.readouterr().out


def test_a_data_folder_without_the_files_is_said_for_every_series(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scenarios", "check", "de-2023", "--data", str(tmp_path), "--json"]) == 78
    mistakes = json.loads(capsys.readouterr().out)["mistakes"]
    assert {m["path"] for m in mistakes} == {
        "site.ambient_temp_c",
        "site.irradiance_w_m2",
        "site.wind_speed_m_s",
        "site.electricity_eur_per_mwh",
        "site.carbon_intensity_g_per_kwh",
    }


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios", "check", "any", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert {"SourceOutage", "SensorFreeze", "FileSeries", "WeatherFileSeries"} <= set(
        schema["$defs"]
    )


def test_fit_without_records_names_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "parameters.json"
    assert main(["scenarios", "fit", "--data", str(tmp_path), "--out", str(out)]) == 78
    assert "not found" in capsys.readouterr().err
    assert not out.exists()
