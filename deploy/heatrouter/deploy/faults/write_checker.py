"""Counts unsafe writes where they arrive at the plant, without the guard and without the PLC.

Stricter than the PLC, which forgives the jitter of two processes: every single write has to be a
number, inside the range, and no further from the last one than the rate allows for the time between
the two arrivals. Limits are those that the PLC restates from the district.
"""

import math
from collections.abc import Mapping

from heatrouter.deploy.plc import PlcPoint

SLACK = 1e-6
"""Share of a set-point's range that rounding may take."""

LEAST_OPENING = 0.02
"""To which a valve of a source without a smallest load opens at once, and from which it shuts."""


class WriteChecker:
    """Looks at every write of set-points on its way to the plant.

    Args:
        points: Range and speed of each set-point.
        read_back_s: How old a read-back may be when the service starts from it, plant seconds.
    """

    def __init__(self, points: tuple[PlcPoint, ...], *, read_back_s: float) -> None:
        self.writes = 0
        self.unsafe: list[str] = []
        self._points = {point.name: point for point in points}
        self._jumps = {
            p.name: LEAST_OPENING if p.name.endswith(".recovery_share") else p.jump_to
            for p in points
        }
        self._read_back_s = read_back_s
        self._last: dict[str, tuple[float, float]] = {}

    def look(self, name: str, value: float, time_s: float, applied: Mapping[str, float]) -> bool:
        """Judge one write.

        Args:
            name: Of the set-point.
            value: What arrived.
            time_s: When, plant seconds.
            applied: What the plant follows now, where its own controller moves the set-points;
                empty while it follows the service.

        Returns:
            Whether it is safe.
        """
        self.writes += 1
        point = self._points[name]
        wrong = self._wrong(point, value, time_s, applied.get(name))
        if wrong is not None:
            self.unsafe.append(f"t={time_s:.2f} s: {name} = {value:g}: {wrong}")
        elif math.isfinite(value):
            self._last[name] = value, time_s
        return wrong is None

    def _wrong(
        self, point: PlcPoint, value: float, time_s: float, applied: float | None
    ) -> str | None:
        slack = SLACK * (point.high - point.low)
        if not math.isfinite(value):
            return "no number"
        if not point.low - slack <= value <= point.high + slack:
            return f"outside {point.low:g}..{point.high:g}"
        last, since_s = self._last.get(point.name, (value, time_s))
        elapsed_s = time_s - since_s
        if applied is not None:
            # The plant moves them itself; the service repeats what was in force when it read.
            last, elapsed_s = applied, self._read_back_s
        jump_to = self._jumps[point.name]
        if jump_to > 0.0:
            travel = abs(max(value, jump_to) - max(last, jump_to))
        else:
            travel = abs(value - last)
        if travel > point.rate_per_s * elapsed_s + slack:
            return f"moves {travel:g} in {elapsed_s:.2f} s, limit {point.rate_per_s:g}/s"
        return None
