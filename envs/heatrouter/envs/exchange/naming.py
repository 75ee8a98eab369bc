"""Names as a district wants them, from names as files have them."""

import re
import unicodedata

_LONGEST = 40
_PLAIN = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"}


class Names:
    """Gives every part of one group its own name of lower case letters, digits, underscores."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def reserve(self, name: str) -> None:
        """Keep a name from being given."""
        self._taken.add(name)

    def give(self, wanted: str, prefix: str) -> str:
        """A free name.

        Args:
            wanted: As the file has it; may be empty.
            prefix: Put in front where the wanted name does not start with a letter.
        """
        base = plain_name(wanted, prefix)
        name, count = base, self._counts.get(base, 1)
        while name in self._taken:
            count += 1
            tail = f"_{count}"
            name = base[: _LONGEST - len(tail)] + tail
        self._counts[base] = count
        self._taken.add(name)
        return name


def plain_name(wanted: str, prefix: str) -> str:
    """A name by the rule of districts, not necessarily free."""
    text = "".join(_PLAIN.get(letter, letter) for letter in wanted.lower())
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    text = re.sub(r"[^a-z0-9]+", "_", text).strip("_")
    if not text or not text[0].isalpha():
        text = f"{prefix}_{text}".rstrip("_")
    return text[:_LONGEST].rstrip("_")
