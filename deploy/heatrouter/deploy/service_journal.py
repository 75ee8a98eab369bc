"""What the service tells: audit log, status file, answers to people."""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from heatrouter.deploy.alarms import AlarmChange
from heatrouter.deploy.audit import AuditError, AuditLog, AuditRecord
from heatrouter.deploy.control_cycle import GuardedStep
from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.modes import Fault, ModeState
from heatrouter.deploy.policy_worker import PolicyWorker
from heatrouter.deploy.replay_records import STATE_EVENT, packed
from heatrouter.deploy.run_record import heavy_modules
from heatrouter.deploy.state_dir import ModeRequest, StateDir
from heatrouter.deploy.status_file import StatusFile
from heatrouter.deploy.tick_reading import TickReading
from heatrouter.deploy.validity import CheckedInputs
from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray
from heatrouter.envs.guard import Prediction

_log = logging.getLogger(__name__)

TICKS_PER_STATE = 1_000
"""Between two states of the computation in the log, so that old files of it may be removed."""

ANSWERS_KEPT = 10
"""Answers to people that a page may still be waiting for."""


@dataclass(slots=True)
class TickContext:
    """What one tick has met so far.

    Attributes:
        number: Of the tick, from 0.
        now_s: Plant time since the service started.
        reading: What was read; None where the plant did not answer.
        checked: The inputs as control may use them.
        observation: Where a control step began in this tick.
        decided: Whether the policy answered in this tick.
        waited_s: Real seconds spent waiting for plant and policy.
        kept: Set-points that the plant refused, where some were written.
        written_s: When the plant had confirmed them, on the clock of ``now_s``.
    """

    number: int
    now_s: float
    reading: TickReading | None = None
    checked: CheckedInputs | None = None
    observation: Float32Array | None = None
    decided: bool = False
    waited_s: float = 0.0
    kept: BoolArray | None = None
    written_s: float | None = None


class Journal:
    """Writes what happens where people and replays find it.

    Args:
        audit: The audit log.
        state_dir: Where the status goes.
        watch: Learns of an audit log that cannot be written.
        worker: The policy, for the digest of its bundle.

    Attributes:
        status_file: Replaced each tick.
        answers: The last answers to requests for a mode, newest last.
    """

    def __init__(
        self, audit: AuditLog, state_dir: StateDir, watch: FaultWatch, worker: PolicyWorker | None
    ) -> None:
        self._audit = audit
        self.status_file = StatusFile(state_dir)
        self._watch = watch
        self._worker = worker
        self._last_request: dict[str, object] | None = None
        self._since_state = 0
        self._state_due = False
        self.answers: deque[dict[str, object]] = deque(maxlen=ANSWERS_KEPT)

    def event(
        self,
        tick: TickContext,
        state: ModeState,
        event: str,
        *,
        user: str | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Record something that happened."""
        record = AuditRecord(
            tick=tick.number,
            time_s=tick.now_s,
            mode=str(state.actual),
            target=str(state.target),
            user=user,
            event=event,
            detail=detail or {},
        )
        self._write(record)

    def tick(
        self,
        tick: TickContext,
        state: ModeState,
        step: GuardedStep | None,
        *,
        action: FloatArray | None,
        written: bool,
        forecast: FloatArray | None = None,
        prediction: Prediction | None = None,
    ) -> None:
        """Record a tick, after the faults and changes of mode that it brought.

        What a replay needs beyond the rest is part of it: clocks, read-back, the forecast of a
        decision, the prediction that the guard looked at.
        """
        self._changes(tick, state)
        detail: dict[str, object] = {"source": None if step is None else step.source}
        if step is not None and step.overrides is not None:
            detail["overrides"] = step.overrides
        if tick.checked is not None and tick.reading is not None:
            detail |= {
                "inputs": tick.checked.values,
                "applied": tick.reading.applied,
                "clock": tick.reading.clock,
                "plant_time_s": tick.reading.plant_time_s,
                "external": tick.reading.external,
            }
        if step is not None and step.policy_refused:
            detail["policy_refused"] = True
        if tick.kept is not None and bool(tick.kept.any()):
            detail["kept"] = np.flatnonzero(tick.kept)
        if tick.written_s is not None:
            detail["written_s"] = tick.written_s
        if tick.observation is not None and forecast is not None:
            detail["forecast"] = forecast
        if prediction is not None:
            detail["prediction"] = prediction._asdict()
        record = AuditRecord(
            tick=tick.number,
            time_s=tick.now_s,
            mode=str(state.actual),
            target=str(state.target),
            observation=None if tick.observation is None else tick.observation.astype(float),
            quality=None if tick.checked is None else tuple(tick.checked.causes.tolist()),
            bundle=None if self._worker is None else self._worker.bundle_digest,
            action=action,
            proposal=None if step is None else step.proposal,
            executed=None if step is None else step.set_points,
            reasons=None if step is None else tuple(step.verdict.reasons[0].tolist()),
            written=written,
            detail=detail,
        )
        self._write(record)

    def failed(self, tick: TickContext, state: ModeState, error: Exception) -> None:
        """Record a tick that did not come to its end."""
        self._state_due = True
        self.event(tick, state, "tick failed", detail={"cause": repr(error)})

    def cycle_state(
        self,
        tick: TickContext,
        state: ModeState,
        identity: Callable[[], Mapping[str, object]],
        arrays: Callable[[], Mapping[str, np.ndarray]],
    ) -> None:
        """Record, now and then, all that later ticks depend on: a replay may begin there."""
        self._since_state += 1
        if self._state_due or self._since_state >= TICKS_PER_STATE:
            self._since_state, self._state_due = 0, False
            detail = {**identity(), "cycle": packed(arrays())}
            self.event(tick, state, STATE_EVENT, detail=detail)

    def _changes(self, tick: TickContext, state: ModeState) -> None:
        for fault in state.raised:
            cause = self._watch.causes.get(str(fault), "")
            _log.warning("fault %s: %s", fault, cause)
            self.event(tick, state, f"fault {fault} raised", detail={"cause": cause})
        for fault in state.cleared:
            _log.warning("fault %s over", fault)
            self.event(tick, state, f"fault {fault} cleared")
        if state.changed:
            _log.warning("mode %s%s", state.actual, f" ({state.reason})" if state.reason else "")
            self.event(tick, state, f"mode {state.actual}", detail={"reason": state.reason})

    def alarms(self, tick: TickContext, state: ModeState, changes: Iterable[AlarmChange]) -> None:
        """Record alarms that began or ended."""
        for change in changes:
            word = "raised" if change.raised else "cleared"
            _log.warning("alarm %s %s: %s", change.alarm, word, change.cause)
            detail = {"cause": change.cause}
            self.event(tick, state, f"alarm {change.alarm} {word}", detail=detail)

    def request_taken(self, tick: TickContext, state: ModeState, request: ModeRequest) -> None:
        """Answer a request that the mode machine has seen."""
        outcome = state.refusal or f"mode {state.actual}"
        if not state.refusal and state.reason:
            outcome += f", asked for {state.target}: {state.reason}"
        self._answer(request, outcome, accepted=not state.refusal)
        detail = {"reason": request.reason, "outcome": outcome}
        _log.warning("%s asks for %s: %s", request.user, request.mode, outcome)
        self.event(tick, state, f"asked for {request.mode}", user=request.user, detail=detail)

    def request_refused(
        self, tick: TickContext, state: ModeState, request: ModeRequest, refusal: str
    ) -> None:
        """Answer a request that the mode machine never saw."""
        self._answer(request, refusal, accepted=False)
        detail = {"reason": request.reason, "outcome": refusal}
        event = f"asked for {request.mode[:20]}: refused"
        self.event(tick, state, event, user=request.user, detail=detail)

    def _answer(self, request: ModeRequest, outcome: str, *, accepted: bool) -> None:
        self._last_request = {
            "request_id": request.request_id,
            "mode": request.mode,
            "user": request.user,
            "accepted": accepted,
            "outcome": outcome,
        }
        self.answers.append(self._last_request)

    def status(
        self,
        tick: TickContext,
        state: ModeState,
        live: Mapping[str, object],
        *,
        running: bool = True,
    ) -> None:
        """Replace the status file."""
        status: dict[str, object] = {
            "running": running,
            "pid": os.getpid(),
            "tick": tick.number,
            "time_s": round(tick.now_s, 3),
            "mode": str(state.actual),
            "target": str(state.target),
            "reason": state.reason,
            "faults": [str(fault) for fault in Fault if fault in state.faults],
            "latched": [str(fault) for fault in Fault if fault in state.latched],
            **live,
            "last_request": self._last_request,
            "guard_modules_heavy": heavy_modules(),
        }
        self.status_file.put(status)

    def keep(self) -> None:
        """Let the disk have what was told; called when the tick is over, and never waits."""
        self._audit.sync()
        self.status_file.write_beside()

    def _write(self, record: AuditRecord) -> None:
        try:
            self._audit.write(record)
        except AuditError as error:
            # What was lost a replay cannot repeat: it goes on from the next saved state.
            self._state_due = True
            self._watch.note(Fault.AUDIT, str(error))
        else:
            self._watch.note(Fault.AUDIT, None)
