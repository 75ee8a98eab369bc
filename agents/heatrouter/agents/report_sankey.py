"""Where heat comes from and where it goes, as a flow diagram."""

from dataclasses import dataclass
from html import escape
from typing import Final

from heatrouter.agents.evaluation_results import ControllerResult
from heatrouter.agents.report_heat import fed_in
from heatrouter.agents.report_palette import ELECTRICITY, LOSS, OTHER, unit_colours
from heatrouter.agents.report_svg import WIDTH, drawing
from heatrouter.agents.report_text import rounded, title_of
from heatrouter.envs.spec.consumer_units import Consumer
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import HeatPump, Producer, Store, WasteHeatSource
from heatrouter.envs.units import KWH_PER_MWH

_NODE: Final = 12.0
_GAP: Final = 9.0
_TOP: Final = 22.0
_HEIGHT: Final = 360.0
_MAX_CONSUMERS: Final = 9
_SMALLEST: Final = 0.0005
"""Flows below this share of all are not drawn."""


@dataclass(frozen=True)
class Flow:
    """Heat that enters or leaves the network.

    Attributes:
        name: Where it comes from or goes to.
        mwh: Energy per week, MWh.
        colour: Of its band.
        note: Its share of what was available, if that is known.
    """

    name: str
    mwh: float
    colour: str
    note: str = ""


def heat_flows(
    district: District, result: ControllerResult, hours: float
) -> tuple[list[Flow], list[Flow]]:
    """Heat into and out of the network, mean over all weeks.

    Args:
        district: The district.
        result: Of one controller.
        hours: Length of a week, h.

    Returns:
        Sources and sinks; both sum up to the same, what stores and pipes gained or gave included,
        but for flows too small to draw.
    """
    means, colours = result.mean_outputs, unit_colours(district)

    def mwh(column: str) -> float:
        return means[column] * hours / KWH_PER_MWH

    sources: list[Flow] = []
    sinks: list[Flow] = []
    loss_mwh = sum(mwh(f"{circuit.name}.loss_kw") for circuit in district.circuits)
    for unit in district.units:
        name, colour = title_of(unit.name), colours[unit.name]
        if isinstance(unit, WasteHeatSource):
            available = mwh(f"{unit.name}.available_kw")
            heat = mwh(f"{unit.name}.heat_kw")
            note = _share(heat, available)
            sources.append(Flow(name, heat, colour, note))
        elif isinstance(unit, HeatPump) and unit.source_location is None:
            evaporator = mwh(f"{unit.name}.evaporator_kw")
            note = _share(evaporator, mwh(f"{unit.source}.cooling_kw")) if unit.source else ""
            origin = unit.source or f"{unit.source_medium}, {unit.name}"
            sources.append(Flow(title_of(origin), evaporator, colour, note))
            power = mwh(f"{unit.name}.power_kw")
            sources.append(Flow(f"electricity, {name}", power, ELECTRICITY))
        elif isinstance(unit, Producer):
            heat = sum(sign * mwh(column) for column, sign in fed_in(unit))
            if fed_in(unit):
                origin = f"electricity, {name}" if isinstance(unit, HeatPump) else name
                sources.append(Flow(origin, heat, colour))
        elif isinstance(unit, Store):
            loss_mwh += mwh(f"{unit.name}.loss_kw")
        elif isinstance(unit, Consumer):
            sinks.append(Flow(name, mwh(f"{unit.name}.heat_kw"), colour))
    if len(sinks) > _MAX_CONSUMERS:
        sinks.sort(key=lambda flow: -flow.mwh)
        rest = sinks[_MAX_CONSUMERS - 1 :]
        total = sum(flow.mwh for flow in rest)
        sinks = [*sinks[: _MAX_CONSUMERS - 1], Flow(f"{len(rest)} others", total, OTHER)]
    sinks.append(Flow("heat losses", loss_mwh, LOSS))
    surplus = sum(flow.mwh for flow in sources) - sum(flow.mwh for flow in sinks)
    if surplus >= 0.0:
        sinks.append(Flow("gain of stores and pipes", surplus, OTHER))
    else:
        sources.append(Flow("from stores, pipes and pump heat", -surplus, OTHER))
    least = _SMALLEST * sum(flow.mwh for flow in sources)
    return [f for f in sources if f.mwh > least], [f for f in sinks if f.mwh > least]


def sankey(
    district: District, result: ControllerResult, hours: float, scale_mwh: float | None = None
) -> str:
    """Draw the flows of one controller.

    Args:
        district: The district.
        result: Of the controller.
        hours: Length of a week, h.
        scale_mwh: Energy that fills the height, so that two drawings can be compared.

    Returns:
        The drawing.
    """
    sources, sinks = heat_flows(district, result, hours)
    total = sum(flow.mwh for flow in sources)
    rows = max(len(sources), len(sinks))
    usable = _HEIGHT - _TOP - 8.0 - _GAP * (rows - 1)
    per_mwh = usable / max(scale_mwh or total, 1e-9)
    hub = total * per_mwh
    hub_top = _TOP + (_HEIGHT - _TOP - hub) / 2.0
    hub_x = WIDTH / 2.0 - _NODE / 2.0
    parts = [_node(hub_x, hub_top, hub, "#3b4450")]
    title = f"network {escape(rounded(total))} MWh"
    place = f'x="{WIDTH / 2.0:g}" y="{hub_top - 7:.1f}" text-anchor="middle"'
    labels = [f'<text class="name" {place}>{title}</text>']
    for flows, at_left in ((sources, True), (sinks, False)):
        height = sum(flow.mwh for flow in flows) * per_mwh + _GAP * (len(flows) - 1)
        y, hub_y = _TOP + (_HEIGHT - _TOP - height) / 2.0, hub_top
        spread = _spread(flows, y, per_mwh)
        for flow, label_y in zip(flows, spread, strict=True):
            thick = flow.mwh * per_mwh
            node_x = 0.0 if at_left else WIDTH - _NODE
            band = (
                _band(_NODE, y, hub_x, hub_y, thick)
                if at_left
                else _band(hub_x + _NODE, hub_y, node_x, y, thick)
            )
            text = f"{flow.name} {rounded(flow.mwh)}"
            tip = f"{text} MWh a week" + (f", {flow.note} of what was there" if flow.note else "")
            title = f"<title>{escape(tip)}</title>"
            parts.append(f'<path class="flow" fill="{flow.colour}" d="{band}">{title}</path>')
            parts.append(_node(node_x, y, max(thick, 0.5), flow.colour))
            anchor = "start" if at_left else "end"
            label_x = _NODE + 5.0 if at_left else WIDTH - _NODE - 5.0
            note = f'<tspan class="note"> ({escape(flow.note)})</tspan>' if flow.note else ""
            labels.append(
                f'<text class="flowlabel" x="{label_x:g}" y="{label_y:.1f}" '
                f'text-anchor="{anchor}">{escape(text)}{note}</text>'
            )
            y += thick + _GAP
            hub_y += thick
    return drawing(f"Heat flows under {result.name}, MWh a week", WIDTH, _HEIGHT, [*parts, *labels])


def _share(part: float, whole: float) -> str:
    return f"{rounded(100.0 * part / whole)} %" if whole > 0.0 else ""


def _spread(flows: list[Flow], y: float, per_mwh: float) -> list[float]:
    """Places of the labels: beside their nodes, but never closer than a line of text."""
    places = []
    last = -1e9
    for flow in flows:
        thick = flow.mwh * per_mwh
        last = max(y + thick / 2.0 + 4.0, last + 13.0)
        places.append(last)
        y += thick + _GAP
    overflow = places[-1] - (_HEIGHT - 3.0)
    if overflow > 0.0:
        limit = _HEIGHT - 3.0
        for i in range(len(places) - 1, -1, -1):
            places[i] = min(places[i], limit)
            limit = places[i] - 13.0
    return places


def _node(x: float, y: float, height: float, colour: str) -> str:
    size = f'width="{_NODE:g}" height="{height:.1f}"'
    return f'<rect fill="{colour}" x="{x:g}" y="{y:.1f}" {size}/>'


def _band(x0: float, y0: float, x1: float, y1: float, thick: float) -> str:
    middle = (x0 + x1) / 2.0
    return (
        f"M{x0:.1f},{y0:.1f}C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f}"
        f"V{y1 + thick:.1f}C{middle:.1f},{y1 + thick:.1f} {middle:.1f},{y0 + thick:.1f} "
        f"{x0:.1f},{y0 + thick:.1f}Z"
    )
