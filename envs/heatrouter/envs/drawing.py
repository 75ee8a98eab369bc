"""The district as a picture: pipes by temperature and flow, units with their heat.

matplotlib is imported when something is drawn, and without pyplot, so that drawing opens no window,
keeps no global state and runs in any thread.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from heatrouter.envs.drawing_layout import Box, Layout
from heatrouter.envs.drawing_state import PipePicture, pipe_picture
from heatrouter.envs.spec.district import District, PlacedUnit, Unit
from heatrouter.envs.spec.plant_units import CoolingLoad, HeatPump
from heatrouter.envs.unit_facts import power, unit_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

WIDTH_PX, HEIGHT_PX, DPI = 900, 600, 100
_INK, _QUIET, _PAPER = "#1f2933", "#7b8794", "#ffffff"
_TOP_PX, _BOTTOM_PX, _MARGIN_PX = 58.0, 92.0, 26.0
_SYMBOL_PX, _LINE_PX = 18.0, 11.5
_TITLE_PX, _VALUE_PX = 5.6, 6.6  # mean width of a letter in the label's two lines
_MOST_LABELS = 40
_LONGEST_NOTE = {"store": "100%", "heat_pump": "COP 4.0", "greenhouse": "20.0 °C"}
_LONGEST_VALUE = "8.88 MW short"
_UNMET_SHARE = 0.01  # below it, a shortage is the valve's motion and no alarm
_WIDEST_PT, _THINNEST_PT = 8.0, 1.2
_UNKNOWN = "#9aa5b1"
Colour: TypeAlias = str | tuple[float, float, float]
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Symbol(NamedTuple):
    """How a kind of unit is drawn."""

    marker: str
    colour: str
    meaning: str


SYMBOLS: dict[str, Symbol] = {
    "waste_heat_source": Symbol("^", "#d9480f", "waste heat"),
    "heat_pump": Symbol("D", "#7048e8", "heat pump"),
    "boiler": Symbol("v", "#5c4033", "boiler"),
    "store": Symbol("s", "#0b7285", "store"),
    "substation": Symbol("p", "#1864ab", "town quarter"),
    "process_heat": Symbol("h", "#495057", "process"),
    "greenhouse": Symbol("8", "#2b8a3e", "greenhouse"),
}


class _Canvas(NamedTuple):
    """The drawing area in pixels, and the scale of the map."""

    axes: "Axes"
    colours: "Colormap"
    low_c: float
    high_c: float
    widest_kg_s: float

    def colour(self, temp_c: float) -> Colour:
        if not math.isfinite(temp_c):
            return _UNKNOWN
        span = max(self.high_c - self.low_c, 1e-9)
        red, green, blue, _ = self.colours(min(max((temp_c - self.low_c) / span, 0.0), 1.0))
        return float(red), float(green), float(blue)

    def line_width(self, flow_kg_s: float) -> float:
        share = min(abs(flow_kg_s) / max(self.widest_kg_s, 1e-9), 1.0)
        # By root, so that area stands for flow and small flows stay visible.
        return _THINNEST_PT + (_WIDEST_PT - _THINNEST_PT) * math.sqrt(share)


def draw_district(
    district: District, outputs: Mapping[str, float] | None = None, *, subtitle: str = ""
) -> "Figure":
    """Draw a district.

    Args:
        district: The description.
        outputs: Outputs of the simulator by column name, e.g. ``tank.level``; None draws sizes and
            the flows of the design day.
        subtitle: Shown under the title; by default hour, weather and price where they are known.

    Returns:
        A figure of 900 x 600 pixels with a canvas of its own.
    """
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, facecolor=_PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, WIDTH_PX)
    axes.set_ylim(0.0, HEIGHT_PX)
    axes.axis("off")
    picture = pipe_picture(district, outputs)
    canvas = _Canvas(
        axes,
        colormaps["YlOrRd"],
        10.0 * math.floor(min(c.supply_temp_min_c for c in district.circuits) / 10.0 - 0.5),
        10.0 * math.ceil(max(c.supply_temp_max_c for c in district.circuits) / 10.0),
        max(float(np.abs(picture.mass_flow_kg_s).max(initial=0.0)), _design_scale(district)),
    )
    places = _places(district)
    _draw_pipes(canvas, district, picture, places)
    _draw_units(canvas, district, outputs, places)
    _draw_title(canvas, district, outputs, subtitle)
    _draw_legend(canvas, district, live=outputs is not None)
    return figure


def to_rgb_array(figure: "Figure") -> npt.NDArray[np.uint8]:
    """Pixels of a figure, shape ``(height, width, 3)``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = figure.canvas
    if not isinstance(canvas, FigureCanvasAgg):
        canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib types this class in part only
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    return np.array(pixels, dtype=np.uint8)[:, :, :3].copy()


def _design_scale(district: District) -> float:
    # One scale for all hours of a district, so that frames compare.
    return float(np.abs(pipe_picture(district, None).mass_flow_kg_s).max(initial=1.0))


def _places(district: District) -> dict[str, tuple[float, float]]:
    """Pixel of every location; the map keeps its proportions."""
    xs = np.array([m.x_m for m in district.locations])
    ys = np.array([m.y_m for m in district.locations])
    room_x = WIDTH_PX - 2.0 * (_MARGIN_PX + 50.0)
    room_y = HEIGHT_PX - _TOP_PX - _BOTTOM_PX - 2.0 * _MARGIN_PX - 24.0
    scale = min(room_x / max(float(np.ptp(xs)), 1.0), room_y / max(float(np.ptp(ys)), 1.0))
    middle_y = _BOTTOM_PX + (HEIGHT_PX - _TOP_PX - _BOTTOM_PX) / 2.0
    centre_x, centre_y = (xs.max() + xs.min()) / 2.0, (ys.max() + ys.min()) / 2.0
    return {
        m.name: (
            WIDTH_PX / 2.0 + scale * (m.x_m - float(centre_x)),
            middle_y + scale * (m.y_m - float(centre_y)),
        )
        for m in district.locations
    }


def _draw_pipes(
    canvas: _Canvas,
    district: District,
    picture: PipePicture,
    places: Mapping[str, tuple[float, float]],
) -> None:
    for i, pipe in enumerate(district.pipes):
        (x0, y0), (x1, y1) = places[pipe.from_location], places[pipe.to_location]
        flow = float(picture.mass_flow_kg_s[i])
        width = canvas.line_width(flow)
        # A dark edge keeps light colours legible on white.
        edges = ((_INK, width + 1.4), (canvas.colour(float(picture.supply_temp_c[i])), width))
        for colour, points in edges:
            canvas.axes.plot(
                [x0, x1], [y0, y1], color=colour, linewidth=points, solid_capstyle="round", zorder=2
            )
        if abs(flow) > 0.02 * canvas.widest_kg_s:
            _draw_arrow(canvas, (x0, y0, x1, y1) if flow > 0.0 else (x1, y1, x0, y0))
    for x, y in places.values():
        canvas.axes.plot([x], [y], "o", color=_INK, markersize=3.5, zorder=3)


def _draw_arrow(canvas: _Canvas, line: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = line
    length = max(math.hypot(x1 - x0, y1 - y0), 1e-9)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    x, y = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
    tip = (x + 5.0 * ux, y + 5.0 * uy)
    left = (x - 4.0 * ux - 4.5 * uy, y - 4.0 * uy + 4.5 * ux)
    right = (x - 4.0 * ux + 4.5 * uy, y - 4.0 * uy - 4.5 * ux)
    canvas.axes.fill(
        *zip(tip, left, right, strict=True),
        facecolor=_INK,
        edgecolor="white",
        linewidth=0.6,
        zorder=4,
    )


def _draw_units(
    canvas: _Canvas,
    district: District,
    outputs: Mapping[str, float] | None,
    places: Mapping[str, tuple[float, float]],
) -> None:
    boxes = _label_boxes(district)
    for unit in _placed_units(district):
        anchor = places[unit.location]
        if unit.name not in boxes:
            _draw_symbol(canvas, unit, *anchor, outputs)
            continue
        _draw_label(canvas, unit, boxes[unit.name], anchor, _label(unit, outputs), outputs)


def _placed_units(district: District) -> list[PlacedUnit]:
    return [u for u in district.units if not isinstance(u, CoolingLoad)]


@lru_cache(maxsize=8)
def _label_boxes(district: District) -> Mapping[str, Box]:
    """Place of every label, the same for all hours so that labels do not jump between frames."""
    units = _placed_units(district)
    if len(units) > _MOST_LABELS:
        return {}
    places = _places(district)
    lines = [(*places[p.from_location], *places[p.to_location]) for p in district.pipes]
    layout = Layout(WIDTH_PX, HEIGHT_PX - _TOP_PX - _BOTTOM_PX, _BOTTOM_PX, lines)
    layout.placed.extend(Box(x, y, 10.0, 10.0) for x, y in places.values())
    # Crowded places first: their labels have the least choice.
    crowd = [u.location for u in units]
    boxes = {}
    for unit in sorted(units, key=lambda u: -crowd.count(u.location)):
        title = f"{_title(unit)} {_LONGEST_NOTE.get(unit.kind, '')}".strip()
        text_px = max(_TITLE_PX * len(title), _VALUE_PX * len(_LONGEST_VALUE))
        height = 2.0 * _LINE_PX + 6.0
        boxes[unit.name] = layout.place(places[unit.location], _SYMBOL_PX + 16.0 + text_px, height)
    return boxes


def _draw_label(
    canvas: _Canvas,
    unit: Unit,
    box: Box,
    anchor: tuple[float, float],
    text: tuple[str, str, bool],
    outputs: Mapping[str, float] | None,
) -> None:
    from matplotlib.patches import FancyBboxPatch

    title, value, alarm = text
    symbol = SYMBOLS[unit.kind]
    left, low = box.x - box.width / 2.0, box.y - box.height / 2.0
    canvas.axes.plot(
        [anchor[0], box.x], [anchor[1], box.y], color=symbol.colour, linewidth=0.9, zorder=3
    )
    canvas.axes.add_patch(
        FancyBboxPatch(
            (left + 2.0, low + 2.0),
            box.width - 4.0,
            box.height - 4.0,
            boxstyle="round,pad=1.5,rounding_size=4",
            facecolor="#fff0f0" if alarm else _PAPER,
            edgecolor="#e03131" if alarm else symbol.colour,
            linewidth=1.6 if alarm else 0.9,
            zorder=5,
        )
    )
    _draw_symbol(canvas, unit, left + 6.0 + _SYMBOL_PX / 2.0, box.y, outputs)
    text_x = left + _SYMBOL_PX + 10.0
    canvas.axes.text(
        text_x, box.y + _LINE_PX / 2.0, title, fontsize=7.2, color=_INK, va="center", zorder=7
    )
    canvas.axes.text(
        text_x,
        box.y - _LINE_PX / 2.0,
        value,
        fontsize=7.2,
        color="#e03131" if alarm else _INK,
        weight="bold",
        va="center",
        zorder=7,
    )


def _draw_symbol(
    canvas: _Canvas, unit: Unit, x: float, y: float, outputs: Mapping[str, float] | None
) -> None:
    symbol = SYMBOLS[unit.kind]
    running = outputs is None or _heat_kw(unit, outputs) > 0.0 or unit.kind == "store"
    canvas.axes.plot(
        [x],
        [y],
        marker=symbol.marker,
        markersize=9.5,
        markerfacecolor=symbol.colour if running else _PAPER,
        markeredgecolor=symbol.colour,
        markeredgewidth=1.4,
        zorder=8,
    )


def _heat_kw(unit: Unit, outputs: Mapping[str, float]) -> float:
    column = "charge_kw" if unit.kind == "store" else "heat_kw"
    return float(outputs[f"{unit.name}.{column}"])


def _title(unit: Unit) -> str:
    return unit.name.replace("_", " ")


def _label(unit: Unit, outputs: Mapping[str, float] | None) -> tuple[str, str, bool]:
    """Title, value, and whether something is wrong with the unit."""
    title = _title(unit)
    if outputs is None:
        return title, unit_size(unit), False
    heat_kw = _heat_kw(unit, outputs)
    if unit.kind == "store":
        level = outputs[f"{unit.name}.level"]
        verb = "in" if heat_kw >= 0.0 else "out"
        return f"{title} {level:.0%}", f"{power(abs(heat_kw))} {verb}", False
    if isinstance(unit, HeatPump) and heat_kw > 0.0:
        return f"{title} COP {outputs[f'{unit.name}.cop']:.1f}", power(heat_kw), False
    if unit.kind == "greenhouse":
        title = f"{title} {outputs[f'{unit.name}.air_temp_c']:.1f} °C"
    unmet_kw = outputs.get(f"{unit.name}.unmet_kw", 0.0)
    if unmet_kw > _UNMET_SHARE * max(heat_kw, 1.0):
        return title, f"{power(unmet_kw)} short", True
    return title, power(heat_kw) if heat_kw > 0.0 else "off", False


def _draw_title(
    canvas: _Canvas, district: District, outputs: Mapping[str, float] | None, subtitle: str
) -> None:
    if outputs is not None and not subtitle:
        hour = outputs["site.local_hour"]
        day = _DAYS[int(outputs["site.weekday"]) % 7]
        subtitle = (
            f"{day} {int(hour) % 24:02d}:{int(hour % 1.0 * 60.0):02d}    "
            f"outdoors {outputs['site.ambient_temp_c']:.1f} °C    "
            f"electricity {outputs['site.electricity_eur_per_mwh']:.0f} €/MWh    "
            f"gas {outputs['site.gas_eur_per_mwh']:.0f} €/MWh"
        )
    if outputs is None and not subtitle:
        subtitle = "sizes of the units, flows of the design day"
    mark = " (hypothetical)" if district.hypothetical else ""
    top = HEIGHT_PX - 24.0
    canvas.axes.text(
        16.0, top, district.title + mark, fontsize=13, weight="bold", color=_INK, va="center"
    )
    canvas.axes.text(16.0, top - 21.0, subtitle, fontsize=9, color=_QUIET, va="center")


def _draw_legend(canvas: _Canvas, district: District, *, live: bool) -> None:
    axes = canvas.axes
    axes.plot([0.0, WIDTH_PX], [_BOTTOM_PX - 8.0] * 2, color="#e4e7eb", linewidth=1.0)
    kinds = [k for k in SYMBOLS if any(u.kind == k for u in district.units)]
    for i, kind in enumerate(kinds):
        symbol = SYMBOLS[kind]
        x = 24.0 + i * (WIDTH_PX - 30.0) / len(SYMBOLS)
        axes.plot([x], [62.0], marker=symbol.marker, markersize=8, color=symbol.colour)
        axes.text(x + 12.0, 62.0, symbol.meaning, fontsize=8, color=_INK, va="center")
    x = 24.0
    if live:
        bar = np.linspace(0.0, 1.0, 128).reshape(1, -1)
        axes.imshow(
            bar, extent=(24.0, 224.0, 26.0, 38.0), aspect="auto", cmap=canvas.colours, zorder=1
        )
        axes.set_xlim(0.0, WIDTH_PX)
        axes.set_ylim(0.0, HEIGHT_PX)
        for share in (0.0, 0.5, 1.0):
            temp = canvas.low_c + share * (canvas.high_c - canvas.low_c)
            axes.text(
                24.0 + 200.0 * share, 16.0, f"{temp:.0f}", fontsize=8, ha="center", va="center"
            )
        axes.text(234.0, 32.0, "supply temperature, °C", fontsize=8, color=_INK, va="center")
        x = 420.0
    for share in (0.1, 0.4, 1.0):
        flow = _round_flow(share * canvas.widest_kg_s)
        axes.plot(
            [x, x + 34.0],
            [32.0, 32.0],
            color=_QUIET,
            linewidth=canvas.line_width(flow),
            solid_capstyle="round",
        )
        axes.text(x + 42.0, 32.0, f"{flow:g}", fontsize=8, color=_INK, va="center")
        x += 74.0
    axes.text(x, 32.0, "supply flow, kg/s", fontsize=8, color=_INK, va="center")
    if live:
        axes.text(x + 110.0, 32.0, "empty symbol: off", fontsize=8, color=_QUIET, va="center")


def _round_flow(flow_kg_s: float) -> float:
    if flow_kg_s <= 0.0:
        return 0.0
    digits = 10.0 ** math.floor(math.log10(flow_kg_s))
    return float(round(flow_kg_s / digits) * digits)
