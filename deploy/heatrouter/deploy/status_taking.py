"""Takes the snapshot of a tick from what the control loop has in hand."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from heatrouter.deploy.alarm_list import AlarmList
from heatrouter.deploy.control_cycle import ControlCycle, GuardedStep
from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.modes import Fault, ModeState
from heatrouter.deploy.policy_worker import PolicyWorker
from heatrouter.deploy.run_record import RunRecord
from heatrouter.deploy.service_journal import TickContext
from heatrouter.deploy.set_point_overrides import SetPointOverrides
from heatrouter.deploy.status import DecisionSnapshot, Publish, StatusSnapshot

_log = logging.getLogger(__name__)


class PlantFlags(NamedTuple):
    """What the plant says of itself, as the control loop remembers it.

    Attributes:
        enable: It permits external set-points.
        override: Its operator has taken control.
        connected: It answers.
    """

    enable: bool
    override: bool
    connected: bool


class Showing:
    """Makes a snapshot of each tick and gives it away.

    Args:
        publish: Takes it; None where nobody looks.
        cycle: Proposals.
        watch: Causes of faults.
        record: Counters and timings.
        worker: The policy; None without.
        alarms: For people.
        overrides: Those in force.
        answers: Answers to people, of each kind of request.
    """

    def __init__(
        self,
        publish: Publish | None,
        *,
        cycle: ControlCycle,
        watch: FaultWatch,
        record: RunRecord,
        worker: PolicyWorker | None,
        alarms: AlarmList,
        overrides: SetPointOverrides,
        answers: Sequence[Iterable[Mapping[str, object]]],
    ) -> None:
        self.publish = publish
        self._cycle = cycle
        self._watch = watch
        self._record = record
        self._worker = worker
        self._alarms = alarms
        self._overrides = overrides
        self._answers = answers

    def show(
        self,
        tick: TickContext,
        state: ModeState,
        step: GuardedStep | None,
        plant: PlantFlags,
        *,
        written: bool,
        running: bool,
    ) -> None:
        """Give a snapshot away; whatever goes wrong with it must not cost a tick.

        Args:
            tick: What the tick met.
            state: The mode machine after it.
            step: What was proposed and let through; None while nothing is known.
            plant: What the plant says of itself.
            written: Whether set-points reached the plant.
            running: False when the service leaves.
        """
        if self.publish is None:
            return
        try:
            self.publish(self._snapshot(tick, state, step, plant, written, running))
        except Exception:  # noqa: BLE001  # pages and metrics are no reason to stop control
            _log.exception("tick %d could not be shown", tick.number)
            self.publish = None

    def _snapshot(
        self,
        tick: TickContext,
        state: ModeState,
        step: GuardedStep | None,
        plant: PlantFlags,
        written: bool,
        running: bool,
    ) -> StatusSnapshot:
        reading, checked, worker = tick.reading, tick.checked, self._worker
        return StatusSnapshot(
            tick=tick.number,
            time_s=tick.now_s,
            wall_time=time.time(),
            plant_time_s=float("nan") if reading is None else reading.plant_time_s,
            running=running,
            mode=str(state.actual),
            target=str(state.target),
            reason=state.reason,
            since_s=state.since_s,
            policy_from_s=state.policy_from_s,
            faults={str(f): self._watch.causes.get(str(f), "") for f in Fault if f in state.faults},
            latched=tuple(str(f) for f in Fault if f in state.latched),
            enable=plant.enable,
            override=plant.override,
            external=reading is not None and reading.external,
            link_connected=plant.connected,
            values=None if checked is None else checked.values,
            causes=() if checked is None else tuple(checked.causes.tolist()),
            age_s=None if checked is None else checked.age_s,
            applied=None if reading is None else reading.applied,
            decision=None if step is None else _decision(step, self._cycle, written=written),
            overrides=self._overrides.active,
            alarms=self._alarms.alarms,
            worker_pid=None if worker is None else worker.pid,
            worker_ready=worker is not None and worker.ready,
            bundle=None if worker is None else worker.bundle_digest,
            counters=_counters(self._record, worker),
            tick_s=self._record.tick.last_s,
            compute_s=self._record.compute.last_s,
            answers=tuple(chain.from_iterable(self._answers)),
        )


def _decision(step: GuardedStep, cycle: ControlCycle, *, written: bool) -> DecisionSnapshot:
    return DecisionSnapshot(
        source=step.source,
        policy_refused=step.policy_refused,
        action=cycle.action,
        rules_proposal=cycle.rules_proposal,
        policy_proposal=cycle.policy_proposal,
        proposal=step.proposal,
        executed=step.set_points,
        reasons=tuple(step.verdict.reasons[0].tolist()),
        written=written,
        decisions=cycle.decisions,
    )


def _counters(record: RunRecord, worker: PolicyWorker | None) -> dict[str, int]:
    counters = {
        name: int(getattr(record, name))
        for name in (
            "ticks",
            "fallback_ticks",
            "failed_ticks",
            "decisions",
            "decision_faults",
            "writes",
            "write_failures",
            "read_failures",
            "refused_before_write",
            "overruns",
            "skipped_ticks",
        )
    }
    counters["worker_restarts"] = 0 if worker is None else worker.restarts
    counters |= {f"guard_{name}": count for name, count in record.verdicts.items()}
    return counters
