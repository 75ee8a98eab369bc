"""Which tag of the plant holds which entry of the contract.

The default map follows the virtual plant: ``<district>/<unit>/<quantity>``. A real plant names its
tags otherwise, and in other units: a YAML file overrides any of them, by contract name::

    namespace_uri: urn:example:plant
    measured:
      tank.top_temp_c: {node: TI_4711, scale: 0.1}

An override keeps what it does not say.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import Mistake, ServiceConfigError

NAMESPACE_URI = "urn:heatrouter:plant"
"""Namespace of the virtual plant. Nodes are found by its URI, never by an index (OPC UA Part 3)."""

DataType = Literal["double", "float", "int16", "int32", "uint32", "boolean", "string"]

CLOCK_TAGS = ("local_hour", "weekday", "day_of_year", "time_s")
"""The plant's calendar; ``time_s`` are seconds since the start of its scenario."""

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


class Tag(BaseModel):
    """One tag: where it is, and how its value becomes the contract's."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    node: str = Field(min_length=1, description="string identifier of the node in the namespace")
    data_type: DataType = Field("double", description="type on the wire; writes must match it")
    scale: float = Field(1.0, description="contract value = scale * tag value + offset")
    offset: float = Field(0.0, description="in the contract's unit")

    def to_contract(self, value: float) -> float:
        """The contract's value for a value read from the tag."""
        return self.scale * value + self.offset

    def to_plant(self, value: float) -> float:
        """The value to write for a value of the contract."""
        return (value - self.offset) / self.scale


class TagMap(BaseModel):
    """Every tag the service reads or writes, by the name the contract gives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespace_uri: str = NAMESPACE_URI
    measured: dict[str, Tag] = Field(description="observation origins that are measured")
    tariff: dict[str, Tag] = Field(description="tariff series in force")
    clock: dict[str, Tag] = Field(description="the plant's calendar and time")
    forecast: dict[str, Tag] = Field(description="arrays: one mean per forecast window")
    forecast_issue: Tag = Field(description="plant time at which the forecasts were issued, s")
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
        named["forecast_issue"] = self.forecast_issue
        return named


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


def node_of(district: str, column: str) -> str:
    """Identifier of the virtual plant's tag for an output column such as ``tank.level``."""
    unit, _, quantity = column.partition(".")
    return f"{district}/{unit}/{quantity}"


def default_tags(contract: Contract) -> TagMap:
    """The tags of the virtual plant of a district."""
    district = contract.district

    def named(folder: str, names: Iterable[str]) -> dict[str, Tag]:
        return {name: Tag(node=f"{district}/{folder}/{name}") for name in names}

    set_points = tuple(s.name for s in contract.set_points)
    return TagMap(
        measured={n: Tag(node=node_of(district, n)) for n in origins(contract, "measured")},
        tariff={n: Tag(node=node_of(district, n)) for n in origins(contract, "tariff")},
        clock={n: Tag(node=node_of(district, f"site.{n}")) for n in CLOCK_TAGS},
        forecast=named("forecast", origins(contract, "forecast")),
        forecast_issue=Tag(node=f"{district}/forecast/issue_time_s"),
        set_points=named("setpoints", set_points),
        applied=named("applied", set_points),
        control={
            name: Tag(node=f"{district}/control/{name}", data_type=data_type)
            for name, data_type in CONTROL_TAGS.items()
        },
    )


def load_tags(path: Path, contract: Contract) -> TagMap:
    """Read overrides from YAML and lay them over the default map.

    Raises:
        ServiceConfigError: The file is no map, or names tags the contract does not have.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ServiceConfigError(f"{path}: no valid YAML: {error}") from error  # noqa: EM102, TRY003
    if not isinstance(data, Mapping):
        msg = f"{path}: a tag map is a mapping of groups, this is {type(data).__name__}"
        raise ServiceConfigError(msg)
    return override_tags(default_tags(contract), data, str(path))


def override_tags(base: TagMap, overrides: Mapping[str, object], subject: str) -> TagMap:
    """Lay overrides over a tag map; every mistake at once."""
    merged: dict[str, object] = base.model_dump()
    mistakes: list[Mistake] = []
    for group, entries in overrides.items():
        if group not in merged:
            mistakes.append(Mistake(group, f"unknown group; known: {', '.join(merged)}"))
            continue
        current = merged[group]
        if not isinstance(current, dict) or not isinstance(entries, Mapping):
            merged[group] = entries
            continue
        if group == "forecast_issue":
            merged[group] = {**current, **entries}
            continue
        for name, entry in entries.items():
            if name not in current:
                mistakes.append(Mistake(f"{group}.{name}", "the contract has no such entry"))
            else:
                changed = entry if isinstance(entry, Mapping) else {"node": entry}
                current[name] = {**current[name], **changed}
    if not mistakes:
        try:
            tags = TagMap.model_validate(merged)
        except ValidationError as error:
            mistakes += [
                Mistake(".".join(str(p) for p in e["loc"]), e["msg"]) for e in error.errors()
            ]
        else:
            mistakes += _zero_scales(tags)
            if not mistakes:
                return tags
    raise ServiceConfigError(subject, mistakes)


def _zero_scales(tags: TagMap) -> list[Mistake]:
    """A scale of zero would turn every value into the offset, and no write could be formed."""
    groups = {"measured": tags.measured, "set_points": tags.set_points, "applied": tags.applied}
    return [
        Mistake(f"{group}.{name}.scale", "0 loses the value; give a number other than zero")
        for group, entries in groups.items()
        for name, tag in entries.items()
        if tag.scale == 0.0
    ]
