"""The guard process: reads, judges, decides who controls, guards, writes, records. Each tick.

It loads neither the simulator nor a runtime for policies. Everything that can hang is outside: the
plant behind a link with deadlines, the policy in a process of its own with a deadline. Rules are
computed in every mode. One class writes to the plant, :class:`~.plant_writer.PlantWriter`.
"""

import asyncio
import gc
import logging
import math
import time
from collections.abc import Callable

from heatrouter.deploy.alarm_list import AlarmList
from heatrouter.deploy.alarms import AlarmBoard
from heatrouter.deploy.audit import AuditLog
from heatrouter.deploy.config import ServiceSetup
from heatrouter.deploy.control_cycle import ControlCycle
from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.field_link import FieldLink, LinkLostError, Quality
from heatrouter.deploy.forecast_intake import ForecastIntake
from heatrouter.deploy.history_taking import HistoryTaking
from heatrouter.deploy.jump_watch import JumpWatch
from heatrouter.deploy.look_ahead import LookAhead, Twin
from heatrouter.deploy.mode_requests import ModeRequests, target_before_crash
from heatrouter.deploy.model_switch import ModelSource, ModelSwitch
from heatrouter.deploy.modes import (
    ARMED,
    Fault,
    Mode,
    ModeEvents,
    ModeSettings,
    ModeState,
    initial_state,
    next_mode,
)
from heatrouter.deploy.novelty_watch import NoveltyWatch
from heatrouter.deploy.operator_requests import OperatorRequests
from heatrouter.deploy.plant_intake import PlantIntake
from heatrouter.deploy.plant_writer import PlantWriter
from heatrouter.deploy.policy_query import PolicyQuery, decision_deadline_s
from heatrouter.deploy.policy_worker import PolicyWorker
from heatrouter.deploy.run_record import RunRecord
from heatrouter.deploy.service_journal import Journal, TickContext
from heatrouter.deploy.service_manager import ServiceManager
from heatrouter.deploy.set_point_overrides import SetPointOverrides
from heatrouter.deploy.set_point_writing import SetPointWriting
from heatrouter.deploy.state_dir import ModeRequest, StateDir
from heatrouter.deploy.status import Publish
from heatrouter.deploy.status_taking import Showing
from heatrouter.deploy.swap_worker import SwapWorker
from heatrouter.deploy.tag_file import read_back_tolerance
from heatrouter.deploy.tick_report import TickReport

_log = logging.getLogger(__name__)

# Comparing an array with a member of an enumeration takes longer than with its number.
_GOOD = int(Quality.GOOD)


class Service:
    """The control loop.

    Args:
        setup: Settings and everything they name.
        link: The plant.
        worker: The policy; None runs the rules alone.
        audit: The audit log.
        state_dir: Where status goes and requests come from.
        clock: Monotonic real time, s. Plant time is this clock times the speed.
        publish: Takes a snapshot after each tick, for pages and metrics.
        models: Where other bundles come from while it runs; None keeps the first one.
        manager: The line to systemd; None tells nobody.
        twin: Who looks ahead of the policy's proposals; None lets static limits suffice.
    """

    def __init__(
        self,
        setup: ServiceSetup,
        link: FieldLink,
        worker: PolicyWorker | None,
        *,
        audit: AuditLog,
        state_dir: StateDir,
        clock: Callable[[], float] = time.monotonic,
        publish: Publish | None = None,
        models: ModelSource | None = None,
        manager: ServiceManager | None = None,
        twin: Twin | None = None,
    ) -> None:
        self._config = setup.config
        self._worker = worker
        self._clock = clock
        self._origin_s = clock()
        self._manager = ServiceManager({}) if manager is None else manager
        self.record = RunRecord()
        self.cycle = ControlCycle(setup)
        contract = setup.contract
        self.watch = FaultWatch(
            self.cycle.layout.input_names,
            tuple(point.name for point in contract.set_points),
            tolerance=read_back_tolerance(setup.tags, contract),
        )
        self.forecasts = ForecastIntake(
            contract, self._config.forecast, max_age_s=self._config.forecast_max_age_s
        )
        self._intake = PlantIntake(
            setup,
            link,
            self.cycle,
            self.watch,
            self.forecasts,
            self.record,
            clock=clock,
            now_s=self._now_s(),
        )
        self._writing = SetPointWriting(
            PlantWriter(link, contract),
            self.cycle,
            self.watch,
            self.record,
            clock=clock,
            now_s=self._now_s,
        )
        self._journal = Journal(audit, state_dir, self.watch, worker)
        self.alarms = AlarmBoard()
        self.novelty = NoveltyWatch(
            self.cycle, self.watch, self.alarms, unknown_prices_h=self._config.unknown_prices_h
        )
        self._jumps = JumpWatch(
            self.cycle.layout.input_names, self.alarms, tick_s=self._config.tick_s
        )
        self.models: ModelSwitch | None = None
        if models is not None and isinstance(worker, SwapWorker):
            self.models = ModelSwitch(
                models, worker, self.cycle, state_dir, self._journal, self.alarms
            )
        self.history = HistoryTaking(setup, self.alarms) if self._config.history.enabled else None
        self.state: ModeState = initial_state(self._now_s(), target_before_crash(state_dir))
        self._mode_settings = ModeSettings()
        self._requests = ModeRequests(
            self._config, state_dir, self._journal, has_policy=worker is not None
        )
        self.look_ahead = (
            None if twin is None else LookAhead(twin, self.cycle, self.watch, self._config)
        )
        self.alarm_list = AlarmList(time.time())
        self.overrides = SetPointOverrides(contract)
        self._operator = OperatorRequests(state_dir, self._journal, self.overrides, self.alarm_list)
        showing = Showing(
            publish,
            cycle=self.cycle,
            watch=self.watch,
            record=self.record,
            worker=worker,
            alarms=self.alarm_list,
            overrides=self.overrides,
            answers=(self._operator.answers, self._journal.answers),
        )
        self.report = TickReport(
            setup=setup,
            cycle=self.cycle,
            intake=self._intake,
            watch=self.watch,
            record=self.record,
            worker=worker,
            forecasts=self.forecasts,
            alarms=self.alarms,
            novelty=self.novelty,
            models=self.models,
            journal=self._journal,
            alarm_list=self.alarm_list,
            history=self.history,
            showing=showing,
        )
        self._query: PolicyQuery | None = None
        if worker is not None:
            self._query = PolicyQuery(
                worker,
                self.cycle,
                self.watch,
                self.record,
                self._journal,
                clock=clock,
                deadline_s=decision_deadline_s(self._config),
            )

    # --- the loop ---

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until stopped, or until the configured number of ticks."""
        period_s = self._config.real_tick_s
        self.begin()
        # What was loaded to get here stays: no pause to search it for garbage in a tick.
        gc.collect()
        gc.freeze()
        self.forecasts.start()
        self._journal.status_file.start()
        if self.history is not None:
            self.history.start()
        begin, slot = self._clock(), 0
        self._manager.ready(period_s)
        while not stop.is_set():
            await self.safe_tick()
            # By the tick, not by a timer: a loop that hangs must not look alive.
            self._manager.alive(str(self.state.actual))
            self._journal.keep()
            if self._config.ticks is not None and self.record.ticks >= self._config.ticks:
                break
            late = math.floor((self._clock() - begin) / period_s)
            # A tick that took too long costs the ticks it covered; they are not made up for.
            self.record.skipped_ticks += max(0, late - slot)
            slot = max(slot, late) + 1
            pause_s = begin + slot * period_s - self._clock()
            try:
                await asyncio.wait_for(stop.wait(), max(pause_s, 0.0))
            except TimeoutError:
                continue
        await self._leave()

    def begin(self) -> None:
        """Put on record what is running; whoever ticks by hand calls this first."""
        self.report.started(self._context(), self.state)

    async def safe_tick(self) -> None:
        """One tick; whatever goes wrong in it that nobody thought of leads to HOLD.

        Nothing is written in a tick that failed, so that the plant's own controller takes over
        when it misses the heartbeat; a person has to arm the service again.
        """
        try:
            await self.tick()
        except Exception as error:  # noqa: BLE001  # the loop's single boundary
            self.record.ticks += 1
            self.record.failed_ticks += 1
            if Fault.RULES_FAILED not in self.watch.present:
                _log.exception("tick %d failed", self.record.ticks - 1)
            self.watch.note(Fault.RULES_FAILED, repr(error))
            failed = TickContext(self.record.ticks - 1, self._now_s())
            self._journal.failed(failed, self.state, error)

    async def tick(self) -> None:
        """One tick, from reading to record."""
        begin = self._clock()
        tick = self._context()
        await self._intake.read(tick, self._writing.lost)
        if tick.reading is not None:
            self._intake.judge(tick, tick.reading, self._writing.written)
            self._watch_novelty(tick)
            good = tick.reading.quality == _GOOD
            self._jumps.look(tick.reading.inputs, good, tick.now_s)
        if self._query is not None:
            await self._query.ask(tick, self.state, wanted=self._intake.decision_wanted)
            if tick.decided:
                self._intake.decision_wanted = False
        if self.look_ahead is not None:
            begun = self._clock()
            await self.look_ahead.look(tick)
            tick.waited_s += self._clock() - begun
        request = self._requests.take(tick, self.state)
        before = self.state
        self.state = next_mode(before, self._events(request), tick.now_s, self._mode_settings)
        self._operator.take(tick, self.state)
        self.cycle.overrides = self.overrides.values
        if tick.reading is None:
            self.cycle.miss()
        elif self.cycle.has_to_follow(external=tick.reading.external) and self.state.may_write:
            self._intake.follow(tick.reading, tick.now_s)
        # Where nothing is written, the log shows what the policy would have done.
        use_policy = self.state.actual is Mode.POLICY or not self.state.may_write
        step = self.cycle.guarded(tick.now_s, use_policy=use_policy)
        foreseen = Fault.PREDICTION in self.watch.present
        refused = step is not None and step.policy_refused and not foreseen
        if refused and self.state.actual is Mode.POLICY:
            self.watch.note(Fault.POLICY_OUTPUT, "the guard refused the policy's proposal")
        written = await self._writing.write(tick, before, self.state, step)
        if tick.reading is not None and not written:
            self._intake.follow(tick.reading, tick.now_s)
        if self.models is not None:
            self.models.look(tick, self.state)
        self.report.ticked(tick, self.state, step, request, written=written)
        duration_s = self._clock() - begin
        self.record.tick.add(duration_s)
        self.record.compute.add(duration_s - tick.waited_s)
        self.record.overruns += duration_s > self._config.real_tick_s
        self.watch.note_duration(duration_s, self._config.real_tick_s)

    def _watch_novelty(self, tick: TickContext) -> None:
        about = None if self._worker is None else self._worker.about
        self.novelty.look(
            None if about is None else about.monitor,
            tick.now_s,
            decided=tick.observation is not None,
        )

    def _events(self, request: ModeRequest | None) -> ModeEvents:
        wanted = None if request is None else Mode(request.mode)
        faults = self.watch.present
        missing = self._worker is not None and self.cycle.policy_proposal is None
        target = self.state.target if wanted is None else wanted
        if missing and target is Mode.POLICY and not faults & {Fault.WORKER_DEAD}:
            self.watch.causes.setdefault(str(Fault.POLICY_LATE), "no decision yet")
            faults |= {Fault.POLICY_LATE}
        return ModeEvents(
            faults=faults,
            request=wanted,
            # Asking for a mode that writes is the act by which a person arms, also once more.
            rearm=wanted in ARMED,
            override=self._intake.override,
            enable=self._intake.enable,
        )

    def tell_alarms(self) -> None:
        """Put on record now, without waiting for the next tick, which alarms began or ended."""
        self.report.alarms_changed(self._context(), self.state)

    # --- the end ---

    async def _leave(self) -> None:
        """Hand the plant back to its PLC."""
        self._manager.stopping()
        self.forecasts.stop()
        tick = self._context()
        if self.state.may_write:
            self.state = initial_state(tick.now_s)
            try:
                await self._writing.let_go(self.state)
            except LinkLostError as error:
                _log.warning("could not hand over: %s", error)
        if self.models is not None:
            await self.models.close()
        if self.history is not None:
            self.history.close()
        self._journal.status_file.close()
        self.report.stopped(tick, self.state)

    # --- small things ---

    def _now_s(self) -> float:
        return (self._clock() - self._origin_s) * self._config.speed

    def _context(self) -> TickContext:
        return TickContext(self.record.ticks, self._now_s())
