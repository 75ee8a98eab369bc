"""A small plant, and a judge that knows its limits without asking the guard.

Set-points: boiler and heat pump (switchable, with minimum load and dwell), a source that runs at
any share, a supply temperature and an offset. Channels: supply temperature, water pressure, frost.
"""

from collections.abc import Callable

import numpy as np
import pytest

from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.guard import (
    GuardLimits,
    GuardMemory,
    Interlock,
    PredictedLimit,
    Reading,
    SetPointLimits,
)

BOILER, PUMP, SOURCE, SUPPLY, OFFSET = range(5)

# What the tests hold the guard to; restated, never read back from the limits.
LOW = np.array([0.0, 0.0, 0.0, 65.0, -3.0])
HIGH = np.array([1.0, 1.0, 1.0, 95.0, 3.0])
LEAST_ON = np.array([0.3, 0.25, 0.0, 65.0, -3.0])
UP_PER_S = np.array([0.002, np.inf, 0.01, 0.005, np.inf])
DOWN_PER_S = np.array([0.004, np.inf, 0.01, 0.005, np.inf])
MIN_RUN_S = np.array([600.0, 1800.0, 0.0, 0.0, 0.0])
MIN_STOP_S = np.array([300.0, 900.0, 120.0, 0.0, 0.0])
SWITCHABLE = np.array([True, True, True, False, False])
MAX_ELAPSED_S = 900.0


def plant_limits() -> GuardLimits:
    return GuardLimits(
        set_points=(
            SetPointLimits(
                name="boiler.load_share",
                low=0.0,
                high=1.0,
                safe=0.0,
                rate_up_per_s=0.002,
                rate_down_per_s=0.004,
                dead_band=0.01,
                switchable=True,
                min_load=0.3,
                min_run_s=600.0,
                min_stop_s=300.0,
            ),
            SetPointLimits(
                name="heat_pump.load_share",
                low=0.0,
                high=1.0,
                safe=0.0,
                switchable=True,
                min_load=0.25,
                stop_below=0.2,
                min_run_s=1800.0,
                min_stop_s=900.0,
            ),
            SetPointLimits(
                name="source.recovery_share",
                low=0.0,
                high=1.0,
                safe=1.0,
                rate_up_per_s=0.01,
                rate_down_per_s=0.01,
                switchable=True,
                min_stop_s=120.0,
            ),
            SetPointLimits(
                name="main.supply_temp_c",
                low=65.0,
                high=95.0,
                safe=80.0,
                rate_up_per_s=0.005,
                rate_down_per_s=0.005,
                dead_band=0.2,
            ),
            SetPointLimits(name="greenhouse.offset_k", low=-3.0, high=3.0, safe=0.0),
        ),
        interlocks=(
            Interlock(
                name="too_hot",
                channel=0,
                above=True,
                threshold=100.0,
                release=95.0,
                caps={"boiler.load_share": 0.0, "heat_pump.load_share": 0.0},
            ),
            Interlock(
                name="dry",
                channel=1,
                above=False,
                threshold=1.5,
                release=2.0,
                on_invalid=True,
                immediate=True,
                caps={"boiler.load_share": 0.0, "source.recovery_share": 0.5},
            ),
            Interlock(
                name="frost",
                channel=2,
                above=False,
                threshold=2.0,
                immediate=True,
                caps={"main.supply_temp_c": 90.0},
                floors={"main.supply_temp_c": 75.0, "heat_pump.load_share": 0.4},
            ),
        ),
        predicted=(
            PredictedLimit(name="main.supply_temp_c", high=105.0),
            PredictedLimit(name="greenhouse.air_temp_c", low=10.0, high=34.0),
        ),
        prediction_max_age_s=120.0,
        prediction_min_horizon_s=3600.0,
    )


def calm(time_s: FloatArray) -> Reading:
    """A reading at which no interlock trips."""
    values = np.tile([80.0, 4.0, 10.0], (time_s.shape[0], 1))
    return Reading(time_s, values, np.ones(values.shape, dtype=np.bool_))


class Judge:
    """Watches executed set-points from outside and counts what the plant must never see."""

    def __init__(self, memory: GuardMemory) -> None:
        self.last = memory.set_points.copy()
        self.time_s = memory.time_s.copy()
        self.held_s = memory.held_s.copy()
        shape = (self.time_s.shape[0], 3)
        self.tripped = np.zeros(shape, dtype=np.bool_)

    def violations(self, reading: Reading, executed: FloatArray) -> dict[str, int]:
        """How many set-points break each promise in this tick."""
        step_s = reading.time_s - self.time_s
        step_s = np.where(step_s > 0.0, np.minimum(step_s, MAX_ELAPSED_S), 0.0)[:, np.newaxis]
        forced, at_once = self._forced(reading)
        held_s = self.held_s + step_s
        was_on = ~SWITCHABLE | (self.last > 0.0)
        is_on = ~SWITCHABLE | (executed > 0.0)
        switched = was_on != is_on
        before = np.maximum(self.last, LEAST_ON)
        after = np.maximum(executed, LEAST_ON)
        slack = 1e-9
        with np.errstate(invalid="ignore"):
            up = np.where(step_s > 0.0, UP_PER_S * step_s, 0.0) + slack
            down = np.where(step_s > 0.0, DOWN_PER_S * step_s, 0.0) + slack
        dwell_s = np.where(was_on, MIN_RUN_S, MIN_STOP_S)
        with np.errstate(invalid="ignore", over="ignore"):
            too_fast = (after - before > up) | (before - after > down)
        found = {
            "no number": ~np.isfinite(executed),
            "range": (executed < LOW) | (executed > HIGH),
            "between off and minimum load": SWITCHABLE & is_on & (executed < LEAST_ON),
            "rate": too_fast & ~at_once,
            "dwell": switched & (held_s < dwell_s) & ~forced,
            "switched in no time": switched & (step_s <= 0.0) & ~at_once,
        }
        finite_time = np.isfinite(reading.time_s)
        self.time_s = np.where(finite_time, reading.time_s, self.time_s)
        self.held_s = np.where(switched, 0.0, held_s)
        self.last = executed.copy()
        return {name: int(np.count_nonzero(mask)) for name, mask in found.items()}

    def _forced(self, reading: Reading) -> tuple[BoolArray, BoolArray]:
        """Set-points that an interlock may switch, and may move at any speed."""
        values = reading.values
        known = reading.valid & np.isfinite(values)
        hot = np.where(self.tripped[:, 0], values[:, 0] > 95.0, values[:, 0] > 100.0)
        dry = np.where(self.tripped[:, 1], values[:, 1] < 2.0, values[:, 1] < 1.5)
        frost = values[:, 2] < 2.0
        self.tripped = np.where(
            known, np.stack([hot, dry, frost], axis=1), self.tripped | [False, True, False]
        )
        hot, dry, frost = self.tripped.T
        forced = np.zeros((values.shape[0], 5), dtype=np.bool_)
        at_once = forced.copy()
        at_once[:, BOILER] = dry
        at_once[:, SOURCE] = dry
        at_once[:, SUPPLY] = frost
        at_once[:, PUMP] = frost
        forced[:, BOILER] = hot | dry
        forced[:, PUMP] = hot | frost
        return forced, at_once


@pytest.fixture(scope="session")
def limits() -> GuardLimits:
    return plant_limits()


@pytest.fixture(scope="session")
def reading() -> Callable[[FloatArray], Reading]:
    return calm


@pytest.fixture(scope="session")
def judge() -> type[Judge]:
    return Judge
