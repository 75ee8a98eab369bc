"""YAML text of a district that a person can read: one line per location and pipe, units in blocks.

Generated districts are written with it; what it writes, :func:`.loading.parse_district` reads back.
"""

import textwrap
from collections.abc import Iterable, Mapping
from typing import Final

import yaml

_WIDTH: Final = 100
_WIDEST: Final = 140
"""Of a mapping that is better read in one line than in one line per key."""
_FOLDED: Final = ("description", "sizing")
_ONE_LINE: Final = ("locations", "pipe_series", "pipes", "shifts")
"""Lists of which every member is one line."""


def district_text(district: Mapping[str, object], heading: Iterable[str] = ()) -> str:
    """Write a district.

    Args:
        district: Its fields as plain numbers, texts, lists and mappings, in the order wanted.
        heading: Lines of comment above it, without the ``#``.

    Returns:
        YAML text that ends with a line feed.
    """
    lines = [f"# {line}" for line in heading]
    for key, value in district.items():
        if isinstance(value, Mapping | list | tuple):
            lines.append("")
        lines += _field(key, value, 0)
    return "\n".join(lines) + "\n"


def _field(key: str, value: object, depth: int) -> list[str]:
    pad = "  " * depth
    if key in _FOLDED and isinstance(value, str):
        return _folded(key, value, depth)
    if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        lines = [f"{pad}{key}:"]
        for number, member in enumerate(value):
            if key in _ONE_LINE:
                lines.append(f"{pad}  - {_flow(member)}")
            else:
                if number and not depth:
                    lines.append("")
                lines += _member(member, depth + 1)
        return lines
    if isinstance(value, Mapping):
        short = f"{pad}{key}: {_flow(value)}"
        if depth and len(short) <= _WIDTH and not any(_is_nested(v) for v in value.values()):
            return [short]
        flow = f"{pad}  {_flow(value)}"
        if depth and len(flow) <= _WIDEST and not any(_is_nested(v) for v in value.values()):
            return [f"{pad}{key}:", flow]
        lines = [f"{pad}{key}:"]
        for name, part in value.items():
            lines += _field(name, part, depth + 1)
        return lines
    if isinstance(value, list | tuple):
        short = f"{pad}{key}: {_flow(value)}"
        if len(short) <= _WIDTH:
            return [short]
        names = textwrap.wrap(", ".join(_flow(v) for v in value), _WIDTH - len(pad) - 4)
        return [f"{pad}{key}: [", *(f"{pad}    {line}" for line in names), f"{pad}  ]"]
    return [f"{pad}{key}: {_flow(value)}"]


def _member(member: Mapping[str, object], depth: int) -> list[str]:
    lines: list[str] = []
    for name, part in member.items():
        lines += _field(name, part, depth + 1)
    pad = "  " * depth
    return [f"{pad}- {lines[0].lstrip()}", *lines[1:]]


def _folded(key: str, text: str, depth: int) -> list[str]:
    pad = "  " * depth
    short = f"{pad}{key}: {_flow(text)}"
    if len(short) <= _WIDTH:
        return [short]
    wrapped = textwrap.wrap(text, _WIDTH - len(pad) - 2, break_on_hyphens=False)
    return [f"{pad}{key}: >-", *(f"{pad}  {line}" for line in wrapped)]


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list | tuple) and bool(value) and isinstance(value[0], Mapping)
    )


def _flow(value: object) -> str:
    text = yaml.safe_dump(
        _plain(value), default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True
    )
    return text.removesuffix("...\n").strip()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
