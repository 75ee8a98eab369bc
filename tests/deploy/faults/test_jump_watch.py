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
    assert course.watch.limits == pytest.approx([2.0, 0.5])


def test_a_spike_is_none() -> None:
    course = Course()
    course.bias[2] = 5.0
    course.run(1)
    course.bias[2] = 0.0
    course.run(20)
    assert course.cause == ""


@pytest.mark.parametrize("way", [[0.8, 3.0], [3.0, 3.8], [3.0, 3.0, 3.0, 2.0]])
def test_a_way_of_several_ticks_is_the_plant_itself(way: list[float]) -> None:
    course = Course()
    for bias in way:
        course.bias[2] = bias
        course.run(1)
    course.run(10)
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


class Pair:
    """Two calm sensors, read once an hour, with a day behind them: half a kelvin is no news."""

    HOUR_S = 3600.0

    def __init__(self) -> None:
        self.alarms = AlarmBoard()
        self.watch = JumpWatch(("a_temp_c", "b_temp_c"), self.alarms, tick_s=self.HOUR_S)
        self.now_s = -self.HOUR_S
        self.read(*[20.0] * 25)
        assert self.watch.limits.tolist() == [0.5, 0.5]

    def read(self, *values: float, b: float = 20.0, after_h: float = 1.0) -> str:
        """Read one value after the other; what is told after the last one."""
        for value in values:
            self.now_s += after_h * self.HOUR_S
            self.watch.look(np.array([value, b]), np.ones(2, dtype=np.bool_), self.now_s)
        return self.alarms.present.get(Alarm.SENSOR_JUMP, "")


def test_a_step_is_told_at_the_fifth_reading_after_it() -> None:
    pair = Pair()
    assert pair.read(24.0, 24.0, 24.0, 24.0, 24.0) == ""
    assert pair.read(24.0) == "stepped within a tick, and stays: a_temp_c by +4 K"
    assert pair.read(24.0) != "", "an hour later"
    assert pair.read(24.0) == ""


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([24.0, 25.0, 25.0, 25.0, 25.0, 25.0], True),  # a quarter of the step beside it
        ([24.0, 25.01, 25.01, 25.01, 25.01, 25.01], False),
        ([24.0, 23.0, 22.01, 22.01, 22.01, 22.01], True),  # a little more than half is left
        ([24.0, 23.0, 22.0, 22.0, 22.0, 22.0], False),
        ([24.0, 23.2, 22.4, 21.6, 21.0, 21.0], False),
        ([20.5, 20.5, 20.5, 20.5, 20.5, 20.5], False),  # as far as it may go
        ([20.51, 20.51, 20.51, 20.51, 20.51, 20.51], True),
    ],
)
def test_how_much_stays_and_how_much_moves_around_it(values: list[float], told: bool) -> None:
    assert bool(Pair().read(*values)) is told


def test_the_newest_step_is_what_is_told() -> None:
    pair = Pair()
    pair.read(24.0)
    assert "a_temp_c" in pair.read(*[24.0] * 5, b=23.0)
    assert pair.read(24.0, b=23.0).endswith("stays: b_temp_c by +3 K")


def test_one_and_a_half_ticks_are_no_gap_and_more_are() -> None:
    late, gap = Pair(), Pair()
    late.read(24.0, after_h=1.5)
    gap.read(24.0, after_h=1.6)
    assert late.read(*[24.0] * 5) != ""
    assert gap.read(*[24.0] * 5) == ""


def test_a_gap_ends_the_wait_for_a_step_to_stay() -> None:
    pair = Pair()
    pair.read(24.0, 24.0)
    assert pair.read(24.0, after_h=2.0) == ""
    assert [pair.read(24.0) for _ in range(6)] == [""] * 6


def test_an_infinite_reading_is_none() -> None:
    pair = Pair()
    assert pair.read(np.inf, np.inf, -np.inf, *[20.0] * 8) == ""
    assert pair.watch.limits.tolist() == [0.5, 0.5]


def test_the_largest_change_is_remembered_for_two_weeks() -> None:
    pair = Pair()
    pair.read(20.4, *[20.4] * 23)  # a day with one change of 0.4 K
    for day in range(14):
        assert pair.watch.limits.tolist() == pytest.approx([0.8, 0.5]), day
        pair.read(*[20.4] * 24)
    assert pair.watch.limits.tolist() == [0.5, 0.5]


def test_what_is_no_step_teaches_and_a_step_does_not() -> None:
    pair = Pair()
    pair.read(20.5, *[20.5] * 23, b=24.0)
    assert pair.watch.limits.tolist() == [1.0, 0.5]
