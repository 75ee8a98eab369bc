"""The full state of a batch: a struct of arrays with the environment as leading axis."""

from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.components.plug_flow import RING, SHARES
from heatrouter.envs.network.topology import Topology
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.tables import CX_FIELDS, PX_FIELDS, SI_LAYERS, SX_FIELDS
from heatrouter.envs.simulation.transport import PIPE_FIELDS, RING_FIELDS


class State(NamedTuple):
    """Everything that the next step depends on, solver warm starts and timers included."""

    time_s: IntArray  # (E,) since the scenario's step 0
    scenario: IntArray  # (E,)
    pipe: FloatArray  # (E, 2 n_pairs, PIPE_FIELDS + 2 n_origins)
    parcels: FloatArray  # (E, 2 n_pairs, RING, 2 + n_origins)
    ring: IntArray  # (E, 2 n_pairs, RING_FIELDS)
    friction: FloatArray  # (E, 2 n_pairs) 1/sqrt(f)
    pipe_flow: FloatArray  # (E, 2 n_pairs) kg/s of the last sub-step
    chord_flow: FloatArray  # (E, 2 n_chords) kg/s
    node_temp: FloatArray  # (E, 2 n_loc) degC
    supply_set: FloatArray  # (E, n_circuits) degC after the plant's own ramp
    node_share: FloatArray  # (E, 2 n_loc, n_origins)
    producer: FloatArray  # (E, n_producers, PX_FIELDS + n_origins)
    consumer: FloatArray  # (E, n_consumers, CX_FIELDS)
    store: FloatArray  # (E, n_stores, max layers, SX_FIELDS + n_origins), top first
    fuel: FloatArray  # (E, n_digesters) J
    stock: FloatArray  # (E,) J, recomputed at the end of every call


class EnvState(NamedTuple):
    """The same of one environment, as views without the leading axis."""

    pipe: FloatArray
    parcels: FloatArray
    ring: IntArray
    friction: FloatArray
    pipe_flow: FloatArray
    chord_flow: FloatArray
    node_temp: FloatArray
    supply_set: FloatArray
    node_share: FloatArray
    producer: FloatArray
    consumer: FloatArray
    store: FloatArray
    fuel: FloatArray


@compiled
def env_state(state: State, e: int) -> EnvState:
    """Views of environment ``e``."""
    return EnvState(
        state.pipe[e],
        state.parcels[e],
        state.ring[e],
        state.friction[e],
        state.pipe_flow[e],
        state.chord_flow[e],
        state.node_temp[e],
        state.supply_set[e],
        state.node_share[e],
        state.producer[e],
        state.consumer[e],
        state.store[e],
        state.fuel[e],
    )


def empty_state(num_envs: int, net: Topology, par: Parameters) -> State:
    """A state of the right shapes, all zero, clocks included."""
    n_pipes = 2 * net.pair_from.size
    n_stores, n_origins = par.store.shape[0], par.n_origins
    layers = int(par.store_index[:, SI_LAYERS].max()) if n_stores else 1

    def floats(*shape: int) -> FloatArray:
        return np.zeros((num_envs, *shape))

    def ints(*shape: int) -> IntArray:
        return np.zeros((num_envs, *shape), dtype=np.int64)

    return State(
        time_s=ints(),
        scenario=ints(),
        pipe=floats(n_pipes, PIPE_FIELDS + 2 * n_origins),
        parcels=floats(n_pipes, RING, SHARES + n_origins),
        ring=ints(n_pipes, RING_FIELDS),
        friction=floats(n_pipes),
        pipe_flow=floats(n_pipes),
        chord_flow=floats(2 * net.chords.size),
        node_temp=floats(2 * net.order.size),
        supply_set=floats(net.root.size),
        node_share=floats(2 * net.order.size, n_origins),
        producer=floats(par.producer.shape[0], PX_FIELDS + n_origins),
        consumer=floats(par.consumer.shape[0], CX_FIELDS),
        store=floats(n_stores, layers, SX_FIELDS + n_origins),
        fuel=floats(par.digester.shape[0]),
        stock=floats(),
    )
