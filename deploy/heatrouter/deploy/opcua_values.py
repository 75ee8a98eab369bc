"""Typed values on the wire, and what they are worth: asyncua's types in one place."""

from datetime import datetime
from typing import Final, cast

from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uatypes import (
    DataValue,
    DateTime,
    Int16,
    NodeId,
    StatusCode,
    String,
    UInt32,
    Variant,
    VariantType,
)

from heatrouter.deploy.field_link import Quality
from heatrouter.deploy.tags import DataType

VARIANTS: Final[dict[DataType, VariantType]] = {
    "double": VariantType.Double,
    "float": VariantType.Float,
    "int16": VariantType.Int16,
    "int32": VariantType.Int32,
    "uint32": VariantType.UInt32,
    "boolean": VariantType.Boolean,
    "string": VariantType.String,
}
"""Type on the wire of each type of a tag."""

UNKNOWN_NODE: Final = StatusCodes.BadNodeIdUnknown
OUT_OF_RANGE: Final = StatusCodes.BadOutOfRange
SENSOR_FAILURE: Final = StatusCodes.BadSensorFailure


def node_id(identifier: str, namespace: int) -> NodeId:
    """The node of a string identifier."""
    return NodeId(String(identifier), Int16(namespace))


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
    if code is None or code.is_good():
        return Quality.GOOD
    return Quality.UNCERTAIN if code.is_uncertain() else Quality.BAD


def raw_value(value: DataValue) -> object:
    """What is inside; None where there is nothing."""
    return None if value.Value is None else value.Value.Value
