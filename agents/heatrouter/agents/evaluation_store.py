"""Results of units of work on disk, so that an interrupted evaluation goes on."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from heatrouter.agents.evaluation_units import Unit, UnitRecord, UnitResult
from heatrouter.envs.arrays import FloatArray

_RECORD = "record"
_COURSE = "course."
_STEPS = "steps."


class ResultStore:
    """A folder with one file per unit of work.

    Args:
        folder: Where they lie; made when the first one is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, unit: Unit) -> UnitResult | None:
        """Return a stored result without its steps, or None where there is none to use."""
        if not unit.key:
            return None
        try:
            with np.load(self._path(unit), allow_pickle=False) as stored:
                return UnitResult(
                    UnitRecord.model_validate_json(stored[_RECORD].tobytes()),
                    stored["sums"],
                    stored["heat"],
                    stored["decision_s"],
                    {
                        int(name.removeprefix(_COURSE)): stored[name]
                        for name in stored.files
                        if name.startswith(_COURSE)
                    },
                )
        except (OSError, KeyError, ValidationError, ValueError, zipfile.BadZipFile):
            # Nothing stored, or by another version: computing it again is always right.
            return None

    def steps(self, unit: Unit) -> Iterator[tuple[str, FloatArray]]:
        """Every step of a stored unit: name and array, one after the other.

        Raises:
            OSError: The unit was not stored.
        """
        with np.load(self._path(unit), allow_pickle=False) as stored:
            for name in stored.files:
                if name.startswith(_STEPS):
                    yield name.removeprefix(_STEPS), stored[name]

    def record(self, unit: Unit) -> UnitRecord:
        """What a stored unit found, but for its arrays; OSError where it was not stored."""
        with np.load(self._path(unit), allow_pickle=False) as stored:
            return UnitRecord.model_validate_json(stored[_RECORD].tobytes())

    def save(self, unit: Unit, result: UnitResult) -> None:
        """Store a result; it appears whole or not at all. A failure is not worth keeping."""
        if not unit.key or result.record.failure is not None:
            return
        path = self._path(unit)
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, np.ndarray] = {
            _RECORD: np.frombuffer(result.record.model_dump_json().encode(), dtype=np.uint8),
            "sums": result.sums,
            "heat": result.heat,
            "decision_s": result.decision_s,
        }
        arrays |= {f"{_COURSE}{week}": values for week, values in result.courses.items()}
        arrays |= {f"{_STEPS}{name}": values for name, values in result.steps.items()}
        stage = path.with_name(f".{path.stem}-{os.getpid()}.npz")
        try:
            np.savez(stage, allow_pickle=False, **arrays)
            stage.replace(path)
        finally:
            stage.unlink(missing_ok=True)

    def _path(self, unit: Unit) -> Path:
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in unit.controller)
        return self._folder / f"{safe}-{unit.key[:20]}.npz"
