"""What every request passes first, host, rate, size, time, and the headers of every answer.

Plain ASGI, so that nothing of the framework runs for a request that is refused here.
"""

import asyncio
import logging
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heatrouter.deploy.http_config import HttpConfig
from heatrouter.deploy.web.metrics import ServerMetrics
from heatrouter.deploy.web.problems import ProblemError, problem_response
from heatrouter.deploy.web.throttle import RateLimit

_log = logging.getLogger(__name__)

MOST_BODY_BYTES: Final = 16 * 1024
BODY_TIMEOUT_S: Final = 10.0

_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}
_HSTS: Final = "max-age=31536000"


class Shield:
    """Refuses what needs no looking at, and sets the headers of every answer.

    Args:
        app: The application.
        config: Names and TLS.
        limit: Requests per address.
        metrics: Counts.
    """

    def __init__(
        self, app: ASGIApp, config: HttpConfig, limit: RateLimit, metrics: ServerMetrics
    ) -> None:
        self._app = app
        self._limit = limit
        self._metrics = metrics
        self._hosts = {"localhost", "127.0.0.1", "[::1]"}
        self._hosts |= {host.lower() for host in (config.host, *config.allowed_hosts)}
        self._headers = dict(_HEADERS)
        if config.secure_cookies:
            self._headers["strict-transport-security"] = _HSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return
        sent = False

        async def send_with_headers(message: Message) -> None:
            nonlocal sent
            if message["type"] == "http.response.start":
                sent = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                self._metrics.note_request(scope["method"], message["status"])
            await send(message)

        try:
            self._check(scope)
            body = await _whole_body(scope, receive)
            await self._app(scope, _replayed(body, receive), send_with_headers)
        except ProblemError as refusal:
            await problem_response(refusal)(scope, receive, send_with_headers)
        except Exception:  # noqa: BLE001  # the boundary of a request
            # The request's content may hold a password: only its place is logged.
            _log.exception("%s %s failed", scope["method"], _shown(scope["path"]))
            if not sent:
                problem = ProblemError(500, "the service's log has the cause")
                await problem_response(problem)(scope, receive, send_with_headers)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if name not in self._hosts:
            raise ProblemError(
                421, "this service is not called by that name; see http.allowed_hosts"
            )
        client = scope.get("client")
        wait_s = self._limit.wait_s(str(client[0]) if client else "")
        if wait_s > 0.0:
            headers_out = {"Retry-After": str(max(1, round(wait_s)))}
            raise ProblemError(429, "too many requests from this address", headers=headers_out)


async def _whole_body(scope: Scope, receive: Receive) -> bytes:
    """The body of a request, if it is short and comes soon."""
    length = Headers(scope=scope).get("content-length", "0")
    too_large = f"a body of more than {MOST_BODY_BYTES} bytes"
    if not length.isdecimal() or int(length[:12]) > MOST_BODY_BYTES:
        raise ProblemError(413, too_large)
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    break
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MOST_BODY_BYTES:
                    raise ProblemError(413, too_large)
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise ProblemError(408, f"no whole body within {BODY_TIMEOUT_S:g} s") from None
    return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _shown(path: str) -> str:
    """A path for the log: short, and in one line."""
    return repr(path[:100])
