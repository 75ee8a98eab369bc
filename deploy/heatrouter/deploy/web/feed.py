"""What arrives from the guard process: the site once, then a snapshot per tick."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Final

from pydantic import ValidationError

from heatrouter.deploy.web.snapshots import Received
from heatrouter.deploy.web_link import LENGTH
from heatrouter.deploy.web_site import Site

_log = logging.getLogger(__name__)

MOST_BYTES: Final = 256 << 20
"""A longer frame is garbage."""


class Feed:
    """The newest snapshot, and whoever wants to see each.

    Args:
        clock: Monotonic real time, s.

    Attributes:
        newest: None before the first.
        arrived_s: When that came, on the clock.
        news: Set and replaced at each arrival.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._watchers: list[Callable[[Received], None]] = []
        self.newest: Received | None = None
        self.arrived_s = clock()
        self.news = asyncio.Event()

    @property
    def age_s(self) -> float:
        """Real seconds since the newest snapshot, or since the start."""
        return self._clock() - self.arrived_s

    def watch(self, watcher: Callable[[Received], None]) -> None:
        """Call somebody with each snapshot."""
        self._watchers.append(watcher)

    def take(self, snapshot: Received) -> None:
        """A snapshot has arrived."""
        self.newest, self.arrived_s = snapshot, self._clock()
        for watcher in self._watchers:
            watcher(snapshot)
        news, self.news = self.news, asyncio.Event()
        news.set()

    async def follow(self, reader: asyncio.StreamReader) -> None:
        """Take snapshots until the guard process is gone."""
        while True:
            try:
                body = await read_frame(reader)
            except (asyncio.IncompleteReadError, OSError):
                return
            try:
                self.take(Received.model_validate_json(body))
            except ValidationError as error:
                _log.error("a snapshot of another version: %s", error.errors()[0]["loc"])


async def read_site(reader: asyncio.StreamReader) -> Site:
    """The first frame; raises ValueError or IncompleteReadError."""
    return Site.model_validate(json.loads(await read_frame(reader))["site"])


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """One frame's body; raises IncompleteReadError at the end."""
    (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    if length > MOST_BYTES:
        msg = f"frame of {length} bytes, at most {MOST_BYTES}"
        raise OSError(msg)
    return await reader.readexactly(length)
