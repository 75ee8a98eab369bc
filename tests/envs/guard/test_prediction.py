"""Predictions: missing, late, too short, beyond a limit; what a refusal leaves behind."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.guard import (
    GuardLimits,
    Prediction,
    Reading,
    Reason,
    check,
    initial_memory,
)

LAST = np.array([[0.5, 0.5, 0.5, 80.0, 0.0]])
WANTED = np.array([[0.6, 0.6, 0.6, 80.3, 1.0]])
NOW_S = 1000.0


def prediction(
    *,
    issued_s: float = NOW_S,
    horizon_s: float = 7200.0,
    lowest: tuple[float, float] = (70.0, 15.0),
    highest: tuple[float, float] = (95.0, 25.0),
    valid: bool = True,
) -> Prediction:
    return Prediction(
        np.array([issued_s]),
        np.array([horizon_s]),
        np.array([lowest]),
        np.array([highest]),
        np.array([valid]),
    )


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (prediction(), Reason(0)),
        (prediction(highest=(105.0, 34.0), lowest=(-1e9, 10.0)), Reason(0)),
        (prediction(lowest=(90.0, 20.0), highest=(90.0, 20.0)), Reason(0)),
        (prediction(highest=(105.001, 25.0)), Reason.PREDICTION_LIMIT),
        (prediction(highest=(95.0, 34.001)), Reason.PREDICTION_LIMIT),
        (prediction(lowest=(70.0, 9.999)), Reason.PREDICTION_LIMIT),
        (prediction(highest=(np.inf, 25.0)), Reason.PREDICTION_LIMIT),
        (prediction(lowest=(-np.inf, 15.0)), Reason.PREDICTION_LIMIT),
        (prediction(valid=False), Reason.PREDICTION_MISSING),
        (prediction(highest=(np.nan, 25.0)), Reason.PREDICTION_MISSING),
        (prediction(lowest=(70.0, np.nan)), Reason.PREDICTION_MISSING),
        (prediction(lowest=(96.0, 15.0)), Reason.PREDICTION_MISSING),  # least above greatest
        (prediction(issued_s=880.0), Reason(0)),  # 120 s old, 7080 s left
        (prediction(issued_s=879.9), Reason.PREDICTION_LATE),
        (prediction(issued_s=1000.5), Reason(0)),  # stamped just after the reading
        (prediction(issued_s=1120.1), Reason.PREDICTION_LATE),
        (prediction(issued_s=np.nan), Reason.PREDICTION_LATE),
        (prediction(horizon_s=3600.0), Reason(0)),
        (prediction(horizon_s=3599.9), Reason.PREDICTION_LATE),
        (prediction(horizon_s=3600.0, issued_s=999.0), Reason.PREDICTION_LATE),
        (prediction(horizon_s=np.nan), Reason.PREDICTION_LATE),
        (
            prediction(issued_s=0.0, highest=(200.0, 25.0)),
            Reason.PREDICTION_LATE | Reason.PREDICTION_LIMIT,
        ),
        (Prediction.missing(1, 2), Reason.PREDICTION_MISSING),
    ],
)
def test_refusals(
    limits: GuardLimits,
    reading: Callable[[FloatArray], Reading],
    given: Prediction,
    reason: Reason,
) -> None:
    memory = initial_memory(limits, np.array([NOW_S - 60.0]), LAST)
    executed, verdict, after = check(limits, memory, reading(np.array([NOW_S])), WANTED, given)
    refused = reason != Reason(0)
    assert verdict.accepted[0] == (not refused)
    np.testing.assert_array_equal(executed, LAST if refused else WANTED)
    assert (verdict.reasons == reason.value).all()
    assert bool(Reason(int(verdict.reasons[0, 0])) & Reason.PREDICTION) is refused
    np.testing.assert_array_equal(after.set_points, executed)


def test_only_the_environment_concerned_is_refused(
    limits: GuardLimits, reading: Callable[[FloatArray], Reading]
) -> None:
    memory = initial_memory(limits, np.full(2, NOW_S - 60.0), np.repeat(LAST, 2, axis=0))
    good, bad = prediction(), prediction(valid=False)
    both = Prediction(*(np.concatenate(pair) for pair in zip(good, bad, strict=True)))
    executed, verdict, _ = check(
        limits, memory, reading(np.full(2, NOW_S)), np.repeat(WANTED, 2, axis=0), both
    )
    assert verdict.accepted.tolist() == [True, False]
    assert verdict.reasons.tolist() == [[0] * 5, [Reason.PREDICTION_MISSING] * 5]
    np.testing.assert_array_equal(executed, np.concatenate([WANTED, LAST]))


def test_the_refused_command_is_forgotten(
    limits: GuardLimits, reading: Callable[[FloatArray], Reading]
) -> None:
    """A thousand refused wishes move nothing, and leave no debt that a later one could use."""
    memory = initial_memory(limits, np.zeros(1), LAST)
    extreme = np.array([[1.0, 1.0, 1.0, 95.0, 3.0]])
    for tick in range(1, 1001):
        now = reading(np.array([float(tick)]))
        executed, _, memory = check(limits, memory, now, extreme, Prediction.missing(1, 2))
        np.testing.assert_array_equal(executed, LAST)
    executed, _, _ = check(limits, memory, reading(np.array([1001.0])), extreme, None)
    assert executed[0, 3] == pytest.approx(80.005, abs=1e-12)  # one second at 0.005 K/s


def test_rules_after_a_refusal_use_the_same_memory(
    limits: GuardLimits, reading: Callable[[FloatArray], Reading]
) -> None:
    memory = initial_memory(limits, np.zeros(1), LAST)
    now = reading(np.array([60.0]))
    before = [array.copy() for array in memory]
    check(limits, memory, now, WANTED, Prediction.missing(1, 2))
    for array, kept in zip(memory, before, strict=True):
        np.testing.assert_array_equal(array, kept)
    executed, verdict, _ = check(limits, memory, now, WANTED, None)
    assert verdict.accepted[0]
    np.testing.assert_array_equal(executed, WANTED)


def test_interlocks_act_on_what_is_held_after_a_refusal(limits: GuardLimits) -> None:
    memory = initial_memory(limits, np.zeros(1), LAST)
    too_hot = Reading(
        np.array([60.0]), np.array([[101.0, 4.0, 10.0]]), np.ones((1, 3), dtype=np.bool_)
    )
    executed, _, _ = check(limits, memory, too_hot, WANTED, Prediction.missing(1, 2))
    assert executed[0, 1] == 0.0


def test_no_limits_predicted(reading: Callable[[FloatArray], Reading], limits: GuardLimits) -> None:
    bare = dataclasses.replace(limits, predicted=())
    memory = initial_memory(bare, np.array([NOW_S - 60.0]), LAST)
    now = reading(np.array([NOW_S]))
    _, verdict, _ = check(bare, memory, now, WANTED, Prediction.missing(1, 0))
    assert not verdict.accepted[0]
    assert (verdict.reasons == Reason.PREDICTION_MISSING.value).all()


def test_a_missing_prediction_knows_nothing() -> None:
    missing = Prediction.missing(2, 3)
    assert np.isnan(missing.issued_s).tolist() == [True, True]
    assert missing.horizon_s.tolist() == [0.0, 0.0]
    assert missing.valid.tolist() == [False, False]
    for bound in (missing.lowest, missing.highest):
        assert bound.shape == (2, 3)
        assert np.isnan(bound).all()
