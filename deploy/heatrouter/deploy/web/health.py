"""Whether the service lives, and whether it could control."""

from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from heatrouter.deploy.modes import Fault
from heatrouter.deploy.web.feed import Feed
from heatrouter.deploy.web.snapshots import Received
from heatrouter.deploy.web_site import Site

MISSED_TICKS: Final = 3
SLACK_S: Final = 5.0
"""Real seconds by which ticks may be late on a busy machine before the service counts as dead."""

_INPUTS: Final = (Fault.PLANT_LINK, Fault.CRITICAL_INPUT, Fault.FORECAST)
_OUTPUTS: Final = (
    Fault.PLANT_LINK,
    Fault.READ_BACK,
    Fault.WRITE_REJECTED,
    Fault.COMPETING_WRITER,
)
_MODEL: Final = (Fault.WORKER_DEAD, Fault.BUNDLE)
_AUDIT: Final = (Fault.AUDIT,)
_CONDUCT: Final = tuple(f for f in Fault if f not in {*_INPUTS, *_OUTPUTS, *_MODEL, *_AUDIT})
"""What else keeps the policy from writing: its own answers, and a plant that it does not know."""


class Check(BaseModel):
    """One condition."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    ok: bool
    detail: str = ""


class Health(BaseModel):
    """Conditions, and whether all of them hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ok: bool
    checks: list[Check] = Field(description="each condition")


def liveness(site: Site, feed: Feed) -> Health:
    """The guard process ticks."""
    limit_s = MISSED_TICKS * site.real_tick_s + SLACK_S
    age_s = feed.age_s
    ticking = feed.newest is not None and age_s <= limit_s
    detail = f"last tick {age_s:.1f} s ago, limit {limit_s:.1f} s"
    return _health(Check(name="ticking", ok=ticking, detail=detail))


def readiness(site: Site, feed: Feed) -> Health:
    """It ticks, inputs are fresh, outputs can be written, the model is verified."""
    alive = liveness(site, feed).checks[0]
    now = feed.newest
    if now is None:
        return _health(alive)
    return _health(alive, _inputs(now), _outputs(now), _model(site, now), _audit(now))


def permissives(site: Site, feed: Feed) -> Health:
    """Everything that has to hold for the policy to write: readiness and what people permit."""
    ready = readiness(site, feed)
    now = feed.newest
    if now is None:
        return ready
    hold_s = 0.0 if now.policy_from_s is None else max(now.policy_from_s - now.time_s, 0.0)
    return _health(
        *ready.checks,
        _conduct(now),
        Check(name="enabled at the plant", ok=now.enable),
        Check(name="no override at the plant", ok=not now.override),
        Check(name="plant follows", ok=now.external),
        Check(name="nothing waits for a person", ok=not now.latched, detail=", ".join(now.latched)),
        Check(
            name="hold-off over",
            ok=hold_s <= 0.0,
            detail=f"{hold_s:.0f} s left" if hold_s > 0.0 else "",
        ),
    )


def _inputs(now: Received) -> Check:
    found = _causes(now, _INPUTS)
    return Check(name="inputs fresh", ok=now.values is not None and not found, detail=found)


def _outputs(now: Received) -> Check:
    found = _causes(now, _OUTPUTS)
    return Check(name="outputs writable", ok=now.link_connected and not found, detail=found)


def _model(site: Site, now: Received) -> Check:
    if site.bundle is None and now.bundle is None:
        return Check(name="model verified", ok=True, detail="runs the rules alone")
    found = _causes(now, _MODEL)
    ok = now.worker_ready and bool(now.bundle) and not found
    return Check(name="model verified", ok=ok, detail=found)


def _audit(now: Received) -> Check:
    found = _causes(now, _AUDIT)
    return Check(name="audit written", ok=not found, detail=found)


def _conduct(now: Received) -> Check:
    found = _causes(now, _CONDUCT)
    return Check(name="policy knows the plant, answers well", ok=not found, detail=found)


def _causes(now: Received, faults: Sequence[Fault]) -> str:
    return "; ".join(f"{fault}: {now.faults[fault]}" for fault in faults if fault in now.faults)


def _health(*checks: Check) -> Health:
    return Health(ok=all(check.ok for check in checks), checks=list(checks))
