"""Tables and text in Markdown."""

import re
from collections.abc import Iterable


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def escaped(text: str) -> str:
    """Text in which nothing is taken for an HTML tag."""
    return re.sub(r"(?<!`)<([^>`]*)>(?!`)", r"&lt;\1&gt;", text)


def first_line(text: str) -> str:
    """First paragraph of a docstring, without roles of Sphinx."""
    line = re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text.split("\n\n", maxsplit=1)[0])
    return escaped(line.replace("``", "`"))
