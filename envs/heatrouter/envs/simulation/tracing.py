"""Which source heated which consumer: shares of origins carried with the water (docs/settle.md).

Every body of water carries the shares of its heat above 10 degC by origin. Mixing weighs them by
heat, losses take pro rata, so shares stay; heat that a unit adds brings its own origin. Electricity
(pumps, compressors, electrodes) and what was there at first are origins, too. What the two pipes of
a pair exchange keeps the shares of the pipe that it warms.
"""

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.components.plug_flow import traced_heat
from heatrouter.envs.network.topology import Topology
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import EnvState
from heatrouter.envs.simulation.transport import normalise
from heatrouter.envs.simulation.work import Work

INITIAL_FROM_END = 1
ELECTRICITY_FROM_END = 2
"""Where the two common origins are, counted from the end."""


@compiled
def feed_origins(net: Topology, par: Parameters, here: EnvState, work: Work) -> None:
    """Traced heat that producers and stores give to the nodes, by origin."""
    n_loc = net.order.size
    n_origins = par.n_origins
    for i in range(2 * n_loc):
        for j in range(n_origins):
            work.origin[i, j] = 0.0
    for p in range(par.producer.shape[0]):
        i = par.producer_index[p, t.PI_OUT]
        heat = traced_heat(work.producer[p, t.PW_FLOW], here.producer[p, t.PX_TEMP])
        for j in range(n_origins):
            work.origin[i, j] += heat * here.producer[p, t.PX_FIELDS + j]
    for s in range(par.store.shape[0]):
        index = par.store_index[s]
        flow = work.store[s, t.SW_FLOW]
        if flow == 0.0:
            continue
        layer = index[t.SI_LAYERS] - 1 if flow > 0.0 else 0
        i = index[t.SI_LOCATION] + (n_loc if flow > 0.0 else 0)
        heat = traced_heat(abs(flow), here.store[s, layer, t.SX_TEMP])
        for j in range(n_origins):
            work.origin[i, j] += heat * here.store[s, layer, t.SX_FIELDS + j]
        cp = par.circuit[index[t.SI_CIRCUIT], t.RF_CP]
        pumped = work.store[s, t.SW_PUMPING] / cp if flow < 0.0 else 0.0
        work.origin[i, n_origins - ELECTRICITY_FROM_END] += pumped


@compiled
def trace_consumers(net: Topology, par: Parameters, here: EnvState, work: Work, dt: float) -> None:
    """What each consumer took has the shares of its supply; so has what it sends back."""
    n_loc = net.order.size
    for u in range(par.consumer.shape[0]):
        asked = work.consumer[u]
        i = par.consumer_location[u]
        back = traced_heat(work.achieved[u], asked[t.CW_BACK])
        taken = (asked[t.CW_DELIVERED] + asked[t.CW_HOT_DELIVERED]) * dt
        for j in range(par.n_origins):
            share = here.node_share[i, j]
            work.origin[n_loc + i, j] += back * share
            work.heat_by_origin[u, j] += taken * share


@compiled
def trace_producer(
    p: int, par: Parameters, here: EnvState, work: Work, heat: float, inlet: float, dt: float,
    unit_s: float,
) -> None:  # fmt: skip
    """Mix inflow and added heat into the water of a producer, before its temperature changes."""
    index, offer, state = par.producer_index[p], work.producer[p], here.producer[p]
    n_origins = par.n_origins
    cp = par.circuit[index[t.PI_CIRCUIT], t.RF_CP]
    moved = offer[t.PW_FLOW] * dt
    kept = traced_heat(max(par.producer[p, t.PF_MAX_FLOW] * unit_s - moved, 0.0), state[t.PX_TEMP])
    entering = traced_heat(moved, inlet)
    power = offer[t.PW_POWER]
    added = max(heat - power, 0.0) * dt / cp
    mixture = work.trace_work[0]
    u = index[t.PI_PRIMARY]
    for j in range(n_origins):
        mixture[j] = kept * state[t.PX_FIELDS + j]
        mixture[j] += entering * here.node_share[index[t.PI_IN], j]
        if u >= 0:
            mixture[j] += added * here.node_share[par.consumer_location[u], j]
    if u < 0 and index[t.PI_ORIGIN] >= 0:
        mixture[index[t.PI_ORIGIN]] += added
    mixture[n_origins - ELECTRICITY_FROM_END] += (power + offer[t.PW_PUMPING]) * dt / cp
    normalise(mixture, state[t.PX_FIELDS :])


@compiled
def trace_store(
    s: int,
    par: Parameters,
    rows: FloatArray,
    flow: float,
    inlet: float,
    inlet_share: FloatArray,
    dt: float,
) -> None:
    """Move the shares of a store's layers with its flow, before its temperatures change."""
    layers = par.store_index[s, t.SI_LAYERS]
    mass = par.store[s, t.SF_LAYER_MASS]
    moved = min(abs(flow) * dt, mass)
    for k in range(layers):
        here = layers - 1 - k if flow > 0.0 else k
        before = here - 1 if flow > 0.0 else here + 1
        kept = traced_heat(mass - moved, rows[here, t.SX_TEMP])
        first = before < 0 or before >= layers
        entering = traced_heat(moved, inlet if first else rows[before, t.SX_TEMP])
        for j in range(par.n_origins):
            share = inlet_share[j] if first else rows[before, t.SX_FIELDS + j]
            own = rows[here, t.SX_FIELDS + j]
            rows[here, t.SX_FIELDS + j] = (kept * own + entering * share) / (kept + entering)


@compiled
def blend_inversions(s: int, par: Parameters, rows: FloatArray, before: FloatArray) -> None:
    """Layers that the tank mixed to one temperature get one composition.

    Args:
        s: store.
        par: unit data.
        rows: layers of the store, changed.
        before: scratch, shape (n_origins,).
    """
    layers = par.store_index[s, t.SI_LAYERS]
    start = 0
    while start < layers:
        end = start + 1
        while end < layers and rows[end, t.SX_TEMP] == rows[start, t.SX_TEMP]:
            end += 1
        if end - start > 1:
            for j in range(par.n_origins):
                before[j] = 0.0
                for k in range(start, end):
                    before[j] += rows[k, t.SX_FIELDS + j] / (end - start)
            for k in range(start, end):
                for j in range(par.n_origins):
                    rows[k, t.SX_FIELDS + j] = before[j]
        start = end
