"""The Modbus TCP client beside SCADA: whole blocks, checked answers, a deadline on every request.

What it does differently from pymodbus' defaults, and why (measured):

- ``timeout=1, retries=0`` and no reconnect of its own: the defaults (3 and 3) block a frozen
  device for 12 s.
- Exception answers are returned, not raised: ``isError()`` is asked each time.
- NaN packs silently into a register pair; it is never written, and never believed when read.

Modbus knows neither quality nor source time: an answered register is good, a refused one bad.
"""

import asyncio
import logging
import math
from collections.abc import Coroutine, Mapping
from typing import Final, TypeVar
from urllib.parse import urlparse

import numpy as np
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from heatrouter.deploy.field_link import FieldValue, LinkLostError, Quality, Snapshot
from heatrouter.deploy.field_settings import ModbusSettings
from heatrouter.deploy.link_supervisor import LinkSupervisor, cause_of
from heatrouter.deploy.modbus_decoder import Place, RegisterDecoder, WordArray
from heatrouter.deploy.modbus_registers import (
    MOST_WRITTEN,
    Block,
    Register,
    WordOrder,
    blocks_of,
    check_registers,
    encode,
    parse_register,
    width_of,
)
from heatrouter.deploy.snapshot_builder import SnapshotBuilder
from heatrouter.deploy.tags import MODE_CODES, Tag, TagMap
from heatrouter.envs.arrays import BoolArray
from heatrouter.envs.errors import PlantUnreachableError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

DEFAULT_PORT: Final = 502
GATEWAY_CODES: Final = frozenset({10, 11})
"""Exception codes of a gateway that does not reach its device: the plant does not answer."""

LOSSES = (OSError, asyncio.TimeoutError, ModbusException)
"""What a call on a dead, frozen or restarted device ends with."""


CLOSED = "the device closed the connection"


class ModbusLink:
    """A self-healing Modbus TCP connection.

    Args:
        endpoint: Such as ``modbus://127.0.0.1:502``.
        tags: Where everything is.
        timeout_s: Real seconds for all requests of one reading, or of one batch of writes.
        n_windows: Numbers in each forecast array.
        settings: Unit and word order.
        builder: Makes snapshots of what was read.

    Raises:
        ServiceConfigError: Tags that are no registers, or lie over each other.
    """

    def __init__(
        self,
        endpoint: str,
        tags: TagMap,
        *,
        timeout_s: float,
        n_windows: int,
        settings: ModbusSettings | None = None,
        builder: SnapshotBuilder | None = None,
    ) -> None:
        check_registers(tags, n_windows, f"tags at {endpoint}")
        address = urlparse(endpoint)
        self._endpoint = endpoint
        self._host = address.hostname or ""
        self._port = address.port or DEFAULT_PORT
        self._timeout_s = timeout_s
        self._builder = builder = builder or SnapshotBuilder(tags)
        self._n_windows = n_windows
        self._settings = settings or ModbusSettings()
        self._writable = tags.writable()
        self._arrays = tuple(tags.forecast)
        self._n_scalars = len(builder.scalars)
        places = [self._place(tag) for tag in builder.scalars.values()]
        for tag in tags.forecast.values():
            places += [self._place(tag, index) for index in range(n_windows)]
        spans = [Block(place.table, place.address, place.width) for place in places]
        self._decoder = RegisterDecoder(blocks_of(spans), places)
        self._begins = self._decoder.begins()
        self._registers = {name: _register(tag) for name, tag in self._writable.items()}
        self._client: AsyncModbusTcpClient | None = None
        self._gone = True
        self._waiting: asyncio.Timeout | None = None
        self._supervisor = LinkSupervisor(
            endpoint, connect=self._connect, drop=self._drop_client, losses=LOSSES
        )

    @property
    def connected(self) -> bool:
        """Whether the next call has a chance."""
        return self._client is not None and not self._supervisor.lost

    @property
    def reconnects(self) -> int:
        """How many times the connection came back after a loss."""
        return self._supervisor.reconnects

    async def open(self) -> None:
        """Connect for the first time; raises PlantUnreachableError when nobody answers."""
        try:
            await self._connect()
        except LOSSES as error:
            message = (
                f"the plant does not answer at {self._endpoint} within {self._timeout_s:g} s "
                f"({cause_of(error)}); check address, port and unit_id, or start a virtual plant "
                "with: heatrouter plant energy-web --modbus modbus://127.0.0.1:5020"
            )
            raise PlantUnreachableError(message) from error
        self._supervisor.start()

    async def close(self) -> None:
        """Disconnect and stop trying."""
        await self._supervisor.stop()

    async def read(self) -> Snapshot:
        """Read every register in as few requests as they allow; raises LinkLostError."""
        client = self._require_client()
        words, known = await self._guarded(self._read_all(client))
        numbers = self._decoder.decode(words, known)
        n = self._n_scalars
        quality = np.where(np.isnan(numbers[:n]), int(Quality.BAD), int(Quality.GOOD))
        windows = numbers[n:].reshape(-1, self._n_windows)
        arrays = {
            name: row
            for name, row in zip(self._arrays, windows, strict=True)
            if not bool(np.isnan(row).any())
        }
        return self._builder.build(numbers[:n], quality, np.full(n, np.nan), arrays)

    async def write(self, values: Mapping[str, FieldValue]) -> tuple[str, ...]:
        """Write registers, neighbours in one request; returns the names refused.

        What is no number, or does not fit the register, is refused here and never sent.

        Raises:
            LinkLostError: The device did not answer.
        """
        client = self._require_client()
        refused: list[str] = []
        bits: list[tuple[str, Register, bool]] = []
        words: list[tuple[str, Register, list[int]]] = []
        for name, value in values.items():
            tag = self._writable[name]
            register = self._registers[name]
            try:
                encoded = self._encoded(tag, value)
            except (ValueError, OverflowError) as error:
                _log.error("%s not written: %s", name, error)
                refused.append(name)
                continue
            if register.table == "coil":
                bits.append((name, register, bool(encoded[0])))
            else:
                words.append((name, register, encoded))
        refused += await self._guarded(self._write_all(client, runs_of(words), bits))
        return tuple(name for name in values if name in refused)

    async def _guarded(self, call: Coroutine[None, None, _T]) -> _T:
        """Wait for all answers of a reading or a batch, not beyond the timeout.

        A request whose connection breaks is left waiting by pymodbus: the timeout ends then.
        """
        try:
            async with asyncio.timeout(self._timeout_s) as self._waiting:
                return await call
        except LOSSES as error:
            gone = ConnectionError(CLOSED) if self._gone else error
            raise self._supervisor.lose(gone) from error
        finally:
            self._waiting = None

    async def _read_all(self, client: AsyncModbusTcpClient) -> tuple[WordArray, BoolArray]:
        """All words, and which of them the device gave."""
        words = np.zeros(self._decoder.n_words, dtype=np.uint16)
        known = np.zeros(self._decoder.n_words, dtype=np.bool_)
        for block, begin in zip(self._decoder.blocks, self._begins, strict=True):
            found = await self._read_block(client, block)
            if found is not None:
                words[begin : begin + block.size] = found
                known[begin : begin + block.size] = True
        return words, known

    async def _write_all(
        self,
        client: AsyncModbusTcpClient,
        runs: "list[_Run]",
        bits: list[tuple[str, Register, bool]],
    ) -> list[str]:
        refused: list[str] = []
        for run in runs:
            refused += await self._write_run(client, run)
        for name, register, bit in bits:
            answer = await client.write_coil(
                register.address, bit, device_id=self._settings.unit_id
            )
            refused += [name] if _refused(answer) else []
        return refused

    async def _write_run(self, client: AsyncModbusTcpClient, run: "_Run") -> list[str]:
        """Write neighbours; the names refused. Which of them it was, only one by one can tell."""
        together = [word for _, _, words in run for word in words]
        unit = self._settings.unit_id
        answer = await client.write_registers(run[0][1].address, together, device_id=unit)
        if not _refused(answer):
            return []
        if len(run) == 1:
            return [run[0][0]]
        refused = []
        for name, register, words in run:
            answer = await client.write_registers(register.address, words, device_id=unit)
            refused += [name] if _refused(answer) else []
        return refused

    # --- connection ---

    async def _connect(self) -> None:
        def watch(up: bool) -> None:  # pymodbus calls it so
            if up or self._client is not client or self._gone:
                return
            self._gone = True
            self._supervisor.lose(ConnectionError(CLOSED))
            if self._waiting is not None and not self._waiting.expired():
                self._waiting.reschedule(asyncio.get_running_loop().time())

        client = AsyncModbusTcpClient(
            self._host,
            port=self._port,
            timeout=self._timeout_s,
            retries=0,
            reconnect_delay=0,
            trace_connect=watch,
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._dial(client)
        except BaseException:
            client.close()
            raise
        self._client, self._gone = client, False

    async def _dial(self, client: AsyncModbusTcpClient) -> None:
        if not await client.connect():
            msg = "no connection"
            raise ConnectionError(msg)
        # A listener is no device: only an answer is, be it a refusal.
        await self._read_block(client, self._decoder.blocks[0])

    def _require_client(self) -> AsyncModbusTcpClient:
        self._supervisor.check()
        if self._client is None:
            msg = f"field link to {self._endpoint} is not open"
            raise LinkLostError(msg)
        return self._client

    async def _drop_client(self) -> None:
        client, self._client, self._gone = self._client, None, True
        if client is not None:
            client.close()

    async def _read_block(self, client: AsyncModbusTcpClient, block: Block) -> list[int] | None:
        """The words of a block, or its bits; None where the device refuses."""
        unit = self._settings.unit_id
        match block.table:
            case "holding":
                read = client.read_holding_registers
            case "input":
                read = client.read_input_registers
            case "coil":
                read = client.read_coils
            case "discrete":
                read = client.read_discrete_inputs
        answer = await read(block.address, count=block.size, device_id=unit)
        if _refused(answer):
            return None
        # Bits come in whole bytes: some more than were asked for.
        bits = block.table in {"coil", "discrete"}
        found = [int(bit) for bit in answer.bits] if bits else list(answer.registers)
        return found[: block.size] if len(found) >= block.size else None

    # --- encoding ---

    def _order(self, tag: Tag) -> WordOrder:
        return tag.word_order or self._settings.word_order

    def _place(self, tag: Tag, index: int = 0) -> Place:
        """Where the number of a tag is, or one of its array."""
        table, address = _register(tag)
        width = width_of(tag)
        return Place(table, address + index * width, width, tag.data_type, self._order(tag))

    def _encoded(self, tag: Tag, value: FieldValue) -> list[int]:
        if isinstance(value, str):
            value = MODE_CODES[value]
        if isinstance(value, bool | int):
            number: float = value % 2 ** (16 * width_of(tag))
        else:
            if not math.isfinite(value):
                msg = f"{value} is never written"
                raise ValueError(msg)
            number = tag.to_wire(value)
        return encode(number, tag.data_type, self._order(tag))


def _register(tag: Tag) -> Register:
    register = parse_register(tag.node)
    assert register is not None, "check_registers was passed"
    return register


_Run = list[tuple[str, Register, list[int]]]
"""Neighbouring registers: name, place and words of each."""


def runs_of(words: _Run) -> list[_Run]:
    """Cut into what one request can write."""
    runs: list[_Run] = []
    for entry in sorted(words, key=lambda entry: entry[1].address):
        if runs:
            first, (_, last, before) = runs[-1][0][1].address, runs[-1][-1]
            end = last.address + len(before)
            if entry[1].address == end and end + len(entry[2]) - first <= MOST_WRITTEN:
                runs[-1].append(entry)
                continue
        runs.append([entry])
    return runs


def _refused(answer: ModbusPDU) -> bool:
    """Whether the device answered with an exception.

    Raises:
        ConnectionError: A gateway answered for a device that it does not reach.
    """
    if not answer.isError():
        return False
    code = int(getattr(answer, "exception_code", 0))
    if code in GATEWAY_CODES:
        msg = f"the gateway does not reach the device (exception {code})"
        raise ConnectionError(msg)
    return True
