"""How often the policy may be left before it waits for a person."""

import math

from tests.deploy.mode_steps import HOLD_OFF_S, QUIET, SETTINGS, faults, in_policy, run

from heatrouter.deploy.modes import (
    Fault,
    Mode,
    ModeEvents,
    ModeSettings,
    ModeState,
    next_mode,
)


def trip(state: ModeState, at_s: float, settings: ModeSettings = SETTINGS) -> ModeState:
    """Leave the policy for a passing fault, and come back to it if that is possible."""
    state = next_mode(state, faults(Fault.POLICY_LATE), at_s, settings)
    return next_mode(state, QUIET, at_s + HOLD_OFF_S, settings)


def test_three_trips_in_an_hour_lock_the_policy_out() -> None:
    state = in_policy(100_000.0)
    for at_s in (100_000.0, 100_600.0):
        state = trip(state, at_s)
        assert state.actual is Mode.POLICY
    state = next_mode(state, faults(Fault.POLICY_LATE), 101_200.0, SETTINGS)
    assert state.raised == (Fault.POLICY_LATE, Fault.REPEATED_TRIPS)
    state = run(state, [QUIET] * 100, start_s=101_201.0, tick_s=60.0)
    assert (state.actual, state.reason) == (Mode.RULES, "REPEATED_TRIPS")
    state = next_mode(state, ModeEvents(rearm=True), 108_000.0, SETTINGS)
    assert (state.actual, state.trips_s) == (Mode.POLICY, ())
    assert trip(state, 108_001.0).actual is Mode.POLICY


def test_a_re_arm_forgets_the_trips_before_it() -> None:
    state = in_policy()
    for at_s in (0.0, 400.0):
        state = trip(state, at_s)
    state = next_mode(state, ModeEvents(rearm=True), 800.0, SETTINGS)
    for at_s in (900.0, 1300.0):
        state = trip(state, at_s)
        assert state.actual is Mode.POLICY, "the first two of three"


def test_trips_are_forgotten_after_an_hour() -> None:
    state = in_policy()
    for at_s in (0.0, 1800.0, 3600.0, 5400.0, 7200.0):
        state = trip(state, at_s)
        assert state.actual is Mode.POLICY, at_s


def test_leaving_for_another_cause_is_no_trip() -> None:
    state = in_policy()
    for at_s in (0.0, 400.0, 800.0, 1200.0):
        for cause in (ModeEvents(override=True), faults(Fault.PLANT_LINK)):
            state = next_mode(state, cause, at_s, SETTINGS)
        state = next_mode(state, QUIET, at_s + HOLD_OFF_S, SETTINGS)
        assert state.actual is Mode.POLICY
    # asked for rules in the very tick of a fault
    both = ModeEvents(request=Mode.RULES, faults=frozenset({Fault.POLICY_LATE}))
    state = next_mode(state, both, 2000.0, SETTINGS)
    assert state.trips_s == ()
    assert state.policy_from_s == -math.inf, "nothing comes back that nobody asks for"


def test_settings() -> None:
    settings = ModeSettings(hold_off_s=10.0, lockout_trips=1, lockout_window_s=60.0)
    state = next_mode(in_policy(), faults(Fault.POLICY_LATE), 0.0, settings)
    assert Fault.REPEATED_TRIPS in state.latched
    patient = ModeSettings(hold_off_s=10.0)
    state = next_mode(in_policy(), faults(Fault.POLICY_LATE), 0.0, patient)
    assert next_mode(state, QUIET, 10.0, patient).actual is Mode.POLICY
