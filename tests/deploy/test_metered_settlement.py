"""What meters counted becomes a ledger that verifies; what they did not count is refused."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import yaml

from heatrouter.deploy.historian import Historian, HistorySettings
from heatrouter.deploy.history_file import HISTORY_FILE, HistorySample, Layout
from heatrouter.envs.cli import main
from heatrouter.envs.observe import build_contract
from heatrouter.envs.settlement.settling import settled_consumers, settled_origins
from heatrouter.envs.settlement.verification import verify_ledger
from heatrouter.envs.spec.loading import load_district, load_task

PRESET = "tomato-piesteritz"  # one circuit, a meter for everybody
# Ticks are kept for a month: ten minutes before a full hour of yesterday or today.
FIRST_HOUR_S = 3600.0 * (time.time() // 3600.0 - 8.0)
START_S = FIRST_HOUR_S - 600.0
TICK_S = 60.0
HOURS = 4


def hour(number: int) -> str:
    return datetime.fromtimestamp(FIRST_HOUR_S + 3600.0 * number, tz=UTC).isoformat()[:19]


Values = Callable[[float], dict[str, float]]


def steady(since_h: float) -> dict[str, float]:
    """Two sources, four consumers, a store that is charged for two hours and then gives."""
    return {
        "ammonia_plant.heat_kw": 3000.0,
        "gas_boiler.heat_kw": 1000.0,
        "tank.charge_kw": 400.0 if since_h < 2.0 else -1000.0,
        "west_block.heat_kw": 2000.0,
        "packing.heat_kw": 100.0,
        "main.supply_temp_c": 80.0,
        "main.return_temp_c": 50.0,
        "site.carbon_intensity_g_per_kwh": 300.0,
    }


def history(
    folder: Path, values: Values, *, preset: str = PRESET, bad: tuple[float, float] = (0.0, 0.0),
    speed: float = 1.0,
) -> Path:  # fmt: skip
    contract = build_contract(load_district(preset), load_task(preset))
    inputs = tuple(c.origin for c in contract.observation if c.source in {"measured", "tariff"})
    layout = Layout(preset, inputs, tuple(p.name for p in contract.set_points))
    historian = Historian(
        folder / HISTORY_FILE, layout, contract.digest, HistorySettings(), mean_s=900.0
    )
    historian.start()
    for tick in range(round((HOURS * 3600.0 + 1200.0) / TICK_S)):
        since_h = (tick * TICK_S - 600.0) / 3600.0
        series = np.zeros(len(layout.names))
        for name, value in values(since_h).items():
            series[inputs.index(name)] = value
        causes = np.zeros(len(inputs), dtype=np.uint8)
        causes[inputs.index("packing.heat_kw" if preset == PRESET else inputs[0])] = (
            4 if bad[0] <= since_h < bad[1] else 0
        )
        historian.put(
            HistorySample(
                tick=tick, wall_time=START_S + tick * TICK_S, time_s=speed * tick * TICK_S,
                plant_time_s=tick * TICK_S, mode="POLICY", target="POLICY", written=True,
                series=series, causes=causes,
            )
        )  # fmt: skip
    historian.close()
    return folder


def tariff(folder: Path, preset: str = PRESET) -> Path:
    district = load_district(preset)
    document = {
        "schema_version": 1,
        "name": "test",
        "title": "Test",
        "reference": {"name": "gas", "fuel_co2_kg_per_mwh": 201.0, "efficiency": 0.9},
        "origins": [
            {"name": name, "price_eur_per_mwh": 20.0 + i,
             "co2_kg_per_mwh": "grid" if name == "electricity" else 10.0 * i}
            for i, name in enumerate(settled_origins(district))
        ],
        "consumers": [
            {"name": name, "price_eur_per_mwh": 1.0} for name in settled_consumers(district)
        ],
    }  # fmt: skip
    path = folder / "tariff.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def settle(folder: Path, out: Path, *more: str, preset: str = PRESET) -> int:
    command = ["history", "settle", str(folder), "--district", preset, "--out", str(out)]
    return main([*command, "--tariff", str(tariff(folder, preset)), "--json", *more])


def test_meters_become_a_ledger_that_verifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ledger.jsonl"
    assert settle(history(tmp_path, steady), out) == 0
    answer = json.loads(capsys.readouterr().out)
    verified = verify_ledger(out)
    assert verified.head.basis == "metered"
    assert verified.head.start_utc == f"{hour(0)}Z"
    assert verified.head.intervals == HOURS
    assert verified.root == answer["root"]
    assert Decimal(verified.totals.heat_kwh) == HOURS * Decimal(2100)
    heat = {(p.origin, p.consumer): float(p.heat_kwh) for p in verified.totals.pairs}
    # the store takes 800 kWh of the mix, 3 to 1, and gives them back; what it gives beyond that in
    # the fourth hour was there before
    assert heat["ammonia_plant", "west_block"] / heat["gas_boiler", "west_block"] == pytest.approx(
        3
    )
    beyond = (1000.0 - 800.0) / 5000.0 + 1000.0 / 5000.0
    assert heat["initial", "west_block"] == pytest.approx(2000.0 * beyond)
    assert heat["ammonia_plant", "packing"] == pytest.approx(
        heat["ammonia_plant", "west_block"] / 20.0
    )


def test_an_hour_that_is_not_known_is_refused_and_can_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = history(tmp_path, steady, bad=(1.2, 1.3)), tmp_path / "ledger.jsonl"
    assert settle(folder, out) == 78
    said = capsys.readouterr().err
    assert f"{hour(1)}Z: packing.heat_kw is known for 90% of the hour" in said
    assert not out.exists()
    assert settle(folder, out, "--from", hour(2)) == 0
    assert verify_ledger(out).head.intervals == HOURS - 2


def test_who_has_no_meter_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    preset = "energy-web"
    folder = history(tmp_path, lambda _: {}, preset=preset)
    assert settle(folder, tmp_path / "ledger.jsonl", preset=preset) == 78
    said = capsys.readouterr().err
    assert "town_old.heat_kw: is not measured" in said
    assert "town_mill.heat_kw: is not measured" in said
    assert "glassworks" not in said


def test_linked_circuits_and_hurried_plants_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for preset, speed, cause in (
        ("kalundborg", 1.0, "no meter says whose heat passes the link"),
        (PRESET, 60.0, "ran 60 times as fast as the calendar"),
    ):
        folder = tmp_path / preset
        folder.mkdir()
        values: Values = steady if preset == PRESET else lambda _: {}
        history(folder, values, preset=preset, speed=speed)
        assert settle(folder, folder / "ledger.jsonl", preset=preset) == 78
        assert cause in " ".join(capsys.readouterr().err.split())
