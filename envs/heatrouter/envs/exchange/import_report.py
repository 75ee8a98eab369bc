"""What an import made of a file: mapped, assumed, dropped, and what to look at."""

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

from heatrouter.envs.errors import DistrictError, Mistake

Section = Literal["mapped", "assumed", "dropped", "look at"]
SECTIONS: tuple[Section, ...] = ("mapped", "assumed", "dropped", "look at")
_HEADINGS = {
    "mapped": "Mapped",
    "assumed": "Assumed, because the file does not say",
    "dropped": "Dropped, because a district has no place for it",
    "look at": "To look at",
}
_SHOWN = 6


@dataclass(slots=True)
class ImportReport:
    """Collects lines and mistakes while a file is read.

    Attributes:
        source: Name of the file or of the built-in network.
        format: As in ``ESDL`` or ``pandapipes``.
    """

    source: str
    format: str
    _lines: dict[Section, dict[str, list[str]]] = field(default_factory=dict)
    _mistakes: list[Mistake] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Source and format without folders, so that what is written is the same everywhere."""
        return f"{PurePath(self.source).name} ({self.format})"

    def add(self, section: Section, what: str, member: str = "") -> None:
        """Note something; members with the same text share one line.

        Args:
            section: Where it belongs.
            what: One line, with value and unit.
            member: Which unit or pipe it holds for; empty for the whole file.
        """
        members = self._lines.setdefault(section, {}).setdefault(what, [])
        if member:
            members.append(member)

    def mistake(self, path: str, message: str) -> None:
        """Note what makes the file unusable; `check` raises with all of them."""
        self._mistakes.append(Mistake(path, message))

    def check(self) -> None:
        """Stop here if there are mistakes.

        Raises:
            DistrictError: All mistakes so far, each with its path.
        """
        if self._mistakes:
            raise DistrictError(self.source, self._mistakes)

    def lines(self, section: Section) -> list[str]:
        """The lines of a section, in the order in which they came."""
        return [
            f"{what} ({_listed(members)})" if members else what
            for what, members in self._lines.get(section, {}).items()
        ]

    def as_dict(self) -> dict[str, object]:
        """The report for ``--json``, with every member."""
        sections: dict[str, object] = {
            section.replace(" ", "_"): [
                {"what": what, "members": members}
                for what, members in self._lines.get(section, {}).items()
            ]
            for section in SECTIONS
        }
        return {"source": self.source, "format": self.format, **sections}

    def as_markdown(self, district: str) -> str:
        """The report as a page.

        Args:
            district: Name of the district that came out.
        """
        parts = [f"# {district}: imported from {self.origin}"]
        for section in SECTIONS:
            rows = self.lines(section)
            if rows:
                parts += [f"## {_HEADINGS[section]}", "\n".join(f"- {row}" for row in rows)]
        return "\n\n".join(parts) + "\n"

    def as_text(self) -> str:
        """The report for the terminal."""
        blocks = []
        for section in SECTIONS:
            rows = self.lines(section)
            if rows:
                blocks.append("\n".join([f"{_HEADINGS[section]}:", *(f"  {row}" for row in rows)]))
        return "\n".join(blocks)


def _listed(members: list[str]) -> str:
    shown = ", ".join(members[:_SHOWN])
    more = len(members) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
