"""Flows and pressure gradients on the design day, without starting the simulator.

Loops by the linear theory method (D. J. Wood and C. O. A. Charles, J. Hydraul. Div. ASCE 98 (1972)
1157): every pipe gets the resistance of its last flow, the linear network is solved, and flows are
averaged. Friction after P. K. Swamee and A. K. Jain (1976), 0.2 % off Colebrook-White.
"""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.design_day import (
    consumers,
    design_heat_kw,
    design_span_k,
    design_supply_c,
    heat_pump_kw,
    recoverable_kw,
    return_temp_c,
)
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.network import Circuit
from heatrouter.envs.spec.plant_units import HeatPump, WasteHeatSource
from heatrouter.envs.units import PA_PER_BAR, W_PER_KW

_VISCOSITY_PA_S = 4.04e-4  # water at 70 degC
_ITERATIONS = 60
_LAMINAR_RE = 2300.0
_SMALL_FLOW_KG_S = 1e-4
_LEAST_SPAN_K = 20.0


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


class NetworkFlow:
    """Flows of one line (supply or return) of a circuit, from what is drawn at its locations.

    Attributes:
        pipes: Index in the district of each pipe pair of the circuit.
        start: Position in ``circuit.locations`` where each pipe starts.
        end: Position where it ends.
    """

    def __init__(self, district: District, circuit: Circuit) -> None:
        index = {name: i for i, name in enumerate(circuit.locations)}
        series = {s.name: s for s in district.pipe_series}
        inside = [
            (i, pipe)
            for i, pipe in enumerate(district.pipes)
            if pipe.from_location in index and pipe.to_location in index
        ]
        self.pipes: IntArray = np.array([i for i, _ in inside], dtype=np.int64)
        self.start: IntArray = np.array([index[p.from_location] for _, p in inside], dtype=np.int64)
        self.end: IntArray = np.array([index[p.to_location] for _, p in inside], dtype=np.int64)
        self._length = np.array([p.length_m for _, p in inside])
        self._fittings = np.array([p.loss_coefficient for _, p in inside])
        self._diameter = np.array([series[p.series].inner_diameter_m for _, p in inside])
        self._roughness = np.array([series[p.series].roughness_mm / 1000.0 for _, p in inside])
        self._area = np.pi * self._diameter**2 / 4.0
        self._density = circuit.density_kg_m3
        self._free = np.array([i for n, i in index.items() if n != circuit.root], dtype=np.int64)
        self._size = len(index)

    def solve(self, drawn_kg_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Solve for given withdrawals.

        Args:
            drawn_kg_s: Flow out of each location, kg/s; fed in is negative. The root balances.

        Returns:
            Flow of each pipe, kg/s, and pressure drop from the root to each location, Pa.
        """
        flow = np.full(self.pipes.size, max(float(np.abs(drawn_kg_s).max()), 1.0))
        pressure = np.zeros(self._size)
        free = np.ix_(self._free, self._free)
        for _ in range(_ITERATIONS):
            conductance = 1.0 / self._resistance(flow)
            laplacian = np.zeros((self._size, self._size))
            np.add.at(laplacian, (self.start, self.start), conductance)
            np.add.at(laplacian, (self.end, self.end), conductance)
            np.add.at(laplacian, (self.start, self.end), -conductance)
            np.add.at(laplacian, (self.end, self.start), -conductance)
            pressure[self._free] = np.linalg.solve(laplacian[free], -drawn_kg_s[self._free])
            flow = 0.5 * (flow + conductance * (pressure[self.start] - pressure[self.end]))
        return flow, -pressure

    def gradient_pa_m(self, flow: FloatArray) -> FloatArray:
        """Pressure gradient by friction of each pipe, Pa/m."""
        speed = np.abs(flow) / (self._density * self._area)
        reynolds = np.maximum(self._density * speed * self._diameter / _VISCOSITY_PA_S, 1e-3)
        inner = self._roughness / (3.7 * self._diameter) + 5.74 / reynolds**0.9
        turbulent = 0.25 / np.log10(np.minimum(inner, 0.5)) ** 2
        friction = np.where(reynolds < _LAMINAR_RE, 64.0 / reynolds, turbulent)
        return np.asarray(friction / self._diameter * self._density * speed**2 / 2.0)

    def _resistance(self, flow: FloatArray) -> FloatArray:
        """Pressure drop over flow of each pipe, Pa s/kg."""
        magnitude = np.maximum(np.abs(flow), _SMALL_FLOW_KG_S)
        fittings = self._fittings * magnitude**2 / (2.0 * self._density * self._area**2)
        drop = self.gradient_pa_m(magnitude) * self._length + fittings
        return np.asarray(drop / magnitude)


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
            (drops[circuit.locations.index(u.location)] for u in consumers(district, circuit)),
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
    for unit in consumers(district, circuit):
        heat_kw = design_heat_kw(district, unit)
        drawn[index[unit.location]] += heat_kw / (cp_kj_kgk * design_span_k(unit))
    if not sources_run:
        return drawn
    return_c = return_temp_c(district)
    highest_c = max((design_supply_c(u) for u in consumers(district, circuit)), default=0.0)
    supply_c = max(circuit.supply_temp_min_c, highest_c, return_c + _LEAST_SPAN_K)
    for source in district.units:
        if isinstance(source, WasteHeatSource) and source.connection == "return_to_supply":
            heat_kw = recoverable_kw(source, return_c)
        elif isinstance(source, HeatPump):
            heat_kw = heat_pump_kw(district, source, supply_c, return_c)
        else:
            continue
        if source.location in index:
            fed = heat_kw / (cp_kj_kgk * (supply_c - return_c))
            drawn[index[source.location]] -= min(fed, source.max_mass_flow_kg_s)
    return drawn
