"""Pipes: as wide as their flow, as warm as their colour, with arrows."""

import math
from collections.abc import Mapping

from heatrouter.envs.drawing.canvas import INK, Canvas
from heatrouter.envs.drawing.state import PipePicture
from heatrouter.envs.spec.district import District


def draw_pipes(
    canvas: Canvas,
    district: District,
    picture: PipePicture,
    places: Mapping[str, tuple[float, float]],
) -> None:
    """Draw all pipe pairs and locations."""
    for i, pipe in enumerate(district.pipes):
        (x0, y0), (x1, y1) = places[pipe.from_location], places[pipe.to_location]
        flow = float(picture.mass_flow_kg_s[i])
        width = canvas.line_width(flow)
        # A dark edge keeps light colours legible on white.
        edges = ((INK, width + 1.4), (canvas.colour(float(picture.supply_temp_c[i])), width))
        for colour, points in edges:
            canvas.axes.plot(
                [x0, x1], [y0, y1], color=colour, linewidth=points, solid_capstyle="round", zorder=2
            )
        if abs(flow) > 0.02 * canvas.widest_kg_s:
            _draw_arrow(canvas, (x0, y0, x1, y1) if flow > 0.0 else (x1, y1, x0, y0))
    for x, y in places.values():
        canvas.axes.plot([x], [y], "o", color=INK, markersize=3.5, zorder=3)


def _draw_arrow(canvas: Canvas, line: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = line
    length = max(math.hypot(x1 - x0, y1 - y0), 1e-9)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    x, y = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
    tip = (x + 5.0 * ux, y + 5.0 * uy)
    left = (x - 4.0 * ux - 4.5 * uy, y - 4.0 * uy + 4.5 * ux)
    right = (x - 4.0 * ux + 4.5 * uy, y - 4.0 * uy - 4.5 * ux)
    canvas.axes.fill(
        *zip(tip, left, right, strict=True),
        facecolor=INK,
        edgecolor="white",
        linewidth=0.6,
        zorder=4,
    )
