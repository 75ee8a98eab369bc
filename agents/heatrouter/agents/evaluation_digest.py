"""Digests that name stored results, and files that appear whole or not at all."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


@cache
def code_digest() -> str:
    """sha256 over the sources of simulator and judgement: edited code finds no stored result."""
    found = hashlib.sha256()
    for package in ("heatrouter.envs", "heatrouter.agents"):
        folder = files(package)
        for source in sorted(_sources(folder)):
            found.update(source.encode())
    return found.hexdigest()


def _sources(folder: Traversable) -> Iterator[str]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _sources(item)
        elif item.name.endswith(".py"):
            yield item.read_text(encoding="utf-8")


def digest_of(*parts: object) -> str:
    """sha256 over the JSON of some values."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Write a text file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    stage = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        stage.chmod(0o644)
        stage.replace(path)
    except BaseException:
        stage.unlink(missing_ok=True)
        raise
