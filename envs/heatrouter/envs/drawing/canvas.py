"""The drawing area in pixels: its margins and colours, symbols of units, and the map's scale."""

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from heatrouter.envs.spec.district import District

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

WIDTH_PX, HEIGHT_PX, DPI = 900, 600, 100
INK, QUIET, PAPER = "#1f2933", "#7b8794", "#ffffff"
TOP_PX, BOTTOM_PX, _MARGIN_PX = 58.0, 92.0, 26.0
_WIDEST_PT, _THINNEST_PT = 8.0, 1.2
UNKNOWN = "#9aa5b1"
ALARM, COLOUR_MAP = "#e03131", "YlOrRd"
MANY_PIPES = 60
"""From here on labels stand in columns beside the map."""
_COLUMN_PX = 175.0
Colour: TypeAlias = str | tuple[float, float, float]


class Symbol(NamedTuple):
    """How a kind of unit is drawn."""

    marker: str
    colour: str
    meaning: str


SYMBOLS: dict[str, Symbol] = {
    "waste_heat_source": Symbol("^", "#d9480f", "waste heat"),
    "solar_thermal": Symbol("*", "#f08c00", "solar field"),
    "heat_pump": Symbol("D", "#7048e8", "heat pump"),
    "chp": Symbol("d", "#9c36b5", "engine"),
    "heat_exchanger": Symbol("X", "#364fc7", "link"),
    "boiler": Symbol("v", "#5c4033", "boiler"),
    "store": Symbol("s", "#0b7285", "store"),
    "digester": Symbol("o", "#5c940d", "digester"),
    "substation": Symbol("p", "#1864ab", "town quarter"),
    "process_heat": Symbol("h", "#495057", "process"),
    "batch_process": Symbol("H", "#a61e4d", "batches"),
    "fab_heat": Symbol("P", "#0c8599", "chip fab"),
    "greenhouse": Symbol("8", "#2b8a3e", "greenhouse"),
}

CIRCUIT_COLOURS = (INK, "#1971c2", "#2f9e44", "#9c36b5", "#e8590c")
"""Edges of the pipes of each circuit; circuits beyond take turns."""


def circuit_colours(district: District) -> dict[str, str]:
    """Colour of the circuit of each location."""
    return {
        location: CIRCUIT_COLOURS[i % len(CIRCUIT_COLOURS)]
        for i, circuit in enumerate(district.circuits)
        for location in circuit.locations
    }


class Canvas(NamedTuple):
    """The drawing area in pixels, and the scale of the map."""

    axes: "Axes"
    colours: "Colormap"
    low_c: float
    high_c: float
    widest_kg_s: float

    def colour(self, temp_c: float) -> Colour:
        """Colour of a temperature; grey where nothing is known."""
        if not math.isfinite(temp_c):
            return UNKNOWN
        span = max(self.high_c - self.low_c, 1e-9)
        red, green, blue, _ = self.colours(min(max((temp_c - self.low_c) / span, 0.0), 1.0))
        return float(red), float(green), float(blue)

    def line_width(self, flow_kg_s: float) -> float:
        """Width of a pipe by its flow, points."""
        share = min(abs(flow_kg_s) / max(self.widest_kg_s, 1e-9), 1.0)
        # By root, so that area stands for flow and small flows stay visible.
        return _THINNEST_PT + (_WIDEST_PT - _THINNEST_PT) * math.sqrt(share)


def places_px(district: District) -> dict[str, tuple[float, float]]:
    """Pixel of every location; the map keeps its proportions."""
    xs = np.array([m.x_m for m in district.locations])
    ys = np.array([m.y_m for m in district.locations])
    beside_px = _COLUMN_PX if len(district.pipes) > MANY_PIPES else 50.0
    room_x = WIDTH_PX - 2.0 * (_MARGIN_PX + beside_px)
    room_y = HEIGHT_PX - TOP_PX - BOTTOM_PX - 2.0 * _MARGIN_PX - 24.0
    scale = min(room_x / max(float(np.ptp(xs)), 1.0), room_y / max(float(np.ptp(ys)), 1.0))
    middle_y = BOTTOM_PX + (HEIGHT_PX - TOP_PX - BOTTOM_PX) / 2.0
    centre_x, centre_y = (xs.max() + xs.min()) / 2.0, (ys.max() + ys.min()) / 2.0
    return {
        m.name: (
            WIDTH_PX / 2.0 + scale * (m.x_m - float(centre_x)),
            middle_y + scale * (m.y_m - float(centre_y)),
        )
        for m in district.locations
    }
