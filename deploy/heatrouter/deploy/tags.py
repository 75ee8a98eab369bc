"""Which tag of the plant holds which entry of the contract.

The default map follows the virtual plant: ``<district>/<unit>/<quantity>``. A real plant names its
tags otherwise, and in other units: a YAML file overrides any of them, by contract name::

    namespace_uri: urn:example:plant
    measured:
      tank.top_temp_c: {node: TI_4711, unit: degF, low: 32, high: 250}

An override keeps what it does not say. The groups ``clock`` and ``forecast`` may be ``null``: the
calendar is then the service's own, and forecasts come from a file or over HTTP.
"""

import math
import re
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from heatrouter.envs.contract import Contract, ObservationSource

NAMESPACE_URI = "urn:heatrouter:plant"
"""Namespace of the virtual plant. Nodes are found by its URI, never by an index (OPC UA Part 3)."""

DataType = Literal[
    "double",
    "float",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "boolean",
    "string",
]

INTEGER_RANGE: Final[dict[str, tuple[int, int]]] = {
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
"""Least and greatest number of each integer type."""

FLOAT32_EPSILON: Final = 2.0**-23
"""Relative step of a 32-bit number (IEEE 754)."""

CLOCK_UNITS: Final[dict[str, str]] = {
    "local_hour": "h",
    "weekday": "d",
    "day_of_year": "d",
    "time_s": "s",
}
"""The plant's calendar; ``time_s`` are seconds since the start of its scenario."""

CLOCK_TAGS = tuple(CLOCK_UNITS)

CONTROL_TAGS: dict[str, DataType] = {
    "heartbeat": "uint32",
    "mode": "string",
    "enable": "boolean",
    "override": "boolean",
    "external": "boolean",
    "status": "string",
    "unsafe_writes": "uint32",
}
"""The hand-shake. The service writes heartbeat and mode; an operator writes enable and override;
the plant's own controller (PLC) writes external (it applies the service's set-points), status (the
same in words) and unsafe_writes."""

READ_CONTROL_TAGS = ("enable", "override", "external")
"""What the service reads of the hand-shake."""

WRITTEN_CONTROL_TAGS = ("heartbeat", "mode")
"""What the service writes of the hand-shake."""

MODE_CODES: Final[dict[str, int]] = {
    "OFF": 0,
    "SHADOW": 1,
    "RULES": 2,
    "POLICY": 3,
    "HOLD": 4,
    "LOCAL": 5,
}
"""The mode as a number, for a plant whose tag of the mode is no text."""

MODE_NAMES: Final = {code: mode for mode, code in MODE_CODES.items()}

GROUPS_THAT_MAY_BE_MISSING = ("clock", "forecast")

_FOREIGN_NODE = re.compile(r"^ns=\d+;")


class Tag(BaseModel):
    """One tag: where it is, and how its value becomes the contract's."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    node: str = Field(
        min_length=1,
        description="OPC UA: string identifier in the namespace, or i=…, or nsu=URI;s=…; "
        "Modbus: holding:N, input:N, coil:N or discrete:N, counted from 0",
    )
    data_type: DataType = Field("double", description="type on the wire; writes must match it")
    unit: str = Field("1", description="unit at the plant; converted to the contract's")
    scale: float = Field(1.0, description="value in `unit` = scale * raw value + offset")
    offset: float = Field(0.0, description="in `unit`")
    low: float | None = Field(None, description="least value in `unit` that can be true")
    high: float | None = Field(None, description="greatest value in `unit` that can be true")
    no_value: tuple[float, ...] = Field(
        (), description="raw values by which the plant says that it has none, such as -32768"
    )
    word_order: Literal["big", "little"] | None = Field(
        None, description="Modbus: order of the 16-bit words; null takes the device's"
    )

    @model_validator(mode="after")
    def _sound(self) -> "Tag":
        if self.scale == 0.0:
            message = "scale 0 loses the value; give a number other than zero"
            raise ValueError(message)
        if self.low is not None and self.high is not None and not self.low < self.high:
            message = f"low {self.low:g} must lie below high {self.high:g}"
            raise ValueError(message)
        if _FOREIGN_NODE.match(self.node):
            message = (
                f"{self.node!r} names a namespace by its index, which changes when the server "
                "restarts; write nsu=URI;s=… instead"
            )
            raise ValueError(message)
        return self

    def to_contract(self, value: float) -> float:
        """The contract's value for a raw value; NaN where it stands for none."""
        return math.nan if value in self.no_value else self.scale * value + self.offset

    def to_plant(self, value: float) -> float:
        """The raw value for a value of the contract, not rounded."""
        return (value - self.offset) / self.scale

    def to_wire(self, value: float) -> float | int:
        """The raw value to write: whole for integer types, never beyond ``low`` and ``high``.

        Raises:
            OverflowError: An integer type cannot hold it.
        """
        raw = self.to_plant(value)
        if self.data_type not in INTEGER_RANGE:
            return raw
        whole = round(raw)
        ends = [self.to_plant(end) for end in (self.low, self.high) if end is not None]
        if len(ends) == 2:
            # Rounding must not carry a set-point over the edge of its range.
            least, most = math.ceil(min(ends) - 1e-9), math.floor(max(ends) + 1e-9)
            whole = min(max(whole, least), most)
        low, high = INTEGER_RANGE[self.data_type]
        if not low <= whole <= high:
            msg = f"{whole} is no {self.data_type}"
            raise OverflowError(msg)
        return whole

    def resolution(self, span: float) -> float:
        """By how much a value of this size may change by writing and reading it back.

        Args:
            span: Greatest size of the contract's values.
        """
        if self.data_type in INTEGER_RANGE:
            return abs(self.scale)
        return FLOAT32_EPSILON * (span + abs(self.offset)) if self.data_type == "float" else 0.0


class TagMap(BaseModel):
    """Every tag the service reads or writes, by the name the contract gives it.

    All units are the contract's: a file's other units have become part of scale and offset.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespace_uri: str = Field(
        NAMESPACE_URI, description="OPC UA namespace of nodes that name none of their own"
    )
    measured: dict[str, Tag] = Field(description="observation origins that are measured")
    tariff: dict[str, Tag] = Field(description="tariff series in force")
    clock: dict[str, Tag] = Field(description="the plant's calendar and time; empty: the service's")
    forecast: dict[str, Tag] = Field(
        description="arrays: one mean per forecast window; empty: forecasts come from elsewhere"
    )
    forecast_issue: Tag | None = Field(
        description="plant time at which the forecasts were issued, s"
    )
    set_points: dict[str, Tag] = Field(description="written by the service")
    applied: dict[str, Tag] = Field(description="read-back: the set-points in force at the plant")
    control: dict[str, Tag] = Field(description="the hand-shake")

    def scalars(self) -> dict[str, Tag]:
        """Every scalar tag that is read each tick, by a name unique over all groups."""
        groups = {
            "": self.measured,
            "tariff:": self.tariff,
            "clock:": self.clock,
            "set_point:": self.set_points,
            "applied:": self.applied,
        }
        named = {
            f"{prefix}{n}": tag for prefix, group in groups.items() for n, tag in group.items()
        }
        for name in READ_CONTROL_TAGS:
            named[f"control:{name}"] = self.control[name]
        if self.forecast_issue is not None:
            named["forecast_issue"] = self.forecast_issue
        return named

    def names(self) -> tuple[str, ...]:
        """What every snapshot has, whether the plant has a tag for it or not."""
        scalars = self.scalars()
        missing = [f"clock:{n}" for n in CLOCK_TAGS] + ["forecast_issue"]
        return (*scalars, *(n for n in missing if n not in scalars))

    def writable(self) -> dict[str, Tag]:
        """Every tag that the service writes, by ``set_point:<name>`` and ``control:<name>``."""
        return {f"set_point:{n}": t for n, t in self.set_points.items()} | {
            f"control:{n}": self.control[n] for n in WRITTEN_CONTROL_TAGS
        }


def origins(contract: Contract, source: str) -> tuple[str, ...]:
    """Distinct origins of the observation channels from one source, in order.

    What the task fixes (``task.…``, a CO2 price) has no tag.
    """
    return tuple(
        dict.fromkeys(
            c.origin
            for c in contract.observation
            if c.source == source and not c.origin.startswith("task.")
        )
    )


def window_count(contract: Contract) -> int:
    """How many windows each forecast series has."""
    n_series = len(origins(contract, "forecast"))
    return sum(c.source == "forecast" for c in contract.observation) // max(n_series, 1)


def node_of(district: str, column: str) -> str:
    """Identifier of the virtual plant's tag for an output column such as ``tank.level``."""
    unit, _, quantity = column.partition(".")
    return f"{district}/{unit}/{quantity}"


def default_tags(contract: Contract) -> TagMap:
    """The tags of the virtual plant of a district, in the contract's units."""
    district = contract.district
    units = {(c.source, c.origin): c.unit for c in contract.observation}

    def observed(source: ObservationSource) -> dict[str, Tag]:
        return {
            n: Tag(node=node_of(district, n), unit=units[source, n])
            for n in origins(contract, source)
        }

    def set_points(folder: str) -> dict[str, Tag]:
        return {
            s.name: Tag(node=f"{district}/{folder}/{s.name}", unit=s.unit)
            for s in contract.set_points
        }

    return TagMap(
        measured=observed("measured"),
        tariff=observed("tariff"),
        clock={
            n: Tag(node=node_of(district, f"site.{n}"), unit=unit)
            for n, unit in CLOCK_UNITS.items()
        },
        forecast={
            n: Tag(node=f"{district}/forecast/{n}", unit=units["forecast", n])
            for n in origins(contract, "forecast")
        },
        forecast_issue=Tag(node=f"{district}/forecast/issue_time_s", unit="s"),
        set_points=set_points("setpoints"),
        applied=set_points("applied"),
        control={
            name: Tag(node=f"{district}/control/{name}", data_type=data_type)
            for name, data_type in CONTROL_TAGS.items()
        },
    )
