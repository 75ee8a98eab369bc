"""Axes, lines and areas as inline SVG.

Written by hand rather than by a plotting library: the text stays text, a chart is a few kilobytes,
the same numbers give the same bytes, and the page's style sheet and print rules apply inside.
Charts are 560 units wide, so that their text stays legible on a phone.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

WIDTH: Final = 560.0
"""Width of a chart in its own units; the page scales it."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 10.0, 10.0, 26.0
_HEAD: Final = 20.0
"""Room for the title of the vertical axis."""


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, about `count` of them.

    Args:
        low: Smallest value shown.
        high: Largest value shown; above `low`.
        count: How many are wanted.

    Returns:
        Multiples of 1, 2, 2.5 or 5 times a power of ten inside the range.
    """
    raw = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1.0, 2.0, 2.5, 5.0, 10.0) if s * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def span(values: Iterable[float], *, include: Sequence[float] = ()) -> tuple[float, float]:
    """A range that holds all values with some air, and is never empty."""
    found = [*values, *include]
    low, high = min(found, default=0.0), max(found, default=1.0)
    if high - low < 1e-9:
        margin = max(0.5, 0.05 * abs(high))
        return low - margin, high + margin
    air = 0.04 * (high - low)
    return (
        low if low in include else low - air,
        high if high in include else high + air,
    )


def plain(value: float) -> str:
    """A tick label: no trailing zeros, a true minus sign."""
    text = f"{abs(value):.10g}"
    sign = "\u2212" if value < 0 else ""
    head, dot, tail = text.partition(".")
    if not head.isdigit():
        # Too small or too large for plain notation.
        return f"{sign}{abs(value):.3g}"
    if len(head) > 4:
        head = f"{int(head):,}".replace(",", "\u202f")
    return f"{sign}{head}{dot}{tail}"


@dataclass
class Chart:
    """A chart that is drawn from back to front.

    Attributes:
        label: What it shows, for readers that cannot see it.
        x_range: Range of the horizontal axis.
        y_range: Range of the vertical axis.
        y_title: Quantity and unit of the vertical axis.
        height: In units of the chart.
        left: Room for the labels of the vertical axis.
        right: Room beside the other end of the horizontal axis.
    """

    label: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    y_title: str
    height: float = 210.0
    left: float = _LEFT
    right: float = _RIGHT
    _parts: list[str] = field(default_factory=list)

    def x(self, value: float) -> float:
        """Horizontal position of a value."""
        low, high = self.x_range
        return self.left + (value - low) / (high - low) * (WIDTH - self.left - self.right)

    def y(self, value: float) -> float:
        """Vertical position of a value."""
        low, high = self.y_range
        inner = self.height - _TOP - _BOTTOM - _HEAD
        return _TOP + _HEAD + (high - value) / (high - low) * inner

    def add(self, markup: str) -> None:
        """Draw something of one's own."""
        self._parts.append(markup)

    def y_axis(self, count: int = 5) -> None:
        """Grid lines with their values, and the title of the axis above them."""
        left, right = self.left, WIDTH - self.right
        for tick in nice_ticks(*self.y_range, count):
            y = self.y(tick)
            kind = "zero" if abs(tick) < 1e-12 else "grid"
            ends = f'x1="{left:g}" x2="{right:g}" y1="{y:.1f}" y2="{y:.1f}"'
            place = f'x="{left - 6:g}" y="{y + 4:.1f}" text-anchor="end"'
            self.add(f'<line class="{kind}" {ends}/>')
            self.add(f'<text class="tick" {place}>{plain(tick)}</text>')
        self.title()

    def title(self) -> None:
        """The title of the vertical axis, above it, where it reads without turning the head."""
        self.add(f'<text class="axis" x="2" y="{_TOP + 2:g}">{escape(self.y_title)}</text>')

    def x_label(self, place: float, text: str) -> None:
        """A label below the chart."""
        self.add(
            f'<text class="tick" x="{self.x(place):.1f}" y="{self.height - _BOTTOM + 17:g}" '
            f'text-anchor="middle">{escape(text)}</text>'
        )

    def x_axis(self, ticks: Iterable[tuple[float, float, str]]) -> None:
        """Marks with labels.

        Args:
            ticks: Place of the mark, place of its label, text of the label.
        """
        top, bottom = _TOP + _HEAD, self.height - _BOTTOM
        for mark, place, text in ticks:
            x = self.x(mark)
            self.add(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top:g}" y2="{bottom:g}"/>')
            if text:
                self.x_label(place, text)

    def line(
        self, xs: Sequence[float], ys: Sequence[float], colour: str, *, style: str = "line"
    ) -> None:
        """A line through points; `style` is a class of the style sheet."""
        points = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in zip(xs, ys, strict=True))
        self.add(f'<polyline class="{style}" stroke="{colour}" points="{points}"/>')

    def area(
        self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str
    ) -> None:
        """The area between two lines; none where it would be empty."""
        if max(abs(h - b) for h, b in zip(high, low, strict=True)) < 1e-9:
            return
        upper = [f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in zip(xs, high, strict=True)]
        lower = [f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in zip(xs, low, strict=True)]
        points = " ".join([*upper, *reversed(lower)])
        self.add(f'<polygon class="area" fill="{colour}" points="{points}"/>')

    def bar(self, x: tuple[float, float], y: tuple[float, float], colour: str, tip: str) -> None:
        """A rectangle in values of both axes, with a text for the pointer."""
        left, right = sorted((self.x(x[0]), self.x(x[1])))
        top, bottom = sorted((self.y(y[0]), self.y(y[1])))
        size = f'width="{right - left:.1f}" height="{bottom - top:.1f}"'
        self.add(
            f'<rect class="bar" fill="{colour}" x="{left:.1f}" y="{top:.1f}" {size}>'
            f"<title>{escape(tip)}</title></rect>"
        )

    def svg(self) -> str:
        """The chart."""
        return drawing(self.label, WIDTH, self.height, self._parts)


def drawing(label: str, width: float, height: float, parts: Iterable[str]) -> str:
    """An SVG element that scales with the page."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def legend(entries: Iterable[tuple[str, str, str]]) -> str:
    """A legend as HTML, which wraps where a drawing cannot.

    Args:
        entries: Kind of the mark (``area``, ``line``, ``dash``), its colour and the text.
    """
    items = "".join(
        f'<li><i class="{kind}" style="--c:{colour}"></i>{escape(text)}</li>'
        for kind, colour, text in entries
    )
    return f'<ul class="legend">{items}</ul>'
