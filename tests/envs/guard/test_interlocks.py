"""Interlocks: thresholds, release, invalid readings, what they overrule, and what wins."""

import dataclasses

import numpy as np
import pytest

from heatrouter.envs.guard import (
    GuardLimits,
    GuardMemory,
    Interlock,
    Reading,
    Reason,
    SetPointLimits,
    check,
    initial_memory,
)

BOILER = SetPointLimits(
    name="boiler.load_share",
    low=0.0,
    high=1.0,
    safe=0.0,
    rate_up_per_s=0.001,
    rate_down_per_s=0.002,
    switchable=True,
    min_load=0.3,
    min_run_s=600.0,
    min_stop_s=300.0,
)
SUPPLY = SetPointLimits(
    name="main.supply_temp_c", low=65.0, high=95.0, safe=80.0, rate_down_per_s=0.01
)


def limits_with(*locks: Interlock) -> GuardLimits:
    return GuardLimits(set_points=(BOILER, SUPPLY), interlocks=locks)


def step(
    limits: GuardLimits,
    memory: GuardMemory,
    value: float,
    wanted: tuple[float, float],
    *,
    valid: bool = True,
) -> tuple[list[float], list[Reason], GuardMemory]:
    """One check, 60 s after the last."""
    reading = Reading(memory.time_s + 60.0, np.array([[value]]), np.array([[valid]]))
    executed, verdict, after = check(limits, memory, reading, np.array([wanted]), None)
    return executed[0].tolist(), [Reason(int(r)) for r in verdict.reasons[0]], after


def start(limits: GuardLimits, boiler: float, held_s: float = np.inf) -> GuardMemory:
    return initial_memory(limits, np.zeros(1), np.array([[boiler, 80.0]]), held_s=held_s)


def hot(*, immediate: bool = False, on_invalid: bool = False) -> Interlock:
    return Interlock(
        name="hot",
        channel=0,
        above=True,
        threshold=100.0,
        release=95.0,
        immediate=immediate,
        on_invalid=on_invalid,
        caps={"boiler.load_share": 0.0},
    )


@pytest.mark.parametrize(
    ("value", "trips"), [(99.999, False), (100.0, False), (100.001, True), (np.inf, False)]
)
def test_threshold_above(value: float, trips: bool) -> None:
    limits = limits_with(hot(immediate=True))
    executed, reasons, after = step(limits, start(limits, 0.5), value, (0.5, 80.0))
    assert executed == ([0.0, 80.0] if trips else [0.5, 80.0])
    assert (Reason.INTERLOCK in reasons[0]) is trips
    assert reasons[1] == Reason(0)
    assert bool(after.tripped[0, 0]) is trips


@pytest.mark.parametrize(("value", "trips"), [(1.499, True), (1.5, False), (1.501, False)])
def test_threshold_below(value: float, trips: bool) -> None:
    dry = Interlock(
        name="dry", channel=0, above=False, threshold=1.5, caps={"boiler.load_share": 0.0}
    )
    limits = limits_with(dry)
    _, _, after = step(limits, start(limits, 0.0), value, (0.0, 80.0))
    assert bool(after.tripped[0, 0]) is trips


@pytest.mark.parametrize(("value", "stays"), [(95.001, True), (95.0, False), (94.999, False)])
def test_it_lets_go_at_its_release(value: float, stays: bool) -> None:
    limits = limits_with(hot())
    memory = start(limits, 0.0)
    _, _, memory = step(limits, memory, 101.0, (0.0, 80.0))
    assert memory.tripped.all()
    _, _, memory = step(limits, memory, value, (0.0, 80.0))
    assert bool(memory.tripped[0, 0]) is stays


def test_safety_beats_dwell_but_not_the_ramp() -> None:
    limits = limits_with(hot())
    executed, reasons, memory = step(limits, start(limits, 0.5, 0.0), 101.0, (0.9, 80.0))
    assert executed[0] == pytest.approx(0.38)
    assert reasons[0] == Reason.INTERLOCK | Reason.RATE
    executed, reasons, memory = step(limits, memory, 101.0, (0.9, 80.0))
    assert executed[0] == 0.0  # 120 s after its start, the minimum run time is 600 s
    assert reasons[0] == Reason.INTERLOCK
    # Once it let go, the minimum stop time holds as ever: 300 s from the stop.
    for waited_s in (60.0, 120.0, 180.0, 240.0):
        executed, reasons, memory = step(limits, memory, 90.0, (0.9, 80.0))
        assert (executed[0], reasons[0]) == (0.0, Reason.DWELL), waited_s
    executed, _, _ = step(limits, memory, 90.0, (0.9, 80.0))
    assert executed[0] == pytest.approx(0.36)


def test_an_immediate_one_beats_the_ramp() -> None:
    limits = limits_with(hot(immediate=True))
    executed, reasons, _ = step(limits, start(limits, 1.0, 0.0), 101.0, (1.0, 80.0))
    assert executed[0] == 0.0
    assert Reason.INTERLOCK in reasons[0]


def warm(set_point: str, cap: float) -> Interlock:
    return Interlock(
        name="warm",
        channel=0,
        above=True,
        threshold=90.0,
        immediate=True,
        caps={set_point: cap},
    )


def test_an_immediate_one_hurries_what_is_on_its_way_anyhow() -> None:
    limits = limits_with(warm("main.supply_temp_c", 75.0))
    executed, reasons, _ = step(limits, start(limits, 0.5), 91.0, (0.5, 70.0))
    assert executed == [0.5, 75.0], "the ramp alone would be at 79.4"
    assert reasons == [Reason(0), Reason.RATE | Reason.INTERLOCK]


def test_the_highest_of_several_immediate_floors_beats_the_ramp() -> None:
    slow = dataclasses.replace(SUPPLY, rate_up_per_s=0.01)
    locks = tuple(
        Interlock(
            name="frost",
            channel=0,
            above=False,
            threshold=2.0,
            immediate=True,
            floors={"main.supply_temp_c": floor},
        )
        for floor in (90.0, 85.0)
    )
    limits = GuardLimits(set_points=(BOILER, slow), interlocks=locks)
    executed, _, _ = step(limits, start(limits, 0.5), 1.0, (0.5, 80.0))
    assert executed == [0.5, 90.0]


def test_one_immediate_among_others() -> None:
    slow = Interlock(
        name="warm", channel=0, above=True, threshold=90.0, caps={"main.supply_temp_c": 70.0}
    )
    limits = limits_with(slow, hot(immediate=True))
    executed, _, _ = step(limits, start(limits, 1.0), 101.0, (1.0, 80.0))
    assert executed == [0.0, pytest.approx(79.4)]


def test_an_immediate_one_acts_while_time_stands_still() -> None:
    limits = limits_with(hot(immediate=True))
    memory = start(limits, 1.0)
    reading = Reading(memory.time_s, np.array([[101.0]]), np.array([[True]]))
    executed, _, after = check(limits, memory, reading, np.array([[1.0, 80.0]]), None)
    assert executed[0, 0] == 0.0
    assert after.held_s[0, 0] == 0.0


@pytest.mark.parametrize(("value", "valid"), [(80.0, False), (np.nan, True), (np.nan, False)])
@pytest.mark.parametrize("on_invalid", [True, False])
def test_an_invalid_reading(value: float, valid: bool, on_invalid: bool) -> None:
    limits = limits_with(hot(on_invalid=on_invalid))
    _, _, after = step(limits, start(limits, 0.5), value, (0.5, 80.0), valid=valid)
    assert bool(after.tripped[0, 0]) is on_invalid


def test_a_tripped_one_stays_tripped_when_its_sensor_fails() -> None:
    limits = limits_with(hot())
    _, _, memory = step(limits, start(limits, 0.0), 101.0, (0.0, 80.0))
    _, _, memory = step(limits, memory, 20.0, (0.0, 80.0), valid=False)
    assert memory.tripped.all()


@pytest.mark.parametrize("above", [True, False])
def test_without_a_threshold_only_an_invalid_reading_trips(above: bool) -> None:
    lock = Interlock(
        name="blind",
        channel=0,
        above=above,
        threshold=None,
        on_invalid=True,
        caps={"boiler.load_share": 0.0},
    )
    limits = limits_with(lock)
    for value in (-1e9, 0.0, 1e9):
        _, _, after = step(limits, start(limits, 0.5), value, (0.5, 80.0))
        assert not after.tripped.any()
    _, _, after = step(limits, start(limits, 0.5), 0.0, (0.5, 80.0), valid=False)
    assert after.tripped.all()


def test_a_floor_starts_a_unit_against_its_dwell_and_a_cap_wins_over_it() -> None:
    frost = Interlock(
        name="frost",
        channel=0,
        above=False,
        threshold=2.0,
        immediate=True,
        floors={"boiler.load_share": 0.4, "main.supply_temp_c": 90.0},
    )
    limits = limits_with(frost)
    executed, reasons, _ = step(limits, start(limits, 0.0, 0.0), 1.0, (0.0, 80.0))
    assert executed == [0.4, 90.0]
    assert all(Reason.INTERLOCK in reason for reason in reasons)
    limits = limits_with(
        frost,
        Interlock(
            name="leak",
            channel=0,
            above=False,
            threshold=1.5,
            immediate=True,
            caps={"boiler.load_share": 0.0, "main.supply_temp_c": 85.0},
        ),
    )
    executed, _, _ = step(limits, start(limits, 0.5), 1.0, (0.5, 80.0))
    assert executed == [0.0, 85.0]


@pytest.mark.parametrize("immediate", [True, False])
def test_of_several_the_tightest_bounds_count(immediate: bool) -> None:
    bounds: list[tuple[dict[str, float], dict[str, float]]] = [
        ({}, {"main.supply_temp_c": 85.0}),
        ({"boiler.load_share": 0.4}, {"main.supply_temp_c": 90.0}),
        ({"boiler.load_share": 0.6}, {}),
    ]
    limits = limits_with(
        *(
            Interlock(
                name="cold",
                channel=0,
                above=False,
                threshold=2.0,
                immediate=immediate,
                caps=caps,
                floors=floors,
            )
            for caps, floors in bounds
        )
    )
    executed, _, _ = step(limits, start(limits, 0.4), 1.0, (0.9, 80.0))
    assert executed == [0.4, 90.0]


def test_a_cap_at_the_minimum_load_leaves_it_running() -> None:
    lock = Interlock(
        name="full", channel=0, above=True, threshold=0.98, caps={"boiler.load_share": 0.3}
    )
    limits = limits_with(lock)
    executed, _, after = step(limits, start(limits, 0.35), 0.99, (0.35, 80.0))
    assert executed[0] == 0.3
    assert after.on[0, 0]


def test_a_cap_between_off_and_minimum_load_is_off() -> None:
    lock = Interlock(
        name="full", channel=0, above=True, threshold=0.98, caps={"boiler.load_share": 0.2}
    )
    limits = limits_with(lock)
    executed, _, _ = step(limits, start(limits, 0.3), 0.99, (0.3, 80.0))
    assert executed[0] == 0.0


def test_a_cap_above_the_proposal_changes_nothing() -> None:
    limits = limits_with(warm("boiler.load_share", 0.6))
    executed, reasons, _ = step(limits, start(limits, 0.5), 91.0, (0.5, 80.0))
    assert executed[0] == 0.5
    assert reasons[0] == Reason(0)
