"""What the guard reads and answers: readings, predictions, reasons, verdicts."""

from enum import IntFlag
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from heatrouter.envs.arrays import BoolArray, FloatArray

ReasonArray: TypeAlias = npt.NDArray[np.uint16]
"""One :class:`Reason` mask per set-point."""


class Reason(IntFlag):
    """Why an executed set-point differs from what was proposed."""

    RANGE = 1
    """Outside low..high, clamped."""
    RATE = 2
    """Faster than the rate limit, slowed."""
    DEADBAND = 4
    """A change smaller than the dead-band, not executed."""
    DWELL = 8
    """A start or stop before the minimum stop or run time, put off."""
    MIN_LOAD = 16
    """Between off and the minimum load, moved to one of them."""
    INTERLOCK = 32
    """Capped, raised or switched by an interlock."""
    NOT_FINITE = 64
    """NaN or infinite, replaced by the last executed value."""
    CLOCK = 128
    """Time ran backwards, jumped, or was no number: only the believable part of it counted."""
    PREDICTION_MISSING = 256
    """A prediction was due and is absent or not finite: the proposal is refused."""
    PREDICTION_LATE = 512
    """The prediction is too old or too short: the proposal is refused."""
    PREDICTION_LIMIT = 1024
    """The prediction breaks a hard limit: the proposal is refused."""
    PREDICTION = PREDICTION_MISSING | PREDICTION_LATE | PREDICTION_LIMIT
    """Refused because of its prediction, for whichever cause."""


class Reading(NamedTuple):
    """What was measured, at one instant.

    Attributes:
        time_s: Monotonic time in seconds, shape ``(num_envs,)``; the origin does not matter.
        values: Channels that interlocks refer to by index, shape ``(num_envs, n_channels)``.
        valid: Whether each value may be believed, same shape.
    """

    time_s: FloatArray
    values: FloatArray
    valid: BoolArray


class Prediction(NamedTuple):
    """What a model expects of the hard-limited channels if the proposal is executed.

    Attributes:
        issued_s: Time at which the prediction was made, on the clock of the readings,
            shape ``(num_envs,)``.
        horizon_s: How far it reaches from there, shape ``(num_envs,)``.
        lowest: Least predicted value of each limited channel, shape ``(num_envs, n_predicted)``.
        highest: Greatest predicted value, same shape.
        valid: False where no prediction could be made, shape ``(num_envs,)``.
    """

    issued_s: FloatArray
    horizon_s: FloatArray
    lowest: FloatArray
    highest: FloatArray
    valid: BoolArray

    @classmethod
    def missing(cls, num_envs: int, n_predicted: int) -> "Prediction":
        """A prediction that is due and did not come: the guard refuses what depends on it."""
        nothing = np.full((num_envs, n_predicted), np.nan)
        return cls(
            issued_s=np.full(num_envs, np.nan),
            horizon_s=np.zeros(num_envs),
            lowest=nothing,
            highest=nothing,
            valid=np.zeros(num_envs, dtype=np.bool_),
        )


class Verdict(NamedTuple):
    """What the guard did to a proposal.

    Attributes:
        reasons: Mask of :class:`Reason` per set-point, shape ``(num_envs, n_set_points)``.
        accepted: False where the proposal was refused (prediction) or held a value that is no
            number; a shortened or clamped proposal is accepted. Shape ``(num_envs,)``.
        clipped: Executed minus proposed, in units of the set-point, zero where the proposal was
            no number; shape ``(num_envs, n_set_points)``.
    """

    reasons: ReasonArray
    accepted: BoolArray
    clipped: FloatArray
