"""What the guard promises for any proposal, at any time, in any state."""

from collections.abc import Callable

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.guard import (
    GuardLimits,
    GuardMemory,
    Prediction,
    Reading,
    Reason,
    Verdict,
    check,
    initial_memory,
)

WISHES = st.one_of(
    st.floats(width=64),  # NaN, infinite, subnormal, whatever there is
    st.floats(-0.1, 1.1),
    st.floats(64.0, 96.0),
    st.sampled_from([0.0, 0.149, 0.15, 0.2, 0.25, 0.3, 1.0, 65.0, 95.0]),
)
STEPS_S = st.one_of(
    st.sampled_from([0.0, 1.0, 1.0, 60.0, 900.0, -3600.0, 86_400.0, float("nan")]),
    st.floats(-10.0, 1000.0),
)
CHANNELS = st.one_of(
    st.sampled_from([101.0, 97.0, 80.0, 1.0, 1.75, 4.0]),
    st.floats(-1e3, 1e3),
    st.just(float("nan")),
)


@st.composite
def trajectories(draw: st.DrawFn) -> list[tuple[float, FloatArray, FloatArray, FloatArray]]:
    """Ticks of one plant: time step, proposal, readings, validity (as 0 or 1)."""
    ticks = draw(st.integers(1, 12))
    return [
        (
            draw(STEPS_S),
            draw(hnp.arrays(np.float64, (1, 5), elements=WISHES)),
            draw(hnp.arrays(np.float64, (1, 3), elements=CHANNELS)),
            draw(hnp.arrays(np.float64, (1, 3), elements=st.sampled_from([0.0, 1.0, 1.0]))),
        )
        for _ in range(ticks)
    ]


@settings(deadline=None, max_examples=300)
@given(ticks=trajectories(), held_s=st.sampled_from([0.0, np.inf]))
def test_the_plant_never_sees_a_violation(
    limits: GuardLimits,
    judge: type,
    ticks: list[tuple[float, FloatArray, FloatArray, FloatArray]],
    held_s: float,
) -> None:
    memory = initial_memory(limits, np.zeros(1), held_s=held_s)
    watching = judge(memory)
    for step_s, proposal, values, valid in ticks:
        reading = Reading(memory.time_s + step_s, values, valid > 0.5)
        executed, verdict, memory = check(limits, memory, reading, proposal, None)
        found = watching.violations(reading, executed)
        assert not any(found.values()), found
        _check_verdict(proposal, executed, verdict)
        assert all(np.isfinite(memory.set_points).ravel())


def _check_verdict(proposal: FloatArray, executed: FloatArray, verdict: Verdict) -> None:
    finite = np.isfinite(proposal)
    assert verdict.accepted.tolist() == finite.all(axis=1).tolist()
    with np.errstate(invalid="ignore"):
        expected = np.where(finite, executed - proposal, 0.0)
    np.testing.assert_array_equal(verdict.clipped, expected)
    # Whatever was changed by more than rounding has a reason.
    changed = (np.abs(verdict.clipped) > 1e-4) | ~finite
    assert (verdict.reasons[changed] != 0).all()


@settings(deadline=None, max_examples=200)
@given(
    last=hnp.arrays(np.float64, (1, 5), elements=WISHES),
    wanted=hnp.arrays(np.float64, (1, 5), elements=WISHES),
)
def test_what_was_executed_may_be_executed_again(
    limits: GuardLimits,
    reading: Callable[[FloatArray], Reading],
    last: FloatArray,
    wanted: FloatArray,
) -> None:
    """The guard leaves an acceptable proposal alone: what it lets through once, it lets pass."""
    memory = initial_memory(limits, np.zeros(1), last)
    first, _, memory = check(limits, memory, reading(np.array([60.0])), wanted, None)
    again, verdict, _ = check(limits, memory, reading(np.array([120.0])), first, None)
    np.testing.assert_array_equal(again, first)
    assert not verdict.reasons.any()
    assert verdict.accepted.all()


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_batch_equals_its_single_checks_bit_for_bit(limits: GuardLimits, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 17
    batch = initial_memory(limits, rng.uniform(0.0, 100.0, n), rng.uniform(-1.0, 100.0, (n, 5)))
    singles = [GuardMemory._make(field[i : i + 1] for field in batch) for i in range(n)]
    for _ in range(8):
        time_s = batch.time_s + rng.choice([0.0, 1.0, 300.0, 2000.0, -5.0], n)
        values = rng.choice([101.0, 96.0, 50.0, 1.7, 1.0, np.nan], (n, 3))
        valid = rng.uniform(size=(n, 3)) < 0.8
        proposal = rng.choice([0.0, 0.16, 0.5, 1.0, 70.0, 90.0, np.nan, np.inf], (n, 5))
        reading = Reading(time_s, values, valid)
        due = Prediction(
            time_s - rng.choice([0.0, 500.0], n),
            np.full(n, 7200.0),
            np.full((n, 2), 20.0),
            rng.choice([30.0, 200.0], (n, 2)),
            rng.uniform(size=n) < 0.8,
        )
        prediction = due if rng.uniform() < 0.5 else None
        executed, verdict, batch = check(limits, batch, reading, proposal, prediction)
        for i, memory in enumerate(singles):
            row = slice(i, i + 1)
            one, why, singles[i] = check(
                limits,
                memory,
                Reading._make(field[row] for field in reading),
                proposal[row],
                None
                if prediction is None
                else Prediction._make(field[row] for field in prediction),
            )
            assert one.tobytes() == executed[row].tobytes()
            for alone, together in zip(why, verdict, strict=True):
                assert np.asarray(alone).tobytes() == np.asarray(together)[row].tobytes()
            for alone, together in zip(singles[i], batch, strict=True):
                assert np.asarray(alone).tobytes() == np.asarray(together)[row].tobytes()


def test_bang_bang_is_damped_by_dwell(
    limits: GuardLimits, reading: Callable[[FloatArray], Reading]
) -> None:
    """Full and off in turn each second for two hours: one start per run and stop time at most."""
    memory = initial_memory(limits, np.zeros(1))
    starts = 0
    for tick in range(7200):
        proposal = np.full((1, 5), 1.0 if tick % 2 else 0.0)
        before = memory.on[0, 1]
        now = reading(np.array([tick + 1.0]))
        _, verdict, memory = check(limits, memory, now, proposal, None)
        starts += int(memory.on[0, 1] and not before)
        assert verdict.reasons[0, 3] & Reason.RANGE
    assert starts <= 7200 // (1800 + 900) + 1
