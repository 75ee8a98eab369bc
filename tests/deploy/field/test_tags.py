"""The tag map: defaults by contract name, overrides from YAML, all mistakes at once."""

from pathlib import Path

import pytest

from heatrouter.deploy.tag_file import load_tags, override_tags
from heatrouter.deploy.tags import TagMap, default_tags
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import ServiceConfigError


def test_defaults_follow_district_unit_quantity(tags: TagMap, contract: Contract) -> None:
    assert tags.measured["tank.level"].node == "energy-web/tank/level"
    assert tags.clock["local_hour"].node == "energy-web/site/local_hour"
    assert set(tags.set_points) == {s.name for s in contract.set_points}
    assert set(tags.measured) == {c.origin for c in contract.observation if c.source == "measured"}


def test_a_co2_price_of_the_task_needs_no_tag(contract: Contract) -> None:
    fixed = tuple(
        c.model_copy(update={"origin": "task.objective.co2_eur_per_t"})
        if c.name == "tariff.co2_eur_per_t"
        else c
        for c in contract.observation
    )
    tags = default_tags(contract.model_copy(update={"observation": fixed}))
    assert not any("co2_eur_per_t" in name for name in tags.tariff)


def test_scalars_have_unique_names_and_nodes(tags: TagMap) -> None:
    nodes = [tag.node for tag in tags.scalars().values()]
    assert len(nodes) == len(set(nodes))


def test_an_override_keeps_what_it_does_not_say(tmp_path: Path, contract: Contract) -> None:
    file = tmp_path / "tags.yaml"
    file.write_text(
        "namespace_uri: urn:plant\n"
        "measured:\n  tank.level: {node: LI_7, scale: 0.01}\n"
        "set_points:\n  main.supply_temp_c: TIC_1.SP\n"
    )
    tags = load_tags(file, contract)
    assert tags.namespace_uri == "urn:plant"
    assert tags.measured["tank.level"].to_contract(55.0) == pytest.approx(0.55)
    assert tags.set_points["main.supply_temp_c"].node == "TIC_1.SP"
    assert tags.set_points["main.supply_temp_c"].data_type == "double"
    assert tags.measured["tank.charge_kw"] == default_tags(contract).measured["tank.charge_kw"]


def test_scale_and_offset_go_both_ways(tags: TagMap) -> None:
    tag = tags.measured["tank.level"].model_copy(update={"scale": 0.1, "offset": -40.0})
    assert tag.to_plant(tag.to_contract(812.0)) == pytest.approx(812.0)


def test_all_mistakes_at_once(tags: TagMap) -> None:
    wrong = {"measurd": {}, "measured": {"tank.levle": "x"}, "applied": {"nothing": "y"}}
    with pytest.raises(ServiceConfigError) as caught:
        override_tags(tags, wrong, "tags.yaml")
    paths = [mistake.path for mistake in caught.value.mistakes]
    assert paths == ["measurd", "measured.tank.levle", "applied.nothing"]
    assert caught.value.exit_code == 78


@pytest.mark.parametrize(
    "entry", [{"scale": 0.0}, {"scale": "wide"}, {"node": ""}, {"data_type": "decimal"}, {"x": 1}]
)
def test_a_bad_tag_is_refused(tags: TagMap, entry: dict[str, object]) -> None:
    with pytest.raises(ServiceConfigError, match="tank"):
        override_tags(tags, {"measured": {"tank.level": entry}}, "tags.yaml")


def test_no_mapping_is_one_clear_mistake(tmp_path: Path, contract: Contract) -> None:
    file = tmp_path / "tags.yaml"
    file.write_text("- tank\n")
    with pytest.raises(ServiceConfigError, match="mapping"):
        load_tags(file, contract)
