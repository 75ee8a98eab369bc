"""What a run tells about itself: kept in its folder, and sent to MLflow while it answers."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.config import TrackingSettings
from heatrouter.training.system_readings import SystemReadings
from heatrouter.training.tracking_journal import Journal, Status
from heatrouter.training.tracking_upload import StoreDownError, make_client, upload

if TYPE_CHECKING:
    from mlflow import MlflowClient

_FIRST_PAUSE_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 960.0
_REMOTE: Final = ("http://", "https://", "databricks", "uc:")


class Tracker:
    """One run; does nothing where tracking is off.

    Args:
        settings: Where to send.
        run_name: How the run is called there.
        folder: The run's folder, where the journal is; without one nothing is tracked.
        send: Whether to send at all; workers of a sweep leave that to its driver.
        warn: Told once when the store does not answer.

    Raises:
        TrainingConfigError: A store on this machine cannot be opened. A server that is down is no
            error: what it lacks stays in the folder.
    """

    def __init__(
        self,
        settings: TrackingSettings,
        run_name: str,
        folder: Path | None = None,
        *,
        send: bool = True,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self._settings, self._warn = settings, warn
        self._journal = Journal(folder) if settings.enabled and folder is not None else None
        self._client: MlflowClient | None = None
        self._pause_s, self._try_at = _FIRST_PAUSE_S, 0.0
        self._down = False
        self._send = send and self._journal is not None
        self._last_step = -1
        if self._journal is None or folder is None:
            return
        self._system = SystemReadings(settings.system_every_s, folder)
        if self._journal.exists:
            self._journal.mend()
            # A run that goes on from a checkpoint says some things a second time.
            self._last_step = self._journal.last_step()
            self._journal.append("status", {"status": "RUNNING"})
        else:
            opening = {
                "name": run_name,
                "uri": settings.uri,
                "experiment": settings.experiment,
            }
            self._journal.append("open", opening)
        self._flush(first=True)

    @property
    def is_new(self) -> bool:
        """Whether nothing was tracked of this run before."""
        return self._last_step < 0

    @property
    def run_id(self) -> str | None:
        """Id of the run in the store; None while the store knows nothing of it."""
        if self._journal is None:
            return None
        return self._journal.uploaded(self._settings.uri)[0]

    def params(self, values: Mapping[str, Any]) -> None:
        """Log a configuration, nested keys joined by dots."""
        self._write("params", {"values": _flattened(values)})

    def metrics(self, values: Mapping[str, float], step: int) -> None:
        """Log numbers at a control step, all environments together."""
        if self._journal is None or step <= self._last_step:
            return
        self._last_step = step
        numbers = {key: float(value) for key, value in values.items()} | self._system.read()
        self._write("metrics", {"step": step, "values": numbers})

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        self._write("tags", {"values": dict(values)})

    def text(self, name: str, content: str) -> None:
        """Keep a text file with the run."""
        self._write("text", {"name": name, "text": content})

    def file(self, path: str) -> None:
        """Keep a file or folder of the run's folder with it, named from there."""
        self._write("file", {"path": path})

    def register(self, model: str, path: str, tags: Mapping[str, Any]) -> None:
        """Make a folder that is kept with the run a new version of a registered model."""
        self._write("register", {"model": model, "path": path, "tags": dict(tags)})

    def close(self, status: Status = "FINISHED") -> None:
        """End the run: ``FINISHED``, ``KILLED`` after an interrupt, or ``FAILED``."""
        if self._journal is None:
            return
        self._journal.append("status", {"status": status})
        self._try_at = 0.0  # a last try, however short ago the one before was
        self._flush()
        if self._down and self._warn is not None:
            self._warn(
                f"tracking: {self._settings.uri} lacks results of this run; "
                f"send them later: heatrouter track sync {self._journal.folder}"
            )

    def _write(self, kind: str, content: Mapping[str, Any]) -> None:
        if self._journal is None:
            return
        self._journal.append(kind, content)
        self._flush()

    def _flush(self, *, first: bool = False) -> None:
        """Send what waits, unless the store was down a moment ago."""
        if not self._send or self._journal is None or time.monotonic() < self._try_at:
            return
        uri = self._settings.uri
        try:
            if self._client is None:
                self._client = make_client(uri)
            upload(self._journal, self._client, uri)
        except StoreDownError as error:
            if first and not uri.startswith(_REMOTE):
                msg = f"tracking.uri: cannot be used ({error}); name another store"
                raise TrainingConfigError(msg) from error
            if not self._down and self._warn is not None:
                self._warn(f"tracking: {error}; training goes on, results stay in the run's folder")
            self._down = True
            self._try_at = time.monotonic() + self._pause_s
            self._pause_s = min(2.0 * self._pause_s, _LONGEST_PAUSE_S)
        else:
            self._down, self._pause_s = False, _FIRST_PAUSE_S


def _flattened(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flattened(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat
