"""Handlers that only look."""

import asyncio
from http import HTTPStatus

from pydantic import BaseModel
from starlette.responses import Response

from heatrouter.deploy.modes import FAULT_RECOVERY
from heatrouter.deploy.validity import Cause
from heatrouter.deploy.web.api_models import (
    AlarmsAnswer,
    AlarmsQuery,
    AuditAnswer,
    AuditSearchQuery,
    BundleAnswer,
    LiveAnswer,
    SiteAnswer,
    TrendsAnswer,
    TrendsQuery,
)
from heatrouter.deploy.web.audit_search import AuditQuery, CursorError, search_audit
from heatrouter.deploy.web.endpoints import Call
from heatrouter.deploy.web.explanation import Explanation, explain
from heatrouter.deploy.web.health import Health, liveness, permissives, readiness
from heatrouter.deploy.web.metrics import CONTENT_TYPE
from heatrouter.deploy.web.problems import ProblemError, Wrong
from heatrouter.deploy.web.snapshots import Received


async def livez(call: Call) -> Response:
    """Whether the service ticks."""
    return _health(liveness(call.context.site, call.context.feed))


async def readyz(call: Call) -> Response:
    """Whether it could control."""
    return _health(readiness(call.context.site, call.context.feed))


async def metrics(call: Call) -> Response:
    """Prometheus' text format."""
    return Response(call.context.metrics.text(), media_type=CONTENT_TYPE)


async def live(call: Call) -> BaseModel:
    """The service now."""
    site, feed = call.context.site, call.context.feed
    newest = feed.newest
    if newest is not None:
        # The list of all alarms has an address of its own.
        newest = newest.model_copy(update={"alarms": [a for a in newest.alarms if a.open]})
    return LiveAnswer(
        age_s=round(feed.age_s, 3),
        live=liveness(site, feed).ok,
        ready=readiness(site, feed).ok,
        permissives=permissives(site, feed),
        snapshot=newest,
    )


async def site(call: Call) -> BaseModel:
    """Names, units, the map."""
    known = call.context.site
    modes = ["OFF", "SHADOW", "RULES", "POLICY", "LOCAL"]
    if known.bundle is None:
        modes.remove("POLICY")
    return SiteAnswer(
        district=known.district.name,
        version=known.version,
        contract_digest=known.contract_digest,
        inputs=list(known.inputs),
        set_points=list(known.set_points),
        actions=list(known.actions),
        modes=modes,
        control_dt_s=known.control_dt_s,
        tick_s=known.tick_s,
        real_tick_s=known.real_tick_s,
        drawing=call.context.drawing,
        series=list(call.context.history.names),
        faults={str(fault): rule.meaning for fault, rule in FAULT_RECOVERY.items()},
        input_causes={int(c): str(c.name).lower().replace("_", " ") for c in Cause},
    )


async def bundle(call: Call) -> BaseModel:
    """The policy in use."""
    newest = call.context.feed.newest
    return BundleAnswer(
        present=call.context.site.bundle is not None,
        ready=newest is not None and newest.worker_ready,
        digest=None if newest is None else newest.bundle,
        bundle=call.context.bundle.info(newest),
    )


async def alarms(call: Call) -> BaseModel:
    """Alarms, newest first."""
    query = call.query
    assert isinstance(query, AlarmsQuery)
    newest = call.context.feed.newest
    known = [] if newest is None else newest.alarms[::-1]
    return AlarmsAnswer(alarms=[a for a in known if a.open or query.state == "all"])


async def decision(call: Call) -> Explanation:
    """Why the last decision was made."""
    return explain(call.context.site, _newest(call))


async def trends(call: Call) -> BaseModel:
    """Courses of the last hours."""
    query, history = call.query, call.context.history
    assert isinstance(query, TrendsQuery)
    unknown = sorted(set(query.names) - set(history.names))
    if unknown:
        mistakes = tuple(Wrong(path="names", message=f"{n!r} is not kept") for n in unknown)
        raise ProblemError(422, "unknown series; GET /api/v1/site lists them", mistakes)
    now_s = _newest(call).time_s
    course = await asyncio.to_thread(
        history.course,
        query.names,
        begin_s=now_s - 3600.0 * query.hours,
        end_s=now_s,
        points=query.points,
    )
    return TrendsAnswer(
        now_s=now_s,
        time_s=course.time_s.tolist(),
        wall_time=course.wall_time.tolist(),
        series=dict(zip(query.names, course.values.tolist(), strict=True)),
    )


async def audit(call: Call) -> BaseModel:
    """A page of the audit log."""
    query = call.query
    assert isinstance(query, AuditSearchQuery)
    wanted = AuditQuery(**query.model_dump())
    async with call.context.searches:
        try:
            page = await asyncio.to_thread(search_audit, call.context.audit_path, wanted)
        except CursorError as error:
            mistakes = (Wrong(path="cursor", message=str(error)),)
            raise ProblemError(422, "no such page", mistakes) from None
        except OSError as error:
            raise ProblemError(503, f"the audit log cannot be read: {error.strerror}") from None
    return AuditAnswer(
        records=page.records,
        cursor=page.cursor,
        complete=page.complete,
        unreadable=page.unreadable,
    )


def _newest(call: Call) -> Received:
    newest = call.context.feed.newest
    if newest is None:
        raise ProblemError(503, "the service has not ticked yet; try again in a moment")
    return newest


def _health(health: Health) -> Response:
    status = HTTPStatus.OK if health.ok else HTTPStatus.SERVICE_UNAVAILABLE
    return Response(health.model_dump_json(), status, media_type="application/json")
