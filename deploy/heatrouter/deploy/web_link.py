"""The guard's end of the web process: start it, feed it snapshots, start it again.

The page, the metrics and the health checks live in a process of their own, with a lower priority.
The tick hands over a snapshot and is done: what the other side does not take in time is dropped.
"""

import asyncio
import contextlib
import json
import logging
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Final

from heatrouter.deploy.logs import logs_are_json
from heatrouter.deploy.status import StatusSnapshot, snapshot_json

_log = logging.getLogger(__name__)

LENGTH: Final = struct.Struct("<I")
"""Each frame: the length of its body, little endian, then the body as JSON."""

BACKLOG_BYTES: Final = 4 << 20
"""So much may wait for a web process that is busy; what comes then is dropped."""

FIRST_BACKOFF_S: Final = 0.5
LAST_BACKOFF_S: Final = 30.0
END_TIMEOUT_S: Final = 3.0

STABLE_S: Final = 60.0
"""A process that lived so long was sound; its end is news again."""


def frame(body: bytes) -> bytes:
    """Form one frame."""
    return LENGTH.pack(len(body)) + body


class WebLink:
    """A supervised web process.

    Args:
        site: What it has to know before the first snapshot: configuration, contract, district;
            JSON types.

    Attributes:
        dropped: Snapshots that the web process did not take in time.
        restarts: How many times a new process replaced one that ended.
    """

    def __init__(self, site: Mapping[str, object]) -> None:
        self._site = json.dumps({"site": site}).encode()
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.dropped = 0
        self.restarts = 0

    async def open(self) -> None:
        """Start the process and whoever looks after it; does not wait until it serves."""
        self._keeper = asyncio.create_task(self._keep(), name="web-keeper")
        # Let it begin before the caller's loop does.
        await asyncio.sleep(0)

    async def close(self) -> None:
        """End the process."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        await self._end()

    @property
    def pid(self) -> int | None:
        """Process id, or None while there is none."""
        return None if self._process is None else self._process.pid

    def publish(self, snapshot: StatusSnapshot) -> None:
        """Hand over a snapshot; never waits."""
        writer = self._writer
        if writer is None or writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() > BACKLOG_BYTES:
            self.dropped += 1
            return
        writer.write(frame(snapshot_json(snapshot)))

    # --- the process ---

    async def _keep(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        told = False
        while True:
            begin = time.monotonic()
            try:
                cause = f"exit code {await self._run(quiet=told)}"
            except OSError as error:
                cause = str(error)
            if time.monotonic() - begin > STABLE_S:
                backoff_s, told = FIRST_BACKOFF_S, False
            # Once, not each time until the port is free or the certificate there.
            if not told:
                _log.error("web process ended (%s); control goes on", cause)
            told = True
            await asyncio.sleep(backoff_s)
            backoff_s = min(2.0 * backoff_s, LAST_BACKOFF_S)
            self.restarts += 1

    async def _run(self, *, quiet: bool) -> int:
        """One process, from its start to its end."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _spawn(theirs.fileno(), quiet=quiet)
        reader, writer = await asyncio.open_connection(sock=ours)
        writer.write(frame(self._site))
        self._writer = writer
        # It says nothing; the end of its stream is the end of the process.
        await reader.read()
        return await self._end()

    async def _end(self) -> int:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        process, self._process = self._process, None
        if process is None:
            return 0
        # It ends by itself when its channel closes; what still runs after that is hung.
        for _ in range(round(END_TIMEOUT_S / 0.05)):
            if process.poll() is not None:
                break
            await asyncio.sleep(0.05)
        else:
            process.kill()
        return process.wait()


def _spawn(channel: int, *, quiet: bool) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "heatrouter.deploy.web.process", "--channel", str(channel)]
    command += ["--quiet"] if quiet else []
    command += ["--json-logs"] if logs_are_json() else []
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        pass_fds=(channel,),
        env=environment,
        # Ctrl-C goes to the guard process, which ends this one in its own time.
        start_new_session=True,
    )
