"""Writes docs/reference/ from the code: commands, settings, contracts of the presets, public names.

    python docs/generate.py            # or `make reference`, after a change of any of these
    python docs/generate.py --check    # exit code 1 where a page is behind the code

A test compares, too. Nothing here is imported by heatrouter.
"""

import sys
from pathlib import Path
from typing import Final

from generating.commands import cli_page
from generating.contracts import contracts_page
from generating.public_names import api_page
from generating.settings import SCHEMAS, schema_page

FOLDER: Final = Path(__file__).parent / "reference"
NOTE: Final = "<!-- Written by docs/generate.py; edit the code and run it again. -->"


def pages() -> dict[str, str]:
    """Every page of the reference: name -> text."""
    made = {"cli": cli_page(), "contracts": contracts_page(), "api": api_page()}
    made |= {name: schema_page(*about) for name, about in SCHEMAS.items()}
    made["index"] = index_page()
    return {f"{name}.md": _with_note(text) for name, text in made.items()}


def _with_note(text: str) -> str:
    """The page with the note below its heading, which must come first to be the page's title."""
    heading, rest = text.rstrip().split("\n\n", maxsplit=1)
    return f"{heading}\n\n{NOTE}\n\n{rest}\n"


def index_page() -> str:
    """What there is."""
    files = "\n".join(f"- [{title}]({name}.md)" for name, (_, title, _) in SCHEMAS.items())
    return (
        "# Reference\n\nWritten from the code.\n\n- [Commands](cli.md)\n"
        f"{files}\n- [Contracts of the presets](contracts.md)\n- [Public names](api.md)\n"
    )


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them; returns the exit code."""
    made = pages()
    behind = [
        name
        for name, text in made.items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        sys.stdout.writelines(f"{name} is behind the code\n" for name in behind)
        return 1 if behind else 0
    FOLDER.mkdir(exist_ok=True)
    for name in behind:
        (FOLDER / name).write_text(made[name], encoding="utf-8")
        sys.stdout.write(f"wrote {FOLDER.name}/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
