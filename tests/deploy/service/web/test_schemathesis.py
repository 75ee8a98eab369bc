"""Requests made up from the API's own description: none ends in a fault of the server."""

import asyncio
import contextlib
import itertools
from typing import Any

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from tests.deploy.service.web.desks import Desk, MakeDesk

from heatrouter.deploy.web.app import web_app

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

pytestmark = pytest.mark.slow

EXAMPLES = 40
LEFT_OUT = {"logout"}
"""It would end the session with which everything else is tried."""


@pytest.fixture
def open_desk(make_desk: MakeDesk) -> Desk:
    """A desk whose limits let everything through: its clock runs ahead with each look."""
    desk = make_desk("policy", session_idle_s=86_400.0, session_s=604_800.0)
    seconds = itertools.count(0, 1)
    for limit in (
        desk.context.request_limit,
        desk.context.change_limit,
        desk.context.login_limit,
        desk.context.pair_lock,
        desk.context.wide_lock,
    ):
        limit._clock = lambda: 1000.0 * next(seconds)
    return desk


def _statuses(strategy: Any, headers: dict[str, str], wanted: list[Any]) -> set[int]:
    seen: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def one(case: Any) -> None:
        response = case.call(headers=headers)
        seen.add(response.status_code)
        case.validate_response(response, checks=wanted)

    # Where a request has no parts, there is nothing wrong to make up.
    with contextlib.suppress(Unsatisfiable):
        one()
    return seen


def try_everything(url: str, headers: dict[str, str], mode: object) -> dict[str, set[int]]:
    """Statuses by operation; raises for a fault, an undocumented status or a wrong answer."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    from schemathesis import checks
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    wanted = [
        checks.not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    seen: dict[str, set[int]] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        name = operation.definition.raw["operationId"]
        if name in LEFT_OUT:
            continue
        strategy = operation.as_strategy(generation_mode=mode)

        seen[name] = _statuses(strategy, headers, wanted)
    return seen


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("sort", ["POSITIVE", "NEGATIVE"])
async def test_no_request_ends_in_a_fault_of_the_server(open_desk: Desk, sort: str) -> None:
    desk = open_desk
    await desk.tick(20)
    config = uvicorn.Config(
        web_app(desk.context), port=0, ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    await desk.login()
    token = next(iter(desk.client.cookies.jar)).value
    headers = {"X-CSRF-Token": desk.csrf, "Cookie": f"{desk.context.cookie}={token}"}
    mode = getattr(schemathesis.GenerationMode, sort)
    try:
        async with desk.ticking():
            seen = await asyncio.to_thread(
                try_everything, f"http://127.0.0.1:{port}", headers, mode
            )
    finally:
        server.should_exit = True
        await serving
    answered = set.union(*seen.values())
    if sort == "POSITIVE":
        assert len(seen) >= 16
        assert seen["ask_mode"] <= {200, 409, 422}
        assert 200 in seen["ask_mode"], "the requests got past the log-in"
    assert 200 in answered or 422 in answered
    assert not {status for status in answered if status >= 500}
