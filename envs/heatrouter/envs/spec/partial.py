"""A description with its broken fields left open, so that the checks across parts still run.

What could not be read becomes a value that no rule holds against anybody: numbers become NaN (every
comparison is false), names become empty, lists become empty, parts that may be absent are absent.
A rule is therefore written as the condition under which something is *wrong*, and skips empty
names.
"""

import math
import types
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from heatrouter.envs.spec.base import Described
from heatrouter.envs.spec.explaining import kind_of
from heatrouter.envs.spec.yaml_reading import Location

_ANY_LENGTH = 2  # arguments of `tuple[T, ...]`


class UnreadableUnit(Described):
    """Stands in for a unit whose kind is unknown; its name still resolves."""

    kind: str = ""
    name: str = ""
    location: str = ""


def partial_model(
    model: type[BaseModel], data: object, bad: Collection[Location], location: Location = ()
) -> BaseModel:
    """Build a model without validation, with what is wrong in it left open.

    Args:
        model: The model.
        data: Plain data from the file.
        bad: Locations of all values that validation refused, as users see them.
        location: Where ``data`` lies in the file.

    Returns:
        An instance made by ``model_construct``.
    """
    mapping: Mapping[str, object] = data if isinstance(data, dict) else {}
    values: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        place = (*location, name)
        if place in bad:
            values[name] = _unknown(info.annotation)
        elif name in mapping:
            values[name] = _value(info.annotation, mapping[name], bad, place)
        elif not info.is_required():
            values[name] = info.get_default(call_default_factory=True)
        else:
            values[name] = _unknown(info.annotation)
    return model.model_construct(**values)


def _value(
    annotation: Any,  # noqa: ANN401  # annotations have no type of their own
    data: object,
    bad: Collection[Location],
    place: Location,
) -> object:
    if place in bad:
        return _unknown(annotation)
    annotation = _bare(annotation)
    if get_origin(annotation) is tuple and isinstance(data, tuple):
        items = get_args(annotation)
        if len(items) == _ANY_LENGTH and items[1] is Ellipsis:
            return tuple(_value(items[0], part, bad, (*place, i)) for i, part in enumerate(data))
        return tuple(
            _value(item, data[i], bad, (*place, i)) if i < len(data) else _unknown(item)
            for i, item in enumerate(items)
        )
    members = _members(annotation)
    models = [m for m in members if isinstance(m, type) and issubclass(m, BaseModel)]
    if len(models) > 1:
        kind = data.get("kind") if isinstance(data, dict) else None
        models = [m for m in models if kind_of(m) == kind]
        if not models:
            return _unreadable_unit(data)
    if models and data is not None:
        return partial_model(models[0], data, bad, place)
    return data


def _unreadable_unit(data: object) -> UnreadableUnit:
    name = data.get("name") if isinstance(data, dict) else None
    return UnreadableUnit.model_construct(name=name if isinstance(name, str) else "")


def _unknown(annotation: Any) -> object:  # noqa: ANN401
    annotation = _bare(annotation)
    members = _members(annotation)
    if types.NoneType in members:
        return _unknown_optional(members)
    if len(members) > 1:
        return UnreadableUnit()
    if get_origin(annotation) is tuple:
        items = get_args(annotation)
        return () if items[-1] is Ellipsis else tuple(_unknown(item) for item in items)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return partial_model(annotation, {}, ())
    if annotation is float:
        return math.nan
    if annotation in {int, bool}:
        return annotation(0)
    return ""


def _unknown_optional(members: tuple[Any, ...]) -> object:
    """What stands for a value that was given and is wrong: present, but held against nobody."""
    others = [_bare(member) for member in members if member is not types.NoneType]
    if float in others:
        return math.nan
    return "" if any(o is str or get_origin(o) is Literal for o in others) else None


def _bare(annotation: Any) -> Any:  # noqa: ANN401
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _members(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401
    if get_origin(annotation) in {Union, types.UnionType}:
        return get_args(annotation)
    return () if get_origin(annotation) is Literal else (annotation,)
