"""Handlers that ask something of the guard process, and wait a moment for its answer."""

import asyncio
import logging
from collections.abc import Callable

from pydantic import BaseModel
from starlette.responses import Response

from heatrouter.deploy.operator_requests import (
    AcknowledgeRequest,
    OverrideRequest,
    ReleaseRequest,
    TooManyRequestsError,
    leave_request,
)
from heatrouter.deploy.state_dir import ModeRequest
from heatrouter.deploy.web.api_models import ModeBody, OutcomeAnswer, OverrideBody, ReasonBody
from heatrouter.deploy.web.context import WebContext
from heatrouter.deploy.web.endpoints import Call
from heatrouter.deploy.web.problems import ProblemError
from heatrouter.deploy.web.snapshots import Answer

_log = logging.getLogger(__name__)

LONGEST_WAIT_S = 5.0
"""Real seconds to wait for the next tick; a page then goes on to look at the answers itself."""


async def ask_mode(call: Call) -> BaseModel | Response:
    """Ask for a mode."""
    body = call.body
    assert isinstance(body, ModeBody)
    request = ModeRequest(mode=body.mode, user=_user(call), reason=body.reason)
    await _leave(lambda: call.context.state_dir.ask(request))
    return await _outcome(call.context, request.request_id)


async def override(call: Call) -> BaseModel | Response:
    """Fix a set-point."""
    body = call.body
    assert isinstance(body, OverrideBody)
    request = OverrideRequest(
        user=_user(call),
        reason=body.reason,
        set_point=_set_point(call),
        value=body.value,
        duration_s=body.duration_s,
    )
    await _leave(lambda: leave_request(call.context.state_dir, request))
    return await _outcome(call.context, request.request_id)


async def release(call: Call) -> BaseModel | Response:
    """Let go of a set-point."""
    body = call.body
    assert isinstance(body, ReasonBody)
    request = ReleaseRequest(user=_user(call), reason=body.reason, set_point=_set_point(call))
    await _leave(lambda: leave_request(call.context.state_dir, request))
    return await _outcome(call.context, request.request_id)


async def acknowledge(call: Call) -> BaseModel | Response:
    """Take note of an alarm."""
    body = call.body
    assert isinstance(body, ReasonBody)
    alarm_id = call.path_part("alarm_id")
    newest = call.context.feed.newest
    if newest is None or alarm_id not in {alarm.alarm_id for alarm in newest.alarms}:
        raise ProblemError(404, "there is no such alarm")
    request = AcknowledgeRequest(user=_user(call), reason=body.reason, alarm_id=alarm_id)
    await _leave(lambda: leave_request(call.context.state_dir, request))
    return await _outcome(call.context, request.request_id)


def _user(call: Call) -> str:
    assert call.asker.user is not None
    return call.asker.user


def _set_point(call: Call) -> str:
    name = call.path_part("set_point")
    if name not in {point.name for point in call.context.site.set_points}:
        raise ProblemError(404, "there is no such set-point; GET /api/v1/site lists them")
    return name


async def _leave(leave: Callable[[], None]) -> None:
    """Write the request where the guard process finds it; waits for the disk in a thread."""
    try:
        await asyncio.to_thread(leave)
    except TooManyRequestsError as error:
        raise ProblemError(503, str(error)) from None
    except OSError as error:
        _log.error("a request could not be left: %s", error)
        raise ProblemError(503, f"the request could not be left: {error.strerror}") from None


async def _outcome(context: WebContext, request_id: str) -> BaseModel | Response:
    answer = await _answer(context, request_id)
    if answer is None:
        waiting = OutcomeAnswer(
            request_id=request_id, done=False, outcome="waits for the service's next tick"
        )
        return Response(waiting.model_dump_json(), 202, media_type="application/json")
    if not answer.accepted:
        raise ProblemError(409, answer.outcome)
    return OutcomeAnswer(request_id=request_id, done=True, outcome=answer.outcome)


async def _answer(context: WebContext, request_id: str) -> Answer | None:
    feed = context.feed
    wait_s = min(2.0 * context.site.real_tick_s + 1.0, LONGEST_WAIT_S)
    try:
        async with asyncio.timeout(wait_s):
            while True:
                news, newest = feed.news, feed.newest
                for answer in () if newest is None else newest.answers:
                    if answer.request_id == request_id:
                        return answer
                await news.wait()
    except TimeoutError:
        return None
