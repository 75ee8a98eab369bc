"""The page of a study: text by hand, and between two marks what the files of numbers say.

A mark reads ``<!-- study: KIND key=value ... -->`` and ends with ``<!-- /study -->``; everything in
between is written anew. Kinds: ``parts``; ``scores``, ``violations``, ``cost``, ``methods-figure``
and ``curves-figure`` with ``preset=``, ``parts=`` and, to choose, ``methods=``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.study.figures import draw_curves, draw_methods
from heatrouter.training.study.results import PartResults, read_part
from heatrouter.training.study.settings import Study
from heatrouter.training.study.tables import (
    Chosen,
    cost_table,
    parts_table,
    scores_table,
    violations_table,
)

_MARK: Final = re.compile(r"(<!-- study: ([^>]*?) -->\n).*?(<!-- /study -->)", re.DOTALL)
_KEYS: Final = ("preset", "parts", "methods")

_TABLES: Final[dict[str, Callable[[Chosen], str]]] = {
    "scores": scores_table,
    "violations": violations_table,
    "cost": cost_table,
}
_FIGURES: Final[dict[str, Callable[[Chosen, Path], None]]] = {
    "methods-figure": draw_methods,
    "curves-figure": draw_curves,
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page and where its numbers come from.

    Attributes:
        path: The Markdown file.
        results: Folder of the files of numbers, and of the figures.
    """

    path: Path
    results: Path


def render(study: Study, page: Page, *, figures: bool = True) -> str:
    """Return the page with everything between its marks written anew.

    Args:
        study: The study.
        page: The page.
        figures: Whether figures are drawn, too; else they are only referred to.

    Raises:
        TrainingConfigError: A mark means nothing, or parts do not fit together.
    """
    found = {part.name: read_part(page.results, study.name, part.name) for part in study.parts}
    parts = {name: part for name, part in found.items() if part is not None}

    def fill(match: re.Match[str]) -> str:
        text = _block(study, page, parts, match[2], figures=figures)
        return f"{match[1]}\n{text.rstrip()}\n\n{match[3]}"

    return _MARK.sub(fill, page.path.read_text(encoding="utf-8"))


def _block(
    study: Study, page: Page, parts: Mapping[str, PartResults], mark: str, *, figures: bool
) -> str:
    kind, *settings = mark.split()
    pairs = dict(setting.partition("=")[::2] for setting in settings)
    known = kind == "parts" or kind in _TABLES or kind in _FIGURES
    if not known or set(pairs) - {*_KEYS}:
        kinds = ", ".join(["parts", *_TABLES, *_FIGURES])
        msg = f"{page.path}: mark {mark!r} must be one of {kinds}, with {', '.join(_KEYS)}"
        raise TrainingConfigError(msg)
    if kind == "parts":
        return parts_table(study, parts)
    named = [study.part(name) for name in pairs.get("parts", "").split(",")]
    missing = [part.name for part in named if part.name not in parts]
    told = "".join(
        f"*Missing: part `{name}` has not been run "
        f"(`heatrouter study run {study.name} --part {name}`).*\n\n"
        for name in missing
    )
    present = [parts[part.name] for part in named if part.name in parts]
    methods = tuple(name for name in pairs.get("methods", "").split(",") if name)
    preset = pairs.get("preset", "")
    chosen = Chosen.of(preset, present, methods, seed=study.judgement.seeds[0])
    if chosen is None:
        return told or f"*Missing: {preset} is in none of these parts.*"
    if kind in _TABLES:
        return _TABLES[kind](chosen) + "\n" + told
    file = page.results / f"{study.name}-{kind.removesuffix('-figure')}-{preset}.png"
    if figures:
        _FIGURES[kind](chosen, file)
    relative = file.relative_to(page.path.parent).as_posix()
    return f"![{_ALT[kind]} of {preset}]({relative})\n\n{told}"


_ALT: Final = {
    "methods-figure": "Optimality with intervals",
    "curves-figure": "Learning curves over core-seconds",
}
