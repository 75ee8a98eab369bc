"""Labels in columns to the left and the right of a dense map, where none can stand inside."""

from collections.abc import Mapping
from itertools import accumulate
from typing import TypeAlias

from heatrouter.envs.drawing.layout import Box

Point: TypeAlias = tuple[float, float]
_FRAME_PX, _GAP_PX = 14.0, 4.0


def margin_boxes(
    labels: Mapping[str, tuple[Point, float, float]], width: float, between: tuple[float, float]
) -> dict[str, Box] | None:
    """Place labels beside the map, each at the height of what it belongs to where there is room.

    Labels of one place stay together, so that their lines to it do not cross others.

    Args:
        labels: By name, the anchor and the label's width and height, px.
        width: Of the picture, px.
        between: Lower and upper edge of the columns, px.

    Returns:
        The boxes by name; None where they are too many for two columns.
    """
    groups: dict[Point, list[str]] = {}
    for name, (anchor, _, _) in labels.items():
        groups.setdefault(anchor, []).append(name)
    columns: tuple[list[Point], list[Point]] = ([], [])
    # Who stands in the middle may go to either side, and takes the shorter column.
    for anchor in sorted(groups, key=lambda a: (-abs(a[0] - width / 2.0), a)):
        counts = [sum(len(groups[a]) for a in column) for column in columns]
        central = abs(anchor[0] - width / 2.0) < 0.1 * width
        right = counts[1] < counts[0] if central else anchor[0] > width / 2.0
        columns[right].append(anchor)
    boxes: dict[str, Box] = {}
    for right, column in zip((False, True), columns, strict=True):
        names = [n for a in sorted(column, key=lambda a: -a[1]) for n in groups[a]]
        heights = [labels[name][2] + _GAP_PX for name in names]
        tops = _tops(names, heights, labels, groups, between)
        if tops is None:
            return None
        for name, top, height in zip(names, tops, heights, strict=True):
            half = labels[name][1] / 2.0 + _FRAME_PX
            x = width - half if right else half
            boxes[name] = Box(x, top - height / 2.0, labels[name][1], labels[name][2])
    return boxes


def _tops(
    names: list[str],
    heights: list[float],
    labels: Mapping[str, tuple[Point, float, float]],
    groups: Mapping[Point, list[str]],
    between: tuple[float, float],
) -> list[float] | None:
    """Upper edges of the labels of a column, from above; None where it does not hold them."""
    low, high = between
    if sum(heights) > high - low:
        return None
    tops: list[float] = []
    limit = high
    for name, height in zip(names, heights, strict=True):
        anchor = labels[name][0]
        group = groups[anchor]
        wanted = anchor[1] + height * (len(group) / 2.0 - group.index(name))
        tops.append(min(wanted, limit))
        limit = tops[-1] - height
    # What hangs out below pushes those above it up again.
    room = [low + below for below in accumulate(reversed(heights))]
    return [max(top, least) for top, least in zip(tops, reversed(room), strict=True)]
