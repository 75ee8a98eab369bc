"""Flows and pressures of one line of a circuit for given withdrawals, from its description.

Loops by the linear theory method (D. J. Wood and C. O. A. Charles, J. Hydraul. Div. ASCE 98 (1972)
1157): every pipe gets the resistance of its last flow, the linear network is solved, and flows are
averaged. Friction after P. K. Swamee and A. K. Jain (1976), 0.2 % off Colebrook-White.
"""

from typing import TYPE_CHECKING

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from heatrouter.envs.spec.district import District
    from heatrouter.envs.spec.network import Circuit

_VISCOSITY_PA_S = 4.04e-4  # water at 70 degC
_ITERATIONS = 60
_LAMINAR_RE = 2300.0
_SMALL_FLOW_KG_S = 1e-4


class NetworkFlow:
    """Flows of one line (supply or return) of a circuit, from what is drawn at its locations.

    Attributes:
        pipes: Index in the district of each pipe pair of the circuit.
        start: Position in ``circuit.locations`` where each pipe starts.
        end: Position where it ends.
    """

    def __init__(self, district: "District", circuit: "Circuit") -> None:
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
