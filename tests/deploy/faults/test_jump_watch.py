"""Steps of a temperature sensor, learned limits, spikes and gaps."""

import numpy as np
import pytest

from heatrouter.deploy.alarms import Alarm, AlarmBoard
from heatrouter.deploy.jump_watch import JumpWatch

TICK_S = 60.0
NAMES = ("main.return_temp_c", "main.mass_flow_kg_s", "town.room_temp_c")
DAY_TICKS = 1440


class Course:
    """A watch with a day of a wavering return and a calm room behind it."""

    def __init__(self, days: int = 1) -> None:
        self.alarms = AlarmBoard()
        self.watch = JumpWatch(NAMES, self.alarms, tick_s=TICK_S)
        self.tick = 0
        self.bias = np.zeros(3)
        self.run(days * DAY_TICKS + 1)

    def run(self, ticks: int, *, good: bool = True) -> None:
        for _ in range(ticks):
            wave = 1.0 if self.tick % 30 < 15 else 0.0
            values = np.array([50.0 + wave, 20.0 + 9.0 * wave, 21.0]) + self.bias
            self.watch.look(values, np.full(3, good), self.tick * TICK_S)
            self.tick += 1

    @property
    def cause(self) -> str:
        return self.alarms.present.get(Alarm.SENSOR_JUMP, "")


def test_a_step_that_stays_is_told_with_sensor_and_size() -> None:
    course = Course()
    course.bias[2] = -2.0
    course.run(7)
    assert "town.room_temp_c by -2 K" in course.cause
    course.run(70)
    assert course.cause == "", "what stepped once is normal afterwards"


def test_what_the_sensor_did_yesterday_is_no_news() -> None:
    course = Course()
    course.run(DAY_TICKS)
    assert course.cause == ""
    assert course.watch.limits == pytest.approx([1.5, 0.5])


def test_a_spike_is_none() -> None:
    course = Course()
    course.bias[2] = 5.0
    course.run(1)
    course.bias[2] = 0.0
    course.run(20)
    assert course.cause == ""


def test_nothing_is_told_on_the_first_day_or_across_a_gap() -> None:
    young = Course(days=0)
    young.bias[2] = 8.0
    young.run(20)
    assert young.cause == ""
    course = Course()
    course.tick += 30  # nobody read for half an hour
    course.bias[2] = 8.0
    course.run(20)
    assert course.cause == ""


def test_values_that_are_not_good_are_left_out() -> None:
    course = Course()
    course.bias[2] = 8.0
    course.run(20, good=False)
    assert course.cause == ""
    course.bias[2] = 0.0
    course.run(20)
    assert course.cause == ""


def test_a_step_teaches_nothing() -> None:
    course = Course()
    before = course.watch.limits
    course.bias[0] = 20.0
    course.run(DAY_TICKS)
    assert course.watch.limits == pytest.approx(before)
