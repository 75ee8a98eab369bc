"""Who controls the plant: six modes, and one pure function that moves between them.

    OFF     out of service: nothing is computed for the plant, nothing is written
    SHADOW  everything runs, nothing is written
    RULES   the rules' set-points are written
    POLICY  the policy's set-points are written, the rules stay warm
    HOLD    the path to the plant is broken: nothing can be written, the heartbeat rests
    LOCAL   the plant's operator has control: nothing is written, nobody is fought

The *target* is what a person asked for, the *actual* mode is what faults, the plant's override and
its enable leave of that. Times are monotonic seconds.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple


class Mode(StrEnum):
    """What the service is doing."""

    OFF = "OFF"
    SHADOW = "SHADOW"
    RULES = "RULES"
    POLICY = "POLICY"
    HOLD = "HOLD"
    LOCAL = "LOCAL"


WRITING: Final = frozenset({Mode.RULES, Mode.POLICY})
"""Modes in which set-points and the heartbeat are written."""

ARMED: Final = WRITING
"""Targets by which a person permits writing."""

REQUESTABLE: Final = frozenset(Mode) - {Mode.HOLD}
"""Targets that a person may ask for; HOLD is a consequence, never a wish."""


class Recovery(StrEnum):
    """What ends the consequences of a fault."""

    AT_ONCE = "at once"
    HOLD_OFF = "after a clean hold-off"
    PERSON = "by a person's re-arm"


class Fault(StrEnum):
    """What can go wrong, by the names of the log."""

    PLANT_LINK = "PLANT_LINK"
    READ_BACK = "READ_BACK"
    RULES_FAILED = "RULES_FAILED"
    COMPETING_WRITER = "COMPETING_WRITER"
    CRITICAL_INPUT = "CRITICAL_INPUT"
    FORECAST = "FORECAST"
    POLICY_LATE = "POLICY_LATE"
    POLICY_OUTPUT = "POLICY_OUTPUT"
    POLICY_SWINGS = "POLICY_SWINGS"
    PREDICTION = "PREDICTION"
    OUT_OF_DISTRIBUTION = "OUT_OF_DISTRIBUTION"
    NO_DECISION = "NO_DECISION"
    WORKER_DEAD = "WORKER_DEAD"
    BUNDLE = "BUNDLE"
    WRITE_REJECTED = "WRITE_REJECTED"
    TICK_OVERRUN = "TICK_OVERRUN"
    AUDIT = "AUDIT"
    REPEATED_TRIPS = "REPEATED_TRIPS"


class FaultRule(NamedTuple):
    """What a fault leads to, and what ends that.

    Attributes:
        mode: Mode that an armed service goes to: RULES leaves the policy out, HOLD and LOCAL
            stop writing.
        recovery: What is needed, once the fault is gone, for the policy to come back.
        meaning: For the operator.
    """

    mode: Mode
    recovery: Recovery
    meaning: str


FAULT_RECOVERY: Final[dict[Fault, FaultRule]] = {
    Fault.PLANT_LINK: FaultRule(
        Mode.HOLD, Recovery.HOLD_OFF, "the plant does not answer; rules at once when it is back"
    ),
    Fault.READ_BACK: FaultRule(
        Mode.HOLD, Recovery.HOLD_OFF, "set-points in force are not known, so no bumpless start"
    ),
    Fault.RULES_FAILED: FaultRule(
        Mode.HOLD, Recovery.PERSON, "the rules cannot be computed; the plant falls back by itself"
    ),
    Fault.COMPETING_WRITER: FaultRule(
        Mode.LOCAL, Recovery.PERSON, "somebody else writes our set-points; we yield"
    ),
    Fault.CRITICAL_INPUT: FaultRule(
        Mode.RULES, Recovery.HOLD_OFF, "a critical tag has been invalid for too many ticks"
    ),
    Fault.FORECAST: FaultRule(
        Mode.RULES, Recovery.HOLD_OFF, "a forecast is missing or older than allowed"
    ),
    Fault.POLICY_LATE: FaultRule(Mode.RULES, Recovery.HOLD_OFF, "the policy missed its deadline"),
    Fault.POLICY_OUTPUT: FaultRule(
        Mode.RULES, Recovery.HOLD_OFF, "the policy answers no numbers, or beyond its range"
    ),
    Fault.POLICY_SWINGS: FaultRule(
        Mode.RULES, Recovery.HOLD_OFF, "the policy swings from one end of its range to the other"
    ),
    Fault.PREDICTION: FaultRule(
        Mode.RULES, Recovery.HOLD_OFF, "the look-ahead is late, missing, or breaks a hard limit"
    ),
    Fault.OUT_OF_DISTRIBUTION: FaultRule(
        Mode.RULES, Recovery.HOLD_OFF, "the plant is in a state that the policy has not learned"
    ),
    Fault.NO_DECISION: FaultRule(
        Mode.RULES, Recovery.AT_ONCE, "the policy was just armed and has not decided yet"
    ),
    Fault.WORKER_DEAD: FaultRule(Mode.RULES, Recovery.PERSON, "the policy's process hung or ended"),
    Fault.BUNDLE: FaultRule(Mode.RULES, Recovery.PERSON, "there is no bundle that may run"),
    Fault.WRITE_REJECTED: FaultRule(
        Mode.RULES, Recovery.HOLD_OFF, "the plant refused a set-point twice"
    ),
    Fault.TICK_OVERRUN: FaultRule(
        Mode.RULES, Recovery.HOLD_OFF, "ticks take longer than their period"
    ),
    Fault.AUDIT: FaultRule(
        Mode.RULES, Recovery.HOLD_OFF, "the audit log cannot be written; no policy without it"
    ),
    Fault.REPEATED_TRIPS: FaultRule(
        Mode.RULES, Recovery.PERSON, "the policy was left too often in a short time"
    ),
}
"""Each fault's consequence and recovery. REPEATED_TRIPS is raised here, all others outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeSettings:
    """Times and counts of the mode machine.

    Attributes:
        hold_off_s: How long it has to stay clean before the policy comes back by itself.
        lockout_trips: So many trips from POLICY within ``lockout_window_s`` need a person.
        lockout_window_s: Window of the above.
    """

    hold_off_s: float = 300.0
    lockout_trips: int = 3
    lockout_window_s: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeEvents:
    """What happened since the last tick.

    Attributes:
        faults: Faults that are present now.
        request: Target that a person asked for in this tick.
        rearm: Whether a person acknowledged what is over, in this tick.
        override: The plant's operator has taken control.
        enable: The plant permits external set-points.
    """

    faults: frozenset[Fault] = frozenset()
    request: Mode | None = None
    rearm: bool = False
    override: bool = False
    enable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeState:
    """Where the mode machine stands.

    Attributes:
        actual: What the service does.
        target: What a person asked for.
        since_s: When ``actual`` began.
        changed: Whether ``actual`` changed in this tick.
        reason: Why ``actual`` is not ``target``; empty where it is.
        faults: Faults present now.
        latched: Faults that wait for a person, present or not.
        raised: Faults that began in this tick, for the log.
        cleared: Faults that ended in this tick, for the log.
        policy_from_s: Earliest time at which the policy may come back by itself.
        trips_s: When the policy was left for a fault, within the lockout window.
        refusal: Why the request of this tick was not taken; empty otherwise.
    """

    actual: Mode = Mode.OFF
    target: Mode = Mode.OFF
    since_s: float = 0.0
    changed: bool = False
    reason: str = ""
    faults: frozenset[Fault] = frozenset()
    latched: frozenset[Fault] = frozenset()
    raised: tuple[Fault, ...] = ()
    cleared: tuple[Fault, ...] = ()
    policy_from_s: float = -math.inf
    trips_s: tuple[float, ...] = field(default=())
    refusal: str = ""

    @property
    def may_write(self) -> bool:
        """Whether set-points and heartbeat may be written."""
        return self.actual in WRITING


def initial_state(now_s: float, previous_target: Mode = Mode.OFF) -> ModeState:
    """State of a service that starts.

    Args:
        now_s: Now.
        previous_target: Target before a restart. Whatever was not off comes up in SHADOW: a
            restart watches on, but does not write until a person arms it again.
    """
    mode = Mode.OFF if previous_target is Mode.OFF else Mode.SHADOW
    return ModeState(actual=mode, target=mode, since_s=now_s)


def next_mode(
    state: ModeState, events: ModeEvents, now_s: float, settings: ModeSettings
) -> ModeState:
    """The state after one tick, a pure function of its arguments.

    In order of authority: the plant's override; a target that does not write; a competing writer;
    the plant's enable; a broken path; what speaks against the policy. A fault of the policy leads
    to RULES in the same tick. The policy comes back by itself once nothing has spoken against it
    for ``hold_off_s``, or at once when a person re-arms or arms anew; faults that need a person
    wait for one of the two, and for being over. Faults that end at once leave no trace.

    Args:
        state: The state after the last tick.
        events: What happened since.
        now_s: Now, monotonic.
        settings: Times and counts.
    """
    target, refusal = _target(state, events)
    by_person = events.rearm or (target is not state.target and target in ARMED)
    present = events.faults
    latched = state.latched & present if by_person else state.latched
    trips = () if by_person else _recent(state.trips_s, now_s, settings)
    if target in ARMED:
        latched |= {f for f in present if FAULT_RECOVERY[f].recovery is Recovery.PERSON}

    against = present | latched
    lasting = frozenset(f for f in against if FAULT_RECOVERY[f].recovery is not Recovery.AT_ONCE)
    if state.actual is target is Mode.POLICY and _leads(lasting, Mode.RULES):
        trips = (*trips, now_s)
        if len(trips) >= settings.lockout_trips:
            latched |= {Fault.REPEATED_TRIPS}
            against = present | latched

    actual, reason = _without_hold_off(target, events, against)
    policy_from_s = -math.inf if by_person else state.policy_from_s
    # Never further ahead than one hold-off, should the clock have been set back.
    policy_from_s = min(policy_from_s, now_s + settings.hold_off_s)
    stopped = lasting or events.override or not events.enable
    if target is Mode.POLICY and stopped:
        policy_from_s = now_s + settings.hold_off_s
    elif target is Mode.POLICY and now_s < policy_from_s:
        actual = Mode.RULES
        reason = f"hold-off, {policy_from_s - now_s:.0f} s left"

    changed = actual is not state.actual
    return ModeState(
        actual=actual,
        target=target,
        since_s=now_s if changed else state.since_s,
        changed=changed,
        reason=reason,
        faults=present,
        latched=latched,
        raised=_in_order(against - state.faults - state.latched),
        cleared=_in_order((state.faults | state.latched) - against),
        policy_from_s=policy_from_s,
        trips_s=trips,
        refusal=refusal,
    )


def _target(state: ModeState, events: ModeEvents) -> tuple[Mode, str]:
    if events.request is None:
        return state.target, ""
    if events.request not in REQUESTABLE:
        return state.target, f"{events.request} cannot be asked for, it follows from a fault"
    return events.request, ""


def _recent(trips_s: tuple[float, ...], now_s: float, settings: ModeSettings) -> tuple[float, ...]:
    return tuple(trip for trip in trips_s if now_s - trip < settings.lockout_window_s)


def _leads(faults: frozenset[Fault], mode: Mode) -> bool:
    return any(FAULT_RECOVERY[fault].mode is mode for fault in faults)


def _without_hold_off(
    target: Mode, events: ModeEvents, against: frozenset[Fault]
) -> tuple[Mode, str]:
    """Actual mode, leaving the hold-off aside, and why it is not the target."""
    if events.override:
        return Mode.LOCAL, "the plant's operator overrides"
    if target not in ARMED:
        return target, ""
    if _leads(against, Mode.LOCAL):
        return Mode.LOCAL, _names(against, Mode.LOCAL)
    if not events.enable:
        return Mode.SHADOW, "the plant does not enable external set-points"
    if _leads(against, Mode.HOLD):
        return Mode.HOLD, _names(against, Mode.HOLD)
    if target is Mode.POLICY and _leads(against, Mode.RULES):
        return Mode.RULES, _names(against, Mode.RULES)
    return target, ""


def _names(faults: frozenset[Fault], mode: Mode) -> str:
    return ", ".join(f for f in _in_order(faults) if FAULT_RECOVERY[f].mode is mode)


def _in_order(faults: frozenset[Fault]) -> tuple[Fault, ...]:
    """Faults in the order of the table, so that logs and audit do not depend on hashing."""
    return tuple(fault for fault in Fault if fault in faults) if faults else ()
