"""What people and programs send to the API, and what it answers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from heatrouter.deploy.web.drawing import Drawing
from heatrouter.deploy.web.health import Health
from heatrouter.deploy.web.snapshots import Number, Received, ReceivedAlarm
from heatrouter.deploy.web.trends import POINTS_AT_MOST
from heatrouter.deploy.web.users import MOST_PASSWORD, Role
from heatrouter.deploy.web_site import BundleInfo, InputChannel
from heatrouter.envs.contract import ActionChannel, SetPoint

ModeName = Literal["OFF", "SHADOW", "RULES", "POLICY", "LOCAL"]
"""Modes that a person may ask for."""

Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=400, pattern=r"^\S[^\x00]*$"),
]
"""Why; goes into the audit log."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


# --- sent ---


class LoginBody(_Model):
    """Name and password."""

    user: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=MOST_PASSWORD)


class EmptyBody(_Model):
    """Nothing."""


class ModeBody(_Model):
    """A wish for a mode."""

    mode: ModeName
    reason: Reason


class OverrideBody(_Model):
    """A set-point to fix."""

    value: float = Field(description="in the set-point's unit, within its range")
    reason: Reason
    duration_s: float | None = Field(
        None, gt=0.0, le=7.0 * 86_400.0, description="plant seconds; null: until released"
    )


class ReasonBody(_Model):
    """Why something is done."""

    reason: Reason


class AlarmsQuery(_Model):
    """Which alarms."""

    state: Literal["open", "all"] = "open"


def _names(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


class TrendsQuery(_Model):
    """Which courses."""

    # On the wire it is one text; the schema says so.
    names: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=200)]],
        BeforeValidator(_names, json_schema_input_type=str),
    ] = Field(min_length=1, max_length=16, description="comma-separated")
    hours: float = Field(6.0, gt=0.0, le=168.0, description="plant hours back from now")
    points: int = Field(500, ge=2, le=POINTS_AT_MOST)


class AuditSearchQuery(_Model):
    """Which records; everything that is given has to be met."""

    begin: float | None = Field(None, ge=0.0, le=1e11, description="POSIX time, s")
    end: float | None = Field(None, ge=0.0, le=1e11, description="POSIX time, s")
    mode: Literal["OFF", "SHADOW", "RULES", "POLICY", "HOLD", "LOCAL"] | None = None
    user: str | None = Field(None, min_length=1, max_length=80)
    text: str | None = Field(
        None, min_length=1, max_length=100, description="in event, reason, cause or outcome"
    )
    ticks: bool = Field(False, description="ticks, too, beside events")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=40, description="from the page before")


# --- answered ---


class SessionAnswer(_Model):
    """Who is logged in."""

    user: str | None
    role: Role | None
    csrf: str | None = Field(description="to be sent as X-CSRF-Token with every change")
    login_to_read: bool
    has_users: bool = Field(description="whether anybody can log in at all")


class LiveAnswer(_Model):
    """The service now."""

    age_s: float = Field(description="real seconds since the last tick")
    live: bool
    ready: bool
    permissives: Health = Field(description="what has to hold for the policy to write")
    snapshot: Received | None = Field(description="null before the first tick")


class SiteAnswer(_Model):
    """Names, units, ranges, the map; constant while the service runs."""

    district: str
    version: str
    contract_digest: str
    inputs: list[InputChannel]
    set_points: list[SetPoint]
    actions: list[ActionChannel]
    modes: list[str] = Field(description="that may be asked for")
    control_dt_s: float
    tick_s: float
    real_tick_s: float
    drawing: Drawing
    series: list[str] = Field(description="names for trends")
    faults: dict[str, str] = Field(description="meaning of each fault")
    input_causes: dict[int, str] = Field(description="bits of an input's mask, in words")


class BundleAnswer(_Model):
    """The policy in use."""

    present: bool
    ready: bool
    digest: str | None = Field(description="of the bundle that answers now")
    bundle: BundleInfo | None = Field(description="null also where it cannot be found any more")


class AlarmsAnswer(_Model):
    """Alarms, newest first."""

    alarms: list[ReceivedAlarm]


class OutcomeAnswer(_Model):
    """What became of a request to the service."""

    request_id: str
    done: bool = Field(description="false: waits for the next tick")
    outcome: str


class TrendsAnswer(_Model):
    """Courses."""

    now_s: float = Field(description="plant time since the service started, s")
    time_s: list[float]
    wall_time: list[float]
    series: dict[str, list[Number]]


class AuditAnswer(_Model):
    """One page of the audit log, newest first; its chain is not proved here."""

    records: list[dict[str, Any]]
    cursor: str | None = Field(description="for the next page; null: there is none")
    complete: bool = Field(description="false: the search ran out of its time; go on with cursor")
    unreadable: int = Field(description="lines that are no record; run `heatrouter verify`")
