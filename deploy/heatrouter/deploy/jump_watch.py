"""A temperature sensor that steps and stays there: a bias that began between two readings.

What others say of a sensor (:mod:`.novelty_watch`) tells a bias of some kelvin only where they
know it well; of network temperatures they do not. But heat takes its time: each sensor's own past
says how far it moves from one reading to the next, and a loose contact, an exchanged sensor or a
changed scale moves it further. It moves once, moreover: where the plant itself goes that far, as
when colder water comes along a pipe, readings before and after are on the way as well. Nothing has
to be configured: the limits are learned on the plant itself, and hold from the second day on.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from heatrouter.deploy.alarms import Alarm, AlarmBoard
from heatrouter.envs.arrays import BoolArray, FloatArray

LEARNING_S: Final = 86_400.0
"""A day has every hour's draw and switching in it."""

REMEMBERED_DAYS: Final = 14
"""What happens once a week has been there twice."""

BEYOND: Final = 2.0
"""Times the largest change of the remembered days."""

LEAST_JUMP_K: Final = 0.5
"""Smaller steps are resolution and noise, whatever the past was like."""

AROUND_SHARE: Final = 0.25
"""Of the step: what changes in the ticks around it may be, or it is no step but a way."""

STAYS_TICKS: Final = 5
"""So many ticks later it must still be there; a spike is not."""

STAYS_SHARE: Final = 0.5
"""Of the step that must be left then."""

SHOWN_S: Final = 3600.0
"""How long the alarm stands, for what is stepped once is normal afterwards."""


class JumpWatch:
    """Looks at the raw values of temperature sensors, tick by tick.

    Args:
        names: Of the inputs, in the order of the readings.
        alarms: Learns of steps.
        tick_s: Plant seconds between readings.
    """

    def __init__(self, names: Sequence[str], alarms: AlarmBoard, *, tick_s: float) -> None:
        self._at = np.array(
            [i for i, n in enumerate(names) if n.endswith("temp_c")], dtype=np.int64
        )
        self._names = [names[i] for i in self._at]
        self._alarms = alarms
        self._tick_s = tick_s
        n = self._at.size
        self._last: FloatArray = np.full(n, math.nan)
        self._last_s = -math.inf
        self._largest: FloatArray = np.zeros(n)
        self._days: deque[FloatArray] = deque(maxlen=REMEMBERED_DAYS)
        self._limits: FloatArray = np.full(n, math.inf)
        self._day_ends_s = -math.inf
        self._moved: FloatArray = np.zeros(n)
        # Of a step that is not confirmed yet: where it came from, how far, the largest change in
        # the ticks around it, and in how many ticks it is looked at again.
        self._before: FloatArray = np.full(n, math.nan)
        self._step: FloatArray = np.zeros(n)
        self._around: FloatArray = np.zeros(n)
        self._wait = np.zeros(n, dtype=np.int64)
        self._shown_until_s = -math.inf

    @property
    def limits(self) -> FloatArray:
        """Largest change of a tick that is no news, K, per temperature; infinite while learning."""
        return self._limits

    def look(self, inputs: FloatArray, good: BoolArray, now_s: float) -> None:
        """Look at one reading.

        Args:
            inputs: As read, shape ``(n_inputs,)``.
            good: Whether the source says that each is good, same shape.
            now_s: Plant time, monotonic.
        """
        shown = inputs[self._at]
        values = np.where(good[self._at] & np.isfinite(shown), shown, math.nan)
        if now_s - self._last_s > 1.5 * self._tick_s:
            # Nobody looked in between; how far it moved in a tick is not known.
            self._last = np.full(values.shape, math.nan)
            self._wait[:] = 0
        change = values - self._last
        size = np.where(np.isfinite(change), np.abs(change), 0.0)
        limits = self.limits
        stepped = (size > limits) & (self._wait == 0)
        self._before = np.where(stepped, self._last, self._before)
        self._step = np.where(stepped, change, self._step)
        self._around = np.where(stepped, self._moved, np.maximum(self._around, size))
        self._confirm(values, now_s)
        self._wait = np.where(stepped, STAYS_TICKS, np.maximum(self._wait - 1, 0))
        self._learn(np.where(size > limits, 0.0, size), now_s)
        self._last, self._last_s, self._moved = values, now_s, size
        if now_s > self._shown_until_s:
            self._alarms.note(Alarm.SENSOR_JUMP, None)

    def _confirm(self, values: FloatArray, now_s: float) -> None:
        """Raise the alarm for steps that are still there."""
        due = self._wait == 1
        if not due.any():
            return
        left = (values - self._before) / np.where(due, self._step, 1.0)
        alone = self._around <= AROUND_SHARE * np.abs(self._step)
        stays = np.flatnonzero(due & alone & (left > STAYS_SHARE))
        if not stays.size:
            return
        told = ", ".join(f"{self._names[i]} by {self._step[i]:+.2g} K" for i in stays)
        # The newest step is what a person wants to read.
        self._alarms.note(Alarm.SENSOR_JUMP, None)
        self._alarms.note(Alarm.SENSOR_JUMP, f"stepped within a tick, and stays: {told}")
        self._shown_until_s = now_s + SHOWN_S

    def _learn(self, size: FloatArray, now_s: float) -> None:
        if self._day_ends_s == -math.inf:
            self._day_ends_s = now_s + LEARNING_S
        self._largest = np.maximum(self._largest, size)
        if now_s >= self._day_ends_s:
            self._days.append(self._largest)
            self._limits = np.maximum(BEYOND * np.max(self._days, axis=0), LEAST_JUMP_K)
            self._largest = np.zeros(size.shape)
            self._day_ends_s = now_s + LEARNING_S
