"""Flows and pressures of one line of a circuit for given withdrawals, from its description.

A spanning tree takes the flows that the withdrawals ask for; every other pipe closes a loop, and
Newton's method finds the loop flows whose pressure drops sum to zero (R. Epp and A. G. Fowler, J.
Hydraul. Div. ASCE 96 (1970) 43). Friction after P. K. Swamee and A. K. Jain (1976), 0.2 % off
Colebrook-White.
"""

from typing import TYPE_CHECKING

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from heatrouter.envs.spec.district import District
    from heatrouter.envs.spec.network import Circuit

_VISCOSITY_PA_S = 4.04e-4  # water at 70 degC
_ITERATIONS = 40
_EXPONENT = 2.0  # of flow in the pressure drop, for Newton's slope
_TOLERANCE = 1e-6  # of the largest withdrawal
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
        self._size = len(index)
        self._span(index[circuit.root])

    def solve(self, drawn_kg_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Solve for given withdrawals.

        Args:
            drawn_kg_s: Flow out of each location, kg/s; fed in is negative. The root balances.

        Returns:
            Flow of each pipe, kg/s, and pressure drop from the root to each location, Pa.
        """
        below = np.array(drawn_kg_s, dtype=np.float64)
        flow = np.zeros(self.pipes.size)
        for pipe, child, parent, sign in reversed(self._tree):
            flow[pipe] = sign * below[child]
            below[parent] += below[child]
        tolerance = _TOLERANCE * max(float(np.abs(drawn_kg_s).max()), _SMALL_FLOW_KG_S)
        for _ in range(_ITERATIONS if len(self._loops) else 0):
            resistance = self._resistance(flow)
            unbalanced = self._loops @ (resistance * flow)
            slope = (self._loops * (_EXPONENT * resistance)) @ self._loops.T
            step = np.linalg.solve(slope, -unbalanced)
            flow = flow + self._loops.T @ step
            if float(np.abs(step).max()) < tolerance:
                break
        drop = np.zeros(self._size)
        lost = self._resistance(flow) * flow
        for pipe, child, parent, sign in self._tree:
            drop[child] = drop[parent] + sign * lost[pipe]
        return flow, drop

    def _span(self, root: int) -> None:
        """Find a spanning tree from the root, and the loop that each other pipe closes."""
        beside: dict[int, list[tuple[int, int, float]]] = {}
        for pipe, (start, end) in enumerate(
            zip(self.start.tolist(), self.end.tolist(), strict=True)
        ):
            beside.setdefault(start, []).append((pipe, end, 1.0))
            beside.setdefault(end, []).append((pipe, start, -1.0))
        self._tree: list[tuple[int, int, int, float]] = []
        above: dict[int, tuple[int, int, float]] = {}
        reached, queue = {root}, [root]
        for here in queue:
            for pipe, there, sign in beside.get(here, ()):
                if there not in reached:
                    reached.add(there)
                    queue.append(there)
                    above[there] = (pipe, here, sign)
                    self._tree.append((pipe, there, here, sign))
        chords = sorted(set(range(self.pipes.size)) - {pipe for pipe, *_ in self._tree})
        self._loops = np.zeros((len(chords), self.pipes.size))
        for row, chord in zip(self._loops, chords, strict=True):
            row[chord] = 1.0
            # back to the start by the tree: up from the chord's end, down to its start
            for node, direction in ((int(self.end[chord]), -1.0), (int(self.start[chord]), 1.0)):
                while node != root:
                    pipe, node, sign = above[node]
                    row[pipe] += direction * sign

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
