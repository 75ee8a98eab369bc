"""The check: from what a controller proposes to what the plant may be given.

The order is the order of authority, weakest first, so that what comes later may overrule what came
before: refusal, range, minimum load, dwell, dead-band, interlocks, rates, immediate interlocks,
range again. Every step is a handful of array operations; the environments do not see each other,
so a batch of N equals N single checks bit for bit.
"""

from typing import Final, NamedTuple

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.errors import HeatrouterError
from heatrouter.envs.guard.limit_rows import LimitRows, limit_rows
from heatrouter.envs.guard.limits import GuardLimits
from heatrouter.envs.guard.memory import GuardMemory, believable_s
from heatrouter.envs.guard.verdict import Prediction, Reading, Reason, ReasonArray, Verdict

# Typed once: making a NumPy scalar of an enum member takes longer than the arithmetic with it.
_RANGE: Final = np.uint16(Reason.RANGE)
_RATE: Final = np.uint16(Reason.RATE)
_DEADBAND: Final = np.uint16(Reason.DEADBAND)
_DWELL: Final = np.uint16(Reason.DWELL)
_MIN_LOAD: Final = np.uint16(Reason.MIN_LOAD)
_INTERLOCK: Final = np.uint16(Reason.INTERLOCK)
_NOT_FINITE: Final = np.uint16(Reason.NOT_FINITE)
_CLOCK: Final = np.uint16(Reason.CLOCK)
_PREDICTION_MISSING: Final = np.uint16(Reason.PREDICTION_MISSING)
_PREDICTION_LATE: Final = np.uint16(Reason.PREDICTION_LATE)
_PREDICTION_LIMIT: Final = np.uint16(Reason.PREDICTION_LIMIT)


def check(
    limits: GuardLimits,
    memory: GuardMemory,
    reading: Reading,
    proposal: FloatArray,
    prediction: Prediction | None,
) -> tuple[FloatArray, Verdict, GuardMemory]:
    """Return the set-points that may be executed, what was changed and why, and the new memory.

    A refused proposal (prediction absent, late or beyond a hard limit) and a value that is no
    number are replaced by what was executed last, and are not remembered. Nothing is shared with
    the caller, so a service may check the rules' proposal with the same memory after the policy's
    was refused, and drop the first answer.

    Args:
        limits: The limits.
        memory: What the last check returned, or :func:`~heatrouter.envs.guard.initial_memory`.
        reading: Time and readings of all environments.
        proposal: Wanted set-points in physical units, shape ``(num_envs, n_set_points)``.
        prediction: What is expected of the hard-limited channels. ``None`` where the proposal
            needs none (rules); where one is due but absent, :meth:`Prediction.missing`.

    Returns:
        Set-points of shape ``(num_envs, n_set_points)`` (a fresh array, never NaN, never outside
        low..high), verdict, memory.

    Raises:
        HeatrouterError: If the proposal's shape is not that of the memory.
    """
    last, on = memory.set_points, memory.on
    if proposal.shape != last.shape:
        message = f"proposal has shape {proposal.shape}, the guard's memory {last.shape}"
        raise HeatrouterError(message)
    rows = limit_rows(limits, last.shape[0])
    low, high, least = rows.low, rows.high, rows.least_on
    reasons: ReasonArray = np.zeros(last.shape, dtype=np.uint16)
    passed_s = reading.time_s - memory.time_s
    step_s = believable_s(limits, passed_s)
    odd = step_s != passed_s
    some_odd = np.count_nonzero(odd)
    if some_odd:
        _flag(reasons, odd[:, np.newaxis], _CLOCK)
    elapsed = np.empty(last.shape)
    elapsed[:] = step_s[:, np.newaxis]
    held = memory.held_s + elapsed

    finite = np.isfinite(proposal)
    all_finite = np.count_nonzero(finite) == finite.size
    usable = finite
    accepted: BoolArray = np.empty(last.shape[0], dtype=np.bool_)
    accepted.fill(True)
    if not all_finite:
        accepted = np.logical_and.reduce(finite, axis=1)
        _flag(reasons, ~finite, _NOT_FINITE)
    if prediction is not None:
        passed = _passed(limits, reading, prediction, reasons)
        accepted &= passed
        usable = finite & passed[:, np.newaxis]
    wanted = proposal
    if prediction is not None or not all_finite:
        wanted = np.where(usable, proposal, last)
    inside = np.minimum(np.maximum(wanted, low), high)
    _flag(reasons, np.abs(inside - wanted) > rows.tolerance, _RANGE)

    # From here a set-point is a position in its running range, and whether it runs.
    threshold, dwell_s = np.where(on, rows.running, rows.standing)
    wants_on = inside >= threshold
    early = (wants_on != on) & (held < dwell_s)
    run = wants_on ^ early
    _flag(reasons, early, _DWELL)
    target = np.maximum(inside, least)
    snapped = np.where(wants_on, target, low)
    _flag(reasons, np.abs(snapped - inside) > rows.tolerance, _MIN_LOAD)
    position = np.maximum(last, least)
    move = np.abs(target - position)
    near = (move < rows.dead_band) & (move > 0.0) & run & on
    if np.count_nonzero(near):
        _flag(reasons, near, _DEADBAND)
        target = np.where(near, position, target)

    bounds, tripped = _interlocks(limits, rows, memory, reading)
    if bounds is not None:
        target, run, forced = _force(limits, target, run, bounds.floor, bounds.cap)
        _flag(reasons, forced, _INTERLOCK)

    target = np.where(run, target, least)
    slowest = position - rows.rate_down_per_s * elapsed
    fastest = position + rows.rate_up_per_s * elapsed
    reached = np.minimum(np.maximum(target, slowest), fastest)
    # A unit stops from its least load only, and nothing switches while time stands still.
    runs = np.where(elapsed > 0.0, run | (reached > least), on)
    _flag(reasons, (reached != target) | (runs != run), _RATE)
    if bounds is not None and limits.any_immediate:
        reached, runs, forced = _force(
            limits, reached, runs, bounds.immediate_floor, bounds.immediate_cap
        )
        _flag(reasons, forced, _INTERLOCK)

    value = np.where(runs, reached, low)
    # The bounds once more: they are what the guard promises, whatever the steps above do.
    value = np.minimum(np.maximum(value, low), high)

    time_s = np.array(reading.time_s, dtype=np.float64)
    if some_odd:
        time_s = np.where(np.isfinite(time_s), time_s, memory.time_s)
    held[runs != on] = 0.0
    after = GuardMemory(
        set_points=value.copy(), time_s=time_s, on=runs, held_s=held, tripped=tripped
    )
    clipped = value - proposal
    if not all_finite:
        clipped = np.where(finite, clipped, 0.0)
    return value, Verdict(reasons, accepted, clipped), after


class _Bounds(NamedTuple):
    """What tripped interlocks leave, each of shape ``(num_envs, n_set_points)``."""

    floor: FloatArray
    cap: FloatArray
    immediate_floor: FloatArray
    immediate_cap: FloatArray


def _flag(reasons: ReasonArray, mask: BoolArray, bit: np.uint16) -> None:
    """Set a bit where the mask is; most masks are empty, and counting costs a quarter of it."""
    if np.count_nonzero(mask):
        reasons |= mask * bit


def _passed(
    limits: GuardLimits, reading: Reading, prediction: Prediction, reasons: ReasonArray
) -> BoolArray:
    """Whether each environment's prediction lets its proposal through; marks why it does not."""
    lowest, highest = prediction.lowest, prediction.highest
    # False where one of them is no number; an infinite one breaks a limit below.
    present = prediction.valid & np.logical_and.reduce(lowest <= highest, axis=1)
    # Reading and prediction of one tick may be stamped in either order, hence the absolute value.
    age = reading.time_s - prediction.issued_s
    timely = np.abs(age) <= limits.prediction_max_age_s
    timely &= prediction.horizon_s - age >= limits.prediction_min_horizon_s
    beyond = (lowest < limits.predicted_low) | (highest > limits.predicted_high)
    breaks = np.logical_or.reduce(beyond, axis=1)
    passed: BoolArray = present & timely & ~breaks
    if not passed.all():
        _flag(reasons, ~present[:, np.newaxis], _PREDICTION_MISSING)
        _flag(reasons, (present & ~timely)[:, np.newaxis], _PREDICTION_LATE)
        _flag(reasons, breaks[:, np.newaxis], _PREDICTION_LIMIT)
    return passed


def _interlocks(
    limits: GuardLimits, rows: LimitRows, memory: GuardMemory, reading: Reading
) -> tuple[_Bounds | None, BoolArray]:
    """Bounds from the interlocks in force, ``None`` where none is, and which those are."""
    if not limits.n_interlocks:
        return None, memory.tripped
    channel = limits.interlock_channel
    value = reading.values.take(channel, axis=1) * rows.interlock_sign
    known = reading.valid.take(channel, axis=1) & np.isfinite(value)
    beyond = value > np.where(memory.tripped, rows.interlock_release, rows.interlock_trip)
    # An interlock whose sensor fails stays as it was, unless that alone has to trip it.
    tripped = np.where(known, beyond, limits.interlock_on_invalid | memory.tripped)
    if not np.count_nonzero(tripped):
        return None, tripped
    active = tripped[:, :, np.newaxis]
    floor = np.maximum.reduce(np.where(active, limits.interlock_floor, limits.low), axis=1)
    cap = np.minimum.reduce(np.where(active, limits.interlock_cap, limits.high), axis=1)
    if not limits.any_immediate:
        return _Bounds(floor, cap, floor, cap), tripped
    at_once = np.where(active, limits.immediate_floor, limits.low)
    at_most = np.where(active, limits.immediate_cap, limits.high)
    bounds = _Bounds(
        floor, cap, np.maximum.reduce(at_once, axis=1), np.minimum.reduce(at_most, axis=1)
    )
    return bounds, tripped


def _force(
    limits: GuardLimits, position: FloatArray, run: BoolArray, floor: FloatArray, cap: FloatArray
) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Position and running state inside floor and cap, and where that changed them."""
    value = np.where(run, position, limits.low)
    forced = np.minimum(np.maximum(value, floor), cap)
    changed = forced != value
    return (
        np.where(changed, np.maximum(forced, limits.least_on), position),
        np.where(changed, forced >= limits.start_from, run),
        changed,
    )
