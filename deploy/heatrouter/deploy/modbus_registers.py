"""Numbers in 16-bit registers: addresses, types, word order."""

import math
import re
import struct
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from heatrouter.deploy.tags import (
    CLOCK_UNITS,
    CONTROL_TAGS,
    DataType,
    Tag,
    TagMap,
    default_tags,
    window_count,
)
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import Mistake, ServiceConfigError

Table = Literal["holding", "input", "coil", "discrete"]
WordOrder = Literal["big", "little"]

FORMATS: Final[dict[DataType, str]] = {
    "double": "d",
    "float": "f",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "boolean": "H",
}
"""Type of a tag -> letter of the struct module; bytes inside a word are big-endian."""

_NUMBERS: Final = {name: struct.Struct(f">{letter}") for name, letter in FORMATS.items()}
_WORDS: Final = {size: struct.Struct(f">{size // 2}H") for size in (2, 4, 8)}

MOST_REGISTERS: Final = 125
MOST_WRITTEN: Final = 123
MOST_BITS: Final = 2000
"""Of one request (Modbus application protocol V1.1b3, 6.1, 6.3, 6.12)."""

_ADDRESS = re.compile(r"^(holding|input|coil|discrete):(\d+)$")


class Register(NamedTuple):
    """Where a tag begins."""

    table: Table
    address: int


class Block(NamedTuple):
    """Neighbouring registers that one request reads."""

    table: Table
    address: int
    size: int


def parse_register(node: str) -> Register | None:
    """The register that a tag's node names, counted from 0; None where it names none."""
    found = _ADDRESS.match(node)
    if found is None or int(found[2]) > 0xFFFF:
        return None
    table: Table = found[1]  # type: ignore[assignment]  # the pattern has these four only
    return Register(table, int(found[2]))


def width_of(tag: Tag) -> int:
    """How many registers (or bits) one number of a tag takes."""
    register = parse_register(tag.node)
    if register is not None and register.table in {"coil", "discrete"}:
        return 1
    return _NUMBERS[tag.data_type].size // 2


def decode(words: Sequence[int], data_type: DataType, order: WordOrder) -> float:
    """One number from its registers; may be NaN or infinite."""
    ordered = words if order == "big" else words[::-1]
    (number,) = _NUMBERS[data_type].unpack(_WORDS[2 * len(ordered)].pack(*ordered))
    return float(number)


def encode(number: float, data_type: DataType, order: WordOrder) -> list[int]:
    """The registers of one number.

    Raises:
        ValueError: It is NaN or infinite, which no device may ever get.
        OverflowError: The type cannot hold it.
    """
    if not math.isfinite(number):
        msg = f"{number} is never written"
        raise ValueError(msg)
    return pack(number, data_type, order)


def pack(number: float, data_type: DataType, order: WordOrder) -> list[int]:
    """The registers of one number, as a device shows it: a 32-bit float may be NaN.

    Raises:
        OverflowError: The type cannot hold it.
    """
    value = number if data_type in {"double", "float"} else int(number)
    try:
        raw = _NUMBERS[data_type].pack(value)
    except (struct.error, OverflowError) as error:
        raise OverflowError(str(error)) from error
    words = list(_WORDS[len(raw)].unpack(raw))
    return words if order == "big" else words[::-1]


def blocks_of(spans: Iterable[Block]) -> list[Block]:
    """Join what lies side by side, as far as one request reaches.

    Gaps are never read: a device may answer a register that it does not have with an exception.
    """
    joined: list[Block] = []
    for span in sorted(set(spans)):
        most = MOST_BITS if span.table in {"coil", "discrete"} else MOST_REGISTERS
        last = joined[-1] if joined else None
        if last is not None and last.table == span.table:
            end = max(last.address + last.size, span.address + span.size)
            if span.address <= last.address + last.size and end - last.address <= most:
                joined[-1] = Block(last.table, last.address, end - last.address)
                continue
        joined.append(span)
    return joined


def check_registers(tags: TagMap, n_windows: int, subject: str) -> None:
    """Raise ServiceConfigError for tags that are no registers, or lie over each other."""
    mistakes: list[Mistake] = []
    named = {**tags.scalars(), **{f"forecast:{n}": t for n, t in tags.forecast.items()}}
    written = tags.writable()
    taken: dict[tuple[str, int], str] = {}
    for name, tag in (named | written).items():
        register = parse_register(tag.node)
        if register is None:
            message = f"{tag.node!r} is no register; write holding:N, input:N, coil:N or discrete:N"
            mistakes.append(Mistake(f"{name}.node", message))
            continue
        bits = register.table in {"coil", "discrete"}
        if tag.data_type not in FORMATS or bits != (tag.data_type == "boolean" and bits):
            message = f"{tag.data_type!r} does not fit into {register.table} registers"
            mistakes.append(Mistake(f"{name}.data_type", message))
            continue
        if name in written and register.table in {"input", "discrete"}:
            message = f"{register.table} registers cannot be written"
            mistakes.append(Mistake(f"{name}.node", message))
        count = width_of(tag) * (n_windows if name.startswith("forecast:") else 1)
        if name.startswith("applied:"):
            continue  # a device may show what is in force where it was written
        for address in range(register.address, register.address + count):
            other = taken.setdefault((register.table, address), name)
            if other != name:
                message = f"{tag.node!r} lies over {other}"
                mistakes.append(Mistake(f"{name}.node", message))
                break
    if mistakes:
        raise ServiceConfigError(subject, mistakes)


def default_modbus_tags(contract: Contract) -> TagMap:
    """The registers of the virtual plant of a district, in the order of the contract.

    Measurements, tariffs, calendar, read-back and forecasts are input registers; set-points and
    the hand-shake are holding registers. Numbers are 32-bit floats, times and counters 32-bit
    integers, flags and the mode 16-bit integers.
    """
    tags = default_tags(contract)
    used: dict[Table, int] = {"input": 0, "holding": 0}

    def place(table: Table, tag: Tag, data_type: DataType, count: int = 1) -> Tag:
        placed = tag.model_copy(update={"node": f"{table}:{used[table]}", "data_type": data_type})
        used[table] += count * width_of(placed)
        return placed

    def group(table: Table, entries: dict[str, Tag], count: int = 1) -> dict[str, Tag]:
        return {name: place(table, tag, "float", count) for name, tag in entries.items()}

    types: dict[str, DataType] = dict(CONTROL_TAGS) | {"mode": "uint16", "status": "uint16"}
    types |= dict.fromkeys(("enable", "override", "external"), "uint16")
    tables: dict[str, Table] = dict.fromkeys(CONTROL_TAGS, "holding")
    tables |= dict.fromkeys(("external", "status", "unsafe_writes"), "input")
    measured, tariff = group("input", tags.measured), group("input", tags.tariff)
    clock = {n: place("input", tags.clock[n], "float") for n in CLOCK_UNITS if n != "time_s"}
    clock["time_s"] = place("input", tags.clock["time_s"], "uint32")
    assert tags.forecast_issue is not None
    return tags.model_copy(
        update={
            "measured": measured,
            "tariff": tariff,
            "clock": clock,
            "applied": group("input", tags.applied),
            "forecast_issue": place("input", tags.forecast_issue, "uint32"),
            "forecast": group("input", tags.forecast, window_count(contract)),
            "set_points": group("holding", tags.set_points),
            "control": {n: place(tables[n], tag, types[n]) for n, tag in tags.control.items()},
        }
    )
