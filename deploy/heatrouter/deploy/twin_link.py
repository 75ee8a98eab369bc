"""The guard's side of the live twin: a question once a control step, and a process looked after."""

import asyncio
import contextlib
import logging
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.deploy.config import ServiceSetup
from heatrouter.deploy.twin_frames import LINE_BYTES, line, unline
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.guard import Prediction

_log = logging.getLogger(__name__)

RESTART_AFTER_S: Final = 10.0
"""Real seconds between the death of a twin and the start of the next."""


class TwinLink:
    """The twin's process, started and supervised; nothing here waits for it but :meth:`ask`.

    Args:
        setup: District, task, state folder and what the look-ahead is to be.
        clock: Monotonic real time, s.

    Attributes:
        cause: Why there is no answer; None while all is well.
    """

    def __init__(self, setup: ServiceSetup, clock: Callable[[], float]) -> None:
        self._setup = setup
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._ready = False
        self._died_s: float | None = None
        self._number = 0
        self._asked_s: dict[int, float] = {}
        self._answer: Prediction | None = None
        self._arrived = asyncio.Event()
        self.cause: str | None = "the look-ahead is being compiled"

    @property
    def pid(self) -> int | None:
        """Process id, or None while there is no process."""
        return None if self._process is None else self._process.pid

    async def open(self) -> None:
        """Start the process; it says by itself when it is ready, minutes later at first."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = self._spawn(theirs.fileno())
        self._ready, self._died_s = False, None
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=LINE_BYTES)
        self._listener = asyncio.create_task(self._listen(reader), name="twin-listen")

    def _spawn(self, channel: int) -> subprocess.Popen[bytes]:
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="heatrouter-twin-")
        task = Path(self._folder.name) / "task.json"
        task.write_text(self._setup.task.model_dump_json(), encoding="utf-8")
        config = self._setup.config
        settings = config.look_ahead
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "heatrouter.deploy.twin_worker"),
                *("--district", config.district or self._setup.contract.district),
                *("--task", str(task)),
                *("--look-ahead-h", str(settings.hours)),
                *("--warm-up-h", str(settings.warm_up_h)),
                *("--state-dir", str(config.state_dir)),
                *("--speed", str(config.speed)),
                *("--channel", str(channel)),
            ],
            stdin=subprocess.DEVNULL,
            pass_fds=(channel,),
            # Ctrl-C goes to the guard process, which ends the twin in its own time.
            start_new_session=True,
        )

    async def close(self) -> None:
        """End the process."""
        await self._end()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    async def poll(self) -> None:
        """Look after the process, once each tick."""
        if self._process is None:
            return
        if self._process.poll() is not None and self._died_s is None:
            self._died_s = self._clock()
            self._ready = False
            self.cause = f"the look-ahead's process ended (code {self._process.returncode})"
            _log.error("%s", self.cause)
        if self._died_s is not None and self._clock() - self._died_s > RESTART_AFTER_S:
            await self._end()
            await self.open()

    async def ask(
        self,
        *,
        now_s: float,
        plant_time_s: float,
        clock: FloatArray,
        values: Mapping[str, float],
        applied: FloatArray,
        proposal: FloatArray,
        deadline_s: float,
    ) -> None:
        """Tell what was measured and ask about a proposal; wait for the answer up to a deadline.

        Args:
            now_s: Now, on the clock of the guard's readings.
            plant_time_s: The plant's clock.
            clock: Hour, weekday, day of the year.
            values: Measured channels and tariffs by name.
            applied: Set-points in force.
            proposal: What is asked about.
            deadline_s: Real seconds.
        """
        self._answer = None
        self._number += 1
        self._asked_s = {self._number: now_s}
        if not self._ready or self._writer is None:
            return
        question = {
            "ask": self._number,
            "plant_time_s": plant_time_s,
            "clock": clock.tolist(),
            "values": {n: v for n, v in values.items() if np.isfinite(v)},
            "applied": applied.tolist(),
            "proposal": proposal.tolist(),
        }
        self._arrived.clear()
        try:
            self._writer.write(line(question))
        except (OSError, ValueError) as error:
            self.cause = f"the look-ahead cannot be asked: {error}"
            return
        self.cause = "the look-ahead has not answered yet"
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), deadline_s)

    def answer(self) -> Prediction | None:
        """The answer to the last question, as soon as it is there."""
        return self._answer

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.readline():
                self._take(unline(data))
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.cause = f"the look-ahead says what nobody understands: {error!r}"
            if self._process is not None:
                self._process.kill()

    def _take(self, content: Mapping[str, object]) -> None:
        if content.get("ready"):
            self._ready, self.cause = True, "the look-ahead was not asked yet"
            return
        asked_s = self._asked_s.get(int(str(content["answer"])))
        if asked_s is None:
            return  # of an older question
        if "failed" in content:
            self.cause = f"the look-ahead failed: {content['failed']}"
        else:
            lowest, highest = _row(content["lowest"]), _row(content["highest"])
            horizon_s = _row(content["horizon_s"]).ravel()
            finite = bool(np.isfinite(lowest).all() and np.isfinite(highest).all())
            self._answer = Prediction(
                np.array([asked_s]), horizon_s, lowest, highest, np.array([finite])
            )
            self.cause = None
        self._arrived.set()

    async def _end(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
            self._writer = None
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
        if self._process is not None:
            self._process.wait()
        self._process, self._ready, self._died_s = None, False, None


def _row(value: object) -> FloatArray:
    numbers: FloatArray = np.array(value, dtype=np.float64)
    return numbers[np.newaxis]
