"""Writes a tick's set-points as far as the mode permits, and notes what became of them."""

from collections.abc import Callable

import numpy as np

from heatrouter.deploy.control_cycle import ControlCycle, GuardedStep
from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.field_link import LinkLostError
from heatrouter.deploy.modes import Fault, ModeState
from heatrouter.deploy.plant_writer import PlantWriter
from heatrouter.deploy.run_record import RunRecord
from heatrouter.deploy.service_journal import TickContext
from heatrouter.envs.arrays import FloatArray


class SetPointWriting:
    """Between the guarded step of a tick and the one class that writes to the plant.

    Args:
        writer: Writes.
        cycle: Remembers what was executed.
        watch: Learns of faults.
        record: Counters.
        clock: Monotonic real time, s.
        now_s: The clock of the ticks, plant seconds.

    Attributes:
        written: What the plant took in this tick, shape ``(n_set_points,)``, NaN where it
            refused; None where nothing was written.
        lost: Why it is not known whether the last set-points arrived; None where it is.
    """

    def __init__(
        self,
        writer: PlantWriter,
        cycle: ControlCycle,
        watch: FaultWatch,
        record: RunRecord,
        *,
        clock: Callable[[], float],
        now_s: Callable[[], float],
    ) -> None:
        self._writer = writer
        self._cycle = cycle
        self._watch = watch
        self._record = record
        self._clock = clock
        self._now_s = now_s
        self.lost: str | None = None
        self.written: FloatArray | None = None

    async def write(
        self, tick: TickContext, before: ModeState, state: ModeState, step: GuardedStep | None
    ) -> bool:
        """Write what the mode permits.

        Args:
            tick: What the tick met; what the plant refused, and when it had all, is set here.
            before: The mode machine before the tick.
            state: The mode machine now.
            step: What the guard let through; None while nothing is known.

        Returns:
            Whether set-points reached the plant.
        """
        self.written = None
        if tick.reading is None:
            return False
        self.lost = None
        if state.may_write and step is not None:
            set_points: FloatArray | None = step.set_points
        elif before.may_write and not state.may_write:
            # Tell the PLC at once, instead of letting it wait for heartbeats that do not come.
            set_points = None
        else:
            return False
        begin = self._clock()
        try:
            result = await self._writer.write(state, set_points)
        except LinkLostError as error:
            self._record.write_failures += 1
            cause = str(error)
            if set_points is not None:
                cause = self.lost = f"no answer to a write, what stands there is not known: {cause}"
            self._watch.note(Fault.PLANT_LINK, cause)
            return False
        finally:
            tick.waited_s += self._clock() - begin
        self._watch.note_writes(result.refused)
        self._record.write_failures += len(result.refused)
        self._record.refused_before_write = self._writer.refused_before_write
        if step is None or not result.sent:
            return False
        self._record.writes += int((~result.kept).sum())
        self.written = np.where(result.kept, np.nan, step.set_points)
        tick.kept, tick.written_s = result.kept, self._now_s()
        self._cycle.executed(step, result.kept, tick.written_s)
        return True

    async def let_go(self, state: ModeState) -> None:
        """Tell the plant who is in control, and write no set-points.

        Raises:
            LinkLostError: The plant did not answer.
        """
        await self._writer.write(state, None)
