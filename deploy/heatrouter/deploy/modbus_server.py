"""The Modbus TCP face of the virtual plant: the same tags, as registers."""

import logging
import math
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlparse

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from heatrouter.deploy.modbus_registers import (
    Register,
    Table,
    decode,
    pack,
    parse_register,
    width_of,
)
from heatrouter.deploy.plant_face import PlantValue, WriteHandler
from heatrouter.deploy.plant_server import LOOPBACK_HOSTS
from heatrouter.deploy.plc import PlcState
from heatrouter.deploy.tags import MODE_CODES, Tag, TagMap
from heatrouter.envs.errors import ConfigError, PlantUnreachableError

_log = logging.getLogger(__name__)

DEFAULT_PORT: Final = 5020
"""502 needs rights that a virtual plant should not have."""

UNIT_ID: Final = 1
_TABLES: Final[dict[int, Table]] = {3: "holding", 4: "input", 6: "holding", 16: "holding"}
_STATUS_CODES: Final = {str(state): i for i, state in enumerate(PlcState)}


class ModbusServer:
    """Serves registers on loopback, for Modbus has no security.

    Args:
        endpoint: Such as ``modbus://127.0.0.1:5020``.
        on_write: What to do with a client's write.
        identifiers: Tags by the virtual plant's identifiers.
        registers: The same tags as registers.

    Raises:
        ConfigError: The endpoint is not on loopback.
    """

    def __init__(
        self, endpoint: str, on_write: WriteHandler, identifiers: TagMap, registers: TagMap
    ) -> None:
        address = urlparse(endpoint)
        if address.scheme != "modbus" or address.hostname not in LOOPBACK_HOSTS:
            msg = (
                f"endpoint {endpoint!r}: Modbus has no security and is served on loopback only; "
                "use modbus://127.0.0.1:PORT"
            )
            raise ConfigError(msg)
        self._endpoint = endpoint
        self._address = (address.hostname, address.port or DEFAULT_PORT)
        self._on_write = on_write
        self._tags = _by_identifier(identifiers, registers)
        self._flags = frozenset(tag.node for tag in registers.control.values())
        self._image: dict[Table, dict[int, int]] = {"holding": {}, "input": {}}
        self._writable: dict[int, tuple[str, Tag]] = {}
        self._server: ModbusTcpServer | None = None

    @property
    def endpoint(self) -> str:
        """Where clients find it."""
        return self._endpoint

    async def start(
        self, tags: Mapping[str, PlantValue], writable: frozenset[str], district: str
    ) -> None:
        """Make all registers with their first values, then listen.

        Raises:
            PlantUnreachableError: The port is taken.
        """
        await self.publish(tags)
        for identifier in writable:
            tag = self._tags[identifier]
            self._writable[_register(tag).address] = (identifier, tag)
        blocks = [[SimData(0, values=0, datatype=DataType.BITS)] for _ in range(2)]
        blocks += [
            [SimData(0, count=1 + max(self._image[table]), datatype=DataType.REGISTERS)]
            for table in ("holding", "input")
        ]
        device = SimDevice(
            id=UNIT_ID,
            simdata=(blocks[0], blocks[1], blocks[2], blocks[3]),
            action=self._action,
        )
        server = ModbusTcpServer(device, address=self._address)
        try:
            await server.serve_forever(background=True)
        except (OSError, RuntimeError) as error:
            msg = (
                f"cannot serve {self._endpoint}: {error}; "
                "is another plant running there? Choose another port"
            )
            raise PlantUnreachableError(msg) from error
        self._server = server
        _log.info("%s serves %s", district, self._endpoint)

    async def stop(self) -> None:
        """Stop listening and drop all clients."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus'
            self._server = None

    async def publish(self, values: Mapping[str, PlantValue]) -> None:
        """Show new values."""
        for identifier, value in values.items():
            tag = self._tags[identifier]
            table, address = _register(tag)
            for i, number in enumerate(_numbers(value)):
                raw = tag.to_wire(number) if math.isfinite(number) else number
                words = pack(raw, tag.data_type, tag.word_order or "big")
                first = address + i * len(words)
                self._image[table].update({first + k: w for k, w in enumerate(words)})

    async def _action(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Pymodbus' hook for every request: fills what is read, judges what is written."""
        table = _TABLES.get(function)
        if table is None:
            return ExcCodes.ILLEGAL_FUNCTION
        image = self._image[table]
        if written is None:
            for i in range(address, address + count):
                if i not in image:
                    return ExcCodes.ILLEGAL_ADDRESS
                registers[i - start] = image[i]
            return None
        return self._take(address, [int(word) for word in written])

    def _take(self, address: int, words: list[int]) -> ExcCodes | None:
        """Hand tag by tag on. As with a real device, some may be taken and others refused."""
        result: ExcCodes | None = None
        at = 0
        while at < len(words):
            identifier, tag = self._writable.get(address + at, ("", None))
            if tag is None or at + width_of(tag) > len(words):
                return ExcCodes.ILLEGAL_ADDRESS
            part = words[at : at + width_of(tag)]
            number = decode(part, tag.data_type, tag.word_order or "big")
            if self._on_write(identifier, self._meant(tag, number)):
                self._image["holding"].update({address + at + i: w for i, w in enumerate(part)})
            else:
                result = ExcCodes.ILLEGAL_VALUE
            at += len(part)
        return result

    def _meant(self, tag: Tag, number: float) -> float | int:
        """What a client meant by a number: counters and flags are whole, the rest is scaled."""
        return int(number) if tag.node in self._flags else tag.to_contract(number)


def _register(tag: Tag) -> Register:
    register = parse_register(tag.node)
    assert register is not None
    return register


def _by_identifier(identifiers: TagMap, registers: TagMap) -> dict[str, Tag]:
    """Register of each identifier."""
    found: dict[str, Tag] = {}
    for group in (
        "measured", "tariff", "clock", "forecast", "set_points", "applied", "control"
    ):  # fmt: skip
        named, placed = getattr(identifiers, group), getattr(registers, group)
        found |= {named[name].node: placed[name] for name in named}
    if identifiers.forecast_issue is not None and registers.forecast_issue is not None:
        found[identifiers.forecast_issue.node] = registers.forecast_issue
    return found


def _numbers(value: PlantValue) -> list[float]:
    if isinstance(value, str):
        return [float(MODE_CODES.get(value, _STATUS_CODES.get(value, 0)))]
    if isinstance(value, bool | int | float):
        return [float(value)]
    return [float(v) for v in value]
