"""Heat held in an environment, recomputed from its full state."""

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import State
from heatrouter.envs.simulation.transport import pipe_stock


@compiled
def total_stock(
    e: int,
    net: Topology,
    pipes: PipeData,
    par: Parameters,
    state: State,
    unit_s: float,
    per_circuit: FloatArray,
) -> tuple[float, float]:
    """Heat above 0 degC in the whole environment, and in rooms and greenhouses alone, J.

    Args:
        e: environment.
        net: index arrays.
        pipes: pipe data.
        par: unit data.
        state: full state.
        unit_s: water content of producers in seconds of their largest flow.
        per_circuit: heat in pipes and their walls, J, shape (n_circuits,), out.
    """
    cp = par.circuits.cp[0]
    pipe_stock(
        net,
        pipes,
        state.parcel_mass[e],
        state.parcel_psi[e],
        state.parcel_start[e],
        state.parcel_count[e],
        state.base[e],
        state.age[e],
        state.wall[e],
        cp,
        per_circuit,
    )
    total = per_circuit.sum()
    for s in range(par.sources.location.size):
        total += par.sources.max_flow[s] * unit_s * cp * state.source_temp[e, s]
    for h in range(par.heat_pumps.location.size):
        total += par.heat_pumps.max_flow[h] * unit_s * cp * state.pump_temp[e, h]
    for b in range(par.boilers.location.size):
        total += par.boilers.max_flow[b] * unit_s * cp * state.boiler_temp[e, b]
    for t in range(par.stores.location.size):
        for i in range(par.stores.layers[t]):
            total += par.stores.layer_mass[t] * cp * state.store_temp[e, t, i]
    masses = 0.0
    for r in range(par.rooms.set_temp.size):
        masses += par.rooms.capacity[r] * state.room_temp[e, r]
    for g in range(par.greenhouses.loss.size):
        masses += par.greenhouses.capacity[g] * state.air_temp[e, g]
    return total + masses, masses
