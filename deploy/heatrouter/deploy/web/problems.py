"""Mistakes of a request, as one JSON shape (RFC 9457)."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: "Bad request",
    401: "Log in first",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    408: "Request timeout",
    409: "Conflict",
    413: "Body too large",
    415: "Unsupported media type",
    421: "Wrong host",
    422: "Cannot be done",
    429: "Too many requests",
    431: "Header too large",
    500: "Internal error",
    503: "Not ready",
}


class Wrong(BaseModel):
    """One mistake of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(description="which field or parameter")
    message: str


class Problem(BaseModel):
    """Why a request was not done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    status: int
    detail: str
    mistakes: list[Wrong] = Field(default_factory=list)


class ProblemError(Exception):
    """Ends a request with a problem.

    Args:
        status: HTTP status.
        detail: What is wrong, and what to do.
        mistakes: Wrong fields, all at once.
        headers: Beside the usual ones.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        mistakes: tuple[Wrong, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.detail = detail
        self.mistakes = mistakes
        self.headers = dict(headers or {})
        super().__init__(status, detail)


def problem_response(error: ProblemError) -> Response:
    """The answer that tells it."""
    problem = Problem(
        title=TITLES.get(error.status, "Error"),
        status=error.status,
        detail=error.detail,
        mistakes=list(error.mistakes),
    )
    return Response(
        problem.model_dump_json(), error.status, headers=error.headers, media_type=MEDIA_TYPE
    )
