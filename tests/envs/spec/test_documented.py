"""The reference page of the units names every kind, field, set-point and output."""

import re
from pathlib import Path
from typing import get_args

import pytest
from tests.envs.expected_columns import BLOCKS
from tests.envs.small_districts import SMALL_DISTRICTS

from heatrouter.envs.set_points import set_point_name
from heatrouter.envs.spec.consumer_units import Consumer
from heatrouter.envs.spec.plant_units import Producer, Store, Unplaced

PAGE = (Path(__file__).parents[3] / "docs/units.md").read_text(encoding="utf-8")
COMMON = {"kind", "name", "sizing"}
MODELS = {
    get_args(model.model_fields["kind"].annotation)[0]: model
    for model in (*get_args(Producer), *get_args(Consumer), *get_args(Unplaced), Store)
}


def section(heading: str) -> str:
    match = re.search(rf"^### {heading}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert match is not None, heading
    return match[1]


@pytest.mark.parametrize("kind", MODELS)
def test_every_field_and_output_has_its_line(kind: str) -> None:
    text = section(kind)
    fields = set(re.findall(r"^\| `(\w+)` ", text, re.MULTILINE))
    assert fields == set(MODELS[kind].model_fields) - COMMON
    shared = " ".join(PAGE.split("## Producers")[0].split())
    for column in BLOCKS[kind]:
        assert f"`{column}`" in text or f"`{column}`" in shared, column


def test_every_set_point_is_named() -> None:
    for make in SMALL_DISTRICTS.values():
        for unit in make().units:
            quantity = set_point_name(unit).partition(".")[2]
            assert f"`<unit>.{quantity}`" in section(unit.kind) or not quantity
