"""The folder a running service keeps its state in, and through which people talk to it.

Files appear whole or not at all (written beside, then renamed), so that a reader, or a power loss,
never meets half of one. The folder belongs to the service's user: who may write there may ask for
a mode.

    status.json         what the service is doing, each tick
    mode-request.json   a person's wish, taken and removed at the next tick
    audit.jsonl         what was done and why
    history.sqlite      what was measured and in force, see historian.py
    twin-state.npz      state of the live twin, see live_twin.py
"""

import contextlib
import fcntl
import json
import os
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heatrouter.envs.errors import ServiceConfigError

STATUS_FILE: Final = "status.json"
REQUEST_FILE: Final = "mode-request.json"
AUDIT_FILE: Final = "audit.jsonl"
LOCK_FILE: Final = "lock"

STAGE_S: Final = 60.0
"""A file that was begun so long ago (real seconds) is never going to be finished."""


class ModeRequest(BaseModel):
    """A person's wish for a mode."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: str = Field(max_length=20)
    user: str = Field(min_length=1, max_length=80)
    reason: str = Field("", max_length=400)
    request_id: str = Field(default_factory=lambda: uuid.uuid4().hex, max_length=40)
    asked_at: float = Field(default_factory=time.time, description="POSIX time, s")


def write_json(path: Path, content: Mapping[str, object], *, durable: bool = False) -> None:
    """Write a JSON file whole or not at all.

    Args:
        path: The file; one that is there is replaced.
        content: JSON types; NaN is refused.
        durable: Whether it must survive a power loss. The status does not, and waiting for the
            disk each tick would cost more than the tick.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    stage = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            # Not json.dump: by pieces it takes five times as long.
            file.write(json.dumps(content, allow_nan=False) + "\n")
            if durable:
                file.flush()
                os.fsync(file.fileno())
        stage.replace(path)
    except BaseException:
        stage.unlink(missing_ok=True)
        raise


def remove_file(path: Path) -> None:
    """Remove a file if it is there and may be removed."""
    with contextlib.suppress(OSError):
        path.unlink()


def read_json(path: Path) -> dict[str, object] | None:
    """Read a JSON object; None where there is none, or no readable one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


class StateDir:
    """The state folder of one service.

    Args:
        path: The folder; made, for its owner only, if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._request_path = path / REQUEST_FILE

    def create(self) -> None:
        """Make the folder if it is not there."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def forget_request(self) -> None:
        """Drop a request that was meant for an earlier run."""
        self._request_path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second service out: two would fight over the plant.

        The lock goes with the process, however it ends.

        Raises:
            ServiceConfigError: Another service works in this folder.
        """
        with (self.path / LOCK_FILE).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                status = self.read_status() or {}
                msg = (
                    f"{self.path}: another service (process {status.get('pid', 'unknown')}) works "
                    "in this folder; stop it, or name another --state-dir"
                )
                raise ServiceConfigError(msg) from error
            self._sweep()
            yield

    def _sweep(self) -> None:
        """Remove what a killed service or command left half written; others may write now."""
        newest = time.time() - STAGE_S
        for path in self.path.glob(".*.json-*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < newest:
                    path.unlink()

    @property
    def audit_path(self) -> Path:
        """Where the audit log is."""
        return self.path / AUDIT_FILE

    def write_status(self, status: Mapping[str, object]) -> None:
        """Replace the status."""
        write_json(self.path / STATUS_FILE, status)

    def read_status(self) -> dict[str, object] | None:
        """The last status, or None."""
        return read_json(self.path / STATUS_FILE)

    def ask(self, request: ModeRequest) -> None:
        """Leave a request for the service."""
        write_json(self._request_path, request.model_dump(), durable=True)

    def take_request(self) -> ModeRequest | str | None:
        """Take the waiting request; a text says why one could not be understood."""
        path = self._request_path
        # One system call on the ticks without a request, which are nearly all.
        if not os.path.exists(path):  # noqa: PTH110  # Path.exists takes three times as long
            return None
        content = read_json(path)
        path.unlink(missing_ok=True)
        if content is None:
            return "a mode request that is no JSON object was dropped"
        try:
            return ModeRequest.model_validate(content)
        except ValidationError as error:
            wrong = ", ".join(str(e["loc"][0]) if e["loc"] else "?" for e in error.errors())
            return f"a mode request with wrong fields was dropped: {wrong}"
