"""Input validity: each cause at its limit, what stands in, and when it is a fault."""

import dataclasses

import numpy as np
import pytest

from heatrouter.deploy.validity import (
    Cause,
    CheckedInputs,
    TagLimits,
    ValidityLimits,
    ValidityMemory,
    check_inputs,
    initial_validity,
)
from heatrouter.envs.errors import ServiceConfigError

NAN = float("nan")
TAG = TagLimits(name="main.supply_temp_c", low=5.0, high=110.0, substitute=80.0)


class Watch:
    """One tag, read tick by tick."""

    def __init__(self, tag: TagLimits, start_s: float = 0.0) -> None:
        self.limits = ValidityLimits((tag,))
        self.memory: ValidityMemory = initial_validity(self.limits, start_s)

    def read(
        self, value: float, now_s: float, *, quality: int = 0, stamp_s: float = NAN
    ) -> CheckedInputs:
        inputs, self.memory = check_inputs(
            self.limits,
            self.memory,
            np.array([value]),
            np.array([quality], dtype=np.int8),
            np.array([stamp_s]),
            now_s,
        )
        assert np.isfinite(inputs.values).all()
        return inputs

    def cause(self, value: float, now_s: float, **read: float) -> Cause:
        return Cause(int(self.read(value, now_s, **read).causes[0]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (5.0, Cause(0)),
        (110.0, Cause(0)),
        (4.999, Cause.RANGE),
        (110.001, Cause.RANGE),
        (-80.0, Cause.RANGE),  # wrong sign
        (800.0, Cause.RANGE),  # ten times
        (NAN, Cause.NOT_FINITE),
        (np.inf, Cause.NOT_FINITE | Cause.RANGE),
        (-np.inf, Cause.NOT_FINITE | Cause.RANGE),
    ],
)
def test_range_and_numbers(value: float, cause: Cause) -> None:
    assert Watch(TAG).cause(value, 1.0) == cause


@pytest.mark.parametrize(
    ("quality", "accept_uncertain", "valid"),
    [(0, False, True), (0, True, True), (1, False, False), (1, True, True), (2, True, False)],
)
def test_quality(quality: int, accept_uncertain: bool, valid: bool) -> None:
    watch = Watch(dataclasses.replace(TAG, accept_uncertain=accept_uncertain))
    inputs = watch.read(80.0, 1.0, quality=quality)
    assert bool(inputs.valid[0]) is valid
    assert bool(inputs.causes[0] & Cause.QUALITY) is not valid


def test_what_stands_in() -> None:
    watch = Watch(TAG)
    assert watch.read(NAN, 1.0).values[0] == 80.0  # nothing good yet
    assert watch.read(61.0, 2.0).values[0] == 61.0
    inputs = watch.read(200.0, 3.0)
    assert (inputs.values[0], inputs.valid[0]) == (61.0, False)
    assert watch.read(62.0, 4.0).values[0] == 62.0


def test_a_spike_is_rejected_and_a_step_is_believed_in_time() -> None:
    watch = Watch(dataclasses.replace(TAG, max_gradient_per_s=0.5))
    assert watch.cause(60.0, 0.0) == Cause(0)  # the first value has nothing to be compared with
    assert watch.cause(60.5, 1.0) == Cause(0)
    assert watch.cause(61.01, 2.0) == Cause.GRADIENT
    assert watch.cause(60.5, 3.0) == Cause(0)
    assert [watch.cause(63.0, 4.0 + tick) for tick in range(5)] == [Cause.GRADIENT] * 4 + [Cause(0)]
    assert watch.cause(60.0, 8.5) == Cause.GRADIENT  # down is no better than up
    assert watch.cause(70.0, 8.0) == Cause.GRADIENT  # the same instant again
    assert watch.cause(70.0, 7.0) == Cause.GRADIENT  # a clock set back


def test_a_stuck_value_is_found_after_its_freeze_time() -> None:
    watch = Watch(dataclasses.replace(TAG, freeze_s=600.0, freeze_band=0.05))
    assert watch.cause(60.0, 0.0) == Cause(0)
    assert watch.cause(60.04, 300.0) == Cause(0)  # moves, but less than counts
    assert watch.cause(60.0, 600.0) == Cause(0)
    assert watch.cause(60.0, 601.0) == Cause.FROZEN
    assert watch.cause(60.06, 602.0) == Cause(0)
    assert watch.cause(60.06, 1203.0) == Cause.FROZEN
    assert Watch(TAG).cause(60.0, 1e9) == Cause(0)


@pytest.mark.parametrize("way", [0.1, -0.1])
def test_what_moves_on_is_not_stuck(way: float) -> None:
    watch = Watch(dataclasses.replace(TAG, freeze_s=600.0, freeze_band=0.05))
    for tick in range(5):
        assert watch.cause(60.0 + way * tick, 500.0 * tick) == Cause(0)


def test_age_runs_from_the_last_new_stamp() -> None:
    watch = Watch(dataclasses.replace(TAG, max_age_s=30.0))
    stamp_s = 1.7e9
    assert watch.cause(60.0, 0.0, stamp_s=stamp_s) == Cause(0)
    assert watch.cause(60.0, 30.0, stamp_s=stamp_s) == Cause(0)
    inputs = watch.read(60.0, 31.0, stamp_s=stamp_s)
    assert Cause(int(inputs.causes[0])) == Cause.STALE
    assert inputs.age_s[0] == 31.0
    assert watch.cause(60.0, 32.0, stamp_s=stamp_s + 1.0) == Cause(0)


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
def test_a_clock_that_jumps_makes_nothing_stale(jump_s: float) -> None:
    """Source or host set by an hour: samples go on arriving, so they are fresh."""
    watch = Watch(dataclasses.replace(TAG, max_age_s=5.0))
    for tick in range(20):
        jumped = jump_s if tick >= 10 else 0.0
        assert watch.cause(60.0, float(tick), stamp_s=1e6 + tick + jumped) == Cause(0)


@pytest.mark.parametrize("stamp_s", [NAN, np.inf, -np.inf])
def test_without_stamps_every_reading_is_a_sample(stamp_s: float) -> None:
    watch = Watch(dataclasses.replace(TAG, max_age_s=5.0))
    for tick in range(20):
        assert watch.cause(60.0, float(tick), stamp_s=stamp_s) == Cause(0)


def test_a_stamp_that_is_lost_and_found_again_is_no_news() -> None:
    watch = Watch(dataclasses.replace(TAG, max_age_s=5.0))
    assert watch.cause(60.0, 0.0, stamp_s=100.0) == Cause(0)
    assert watch.cause(60.0, 4.0) == Cause(0)
    assert watch.cause(60.0, 9.0, stamp_s=100.0) == Cause(0)
    assert watch.cause(60.0, 9.1, stamp_s=100.0) == Cause.STALE


def test_a_critical_tag_is_a_fault_at_the_third_bad_tick() -> None:
    critical = Watch(dataclasses.replace(TAG, critical=True))
    other = Watch(TAG)
    for value, fault in [
        (60.0, False),
        (NAN, False),
        (NAN, False),
        (60.0, False),  # consecutive ones only
        (NAN, False),
        (NAN, False),
        (NAN, True),
        (NAN, True),
        (60.0, False),
    ]:
        inputs = critical.read(value, 1.0)
        assert (inputs.fault, bool(inputs.faulty[0])) == (fault, fault)
        assert not other.read(value, 1.0).fault


def test_a_tag_that_was_never_good_has_its_three_ticks_too() -> None:
    watch = Watch(dataclasses.replace(TAG, critical=True))
    assert [watch.read(NAN, float(tick)).fault for tick in range(3)] == [False, False, True]


def test_nothing_read_for_long_is_a_fault_of_the_critical_ones() -> None:
    limits = ValidityLimits((TAG, dataclasses.replace(TAG, name="b", critical=True)), 2)
    memory = initial_validity(limits, 0.0)
    bad = np.full(2, 2, dtype=np.int8)
    for tick in range(2):
        inputs, memory = check_inputs(limits, memory, np.full(2, NAN), bad, np.full(2, NAN), tick)
    assert inputs.faulty.tolist() == [False, True]
    assert inputs.values.tolist() == [80.0, 80.0]
    assert inputs.causes.tolist() == [Cause.QUALITY | Cause.NOT_FINITE] * 2


def test_it_does_not_share_or_change_its_arguments() -> None:
    limits = ValidityLimits((TAG,))
    memory = initial_validity(limits, 0.0)
    assert not np.shares_memory(memory.good, limits.substitute)
    before = [array.copy() for array in memory]
    values = np.array([60.0])
    inputs, after = check_inputs(
        limits, memory, values, np.zeros(1, dtype=np.int8), np.array([1.0]), 1.0
    )
    for array, kept in zip(memory, before, strict=True):
        np.testing.assert_array_equal(array, kept)
    for array in after:
        assert not np.shares_memory(array, inputs.values)
        assert not np.shares_memory(array, values)


def test_bounds_belong_to_what_is_allowed() -> None:
    limits = ValidityLimits(
        (
            TagLimits(name="a", low=0.0, high=1.0, substitute=0.0, critical=True),
            TagLimits(name="b", low=0.0, high=1.0, substitute=1.0, critical=True),
        ),
        1,
    )
    inputs, _ = check_inputs(
        limits,
        initial_validity(limits, 0.0),
        np.array([NAN, 1.0]),
        np.zeros(2, dtype=np.int8),
        np.full(2, NAN),
        1.0,
    )
    assert inputs.faulty.tolist() == [True, False]
    assert inputs.fault  # one of them is enough
    with pytest.raises(ServiceConfigError, match="must lie below"):
        ValidityLimits((TagLimits(name="a", low=1.0, high=1.0, substitute=1.0),))


def test_at_the_same_instant_hardly_anything_can_have_moved() -> None:
    watch = Watch(dataclasses.replace(TAG, max_gradient_per_s=0.5))
    assert watch.cause(60.0, 1.0) == Cause(0)
    assert watch.cause(60.0004, 1.0) == Cause(0)
    assert watch.cause(60.0010, 1.0) == Cause.GRADIENT  # half a millikelvin in a millisecond
    assert watch.cause(60.1, 1.0) == Cause.GRADIENT


def test_a_movement_of_the_whole_band_does_not_count() -> None:
    watch = Watch(dataclasses.replace(TAG, freeze_s=10.0, freeze_band=0.5))
    assert watch.cause(60.0, 0.0) == Cause(0)
    assert watch.cause(60.5, 9.0) == Cause(0)
    assert watch.cause(60.0, 11.0) == Cause.FROZEN


def test_no_age_is_negative() -> None:
    watch = Watch(TAG)
    watch.read(60.0, 100.0, stamp_s=5.0)
    assert watch.read(60.0, 90.0, stamp_s=5.0).age_s[0] == 0.0


def test_causes_are_written_to_the_audit_log_and_must_not_change() -> None:
    assert {cause.name: cause.value for cause in Cause} == {
        "QUALITY": 1,
        "NOT_FINITE": 2,
        "RANGE": 4,
        "STALE": 8,
        "GRADIENT": 16,
        "FROZEN": 32,
    }
    assert TAG.freeze_band == 0.0
    assert not TAG.accept_uncertain


def test_all_mistakes_at_once() -> None:
    with pytest.raises(ServiceConfigError) as caught:
        ValidityLimits(
            (
                TAG,
                TagLimits(name="b", low=2.0, high=1.0, substitute=1.5, freeze_band=-1.0),
                TagLimits(name="c", low=0.0, high=np.inf, substitute=1.0, max_age_s=0.0),
                TagLimits(
                    name="d",
                    low=0.0,
                    high=1.0,
                    substitute=2.0,
                    freeze_s=NAN,
                    max_gradient_per_s=-1.0,
                ),
            ),
            0,
        )
    assert [mistake.path for mistake in caught.value.mistakes] == [
        "tolerated_ticks",
        "tags[1] (b).low",
        "tags[1] (b).substitute",
        "tags[1] (b).freeze_band",
        "tags[2] (c).high",
        "tags[2] (c).max_age_s",
        "tags[3] (d).substitute",
        "tags[3] (d).max_gradient_per_s",
        "tags[3] (d).freeze_s",
    ]
