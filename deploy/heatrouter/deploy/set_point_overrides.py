"""Set-points that a person has fixed: they take the place of what rules and policy propose.

The guard still has the last word: an overridden set-point keeps to range, rate, dwell and
interlocks like any other. Overrides live as long as the service is armed; whoever takes it out of
service, or restarts it, finds none of them again.
"""

import math
from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One set-point that a person has fixed.

    Attributes:
        set_point: By its name in the contract.
        value: In the contract's unit.
        user: Who fixed it.
        reason: Why.
        since_s: Plant time since the service started, s.
        until_s: When it ends by itself, same clock; infinite without an end.
    """

    set_point: str
    value: float
    user: str
    reason: str
    since_s: float
    until_s: float = math.inf


class SetPointOverrides:
    """The overrides in force.

    Args:
        contract: Names, units and ranges of the set-points.
    """

    def __init__(self, contract: Contract) -> None:
        self._points = {point.name: point for point in contract.set_points}
        self._active: dict[str, Override] = {}
        self._values: FloatArray | None = None

    @property
    def active(self) -> tuple[Override, ...]:
        """In the order in which they were set."""
        return tuple(self._active.values())

    @property
    def values(self) -> FloatArray | None:
        """Shape ``(n_set_points,)``, NaN where nobody overrides; None without any override."""
        return self._values

    def refusal_of(self, set_point: str, value: float) -> str | None:
        """Why a value cannot be fixed; None if it can."""
        point = self._points.get(set_point)
        if point is None:
            return f"{set_point!r} is no set-point; there are {', '.join(self._points)}"
        if not point.low <= value <= point.high:
            return f"{set_point}: {value:g} {point.unit} is outside {point.low:g} … {point.high:g}"
        return None

    def set(self, override: Override) -> None:
        """Fix a set-point that :meth:`refusal_of` has nothing against."""
        self._active[override.set_point] = override
        self._renew()

    def release(self, set_point: str) -> Override | None:
        """Let go of one; None if it was not overridden."""
        released = self._active.pop(set_point, None)
        self._renew()
        return released

    def expire(self, now_s: float) -> tuple[Override, ...]:
        """Let go of those whose time is over, and return them."""
        over = tuple(o for o in self._active.values() if now_s >= o.until_s)
        for override in over:
            self.release(override.set_point)
        return over

    def release_all(self) -> tuple[Override, ...]:
        """Let go of all, and return them."""
        released = self.active
        self._active.clear()
        self._renew()
        return released

    def _renew(self) -> None:
        if not self._active:
            self._values = None
            return
        values = [self._active[n].value if n in self._active else math.nan for n in self._points]
        self._values = np.array(values)
