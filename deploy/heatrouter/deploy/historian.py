"""Writes the history on a thread of its own: a tick hands a sample over and never waits.

What comes while the disk is full or slow waits in a bounded queue; beyond that it is dropped and
counted, and an alarm says so. History is for people, settlement and the look-ahead; what was done
and why is the audit log's.
"""

import contextlib
import logging
import math
import queue
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from heatrouter.deploy.history_file import (
    HistoryError,
    HistorySample,
    Layout,
    block,
    layout_id,
    open_for_writing,
)
from heatrouter.deploy.history_keeping import Keeping, drop_old, write_means

_log = logging.getLogger(__name__)

QUEUE_SAMPLES: Final = 4_096
"""More than an hour of ticks a second: some MB."""

BATCH_SAMPLES: Final = 256
RETRY_S: Final = 1.0
KEEPING_INTERVAL_S: Final = 600.0


class HistorySettings(BaseModel):
    """What is kept of the past, and how long."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    enabled: bool = Field(True, description="keep a history in the state folder")
    ticks_days: float = Field(30.0, gt=0.0, le=3660.0, description="how long every tick is kept")
    means_days: float = Field(
        1100.0, gt=0.0, le=36_600.0, description="how long means over the control step are kept"
    )
    max_mb: float = Field(
        4096.0, ge=16.0, le=1e6, description="of the file; beyond, the oldest ticks go first"
    )


@dataclass(frozen=True, slots=True)
class HistorianState:
    """How the historian fares.

    Attributes:
        written: Samples in the file since the service started.
        dropped: Samples that never will be.
        cause: Why not; None while all is well.
    """

    written: int
    dropped: int
    cause: str | None


class Historian:
    """The historian of one service.

    Args:
        path: The file; its folder has to be there.
        layout: What a sample holds.
        digest: Of the contract, by which the layout is known.
        settings: What is kept.
        mean_s: Plant seconds that a mean covers: the control step.
        speed: Plant seconds per real second.
        queue_samples: How many may wait.
        max_pages: Pages of 4 KiB that the file may have, for tests of a full disk.
    """

    def __init__(
        self,
        path: Path,
        layout: Layout,
        digest: str,
        settings: HistorySettings,
        *,
        mean_s: float,
        speed: float = 1.0,
        queue_samples: int = QUEUE_SAMPLES,
        max_pages: int | None = None,
    ) -> None:
        self.path = path
        self.layout = layout
        self.max_pages = max_pages
        self._digest = digest
        self._keeping = Keeping(
            ticks_s=settings.ticks_days * 86_400.0,
            means_s=settings.means_days * 86_400.0,
            max_bytes=int(settings.max_mb * 2**20),
            mean_s=mean_s,
        )
        self._speed = speed
        self._queue: queue.Queue[HistorySample | None] = queue.Queue(queue_samples)
        self._thread = threading.Thread(target=self._run, name="historian", daemon=True)
        self._written = 0
        self._overflown = 0
        self._lost = 0
        self._cause: str | None = None
        self._run_id = 0
        self._layout_id = 0
        self._kept_at = -math.inf
        self._interval = -1
        self._started = False

    @property
    def state(self) -> HistorianState:
        """How it fares; safe to ask from any thread."""
        cause = self._cause
        if self._started and not self._thread.is_alive():
            cause = f"{self.path}: the historian has ended"
        if cause is None and self._queue.full():
            cause = f"{self.path}: the disk is too slow, {self._overflown} samples dropped"
        return HistorianState(self._written, self._overflown + self._lost, cause)

    def start(self) -> None:
        """Begin to write."""
        self._started = True
        self._thread.start()

    def put(self, sample: HistorySample) -> None:
        """Hand a sample over; never waits, and never fails."""
        if not self._started:
            return
        try:
            self._queue.put_nowait(sample)
        except queue.Full:
            self._overflown += 1

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits and end, within a time."""
        if not self._thread.is_alive():
            return
        self._started = False
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=timeout_s)
        self._thread.join(timeout_s)

    # --- on the thread ---

    def _run(self) -> None:
        base: sqlite3.Connection | None = None
        ending = False
        while not ending:
            batch, ending = self._batch()
            try:
                base = base or self._open()
                self._write(base, batch)
                self._cause = None
            except (sqlite3.Error, OSError, HistoryError) as error:
                self._lost += len(batch)
                if self._cause is None:
                    _log.error("history: %s", error)
                self._cause = f"{self.path}: {error}"
                base = self._give_up(base)
                if not ending:
                    time.sleep(RETRY_S)
        if base is not None:
            with contextlib.suppress(sqlite3.Error):
                base.close()

    def _batch(self) -> tuple[list[HistorySample], bool]:
        """What waits, at least one; and whether the end came."""
        batch: list[HistorySample] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) >= BATCH_SAMPLES:
                return batch, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _open(self) -> sqlite3.Connection:
        try:
            base = open_for_writing(self.path)
        except sqlite3.OperationalError:
            raise  # locked, no room, no right: it may pass
        except sqlite3.DatabaseError as error:
            aside = self.path.with_name(f"{self.path.name}.damaged-{int(time.time())}")
            self.path.rename(aside)
            _log.error("history: %s is damaged (%s); it is now %s", self.path, error, aside)
            base = open_for_writing(self.path)
        if self.max_pages is not None:
            base.execute(f"PRAGMA max_page_count = {int(self.max_pages)}")
        self._layout_id = layout_id(base, self.layout, self._digest)
        if not self._run_id:
            row = base.execute(
                "INSERT INTO run (wall_time, speed) VALUES (?, ?)", (time.time(), self._speed)
            )
            self._run_id = row.lastrowid or 0
        return base

    def _give_up(self, base: sqlite3.Connection | None) -> sqlite3.Connection | None:
        """Undo half a batch; a connection that cannot even do that is replaced."""
        if base is None:
            return None
        try:
            if base.in_transaction:
                base.execute("ROLLBACK")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                base.close()
            return None
        return base

    def _write(self, base: sqlite3.Connection, batch: list[HistorySample]) -> None:
        base.execute("BEGIN IMMEDIATE")
        base.executemany(
            "INSERT INTO sample (run, layout, tick, wall_time, time_s, plant_time_s, mode, target, "
            "written, series, causes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [self._row(sample) for sample in batch],
        )
        base.execute("COMMIT")
        self._written += len(batch)
        interval = math.floor(batch[-1].time_s / self._keeping.mean_s) if batch else self._interval
        if interval != self._interval:
            self._interval = interval
            write_means(base, self._keeping.mean_s)
        if time.monotonic() - self._kept_at > KEEPING_INTERVAL_S:
            self._kept_at = time.monotonic()
            drop_old(base, self._keeping, time.time())

    def _row(self, s: HistorySample) -> tuple[object, ...]:
        plant_time_s = None if s.plant_time_s != s.plant_time_s else s.plant_time_s
        return (
            self._run_id, self._layout_id, s.tick, s.wall_time, s.time_s, plant_time_s, s.mode,
            s.target, int(s.written), block(s.series), s.causes.astype("u1").tobytes(),
        )  # fmt: skip
