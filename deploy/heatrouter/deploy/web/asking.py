"""Who asks, and whether they may."""

import asyncio
import base64
import binascii
import hmac
import logging
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from starlette.requests import Request

from heatrouter.deploy.web.context import WebContext
from heatrouter.deploy.web.problems import ProblemError
from heatrouter.deploy.web.sessions import Session
from heatrouter.deploy.web.users import MOST_PASSWORD, Role
from heatrouter.envs.errors import ServiceConfigError

_log = logging.getLogger(__name__)

CSRF_HEADER = "x-csrf-token"


class Access(Enum):
    """What a request needs."""

    OPEN = "nothing"
    READ = "a viewer, where reading needs a login"
    SESSION = "anybody who is logged in"
    OPERATE = "an operator"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks.

    Attributes:
        user: None for nobody in particular.
        role: None for nobody in particular.
        session: None without, or where a program gave name and password.
        token: Of the session.
    """

    user: str | None = None
    role: Role | None = None
    session: Session | None = None
    token: str = ""


async def admit(context: WebContext, request: Request, access: Access) -> Asker:
    """Say who asks, if they may.

    Raises:
        ProblemError: 401 without a login, 403 without the role, the token or the right origin,
            429 for too many changes or wrong passwords.
    """
    changes = access in {Access.SESSION, Access.OPERATE}
    if request.method not in {"GET", "HEAD"}:
        check_origin(request)
    asker = _session(context, request)
    if access is Access.READ and asker.user is None and context.site.http.reading_needs_login:
        asker = await _basic(context, request)
    needs_user = changes or (access is Access.READ and context.site.http.reading_needs_login)
    if needs_user and asker.user is None:
        raise ProblemError(401, "log in first: POST /api/v1/login")
    if changes:
        assert asker.session is not None
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), asker.session.csrf.encode()):
            raise ProblemError(403, f"the header {CSRF_HEADER} does not belong to this session")
    if access is Access.OPERATE:
        if asker.role is None or not asker.role.covers(Role.OPERATOR):
            raise ProblemError(403, f"{asker.user} is a {asker.role}; this needs an operator")
        wait_s = context.change_limit.wait_s(str(asker.user))
        if wait_s > 0.0:
            raise _too_often(wait_s, "too many changes")
    return asker


def check_origin(request: Request) -> None:
    """Refuse a change that another site's page sends along; programs send no origin."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    if urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise ProblemError(403, "the request comes from another site's page")


def address_of(request: Request) -> str:
    """The other end."""
    return request.client.host if request.client is not None else ""


async def check_password(context: WebContext, address: str, user: str, password: str) -> Role:
    """Role of a user whose password fits.

    Raises:
        ProblemError: 401 for a wrong one, 429 while locked out, 503 for an unusable file.
    """
    pair, of_user, of_address = f"{user}\n{address}", f"user\n{user}", f"address\n{address}"
    wait_s = max(
        context.pair_lock.wait_s(pair),
        context.wide_lock.wait_s(of_user),
        context.wide_lock.wait_s(of_address),
    )
    if wait_s > 0.0:
        context.metrics.note_login("locked")
        raise _too_often(wait_s, "too many wrong passwords")
    wait_s = context.login_limit.wait_s(address)
    if wait_s > 0.0:
        raise _too_often(wait_s, "too many attempts to log in")
    try:
        role = await asyncio.to_thread(context.users.check, user, password)
    except ServiceConfigError as error:
        _log.error("%s", error)
        raise ProblemError(503, "the file of users cannot be used; the log says why") from None
    if role is None:
        context.metrics.note_login("failed")
        context.pair_lock.failed(pair)
        context.wide_lock.failed(of_user)
        context.wide_lock.failed(of_address)
        # Not the name: people type passwords into that field, too.
        _log.warning("a log-in from %s failed", address)
        raise ProblemError(401, "user and password do not fit")
    context.pair_lock.succeeded(pair)
    context.metrics.note_login("ok")
    return role


def _session(context: WebContext, request: Request) -> Asker:
    token = request.cookies.get(context.cookie, "")
    session = context.sessions.find(token) if token else None
    if session is None:
        return Asker()
    role = None
    try:
        if context.users.mark_of(session.user) == session.mark:
            role = context.users.role_of(session.user)
    except ServiceConfigError as error:
        _log.error("%s", error)
    if role is None:
        # Whoever was taken out of the file, or has a new password, is out at once.
        context.sessions.end(token)
        return Asker()
    return Asker(session.user, role, session, token)


async def _basic(context: WebContext, request: Request) -> Asker:
    """Programs that read, such as Prometheus, give name and password with each request."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return Asker()
    try:
        user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise ProblemError(401, "the header authorization is no name and password") from None
    if not 0 < len(password) <= MOST_PASSWORD or not 0 < len(user) <= 64:
        raise ProblemError(401, "user and password do not fit")
    return Asker(user, await check_password(context, address_of(request), user, password))


def _too_often(wait_s: float, detail: str) -> ProblemError:
    seconds = max(1, round(wait_s))
    return ProblemError(
        429, f"{detail}; try again in {seconds} s", headers={"Retry-After": str(seconds)}
    )
