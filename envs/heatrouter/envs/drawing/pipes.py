"""Pipes: as wide as their flow, as warm as their colour, with arrows."""

import math
from collections.abc import Mapping

from heatrouter.envs.drawing.canvas import INK, QUIET, Canvas, circuit_colours
from heatrouter.envs.drawing.state import PipePicture
from heatrouter.envs.spec.district import District, Unit
from heatrouter.envs.spec.plant_units import HeatExchanger, HeatPump, Unplaced

_SHORTEST_WITH_ARROW_PX = 26.0
_MANY_PLACES = 60


def draw_pipes(
    canvas: Canvas,
    district: District,
    picture: PipePicture,
    places: Mapping[str, tuple[float, float]],
) -> None:
    """Draw all pipe pairs, links and locations; of several circuits each has its own edges."""
    edge_of = circuit_colours(district)
    edge_px = 1.4 if len(district.circuits) == 1 else 2.8
    for unit in district.units:
        primary = _primary(unit)
        if primary is not None and not isinstance(unit, Unplaced):
            (x0, y0), (x1, y1) = places[primary], places[unit.location]
            canvas.axes.plot(
                [x0, x1], [y0, y1], color=QUIET, linewidth=1.6, linestyle=":", zorder=1
            )
    for i, pipe in enumerate(district.pipes):
        (x0, y0), (x1, y1) = places[pipe.from_location], places[pipe.to_location]
        flow = float(picture.mass_flow_kg_s[i])
        width = canvas.line_width(flow)
        # A dark edge keeps light colours legible on white.
        edges = (
            (edge_of[pipe.from_location], width + edge_px),
            (canvas.colour(float(picture.supply_temp_c[i])), width),
        )
        for colour, points in edges:
            canvas.axes.plot(
                [x0, x1], [y0, y1], color=colour, linewidth=points, solid_capstyle="round", zorder=2
            )
        long_enough = math.hypot(x1 - x0, y1 - y0) > _SHORTEST_WITH_ARROW_PX
        if long_enough and abs(flow) > 0.02 * canvas.widest_kg_s:
            _draw_arrow(canvas, (x0, y0, x1, y1) if flow > 0.0 else (x1, y1, x0, y0))
    dot_pt = 3.5 if len(places) <= _MANY_PLACES else 1.5
    for name, (x, y) in places.items():
        canvas.axes.plot([x], [y], "o", color=edge_of.get(name, INK), markersize=dot_pt, zorder=3)


def _primary(unit: Unit) -> str | None:
    """Where a unit takes its heat from another circuit."""
    if isinstance(unit, HeatExchanger):
        return unit.primary_location
    return unit.source_location if isinstance(unit, HeatPump) else None


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
