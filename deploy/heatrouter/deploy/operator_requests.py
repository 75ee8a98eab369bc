"""What people ask of a running service besides its mode: overrides, and taking note of alarms.

Requests wait as files in a folder of the state folder, one each, and are taken in order at the next
tick. Each names its user and reason, is answered, and goes into the audit log.
"""

import logging
import math
import time
import uuid
from collections import deque
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from heatrouter.deploy.alarm_list import AlarmList
from heatrouter.deploy.modes import ARMED, ModeState
from heatrouter.deploy.service_journal import Journal, TickContext
from heatrouter.deploy.set_point_overrides import Override, SetPointOverrides
from heatrouter.deploy.state_dir import StateDir, read_json, remove_file, write_json

_log = logging.getLogger(__name__)

FOLDER: Final = "operator-requests"

TAKEN_PER_TICK: Final = 10
"""More wait for the next tick, so that nobody can lengthen one."""

WAITING_AT_MOST: Final = 50
ANSWERS_KEPT: Final = 50


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    user: str = Field(min_length=1, max_length=80)
    reason: str = Field(min_length=1, max_length=400)
    request_id: str = Field(default_factory=lambda: uuid.uuid4().hex, max_length=40)
    asked_at: float = Field(default_factory=time.time, description="POSIX time, s")


class OverrideRequest(_Request):
    """Fix a set-point."""

    kind: Literal["override"] = "override"
    set_point: str = Field(max_length=200)
    value: float
    duration_s: float | None = Field(None, gt=0.0, description="plant seconds; null: no end")


class ReleaseRequest(_Request):
    """Let go of a set-point that was fixed."""

    kind: Literal["release"] = "release"
    set_point: str = Field(max_length=200)


class AcknowledgeRequest(_Request):
    """Take note of an alarm."""

    kind: Literal["acknowledge"] = "acknowledge"
    alarm_id: str = Field(max_length=40)


OperatorRequest: TypeAlias = Annotated[
    OverrideRequest | ReleaseRequest | AcknowledgeRequest, Field(discriminator="kind")
]

_ADAPTER: Final[TypeAdapter[OverrideRequest | ReleaseRequest | AcknowledgeRequest]] = TypeAdapter(
    OperatorRequest
)


class TooManyRequestsError(Exception):
    """More requests wait than a service takes in a tick."""


def leave_request(
    state_dir: StateDir, request: OverrideRequest | ReleaseRequest | AcknowledgeRequest
) -> None:
    """Leave a request for the service.

    Raises:
        TooManyRequestsError: The service does not keep up, or is gone.
    """
    folder = state_dir.path / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    if sum(1 for _ in folder.iterdir()) >= WAITING_AT_MOST:
        msg = f"{WAITING_AT_MOST} requests wait for the service already; is it running?"
        raise TooManyRequestsError(msg)
    name = f"{time.time_ns():020d}-{request.request_id}.json"
    write_json(folder / name, request.model_dump(), durable=True)


class OperatorRequests:
    """Takes what is waiting and does it, one request after another.

    Args:
        state_dir: Where requests come from; those of an earlier run are dropped.
        journal: Takes what was asked and what became of it.
        overrides: What may be set and released.
        alarms: What may be acknowledged.

    Attributes:
        answers: The last answers, newest last: ``request_id``, ``accepted``, ``outcome``.
    """

    def __init__(
        self,
        state_dir: StateDir,
        journal: Journal,
        overrides: SetPointOverrides,
        alarms: AlarmList,
    ) -> None:
        self._folder = state_dir.path / FOLDER
        self._journal = journal
        self._overrides = overrides
        self._alarms = alarms
        self.answers: deque[dict[str, object]] = deque(maxlen=ANSWERS_KEPT)
        for path in self._waiting():
            remove_file(path)

    def take(self, tick: TickContext, state: ModeState) -> None:
        """Do what is waiting; end overrides whose time, or whose armed service, is over."""
        for path in self._waiting()[:TAKEN_PER_TICK]:
            self._take(tick, state, path)
        over = self._overrides.expire(tick.now_s)
        cause = "its time is over"
        if state.target not in ARMED:
            over += self._overrides.release_all()
            cause = f"the service was asked for {state.target}"
        for override in over:
            detail = {"set_point": override.set_point, "cause": cause}
            self._journal.event(tick, state, f"override of {override.set_point} ended",
                                detail=detail)  # fmt: skip

    def _waiting(self) -> list[Path]:
        # One system call on the ticks without a request, which are nearly all.
        try:
            return sorted(p for p in self._folder.iterdir() if p.suffix == ".json")
        except OSError:
            return []

    def _take(self, tick: TickContext, state: ModeState, path: Path) -> None:
        content = read_json(path)
        remove_file(path)
        try:
            request = _ADAPTER.validate_python(content)
        except ValidationError as error:
            wrong = ", ".join(str(e["loc"][-1]) if e["loc"] else "?" for e in error.errors())
            _log.warning("an operator's request with wrong fields was dropped: %s", wrong)
            return
        if any(answer["request_id"] == request.request_id for answer in self.answers):
            return  # its file could not be removed; once is enough
        if isinstance(request, OverrideRequest):
            event, refusal = self._override(tick, state, request)
            detail: dict[str, object] = {"value": request.value, "duration_s": request.duration_s}
        elif isinstance(request, ReleaseRequest):
            event = f"override of {request.set_point} released"
            released = self._overrides.release(request.set_point)
            refusal = f"{request.set_point} is not overridden" if released is None else None
            detail = {}
        else:
            event = f"alarm {request.alarm_id} acknowledged"
            refusal = self._alarms.acknowledge(request.alarm_id, request.user, request.asked_at)
            detail = {}
        outcome = event if refusal is None else refusal
        self.answers.append(
            {
                "request_id": request.request_id,
                "user": request.user,
                "accepted": refusal is None,
                "outcome": outcome,
            }
        )
        shown = event if refusal is None else f"{event}: refused"
        detail |= {"reason": request.reason, "outcome": outcome}
        _log.warning("%s: %s", request.user, shown)
        self._journal.event(tick, state, shown, user=request.user, detail=detail)

    def _override(
        self, tick: TickContext, state: ModeState, request: OverrideRequest
    ) -> tuple[str, str | None]:
        event = f"override of {request.set_point} to {request.value:g}"
        refusal = self._overrides.refusal_of(request.set_point, request.value)
        if refusal is None and state.target not in ARMED:
            refusal = f"nothing is written in {state.target}; arm the service first"
        if refusal is None:
            until_s = math.inf if request.duration_s is None else tick.now_s + request.duration_s
            self._overrides.set(
                Override(
                    set_point=request.set_point,
                    value=request.value,
                    user=request.user,
                    reason=request.reason,
                    since_s=tick.now_s,
                    until_s=until_s,
                )
            )
        return event, refusal
