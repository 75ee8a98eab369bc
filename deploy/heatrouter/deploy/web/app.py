"""The web application: the table of endpoints, the page's files, and the shield round both."""

import json
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from heatrouter.deploy.web.asking import Asker, admit
from heatrouter.deploy.web.context import WebContext
from heatrouter.deploy.web.endpoints import Call, Endpoint
from heatrouter.deploy.web.openapi import openapi
from heatrouter.deploy.web.problems import ProblemError, Wrong, problem_response
from heatrouter.deploy.web.shield import Shield
from heatrouter.deploy.web.table import ENDPOINTS

_Model = TypeVar("_Model", bound=BaseModel)

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
PAGE: Final = "index.html"


def web_app(context: WebContext) -> ASGIApp:
    """The application of one web process."""
    description = json.dumps(
        openapi(ENDPOINTS, version=context.site.version, cookie=context.cookie)
    ).encode()
    pages = page_files()

    async def described(_: Request) -> Response:
        return Response(description, media_type="application/json")

    async def page(request: Request) -> Response:
        name = str(request.path_params.get("name", PAGE))
        if name not in pages:
            raise ProblemError(404, "there is no such file")
        content, kind = pages[name]
        return Response(content, media_type=kind)

    routes = [Route(e.path, _handled(context, e), methods=[e.method]) for e in ENDPOINTS]
    routes += [
        Route("/openapi.json", described, methods=["GET"]),
        Route("/", page, methods=["GET"]),
        Route("/hmi/{name}", page, methods=["GET"]),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _http_problem, ProblemError: _problem},
    )
    app.router.redirect_slashes = False
    return Shield(app, context.site.http, context.request_limit, context.metrics)


def page_files() -> dict[str, tuple[bytes, str]]:
    """The page's files by name, with their types; all there are."""
    found = {}
    for entry in files("heatrouter.deploy").joinpath("hmi").iterdir():
        suffix = "." + entry.name.rpartition(".")[2]
        if suffix in TYPES:
            found[entry.name] = (entry.read_bytes(), TYPES[suffix])
    return found


def _handled(context: WebContext, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        asker = await admit(context, request, endpoint.access)
        call = await _call(context, endpoint, request, asker)
        answer = await endpoint.handler(call)
        if isinstance(answer, Response):
            return answer
        return Response(answer.model_dump_json(), media_type="application/json")

    return handle


async def _call(context: WebContext, endpoint: Endpoint, request: Request, asker: Asker) -> Call:
    query = body = None
    if endpoint.query is not None:
        items = request.query_params.multi_items()
        if len({name for name, _ in items}) < len(items):
            raise ProblemError(422, "a parameter is given twice")
        query = _checked(endpoint.query, dict(items), "query")
    if endpoint.body is not None:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ProblemError(415, "send application/json")
        try:
            content = json.loads(await request.body() or b"{}")
        except (ValueError, RecursionError):
            raise ProblemError(400, "the body is no JSON") from None
        body = _checked(endpoint.body, content, "body")
    return Call(context, request, asker, query, body)


def _checked(model: type[_Model], content: object, what: str) -> _Model:
    """Validate; the answer names the fields, never their values, one of which may be a password."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        mistakes = tuple(
            Wrong(path=_place(e["loc"]) or what, message=e["msg"])
            for e in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise ProblemError(422, f"the {what} has mistakes", mistakes) from None


def _place(loc: tuple[int | str, ...]) -> str:
    """Where a mistake is; a field's name may be long, and hold what UTF-8 cannot."""
    return ".".join(map(str, loc))[:100].encode(errors="replace").decode()


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return problem_response(error)


async def _http_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem = ProblemError(error.status_code, error.detail, headers=error.headers)
    return problem_response(problem)
