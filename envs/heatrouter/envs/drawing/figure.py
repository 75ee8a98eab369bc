"""The whole picture.

matplotlib is imported when something is drawn, and without pyplot, so that drawing opens no window,
keeps no global state and runs in any thread.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from heatrouter.envs.drawing.canvas import (
    COLOUR_MAP,
    DPI,
    HEIGHT_PX,
    PAPER,
    WIDTH_PX,
    Canvas,
    places_px,
)
from heatrouter.envs.drawing.legend import draw_legend, draw_title
from heatrouter.envs.drawing.pipes import draw_pipes
from heatrouter.envs.drawing.state import pipe_picture
from heatrouter.envs.drawing.units import draw_units
from heatrouter.envs.spec.district import District

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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

    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, WIDTH_PX)
    axes.set_ylim(0.0, HEIGHT_PX)
    axes.axis("off")
    picture = pipe_picture(district, outputs)
    canvas = Canvas(
        axes,
        colormaps[COLOUR_MAP],
        10.0 * math.floor(min(c.supply_temp_min_c for c in district.circuits) / 10.0 - 0.5),
        10.0 * math.ceil(max(c.supply_temp_max_c for c in district.circuits) / 10.0),
        max(float(np.abs(picture.mass_flow_kg_s).max(initial=0.0)), _design_scale(district)),
    )
    places = places_px(district)
    draw_pipes(canvas, district, picture, places)
    draw_units(canvas, district, outputs, places)
    draw_title(canvas, district, outputs, subtitle)
    draw_legend(canvas, district, live=outputs is not None)
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
