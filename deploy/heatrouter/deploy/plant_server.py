"""The OPC UA server of the virtual plant: its tags, and what others write to them."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlparse

from asyncua.common.callback import Callback, CallbackService, CallbackType, ServerItemCallback
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uatypes import DataValue, NodeId, QualifiedName, SecurityPolicyType, VariantType

from heatrouter.deploy.opcua_security import ServerSecurity, secure_server
from heatrouter.deploy.opcua_values import (
    OUT_OF_RANGE,
    SENSOR_FAILURE,
    bad_value,
    data_value,
    node_id,
    raw_value,
    status,
)
from heatrouter.deploy.plant_face import PlantValue, WriteHandler
from heatrouter.deploy.tags import NAMESPACE_URI
from heatrouter.envs.errors import ConfigError, PlantUnreachableError

_log = logging.getLogger(__name__)

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def check_loopback(endpoint: str, *, secured: bool = False) -> None:
    """Refuse to serve anybody but this machine without security; raises ConfigError."""
    parts = urlparse(endpoint)
    if parts.scheme != "opc.tcp" or not parts.hostname:
        msg = f"endpoint {endpoint!r} is no OPC UA endpoint; use opc.tcp://127.0.0.1:PORT"
        raise ConfigError(msg)
    if not secured and parts.hostname not in LOOPBACK_HOSTS:
        msg = (
            f"endpoint {endpoint!r}: a plant without security serves loopback only; use "
            "opc.tcp://127.0.0.1:PORT, or give it --certificates"
        )
        raise ConfigError(msg)


class PlantServer:
    """Serves tags over OPC UA.

    Args:
        endpoint: Such as ``opc.tcp://127.0.0.1:4840``; loopback only without security.
        on_write: What to do with a client's write.
        security: Certificates and the user that clients need; None lets everybody in.

    Raises:
        ConfigError: The endpoint is not on loopback, and there is no security.
    """

    def __init__(
        self, endpoint: str, on_write: WriteHandler, security: ServerSecurity | None = None
    ) -> None:
        check_loopback(endpoint, secured=security is not None)
        self._endpoint = endpoint
        self._on_write = on_write
        self._security = security
        self._server = Server()
        self._namespace = 0
        self._nodes: dict[str, NodeId] = {}
        self._types: dict[str, VariantType] = {}

    @property
    def endpoint(self) -> str:
        """Where clients find it."""
        return self._endpoint

    async def start(
        self, tags: Mapping[str, PlantValue], writable: frozenset[str], district: str
    ) -> None:
        """Make all tags with their first values, then listen.

        Args:
            tags: Value by identifier, such as ``energy-web/tank/level``.
            writable: Identifiers that clients may write.
            district: The folder over all tags.

        Raises:
            PlantUnreachableError: The port is taken.
        """
        await self._server.init()
        self._server.set_endpoint(self._endpoint)
        self._server.set_server_name(f"heatrouter virtual plant {district}")
        if self._security is None:
            self._server.set_security_policy([SecurityPolicyType.NoSecurity])
        else:
            await secure_server(self._server, self._security)
        self._namespace = await self._server.register_namespace(NAMESPACE_URI)
        root = await self._server.nodes.objects.add_folder(self._namespace, district)
        folders: dict[str, object] = {}
        for identifier, value in tags.items():
            _, folder, name = identifier.split("/")
            if folder not in folders:
                folders[folder] = await root.add_folder(self._namespace, folder)
            self._nodes[identifier] = node_id(identifier, self._namespace)
            self._types[identifier] = _type_of(value)
            node = await folders[folder].add_variable(  # type: ignore[attr-defined]
                self._nodes[identifier],
                QualifiedName(name, self._namespace),
                plain_value(value),
                self._types[identifier],
            )
            if identifier in writable:
                await node.set_writable()
        await self.publish(tags)
        self._server.subscribe_server_callback(CallbackType.PostWrite, self._written)
        try:
            await self._server.start()
        except OSError as error:
            msg = (
                f"cannot serve {self._endpoint}: {error.strerror or error}; "
                "is another plant running there? Choose another port"
            )
            raise PlantUnreachableError(msg) from error

    async def stop(self) -> None:
        """Stop listening and drop all clients."""
        await self._server.stop()

    async def publish(self, values: Mapping[str, PlantValue]) -> None:
        """Show new values, good and stamped now."""
        stamp = self.stamp()
        for identifier, value in values.items():
            data = data_value(plain_value(value), self._types[identifier], stamp=stamp)
            await self.show(identifier, data)

    async def publish_bad(self, identifier: str, code: int = SENSOR_FAILURE) -> None:
        """Show a tag as failed."""
        await self.show(identifier, bad_value(code, self.stamp()))

    async def show(self, identifier: str, data: DataValue) -> None:
        """Show a tag with any status and time stamp."""
        await self._server.write_attribute_value(self._nodes[identifier], data)

    def stamp(self) -> datetime:
        """Now, on the source's clock."""
        return datetime.now(UTC)

    def variant_of(self, identifier: str) -> VariantType:
        """The type of a tag on the wire."""
        return self._types[identifier]

    def _written(self, event: Callback, _service: CallbackService) -> None:
        """Hand each accepted write of a client on, and answer what it is worth."""
        if not isinstance(event, ServerItemCallback) or not event.is_external:
            return
        results = event.response_params
        for i, write in enumerate(event.request_params.NodesToWrite):
            identifier = write.NodeId.Identifier
            if not results[i].is_good() or write.AttributeId != AttributeIds.Value:
                continue
            if not isinstance(identifier, str):
                continue
            if not self._on_write(identifier, raw_value(write.Value)):
                results[i] = status(OUT_OF_RANGE)


def _type_of(value: PlantValue) -> VariantType:
    # bool before int: True is an int, too.
    if isinstance(value, bool):
        return VariantType.Boolean
    if isinstance(value, int):
        return VariantType.UInt32
    if isinstance(value, str):
        return VariantType.String
    return VariantType.Double


def plain_value(value: PlantValue) -> object:
    """A value in Python's own types, which are what asyncua packs."""
    if isinstance(value, bool | int | str):
        return value
    return float(value) if isinstance(value, float) else value.tolist()
