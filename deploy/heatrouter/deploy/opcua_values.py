"""Typed values on the wire, and what they are worth: asyncua's types in one place."""

import re
from datetime import datetime
from typing import Final, cast

from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uatypes import (
    DataValue,
    DateTime,
    Guid,
    Int16,
    Int32,
    NodeId,
    NodeIdType,
    StatusCode,
    String,
    UInt32,
    Variant,
    VariantType,
)

from heatrouter.deploy.field_link import Quality
from heatrouter.deploy.tags import DataType, TagMap
from heatrouter.envs.errors import Mistake

VARIANTS: Final[dict[DataType, VariantType]] = {
    "double": VariantType.Double,
    "float": VariantType.Float,
    "int16": VariantType.Int16,
    "uint16": VariantType.UInt16,
    "int32": VariantType.Int32,
    "uint32": VariantType.UInt32,
    "int64": VariantType.Int64,
    "uint64": VariantType.UInt64,
    "boolean": VariantType.Boolean,
    "string": VariantType.String,
}
"""Type on the wire of each type of a tag."""

UNKNOWN_NODE: Final = StatusCodes.BadNodeIdUnknown
OUT_OF_RANGE: Final = StatusCodes.BadOutOfRange
SENSOR_FAILURE: Final = StatusCodes.BadSensorFailure


_ADDRESS = re.compile(r"^(?:nsu=(?P<uri>[^;]+);)?(?P<kind>[isg])=(?P<rest>.+)$")


def node_id(identifier: str, namespace: int) -> NodeId:
    """The node of a string identifier."""
    return NodeId(String(identifier), Int16(namespace))


def namespace_of(node: str, default_uri: str) -> str:
    """URI of the namespace that a tag's node is in."""
    found = _ADDRESS.match(node)
    return default_uri if found is None or found["uri"] is None else found["uri"]


def parse_node(node: str, namespace: int) -> NodeId:
    """The node that a tag names: a string identifier, or ``i=…``, ``s=…``, ``g=…``.

    Raises:
        ValueError: No number after ``i=``, or no GUID after ``g=``.
    """
    found = _ADDRESS.match(node)
    if found is None:
        return node_id(node, namespace)
    match found["kind"]:
        case "i":
            return NodeId(Int32(int(found["rest"])), Int16(namespace), NodeIdType.Numeric)
        case "g":
            return NodeId(Guid(found["rest"]), Int16(namespace), NodeIdType.Guid)
        case _:
            return node_id(found["rest"], namespace)


def node_mistakes(tags: TagMap) -> list[Mistake]:
    """Nodes of a map that cannot be node ids."""
    named = {**tags.scalars(), **{f"forecast:{n}": t for n, t in tags.forecast.items()}}
    mistakes = []
    for name, tag in (named | tags.writable()).items():
        try:
            parse_node(tag.node, 0)
        except ValueError as error:
            mistakes.append(Mistake(f"{name}.node", f"{tag.node!r} is no node id: {error}"))
    return mistakes


def node_text(node: NodeId, uri: str, default_uri: str) -> str:
    """How a tag names a node: shortest where it is in the map's namespace."""
    kind = {NodeIdType.String: "s", NodeIdType.Guid: "g"}.get(node.NodeIdType, "i")
    short = str(node.Identifier)
    if uri != default_uri:
        return f"nsu={uri};{kind}={short}"
    plain = kind == "s" and _ADDRESS.match(short) is None
    return short if plain else f"{kind}={short}"


def status(code: int) -> StatusCode:
    """A status code of a number."""
    return StatusCode(UInt32(code))


def data_value(
    value: object,
    variant_type: VariantType,
    *,
    stamp: datetime | None = None,
) -> DataValue:
    """A good, typed value; without timestamps unless there is one, for many PLCs refuse them."""
    time = cast("DateTime | None", stamp)
    return DataValue(
        Variant(value, variant_type),
        status(StatusCodes.Good),
        SourceTimestamp=time,
        ServerTimestamp=time,
    )


def bad_value(code: int, stamp: datetime) -> DataValue:
    """No value, and why."""
    return DataValue(StatusCode=status(code), SourceTimestamp=cast("DateTime", stamp))


def quality_of(value: DataValue) -> Quality:
    """Severity of a value's status; one without a status is good (OPC UA Part 4)."""
    code = value.StatusCode
    # Nearly all are plainly good, with no bit of more information.
    if code is None or code.value == StatusCodes.Good or code.is_good():
        return Quality.GOOD
    return Quality.UNCERTAIN if code.is_uncertain() else Quality.BAD


def raw_value(value: DataValue) -> object:
    """What is inside; None where there is nothing."""
    return None if value.Value is None else value.Value.Value
