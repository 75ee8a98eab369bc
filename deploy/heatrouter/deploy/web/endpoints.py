"""What an endpoint is: one row of the table that server and description are made of."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from heatrouter.deploy.web.asking import Access, Asker
from heatrouter.deploy.web.context import WebContext


@dataclass(frozen=True, slots=True)
class Call:
    """One request, admitted and checked.

    Attributes:
        context: Everything handlers work with.
        request: As it came.
        asker: Who asks.
        query: Of the endpoint's model; None where it has none.
        body: Same.
    """

    context: WebContext
    request: Request
    asker: Asker
    query: BaseModel | None = None
    body: BaseModel | None = None

    def path_part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])


Handler: TypeAlias = Callable[[Call], Awaitable[BaseModel | Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One row.

    Attributes:
        method: HTTP method.
        path: With parts in braces.
        summary: What it does.
        access: Who may.
        handler: Does it.
        answer: Model of the answer; None for plain text.
        query: Model of the query.
        body: Model of the body.
        parts: What the parts of the path are.
        statuses: Statuses beside 200 and those that follow from access, query and body; with the
            endpoint's own model where they are below 400 or 503.
    """

    method: str
    path: str
    summary: str
    access: Access
    handler: Handler
    answer: type[BaseModel] | None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[int, ...] = ()
