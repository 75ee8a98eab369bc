"""Results of single controllers on disk, so that an interrupted evaluation goes on."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from heatrouter.agents.evaluation_results import ControllerResult
from heatrouter.envs.arrays import FloatArray


class ResultStore:
    """A folder of one result per controller and question.

    Args:
        folder: Where results lie; made when the first one is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, name: str, key: str) -> tuple[ControllerResult, dict[int, FloatArray]] | None:
        """Return a stored result with its example weeks, or None where there is none to use."""
        path = self._path(name, key)
        try:
            result = ControllerResult.model_validate_json(path.read_bytes())
            with np.load(path.with_suffix(".npz"), allow_pickle=False) as stored:
                examples = {int(week): stored[week] for week in stored.files}
        except (OSError, ValidationError, ValueError):
            # Nothing stored, or by another version: computing it again is always right.
            return None
        return result, examples

    def save(self, key: str, result: ControllerResult, examples: Mapping[int, FloatArray]) -> None:
        """Store a result; it appears whole or not at all."""
        path = self._path(result.name, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {str(week): values for week, values in examples.items()}
        stage = path.with_name(f".{path.stem}-{os.getpid()}.npz")
        try:
            np.savez(stage, allow_pickle=False, **arrays)
            stage.replace(path.with_suffix(".npz"))
        finally:
            stage.unlink(missing_ok=True)
        write_atomically(path, result.model_dump_json(indent=1) + "\n")

    def _path(self, name: str, key: str) -> Path:
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
        return self._folder / f"{safe}-{key[:16]}.json"


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
