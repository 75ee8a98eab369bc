"""Handlers of log-in and log-out."""

import logging

from pydantic import BaseModel
from starlette.responses import Response

from heatrouter.deploy.web.api_models import LoginBody, SessionAnswer
from heatrouter.deploy.web.asking import Asker, address_of, check_password
from heatrouter.deploy.web.context import WebContext
from heatrouter.deploy.web.endpoints import Call
from heatrouter.envs.errors import ServiceConfigError

_log = logging.getLogger(__name__)


async def login(call: Call) -> Response:
    """Begin a session."""
    context, body = call.context, call.body
    assert isinstance(body, LoginBody)
    address = address_of(call.request)
    role = await check_password(context, address, body.user, body.password)
    # A session from before ends: a token that somebody planted never becomes a log-in.
    context.sessions.end(call.asker.token)
    token, session = context.sessions.begin(body.user, context.users.mark_of(body.user) or "")
    _log.info("%s logged in from %s as %s", body.user, address, role)
    answer = _answer(context, Asker(body.user, role, session, token))
    response = Response(answer.model_dump_json(), media_type="application/json")
    response.set_cookie(
        context.cookie,
        token,
        httponly=True,
        samesite="strict",
        secure=context.site.http.secure_cookies,
        path="/",
    )
    return response


async def logout(call: Call) -> Response:
    """End a session."""
    context = call.context
    context.sessions.end(call.asker.token)
    _log.info("%s logged out", call.asker.user)
    answer = _answer(context, Asker())
    response = Response(answer.model_dump_json(), media_type="application/json")
    response.delete_cookie(
        context.cookie,
        path="/",
        httponly=True,
        samesite="strict",
        secure=context.site.http.secure_cookies,
    )
    return response


async def session(call: Call) -> BaseModel:
    """Who is logged in."""
    return _answer(call.context, call.asker)


def _answer(context: WebContext, asker: Asker) -> SessionAnswer:
    try:
        has_users = bool(context.users.users())
    except ServiceConfigError as error:
        _log.error("%s", error)
        has_users = False
    return SessionAnswer(
        user=asker.user,
        role=asker.role,
        csrf=None if asker.session is None else asker.session.csrf,
        login_to_read=context.site.http.reading_needs_login,
        has_users=has_users,
    )
