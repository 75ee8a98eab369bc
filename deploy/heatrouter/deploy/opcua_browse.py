"""What an OPC UA server has: every variable with its path, type, unit and range."""

from dataclasses import dataclass
from typing import Final

from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaprotocol_auto import EUInformation, NodeClass, Range
from asyncua.ua.uatypes import Int16, Int32, NodeId

from heatrouter.deploy.opcua_values import VARIANTS, raw_value
from heatrouter.deploy.tags import DataType

MOST_NODES: Final = 20_000
"""A server with more is asked for a smaller folder."""

_READ_AT_ONCE: Final = 500
_WRITABLE_BIT: Final = 2
"""CurrentWrite in AccessLevel (OPC UA Part 3, 8.57)."""

_TYPES: Final[dict[str, DataType]] = {variant.name: name for name, variant in VARIANTS.items()}


@dataclass(frozen=True, slots=True)
class ServerVariable:
    """One variable of a server.

    Attributes:
        node: Its id.
        uri: Namespace of the id.
        path: Names from below Objects down to it.
        data_type: Type on the wire; None for one that no tag can have.
        is_array: Whether it holds a list.
        unit: As the server spells it; empty without EngineeringUnits.
        low, high: EURange; None without one.
        writable: Whether this session may write it.
    """

    node: NodeId
    uri: str
    path: tuple[str, ...]
    data_type: DataType | None
    is_array: bool
    unit: str
    low: float | None
    high: float | None
    writable: bool


async def browse(client: Client, folder: str | None = None) -> tuple[ServerVariable, ...]:
    """Find every variable below Objects that is not the server's own.

    Args:
        client: Connected.
        folder: Name of a folder below Objects to keep to; None takes all.

    Returns:
        In the order of the server; at most ``MOST_NODES``.
    """
    uris = await client.get_namespace_array()
    found: list[tuple[Node, tuple[str, ...]]] = []
    seen: set[NodeId] = set()
    stack: list[tuple[Node, tuple[str, ...]]] = [(client.nodes.objects, ())]
    while stack and len(found) < MOST_NODES:
        node, path = stack.pop()
        children = await node.get_children_descriptions()
        for child in reversed(children):
            if child.NodeId.NamespaceIndex == 0 or child.NodeId in seen:
                continue
            seen.add(child.NodeId)
            name = child.BrowseName.Name or str(child.NodeId.Identifier)
            if folder is not None and not path and name != folder:
                continue
            entry = (client.get_node(child.NodeId), (*path, name))
            if child.NodeClass is NodeClass.Variable:
                found.append(entry)
            stack.append(entry)
    # A property such as EURange is a variable, too.
    variables = [entry for entry in found if entry[1][-1] not in {"EURange", "EngineeringUnits"}]
    variables.sort(key=lambda entry: entry[1])
    return tuple([await _described(client, *entry, uris) for entry in variables])


async def _described(
    client: Client, node: Node, path: tuple[str, ...], uris: list[str]
) -> ServerVariable:
    value, access = [
        (await client.uaclient.read_attributes([node.nodeid], attribute))[0]
        for attribute in (AttributeIds.Value, AttributeIds.UserAccessLevel)
    ]
    unit, low, high = "", None, None
    for reference in await node.get_references(
        refs=NodeId(Int32(ObjectIds.HasProperty), Int16(0)), includesubtypes=False
    ):
        name = reference.BrowseName.Name
        if name not in {"EURange", "EngineeringUnits"} or not reference.IsForward:
            continue
        content = await client.get_node(reference.NodeId).read_value()
        if isinstance(content, Range):
            low, high = float(content.Low), float(content.High)
        elif isinstance(content, EUInformation):
            unit = content.DisplayName.Text or ""
    variant = value.Value
    level = raw_value(access)
    return ServerVariable(
        node=node.nodeid,
        uri=uris[node.nodeid.NamespaceIndex],
        path=path,
        data_type=None if variant is None else _TYPES.get(variant.VariantType.name),
        is_array=variant is not None and isinstance(variant.Value, list),
        unit=unit,
        low=low,
        high=high if low is not None and high is not None and low < high else None,
        writable=isinstance(level, int) and bool(level & _WRITABLE_BIT),
    )
