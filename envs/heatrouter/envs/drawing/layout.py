"""Places for labels on a map, so that none hides another, a pipe or a unit.

Greedy: label after label takes the free place with the least cost among rings of candidates round
its anchor. Deterministic, and quick for the tens of labels that one can read at a glance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

_ANGLES = 24
_RADII_PX = (34.0, 48.0, 64.0, 84.0, 110.0, 140.0)
_FAR_RADII_PX = (180.0, 220.0, 260.0, 300.0, 340.0)
"""Beside them where the map is dense, so that labels find the margin."""
_MANY_LINES = 60
_CLEARANCE_PX = 5.0
_FRAME_PX = 8.0

Line: TypeAlias = tuple[float, float, float, float]
"""From ``(x0, y0)`` to ``(x1, y1)``, px."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, by its centre and size."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: "Box") -> float:
        """Area shared with another box, square pixels."""
        wide = (self.width + other.width) / 2.0 - abs(self.x - other.x)
        high = (self.height + other.height) / 2.0 - abs(self.y - other.y)
        return max(wide, 0.0) * max(high, 0.0)


@dataclass
class Layout:
    """Boxes placed so far, and what they must keep clear of.

    Attributes:
        width: Of the free area, px.
        height: Of the free area, px.
        bottom: Lower edge of the free area, px.
        lines: Pipes as ``(x0, y0, x1, y1)``, px.
        placed: Boxes that are taken.
        leaders: Lines from labels to their anchors.
    """

    width: float
    height: float
    bottom: float
    lines: Sequence[Line]
    placed: list[Box] = field(default_factory=list)
    leaders: list[Line] = field(default_factory=list)

    def place(self, anchor: tuple[float, float], width: float, height: float) -> Box:
        """Take the best place for a label near its anchor.

        Args:
            anchor: What the label belongs to, px.
            width: Of the label, px.
            height: Of the label, px.

        Returns:
            The box, now taken.
        """
        radii = _RADII_PX if len(self.lines) <= _MANY_LINES else _RADII_PX + _FAR_RADII_PX
        candidates = [
            Box(
                anchor[0] + (radius + width / 4.0) * math.cos(angle),
                anchor[1] + radius * math.sin(angle),
                width,
                height,
            )
            for radius in radii
            for angle in (2.0 * math.pi * k / _ANGLES for k in range(_ANGLES))
        ]
        best = min(candidates, key=lambda box: self._cost(box, anchor))
        self.placed.append(best)
        self.leaders.append((*anchor, best.x, best.y))
        return best

    def _cost(self, box: Box, anchor: tuple[float, float]) -> float:
        wide = Box(box.x, box.y, box.width + _CLEARANCE_PX, box.height + _CLEARANCE_PX)
        cost = 0.5 * math.hypot(box.x - anchor[0], box.y - anchor[1])
        cost += sum(wide.overlap(other) for other in self.placed)
        cost += sum(8.0 * _covered(line, wide) for line in self.lines)
        # No leader from an anchor to its label may run through another label.
        leader = (*anchor, box.x, box.y)
        cost += sum(12.0 * _covered(leader, other) for other in self.placed)
        cost += sum(12.0 * _covered(other, wide) for other in self.leaders)
        half_x, half_y = box.width / 2.0 + _FRAME_PX, box.height / 2.0 + _FRAME_PX
        beyond = max(0.0, half_x - box.x, box.x + half_x - self.width)
        beyond += max(0.0, self.bottom + half_y - box.y)
        beyond += max(0.0, box.y + half_y - self.bottom - self.height)
        return cost + 50.0 * beyond


def _covered(line: Line, box: Box) -> float:
    """How many pixels of a line lie under a box (Liang and Barsky's clipping, 1984)."""
    x0, y0, x1, y1 = line
    enter, leave = 0.0, 1.0
    edges = (
        (x0 - x1, x0 - (box.x - box.width / 2.0)),
        (x1 - x0, box.x + box.width / 2.0 - x0),
        (y0 - y1, y0 - (box.y - box.height / 2.0)),
        (y1 - y0, box.y + box.height / 2.0 - y0),
    )
    for slope, distance in edges:
        if slope == 0.0:
            if distance < 0.0:
                return 0.0
        elif slope < 0.0:
            enter = max(enter, distance / slope)
        else:
            leave = min(leave, distance / slope)
    return max(leave - enter, 0.0) * math.hypot(x1 - x0, y1 - y0)
