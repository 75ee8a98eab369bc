"""Registers: addresses, types and word order; nothing is lost on the way."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.deploy.modbus_registers import (
    Block,
    WordOrder,
    blocks_of,
    check_registers,
    decode,
    encode,
    pack,
    parse_register,
)
from heatrouter.deploy.tag_file import override_tags
from heatrouter.deploy.tags import DataType, TagMap
from heatrouter.envs.errors import ServiceConfigError

ORDERS = st.sampled_from(["big", "little"])


@pytest.mark.parametrize(
    ("number", "data_type", "order", "words"),
    [
        # IEEE 754: 81.5 is 0x42A30000.
        (81.5, "float", "big", [0x42A3, 0x0000]),
        (81.5, "float", "little", [0x0000, 0x42A3]),
        (-2.0, "int16", "big", [0xFFFE]),
        (65535.0, "uint16", "big", [0xFFFF]),
        (70_000.0, "uint32", "big", [0x0001, 0x1170]),
        (-70_000.0, "int32", "little", [0xEE90, 0xFFFE]),
        (81.5, "double", "big", [0x4054, 0x6000, 0x0000, 0x0000]),
    ],
)
def test_known_words(
    number: float, data_type: DataType, order: WordOrder, words: list[int]
) -> None:
    assert encode(number, data_type, order) == words
    assert decode(words, data_type, order) == number


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), ORDERS)
def test_floats_come_back(number: float, order: WordOrder) -> None:
    assert decode(encode(number, "float", order), "float", order) == number


@given(st.integers(-(2**31), 2**31 - 1), ORDERS)
def test_integers_come_back(number: int, order: WordOrder) -> None:
    assert decode(encode(number, "int32", order), "int32", order) == number


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_never_written(number: float) -> None:
    with pytest.raises(ValueError, match="never written"):
        encode(number, "float", "big")
    assert not math.isfinite(decode(pack(number, "float", "big"), "float", "big"))


@pytest.mark.parametrize(
    ("number", "data_type"),
    [(32768.0, "int16"), (-1.0, "uint16"), (2.0**32, "uint32"), (1e39, "float")],
)
def test_what_does_not_fit_is_refused(number: float, data_type: DataType) -> None:
    with pytest.raises(OverflowError):
        encode(number, data_type, "big")


@pytest.mark.parametrize("node", ["40001", "holding", "holding:", "input:70000", "coil:-1", "h:1"])
def test_what_is_no_register(node: str) -> None:
    assert parse_register(node) is None


def test_neighbours_are_read_at_once_and_gaps_never() -> None:
    spans = [Block("input", 0, 2), Block("input", 2, 2), Block("input", 6, 1), Block("coil", 2, 1)]
    assert blocks_of(spans) == [Block("coil", 2, 1), Block("input", 0, 4), Block("input", 6, 1)]


def test_a_block_keeps_to_what_one_request_may_read() -> None:
    blocks = blocks_of(Block("input", 2 * i, 2) for i in range(100))
    assert blocks == [Block("input", 0, 124), Block("input", 124, 76)]


def test_every_mistake_of_a_register_map(modbus_tags: TagMap) -> None:
    wrong = override_tags(
        modbus_tags,
        {
            "measured": {
                "tank.level": "TI_1",
                "tank.charge_kw": "input:0",
                "main.load_kw": {"node": "coil:3", "data_type": "float"},
            },
            "set_points": {"main.supply_temp_c": "input:900"},
            "control": {"mode": {"data_type": "string"}},
        },
        "tags.yaml",
    )
    with pytest.raises(ServiceConfigError) as caught:
        check_registers(wrong, 8, "tags")
    assert {mistake.path for mistake in caught.value.mistakes} == {
        "tank.level.node",
        "tank.charge_kw.node",
        "main.load_kw.data_type",
        "set_point:main.supply_temp_c.node",
        "control:mode.data_type",
    }


def test_the_default_map_has_no_mistake(modbus_tags: TagMap) -> None:
    check_registers(modbus_tags, 8, "tags")
    assert modbus_tags.clock["time_s"].data_type == "uint32"
    assert modbus_tags.measured["tank.level"].node.startswith("input:")
    assert modbus_tags.set_points["main.supply_temp_c"].node.startswith("holding:")
