"""The guard's question to the policy, once a control step, and what became of it."""

from collections.abc import Callable

import numpy as np

from heatrouter.deploy.config import ServiceConfig
from heatrouter.deploy.control_cycle import ControlCycle
from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.modes import Fault, ModeState
from heatrouter.deploy.policy_worker import FaultKind, PolicyWorker, WorkerFault
from heatrouter.deploy.run_record import RunRecord
from heatrouter.deploy.service_journal import Journal, TickContext
from heatrouter.deploy.swing_watch import SwingWatch

LEAST_DEADLINE_S = 0.01
"""Real seconds for a decision, however short the tick: below, the scheduler is measured instead."""

MOST_DEADLINE_SHARE = 0.5
"""Of the real tick: what the least deadline may take of it."""


class PolicyQuery:
    """Asks the policy about a control step until it has answered once.

    Args:
        worker: The policy.
        cycle: Holds the observation, takes the action.
        watch: Learns what was wrong.
        record: Takes timings and counts.
        journal: Learns of a dead worker.
        clock: Monotonic real time, s.
        deadline_s: Real seconds until an answer must be here.
    """

    def __init__(
        self,
        worker: PolicyWorker,
        cycle: ControlCycle,
        watch: FaultWatch,
        record: RunRecord,
        journal: Journal,
        *,
        clock: Callable[[], float],
        deadline_s: float,
    ) -> None:
        self._worker = worker
        self._cycle = cycle
        self._watch = watch
        self._record = record
        self._journal = journal
        self._clock = clock
        self._deadline_s = deadline_s
        names = [channel.name for channel in cycle.contract.action]
        self._swings = SwingWatch(names, *cycle.contract.bounds("action"))

    async def ask(self, tick: TickContext, state: ModeState, *, wanted: bool) -> None:
        """Look after the worker and, where a decision is wanted, ask for it."""
        worker, cycle = self._worker, self._cycle
        death = worker.poll()
        if death is not None:
            self._journal.event(tick, state, "policy worker died", detail={"cause": death})
        self._watch.note_worker(None if worker.ready else (death or "the worker is not ready"))
        if not (wanted and worker.ready and cycle.observation is not None):
            return
        begin = self._clock()
        fault: WorkerFault | None = None
        try:
            observation = cycle.observation[0].astype(np.float32)
            decision = await worker.decide(observation, self._deadline_s)
        except WorkerFault as error:
            fault = error
        else:
            self._record.decision.add(decision.round_trip_s)
            self._record.inference.add(decision.compute_s)
            if cycle.act(decision.action):
                tick.decided = True
                swinging = self._swings.look(decision.action, worker.bundle_digest)
                self._watch.note(Fault.POLICY_SWINGS, swinging)
            else:
                fault = WorkerFault(FaultKind.OUTPUT, "decision beyond the range of its action")
        self._record.decision_faults += fault is not None
        self._watch.note_decision(fault)
        tick.waited_s += self._clock() - begin


def decision_deadline_s(config: ServiceConfig) -> float:
    """Real seconds that the policy may take for a decision."""
    tick_s = config.real_tick_s
    least_s = min(LEAST_DEADLINE_S, MOST_DEADLINE_SHARE * tick_s)
    return max(config.decision_deadline_share * tick_s, least_s)
