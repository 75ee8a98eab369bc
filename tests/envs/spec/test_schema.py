"""The JSON Schema of the files: complete, self-describing, and stable through a round trip."""

import json
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from heatrouter.envs.cli import main
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.field_units import unit_of
from heatrouter.envs.spec.loading import (
    district_schema,
    load_district,
    load_task,
    parse_district,
    parse_task,
    preset_names,
    task_schema,
)


@pytest.mark.parametrize("name", preset_names())
def test_description_survives_a_round_trip(name: str) -> None:
    district = load_district(name)
    assert parse_district(yaml.safe_dump(district.model_dump(mode="json"))) == district
    assert District.model_validate_json(district.model_dump_json()) == district
    task = load_task(name)
    assert parse_task(yaml.safe_dump(task.model_dump(mode="json"))) == task


def refs(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*(refs(value) for value in schema.values()), set())
    return set().union(*(refs(part) for part in schema)) if isinstance(schema, list) else set()


@pytest.mark.parametrize("schema", [district_schema(), task_schema()], ids=["district", "task"])
def test_schema_is_closed_and_complete(schema: dict[str, Any]) -> None:
    assert json.loads(json.dumps(schema)) == schema
    parts = [schema, *schema["$defs"].values()]
    assert all(part["additionalProperties"] is False for part in parts)
    for ref in refs(schema):
        assert ref.removeprefix("#/$defs/") in schema["$defs"]


def test_every_unit_kind_is_in_the_schema() -> None:
    kinds = {unit.kind for unit in load_district("energy-web").units}
    mapping = district_schema()["properties"]["units"]["items"]["discriminator"]["mapping"]  # type: ignore[index]
    assert kinds <= set(mapping)


def numbers(model: type[BaseModel]) -> list[tuple[str, Any]]:
    return [(n, f) for n, f in model.model_fields.items() if f.annotation is float]


def test_bounds_stand_in_the_schema() -> None:
    store = district_schema()["$defs"]["Store"]["properties"]  # type: ignore[index]
    assert store["volume_m3"]["exclusiveMinimum"] == 0.0
    assert store["volume_m3"]["maximum"] == 200_000.0


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("length_m", "m"),
        ("loss_w_m2k", "W/(m2 K)"),
        ("supply_temp_min_c", "degC"),
        ("head_drop_bar_per_kg2_s2", ""),
        ("ramp_share_per_min", "1/min"),
        ("heat_price_eur_per_mwh", "EUR/MWh"),
        ("max_mass_flow_kg_s", "kg/s"),
        ("volume_m3", "m3"),
        ("layers", ""),
    ],
)
def test_unit_of_a_quantity_is_read_from_its_name(name: str, unit: str) -> None:
    assert unit_of(name) == unit


def test_command_line_writes_the_schema(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new" / "schema.json"
    assert main(["districts", "schema", "--out", str(file)]) == 0
    assert json.loads(file.read_text(encoding="utf-8")) == district_schema()
    capsys.readouterr()
    assert main(["districts", "schema", "--task"]) == 0
    assert json.loads(capsys.readouterr().out) == task_schema()
