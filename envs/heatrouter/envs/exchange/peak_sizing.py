"""Sizes that follow from the whole: boilers at roots, pumps, largest flows."""

import math
from typing import Any, Final

import numpy as np

from heatrouter.envs.design_day import loss_kw
from heatrouter.envs.design_flow import design_flow
from heatrouter.envs.exchange.circuits import CircuitDraft
from heatrouter.envs.exchange.draft import TAKING
from heatrouter.envs.exchange.import_report import ImportReport
from heatrouter.envs.exchange.network_building import BACKUP_MARGIN, MOST_HEAD_BAR
from heatrouter.envs.exchange.unit_building import CP_KJ_KGK, FLOW_MARGIN, Design
from heatrouter.envs.spec.district import District

_GROUND_C: Final = 8.0
_HEAD_MARGIN, _LEAST_HEAD_BAR = 1.25, 1.0
_MUCH_LOSS: Final = 0.5


def size_for_peak(
    data: dict[str, Any],
    district: District,
    circuits: list[CircuitDraft],
    designs: list[Design],
    report: ImportReport,
) -> None:
    """Size the boiler and the pump of every circuit for the design day."""
    flow = design_flow(district, sources_run=False)
    sized = {u["name"]: u for u in data["units"]}
    for c, (entry, circuit, design) in enumerate(
        zip(data["circuits"], circuits, designs, strict=True)
    ):
        supply = np.array([design.supply_c])
        loss = float(loss_kw(district, district.circuits[c], supply, design.return_c, _GROUND_C)[0])
        demand = sum(u.heat_kw or 0.0 for u in circuit.units if u.kind in TAKING)
        if loss > _MUCH_LOSS * demand > 0.0:
            report.add(
                "look at",
                f"pipes lose {loss:.0f} kW on the design day, consumers take {demand:.0f} kW",
                entry["name"],
            )
        boiler = sized[entry["balancing"][-1]]
        capacity = max(BACKUP_MARGIN * (demand + loss), 1.0)
        boiler["capacity_kw"] = round(capacity, 1)
        most = max(capacity / (CP_KJ_KGK * design.span_k), float(flow.root_flow_kg_s[c]))
        boiler["max_mass_flow_kg_s"] = round(FLOW_MARGIN * most, 2)
        _limit_flows(data["units"], entry["locations"], round(FLOW_MARGIN * most, 2))
        head = max(_HEAD_MARGIN * float(flow.head_bar[c]), _LEAST_HEAD_BAR)
        entry["dp_control"]["max_head_bar"] = min(math.ceil(head * 10.0) / 10.0, MOST_HEAD_BAR)
    report.add("assumed", "pumps lift the design day's flow with a quarter to spare, at 0.6 bar")


def _limit_flows(units: list[dict[str, Any]], locations: list[str], most_kg_s: float) -> None:
    """Keep producers from more flow than all take: they hold a minute of their largest flow."""
    for unit in units:
        if unit["location"] in locations and unit["kind"] != "store":
            flow = unit.get("max_mass_flow_kg_s")
            if flow is not None:
                unit["max_mass_flow_kg_s"] = min(flow, most_kg_s)
