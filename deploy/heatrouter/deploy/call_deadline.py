"""A deadline for calls into a library that ends cancelled calls in a way of its own."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

_T = TypeVar("_T")


async def within(limit_s: float, call: Awaitable[_T]) -> _T:
    """Await a call, at most for some real seconds.

    Unlike ``asyncio.wait_for`` it makes no task of the call. An answer that arrives in the very
    turn of the event loop in which the deadline passes lets asyncua (before Python 3.12) end
    with a subclass of ``CancelledError``. ``asyncio.timeout`` takes it for its own from Python
    3.13 on only; before, it would pass as a cancellation through everything, as if the whole
    service had been told to stop. Here it is a time-out as any other.

    Args:
        limit_s: Real seconds, above 0.
        call: What to await.

    Returns:
        What the call returns.

    Raises:
        TimeoutError: It took longer.
        asyncio.CancelledError: The task that awaits was itself cancelled.
    """
    async with asyncio.timeout(limit_s):
        try:
            return await call
        except asyncio.CancelledError as cancelled:
            if type(cancelled) is asyncio.CancelledError:
                raise
            raise asyncio.CancelledError from cancelled
