"""Heat held by the water of each circuit: what is there, and what there can be up to a level."""

from dataclasses import dataclass

import numpy as np

from heatrouter.agents.bound.week_data import WeekData
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.plug_flow import MASS, PSI
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.kernel import UNIT_WATER_S
from heatrouter.envs.simulation.transport import BASE, SCALE, WALL_FROM, WALL_TO
from heatrouter.envs.units import J_PER_KWH


@dataclass(frozen=True, slots=True, eq=False)
class Water:
    """Everything warm in one circuit: bodies of water or steel, and capsules.

    Attributes:
        capacity: Of each body, kWh/K.
        temp_c: Of each body.
        capsules: Mass (kg), enthalpy (J/kg) and row of the store of each layer that has any.
        capsule_data: Rows of the stores' table.
    """

    capacity: FloatArray
    temp_c: FloatArray
    capsules: tuple[tuple[float, float, int], ...]
    capsule_data: FloatArray

    @property
    def held_kwh(self) -> float:
        """Heat above 0 degC."""
        latent = sum(mass * enthalpy for mass, enthalpy, _ in self.capsules)
        return float(self.capacity @ self.temp_c) + latent / J_PER_KWH

    def at_kwh(self, temp_c: float, *, most: bool) -> float:
        """Heat above 0 degC with everything at a temperature.

        Args:
            temp_c: The temperature.
            most: Whether capsules in their transition count as molten, or as solid.
        """
        total = float(self.capacity.sum()) * temp_c
        for mass, _, row in self.capsules:
            total += mass * self._enthalpy(temp_c, row, most) / J_PER_KWH
        return total

    def above_kwh(self, temp_c: float) -> float:
        """Heat that bodies hold above a temperature."""
        total = float(self.capacity @ np.maximum(self.temp_c - temp_c, 0.0))
        for mass, enthalpy, row in self.capsules:
            total += mass * max(enthalpy - self._enthalpy(temp_c, row, True), 0.0) / J_PER_KWH
        return total

    def _enthalpy(self, temp_c: float, row: int, most: bool) -> float:
        """Enthalpy in J/kg: the curve of freezing lies above that of melting."""
        melting, width, latent, solid, liquid, lag = self.capsule_data[
            row, t.SF_MELTING : t.SF_SUPERCOOLING + 1
        ]
        shift = lag if most else 0.0
        low, high = melting - 0.5 * width - shift, melting + 0.5 * width - shift
        if temp_c <= low:
            return float(solid * temp_c)
        molten = solid * low + latent + 0.5 * (solid + liquid) * width
        if most:
            # of the freezing curve, whose ends lie on the lines of solid and liquid
            start = melting - 0.5 * width
            molten = solid * start + latent + 0.5 * (solid + liquid) * width - liquid * lag
        if temp_c >= high:
            return float(molten + liquid * (temp_c - high))
        return float(solid * low + (molten - solid * low) * (temp_c - low) / (high - low))


def circuits_water(week: WeekData) -> tuple[Water, ...]:
    """What each circuit holds at the start."""
    par, pipes, net, state = week.par, week.pipes, week.net, week.state
    n_pairs = pipes.water_mass.size
    unit_s = max(UNIT_WATER_S, week.dt_s / week.sub_steps)
    bodies: list[list[tuple[FloatArray, FloatArray]]] = [[] for _ in week.district.circuits]
    capsules: list[list[tuple[float, float, int]]] = [[] for _ in week.district.circuits]
    for pipe in range(2 * n_pairs):
        p = pipe % n_pairs
        row = state["pipe"][pipe]
        parcels = state["parcels"][pipe]
        circuit = int(net.circuit_of[net.pair_from[p]])
        # slots out of use hold no mass: the count tells which are in use
        start, count = (int(i) for i in state["ring"][pipe])
        used = (start + np.arange(count)) % len(parcels)
        bodies[circuit].append(
            (
                parcels[used, MASS] * pipes.heat_capacity[p],
                row[BASE] + row[SCALE] * parcels[used, PSI],
            )
        )
        bodies[circuit].append(
            (np.full(2, 0.5 * pipes.wall_capacity[p]), row[[WALL_FROM, WALL_TO]])
        )
    for p, index in enumerate(par.producer_index):
        circuit = int(index[t.PI_CIRCUIT])
        water = par.producer[p, t.PF_MAX_FLOW] * unit_s * par.circuit[circuit, t.RF_CP]
        bodies[circuit].append((np.array([water]), state["producer"][p, [t.PX_TEMP]]))
    for s, index in enumerate(par.store_index):
        circuit, layers = int(index[t.SI_CIRCUIT]), int(index[t.SI_LAYERS])
        layer = par.store[s, t.SF_LAYER_MASS] * par.circuit[circuit, t.RF_CP]
        rows = state["store"][s, :layers]
        bodies[circuit].append((np.full(layers, layer), rows[:, t.SX_TEMP]))
        mass = float(par.store[s, t.SF_PCM_MASS])
        if mass > 0.0:
            capsules[circuit] += [(mass, float(row[t.SX_ENTHALPY]), s) for row in rows]
    return tuple(
        Water(
            capacity=np.concatenate([body[0] for body in found]) / J_PER_KWH,
            temp_c=np.concatenate([body[1] for body in found]),
            capsules=tuple(filled),
            capsule_data=par.store,
        )
        for found, filled in zip(bodies, capsules, strict=True)
    )
