"""What pydantic found wrong, in words: the place, the value, the limit and what to do."""

import difflib
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from heatrouter.envs.errors import Mistake, dotted_path
from heatrouter.envs.spec.field_units import unit_of

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a description an error lies.

    Attributes:
        location: The keys and indices that users see, without pydantic's union tags.
        owner: The model that the last key belongs to.
        info: The field of that key; None for an unknown key.
    """

    location: tuple[int | str, ...]
    owner: type[BaseModel] | None
    info: FieldInfo | None


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"``, or nothing where no known name comes close."""
    close = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def shown(value: object) -> str:
    """Return a value as a message quotes it: short, on one line."""
    text = repr(value) if not isinstance(value, dict) else "a mapping"
    if isinstance(value, tuple):
        text = "a list"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def field_mistakes(
    model: type[BaseModel], refused: ValidationError
) -> dict[tuple[int | str, ...], Mistake | None]:
    """Say what is wrong with the fields of a description.

    Args:
        model: The model that was validated.
        refused: What pydantic found.

    Returns:
        A mistake by the location of each field that has no value; None where another mistake
        already accounts for it, as a misspelt key does for the one that is then missing.
    """
    details = [(locate(model, d["loc"], str(d["type"])), d) for d in refused.errors()]
    # pydantic counts only sound entries, so a list of wrong ones is "too short" as well
    wrong = [place.location for place, _ in details]
    details = [
        (place, d)
        for place, d in details
        if d["type"] != "too_short" or not _has_entry_among(place.location, wrong)
    ]
    unknown_keys: dict[tuple[int | str, ...], list[str]] = {}
    for place, detail in details:
        if detail["type"] == "extra_forbidden":
            unknown_keys.setdefault(place.location[:-1], []).append(str(place.location[-1]))
    found: dict[tuple[int | str, ...], Mistake | None] = {}
    for place, detail in details:
        siblings = unknown_keys.get(place.location[:-1], [])
        if detail["type"] == "missing" and suggestion(str(place.location[-1]), siblings):
            found[place.location] = None
        else:
            message = explain(dict(detail), place)
            found[place.location] = Mistake(dotted_path(place.location), message)
    return found


def _has_entry_among(
    location: tuple[int | str, ...], others: Iterable[tuple[int | str, ...]]
) -> bool:
    depth = len(location)
    return any(len(other) > depth and other[:depth] == location for other in others)


def locate(root: type[BaseModel], keys: Iterable[int | str], error: str = "") -> Place:
    """Follow the keys of a pydantic error through the models.

    Args:
        root: The model that was validated.
        keys: The error's ``loc``, which names the tag of a union after the index.
        error: The error's type; errors of a union's tag lie at its key.

    Returns:
        The place as users see it.
    """
    location: list[int | str] = []
    annotation: Any = root
    owner: type[BaseModel] | None = None
    info: FieldInfo | None = None
    for key in keys:
        members = _union_of_models(annotation)
        if members:
            tagged = [m for m in members if isinstance(key, str) and key == kind_of(m)]
            if tagged:
                annotation = tagged[0]
                continue
            if len(members) == 1:  # a part that may be absent
                annotation = members[0]
        location.append(key)
        if isinstance(key, int):
            annotation = _item(annotation, key)
        elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
            owner = annotation
            info = owner.model_fields.get(key)
            annotation = info.annotation if info is not None else None
        else:
            annotation = None
            info = None
    if error.startswith("union_tag_"):
        location.append("kind")
    return Place(tuple(location), owner, info)


def kind_of(model: type[BaseModel]) -> str | None:
    """The ``kind`` by which a union tells a model from the others."""
    field = model.model_fields.get("kind")
    values = get_args(field.annotation) if field is not None else ()
    return str(values[0]) if values else None


def explain(detail: Mapping[str, Any], place: Place) -> str:
    """Say what is wrong in the words of the file.

    Args:
        detail: One of pydantic's error details.
        place: Where it lies.

    Returns:
        Value, limit and remedy.
    """
    kind = str(detail["type"])
    context = detail.get("ctx", {})
    value = detail.get("input")
    last = str(place.location[-1]) if place.location else ""
    if kind == "extra_forbidden":
        known = place.owner.model_fields if place.owner is not None else ()
        near = suggestion(last, known)
        rest = near or f"; known keys: {', '.join(known)}"
        return f"unknown key{rest}"
    if kind == "missing":
        return f"is missing{_wanted(last, place.info)}"
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        kinds = [k.strip(" '") for k in str(context.get("expected_tags", "")).split(",") if k]
        if kind == "union_tag_not_found":
            return f"is missing; give one of {', '.join(kinds)}"
        tag = str(context["tag"])
        return (
            f"{tag!r} is no kind of unit{suggestion(tag, kinds) or '; known: ' + ', '.join(kinds)}"
        )
    if kind == "string_pattern_mismatch":
        dash = (
            "hyphens"
            if "-" in str(context.get("pattern", "")).split("]*")[0][-2:]
            else "underscores"
        )
        return (
            f"{shown(value)} is no name; use lower case letters, digits and {dash}, "
            "starting with a letter"
        )
    if kind == "literal_error":
        choices = _choices(place.info)
        near = suggestion(value, choices) if isinstance(value, str) else ""
        return f"{shown(value)} must be {context['expected']}{near}"
    if kind in {"too_short", "too_long"}:
        limit = context.get("min_length", context.get("max_length"))
        most = "at least" if kind == "too_short" else "at most"
        return f"has {context['actual_length']} entries, needs {most} {limit}"
    if kind == "string_too_long":
        return f"{shown(value)} is longer than {context['max_length']} characters; shorten it"
    if kind == "value_error":
        return str(detail["msg"]).removeprefix("Value error, ")
    wanted = _TYPES.get(kind)
    if wanted is not None:
        return f"{shown(value)} is not {wanted}{_wanted(last, place.info)}"
    if kind == "finite_number":
        return f"{shown(value)} is not finite{_wanted(last, place.info)}"
    limits = _limits(place.info)
    if kind in {"greater_than", "greater_than_equal", "less_than", "less_than_equal"} and limits:
        return f"{shown(value)} must be {limits}{_unit_text(last)}{_purpose(place.info)}"
    return f"{shown(value)}: {detail['msg']}"


_TYPES = {
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of sensible size",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "dict_type": "a mapping of keys to values",
}


def _wanted(name: str, info: FieldInfo | None) -> str:
    if info is None:
        return ""
    limits = _limits(info)
    number = f"; give a number {limits}{_unit_text(name)}" if limits else "; give it"
    choices = _choices(info)
    if choices:
        number = f"; give one of {', '.join(choices)}"
    return f"{number}{_purpose(info)}"


def _unit_text(name: str) -> str:
    unit = unit_of(name)
    return f" {unit}" if unit else ""


def _purpose(info: FieldInfo | None) -> str:
    return f" ({info.description})" if info is not None and info.description else ""


def _limits(info: FieldInfo | None) -> str:
    if info is None:
        return ""
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    parts = [
        f"{sign} {getattr(item, name):g}"
        for item in info.metadata
        for name, sign in signs.items()
        if isinstance(getattr(item, name, None), int | float)
    ]
    return " and ".join(parts)


def _choices(info: FieldInfo | None) -> tuple[str, ...]:
    annotation = _bare(info.annotation) if info is not None else None
    if get_origin(annotation) is tuple:
        annotation = _bare(get_args(annotation)[0])
    return tuple(map(str, get_args(annotation))) if get_origin(annotation) is Literal else ()


def _bare(annotation: Any) -> Any:  # noqa: ANN401  # annotations have no type of their own
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _item(annotation: Any, index: int) -> Any:  # noqa: ANN401
    arguments = get_args(_bare(annotation))
    if not arguments:
        return None
    if len(arguments) > 1 and arguments[1] is Ellipsis:
        return _bare(arguments[0])
    return _bare(arguments[index]) if index < len(arguments) else None


def _union_of_models(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401
    bare = _bare(annotation)
    if get_origin(bare) not in {Union, types.UnionType}:
        return []
    return [m for m in get_args(bare) if isinstance(m, type) and issubclass(m, BaseModel)]
