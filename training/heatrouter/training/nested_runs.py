"""Runs under one parent in MLflow: seeds of a sweep, trials of a tuning. Only the driver sends."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from heatrouter.training.config import TrackingSettings
from heatrouter.training.tracking import Tracker
from heatrouter.training.tracking_journal import Journal, Status
from heatrouter.training.tracking_upload import StoreDownError, make_client, upload

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHILDREN: Final = "children.txt"
"""Names of the runs below a folder, one in a line, for a later upload."""
_EVERY_S: Final = 15.0


class NestedRuns:
    """A parent run and what it sends of the runs below its folder.

    Args:
        settings: Where to send.
        name: Of the parent run.
        folder: Of the whole.
        children: Names of the runs' folders inside it, known by now.
        warn: Told once when the store does not answer.
    """

    def __init__(
        self,
        settings: TrackingSettings,
        name: str,
        folder: Path,
        children: Sequence[str],
        warn: Callable[[str], None],
    ) -> None:
        self._settings, self._folder = settings, folder
        self.parent = Tracker(settings, name, folder, warn=warn)
        self._client: MlflowClient | None = None
        self._next = 0.0
        self._note(children)

    def _note(self, children: Sequence[str]) -> None:
        if self._settings.enabled:
            text = "".join(f"{name}\n" for name in children)
            (self._folder / CHILDREN).write_text(text, encoding="utf-8")
        self._children = list(children)

    def add(self, child: str) -> None:
        """Take another run below the folder in."""
        if child not in self._children:
            self._note([*self._children, child])

    def watch(self, names: Sequence[str]) -> None:
        """Send what runs have written, now and then."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY_S
            self.send(names)

    def send(self, names: Sequence[str]) -> None:
        """Send what runs have written; what the store misses is sent another time."""
        parent = self.parent.run_id
        if parent is None:
            return
        uri = self._settings.uri
        try:
            if self._client is None:
                self._client = make_client(uri)
            for name in names:
                journal = Journal(self._folder / name)
                if journal.exists and journal.waits(uri):
                    upload(journal, self._client, uri, parent=parent)
        except StoreDownError:
            self._next = time.monotonic() + 4.0 * _EVERY_S

    def close(
        self, status: Status, metrics: Mapping[str, float], tables: Mapping[str, str]
    ) -> None:
        """End the parent with what came out.

        Args:
            status: How it ended.
            metrics: Numbers of the whole.
            tables: File name to content.
        """
        self.send(self._children)
        for name, text in tables.items():
            self.parent.text(name, text)
        # A later part of the same sweep has more runs in it.
        self.parent.metrics(metrics, int(time.time()))
        self.parent.close(status)


def sync(folder: Path, uri: str | None = None) -> list[str]:
    """Send everything that a store lacks of a run, or of a sweep with its runs.

    Args:
        folder: Of the run, sweep or tuning.
        uri: Of the store; by default the one that the run names.

    Returns:
        Ids of the runs there, the parent's first.

    Raises:
        TrainingConfigError: Nothing was tracked in the folder.
        StoreDownError: The store does not answer.
    """
    journal = Journal(folder)
    wanted = uri or str(journal.opening()["uri"])
    client = make_client(wanted)
    found = [upload(journal, client, wanted)]
    names: list[str] = []
    if (folder / CHILDREN).is_file():
        names = (folder / CHILDREN).read_text(encoding="utf-8").splitlines()
    for name in names:
        child = Journal(folder / name)
        if child.exists:
            found.append(upload(child, client, wanted, parent=found[0]))
    return found
