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
    from matplotlib.collections import LineCollection, PolyCollection

    edge_of = circuit_colours(district)
    edge_px = 1.4 if len(district.circuits) == 1 else 2.8
    for unit in district.units:
        primary = _primary(unit)
        if primary is not None and not isinstance(unit, Unplaced):
            (x0, y0), (x1, y1) = places[primary], places[unit.location]
            canvas.axes.plot(
                [x0, x1], [y0, y1], color=QUIET, linewidth=1.6, linestyle=":", zorder=1
            )
    lines = [(places[p.from_location], places[p.to_location]) for p in district.pipes]
    widths = [canvas.line_width(float(flow)) for flow in picture.mass_flow_kg_s]
    layers = (
        # A dark edge keeps light colours legible on white; all lie below, so that joints stay open.
        ([edge_of[p.from_location] for p in district.pipes], [w + edge_px for w in widths]),
        ([canvas.colour(float(temp)) for temp in picture.supply_temp_c], widths),
    )
    for colours, points in layers:
        canvas.axes.add_collection(
            LineCollection(lines, colors=colours, linewidths=points, capstyle="round", zorder=2),
            autolim=False,
        )
    arrows = []
    for ((x0, y0), (x1, y1)), flow in zip(lines, picture.mass_flow_kg_s, strict=True):
        long_enough = math.hypot(x1 - x0, y1 - y0) > _SHORTEST_WITH_ARROW_PX
        if long_enough and abs(flow) > 0.02 * canvas.widest_kg_s:
            arrows.append(_arrow((x0, y0, x1, y1) if flow > 0.0 else (x1, y1, x0, y0)))
    canvas.axes.add_collection(
        PolyCollection(arrows, facecolors=INK, edgecolors="white", linewidths=0.6, zorder=4),
        autolim=False,
    )
    dot_pt = 3.5 if len(places) <= _MANY_PLACES else 1.5
    for name, (x, y) in places.items():
        canvas.axes.plot([x], [y], "o", color=edge_of.get(name, INK), markersize=dot_pt, zorder=3)


def _primary(unit: Unit) -> str | None:
    """Where a unit takes its heat from another circuit."""
    if isinstance(unit, HeatExchanger):
        return unit.primary_location
    return unit.source_location if isinstance(unit, HeatPump) else None


def _arrow(line: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    """Corners of an arrow head in the middle of a line, px."""
    x0, y0, x1, y1 = line
    length = max(math.hypot(x1 - x0, y1 - y0), 1e-9)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    x, y = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
    return [
        (x + 5.0 * ux, y + 5.0 * uy),
        (x - 4.0 * ux - 4.5 * uy, y - 4.0 * uy + 4.5 * ux),
        (x - 4.0 * ux + 4.5 * uy, y - 4.0 * uy - 4.5 * ux),
    ]
