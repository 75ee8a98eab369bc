"""The status file of a running service, replaced beside its ticks.

Replacing a file takes the disk longer than the tick has to compute, and nobody waits for it. The
newest status counts: one that came while the one before was written replaces what waits.
"""

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from heatrouter.deploy.state_dir import StateDir

_log = logging.getLogger(__name__)


class StatusFile:
    """Writes the status: at once, or by a thread between :meth:`start` and :meth:`close`.

    The thread is woken by :meth:`write_beside`, not by each :meth:`put`: on a busy machine whoever
    wakes a thread loses its core to it.

    Args:
        state_dir: Where it is.
    """

    def __init__(self, state_dir: StateDir) -> None:
        self._state_dir = state_dir
        self._thread: ThreadPoolExecutor | None = None
        self._lock = Lock()
        self._newest: Mapping[str, object] | None = None
        self._busy = False

    def start(self) -> None:
        """Let a thread write from now on."""
        self._thread = ThreadPoolExecutor(1, "status-file")

    def close(self) -> None:
        """Wait until the newest status is written, and write at once from now on."""
        self.write_beside()
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def put(self, status: Mapping[str, object]) -> None:
        """Replace the file by this; whoever calls must not change it any more."""
        if self._thread is None:
            self._write(status)
            return
        with self._lock:
            self._newest = status

    def write_beside(self) -> None:
        """Let the thread write what was put last; never waits, and does nothing without one."""
        if self._thread is None:
            return
        with self._lock:
            if self._busy or self._newest is None:
                return
            self._busy = True
        self._thread.submit(self._write_newest)

    def _write_newest(self) -> None:
        while True:
            with self._lock:
                status, self._newest = self._newest, None
                if status is None:
                    self._busy = False
                    return
            try:
                self._write(status)
            except Exception:  # noqa: BLE001  # nobody asks the thread what became of it
                _log.exception("status not written")

    def _write(self, status: Mapping[str, object]) -> None:
        try:
            self._state_dir.write_status(status)
        except OSError as error:
            # A full disk must not stop control; the audit log raises the fault.
            _log.error("status not written: %s", error)
