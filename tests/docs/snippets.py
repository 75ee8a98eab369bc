"""The fenced blocks of the documentation, and what the comment above each says about running it.

Every ``sh`` and ``python`` block runs in a test unless an HTML comment above it gives the reason
why not (``<!-- not run: needs root -->``). ``<!-- stays: ... -->`` is a server: it runs beside the
blocks that follow on its page.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

NOT_RUN_PAGES = {
    "docs/train.md": "half an hour of training",
    "docs/results.md": "days of training",
}
"""Pages of measured results, whose commands are the measurement: parsed, not run."""

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w+-]*)\s*$")
_COMMENT = re.compile(r"<!--\s*(?P<kind>not run|stays):\s*(?P<reason>.*?)\s*-->\s*$", re.DOTALL)
_BETWEEN_COMMANDS = {"&&", "||", ";", "|", "&", "(", ")"}


@dataclass(frozen=True)
class Snippet:
    """A fenced block.

    Attributes:
        page: Path of its page, relative to the repository.
        line: Where its fence opens, from 1.
        language: What the fence says; empty where it says nothing.
        text: The lines between the fences.
        not_run: Why it is not run; None where it is.
        stays: Whether it is a server that the following blocks need.
    """

    page: str
    line: int
    language: str
    text: str
    not_run: str | None = None
    stays: bool = False

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def commands(self) -> Iterator[list[str]]:
        """The command lines of a shell block, as lists of words, without comments."""
        text = re.sub(r"\$\(.*\)", "VALUE", self.text.replace("\\\n", " "))
        for line in text.splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            words: list[str] = []
            for word in [*lexer, ";"]:
                if word not in _BETWEEN_COMMANDS:
                    words.append(word)
                else:
                    while words and "=" in words[0]:  # variables of one command
                        words = words[1:]
                    if words:
                        yield words
                    words = []


def pages() -> list[str]:
    """Pages with snippets that users copy, relative to the repository."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [str(path.relative_to(ROOT)) for path in found if path.is_file()]


def snippets_of(page: str) -> list[Snippet]:
    """The fenced blocks of a page, in order."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    found: list[Snippet] = []
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if fence is None:
            at += 1
            continue
        end = at + 1
        while not lines[end].strip().startswith("```"):
            end += 1
        indent = len(fence["indent"])
        text = "\n".join(line[indent:] for line in lines[at + 1 : end])
        comment = _COMMENT.search("\n".join(lines[max(0, at - 4) : at]).rstrip())
        kind = comment["kind"] if comment else None
        reason = comment["reason"] if comment and kind == "not run" else NOT_RUN_PAGES.get(page)
        found.append(Snippet(page, at + 1, fence["language"], text, reason, kind == "stays"))
        at = end + 1
    return found


def all_snippets() -> list[Snippet]:
    """The blocks of all pages."""
    return [snippet for page in pages() for snippet in snippets_of(page)]
