"""What the picture of a network shows: flow and supply temperature of every pipe.

The simulator reports flows and temperatures at units and at the roots. Flows in between follow from
the network's resistances, temperatures from mixing at every location.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.design_day import consumers
from heatrouter.envs.design_flow import design_flow
from heatrouter.envs.spec.design_network import NetworkFlow
from heatrouter.envs.spec.district import District, Unit
from heatrouter.envs.spec.network import Circuit
from heatrouter.envs.spec.plant_units import Boiler, HeatExchanger, Producer, WasteHeatSource

_MIXING_SWEEPS = 200


@dataclass(frozen=True)
class PipePicture:
    """Supply side of every pipe pair, shape ``(n_pipes,)``.

    Attributes:
        mass_flow_kg_s: Signed, positive from ``from_location`` to ``to_location``.
        supply_temp_c: NaN where nothing is known.
    """

    mass_flow_kg_s: FloatArray
    supply_temp_c: FloatArray


def pipe_picture(district: District, outputs: Mapping[str, float] | None) -> PipePicture:
    """Flows and temperatures to draw.

    Args:
        district: The description.
        outputs: Outputs of the simulator by column name; None draws design flows.

    Returns:
        Flows and temperatures.
    """
    n_pipes = len(district.pipes)
    temperature = np.full(n_pipes, math.nan)
    if outputs is None:
        return PipePicture(design_flow(district, sources_run=True).mass_flow_kg_s, temperature)
    flow = np.zeros(n_pipes)
    for circuit in district.circuits:
        network = NetworkFlow(district, circuit)
        index = {name: i for i, name in enumerate(circuit.locations)}
        drawn = _drawn(district, circuit, index, outputs)
        flow[network.pipes], _ = network.solve(drawn)
        known = _known_temps(district, circuit, index, outputs)
        at_location = _mixed(network, flow[network.pipes], known)
        upstream = np.where(flow[network.pipes] >= 0.0, network.start, network.end)
        downstream = np.where(flow[network.pipes] >= 0.0, network.end, network.start)
        temperature[network.pipes] = 0.5 * (at_location[upstream] + at_location[downstream])
    return PipePicture(flow, temperature)


def _drawn(
    district: District, circuit: Circuit, index: Mapping[str, int], outputs: Mapping[str, float]
) -> FloatArray:
    drawn = np.zeros(len(index))
    for consumer in consumers(district, circuit):
        drawn[index[consumer.location]] += outputs[f"{consumer.name}.mass_flow_kg_s"]
    for unit in district.units:
        if isinstance(unit, HeatExchanger) and unit.primary_location in index:
            drawn[index[unit.primary_location]] += outputs[f"{unit.name}.primary_flow_kg_s"]
        # What stands at the root only changes the flow of the root itself.
        if _feeds(unit) and unit.location in index and unit.location != circuit.root:
            drawn[index[unit.location]] -= outputs[f"{unit.name}.mass_flow_kg_s"]
    return drawn


def _feeds(unit: Unit) -> TypeGuard[Producer]:
    """Whether a unit takes return water and gives it to the supply."""
    if isinstance(unit, WasteHeatSource | Boiler):
        return unit.connection == "return_to_supply"
    return isinstance(unit, Producer)


def _known_temps(
    district: District, circuit: Circuit, index: Mapping[str, int], outputs: Mapping[str, float]
) -> FloatArray:
    known = np.full(len(index), math.nan)
    known[index[circuit.root]] = outputs[f"{circuit.name}.supply_temp_c"]
    for unit in district.units:
        # what stands at the root is part of what the circuit's own sensor shows
        if not _feeds(unit) or unit.location not in index or unit.location == circuit.root:
            continue
        if outputs[f"{unit.name}.mass_flow_kg_s"] > 0.0:
            known[index[unit.location]] = outputs[f"{unit.name}.outlet_temp_c"]
    for consumer in consumers(district, circuit):
        known[index[consumer.location]] = outputs[f"{consumer.name}.supply_temp_c"]
    return known


def _mixed(network: NetworkFlow, flow: FloatArray, known: FloatArray) -> FloatArray:
    """Temperature of every location: the known ones, the others mixed from what flows in."""
    fixed = np.isfinite(known)
    temperature = np.where(fixed, known, np.mean(known[fixed]))
    upstream = np.where(flow >= 0.0, network.start, network.end)
    downstream = np.where(flow >= 0.0, network.end, network.start)
    weight = np.abs(flow) + 1e-9
    inflow = np.zeros(known.size)
    np.add.at(inflow, downstream, weight)
    for _ in range(min(_MIXING_SWEEPS, known.size)):
        carried = np.zeros(known.size)
        np.add.at(carried, downstream, weight * temperature[upstream])
        mixed = np.where(inflow > 0.0, carried / np.maximum(inflow, 1e-12), temperature)
        temperature = np.where(fixed, known, mixed)
    return temperature
