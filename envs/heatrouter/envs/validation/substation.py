"""The substation case of the model page: what a colder supply costs in flow and return temperature.

Designed 85/45 on 70/40 at design load. Expected are the closed-form results of a counterflow
exchanger with film coefficients proportional to m^0.7 on both sides; the simulator's own
valve equation has to find them.
"""

import math

from heatrouter.envs.components.exchanger import film_term, flow_for_heat
from heatrouter.envs.simulation.consumer_table import Exchanger, design_exchanger
from heatrouter.envs.spec.exchanger_design import HeatExchangerDesign
from heatrouter.envs.validation.verdict import Check, Report

LIMIT_PERCENT = 2.0
HEAT_W, HEAT_CAPACITY_J_KGK = 1.0e6, 4190.0
SECONDARY_RETURN_C = 40.0
CASES = ((75.0, 1.68, 51.0), (72.0, 2.59, 57.0))
"""Supply temperature in degC, flow over the design flow, return temperature in degC."""

TOO_COLD_C = 70.0
_WIDE_OPEN = 1e3
_CALLS = 12
"""The valve equation takes one Newton step per sub-step from the last flow; this settles it."""


def run() -> Report:
    """Solve the cases and compare."""
    design = HeatExchangerDesign(
        primary_supply_c=85.0,
        primary_return_c=45.0,
        secondary_supply_c=70.0,
        secondary_return_c=SECONDARY_RETURN_C,
        max_flow_ratio=5.0,
    )
    sized = design_exchanger(design, HEAT_W, HEAT_CAPACITY_J_KGK)
    checks = []
    for supply_c, expected_ratio, expected_return_c in CASES:
        flow = _flow(sized, supply_c, HEAT_W)
        ratio = flow / sized.primary_flow
        back_c = supply_c - HEAT_W / (flow * HEAT_CAPACITY_J_KGK)
        for figure, value, expected in (
            ("flow over design", ratio, expected_ratio),
            ("return temperature", back_c, expected_return_c),
        ):
            checks.append(
                Check(
                    f"substation, supply {supply_c:g} °C",
                    f"{figure}, deviation from {expected:g}",
                    100.0 * (value / expected - 1.0),
                    "%",
                    LIMIT_PERCENT,
                    note=f"{value:.3f}",
                )
            )
    delivers = _flow(sized, TOO_COLD_C, HEAT_W) < _WIDE_OPEN * sized.primary_flow
    checks.append(
        Check(
            f"substation, supply {TOO_COLD_C:g} °C",
            "delivers the design load (1: yes)",
            float(delivers),
            "1",
            0.0,
            note="the secondary supply is as warm: no flow can deliver",
        )
    )
    return Report("substation", "85/45 on 70/40 at design load, colder supply", tuple(checks))


def _flow(sized: Exchanger, supply_c: float, heat_w: float) -> float:
    flow = math.nan
    for _ in range(_CALLS):
        flow = flow_for_heat(
            heat_w,
            supply_c,
            sized.secondary_flow,
            SECONDARY_RETURN_C,
            sized.primary_flow,
            film_term(1.0),
            sized.ua,
            _WIDE_OPEN * sized.primary_flow,
            sized.primary_flow if math.isnan(flow) else flow,
            HEAT_CAPACITY_J_KGK,
        )
    return flow
