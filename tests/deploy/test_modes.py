"""The mode machine, as tables of what happens and what follows."""

import dataclasses
import math

import pytest
from tests.deploy.mode_steps import HOLD_OFF_S, QUIET, SETTINGS, ask, faults, in_policy, run

from heatrouter.deploy.modes import (
    FAULT_RECOVERY,
    WRITING,
    Fault,
    Mode,
    ModeEvents,
    ModeState,
    Recovery,
    initial_state,
    next_mode,
)

TRANSIENT = [f for f, rule in FAULT_RECOVERY.items() if rule.recovery is Recovery.HOLD_OFF]

BY_PERSON = [f for f, rule in FAULT_RECOVERY.items() if rule.recovery is Recovery.PERSON]

# REPEATED_TRIPS is the machine's own conclusion; nobody raises it from outside.
FROM_OUTSIDE = [f for f in Fault if f is not Fault.REPEATED_TRIPS]


def test_every_fault_has_its_rule() -> None:
    assert set(FAULT_RECOVERY) == set(Fault)
    assert {rule.mode for rule in FAULT_RECOVERY.values()} <= {Mode.RULES, Mode.HOLD, Mode.LOCAL}
    assert all(rule.meaning for rule in FAULT_RECOVERY.values())
    needs_a_person = {
        Fault.RULES_FAILED,
        Fault.COMPETING_WRITER,
        Fault.WORKER_DEAD,
        Fault.BUNDLE,
        Fault.REPEATED_TRIPS,
    }
    assert set(BY_PERSON) == needs_a_person
    assert set(TRANSIENT) == set(Fault) - needs_a_person - {Fault.NO_DECISION}


def test_names_are_those_that_logs_pages_and_requests_use() -> None:
    assert [str(mode) for mode in Mode] == ["OFF", "SHADOW", "RULES", "POLICY", "HOLD", "LOCAL"]
    assert [str(fault) for fault in Fault] == [
        "PLANT_LINK", "READ_BACK", "RULES_FAILED", "COMPETING_WRITER", "CRITICAL_INPUT",
        "FORECAST", "POLICY_LATE", "POLICY_OUTPUT", "POLICY_SWINGS", "PREDICTION",
        "OUT_OF_DISTRIBUTION", "NO_DECISION", "WORKER_DEAD", "BUNDLE", "WRITE_REJECTED",
        "TICK_OVERRUN", "AUDIT", "REPEATED_TRIPS",
    ]  # fmt: skip


def test_a_state_that_nobody_has_set_is_off_and_clean() -> None:
    state = ModeState()
    assert (state.actual, state.target, state.since_s) == (Mode.OFF, Mode.OFF, 0.0)
    assert (state.changed, state.reason, state.refusal) == (False, "", "")
    assert state.policy_from_s == -math.inf


def test_it_starts_off_and_writes_nothing() -> None:
    state = initial_state(7.0)
    assert (state.actual, state.target, state.since_s) == (Mode.OFF, Mode.OFF, 7.0)
    assert not state.may_write
    for tick in range(1000):
        state = next_mode(state, QUIET, 8.0 + tick, SETTINGS)
    assert state.actual is Mode.OFF


@pytest.mark.parametrize(
    ("previous", "mode"),
    [
        (Mode.OFF, Mode.OFF),
        (Mode.SHADOW, Mode.SHADOW),
        (Mode.RULES, Mode.SHADOW),
        (Mode.POLICY, Mode.SHADOW),
        (Mode.LOCAL, Mode.SHADOW),
    ],
)
def test_a_restart_never_writes(previous: Mode, mode: Mode) -> None:
    state = initial_state(0.0, previous)
    assert (state.actual, state.target) == (mode, mode)
    assert not run(state, [QUIET] * 1000, start_s=0.0).may_write


@pytest.mark.parametrize(
    ("wanted", "actual"),
    [
        (Mode.OFF, Mode.OFF),
        (Mode.SHADOW, Mode.SHADOW),
        (Mode.RULES, Mode.RULES),
        (Mode.POLICY, Mode.POLICY),
        (Mode.LOCAL, Mode.LOCAL),
    ],
)
@pytest.mark.parametrize("before", [Mode.OFF, Mode.SHADOW, Mode.RULES, Mode.POLICY, Mode.LOCAL])
def test_requests(before: Mode, wanted: Mode, actual: Mode) -> None:
    state = next_mode(initial_state(0.0), ask(before), 1.0, SETTINGS)
    state = next_mode(state, ask(wanted), 2.0, SETTINGS)
    assert (state.actual, state.target) == (actual, wanted)
    assert (state.reason, state.refusal) == ("", "")
    assert state.changed is (before is not actual)
    assert state.since_s == (2.0 if state.changed else (1.0 if before is not Mode.OFF else 0.0))
    assert state.may_write is (actual in WRITING)


def test_hold_cannot_be_asked_for() -> None:
    state = next_mode(in_policy(), ask(Mode.HOLD), 1.0, SETTINGS)
    assert (state.actual, state.target) == (Mode.POLICY, Mode.POLICY)
    assert "HOLD" in state.refusal
    assert next_mode(state, QUIET, 2.0, SETTINGS).refusal == ""


@pytest.mark.parametrize("fault", FROM_OUTSIDE)
def test_a_fault_leaves_the_policy_within_the_tick(fault: Fault) -> None:
    state = next_mode(in_policy(), faults(fault), 1.0, SETTINGS)
    assert state.actual is FAULT_RECOVERY[fault].mode
    assert state.target is Mode.POLICY
    assert state.changed
    assert state.raised == (fault,)
    assert fault.value in state.reason


@pytest.mark.parametrize("fault", FROM_OUTSIDE)
def test_rules_go_on_unless_the_path_is_broken_or_someone_else_writes(fault: Fault) -> None:
    state = next_mode(initial_state(0.0), ask(Mode.RULES), 0.0, SETTINGS)
    state = next_mode(state, faults(fault), 1.0, SETTINGS)
    expected = {
        Fault.PLANT_LINK: Mode.HOLD,
        Fault.READ_BACK: Mode.HOLD,
        Fault.RULES_FAILED: Mode.HOLD,
        Fault.COMPETING_WRITER: Mode.LOCAL,
    }
    assert state.actual is expected.get(fault, Mode.RULES)
    assert state.reason == (str(fault) if fault in expected else "")


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.SHADOW, Mode.LOCAL])
@pytest.mark.parametrize("fault", FROM_OUTSIDE)
def test_faults_do_not_move_a_target_that_does_not_write(mode: Mode, fault: Fault) -> None:
    state = next_mode(initial_state(0.0), ask(mode), 0.0, SETTINGS)
    state = next_mode(state, faults(fault), 1.0, SETTINGS)
    assert state.actual is mode
    assert state.raised == (fault,)
    assert not state.latched


@pytest.mark.parametrize("fault", [f for f in TRANSIENT if FAULT_RECOVERY[f].mode is Mode.RULES])
def test_the_policy_comes_back_after_five_clean_minutes(fault: Fault) -> None:
    state = next_mode(in_policy(), faults(fault), 10.0, SETTINGS)
    state = next_mode(state, QUIET, 11.0, SETTINGS)
    assert (state.actual, state.cleared) == (Mode.RULES, (fault,))
    assert state.reason == "hold-off, 299 s left"
    state = next_mode(state, QUIET, 10.0 + HOLD_OFF_S - 0.001, SETTINGS)
    assert state.actual is Mode.RULES
    state = next_mode(state, QUIET, 10.0 + HOLD_OFF_S, SETTINGS)
    assert (state.actual, state.reason) == (Mode.POLICY, "")


def test_a_policy_that_has_not_decided_yet_takes_over_when_it_has() -> None:
    state = next_mode(
        initial_state(0.0),
        ModeEvents(request=Mode.POLICY, faults=frozenset({Fault.NO_DECISION})),
        0.0,
        SETTINGS,
    )
    assert (state.actual, state.reason) == (Mode.RULES, "NO_DECISION")
    state = next_mode(state, QUIET, 1.0, SETTINGS)
    assert (state.actual, state.trips_s) == (Mode.POLICY, ())
    for tick in range(20):
        state = next_mode(state, faults(Fault.NO_DECISION), 2.0 + 2 * tick, SETTINGS)
        assert state.actual is Mode.RULES
        state = next_mode(state, QUIET, 3.0 + 2 * tick, SETTINGS)
        assert (state.actual, state.latched) == (Mode.POLICY, frozenset())
    # it does not end another fault's hold-off
    state = next_mode(state, faults(Fault.NO_DECISION, Fault.POLICY_LATE), 100.0, SETTINGS)
    state = next_mode(state, faults(Fault.NO_DECISION), 101.0, SETTINGS)
    assert next_mode(state, QUIET, 399.9, SETTINGS).actual is Mode.RULES
    assert next_mode(state, QUIET, 400.0, SETTINGS).actual is Mode.POLICY


def test_every_further_fault_begins_the_hold_off_anew() -> None:
    state = next_mode(in_policy(), faults(Fault.POLICY_LATE), 0.0, SETTINGS)
    state = next_mode(state, QUIET, 200.0, SETTINGS)
    state = next_mode(state, faults(Fault.FORECAST), 299.0, SETTINGS)
    assert next_mode(state, QUIET, 301.0, SETTINGS).actual is Mode.RULES
    state = next_mode(state, QUIET, 598.9, SETTINGS)
    assert state.actual is Mode.RULES
    assert next_mode(state, QUIET, 599.0, SETTINGS).actual is Mode.POLICY


def test_a_lost_link_holds_and_goes_by_rules_at_once_when_it_is_back() -> None:
    state = next_mode(in_policy(), faults(Fault.PLANT_LINK), 1.0, SETTINGS)
    assert (state.actual, state.may_write) == (Mode.HOLD, False)
    state = next_mode(state, faults(Fault.READ_BACK), 100.0, SETTINGS)  # not yet bumpless
    assert state.actual is Mode.HOLD
    assert (state.raised, state.cleared) == ((Fault.READ_BACK,), (Fault.PLANT_LINK,))
    state = next_mode(state, QUIET, 101.0, SETTINGS)
    assert state.actual is Mode.RULES
    assert next_mode(state, QUIET, 399.9, SETTINGS).actual is Mode.RULES
    state = next_mode(state, QUIET, 400.0, SETTINGS)
    assert (state.actual, state.trips_s) == (Mode.POLICY, ())


@pytest.mark.parametrize("fault", [f for f in BY_PERSON if f is not Fault.REPEATED_TRIPS])
def test_some_faults_wait_for_a_person(fault: Fault) -> None:
    mode = FAULT_RECOVERY[fault].mode
    state = next_mode(in_policy(), faults(fault), 0.0, SETTINGS)
    state = run(state, [QUIET] * 100, start_s=1.0, tick_s=60.0)
    assert (state.actual, state.latched, state.cleared) == (mode, frozenset({fault}), ())
    state = next_mode(state, ModeEvents(rearm=True), 6001.0, SETTINGS)
    assert (state.actual, state.latched, state.cleared) == (Mode.POLICY, frozenset(), (fault,))


def test_a_person_cannot_acknowledge_what_is_not_over() -> None:
    dead = frozenset({Fault.WORKER_DEAD})
    state = next_mode(in_policy(), ModeEvents(faults=dead), 0.0, SETTINGS)
    state = next_mode(state, ModeEvents(faults=dead, rearm=True), 1.0, SETTINGS)
    assert (state.actual, state.latched) == (Mode.RULES, dead)
    state = next_mode(state, QUIET, 1000.0, SETTINGS)
    assert state.actual is Mode.RULES
    assert next_mode(state, ModeEvents(rearm=True), 1001.0, SETTINGS).actual is Mode.POLICY


def test_a_re_arm_ends_the_hold_off_too() -> None:
    state = next_mode(in_policy(), faults(Fault.POLICY_LATE), 0.0, SETTINGS)
    state = next_mode(state, QUIET, 1.0, SETTINGS)
    assert next_mode(state, ModeEvents(rearm=True), 2.0, SETTINGS).actual is Mode.POLICY


def test_asking_again_for_the_same_is_no_re_arm() -> None:
    """A client that repeats its request must not talk a fault away."""
    state = next_mode(in_policy(), faults(Fault.WORKER_DEAD), 0.0, SETTINGS)
    state = run(state, [ask(Mode.POLICY)] * 1000, start_s=1.0)
    assert state.actual is Mode.RULES


@pytest.mark.parametrize("between", [Mode.OFF, Mode.SHADOW, Mode.RULES, Mode.LOCAL])
def test_arming_anew_is_a_re_arm(between: Mode) -> None:
    state = next_mode(in_policy(), faults(Fault.WORKER_DEAD), 0.0, SETTINGS)
    state = next_mode(state, ask(between), 1.0, SETTINGS)
    assert (state.actual, state.target) == (between, between), "no hold-off, it is no policy"
    # Permission to write takes a fault back; who only looks has not said that he saw it.
    seen = between is Mode.RULES
    assert state.latched == (frozenset() if seen else {Fault.WORKER_DEAD})
    assert state.cleared == ((Fault.WORKER_DEAD,) if seen else ())
    assert next_mode(state, ask(Mode.POLICY), 2.0, SETTINGS).actual is Mode.POLICY


def test_a_fault_while_arming_counts() -> None:
    state = next_mode(
        initial_state(0.0),
        ModeEvents(request=Mode.POLICY, faults=frozenset({Fault.FORECAST})),
        0.0,
        SETTINGS,
    )
    assert (state.actual, state.target) == (Mode.RULES, Mode.POLICY)
    assert next_mode(state, QUIET, 299.0, SETTINGS).actual is Mode.RULES


def test_a_fault_before_arming_does_not() -> None:
    state = next_mode(initial_state(0.0), ask(Mode.SHADOW), 0.0, SETTINGS)
    state = next_mode(state, faults(Fault.WORKER_DEAD, Fault.CRITICAL_INPUT), 1.0, SETTINGS)
    assert next_mode(state, ask(Mode.POLICY), 2.0, SETTINGS).actual is Mode.POLICY


@pytest.mark.parametrize("target", [Mode.OFF, Mode.SHADOW, Mode.RULES, Mode.POLICY, Mode.LOCAL])
@pytest.mark.parametrize("fault", [None, *FROM_OUTSIDE])
@pytest.mark.parametrize("enable", [True, False])
def test_the_operator_beats_everything(target: Mode, fault: Fault | None, enable: bool) -> None:
    state = next_mode(initial_state(0.0), ask(target), 0.0, SETTINGS)
    present = frozenset() if fault is None else frozenset({fault})
    events = ModeEvents(faults=present, override=True, enable=enable, rearm=True)
    state = next_mode(state, events, 1.0, SETTINGS)
    assert (state.actual, state.target, state.may_write) == (Mode.LOCAL, target, False)


def test_after_an_override_the_rules_go_first() -> None:
    state = next_mode(in_policy(), ModeEvents(override=True), 1.0, SETTINGS)
    state = run(state, [ModeEvents(override=True)] * 10, start_s=2.0)
    assert "overrides" in state.reason
    state = next_mode(state, QUIET, 12.0, SETTINGS)
    assert state.actual is Mode.RULES
    assert next_mode(state, QUIET, 11.0 + HOLD_OFF_S, SETTINGS).actual is Mode.POLICY
    assert next_mode(state, ModeEvents(rearm=True), 13.0, SETTINGS).actual is Mode.POLICY


@pytest.mark.parametrize("target", [Mode.RULES, Mode.POLICY])
def test_without_enable_it_only_watches(target: Mode) -> None:
    state = next_mode(initial_state(0.0), ask(target), 0.0, SETTINGS)
    state = next_mode(state, ModeEvents(enable=False), 1.0, SETTINGS)
    assert (state.actual, state.may_write) == (Mode.SHADOW, False)
    assert "enable" in state.reason
    assert next_mode(state, QUIET, 2.0, SETTINGS).actual is Mode.RULES


@pytest.mark.parametrize(
    ("present", "enable", "mode", "reason"),
    [
        ({Fault.COMPETING_WRITER, Fault.PLANT_LINK}, True, Mode.LOCAL, "COMPETING_WRITER"),
        ({Fault.COMPETING_WRITER}, False, Mode.LOCAL, "COMPETING_WRITER"),
        ({Fault.PLANT_LINK}, False, Mode.SHADOW, "the plant does not enable external set-points"),
        ({Fault.PLANT_LINK, Fault.POLICY_LATE}, True, Mode.HOLD, "PLANT_LINK"),
        ({Fault.AUDIT, Fault.POLICY_LATE}, True, Mode.RULES, "POLICY_LATE, AUDIT"),
    ],
)
def test_several_at_once(present: set[Fault], enable: bool, mode: Mode, reason: str) -> None:
    events = ModeEvents(faults=frozenset(present), enable=enable)
    state = next_mode(in_policy(), events, 1.0, SETTINGS)
    assert (state.actual, state.reason) == (mode, reason)


def test_edges_are_logged_once_and_in_order() -> None:
    both = faults(Fault.WORKER_DEAD, Fault.FORECAST)
    state = next_mode(in_policy(), both, 1.0, SETTINGS)
    assert state.raised == (Fault.FORECAST, Fault.WORKER_DEAD)
    state = next_mode(state, both, 2.0, SETTINGS)
    assert (state.raised, state.cleared, state.changed) == ((), (), False)
    state = next_mode(state, QUIET, 3.0, SETTINGS)
    assert state.cleared == (Fault.FORECAST,)  # the other one waits for a person
    state = next_mode(state, both, 4.0, SETTINGS)
    assert state.raised == (Fault.FORECAST,)


def test_a_clock_set_back_does_not_keep_the_policy_out() -> None:
    state = next_mode(in_policy(10_000.0), faults(Fault.POLICY_LATE), 10_000.0, SETTINGS)
    state = next_mode(state, QUIET, 100.0, SETTINGS)
    assert state.actual is Mode.RULES
    assert next_mode(state, QUIET, 100.0 + HOLD_OFF_S, SETTINGS).actual is Mode.POLICY


def test_it_is_a_pure_function() -> None:
    state = in_policy()
    events = faults(Fault.POLICY_LATE)
    kept = dataclasses.replace(state)
    first = next_mode(state, events, 1.0, SETTINGS)
    assert first == next_mode(state, events, 1.0, SETTINGS)
    assert state == kept
