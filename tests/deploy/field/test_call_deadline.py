"""A deadline holds whatever a library makes of being cancelled."""

import asyncio
import time
from collections.abc import Callable, Coroutine

import pytest

from heatrouter.deploy.call_deadline import within

LIMIT_S = 0.02
Call = Callable[[], Coroutine[None, None, None]]


class AnsweredAtTheLastMomentError(asyncio.CancelledError):
    """What asyncua's own waiting ends with where answer and cancellation come together."""


async def answer() -> int:
    await asyncio.sleep(0)
    return 7


async def waits() -> None:
    await asyncio.Event().wait()


async def ends_in_its_own_way() -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError as cancelled:
        raise AnsweredAtTheLastMomentError from cancelled


async def test_an_answer_in_time_is_returned() -> None:
    assert await within(10.0, answer()) == 7


@pytest.mark.parametrize("call", [waits, ends_in_its_own_way])
async def test_what_takes_too_long_is_a_time_out(call: Call) -> None:
    with pytest.raises(TimeoutError):
        await within(LIMIT_S, call())


@pytest.mark.parametrize("call", [waits, ends_in_its_own_way])
async def test_a_task_that_is_told_to_stop_stops(call: Call) -> None:
    task = asyncio.create_task(within(60.0, call()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_race_of_answer_and_deadline_inside_asyncua_is_a_time_out() -> None:
    """The real thing: the answer is there, and the deadline passes before anybody looks."""
    utils = pytest.importorskip("asyncua.common.utils")
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[str] = loop.create_future()

    async def ask() -> object:
        loop.call_later(LIMIT_S / 2.0, busy)
        return await utils.wait_for(arrived, 10.0)

    def busy() -> None:
        arrived.set_result("too late")
        time.sleep(LIMIT_S)  # a machine that is busy: both are due when the loop goes on

    try:
        found = await within(LIMIT_S, ask())
    except TimeoutError:
        return
    assert found == "too late"
