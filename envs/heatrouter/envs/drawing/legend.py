"""Title and legend of the picture."""

import math
from collections.abc import Mapping

import numpy as np

from heatrouter.envs.drawing.canvas import (
    BOTTOM_PX,
    HEIGHT_PX,
    INK,
    QUIET,
    SYMBOLS,
    WIDTH_PX,
    Canvas,
    circuit_colours,
)
from heatrouter.envs.spec.district import District

_LEAST_IN_ROW, _MOST_IN_ROW = 7, 9
_CLOCK_PX = 168.0
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def draw_title(
    canvas: Canvas, district: District, outputs: Mapping[str, float] | None, subtitle: str
) -> None:
    """Write the title and what is known of hour, weather and prices."""
    top, left = HEIGHT_PX - 24.0, 16.0
    if outputs is not None and not subtitle:
        hour = outputs["site.local_hour"]
        day = _DAYS[int(outputs["site.weekday"]) % 7]
        clock = (
            f"day {outputs['site.day_of_year']:.0f}, {day} "
            f"{int(hour) % 24:02d}:{int(hour % 1.0 * 60.0):02d}"
        )
        canvas.axes.text(
            left, top - 21.0, clock, fontsize=10, weight="bold", color=INK, va="center"
        )
        left += _CLOCK_PX
        subtitle = (
            f"outdoors {outputs['site.ambient_temp_c']:.1f} °C    "
            f"electricity {outputs['site.electricity_eur_per_mwh']:.0f} €/MWh    "
            f"gas {outputs['site.gas_eur_per_mwh']:.0f} €/MWh"
        )
    if outputs is None and not subtitle:
        subtitle = "sizes of the units, flows of the design day"
    mark = " (hypothetical)" if district.hypothetical else ""
    canvas.axes.text(
        16.0, top, district.title + mark, fontsize=13, weight="bold", color=INK, va="center"
    )
    canvas.axes.text(left, top - 21.0, subtitle, fontsize=9, color=QUIET, va="center")


def draw_legend(canvas: Canvas, district: District, *, live: bool) -> None:
    """Explain symbols, colours and widths."""
    axes = canvas.axes
    axes.plot([0.0, WIDTH_PX], [BOTTOM_PX - 8.0] * 2, color="#e4e7eb", linewidth=1.0)
    kinds = [k for k in SYMBOLS if any(u.kind == k for u in district.units)]
    in_row = len(kinds) if len(kinds) <= _MOST_IN_ROW else math.ceil(len(kinds) / 2)
    for i, kind in enumerate(kinds):
        symbol = SYMBOLS[kind]
        x = 24.0 + i % in_row * (WIDTH_PX - 30.0) / max(in_row, _LEAST_IN_ROW)
        y = 62.0 if in_row == len(kinds) else 71.0 - 17.0 * (i // in_row)
        axes.plot([x], [y], marker=symbol.marker, markersize=8, color=symbol.colour)
        axes.text(x + 12.0, y, symbol.meaning, fontsize=8, color=INK, va="center")
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
        axes.text(234.0, 32.0, "supply temperature, °C", fontsize=8, color=INK, va="center")
        x = 420.0
    for share in (0.1, 0.4, 1.0):
        flow = _round_flow(share * canvas.widest_kg_s)
        axes.plot(
            [x, x + 34.0],
            [32.0, 32.0],
            color=QUIET,
            linewidth=canvas.line_width(flow),
            solid_capstyle="round",
        )
        axes.text(x + 42.0, 32.0, f"{flow:g}", fontsize=8, color=INK, va="center")
        x += 74.0
    axes.text(x, 32.0, "supply flow, kg/s", fontsize=8, color=INK, va="center")
    if len(district.circuits) > 1:
        _draw_circuits(canvas, district)
    if live:
        note = "shading: load, share taken of what is on offer, or fill; empty symbol: off"
        axes.text(420.0, 13.0, note, fontsize=8, color=QUIET, va="center")


def _draw_circuits(canvas: Canvas, district: District) -> None:
    """Names of the circuits beside the colours of their pipes' edges, top right."""
    colours = circuit_colours(district)
    for i, circuit in enumerate(district.circuits):
        y = HEIGHT_PX - 20.0 - 14.0 * i
        canvas.axes.plot(
            [WIDTH_PX - 150.0, WIDTH_PX - 126.0], [y, y], color=colours[circuit.root], linewidth=3.0
        )
        canvas.axes.text(WIDTH_PX - 118.0, y, circuit.name, fontsize=8, color=INK, va="center")


def _round_flow(flow_kg_s: float) -> float:
    if flow_kg_s <= 0.0:
        return 0.0
    digits = 10.0 ** math.floor(math.log10(flow_kg_s))
    return float(round(flow_kg_s / digits) * digits)
