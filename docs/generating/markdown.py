"""Tables and text in Markdown."""

import re
from collections.abc import Iterable
from html import escape


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Text for a cell. A bar in code is written so that GitHub and MkDocs show it alike."""
    text = re.sub(r"`([^`]*\|[^`]*)`", _code_with_bars, " ".join(text.split()))
    return text.replace("|", "\\|")


def _code_with_bars(code: re.Match[str]) -> str:
    return f"<code>{escape(code[1], quote=False).replace('|', '&#124;')}</code>"


def escaped(text: str) -> str:
    """Text in which nothing is taken for an HTML tag."""
    return re.sub(r"(?<!`)<([^>`]*)>(?!`)", r"&lt;\1&gt;", text)


def first_line(text: str) -> str:
    """First paragraph of a docstring, without roles of Sphinx."""
    line = re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text.split("\n\n", maxsplit=1)[0])
    return escaped(line.replace("``", "`"))
