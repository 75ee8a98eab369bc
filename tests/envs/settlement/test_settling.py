"""What a ledger says about a simulated time: sums, prices, CO2, grade."""

import json
import math
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.envs.settlement.ledgers import TARIFF, bodies, settled

from heatrouter.envs.cli import main
from heatrouter.envs.settlement.account import exergy_share


def deliveries(path: Path) -> list[dict[str, Any]]:
    return [body for body in bodies(path) if body["kind"] == "delivery"]


def test_a_day_is_the_simulated_day(
    day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--days", "1", "--origins", "--json", "--out", str(tmp_path)]
    assert main(["simulate", "energy-web", *arguments]) == 0
    traced = json.loads(capsys.readouterr().out)["heat_by_origin_kwh"]
    heat: defaultdict[tuple[str, str], float] = defaultdict(float)
    for delivery in deliveries(day):
        parts = [float(part["heat_kwh"]) for part in delivery["parts"]]
        assert sum(parts) == pytest.approx(float(delivery["metered_kwh"]), rel=1e-9, abs=1e-8)
        for part in delivery["parts"]:
            heat[delivery["consumer"], part["origin"]] += float(part["heat_kwh"])
    for consumer, by_origin in traced.items():
        for origin, kwh in by_origin.items():
            # every hour may be rounded by half of the ninth digit
            assert heat[consumer, origin] == pytest.approx(kwh, rel=1e-9, abs=24 * 5e-10)


def test_totals_are_the_sums_to_the_last_digit(day: Path) -> None:
    totals: dict[str, Any] = bodies(day)[-1]
    parts = [part for delivery in deliveries(day) for part in delivery["parts"]]
    for field in ("heat_kwh", "amount_eur", "co2_avoided_kg"):
        exact = sum(Decimal(part[field]) for part in parts)
        assert Decimal(totals[field]) == exact
        assert sum(Decimal(pair[field]) for pair in totals["pairs"]) == exact
    payments = totals["payments"]
    assert sum(Decimal(p["amount_eur"]) for p in payments) == Decimal(totals["amount_eur"])
    invoiced = sum(Decimal(p["invoice_eur"]) for p in payments)
    assert invoiced - Decimal(totals["amount_eur"]) == Decimal(totals["rounding_eur"])
    for payment in payments:
        cents = Decimal(payment["invoice_eur"]) - Decimal(payment["amount_eur"])
        assert abs(cents) <= Decimal("0.005")


def test_prices_shares_and_emissions_by_hand(day: Path) -> None:
    one = next(d for d in deliveries(day) if d["consumer"] == "town_hill" and len(d["parts"]) > 5)
    parts = {part["origin"]: part for part in one["parts"]}
    glass, power = parts["glassworks"], parts["electricity"]
    heat = Decimal(glass["heat_kwh"])
    assert Decimal(glass["amount_eur"]) == heat * Decimal("48.5") / 1000
    # 201 / 0.9, rounded to six digits
    assert Decimal(glass["co2_avoided_kg"]) == heat * Decimal("223.333333") / 1000
    assert power["co2_kg_per_mwh"] == one["grid_co2_kg_per_mwh"]
    assert Decimal(parts["initial"]["co2_avoided_kg"]) == 0
    fab = [p for d in deliveries(day) if d["consumer"] == "chip_fab" for p in d["parts"]]
    own = next(part for part in fab if part["origin"] == "chip_fab_cooling")
    assert own["price_eur_per_mwh"] == "4"
    totals = bodies(day)[-1]
    pairs: Any = totals["pairs"]
    owed: Any = totals["payments"]
    hill = {p["origin"]: Decimal(p["amount_eur"]) for p in pairs if p["consumer"] == "town_hill"}
    to = {p["payee"]: Decimal(p["amount_eur"]) for p in owed if p["payer"] == "town_hill"}
    share = Decimal("0.3")
    assert to["glassworks"] == hill["glassworks"] * (1 - share)
    others = [hill[o] for o in hill if o not in {"glassworks", "dairy", "chip_fab_cooling"}]
    three = hill["glassworks"] + hill["dairy"] + hill["chip_fab_cooling"]
    assert to["network_operator"] == sum(others) + share * three


def test_grade_is_what_the_consumer_got(day: Path) -> None:
    for delivery in deliveries(day):
        supply, back = delivery["supply_temp_c"], delivery["return_temp_c"]
        assert 60.0 < supply < 96.0
        assert 15.0 < back < supply
        share = float(delivery["exergy_kwh"]) / float(delivery["metered_kwh"])
        # between heat at the return's and at the supply's temperature
        assert 1.0 - 283.15 / (back + 273.15) < share < 1.0 - 283.15 / (supply + 273.15)


def test_exergy_by_hand() -> None:
    mean_k = 40.0 / math.log(353.15 / 313.15)
    found = exergy_share(np.array([80.0, 80.0, 10.0]), np.array([40.0, 80.0, 10.0]))
    assert found == pytest.approx([1.0 - 283.15 / mean_k, 1.0 - 283.15 / 353.15, 0.0], abs=1e-12)
    almost = exergy_share(np.array([80.0]), np.array([80.0 - 2e-6]))
    assert almost == pytest.approx(found[1], rel=1e-7)


def test_intervals_of_a_step_have_the_same_sums(tmp_path: Path, short: Path) -> None:
    fine = settled(tmp_path, "--days", str(2 / 24), "--interval", "step")
    hours: Any = bodies(short)[-2]
    steps: Any = bodies(fine)[-1]
    assert steps["deliveries"] == 4 * hours["deliveries"]
    assert float(steps["heat_kwh"]) == pytest.approx(float(hours["heat_kwh"]), rel=1e-9)
    assert float(steps["exergy_kwh"]) == pytest.approx(float(hours["exergy_kwh"]), rel=1e-9)


def test_other_controllers(tmp_path: Path) -> None:
    """Without reuse nobody is heated by the dairy; the last water that it heated cools off."""
    for controller in ("no-reuse", "constant-price"):
        folder = tmp_path / controller
        path = settled(folder, "--days", str(6 / 24), "--controller", controller)
        last = deliveries(path)[-8:]
        dairy = sum(
            float(p["heat_kwh"]) for d in last for p in d["parts"] if p["origin"] == "dairy"
        )
        heat = sum(float(d["metered_kwh"]) for d in last)
        assert (dairy / heat < 1e-3) is (controller == "no-reuse")
        assert bodies(path)[0]["controller"] == controller


def test_what_the_command_refuses(
    tmp_path: Path, short: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*options: str, out: Path = tmp_path / "new.jsonl") -> str:
        arguments = ["settle", "energy-web", "--tariff", str(TARIFF), "--out", str(out)]
        assert main([*arguments, *options]) == 78
        return " ".join(capsys.readouterr().err.split())

    before = short.read_bytes()
    assert "a ledger replaces nothing" in run(out=short)
    assert short.read_bytes() == before
    assert "no whole number of intervals" in run("--days", "0.0521")
    key = tmp_path / "none.pem"
    assert "cannot be read" in run("--key", str(key))
    key.write_text("no key")
    assert "openssl genpkey -algorithm ed25519" in run("--key", str(key))
    assert [path.name for path in tmp_path.iterdir()] == ["none.pem"]


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settle", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "heatrouter tariff"
