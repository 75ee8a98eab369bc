"""Snapshots as they arrive in the web process: checked, and without numbers that are none."""

import math
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _no_nan(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_no_nan)]
"""Null where there is none."""


class _Received(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ReceivedAlarm(_Received):
    """One fault from beginning to end."""

    alarm_id: str
    fault: str
    priority: str = Field(description="high, medium or low")
    cause: str
    meaning: str
    recovery: str
    raised_at: float = Field(description="POSIX time, s")
    raised_s: float = Field(description="plant time since the service started, s")
    cleared_at: float | None = Field(description="POSIX time, s; null while it lasts")
    acknowledged_at: float | None = Field(description="POSIX time, s")
    acknowledged_by: str | None

    @property
    def open(self) -> bool:
        """Whether it lasts, or waits for a person."""
        return self.cleared_at is None or self.acknowledged_at is None


class ReceivedOverride(_Received):
    """One set-point that a person has fixed."""

    set_point: str
    value: float
    user: str
    reason: str
    since_s: float
    until_s: Number = Field(description="plant time since the start, s; null: no end")


class ReceivedDecision(_Received):
    """How this tick's set-points came about."""

    source: str = Field(description="rules or policy")
    policy_refused: bool
    action: list[Number] | None
    rules_proposal: list[Number] | None
    policy_proposal: list[Number] | None
    proposal: list[Number]
    executed: list[Number]
    reasons: list[int]
    written: bool
    decisions: int


class Answer(_Received):
    """What became of a person's request."""

    request_id: str
    user: str
    accepted: bool
    outcome: str


class Received(_Received):
    """The service after one tick; arrays in the order of inputs and set-points of the site."""

    tick: int
    time_s: float = Field(description="plant time since the service started, s")
    wall_time: float = Field(description="POSIX time, s")
    plant_time_s: Number = Field(description="the plant's own clock, s")
    running: bool
    mode: str
    target: str
    reason: str = Field(description="why mode and target differ")
    since_s: float
    policy_from_s: Number
    faults: dict[str, str] = Field(description="present now, each with its cause")
    latched: list[str] = Field(description="faults that wait for a person")
    enable: bool
    override: bool
    external: bool
    link_connected: bool
    values: list[Number] | None
    causes: list[int] = Field(description="masks of reasons not to believe an input; 0: valid")
    age_s: list[Number] | None
    applied: list[Number] | None
    decision: ReceivedDecision | None
    overrides: list[ReceivedOverride]
    alarms: list[ReceivedAlarm]
    worker_pid: int | None
    worker_ready: bool
    bundle: str | None
    counters: dict[str, int]
    tick_s: Number = Field(description="real seconds that the tick before took")
    compute_s: Number
    answers: list[Answer]
