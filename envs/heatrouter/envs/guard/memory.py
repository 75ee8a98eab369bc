"""What the guard remembers between two checks, as arrays that can be saved."""

from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.guard.limit_rows import DWELL_S, limit_rows
from heatrouter.envs.guard.limits import GuardLimits


class GuardMemory(NamedTuple):
    """The last executed set-points and how long each unit has run or stood still.

    Attributes:
        set_points: Last executed values, shape ``(num_envs, n_set_points)``.
        time_s: When they were executed, on the clock of the readings, shape ``(num_envs,)``.
        on: Whether a switchable set-point runs; true for all others. Same shape as set_points.
        held_s: Time since the last change of ``on``, counted from believable time steps only.
        tripped: Interlocks in force, shape ``(num_envs, n_interlocks)``.
    """

    set_points: FloatArray
    time_s: FloatArray
    on: BoolArray
    held_s: FloatArray
    tripped: BoolArray

    def dwell_remaining_s(self, limits: GuardLimits, time_s: FloatArray) -> FloatArray:
        """Seconds until each switchable set-point may change between off and on.

        Args:
            limits: The limits that this memory belongs to.
            time_s: Now, on the clock of the readings, shape ``(num_envs,)``.

        Returns:
            Zero or more, shape ``(num_envs, n_switchable)``, in the order of the set-points.
        """
        rows = limit_rows(limits, self.time_s.shape[0])
        elapsed = believable_s(limits, time_s - self.time_s)
        dwell = np.where(self.on, rows.running[DWELL_S], rows.standing[DWELL_S])
        remaining = dwell - (self.held_s + elapsed[:, np.newaxis])
        left: FloatArray = np.maximum(remaining.take(limits.switchable_index, axis=1), 0.0)
        return left

    def merged(self, mask: BoolArray, fresh: "GuardMemory") -> "GuardMemory":
        """This memory with the environments of ``mask`` (shape ``(num_envs,)``) from ``fresh``."""
        column = mask[:, np.newaxis]
        return GuardMemory(
            set_points=np.where(column, fresh.set_points, self.set_points),
            time_s=np.where(mask, fresh.time_s, self.time_s),
            on=np.where(column, fresh.on, self.on),
            held_s=np.where(column, fresh.held_s, self.held_s),
            tripped=np.where(column, fresh.tripped, self.tripped),
        )


def initial_memory(
    limits: GuardLimits,
    time_s: FloatArray,
    set_points: FloatArray | None = None,
    *,
    held_s: float = np.inf,
) -> GuardMemory:
    """Memory that continues from set-points already in force, so that hand-over is bumpless.

    Args:
        limits: The limits that the memory is for.
        time_s: When the set-points were executed, shape ``(num_envs,)``. At the start of an
            episode that is one control step before the first check: with the time of the first
            check itself no time has passed, and nothing may move yet.
        set_points: Values in force, such as the read-back of a plant, shape
            ``(num_envs, n_set_points)``; whatever is no number becomes the safe value.
            ``None`` takes the safe values.
        held_s: How long every unit has been on or off. Infinite leaves the first switch free;
            a service that does not know says 0 and waits the dwell out.

    Returns:
        The memory, with no interlock tripped.
    """
    shape = (time_s.shape[0], limits.n_set_points)
    given = np.broadcast_to(limits.safe if set_points is None else set_points, shape)
    inside = np.clip(np.where(np.isfinite(given), given, limits.safe), limits.low, limits.high)
    on = inside >= limits.stop_below
    return GuardMemory(
        set_points=np.where(on, np.maximum(inside, limits.least_on), limits.low),
        time_s=np.array(time_s, dtype=np.float64),
        on=on,
        held_s=np.full(shape, held_s, dtype=np.float64),
        tripped=np.zeros((shape[0], limits.n_interlocks), dtype=np.bool_),
    )


def believable_s(limits: GuardLimits, passed_s: FloatArray) -> FloatArray:
    """Seconds of a time step that rates and dwell may count, shape ``(num_envs,)``.

    Zero where time stood still, ran backwards or is no number; at most ``max_elapsed_s`` where it
    jumped, so that a jump is never worth more than one long step.
    """
    # of zero and what is no number, fmax takes zero; an infinite step is no number either
    finite = np.where(passed_s < np.inf, passed_s, 0.0)
    return np.minimum(np.fmax(finite, 0.0), limits.max_elapsed_s)
