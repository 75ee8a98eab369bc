"""The OPC UA client beside SCADA: secured, batched, typed, with a deadline on every call.

What it does differently from asyncua's convenience calls, and why (measured):

- ``read_attributes`` instead of ``read_values``, which drops the StatusCode.
- DataValues built here, typed and without timestamps: ``write_values`` guesses the type and stamps
  a source time, which many PLCs refuse.
- ``auto_reconnect`` stays off and a lost client is thrown away: a request during asyncua's own
  reconnect blocks up to 60 s.
- A deadline on every call: a frozen server keeps its TCP connection open.
- The server's certificate is checked before anything is sent that a stranger could use.
"""

import asyncio
import math
from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError
from asyncua.ua.uatypes import DataValue, Int32, NodeId, StatusCode, VariantType
from cryptography.exceptions import InvalidSignature

from heatrouter.deploy.call_deadline import within
from heatrouter.deploy.field_link import FieldValue, Quality, Snapshot
from heatrouter.deploy.link_supervisor import LinkSupervisor, cause_of
from heatrouter.deploy.opcua_security import ClientSecurity, secure_client
from heatrouter.deploy.opcua_values import (
    UNKNOWN_NODE,
    VARIANTS,
    data_value,
    namespace_of,
    parse_node,
    quality_of,
    raw_value,
)
from heatrouter.deploy.snapshot_builder import SnapshotBuilder
from heatrouter.deploy.tags import INTEGER_RANGE, MODE_CODES, Tag, TagMap
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import Mistake, PlantUnreachableError, ServiceConfigError

_T = TypeVar("_T")

LOSSES = (OSError, asyncio.TimeoutError, UaError)
"""What a call on a dead, frozen or restarted server ends with."""

BROKEN_ANSWERS = (ValueError, TypeError, InvalidSignature)
"""What connecting to something that is no OPC UA server, or has a stranger's key, ends with."""

CONNECT_TIMEOUTS = 4.0
"""Connecting takes several requests, and twice as many with security."""


SESSION_TIMEOUT_MS = 600_000
"""How long a server keeps the session of a client that it does not hear."""


class OpcUaLink:
    """A self-healing OPC UA connection.

    Args:
        endpoint: Such as ``opc.tcp://127.0.0.1:4840``.
        tags: Where everything is.
        timeout_s: Real seconds each request may take.
        security: Certificate, trust list and user; None connects without security.
        builder: Makes snapshots of what was read.
    """

    def __init__(
        self,
        endpoint: str,
        tags: TagMap,
        *,
        timeout_s: float,
        security: ClientSecurity | None = None,
        builder: SnapshotBuilder | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._namespace_uri = tags.namespace_uri
        self._builder = builder = builder or SnapshotBuilder(tags)
        self._scalars = builder.scalars
        self._arrays = tags.forecast
        self._writable = tags.writable()
        self._security = security
        self._client: Client | None = None
        self._namespaces: dict[str, int] = {}
        self._nodes: dict[str, NodeId] = {}
        self._read_nodes: list[NodeId] = []
        self._most_reads = self._most_writes = 0
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
        """Connect for the first time.

        Raises:
            PlantUnreachableError: Nobody answers at the endpoint, or one side does not believe
                the other.
            ServiceConfigError: The server does not have the tags of the map, or has them with
                another type.
        """
        try:
            await self._connect()
            await self._check_nodes()
        except LOSSES as error:
            await self._drop_client()
            # A refused certificate carries the reason that asyncua's status code has no room for.
            because = cause_of(error.__cause__ or error)
            message = (
                f"the plant does not answer at {self._endpoint} within {self._timeout_s:g} s "
                f"({because}); check that the OPC UA server runs, that the endpoint is right and "
                "that both sides trust each other's certificate, or start a virtual plant with: "
                "heatrouter plant energy-web"
            )
            raise PlantUnreachableError(message) from error
        except ServiceConfigError:
            await self._drop_client()
            raise
        self._supervisor.start()

    async def close(self) -> None:
        """Disconnect and stop trying."""
        await self._supervisor.stop()

    async def read(self) -> Snapshot:
        """Read every tag in one request; raises LinkLostError."""
        client = self._require_client()
        results = await self._guarded(self._read_all(client, self._read_nodes))
        return self._snapshot(results)

    async def write(self, values: Mapping[str, FieldValue]) -> tuple[str, ...]:
        """Write tags in one request; returns the names refused. Raises LinkLostError.

        What is no number, or does not fit the tag's type, is refused here and never sent.
        """
        client = self._require_client()
        encoded = {n: wire_value(self._writable[n], v) for n, v in values.items()}
        sent = [name for name, value in encoded.items() if value is not None]
        nodes = [self._nodes[name] for name in sent]
        data = [data_value(encoded[n], VARIANTS[self._writable[n].data_type]) for n in sent]
        codes = await self._guarded(self._write_all(client, nodes, data))
        good = {name for name, code in zip(sent, codes, strict=True) if code.is_good()}
        return tuple(name for name in values if name not in good)

    # --- connection ---

    async def _connect(self) -> None:
        # The watchdog's reads would only add traffic: the loop reads more often.
        client = Client(self._endpoint, timeout=self._timeout_s, watchdog_intervall=60.0)
        client.session_timeout = SESSION_TIMEOUT_MS
        try:
            await within(CONNECT_TIMEOUTS * self._timeout_s, self._open(client))
        except BROKEN_ANSWERS as error:
            await _abandon(client, self._timeout_s)
            raise UaError(cause_of(error)) from error
        except BaseException:
            await _abandon(client, self._timeout_s)
            raise
        self._client = client

    async def _open(self, client: Client) -> None:
        if self._security is not None:
            await secure_client(client, self._security)
        await client.connect(auto_reconnect=False)
        await self._learn(client)

    async def _learn(self, client: Client) -> None:
        """Find the namespaces by their URI, and how much the server takes in one request."""
        uris = await client.get_namespace_array()
        self._namespaces = {uri: i for i, uri in enumerate(uris)}
        named = self._named_tags()
        missing = {namespace_of(t.node, self._namespace_uri) for t in named.values()}
        missing -= set(self._namespaces)
        if missing:
            msg = f"no namespace {', '.join(sorted(missing))!r} at the server"
            raise UaError(msg)
        self._nodes = {name: self._node_id(tag) for name, tag in named.items()}
        tags = [*self._scalars, *(f"forecast:{n}" for n in self._arrays)]
        self._read_nodes = [self._nodes[name] for name in tags]
        limits = [
            NodeId(Int32(ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead)),
            NodeId(Int32(ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerWrite)),
        ]
        found = await client.uaclient.read_attributes(limits, AttributeIds.Value)
        most = [v if isinstance(v := raw_value(value), int) else 0 for value in found]
        self._most_reads, self._most_writes = most

    def _named_tags(self) -> dict[str, Tag]:
        return {
            **self._scalars,
            **{f"forecast:{n}": t for n, t in self._arrays.items()},
            **self._writable,
        }

    async def _check_nodes(self) -> None:
        """Compare the map with the server once, so that a typo is found before the first tick."""
        named, client = self._named_tags(), self._require_client()
        nodes = list(self._nodes.values())
        found = await self._guarded(self._read_all(client, nodes))
        mistakes = []
        for (name, tag), value in zip(named.items(), found, strict=True):
            if value.StatusCode is not None and value.StatusCode.value == UNKNOWN_NODE:
                uri = namespace_of(tag.node, self._namespace_uri)
                mistakes.append(Mistake(name, f"the server has no node {tag.node!r} in {uri}"))
            elif name in self._writable and value.Value is not None:
                wire, said = value.Value.VariantType, VARIANTS[tag.data_type]
                if wire not in {said, VariantType.Null}:
                    message = f"the server holds {wire.name}, the map says {tag.data_type}"
                    mistakes.append(Mistake(f"{name}.data_type", message))
        if mistakes:
            subject = f"tags at {self._endpoint}"
            raise ServiceConfigError(subject, mistakes)

    async def _guarded(self, call: Awaitable[_T]) -> _T:
        try:
            return await within(self._timeout_s, call)
        except LOSSES as error:
            raise self._supervisor.lose(error) from error

    def _require_client(self) -> Client:
        self._supervisor.check()
        assert self._client is not None
        return self._client

    async def _drop_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await _abandon(client, self._timeout_s)

    # --- encoding ---

    def _node_id(self, tag: Tag) -> NodeId:
        uri = namespace_of(tag.node, self._namespace_uri)
        return parse_node(tag.node, self._namespaces[uri])

    async def _read_all(self, client: Client, nodes: Sequence[NodeId]) -> list[DataValue]:
        results: list[DataValue] = []
        for part in _parts(nodes, self._most_reads):
            results += await client.uaclient.read_attributes(list(part), AttributeIds.Value)
        return results

    async def _write_all(
        self, client: Client, nodes: Sequence[NodeId], data: Sequence[DataValue]
    ) -> list[StatusCode]:
        codes: list[StatusCode] = []
        parts = zip(_parts(nodes, self._most_writes), _parts(data, self._most_writes), strict=True)
        for some_nodes, some_data in parts:
            codes += await client.uaclient.write_attributes(
                list(some_nodes), list(some_data), AttributeIds.Value
            )
        return codes

    def _snapshot(self, results: list[DataValue]) -> Snapshot:
        n = len(self._scalars)
        raws: list[float] = []
        quality: list[int] = []
        stamps: list[float] = []
        for result in results[:n]:
            raw = raw_value(result)
            raws.append(float(raw) if isinstance(raw, int | float) else math.nan)
            quality.append(quality_of(result).value)
            stamp = result.SourceTimestamp
            stamps.append(math.nan if stamp is None else stamp.timestamp())
        arrays: dict[str, FloatArray] = {}
        for name, result in zip(self._arrays, results[n:], strict=True):
            raw = raw_value(result)
            if quality_of(result) is Quality.GOOD and isinstance(raw, list):
                arrays[name] = np.asarray(raw, dtype=np.float64)
        return self._builder.build(raws, quality, stamps, arrays)


def wire_value(tag: Tag, value: FieldValue) -> FieldValue | None:
    """What to write for a value of the contract; None where it must not be sent."""
    if tag.data_type == "string":
        return str(value)
    if isinstance(value, str):
        value = MODE_CODES[value]
    if tag.data_type == "boolean":
        return bool(value)
    if not math.isfinite(value):
        return None
    if isinstance(value, int):
        low, high = INTEGER_RANGE.get(tag.data_type, (-math.inf, math.inf))
        # A counter starts again where its type does.
        return value if low <= value <= high else value % (int(high) + 1)
    try:
        return tag.to_wire(value)
    except OverflowError:
        return None


def _parts(items: Sequence[_T], most: int) -> list[Sequence[_T]]:
    """Cut into pieces that one request may have; 0 knows no limit."""
    size = most or max(len(items), 1)
    return [items[i : i + size] for i in range(0, len(items), size)]


async def _abandon(client: Client, timeout_s: float) -> None:
    """Close politely if the server still listens, and in any case let go of the socket."""
    leaving = asyncio.create_task(client.disconnect())
    leaving.add_done_callback(_forget)
    try:
        # Not wait_for, which waits on until what it cancelled has ended.
        await asyncio.wait({leaving}, timeout=timeout_s)
    finally:
        leaving.cancel()
        client.disconnect_socket()


def _forget(leaving: "asyncio.Task[None]") -> None:
    """How the farewell ended is of no interest; asked for, so that asyncio does not complain."""
    if not leaving.cancelled():
        leaving.exception()
