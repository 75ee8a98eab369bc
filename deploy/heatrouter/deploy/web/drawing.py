"""The map of the district for the page: places and labels once, numbers live."""

import math
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from heatrouter.deploy.web_site import InputChannel, Site
from heatrouter.envs.design_flow import design_flow
from heatrouter.envs.drawing.canvas import HEIGHT_PX, SYMBOLS, places_px
from heatrouter.envs.drawing.units import label_boxes
from heatrouter.envs.spec.district import District

_EDGE_PX: Final = 8.0
_THINNEST_PX, _WIDEST_PX = 2.0, 9.0

_SHOWN: Final = (
    "level",
    "fill_level",
    "heat_kw",
    "cooling_kw",
    "charge_kw",
    "supply_temp_c",
    "outlet_temp_c",
    "air_temp_c",
    "room_temp_c",
    "mass_flow_kg_s",
    "generated_kw",
    "power_kw",
    "top_temp_c",
)
"""What of a unit is shown in its label, most telling first; two of them have room."""

_MOST_SHOWN: Final = 2


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DrawnPipe(_Frozen):
    """A pipe pair, by its ends on the map."""

    x0: float
    y0: float
    x1: float
    y1: float
    width: float = Field(description="by the design flow")


class DrawnUnit(_Frozen):
    """A unit: where it stands, where its label is, what belongs to it."""

    name: str
    kind: str
    meaning: str
    x: float
    y: float
    label_x: float | None = Field(description="centre of the label; null: none has room")
    label_y: float | None
    label_width: float
    label_height: float
    shown: list[int] = Field(description="inputs in the label")
    inputs: list[int] = Field(description="all inputs of the unit")


class DrawnCircuit(_Frozen):
    """A circuit and its inputs."""

    name: str
    inputs: list[int]


class Drawing(_Frozen):
    """The map; lengths in its own pixels, y downwards."""

    left: float
    top: float
    width: float
    height: float
    pipes: list[DrawnPipe]
    units: list[DrawnUnit]
    circuits: list[DrawnCircuit]
    site_inputs: list[int] = Field(description="weather, tariffs: inputs of no unit")


def drawing_of(site: Site) -> Drawing:
    """The map of a site's district; takes a second for a town."""
    district = site.district
    places = places_px(district)
    boxes = label_boxes(district)
    units = []
    for unit in district.units:
        box = boxes.get(unit.name)
        where = getattr(unit, "location", None)
        if where is None and box is None:
            continue
        anchor = places[where] if where is not None else (box.x, box.y)  # type: ignore[union-attr]  # one of both
        x, y = flipped(*anchor)
        label = (None, None) if box is None else flipped(box.x, box.y)
        own = _inputs_of(unit.name, site.inputs)
        units.append(
            DrawnUnit(
                name=unit.name,
                kind=unit.kind,
                meaning=SYMBOLS[unit.kind].meaning if unit.kind in SYMBOLS else unit.kind,
                x=x,
                y=y,
                label_x=label[0],
                label_y=label[1],
                label_width=0.0 if box is None else round(box.width, 1),
                label_height=0.0 if box is None else round(box.height, 1),
                shown=_shown(own, site.inputs),
                inputs=own,
            )
        )
    circuits = [
        DrawnCircuit(name=c.name, inputs=_inputs_of(c.name, site.inputs)) for c in district.circuits
    ]
    named = {i for u in units for i in u.inputs} | {i for c in circuits for i in c.inputs}
    corners = [(x, y) for x, y in (flipped(*place) for place in places.values())]
    for drawn in units:
        if drawn.label_x is not None and drawn.label_y is not None:
            wide, high = drawn.label_width / 2.0, drawn.label_height / 2.0
            corners.append((drawn.label_x - wide, drawn.label_y - high))
            corners.append((drawn.label_x + wide, drawn.label_y + high))
    left, top = (min(c[i] for c in corners) - _EDGE_PX for i in (0, 1))
    right, bottom = (max(c[i] for c in corners) + _EDGE_PX for i in (0, 1))
    return Drawing(
        left=round(left, 1),
        top=round(top, 1),
        width=round(right - left, 1),
        height=round(bottom - top, 1),
        pipes=_pipes(district, places),
        units=units,
        circuits=circuits,
        site_inputs=[i for i in range(len(site.inputs)) if i not in named],
    )


def flipped(x: float, y: float) -> tuple[float, float]:
    """From the drawing's pixels, y upwards, to the page's."""
    return round(x, 1), round(HEIGHT_PX - y, 1)


def _pipes(district: District, places: dict[str, tuple[float, float]]) -> list[DrawnPipe]:
    flows = [abs(float(f)) for f in design_flow(district, sources_run=True).mass_flow_kg_s]
    widest = max(flows, default=0.0)
    pipes = []
    for pipe, flow in zip(district.pipes, flows, strict=True):
        x0, y0 = flipped(*places[pipe.from_location])
        x1, y1 = flipped(*places[pipe.to_location])
        share = math.sqrt(flow / widest) if widest > 0.0 else 0.0
        pipes.append(
            DrawnPipe(
                x0=x0,
                y0=y0,
                x1=x1,
                y1=y1,
                width=round(_THINNEST_PX + (_WIDEST_PX - _THINNEST_PX) * share, 1),
            )
        )
    return pipes


def _inputs_of(unit: str, inputs: tuple[InputChannel, ...]) -> list[int]:
    return [i for i, channel in enumerate(inputs) if channel.name.rpartition(".")[0] == unit]


def _shown(own: list[int], inputs: tuple[InputChannel, ...]) -> list[int]:
    quantities = {inputs[i].name.rpartition(".")[2]: i for i in own}
    return [quantities[q] for q in _SHOWN if q in quantities][:_MOST_SHOWN]
