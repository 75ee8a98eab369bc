"""Heat held by everything in one environment, recomputed from its full state."""

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import EnvState
from heatrouter.envs.simulation.transport import pipe_stock


@compiled
def total_stock(
    net: Topology,
    pipes: PipeData,
    par: Parameters,
    here: EnvState,
    unit_s: float,
    per_circuit: FloatArray,
) -> tuple[float, float]:
    """Heat above 0 degC in the whole environment, and in rooms and greenhouses alone, J.

    Args:
        net: index arrays.
        pipes: pipe data.
        par: unit data.
        here: full state.
        unit_s: water content of producers in seconds of their largest flow.
        per_circuit: heat in pipes and their walls, J, shape (n_circuits,), out.
    """
    pipe_stock(net, pipes, here.pipe, here.parcels, here.ring, per_circuit)
    total = 0.0
    for c in range(per_circuit.size):
        total += per_circuit[c]
    for p in range(par.producer.shape[0]):
        cp = par.circuit[par.producer_index[p, t.PI_CIRCUIT], t.RF_CP]
        water = par.producer[p, t.PF_MAX_FLOW] * unit_s
        total += water * cp * here.producer[p, t.PX_TEMP]
    for s in range(par.store.shape[0]):
        index, data = par.store_index[s], par.store[s]
        capacity = data[t.SF_LAYER_MASS] * par.circuit[index[t.SI_CIRCUIT], t.RF_CP]
        for j in range(index[t.SI_LAYERS]):
            total += capacity * here.store[s, j, t.SX_TEMP]
            total += data[t.SF_PCM_MASS] * here.store[s, j, t.SX_ENTHALPY]
    for d in range(here.fuel.size):
        total += here.fuel[d]
    masses = 0.0
    for u in range(par.consumer.shape[0]):
        kind = par.consumer_index[u, t.CI_KIND]
        if kind in (t.SUBSTATION, t.GREENHOUSE):
            masses += par.consumer[u, t.CF_CAPACITY] * here.consumer[u, t.CX_TEMP]
        if kind == t.GREENHOUSE:
            masses += par.consumer[u, t.CF_COVER_CAPACITY] * here.consumer[u, t.CX_COVER]
    return total + masses, masses
