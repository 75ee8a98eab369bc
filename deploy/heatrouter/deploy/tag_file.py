"""The YAML file by which a plant's own tags replace the default ones."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import yaml
from pydantic import ValidationError

from heatrouter.deploy.plant_units import canonical, conversion, convertible
from heatrouter.deploy.tags import (
    GROUPS_THAT_MAY_BE_MISSING,
    INTEGER_RANGE,
    Tag,
    TagMap,
    default_tags,
)
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import Mistake, ServiceConfigError
from heatrouter.envs.spec.explaining import field_mistakes

_TAG_GROUPS = ("measured", "tariff", "clock", "forecast", "set_points", "applied", "control")


def load_tags(path: Path, contract: Contract, base: TagMap | None = None) -> TagMap:
    """Read overrides from YAML and lay them over a map, the default one unless given.

    Raises:
        ServiceConfigError: The file is no map, names tags that the contract does not have, or
            gives one that cannot hold its values; every mistake at once.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ServiceConfigError(f"{path}: {error.strerror}; check the path") from error  # noqa: EM102, TRY003
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ServiceConfigError(f"{path}: no valid YAML: {error}") from error  # noqa: EM102, TRY003
    if not isinstance(data, Mapping):
        msg = f"{path}: a tag map is a mapping of groups, this is {type(data).__name__}"
        raise ServiceConfigError(msg)
    tags = override_tags(base or default_tags(contract), data, str(path))
    mistakes = misfits(tags, contract)
    if mistakes:
        raise ServiceConfigError(str(path), mistakes)
    return tags


def override_tags(base: TagMap, overrides: Mapping[str, object], subject: str) -> TagMap:
    """Lay overrides over a tag map; raises ServiceConfigError with every mistake at once."""
    merged: dict[str, object] = dict(base)
    mistakes: list[Mistake] = []
    for group, entries in overrides.items():
        if group == "namespace_uri":
            if not isinstance(entries, str) or not entries:
                mistakes.append(Mistake(group, f"{entries!r}: the URI of a namespace is a text"))
            merged[group] = entries
        elif group == "forecast_issue":
            current = base.forecast_issue
            merged[group] = None if entries is None else _entry(mistakes, group, current, entries)
        elif group not in _TAG_GROUPS:
            mistakes.append(Mistake(str(group), f"unknown group; known: {', '.join(merged)}"))
        elif entries is None and group in GROUPS_THAT_MAY_BE_MISSING:
            merged[group] = {}
            if group == "forecast":
                merged["forecast_issue"] = None
        elif not isinstance(entries, Mapping):
            mistakes.append(Mistake(group, f"{entries!r}: a group maps names to tags"))
        else:
            merged[group] = _group(mistakes, group, getattr(base, group), entries)
    if mistakes:
        raise ServiceConfigError(subject, mistakes)
    return TagMap.model_validate(merged)


def _group(
    mistakes: list[Mistake], group: str, current: dict[str, Tag], entries: Mapping[object, object]
) -> dict[str, Tag]:
    changed = dict(current)
    for name, entry in entries.items():
        path = f"{group}.{name}"
        if name not in current:
            mistakes.append(Mistake(path, "the contract has no such entry"))
            continue
        tag = _entry(mistakes, path, current[str(name)], entry)
        if tag is not None:
            changed[str(name)] = tag
    return changed


def _entry(mistakes: list[Mistake], path: str, current: Tag | None, entry: object) -> Tag | None:
    """One tag of the file over one of the map, in the contract's unit."""
    said = dict(entry) if isinstance(entry, Mapping) else {"node": entry}
    before = {} if current is None else current.model_dump()
    try:
        tag = Tag.model_validate({**before, **said})
    except ValidationError as error:
        for mistake in filter(None, field_mistakes(Tag, error).values()):
            where = f"{path}.{mistake.path}" if mistake.path else path
            mistakes.append(Mistake(where, mistake.message))
        return None
    return tag if current is None else _converted(mistakes, path, tag, current.unit)


def _converted(mistakes: list[Mistake], path: str, tag: Tag, contract_unit: str) -> Tag | None:
    factors = conversion(tag.unit, contract_unit)
    if factors is None:
        known = ", ".join(convertible(contract_unit))
        message = f"{tag.unit!r} cannot become {contract_unit!r}; known for it: {known}"
        mistakes.append(Mistake(f"{path}.unit", message))
        return None
    if canonical(tag.unit) == canonical(contract_unit):
        return tag.model_copy(update={"unit": contract_unit})

    def of(value: float | None) -> float | None:
        return None if value is None else factors.scale * value + factors.offset

    return tag.model_copy(
        update={
            "unit": contract_unit,
            "scale": factors.scale * tag.scale,
            "offset": factors.scale * tag.offset + factors.offset,
            "low": of(tag.low),
            "high": of(tag.high),
        }
    )


def misfits(tags: TagMap, contract: Contract) -> list[Mistake]:
    """Tags that cannot hold what the contract asks of them."""
    mistakes: list[Mistake] = []
    for point in contract.set_points:
        tag, path = tags.set_points[point.name], f"set_points.{point.name}"
        ends = sorted((tag.to_plant(point.low), tag.to_plant(point.high)))
        if tag.data_type in INTEGER_RANGE:
            low, high = INTEGER_RANGE[tag.data_type]
            if not (low <= ends[0] and ends[1] <= high):
                message = (
                    f"{point.low:g}..{point.high:g} {point.unit} is {ends[0]:g}..{ends[1]:g} at "
                    f"the plant, beyond {tag.data_type} ({low}..{high}); change scale or data_type"
                )
                mistakes.append(Mistake(f"{path}.data_type", message))
        elif tag.data_type not in {"double", "float"}:
            message = f"{tag.data_type!r} holds no set-point; use a number"
            mistakes.append(Mistake(f"{path}.data_type", message))
        slack = 1e-9 * (point.high - point.low)
        if (tag.low is not None and tag.low > point.low + slack) or (
            tag.high is not None and tag.high < point.high - slack
        ):
            message = (
                f"the plant takes {_end(tag.low)}..{_end(tag.high)} {point.unit}, the contract "
                f"writes {point.low:g}..{point.high:g}; narrow the unit in the district file"
            )
            mistakes.append(Mistake(f"{path}.low", message))
    if not tags.forecast and tags.forecast_issue is not None:
        message = "without forecast arrays there is no issue time; leave it out or set it to null"
        mistakes.append(Mistake("forecast_issue", message))
    named = {f"set_points.{n}": t for n, t in tags.set_points.items()}
    named |= {f"control.{n}": t for n, t in tags.control.items()}
    uses = Counter(tag.node for tag in named.values())
    mistakes += [
        Mistake(f"{path}.node", f"{tag.node!r} is used twice; a tag that is written has one owner")
        for path, tag in named.items()
        if uses[tag.node] > 1
    ]
    return mistakes


def bounded(tags: TagMap, contract: Contract) -> TagMap:
    """Set-points with the contract's range as their own, so that rounding stays inside it."""
    limits = {p.name: {"low": p.low, "high": p.high} for p in contract.set_points}
    set_points = {n: t.model_copy(update=limits[n]) for n, t in tags.set_points.items()}
    return tags.model_copy(update={"set_points": set_points})


def read_back_tolerance(tags: TagMap, contract: Contract) -> FloatArray:
    """By how much each set-point may come back changed by its own tag, shape ``(n_set_points,)``.

    What a type cannot hold is no sign of another writer: an integer register rounds.
    """
    return np.array(
        [
            1e-6 * (p.high - p.low)
            + tags.set_points[p.name].resolution(max(abs(p.low), abs(p.high)))
            for p in contract.set_points
        ]
    )


def _end(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
