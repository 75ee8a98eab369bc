"""Tariffs: all mistakes at once, each with its path."""

from pathlib import Path

import pytest
from tests.envs.settlement.ledgers import TARIFF

from heatrouter.envs.errors import TariffError
from heatrouter.envs.settlement.settling import settled_consumers, settled_origins
from heatrouter.envs.settlement.tariff import Tariff, load_tariff
from heatrouter.envs.spec.loading import load_district

DISTRICT = load_district("energy-web")
ORIGINS, CONSUMERS = settled_origins(DISTRICT), settled_consumers(DISTRICT)


def test_the_example_fits_its_preset() -> None:
    tariff = load_tariff(TARIFF, ORIGINS, CONSUMERS)
    assert [terms.name for terms in tariff.origins] != []
    assert Tariff.model_validate(tariff.model_dump()).digest == tariff.digest


def test_links_and_heat_pumps_settle_nothing_for_themselves() -> None:
    assert set(CONSUMERS) == {u.name for u in DISTRICT.units} & set(CONSUMERS)
    kalundborg = load_district("kalundborg")
    kinds = {unit.name: unit.kind for unit in kalundborg.units}
    passing = {"heat_exchanger", "heat_pump"}
    assert not {kinds[name] for name in settled_consumers(kalundborg)} & passing


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = TARIFF.read_text(encoding="utf-8")
    text = text.replace("efficiency: 0.9", "efficiency: 0.0")
    text = text.replace("{name: dairy, price", "{name: diary, price")
    text = text.replace("consumer: chip_fab,", "consumer: chip_fap,")
    text = text.replace("{name: town_mill,", "{name: town_old,")
    text = text.replace("share: 0.3}", "share: 0.3}\n  - {recipient: town, share: 0.8}")
    text = text.replace("price_eur_per_mwh: 32.0", "price_eur_per_mwh: 32.12345678")
    text += "rebate: 3\n"
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TariffError) as refused:
        load_tariff(path, ORIGINS, CONSUMERS)
    found = {mistake.path: mistake.message for mistake in refused.value.mistakes}
    assert set(found) == {
        "reference.efficiency",
        "origins",
        "origins[0].price_eur_per_mwh",
        "origins[1].name",
        "contracts[0].consumer",
        "consumers[5]",
        "shares",
        "rebate",
    }
    assert "lacks dairy" in found["origins"]
    assert "did you mean 'dairy'" in found["origins[1].name"]
    assert "more than 6 digits" in found["origins[0].price_eur_per_mwh"]
    assert "add up to 1.1" in found["shares"]
    assert "line" in found["contracts[0].consumer"]


def test_an_emission_factor_is_a_number_or_one_of_two_words(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    text = TARIFF.read_text(encoding="utf-8").replace("co2_kg_per_mwh: grid", "co2_kg_per_mwh: net")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TariffError, match="co2_kg_per_mwh"):
        load_tariff(path, ORIGINS, CONSUMERS)
