"""What brings a lost connection back: throw the client away, make another, for ever.

The libraries' own reconnects are left off (measured: a request during asyncua's blocks for 60 s,
pymodbus retries a frozen device for 12 s).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from heatrouter.deploy.field_link import LinkLostError

_log = logging.getLogger(__name__)

FIRST_BACKOFF_S = 0.1
LAST_BACKOFF_S = 4.0
"""A plant that comes back is found within 5 s (fault board, row 10)."""


class LinkSupervisor:
    """Watches one connection.

    Args:
        endpoint: For messages.
        connect: Makes a client; raises one of `losses`.
        drop: Lets go of the client that there is.
        losses: What a call on a dead, frozen or restarted server ends with.

    Attributes:
        reconnects: How many times the connection came back after a loss.
        cause: Why the last attempt failed.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        connect: Callable[[], Awaitable[None]],
        drop: Callable[[], Awaitable[None]],
        losses: tuple[type[BaseException], ...],
    ) -> None:
        self.reconnects = 0
        self.cause = ""
        self._endpoint = endpoint
        self._connect = connect
        self._drop = drop
        self._losses = losses
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def lost(self) -> bool:
        """Whether the connection is down."""
        return self._lost.is_set()

    def start(self) -> None:
        """Watch from now on; the connection is up."""
        self._task = asyncio.create_task(self._supervise(), name="field-link-supervisor")

    async def stop(self) -> None:
        """Stop trying and let go."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._drop()

    def lose(self, error: BaseException) -> LinkLostError:
        """The connection is lost for this reason; the error to raise."""
        self.cause = cause_of(error)
        self._lost.set()
        return LinkLostError(f"field link to {self._endpoint} lost: {self.cause}")

    def check(self) -> None:
        """Raise LinkLostError while the connection is down."""
        if self._lost.is_set():
            because = f" (last: {self.cause})" if self.cause else ""
            msg = f"field link to {self._endpoint} is down; reconnecting{because}"
            raise LinkLostError(msg)

    async def _supervise(self) -> None:
        while True:
            await self._lost.wait()
            backoff_s = FIRST_BACKOFF_S
            await self._drop()
            _log.warning("field link to %s lost (%s); reconnecting", self._endpoint, self.cause)
            while True:
                await asyncio.sleep(backoff_s)
                if await self._connected():
                    break
                backoff_s = min(2.0 * backoff_s, LAST_BACKOFF_S)
            self.reconnects += 1
            self.cause = ""
            self._lost.clear()
            _log.warning("field link to %s is back", self._endpoint)

    async def _connected(self) -> bool:
        """Try once; whatever a library fails with, the next try follows."""
        try:
            await self._connect()
        except self._losses as error:
            self.cause = cause_of(error)
            _log.debug("field link: still no answer (%s)", self.cause)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody told this task to end: the library's own way to give up a request.
            self.cause = cause_of(error)
        except Exception as error:  # noqa: BLE001  # the task's single boundary
            # The end of this task would be HOLD for ever.
            self.cause = cause_of(error)
            _log.warning("field link: connecting failed (%s)", self.cause, exc_info=True)
        else:
            return True
        return False


def cause_of(error: BaseException) -> str:
    """The words of an error, or its name where it has none."""
    return str(error) or type(error).__name__
