"""Takes the sample of a tick from what the control loop has in hand, for the historian."""

import time

import numpy as np

from heatrouter.deploy.alarms import Alarm, AlarmBoard
from heatrouter.deploy.config import ServiceSetup
from heatrouter.deploy.control_cycle import GuardedStep
from heatrouter.deploy.historian import Historian
from heatrouter.deploy.history_file import HISTORY_FILE, HistorySample, Layout
from heatrouter.deploy.modes import ModeState
from heatrouter.deploy.service_journal import TickContext
from heatrouter.deploy.tick_reading import ReadingLayout

NOT_READ = 255
"""Cause of an input that was not read, as the plant did not answer."""


def layout_of(setup: ServiceSetup) -> Layout:
    """Series of a service's history."""
    reading = ReadingLayout(setup.contract, setup.task, setup.tags)
    points = tuple(point.name for point in setup.contract.set_points)
    return Layout(setup.contract.district, reading.input_names, points)


class HistoryTaking:
    """Hands every tick to the historian, and its troubles to the alarms.

    Args:
        setup: Names, steps and what is kept.
        alarms: Learn of a history that cannot be written.
    """

    def __init__(self, setup: ServiceSetup, alarms: AlarmBoard) -> None:
        config = setup.config
        self._alarms = alarms
        self._layout = layout_of(setup)
        self.historian = Historian(
            config.state_dir / HISTORY_FILE,
            self._layout,
            setup.contract.digest,
            config.history,
            mean_s=setup.contract.control_dt_s,
            speed=config.speed,
        )

    def start(self) -> None:
        """Begin."""
        self.historian.start()

    def note(
        self, tick: TickContext, state: ModeState, step: GuardedStep | None, *, written: bool
    ) -> None:
        """Keep a tick; never waits."""
        reading, checked = tick.reading, tick.checked
        n_inputs, n_points = len(self._layout.inputs), len(self._layout.set_points)
        series = np.full(n_inputs + 2 * n_points, np.nan)
        causes = np.full(n_inputs, NOT_READ, dtype=np.uint8)
        plant_time_s = float("nan")
        if reading is not None and checked is not None:
            series[:n_inputs] = reading.inputs
            series[n_inputs : n_inputs + n_points] = reading.applied
            causes[:] = checked.causes
            plant_time_s = reading.plant_time_s
        if step is not None:
            series[n_inputs + n_points :] = step.set_points
        self.historian.put(
            HistorySample(
                tick=tick.number,
                wall_time=time.time(),
                time_s=tick.now_s,
                plant_time_s=plant_time_s,
                mode=str(state.actual),
                target=str(state.target),
                written=written,
                series=series,
                causes=causes,
            )
        )
        self._alarms.note(Alarm.HISTORY, self.historian.state.cause)

    def close(self) -> None:
        """Write what waits."""
        self.historian.close()
