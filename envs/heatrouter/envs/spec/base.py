"""What every described thing shares: frozen, no unknown keys, a name rule, a canonical form."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""Lower case letters, digits and underscores, starting with a letter."""

KIND: Final = Field(description="tells which kind of entry this is, and so which fields it has")
"""Of the field that selects a model among several."""


SchemaVersion = Annotated[
    Literal[1], Field(description="of this kind of file: what the fields below mean")
]


class Described(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Later:
    """Type of :data:`LATER`."""


LATER: Final = _Later()
"""Marks a field that was added after the first release.

While it has its default it is left out of the canonical form, so that a description written before
keeps its digest, and what was trained or signed for it stays valid.
"""


def canonical(value: object) -> object:
    """Plain data of a description from which its digest is made: dicts, lists, numbers, text."""
    if isinstance(value, BaseModel):
        return {
            name: canonical(getattr(value, name))
            for name, info in type(value).model_fields.items()
            if not (LATER in info.metadata and getattr(value, name) == info.default)
        }
    if isinstance(value, tuple):
        return [canonical(part) for part in value]
    return value
