"""Takes the snapshot of a tick from what the control loop has in hand."""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from heatrouter.deploy.alarm_list import ListedAlarm
from heatrouter.deploy.control_cycle import ControlCycle, GuardedStep
from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.modes import Fault, ModeState
from heatrouter.deploy.policy_worker import PolicyWorker
from heatrouter.deploy.run_record import RunRecord
from heatrouter.deploy.service_journal import TickContext
from heatrouter.deploy.set_point_overrides import Override
from heatrouter.deploy.status import DecisionSnapshot, StatusSnapshot


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


def take_snapshot(
    tick: TickContext,
    state: ModeState,
    step: GuardedStep | None,
    *,
    cycle: ControlCycle,
    watch: FaultWatch,
    record: RunRecord,
    worker: PolicyWorker | None,
    alarms: tuple[ListedAlarm, ...],
    overrides: tuple[Override, ...],
    answers: Sequence[Mapping[str, object]],
    plant: PlantFlags,
    written: bool,
    running: bool,
) -> StatusSnapshot:
    """Return the snapshot; nothing in it changes when the loop goes on.

    Args:
        tick: What the tick met.
        state: The mode machine after it.
        step: What was proposed and let through; None while nothing is known.
        cycle: Proposals.
        watch: Causes of faults.
        record: Counters and timings.
        worker: The policy; None without.
        alarms: All that are kept.
        overrides: Those in force.
        answers: Answers to people.
        plant: What the plant says of itself.
        written: Whether set-points reached the plant.
        running: False when the service leaves.
    """
    reading, checked = tick.reading, tick.checked
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
        faults={str(f): watch.causes.get(str(f), "") for f in Fault if f in state.faults},
        latched=tuple(str(f) for f in Fault if f in state.latched),
        enable=plant.enable,
        override=plant.override,
        external=reading is not None and reading.external,
        link_connected=plant.connected,
        values=None if checked is None else checked.values,
        causes=() if checked is None else tuple(checked.causes.tolist()),
        age_s=None if checked is None else checked.age_s,
        applied=None if reading is None else reading.applied,
        decision=None if step is None else _decision(step, cycle, written=written),
        overrides=overrides,
        alarms=alarms,
        worker_pid=None if worker is None else worker.pid,
        worker_ready=worker is not None and worker.ready,
        bundle=None if worker is None else worker.bundle_digest,
        counters=_counters(record, worker),
        tick_s=record.tick.last_s,
        compute_s=record.compute.last_s,
        answers=tuple(answers),
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
