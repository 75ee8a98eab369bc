"""Flows and pressure gradients on the design day, without starting the simulator."""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.design_day import (
    circuit_return_c,
    circuit_supply_c,
    heat_pump_kw,
    recoverable_kw,
)
from heatrouter.envs.spec.design_load import design_draws
from heatrouter.envs.spec.design_network import NetworkFlow
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.network import Circuit
from heatrouter.envs.spec.plant_units import Chp, HeatExchanger, HeatPump, WasteHeatSource
from heatrouter.envs.units import PA_PER_BAR, W_PER_KW


@dataclass(frozen=True)
class DesignFlow:
    """The network on the design day.

    Attributes:
        mass_flow_kg_s: Supply flow of each pipe pair, signed, shape ``(n_pipes,)``.
        gradient_pa_m: Pressure gradient by friction, shape ``(n_pipes,)``.
        root_flow_kg_s: Flow of each circuit's dp-control pump, shape ``(n_circuits,)``.
        head_bar: Head that the pump needs, shape ``(n_circuits,)``.
    """

    mass_flow_kg_s: FloatArray
    gradient_pa_m: FloatArray
    root_flow_kg_s: FloatArray
    head_bar: FloatArray


def design_flow(district: District, *, sources_run: bool) -> DesignFlow:
    """Solve the supply network for the consumers' design flows.

    Args:
        district: The description, checked.
        sources_run: Whether waste heat sources and heat pumps feed in; else all comes from the
            circuits' roots.

    Returns:
        Flows, gradients and heads.
    """
    n_pipes = len(district.pipes)
    flow, gradient = np.zeros(n_pipes), np.zeros(n_pipes)
    root_flow = np.zeros(len(district.circuits))
    head = np.zeros(len(district.circuits))
    for c, circuit in enumerate(district.circuits):
        network = NetworkFlow(district, circuit)
        drawn = _withdrawals(district, circuit, sources_run=sources_run)
        flow[network.pipes], drops = network.solve(drawn)
        gradient[network.pipes] = network.gradient_pa_m(flow[network.pipes])
        root_flow[c] = drawn.sum()
        farthest = max(
            (drops[circuit.locations.index(d.location)] for d in design_draws(district, circuit)),
            default=0.0,
        )
        # Supply and return alike; the worst consumer keeps its differential pressure.
        head[c] = 2.0 * max(farthest, 0.0) / PA_PER_BAR + circuit.dp_control.min_dp_bar
    return DesignFlow(flow, gradient, root_flow, head)


def _withdrawals(district: District, circuit: Circuit, *, sources_run: bool) -> FloatArray:
    """Flow out of each supply node, kg/s; what producers feed in is negative."""
    index = {name: i for i, name in enumerate(circuit.locations)}
    cp_kj_kgk = circuit.heat_capacity_j_kgk / W_PER_KW
    drawn = np.zeros(len(index))
    for draw in design_draws(district, circuit):
        drawn[index[draw.location]] += draw.heat_kw / (cp_kj_kgk * draw.span_k)
    if not sources_run:
        return drawn
    return_c = circuit_return_c(district, circuit)
    supply_c = circuit_supply_c(district, circuit)
    for source in district.units:
        most_kg_s = np.inf
        if isinstance(source, WasteHeatSource) and source.connection == "return_to_supply":
            heat_kw, most_kg_s = recoverable_kw(source, return_c), source.max_mass_flow_kg_s
        elif isinstance(source, HeatPump):
            heat_kw = heat_pump_kw(district, source, supply_c, return_c)
            most_kg_s = source.max_mass_flow_kg_s
        elif isinstance(source, Chp):
            heat_kw, most_kg_s = source.capacity_kw, source.max_mass_flow_kg_s
        elif isinstance(source, HeatExchanger):
            heat_kw = source.capacity_kw
        else:
            continue
        if source.location in index:
            fed = heat_kw / (cp_kj_kgk * (supply_c - return_c))
            drawn[index[source.location]] -= min(fed, most_kg_s)
    return drawn
