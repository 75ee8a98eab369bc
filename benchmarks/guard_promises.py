"""What the guard promises, restated from the description of the plant, and a judge of its work.

Nothing here is taken from the guard or from its tables: ranges, ramps, minimum loads, run and stop
times are read off the district's units and circuits, what is said of no unit is written down below.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.guard import Prediction, Reading
from heatrouter.envs.spec.consumer_units import BatchProcess, Greenhouse, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    HeatExchanger,
    HeatPump,
    Producer,
    SolarThermal,
    Store,
    WasteHeatSource,
)

LONGEST_STEP_S: Final = 900.0
"""However long nothing was checked: set-points may move as far as in this time."""
OLDEST_PREDICTION_S: Final = 900.0
SHARE_DEAD_BAND: Final = 0.005
TEMP_DEAD_BAND_K: Final = 0.1
SMALLEST_LOAD: Final = 0.02
"""A source that is said to run at any share runs at no less than this."""
TOO_HOT_K: Final = 5.0
"""Above its greatest set-point a circuit is too hot, and its producers have to stop."""
COLD_WATER_C: Final = 50.0
COLD_ROOM_K: Final = 4.0

_SLACK: Final = 1e-9  # of a range: rounding of a handful of operations
_SLACK_S: Final = 1e-6

KINDS: Final = (
    "no number", "range", "minimum load", "rate", "dwell", "dead-band", "interlock", "frozen clock",
    "refused proposal",
)  # fmt: skip
"""What a judge counts."""


@dataclass(frozen=True)
class Lock:
    """One interlock: while a channel is beyond ``trip``, the marked set-points have to be off."""

    channel: int
    trip: float
    release: float
    off: BoolArray


@dataclass(frozen=True)
class Promises:
    """The limits of a district; arrays of shape ``(n_set_points,)``.

    Attributes:
        names: Of the set-points.
        low: Least values.
        high: Greatest values.
        safe: What counts as in force where no number was read back.
        switchable: Whether ``low`` means off.
        least: Least values while running.
        rate_per_s: Fastest change.
        dead_band: Smaller changes are not executed.
        min_run_s: Least time from start to stop.
        min_stop_s: Least time from stop to start.
        locks: Interlocks.
        predicted_low: Hard limits of a prediction, shape ``(n_predicted,)``.
        predicted_high: Same shape.
    """

    names: tuple[str, ...]
    low: FloatArray
    high: FloatArray
    safe: FloatArray
    switchable: BoolArray
    least: FloatArray
    rate_per_s: FloatArray
    dead_band: FloatArray
    min_run_s: FloatArray
    min_stop_s: FloatArray
    locks: tuple[Lock, ...]
    predicted_low: FloatArray
    predicted_high: FloatArray


def promises_of(district: District, contract: Contract) -> Promises:
    """Read the promises off a district."""
    rows = [_row(district, point.name) for point in contract.set_points]
    low, high, least, rate, band, run_s, stop_s = (np.array(c) for c in zip(*rows, strict=True))
    names = tuple(point.name for point in contract.set_points)
    predicted = np.array(_predicted(district))
    return Promises(
        names=names,
        low=low,
        high=high,
        safe=np.array([point.safe for point in contract.set_points]),
        switchable=np.isfinite(least),
        least=np.where(np.isfinite(least), least, low),
        rate_per_s=rate,
        dead_band=band,
        min_run_s=run_s,
        min_stop_s=stop_s,
        locks=tuple(_locks(district, contract, names)),
        predicted_low=predicted[:, 0],
        predicted_high=predicted[:, 1],
    )


def _row(district: District, name: str) -> tuple[float, float, float, float, float, float, float]:
    """Low, high, least load (NaN where nothing is switched), rate, dead-band, run and stop time."""
    owner = name.partition(".")[0]
    inf = math.inf
    for circuit in district.circuits:
        if circuit.name == owner:
            rate = circuit.supply_temp_ramp_k_h / 3600.0
            low, high = circuit.supply_temp_min_c, circuit.supply_temp_max_c
            return low, high, math.nan, rate, TEMP_DEAD_BAND_K, 0.0, 0.0
    unit = next(u for u in district.units if u.name == owner)
    match unit:
        case HeatPump() | Boiler() | Chp():
            load, minutes = max(unit.min_load, SMALLEST_LOAD), (unit.min_run_min, unit.min_stop_min)
        case WasteHeatSource():
            load, minutes = SMALLEST_LOAD, (unit.min_run_min, unit.min_stop_min)
        case SolarThermal():
            load, minutes = SMALLEST_LOAD, (0.0, 0.0)
        case HeatExchanger():
            ramp = unit.ramp_share_per_min / 60.0
            return 0.0, 1.0, math.nan, ramp, SHARE_DEAD_BAND, 0.0, 0.0
        case Store():
            return -1.0, 1.0, math.nan, inf, SHARE_DEAD_BAND, 0.0, 0.0
        case BatchProcess():
            return 0.0, 1.0, math.nan, inf, SHARE_DEAD_BAND, 0.0, 0.0
        case Greenhouse():
            span = unit.offset_max_k
            band = TEMP_DEAD_BAND_K if 2.0 * span > TEMP_DEAD_BAND_K else 0.0
            # the contract wants a range, be it a millionth of a kelvin
            return -span, max(span, -span + 1e-6), math.nan, inf, band, 0.0, 0.0
        case _:
            raise KeyError(name)
    ramp = unit.ramp_share_per_min / 60.0
    return 0.0, 1.0, load, ramp, SHARE_DEAD_BAND, 60.0 * minutes[0], 60.0 * minutes[1]


def _locks(district: District, contract: Contract, names: tuple[str, ...]) -> list[Lock]:
    locks = []
    for circuit in district.circuits:
        heating = {
            u.name
            for u in district.units
            if isinstance(u, Producer) and u.location in circuit.locations
        }
        off = np.array([name.partition(".")[0] in heating for name in names])
        if off.any():
            channel = contract.observation_index(f"{circuit.name}.supply_temp_c")
            limit = circuit.supply_temp_max_c
            locks.append(Lock(channel, limit + TOO_HOT_K, limit, off))
    return locks


def _predicted(district: District) -> list[tuple[float, float]]:
    limits = [(-math.inf, c.supply_temp_max_c + TOO_HOT_K) for c in district.circuits]
    for unit in district.units:
        if isinstance(unit, Substation):
            rooms = unit.buildings
            limits.append((COLD_WATER_C, math.inf))
            limits.append((rooms.room_temp_c - rooms.night_setback_k - COLD_ROOM_K, math.inf))
        elif isinstance(unit, Greenhouse):
            limits.append((unit.crop_min_c, unit.crop_max_c))
    return limits


class Judge:
    """Watches what is executed, from outside, and counts what the plant must never see.

    Args:
        promises: The limits.
        num_envs: How many plants.

    Attributes:
        last: Set-points in force, shape ``(num_envs, n_set_points)``.
        running: Whether each runs; true for what is not switched.
        held_s: Since when, same shape.
        time_s: Time of the last check, shape ``(num_envs,)``.
        tripped: Interlocks in force, shape ``(num_envs, n_locks)``.
        switches: Starts and stops seen.
    """

    def __init__(self, promises: Promises, num_envs: int) -> None:
        self.promises = promises
        shape = (num_envs, len(promises.names))
        self.last = np.zeros(shape)
        self.running = np.zeros(shape, dtype=np.bool_)
        self.held_s = np.zeros(shape)
        self.time_s = np.zeros(num_envs)
        self.tripped = np.zeros((num_envs, len(promises.locks)), dtype=np.bool_)
        self.switches = 0

    def take_over(self, which: BoolArray, in_force: FloatArray) -> None:
        """Somebody else was in control of some plants: begin with what is in force there.

        What is no number counts as the safe value; less than half the least load is off.

        Args:
            which: Of the plants, shape ``(num_envs,)``.
            in_force: Read back, shape ``(num_envs, n_set_points)``.
        """
        p = self.promises
        inside = np.clip(np.where(np.isfinite(in_force), in_force, p.safe), p.low, p.high)
        running = ~p.switchable | (inside >= 0.5 * (p.low + p.least))
        column = which[:, np.newaxis]
        value = np.where(running, np.maximum(inside, p.least), p.low)
        self.last = np.where(column, value, self.last)
        self.running = np.where(column, running, self.running)
        self.held_s = np.where(column, 0.0, self.held_s)
        self.tripped = self.tripped & ~column

    def judge(
        self,
        reading: Reading,
        proposal: FloatArray,
        prediction: Prediction | None,
        executed: FloatArray,
    ) -> dict[str, BoolArray]:
        """Which set-points break each promise in this tick, shape ``(num_envs, n_set_points)``."""
        p = self.promises
        passed_s = np.where(np.isfinite(reading.time_s), reading.time_s - self.time_s, 0.0)
        step_s = np.clip(passed_s, 0.0, LONGEST_STEP_S)[:, np.newaxis]
        stopped = self._stopped(reading)
        slack = _SLACK * (p.high - p.low)
        before, was_running = np.maximum(self.last, p.least), self.running
        running = ~p.switchable | (executed > p.low)
        after = np.maximum(executed, p.least)
        reach = np.where(step_s > 0.0, p.rate_per_s, 0.0) * np.where(step_s > 0.0, step_s, 1.0)
        held_s = self.held_s + step_s
        switched = running != was_running
        dwell_s = np.where(was_running, p.min_run_s, p.min_stop_s)

        # What has to stop falls at its full rate and is off from its least load.
        lowest = before - reach
        stopping = np.where(lowest > p.least, lowest, p.low)
        unclear = np.abs(lowest - p.least) <= slack
        too_high = executed > np.where(unclear, p.least, stopping) + slack

        used = self._used(reading, prediction, proposal)
        wish = np.clip(np.where(used, proposal, p.low), p.low, p.high)
        wants = ~p.switchable | (wish >= 0.5 * (p.low + p.least) + slack)
        move = np.abs(np.maximum(wish, p.least) - before)
        small = used & wants & was_running & (move < p.dead_band * (1.0 - _SLACK) - slack)
        found = {
            "no number": ~np.isfinite(executed),
            "range": (executed < p.low) | (executed > p.high),
            "minimum load": p.switchable & running & (executed < p.least - slack),
            "rate": np.abs(after - before) > reach + slack,
            "dwell": switched & (held_s < dwell_s - _SLACK_S) & ~stopped,
            "dead-band": small & ~stopped & (executed != self.last),
            "interlock": stopped & (step_s > 0.0) & too_high,
            "frozen clock": (step_s <= 0.0) & (executed != self.last),
            "refused proposal": ~used & ~stopped & (executed != self.last),
        }
        self.switches += int(np.count_nonzero(switched))
        self.time_s = np.where(np.isfinite(reading.time_s), reading.time_s, self.time_s)
        self.held_s = np.where(switched, 0.0, held_s)
        self.last, self.running = executed.copy(), running
        return found

    def _stopped(self, reading: Reading) -> BoolArray:
        """Set-points that an interlock wants off; a reading that is none changes nothing."""
        stopped = np.zeros(self.last.shape, dtype=np.bool_)
        for row, lock in enumerate(self.promises.locks):
            value, valid = reading.values[:, lock.channel], reading.valid[:, lock.channel]
            beyond = value > np.where(self.tripped[:, row], lock.release, lock.trip)
            known = valid & np.isfinite(value)
            self.tripped[:, row] = np.where(known, beyond, self.tripped[:, row])
            stopped |= self.tripped[:, row, np.newaxis] & lock.off
        return stopped

    def _used(
        self, reading: Reading, prediction: Prediction | None, proposal: FloatArray
    ) -> BoolArray:
        """Where a proposal is to be looked at: numbers whose prediction, if due, lets them pass."""
        finite: BoolArray = np.isfinite(proposal)
        if prediction is None:
            return finite
        p = self.promises
        age_s = reading.time_s - prediction.issued_s
        good = prediction.valid & (np.abs(age_s) <= OLDEST_PREDICTION_S)
        good &= prediction.horizon_s >= age_s
        good &= (prediction.lowest >= p.predicted_low).all(axis=1)
        good &= (prediction.highest <= p.predicted_high).all(axis=1)
        good &= (prediction.lowest <= prediction.highest).all(axis=1)
        return finite & good[:, np.newaxis]
