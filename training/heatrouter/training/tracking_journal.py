"""What a run tells about itself, line by line in its own folder, before any server hears of it.

So training never waits for a server, a server that is down loses nothing, and workers need no
connection: whoever has the folder can upload it, at once or later.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from heatrouter.envs.errors import StorageError, TrainingConfigError

FOLDER: Final = "tracking"
_JOURNAL: Final = "journal.jsonl"
_UPLOADED: Final = "uploaded.json"

Status = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a journal.

    Attributes:
        kind: ``open``, ``params``, ``metrics``, ``tags``, ``text``, ``file``, ``register`` or
            ``status``.
        time_ms: When it was written, ms since 1970.
        content: What was said.
        end: Position in the file after the line, bytes.
    """

    kind: str
    time_ms: int
    content: dict[str, Any]
    end: int


class Journal:
    """The journal of a run's folder.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FOLDER / _JOURNAL
        self._uploaded = folder / FOLDER / _UPLOADED

    @property
    def exists(self) -> bool:
        """Whether anything was written."""
        return self.path.is_file()

    def append(self, kind: str, content: Mapping[str, Any]) -> None:
        """Write a line.

        Raises:
            StorageError: The disk refused it.
        """
        line = json.dumps({"kind": kind, "time_ms": int(time.time() * 1000), **content})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            msg = f"{self.path}: cannot be written ({error.strerror}); make room and resume the run"
            raise StorageError(msg) from error

    def mend(self) -> None:
        """Drop a last line that was cut off when the process was killed."""
        if not self.exists:
            return
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(self.path, whole)

    def entries(self, start: int = 0) -> Iterator[Entry]:
        """Read whole lines from a position on, bytes."""
        if not self.exists:
            return
        with self.path.open("rb") as file:
            file.seek(start)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # being written
                start += len(line)
                content = json.loads(line)
                yield Entry(content.pop("kind"), content.pop("time_ms"), content, start)

    def last_step(self) -> int:
        """Largest control step that metrics were written for; -1 without any."""
        steps = (entry.content["step"] for entry in self.entries() if entry.kind == "metrics")
        return max(steps, default=-1)

    def opening(self) -> dict[str, Any]:
        """Return the first line's content: name, URI, experiment.

        Raises:
            TrainingConfigError: There is no journal.
        """
        for entry in self.entries():
            if entry.kind == "open":
                return entry.content
        msg = f"{self.folder}: nothing was tracked there; name the folder of a run or of a sweep"
        raise TrainingConfigError(msg)

    def uploaded(self, uri: str) -> tuple[str | None, int]:
        """Return run id and position up to which a store has everything."""
        if not self._uploaded.is_file():
            return None, 0
        known = json.loads(self._uploaded.read_text(encoding="utf-8")).get(uri)
        return (known["run_id"], known["bytes"]) if known else (None, 0)

    def remember(self, uri: str, run_id: str, position: int) -> None:
        """Note what a store has."""
        known = {}
        if self._uploaded.is_file():
            known = json.loads(self._uploaded.read_text(encoding="utf-8"))
        known[uri] = {"run_id": run_id, "bytes": position}
        stage = self._uploaded.with_name(f".{_UPLOADED}-{os.getpid()}")
        stage.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        stage.replace(self._uploaded)

    def waits(self, uri: str) -> bool:
        """Whether a store lacks something."""
        return self.exists and self.uploaded(uri)[1] < self.path.stat().st_size
