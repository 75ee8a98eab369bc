"""Literal values densely round each limit of one set-point at a time."""

import json

import numpy as np
import pytest

from heatrouter.envs.errors import HeatrouterError
from heatrouter.envs.guard import (
    GuardLimits,
    Interlock,
    Reading,
    Reason,
    SetPointLimits,
    check,
    initial_memory,
)


def one(
    entry: SetPointLimits,
    last: float,
    wanted: float,
    *,
    elapsed_s: float = 60.0,
    held_s: float = np.inf,
) -> tuple[float, Reason]:
    """Executed value and reasons of a guard with one set-point."""
    limits = GuardLimits(set_points=(entry,))
    memory = initial_memory(limits, np.zeros(1), np.array([[last]]), held_s=held_s)
    reading = Reading(np.array([elapsed_s]), np.zeros((1, 1)), np.ones((1, 1), dtype=np.bool_))
    executed, verdict, after = check(limits, memory, reading, np.array([[wanted]]), None)
    assert after.set_points[0, 0] == executed[0, 0]
    assert not np.shares_memory(after.set_points, executed)
    replaced = not np.isfinite(wanted)
    assert verdict.clipped[0, 0] == (0.0 if replaced else executed[0, 0] - wanted)
    assert verdict.accepted[0] == (not replaced)
    return float(executed[0, 0]), Reason(int(verdict.reasons[0, 0]))


TEMPERATURE = SetPointLimits(name="main.supply_temp_c", low=65.0, high=95.0, safe=80.0)
SLOW = SetPointLimits(
    name="main.supply_temp_c",
    low=65.0,
    high=95.0,
    safe=80.0,
    rate_up_per_s=0.01,
    rate_down_per_s=0.02,
    dead_band=0.5,
)
BOILER = SetPointLimits(
    name="boiler.load_share",
    low=0.0,
    high=1.0,
    safe=0.0,
    switchable=True,
    min_load=0.3,
    min_run_s=600.0,
    min_stop_s=300.0,
)
RAMPED = SetPointLimits(
    name="boiler.load_share",
    low=0.0,
    high=1.0,
    safe=0.0,
    rate_up_per_s=0.001,
    rate_down_per_s=0.002,
    switchable=True,
    min_load=0.3,
)
SOURCE = SetPointLimits(
    name="source.recovery_share", low=0.0, high=1.0, safe=1.0, switchable=True, min_stop_s=120.0
)


@pytest.mark.parametrize(
    ("wanted", "executed", "reason"),
    [
        (65.0, 65.0, Reason(0)),
        (95.0, 95.0, Reason(0)),
        (64.999, 65.0, Reason.RANGE),
        (95.001, 95.0, Reason.RANGE),
        (64.99999, 65.0, Reason(0)),  # rounding of a 32-bit policy: clamped, not blamed
        (95.00001, 95.0, Reason(0)),
        (64.99998, 65.0, Reason(0)),
        (64.99996, 65.0, Reason.RANGE),
        (95.00002, 95.0, Reason(0)),
        (95.00004, 95.0, Reason.RANGE),
        (-1.0e308, 65.0, Reason.RANGE),
        (1.0e308, 95.0, Reason.RANGE),
        (np.inf, 80.0, Reason.NOT_FINITE),
        (-np.inf, 80.0, Reason.NOT_FINITE),
        (np.nan, 80.0, Reason.NOT_FINITE),
    ],
)
def test_range(wanted: float, executed: float, reason: Reason) -> None:
    assert one(TEMPERATURE, 80.0, wanted) == (executed, reason)


@pytest.mark.parametrize(
    ("wanted", "elapsed_s", "executed", "reason"),
    [
        (80.6, 60.0, 80.6, Reason(0)),
        (80.7, 60.0, 80.6, Reason.RATE),
        (95.0, 60.0, 80.6, Reason.RATE),
        (78.8, 60.0, 78.8, Reason(0)),
        (65.0, 60.0, 78.8, Reason.RATE),
        (65.0, 1.0, 79.98, Reason.RATE),
        (95.0, 0.0, 80.0, Reason.RATE),
        (95.0, -3600.0, 80.0, Reason.RATE | Reason.CLOCK),
        (95.0, np.nan, 80.0, Reason.RATE | Reason.CLOCK),
        (95.0, -np.inf, 80.0, Reason.RATE | Reason.CLOCK),
        (95.0, 900.0, 89.0, Reason.RATE),
        (95.0, 901.0, 89.0, Reason.RATE | Reason.CLOCK),
        (95.0, 1.0e9, 89.0, Reason.RATE | Reason.CLOCK),
        (95.0, np.inf, 80.0, Reason.RATE | Reason.CLOCK),
        (80.0, 3600.0, 80.0, Reason.CLOCK),
    ],
)
def test_rate_and_clock(wanted: float, elapsed_s: float, executed: float, reason: Reason) -> None:
    value, found = one(SLOW, 80.0, wanted, elapsed_s=elapsed_s)
    assert value == pytest.approx(executed, abs=1e-12)
    assert found == reason


@pytest.mark.parametrize(
    ("wanted", "executed", "reason"),
    [
        (80.49, 80.0, Reason.DEADBAND),
        (80.5, 80.5, Reason(0)),
        (79.51, 80.0, Reason.DEADBAND),
        (79.5, 79.5, Reason(0)),
        (80.0, 80.0, Reason(0)),
    ],
)
def test_dead_band(wanted: float, executed: float, reason: Reason) -> None:
    assert one(SLOW, 80.0, wanted) == (executed, reason)


@pytest.mark.parametrize(
    ("last", "wanted", "executed", "reason"),
    [
        (0.0, 0.0, 0.0, Reason(0)),
        (0.0, 0.29, 0.0, Reason.MIN_LOAD),
        (0.0, 0.3, 0.3, Reason(0)),
        (0.0, 1.0, 1.0, Reason(0)),
        (0.5, 0.3, 0.3, Reason(0)),
        (0.5, 0.29, 0.3, Reason.MIN_LOAD),
        (0.5, 0.15, 0.3, Reason.MIN_LOAD),  # hysteresis: half of the minimum load
        (0.5, 0.149, 0.0, Reason.MIN_LOAD),
        (0.5, 0.0, 0.0, Reason(0)),
        (0.5, np.nan, 0.5, Reason.NOT_FINITE),
        (0.0, np.nan, 0.0, Reason.NOT_FINITE),
    ],
)
def test_minimum_load(last: float, wanted: float, executed: float, reason: Reason) -> None:
    assert one(BOILER, last, wanted) == (executed, reason)


@pytest.mark.parametrize(
    ("last", "wanted", "held_s", "executed", "reason"),
    [
        (0.5, 0.0, 539.0, 0.3, Reason.DWELL),  # 599 s with this step of 60 s
        (0.5, 0.0, 540.0, 0.0, Reason(0)),
        (0.5, 0.9, 0.0, 0.9, Reason(0)),
        (0.0, 0.9, 239.0, 0.0, Reason.DWELL),
        (0.0, 0.9, 240.0, 0.9, Reason(0)),
        (0.0, 0.0, 0.0, 0.0, Reason(0)),
    ],
)
def test_dwell(last: float, wanted: float, held_s: float, executed: float, reason: Reason) -> None:
    assert one(BOILER, last, wanted, held_s=held_s) == (executed, reason)


@pytest.mark.parametrize(
    ("last", "wanted", "executed", "reason"),
    [
        (0.0, 0.36, 0.36, Reason(0)),  # off to minimum load at once, then 60 s at 0.001/s
        (0.0, 1.0, 0.36, Reason.RATE),
        (0.5, 0.0, 0.38, Reason.RATE),  # no unit drops to off from above its minimum load
        (0.42, 0.0, 0.0, Reason(0)),
        (0.43, 0.0, 0.31, Reason.RATE),
    ],
)
def test_rate_of_a_switchable(last: float, wanted: float, executed: float, reason: Reason) -> None:
    value, found = one(RAMPED, last, wanted)
    assert value == pytest.approx(executed, abs=1e-12)
    assert found == reason


@pytest.mark.parametrize(("last", "wanted"), [(0.0, 1.0), (0.3, 0.0)])
def test_nothing_switches_while_time_stands_still(last: float, wanted: float) -> None:
    assert one(RAMPED, last, wanted, elapsed_s=0.0) == (last, Reason.RATE)


@pytest.mark.parametrize(
    ("last", "wanted", "executed", "reason"),
    [
        (0.0, 1.0e-5, 1.0e-5, Reason(0)),  # no minimum load: every share runs
        (0.0, 1.0e-7, 0.0, Reason(0)),  # rounding is off
        (0.4, 1.0e-5, 1.0e-5, Reason(0)),
        (0.4, 0.0, 0.0, Reason(0)),
    ],
)
def test_without_a_minimum_load(
    last: float, wanted: float, executed: float, reason: Reason
) -> None:
    assert one(SOURCE, last, wanted) == (executed, reason)


def test_a_set_point_without_range_stays_where_it_is() -> None:
    fixed = SetPointLimits(name="greenhouse.offset_k", low=0.0, high=0.0, safe=0.0)
    assert one(fixed, 0.0, 2.0) == (0.0, Reason.RANGE)
    assert one(fixed, 0.0, 0.0) == (0.0, Reason(0))


@pytest.mark.parametrize("time_s", [np.nan, np.inf, -np.inf])
def test_a_time_that_is_no_number_is_not_remembered(time_s: float) -> None:
    """Or no later time would be believed, and nothing would ever move again."""
    limits = GuardLimits(set_points=(SLOW,))
    memory = initial_memory(limits, np.zeros(1), np.array([[80.0]]))
    executed = np.zeros((1, 1))
    for now_s in (time_s, 60.0):
        reading = Reading(np.array([now_s]), np.zeros((1, 1)), np.ones((1, 1), dtype=np.bool_))
        executed, _, memory = check(limits, memory, reading, np.array([[95.0]]), None)
    assert executed[0, 0] == pytest.approx(80.6, abs=1e-12)
    assert memory.time_s[0] == 60.0


def test_one_value_that_is_no_number_is_replaced_alone_and_not_accepted() -> None:
    limits = GuardLimits(set_points=(TEMPERATURE, BOILER))
    memory = initial_memory(limits, np.zeros(2), np.array([[80.0, 0.5], [80.0, 0.5]]))
    reading = Reading(np.full(2, 60.0), np.zeros((2, 1)), np.ones((2, 1), dtype=np.bool_))
    wanted = np.array([[np.nan, 0.7], [85.0, 0.7]])
    executed, verdict, _ = check(limits, memory, reading, wanted, None)
    assert executed.tolist() == [[80.0, 0.7], [85.0, 0.7]]
    assert verdict.accepted.tolist() == [False, True]
    assert verdict.reasons.tolist() == [[Reason.NOT_FINITE, 0], [0, 0]]


def test_single_precision_and_other_shapes() -> None:
    limits = GuardLimits(set_points=(TEMPERATURE,))
    memory = initial_memory(limits, np.zeros(2))
    reading = Reading(np.full(2, 1.0), np.zeros((2, 0)), np.ones((2, 0), dtype=np.bool_))
    executed, _, _ = check(
        limits, memory, reading, np.full((2, 1), 81.5, dtype=np.float32).astype(np.float64), None
    )
    assert executed.dtype == np.float64
    with pytest.raises(HeatrouterError, match=r"shape \(1,\).*\(2, 1\)"):
        check(limits, memory, reading, np.array([80.0]), None)


def test_reasons_are_written_to_the_audit_log_and_must_not_change() -> None:
    assert {reason.name: reason.value for reason in Reason} == {
        "RANGE": 1,
        "RATE": 2,
        "DEADBAND": 4,
        "DWELL": 8,
        "MIN_LOAD": 16,
        "INTERLOCK": 32,
        "NOT_FINITE": 64,
        "CLOCK": 128,
        "PREDICTION_MISSING": 256,
        "PREDICTION_LATE": 512,
        "PREDICTION_LIMIT": 1024,
    }
    assert Reason.PREDICTION.value == 256 + 512 + 1024


def test_digest_follows_every_number() -> None:
    base = GuardLimits(set_points=(SLOW, BOILER))
    other = GuardLimits(set_points=(SLOW, RAMPED))
    assert base.digest == GuardLimits(set_points=(SLOW, BOILER)).digest
    assert base.digest != other.digest
    lock = Interlock(
        name="hot", channel=3, above=True, threshold=1.0, caps={"boiler.load_share": 0.0}
    )
    assert base.digest != GuardLimits(set_points=(SLOW, BOILER), interlocks=(lock,)).digest
    document = json.loads(base.to_json())
    assert document["set_points"][0]["dead_band"] == 0.5
    assert list(document) == sorted(document)
