"""Mutants that live on for a stated reason, as the file beside this one lists them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KEPT: Final = Path(__file__).with_name("survivors.toml")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some mutants live.

    Attributes:
        why: In a sentence or two.
        mutants: Their keys.
    """

    why: str
    mutants: tuple[str, ...]


def stated_reasons(path: Path = KEPT) -> tuple[Reason, ...]:
    """The list.

    Raises:
        ValueError: If a mutant stands there twice, or a reason is empty.
    """
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    reasons = tuple(
        Reason(" ".join(entry["why"].split()), tuple(entry["mutants"]))
        for entry in document["survivors"]
    )
    keys = [key for reason in reasons for key in reason.mutants]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice or not all(reason.why and reason.mutants for reason in reasons):
        message = f"{path.name}: a mutant is listed twice, or a reason is empty: {twice}"
        raise ValueError(message)
    return reasons
