"""The guard's memory: hand-over, dwell remaining, resets of some environments, saving."""

from collections.abc import Callable

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.guard import GuardLimits, GuardMemory, Reading, check, initial_memory


def test_it_starts_from_safe_values(limits: GuardLimits) -> None:
    memory = initial_memory(limits, np.zeros(3))
    np.testing.assert_array_equal(memory.set_points, [[0.0, 0.0, 1.0, 80.0, 0.0]] * 3)
    np.testing.assert_array_equal(memory.on, [[False, False, True, True, True]] * 3)
    assert memory.tripped.shape == (3, 3)


@pytest.mark.parametrize(
    ("read_back", "kept"),
    [
        ([0.5, 0.5, 0.5, 70.0, 1.0], [0.5, 0.5, 0.5, 70.0, 1.0]),
        ([np.nan, np.inf, -np.inf, np.nan, np.nan], [0.0, 0.0, 1.0, 80.0, 0.0]),
        ([2.0, -1.0, 5.0, 200.0, -9.0], [1.0, 0.0, 1.0, 95.0, -3.0]),
        ([0.2, 0.1, 0.0, 65.0, 0.0], [0.3, 0.0, 0.0, 65.0, 0.0]),  # between off and least load
        ([0.15, 0.2, 0.0, 65.0, 0.0], [0.3, 0.25, 0.0, 65.0, 0.0]),
        ([0.149, 0.199, 0.0, 65.0, 0.0], [0.0, 0.0, 0.0, 65.0, 0.0]),
    ],
)
def test_it_starts_from_a_read_back(
    limits: GuardLimits, read_back: list[float], kept: list[float]
) -> None:
    memory = initial_memory(limits, np.zeros(1), np.array([read_back]))
    np.testing.assert_array_equal(memory.set_points, [kept])


def test_hand_over_is_bumpless(
    limits: GuardLimits, reading: Callable[[FloatArray], Reading]
) -> None:
    """The first command after a read-back is no further away than one tick allows."""
    in_force = np.array([[0.7, 0.0, 0.4, 91.0, 2.0]])
    memory = initial_memory(limits, np.array([500.0]), in_force, held_s=0.0)
    wanted = np.array([[0.0, 1.0, 1.0, 65.0, 2.0]])
    executed, _, _ = check(limits, memory, reading(np.array([501.0])), wanted, None)
    np.testing.assert_allclose(executed, [[0.696, 0.0, 0.41, 90.995, 2.0]], atol=1e-12)


def test_dwell_remaining_counts_down(
    limits: GuardLimits, reading: Callable[[FloatArray], Reading]
) -> None:
    start = np.array([[0.5, 0.0, 0.0, 80.0, 0.0]])
    memory = initial_memory(limits, np.zeros(1), start, held_s=0.0)

    def remaining(time_s: float) -> list[float]:
        left: list[float] = memory.dwell_remaining_s(limits, np.array([time_s]))[0].tolist()
        return left

    assert remaining(0.0) == [600.0, 900.0, 120.0]
    assert remaining(60.0) == [540.0, 840.0, 60.0]
    assert remaining(900.0) == [0.0, 0.0, 0.0]
    assert remaining(-5.0) == [600.0, 900.0, 120.0]
    _, _, memory = check(limits, memory, reading(np.array([150.0])), start, None)
    assert remaining(150.0) == [450.0, 750.0, 0.0]
    # a jump of a day is worth one longest step only
    _, _, memory = check(limits, memory, reading(np.array([86_400.0])), start, None)
    assert memory.held_s[0, 0] == 1050.0


def test_without_history_the_first_switch_is_free(limits: GuardLimits) -> None:
    memory = initial_memory(limits, np.zeros(2))
    np.testing.assert_array_equal(memory.dwell_remaining_s(limits, np.zeros(2)), np.zeros((2, 3)))


def test_some_environments_are_reset(limits: GuardLimits) -> None:
    old = initial_memory(limits, np.full(3, 900.0), np.full((3, 5), 0.5))
    fresh = initial_memory(limits, np.zeros(3), held_s=7.0)
    fresh = fresh._replace(tripped=~fresh.tripped)
    mask = np.array([False, True, False])
    mixed = old.merged(mask, fresh)
    for name in GuardMemory._fields:
        merged, before, after = (getattr(memory, name) for memory in (mixed, old, fresh))
        np.testing.assert_array_equal(merged[mask], after[mask])
        np.testing.assert_array_equal(merged[~mask], before[~mask])


def test_saved_and_restored_it_goes_on_bit_for_bit(
    limits: GuardLimits, reading: Callable[[FloatArray], Reading], tmp_path: object
) -> None:
    rng = np.random.default_rng(5)
    memory = initial_memory(limits, np.zeros(4))

    def go_on(memory: GuardMemory, seed: int) -> FloatArray:
        wishes = np.random.default_rng(seed)
        for tick in range(20):
            now = reading(memory.time_s + 30.0 + tick)
            _, _, memory = check(limits, memory, now, wishes.uniform(0.0, 1.0, (4, 5)), None)
        return memory.set_points

    for _ in range(10):
        now = reading(memory.time_s + 45.0)
        _, _, memory = check(limits, memory, now, rng.uniform(0.0, 1.0, (4, 5)), None)
    saved = {name: array.copy() for name, array in memory._asdict().items()}
    restored = GuardMemory(**saved)
    np.testing.assert_array_equal(go_on(memory, 9), go_on(restored, 9))
