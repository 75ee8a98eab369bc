"""The steps of a plan: quarter hours first, hours later."""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.units import SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """How the time ahead is cut.

    Attributes:
        control_dt_s: Length of a control step, s.
        counts: Control steps in each plan step, ``(n_steps,)``.
        starts: First control step of each plan step, ``(n_steps,)``.
        hours: Length of each plan step, h, ``(n_steps,)``.
    """

    control_dt_s: float
    counts: IntArray
    starts: IntArray
    hours: FloatArray

    @classmethod
    def of(cls, control_dt_s: float, hours: float, fine_hours: float) -> "Horizon":
        """Single control steps for the first hours, then one plan step an hour.

        Args:
            control_dt_s: Length of a control step, s.
            hours: Length of the horizon, h, at least one control step.
            fine_hours: Length of the part in single control steps, h.

        Raises:
            ConfigError: The horizon is shorter than a control step or than its fine part.
        """
        total = round(hours * SECONDS_PER_HOUR / control_dt_s)
        fine = round(fine_hours * SECONDS_PER_HOUR / control_dt_s)
        if total < 1 or fine > total:
            msg = (
                f"horizon of {hours:g} h with {fine_hours:g} h in steps of {control_dt_s:g} s: it "
                "must hold a step and its fine part; lengthen it"
            )
            raise ConfigError(msg)
        coarse = max(round(SECONDS_PER_HOUR / control_dt_s), 1)
        full, rest = divmod(total - fine, coarse)
        counts = np.array([1] * fine + [coarse] * full + [rest] * (rest > 0), dtype=np.int64)
        return cls(
            control_dt_s=control_dt_s,
            counts=counts,
            starts=np.concatenate([[0], np.cumsum(counts)[:-1]]),
            hours=np.asarray(counts * control_dt_s / SECONDS_PER_HOUR, dtype=np.float64),
        )

    @property
    def n_steps(self) -> int:
        """Plan steps."""
        return self.counts.size

    @property
    def n_control(self) -> int:
        """Control steps."""
        return int(self.counts.sum())

    def mean(self, values: FloatArray) -> FloatArray:
        """Means over plan steps of values by control step along the first axis."""
        sums: FloatArray = np.add.reduceat(values, self.starts, axis=0)
        return sums / self.counts.reshape(-1, *[1] * (values.ndim - 1))

    def sum(self, values: FloatArray) -> FloatArray:
        """Sums over plan steps of values by control step along the first axis."""
        total: FloatArray = np.add.reduceat(values, self.starts, axis=0)
        return total

    def last(self, values: FloatArray) -> FloatArray:
        """Values of the last control step of each plan step, along the first axis."""
        ends: FloatArray = values[self.starts + self.counts - 1]
        return ends

    def spread(self, values: FloatArray) -> FloatArray:
        """Values of plan steps repeated for each of their control steps."""
        repeated: FloatArray = np.repeat(values, self.counts, axis=0)
        return repeated
