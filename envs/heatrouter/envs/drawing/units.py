"""Units as labelled symbols, with what they do just now."""

from collections.abc import Mapping
from functools import lru_cache

from heatrouter.envs.drawing.canvas import (
    ALARM,
    BOTTOM_PX,
    HEIGHT_PX,
    INK,
    MANY_PIPES,
    PAPER,
    SYMBOLS,
    TOP_PX,
    WIDTH_PX,
    Canvas,
    places_px,
)
from heatrouter.envs.drawing.layout import Box, Layout
from heatrouter.envs.drawing.margins import margin_boxes
from heatrouter.envs.spec.consumer_units import Consumer
from heatrouter.envs.spec.district import District, Unit
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    Digester,
    HeatExchanger,
    HeatPump,
    Producer,
    SolarThermal,
    Store,
    Unplaced,
    WasteHeatSource,
)
from heatrouter.envs.unit_facts import power, unit_size

_SYMBOL_PX, _LINE_PX = 18.0, 11.5
_TITLE_PX, _VALUE_PX = 5.6, 6.6  # mean width of a letter in the label's two lines
_MOST_LABELS = 40
"""More hide the map; then consumers have none, and beyond that nobody."""
_SYMBOL_PT, _SMALL_PT = 9.5, 3.6
_LONGEST_NOTE = {
    "store": "100%",
    "digester": "100%",
    "heat_pump": "COP 4.0",
    "chp": "888 kW el.",
    "greenhouse": "20.0 °C",
}
_LONGEST_VALUE = "8.88 MW short"
_LONGEST_WITH_SHARE = "88.88 MW  100 %"
_SHADE = 0.22
_FAR_PX = 160.0
_UNMET_SHARE = 0.01  # below it, a shortage is the valve's motion and no alarm


def draw_units(
    canvas: Canvas,
    district: District,
    outputs: Mapping[str, float] | None,
    places: Mapping[str, tuple[float, float]],
) -> None:
    """Draw all units, with labels as long as one can read them."""
    boxes = label_boxes(district)
    for unit, location in _shown(district):
        anchor = places[location]
        label = _label(unit, outputs)
        if unit.name not in boxes:
            size = _SMALL_PT if boxes else _SYMBOL_PT
            _draw_symbol(canvas, unit, *anchor, outputs, size, alarm=label[2])
            continue
        _draw_label(canvas, unit, boxes[unit.name], anchor, label, outputs)


def _shown(district: District) -> list[tuple[Unit, str]]:
    """Units with the location they are drawn at: a digester beside the first that burns its gas."""
    shown: list[tuple[Unit, str]] = []
    for unit in district.units:
        if isinstance(unit, Digester):
            burners = [
                u
                for u in district.units
                if isinstance(u, Boiler | Chp) and u.fuel_store == unit.name
            ]
            shown.extend((unit, burner.location) for burner in burners[:1])
        elif not isinstance(unit, Unplaced):
            shown.append((unit, unit.location))
    return shown


@lru_cache(maxsize=8)
def label_boxes(district: District) -> Mapping[str, Box]:
    """Place of every label, the same for all hours so that labels do not jump between frames."""
    units = _shown(district)
    if len(units) > _MOST_LABELS:
        units = [shown for shown in units if not isinstance(shown[0], Consumer)]
    if len(units) > _MOST_LABELS:
        return {}
    places = places_px(district)
    if len(district.pipes) > MANY_PIPES:
        anchored = {unit.name: (places[location], *_label_size(unit)) for unit, location in units}
        beside = margin_boxes(anchored, WIDTH_PX, (BOTTOM_PX, HEIGHT_PX - TOP_PX))
        if beside is not None:
            return beside
    lines = [(*places[p.from_location], *places[p.to_location]) for p in district.pipes]
    layout = Layout(WIDTH_PX, HEIGHT_PX - TOP_PX - BOTTOM_PX, BOTTOM_PX, lines)
    layout.placed.extend(Box(x, y, 10.0, 10.0) for x, y in places.values())
    # Crowded places first: their labels have the least choice.
    crowd = [location for _, location in units]
    boxes = {}
    for unit, location in sorted(units, key=lambda shown: -crowd.count(shown[1])):
        boxes[unit.name] = layout.place(places[location], *_label_size(unit))
    return boxes


def _label_size(unit: Unit) -> tuple[float, float]:
    """Width and height of a label that holds whatever the unit may do, px."""
    title = f"{_title(unit)} {_LONGEST_NOTE.get(unit.kind, '')}".strip()
    value = _LONGEST_WITH_SHARE if isinstance(unit, Producer) else _LONGEST_VALUE
    text_px = max(_TITLE_PX * len(title), _VALUE_PX * len(value))
    return _SYMBOL_PX + 16.0 + text_px, 2.0 * _LINE_PX + 6.0


def _draw_label(
    canvas: Canvas,
    unit: Unit,
    box: Box,
    anchor: tuple[float, float],
    text: tuple[str, str, bool],
    outputs: Mapping[str, float] | None,
) -> None:
    from matplotlib.patches import FancyBboxPatch, Rectangle

    title, value, alarm = text
    symbol = SYMBOLS[unit.kind]
    left, low = box.x - box.width / 2.0, box.y - box.height / 2.0
    canvas.axes.plot(
        [anchor[0], box.x], [anchor[1], box.y], color=symbol.colour, linewidth=0.9, zorder=3
    )
    if abs(box.x - anchor[0]) > _FAR_PX:
        # The line runs over pipes: this is where it ends.
        canvas.axes.plot(*anchor, "o", color=symbol.colour, markersize=4.0, zorder=4)
    frame = FancyBboxPatch(
        (left + 2.0, low + 2.0),
        box.width - 4.0,
        box.height - 4.0,
        boxstyle="round,pad=1.5,rounding_size=4",
        facecolor="#fff0f0" if alarm else PAPER,
        edgecolor=ALARM if alarm else symbol.colour,
        linewidth=1.6 if alarm else 0.9,
        zorder=5,
    )
    canvas.axes.add_patch(frame)
    share = None if outputs is None else _share(unit, outputs)
    if share is not None:
        wide = min(max(share, 0.0), 1.0) * box.width
        shade = Rectangle(
            (left, low), wide, box.height, color=symbol.colour, alpha=_SHADE, lw=0.0, zorder=6
        )
        canvas.axes.add_patch(shade)
        shade.set_clip_path(frame)
    _draw_symbol(canvas, unit, left + 6.0 + _SYMBOL_PX / 2.0, box.y, outputs)
    text_x = left + _SYMBOL_PX + 10.0
    canvas.axes.text(
        text_x, box.y + _LINE_PX / 2.0, title, fontsize=7.2, color=INK, va="center", zorder=7
    )
    canvas.axes.text(
        text_x,
        box.y - _LINE_PX / 2.0,
        value,
        fontsize=7.2,
        color=ALARM if alarm else INK,
        weight="bold",
        va="center",
        zorder=7,
    )


def _draw_symbol(
    canvas: Canvas,
    unit: Unit,
    x: float,
    y: float,
    outputs: Mapping[str, float] | None,
    size: float = _SYMBOL_PT,
    *,
    alarm: bool = False,
) -> None:
    symbol = SYMBOLS[unit.kind]
    colour = ALARM if alarm else symbol.colour
    running = outputs is None or _heat_kw(unit, outputs) > 0.0 or unit.kind == "store"
    canvas.axes.plot(
        [x],
        [y],
        marker=symbol.marker,
        markersize=size,
        markerfacecolor=colour if running or alarm else PAPER,
        markeredgecolor=colour,
        markeredgewidth=1.4 if size > _SMALL_PT else 0.8,
        zorder=8 if size > _SMALL_PT else 4,
    )


def _heat_kw(unit: Unit, outputs: Mapping[str, float]) -> float:
    column = {"store": "charge_kw", "digester": "gas_kw"}.get(unit.kind, "heat_kw")
    return float(outputs[f"{unit.name}.{column}"])


def _share(unit: Unit, outputs: Mapping[str, float]) -> float | None:
    """How full a store or how loaded a producer is, 0 to 1; None where nothing can be said."""
    if isinstance(unit, Store):
        return outputs[f"{unit.name}.level"]
    if isinstance(unit, Digester):
        return outputs[f"{unit.name}.fill_level"]
    if isinstance(unit, WasteHeatSource | SolarThermal):
        # Of what the source could give just now: an idle factory has no share.
        offer_kw = outputs[f"{unit.name}.available_kw"]
        return min(_heat_kw(unit, outputs) / offer_kw, 1.0) if offer_kw > 1.0 else None
    if isinstance(unit, Boiler | Chp | HeatPump | HeatExchanger):
        return _heat_kw(unit, outputs) / unit.capacity_kw
    return None


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
    if isinstance(unit, Digester):
        return f"{title} {outputs[f'{unit.name}.fill_level']:.0%}", f"{power(heat_kw)} gas", False
    if isinstance(unit, Producer):
        return _producer_title(unit, outputs, heat_kw), _producer_value(unit, outputs), False
    if unit.kind == "greenhouse":
        title = f"{title} {outputs[f'{unit.name}.air_temp_c']:.1f} °C"
    unmet_kw = outputs.get(f"{unit.name}.unmet_kw", 0.0)
    if unmet_kw > _UNMET_SHARE * max(heat_kw, 1.0):
        return title, f"{power(unmet_kw)} short", True
    return title, power(heat_kw) if heat_kw > 0.0 else "off", False


def _producer_title(unit: Producer, outputs: Mapping[str, float], heat_kw: float) -> str:
    if isinstance(unit, Chp) and heat_kw > 0.0:
        return f"{_title(unit)} {power(outputs[f'{unit.name}.generated_kw'])} el."
    if isinstance(unit, HeatPump) and heat_kw > 0.0:
        return f"{_title(unit)} COP {outputs[f'{unit.name}.cop']:.1f}"
    return _title(unit)


def _producer_value(unit: Producer, outputs: Mapping[str, float]) -> str:
    heat_kw, share = _heat_kw(unit, outputs), _share(unit, outputs)
    if heat_kw <= 0.0:
        return "off"
    return power(heat_kw) if share is None else f"{power(heat_kw)}  {share:.0%}"
