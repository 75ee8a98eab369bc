"""Observations from readings: the same code in training, evaluation and service."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import Float32Array, FloatArray, IntArray
from heatrouter.envs.contract import Channel, Contract

_HOURS_PER_DAY = 24.0
_CYCLES = np.array([[_HOURS_PER_DAY, 7.0, 365.25]])
"""Hours of a day, days of a week, days of a year."""
_BEGINS = np.array([[0.0, 0.0, 1.0]])
"""First hour, weekday and day of the year."""
_FULL_TURN = 2.0 * math.pi


class Clock(NamedTuple):
    """The calendar of each environment, each of shape ``(num_envs,)``."""

    local_hour: FloatArray  # 0..24
    weekday: FloatArray  # 0 = Monday
    day_of_year: FloatArray  # 1..366


class ObservationBuilder:
    """Puts observations together and remembers what lagged channels need.

    Observations are clipped to the contract's bounds and rounded to 32-bit floats, kept in 64 bits:
    dispatch, guard and policy compute from the very numbers that a record of float32 observations
    holds, so that a replay repeats every set-point.

    Args:
        contract: The contract.
        num_envs: Number of environments.
    """

    def __init__(self, contract: Contract, num_envs: int) -> None:
        self._num_envs = num_envs
        channels = contract.observation
        self._slices = {
            source: _slice_of(channels, source)
            for source in ("measured", "lagged", "executed", "dwell", "clock", "tariff", "forecast")
        }
        low, high = contract.bounds("observation")
        # one row, not none: for a single environment that is the shape of the observation
        self._low, self._high = low[np.newaxis], high[np.newaxis]
        tags, lags, order = _history_of(contract)
        self._tags = tags
        self._tags_at = tags + self._slices["measured"].start
        self._order = order
        self._depth = int(lags.max(initial=0))
        # environments innermost: a lag of all of them is then read in one go
        self._history = np.zeros((max(self._depth, 1), tags.size, num_envs))
        self._rows = self._history.reshape(self._history.shape[0] * tags.size, num_envs)
        newest = np.arange(self._history.shape[0])[:, np.newaxis]
        # rows that hold the lagged values, for every row that may be the newest
        self._lagged_at = (newest + 1 - lags) % self._history.shape[0] * tags.size + order
        self._newest = 0  # row of the history written last
        self._unfilled = np.ones(num_envs, dtype=np.bool_)
        self._some_unfilled = True

    def reset(self, envs: IntArray) -> None:
        """Forget the history of some environments; their next update fills it with its values."""
        self._unfilled[envs] = True
        self._some_unfilled = True

    def prefill(self, measured: FloatArray) -> None:
        """Replay past readings, oldest first, one control step apart.

        Args:
            measured: Shape ``(n_steps, num_envs, n_measured)``. Where the oldest lag reaches
                further back, the first reading stands for what was before.
        """
        for step, reading in enumerate(measured):
            tags = reading.take(self._tags, axis=1).T
            if step == 0:
                self._history[:] = tags
            self._push(tags)
        if len(measured):
            self._unfilled[:] = False
            self._some_unfilled = False

    def update(
        self,
        measured: FloatArray,
        executed: FloatArray,
        dwell_s: FloatArray,
        clock: Clock,
        tariff: FloatArray,
        forecast: FloatArray,
    ) -> FloatArray:
        """Build the observations of this moment and take the readings into the history.

        Args:
            measured: Shape ``(num_envs, n_measured)``, in the contract's order and units.
            executed: Last set-points after the guard, ``(num_envs, n_set_points)``.
            dwell_s: Remaining time before a unit may switch, s, ``(num_envs, n_switchable)``.
            clock: The calendar.
            tariff: Prices in force, ``(num_envs, n_tariff)``.
            forecast: Shape ``(num_envs, n_series, n_windows)``.

        Returns:
            Observations, shape ``(num_envs, n_obs)``, a fresh array.
        """
        raw = self._raw(measured, clock, tariff)
        return self.advance(raw, executed, dwell_s, forecast.reshape(measured.shape[0], -1))[1]

    def advance(
        self, raw: FloatArray, executed: FloatArray, dwell_s: FloatArray, forecast: FloatArray
    ) -> tuple[Float32Array, FloatArray]:
        """The same as :meth:`update`, of readings that lie where the observation has them.

        Args:
            raw: Shape ``(num_envs, n_obs)``: measured values and tariffs in their places, hour,
                weekday and day of the year in the first three of the clock, anything elsewhere.
                It is written over.
            executed: Last set-points after the guard, ``(num_envs, n_set_points)``.
            dwell_s: Remaining time before a unit may switch, s, ``(num_envs, n_switchable)``.
            forecast: Series after series, ``(num_envs, n_series * n_windows)``.

        Returns:
            Observations, ``(num_envs, n_obs)``, in 32 bits and the same numbers in 64 bits, both
            fresh arrays.
        """
        tags = raw.take(self._tags_at, axis=1).T
        if self._some_unfilled:
            self._history[:, :, self._unfilled] = tags[:, self._unfilled]
            self._unfilled[:] = False
            self._some_unfilled = False
        lagged = self._rows.take(self._lagged_at[self._newest], axis=0).T
        self._push(tags)
        return self._finish(raw, lagged, executed, dwell_s, forecast)

    def restart(
        self,
        envs: IntArray,
        measured: FloatArray,
        executed: FloatArray,
        dwell_s: FloatArray,
        clock: Clock,
        tariff: FloatArray,
        forecast: FloatArray,
    ) -> FloatArray:
        """Build the first observations of some environments, whose past is their present.

        The others keep their history. Arguments are those of :meth:`update` for ``envs`` only.

        Returns:
            Observations, shape ``(len(envs), n_obs)``.
        """
        raw = self._raw(measured, clock, tariff)
        forecast = forecast.reshape(measured.shape[0], -1)
        return self.begin(envs, raw, executed, dwell_s, forecast)[1]

    def begin(
        self,
        envs: IntArray,
        raw: FloatArray,
        executed: FloatArray,
        dwell_s: FloatArray,
        forecast: FloatArray,
    ) -> tuple[Float32Array, FloatArray]:
        """The same as :meth:`restart`, with the arguments and results of :meth:`advance`."""
        tags = raw.take(self._tags_at, axis=1)
        self._history[:, :, envs] = tags.T
        self._unfilled[envs] = False
        self._some_unfilled = bool(self._unfilled.any())
        lagged = tags.take(self._order, axis=1)
        return self._finish(raw, lagged, executed, dwell_s, forecast)

    def _raw(self, measured: FloatArray, clock: Clock, tariff: FloatArray) -> FloatArray:
        raw = np.zeros((measured.shape[0], self._low.size))
        raw[:, self._slices["measured"]] = measured
        raw[:, self._slices["tariff"]] = tariff
        begin = self._slices["clock"].start
        raw[:, begin : begin + len(clock)] = np.stack(clock, axis=1)
        return raw

    def _finish(
        self,
        raw: FloatArray,
        lagged: FloatArray,
        executed: FloatArray,
        dwell_s: FloatArray,
        forecast: FloatArray,
    ) -> tuple[Float32Array, FloatArray]:
        part = self._slices
        raw[:, part["lagged"]] = lagged
        raw[:, part["executed"]] = executed
        raw[:, part["dwell"]] = dwell_s
        _write_clock(raw[:, part["clock"]])
        raw[:, part["forecast"]] = forecast
        np.maximum(raw, self._low, out=raw)
        np.minimum(raw, self._high, out=raw)
        short = raw.astype(np.float32)
        return short, short.astype(np.float64)

    def save_state(self) -> dict[str, np.ndarray]:
        """Everything that later updates depend on, as fresh arrays."""
        return {
            "history": self._history.copy(),
            "newest": np.array(self._newest),
            "unfilled": self._unfilled.copy(),
        }

    def restore_state(self, saved: Mapping[str, np.ndarray]) -> None:
        """Go back to a saved state, exactly."""
        self._history[:] = saved["history"]
        self._newest = int(saved["newest"])
        self._unfilled[:] = saved["unfilled"]
        self._some_unfilled = bool(self._unfilled.any())

    def _push(self, tags: FloatArray) -> None:
        if self._depth:
            self._newest = (self._newest + 1) % self._depth
            self._history[self._newest] = tags


def _write_clock(clock: FloatArray) -> None:
    """Sine and cosine of each cycle over hour, weekday and day of the year, ``(num_envs, 6)``."""
    angles = clock[:, :3] - _BEGINS
    angles[:, 1] += angles[:, 0] / _HOURS_PER_DAY
    angles /= _CYCLES
    angles *= _FULL_TURN
    clock[:, 0::2] = np.sin(angles)
    clock[:, 1::2] = np.cos(angles)


def _slice_of(channels: tuple[Channel, ...], source: str) -> slice:
    positions = [i for i, channel in enumerate(channels) if channel.source == source]
    if not positions:
        return slice(0, 0)
    return slice(positions[0], positions[-1] + 1)


def _history_of(contract: Contract) -> tuple[IntArray, IntArray, IntArray]:
    """What to remember.

    Returns:
        Positions of the remembered channels among the measured ones; for each lagged channel its
        lag in control steps, and its position among the remembered.
    """
    measured = [c.origin for c in contract.observation if c.source == "measured"]
    lagged = [c for c in contract.observation if c.source == "lagged"]
    origins = list(dict.fromkeys(c.origin for c in lagged))
    tags = np.array([measured.index(origin) for origin in origins], dtype=np.int64)
    lags = np.array([round(c.lag_s / contract.control_dt_s) for c in lagged], dtype=np.int64)
    order = np.array([origins.index(c.origin) for c in lagged], dtype=np.int64)
    return tags, lags, order
