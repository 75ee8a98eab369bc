"""Tells of each tick: audit log, history, alarms, status file, page."""

import time
from dataclasses import dataclass, replace

from heatrouter.deploy.alarm_list import AlarmList
from heatrouter.deploy.alarms import AlarmBoard
from heatrouter.deploy.config import ServiceSetup
from heatrouter.deploy.control_cycle import ControlCycle, GuardedStep
from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.forecast_intake import ForecastIntake
from heatrouter.deploy.history_taking import HistoryTaking
from heatrouter.deploy.model_switch import ModelSwitch
from heatrouter.deploy.modes import ModeState
from heatrouter.deploy.novelty_watch import NoveltyWatch
from heatrouter.deploy.plant_intake import PlantIntake
from heatrouter.deploy.policy_worker import PolicyWorker
from heatrouter.deploy.run_record import RunRecord
from heatrouter.deploy.service_journal import Journal, TickContext
from heatrouter.deploy.state_dir import ModeRequest
from heatrouter.deploy.status_taking import Showing


@dataclass(frozen=True, slots=True, kw_only=True)
class TickReport:
    """Gathers what a tick did from the parts of the service, and tells everybody who keeps it.

    Attributes:
        setup: District, contract and settings.
        cycle: Observation, proposals and prediction.
        intake: What the plant says of itself.
        watch: Causes of faults.
        record: Counters and timings.
        worker: The policy; None without.
        forecasts: Their source and age.
        alarms: Raised by the service.
        novelty: How unlike training the plant behaves.
        models: Exchange of bundles; None where there is none.
        journal: Audit log and status file.
        alarm_list: Faults and alarms for people.
        history: Values for charts; None where none are kept.
        showing: Snapshots for pages and metrics.
    """

    setup: ServiceSetup
    cycle: ControlCycle
    intake: PlantIntake
    watch: FaultWatch
    record: RunRecord
    worker: PolicyWorker | None
    forecasts: ForecastIntake
    alarms: AlarmBoard
    novelty: NoveltyWatch
    models: ModelSwitch | None
    journal: Journal
    alarm_list: AlarmList
    history: HistoryTaking | None
    showing: Showing

    def started(self, tick: TickContext, state: ModeState) -> None:
        """The service begins."""
        self.journal.event(tick, state, "service started", detail=self.identity())

    def ticked(
        self,
        tick: TickContext,
        state: ModeState,
        step: GuardedStep | None,
        request: ModeRequest | None,
        *,
        written: bool,
    ) -> None:
        """A tick came to its end.

        Args:
            tick: What it met.
            state: The mode machine after it.
            step: What was proposed and let through; None while nothing is known.
            request: For a mode, where a person asked in it.
            written: Whether set-points reached the plant.
        """
        self.record.ticks += 1
        if request is not None:
            self.journal.request_taken(tick, state, request)
        self.record.note_state(state, tick.number, tick.now_s, self.watch.causes)
        if step is not None:
            self.record.note_verdict(step.verdict)
        if self.history is not None:
            self.history.note(tick, state, step, written=written)
        self._tell_alarms(tick, state)
        for news in self.forecasts.news():
            self.journal.event(tick, state, news.event, detail=news.detail)
        self.journal.tick(
            tick,
            state,
            step,
            action=self.cycle.action if tick.decided else None,
            written=written,
            forecast=self.cycle.forecast,
            prediction=self.cycle.prediction_due(),
        )
        self.journal.cycle_state(tick, state, self.identity, self.cycle.save_state)
        self.journal.status(tick, state, self._live(tick))
        self.showing.show(tick, state, step, self.intake.flags, written=written, running=True)

    def alarms_changed(self, tick: TickContext, state: ModeState) -> None:
        """Something beside the ticks raised or cleared an alarm."""
        # What the last tick said of faults is on record already.
        self._tell_alarms(tick, replace(state, raised=(), cleared=()))

    def stopped(self, tick: TickContext, state: ModeState) -> None:
        """The service has left the plant to its own controller."""
        self.journal.event(tick, state, "service stopped")
        self.journal.status(tick, state, self._live(tick), running=False)
        self.showing.show(tick, state, None, self.intake.flags, written=False, running=False)

    def identity(self) -> dict[str, object]:
        """What is running, for the first record of the log."""
        return {
            "district": self.setup.contract.district,
            "contract": self.setup.contract.digest,
            "guard_limits": self.cycle.limits.digest,
            "bundle": None if self.worker is None else self.worker.bundle_digest,
            "look_ahead": self.cycle.look_ahead,
            "config": self.setup.config.model_dump(mode="json"),
        }

    def _tell_alarms(self, tick: TickContext, state: ModeState) -> None:
        changes = self.alarms.take_changes()
        self.journal.alarms(tick, state, changes)
        self.alarm_list.note(state, self.watch.causes, changes, now_s=tick.now_s, wall=time.time())

    def _live(self, tick: TickContext) -> dict[str, object]:
        """What only a running service knows, for the status."""
        worker, memory = self.worker, self.cycle.memory
        return {
            "worker_pid": worker.pid if worker is not None else None,
            "worker_ready": worker is not None and worker.ready,
            "worker_restarts": worker.restarts if worker is not None else 0,
            "alarms": {str(alarm): cause for alarm, cause in self.alarms.present.items()},
            "novelty": self.novelty.status(),
            "models": None if self.models is None else self.models.status(),
            "link_connected": self.intake.flags.connected,
            "forecast": self.forecasts.status(tick.now_s),
            "plant_external": tick.reading is not None and tick.reading.external,
            "set_points": {}
            if memory is None
            else dict(
                zip(self.cycle.layout.set_point_names, memory.set_points[0].tolist(), strict=True)
            ),
        }
