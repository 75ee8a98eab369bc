"""Takes in what the plant says each tick: reads it, judges it, notes its faults."""

from collections.abc import Callable

import numpy as np

from heatrouter.deploy.config import ServiceSetup
from heatrouter.deploy.control_cycle import ControlCycle
from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.field_link import FieldLink, LinkLostError
from heatrouter.deploy.forecast_intake import ForecastIntake
from heatrouter.deploy.input_limits import input_limits
from heatrouter.deploy.modes import Fault
from heatrouter.deploy.run_record import RunRecord
from heatrouter.deploy.service_journal import TickContext
from heatrouter.deploy.status_taking import PlantFlags
from heatrouter.deploy.tick_reading import TickReading
from heatrouter.deploy.validity import check_inputs, initial_validity
from heatrouter.envs.arrays import FloatArray


class PlantIntake:
    """Reads the plant and gives the control cycle what may be believed of it.

    Args:
        setup: District, contract and clock of the ticks.
        link: The plant.
        cycle: Takes the readings and says when a decision is due.
        watch: Learns of faults.
        forecasts: Fills a reading's forecast windows.
        record: Counters.
        clock: Monotonic real time, s.
        now_s: Plant time of the start, s.

    Attributes:
        enable: Whether the plant permits external set-points.
        override: Whether its operator has taken control; a bad tag changes nothing.
        decision_wanted: A decision began that nobody has answered yet.
    """

    def __init__(
        self,
        setup: ServiceSetup,
        link: FieldLink,
        cycle: ControlCycle,
        watch: FaultWatch,
        forecasts: ForecastIntake,
        record: RunRecord,
        *,
        clock: Callable[[], float],
        now_s: float,
    ) -> None:
        self._link = link
        self._cycle = cycle
        self._watch = watch
        self._forecasts = forecasts
        self._record = record
        self._clock = clock
        config = setup.config
        self._limits = input_limits(
            setup.district,
            setup.contract,
            cycle.layout,
            tick_s=config.tick_s,
            speed=config.speed,
        )
        self._validity = initial_validity(self._limits, now_s)
        self.enable = False
        self.override = False
        self.decision_wanted = False

    @property
    def flags(self) -> PlantFlags:
        """What the plant says of itself."""
        return PlantFlags(self.enable, self.override, self._link.connected)

    async def read(self, tick: TickContext, lost_write: str | None = None) -> None:
        """Read the plant; a tick whose reading stays None has met a dead link.

        Args:
            tick: Its reading is set here.
            lost_write: Why it is not known whether the last set-points arrived. One tick is
                passed in HOLD then, to start from what is in force.
        """
        begin = self._clock()
        try:
            snapshot = await self._link.read()
        except LinkLostError as error:
            self._record.read_failures += 1
            self._watch.note(Fault.PLANT_LINK, str(error))
        else:
            self._watch.note(Fault.PLANT_LINK, lost_write)
            tick.reading = self._forecasts.fill(self._cycle.layout.read(snapshot), tick.now_s)
        tick.waited_s += self._clock() - begin

    def judge(self, tick: TickContext, reading: TickReading, written: FloatArray | None) -> None:
        """Judge a reading and begin a decision where one is due.

        Args:
            tick: Its checked inputs and its observation are set here.
            reading: What was read in it.
            written: What the plant took in the last tick, shape ``(n_set_points,)``, NaN where it
                refused; None where nothing was written.
        """
        tick.checked, self._validity = check_inputs(
            self._limits,
            self._validity,
            reading.inputs,
            reading.quality,
            reading.source_time_s,
            tick.now_s,
        )
        cycle, watch = self._cycle, self._watch
        watch.note_inputs(tick.checked)
        watch.note_forecast(self._forecasts.fault(tick.now_s))
        watch.note_tags(written, reading.set_points)
        self.override = self.override if reading.override is None else reading.override
        self.enable = reading.enable
        if cycle.memory is None or not reading.external:
            watch.note_read_back(reading.applied)
        if cycle.memory is None:
            self.follow(reading, tick.now_s)
        if cycle.take(reading, tick.checked.values, tick.checked.valid):
            self.decision_wanted = cycle.memory is not None
            if self.decision_wanted:
                tick.observation = cycle.observe(tick.now_s)
                self._record.decisions += 1
                failed = cycle.rules_proposal is None or not bool(
                    np.isfinite(cycle.rules_proposal).all()
                )
                watch.note(Fault.RULES_FAILED, "no numbers" if failed else None)

    def follow(self, reading: TickReading, now_s: float) -> None:
        """Let the cycle follow the set-points in force, where all of them are known."""
        if bool(np.isfinite(reading.applied).all()):
            self._cycle.track(reading.applied, now_s)
