"""Importing a file by what it is, and writing what came of it."""

import os
from collections.abc import Mapping
from pathlib import Path

from heatrouter.envs.errors import ConfigError, DistrictError, Mistake
from heatrouter.envs.exchange.assembly import Choices, Imported
from heatrouter.envs.exchange.esdl_import import import_esdl
from heatrouter.envs.exchange.pandapipes_import import BUILT_IN, import_pandapipes

REPORT_ENDING = ".import.md"


def import_source(source: str, choices: Choices) -> Imported:
    """Import a file, or a network that comes with pandapipes.

    Args:
        source: Path of an ESDL or pandapipes file, or the name of a built-in network.
        choices: What the user adds.

    Raises:
        DistrictError: Everything that is wrong with the file.
        ConfigError: A built-in network is named and pandapipes is not installed.
    """
    if source in BUILT_IN:
        return import_pandapipes(source, choices)
    path = Path(source)
    first = _first_sign(path, source)
    if first == "<":
        return import_esdl(path, choices)
    if first == "{":
        return import_pandapipes(path, choices)
    message = "is neither ESDL (XML) nor a pandapipes network (JSON written by pandapipes.to_json)"
    raise DistrictError(source, [Mistake("", message)])


def _first_sign(path: Path, source: str) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(400)
    except FileNotFoundError:
        known = ", ".join(BUILT_IN)
        message = f"is neither a file nor a network that comes with pandapipes; those are: {known}"
        raise DistrictError(source, [Mistake("", message)]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DistrictError(source, [Mistake("", f"cannot be read: {reason}")]) from None
    text = head.decode("utf-8-sig", "replace").replace("\x00", "").strip("\ufffd \t\r\n")
    return text[:1]


def write_all(texts: Mapping[Path, str], *, overwrite: bool) -> None:
    """Write files so that each is whole or not there.

    Args:
        texts: Text of each file.
        overwrite: Whether files that exist may be replaced.

    Raises:
        ConfigError: A file exists, or cannot be written.
    """
    there = [str(path) for path in texts if path.exists()]
    if there and not overwrite:
        message = f"{', '.join(there)} exists; name another file with --out, or add --force"
        raise ConfigError(message)
    stages: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            stages[path] = path.with_name(f".{path.name}.{os.getpid()}.part")
            stages[path].write_text(text, encoding="utf-8")
        for path, staged in stages.items():
            staged.replace(path)
    except OSError as error:
        message = f"{error.filename}: cannot be written: {error.strerror}"
        raise ConfigError(message) from None
    finally:
        for staged in stages.values():
            staged.unlink(missing_ok=True)
