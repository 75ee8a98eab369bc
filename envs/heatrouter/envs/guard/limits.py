"""The limits that the guard enforces, as arrays with a digest."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.errors import ConfigError, Mistake
from heatrouter.envs.guard.tables import (
    Interlock,
    PredictedLimit,
    SetPointLimits,
    mistakes_of_interlocks,
    mistakes_of_predicted,
    mistakes_of_set_points,
)

SCHEMA_VERSION: Final = 1

UNLIMITED: Final = 1.0e30
"""Stands for a limit that is not there. Finite, since infinity times no time is no number."""

RANGE_TOLERANCE: Final = 1.0e-6
"""Share of a set-point's range by which a 32-bit policy may miss a bound without being blamed."""


@dataclass(frozen=True, eq=False, kw_only=True)
class GuardLimits:
    """All limits of one district; compare them by their digest.

    The tables are what is stored. The arrays are made from them once and cannot be written to;
    their shape is ``(n_set_points,)`` unless said otherwise.

    Attributes:
        set_points: One entry per set-point, in the order of the contract.
        interlocks: In any order.
        predicted: One entry per channel of a prediction.
        max_elapsed_s: Longest time between two checks that is believed; a longer one counts as
            this. Not less than the control step.
        prediction_max_age_s: Age above which a prediction is late.
        prediction_min_horizon_s: How far ahead of now a prediction has to reach.
        low: Lower bounds.
        high: Upper bounds.
        safe: Safe values.
        tolerance: Deviations that count as rounding.
        rate_up_per_s: Fastest rises.
        rate_down_per_s: Fastest falls.
        dead_band: Dead-bands.
        least_on: Least values while running; ``low`` without a minimum load.
        stop_below: Running units stop below this; never, unless switchable.
        start_from: Standing units start from here; always, unless switchable.
        min_run_s: Minimum run times.
        min_stop_s: Minimum stop times.
        switchable_index: Positions of the switchable set-points, shape ``(n_switchable,)``.
        interlock_channel: Channel of each interlock, shape ``(n_interlocks,)``.
        interlock_sign: 1 for above, -1 for below, same shape.
        interlock_trip: Threshold times sign, same shape.
        interlock_release: Release times sign, same shape.
        interlock_on_invalid: Whether an invalid reading trips, same shape.
        interlock_cap: Greatest values while tripped, shape ``(n_interlocks, n_set_points)``.
        interlock_floor: Least values while tripped, same shape.
        immediate_cap: The same of the interlocks that overrule the rates, same shape.
        immediate_floor: Same shape.
        any_immediate: Whether there is such an interlock.
        predicted_low: Shape ``(n_predicted,)``.
        predicted_high: Same shape.

    Raises:
        ConfigError: With every mistake of the tables.
    """

    set_points: tuple[SetPointLimits, ...]
    interlocks: tuple[Interlock, ...] = ()
    predicted: tuple[PredictedLimit, ...] = ()
    max_elapsed_s: float = 900.0
    prediction_max_age_s: float = 900.0
    prediction_min_horizon_s: float = 0.0

    low: FloatArray = field(init=False, repr=False)
    high: FloatArray = field(init=False, repr=False)
    safe: FloatArray = field(init=False, repr=False)
    tolerance: FloatArray = field(init=False, repr=False)
    rate_up_per_s: FloatArray = field(init=False, repr=False)
    rate_down_per_s: FloatArray = field(init=False, repr=False)
    dead_band: FloatArray = field(init=False, repr=False)
    least_on: FloatArray = field(init=False, repr=False)
    stop_below: FloatArray = field(init=False, repr=False)
    start_from: FloatArray = field(init=False, repr=False)
    min_run_s: FloatArray = field(init=False, repr=False)
    min_stop_s: FloatArray = field(init=False, repr=False)
    switchable_index: IntArray = field(init=False, repr=False)
    interlock_channel: IntArray = field(init=False, repr=False)
    interlock_sign: FloatArray = field(init=False, repr=False)
    interlock_trip: FloatArray = field(init=False, repr=False)
    interlock_release: FloatArray = field(init=False, repr=False)
    interlock_on_invalid: BoolArray = field(init=False, repr=False)
    interlock_cap: FloatArray = field(init=False, repr=False)
    interlock_floor: FloatArray = field(init=False, repr=False)
    immediate_cap: FloatArray = field(init=False, repr=False)
    immediate_floor: FloatArray = field(init=False, repr=False)
    any_immediate: bool = field(init=False, repr=False)
    predicted_low: FloatArray = field(init=False, repr=False)
    predicted_high: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        mistakes = [
            *mistakes_of_set_points(self.set_points),
            *mistakes_of_interlocks(self.interlocks, self.set_points),
            *mistakes_of_predicted(self.predicted),
        ]
        times_s = {
            "max_elapsed_s": self.max_elapsed_s,
            "prediction_max_age_s": self.prediction_max_age_s,
            # Zero is a horizon that is not asked for.
            "prediction_min_horizon_s": self.prediction_min_horizon_s or 1.0,
        }
        mistakes += [
            Mistake(key, f"{getattr(self, key)} must be a positive, finite number of seconds")
            for key, time_s in times_s.items()
            if not 0.0 < time_s < UNLIMITED
        ]
        if mistakes:
            subject = "guard limits"
            raise ConfigError(subject, mistakes)
        self._derive_set_points()
        self._derive_interlocks()
        self._store("predicted_low", [_or(p.low, -UNLIMITED) for p in self.predicted])
        self._store("predicted_high", [_or(p.high, UNLIMITED) for p in self.predicted])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the set-points, in order."""
        return tuple(entry.name for entry in self.set_points)

    @property
    def n_set_points(self) -> int:
        """Length of a set-point vector."""
        return len(self.set_points)

    @property
    def n_interlocks(self) -> int:
        """Number of interlocks."""
        return len(self.interlocks)

    @property
    def digest(self) -> str:
        """sha256 over the canonical JSON."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """The tables as canonical JSON: keys sorted, no spaces, no NaN."""
        tables = {
            entry.name: getattr(self, entry.name)
            for entry in dataclasses.fields(self)
            if entry.init
        }
        document = {"schema_version": SCHEMA_VERSION, **tables}
        return json.dumps(
            document,
            default=dataclasses.asdict,
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "GuardLimits":
        """Limits from what :meth:`to_json` wrote.

        Raises:
            ConfigError: If the text is no such document, with every mistake of its tables.
        """
        subject = "guard limits"
        try:
            document = json.loads(text)
        except json.JSONDecodeError as error:
            raise ConfigError(subject, [Mistake("", f"is no JSON: {error}")]) from error
        if not isinstance(document, dict) or document.pop("schema_version", None) != SCHEMA_VERSION:
            mistake = Mistake("schema_version", f"must be {SCHEMA_VERSION}")
            raise ConfigError(subject, [mistake])
        try:
            for key, kind in _TABLES.items():
                document[key] = tuple(kind(**entry) for entry in document.get(key, ()))
            return cls(**document)
        except TypeError as error:
            # A missing, unknown or wrongly typed key; the message of the constructor names it.
            raise ConfigError(subject, [Mistake("", str(error))]) from error

    def _derive_set_points(self) -> None:
        points = self.set_points
        self._store("low", [p.low for p in points])
        self._store("high", [p.high for p in points])
        self._store("safe", [p.safe for p in points])
        self._store("tolerance", (self.high - self.low) * RANGE_TOLERANCE)
        self._store("rate_up_per_s", [_or(p.rate_up_per_s, UNLIMITED) for p in points])
        self._store("rate_down_per_s", [_or(p.rate_down_per_s, UNLIMITED) for p in points])
        self._store("dead_band", [p.dead_band for p in points])
        switchable = np.array([p.switchable for p in points])
        self._store("least_on", [_or(p.min_load, p.low) for p in points])
        # Without a minimum load, whatever is more than rounding above off runs.
        start_from = np.maximum(self.least_on, self.low + self.tolerance)
        halfway = 0.5 * (self.low + start_from)
        stop_below = [_or(p.stop_below, h) for p, h in zip(points, halfway, strict=True)]
        self._store("start_from", np.where(switchable, start_from, -UNLIMITED))
        self._store("stop_below", np.where(switchable, stop_below, -UNLIMITED))
        self._store("min_run_s", [p.min_run_s for p in points])
        self._store("min_stop_s", [p.min_stop_s for p in points])
        self._store("switchable_index", np.flatnonzero(switchable), np.int64)

    def _derive_interlocks(self) -> None:
        locks = self.interlocks
        sign = np.array([1.0 if lock.above else -1.0 for lock in locks])
        trip = np.array([_or(k.threshold, UNLIMITED if k.above else -UNLIMITED) for k in locks])
        release = np.array([_or(k.release, t) for k, t in zip(locks, trip, strict=True)])
        self._store("interlock_channel", [lock.channel for lock in locks], np.int64)
        self._store("interlock_sign", sign)
        self._store("interlock_trip", trip * sign)
        self._store("interlock_release", release * sign)
        self._store("interlock_on_invalid", [lock.on_invalid for lock in locks], np.bool_)
        shape = (len(locks), self.n_set_points)
        cap = np.broadcast_to(self.high, shape).copy()
        floor = np.broadcast_to(self.low, shape).copy()
        for row, lock in enumerate(locks):
            for name, value in lock.caps.items():
                cap[row, self.names.index(name)] = value
            for name, value in lock.floors.items():
                floor[row, self.names.index(name)] = value
        at_once = np.array([lock.immediate for lock in locks], dtype=np.bool_)[:, np.newaxis]
        self._store("interlock_cap", cap)
        self._store("interlock_floor", floor)
        object.__setattr__(self, "any_immediate", bool(at_once.any()))
        self._store("immediate_cap", np.where(at_once, cap, self.high))
        self._store("immediate_floor", np.where(at_once, floor, self.low))

    def _store(self, name: str, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> None:
        array = np.array(values, dtype=dtype)
        array.setflags(write=False)
        object.__setattr__(self, name, array)  # frozen for everyone else


_TABLES: Final = {
    "set_points": SetPointLimits,
    "interlocks": Interlock,
    "predicted": PredictedLimit,
}


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
