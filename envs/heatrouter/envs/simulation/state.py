"""The full state of a batch: a struct of arrays with the environment as leading axis."""

from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.plug_flow import RING
from heatrouter.envs.network.topology import Topology
from heatrouter.envs.simulation.parameters import Parameters


class State(NamedTuple):
    """Everything that the next step depends on, solver warm starts and timers included."""

    time_s: IntArray  # (E,) since the scenario's step 0
    scenario: IntArray  # (E,)
    parcel_mass: FloatArray  # (E, 2 n_pairs, RING) kg
    parcel_psi: FloatArray  # (E, 2 n_pairs, RING) K
    parcel_start: IntArray  # (E, 2 n_pairs)
    parcel_count: IntArray  # (E, 2 n_pairs)
    psi_sum: FloatArray  # (E, 2 n_pairs) kg K
    base: FloatArray  # (E, 2 n_pairs) degC
    age: FloatArray  # (E, 2 n_pairs) Lambda
    wall: FloatArray  # (E, 2 n_pairs, 2) degC at from-end and to-end
    node_temp: FloatArray  # (E, 2 n_loc) degC
    chord_flow: FloatArray  # (E, 2 n_chords) kg/s
    pipe_flow: FloatArray  # (E, 2 n_pairs) kg/s of the last sub-step
    supply_set: FloatArray  # (E, n_circuits) degC after the plant's own ramp
    source_share: FloatArray  # (E, n_sources)
    source_heat: FloatArray  # (E, n_sources) W
    source_temp: FloatArray  # (E, n_sources) degC of the unit's water
    pump_share: FloatArray  # (E, n_heat_pumps)
    pump_heat: FloatArray  # (E, n_heat_pumps) W
    pump_temp: FloatArray  # (E, n_heat_pumps) degC
    boiler_share: FloatArray  # (E, n_boilers)
    boiler_heat: FloatArray  # (E, n_boilers) W
    boiler_temp: FloatArray  # (E, n_boilers) degC
    boiler_balances: FloatArray  # (E, n_boilers) 1 while it makes up a deficit
    boiler_run_s: FloatArray  # (E, n_boilers) since it began to make up a deficit
    store_temp: FloatArray  # (E, n_stores, max layers) degC, top first
    flow_guess: FloatArray  # (E, n_consumers, 2) kg/s
    backlog: FloatArray  # (E, n_consumers, 2) J owed
    room_temp: FloatArray  # (E, n_substations) degC
    air_temp: FloatArray  # (E, n_greenhouses) degC
    air_mean: FloatArray  # (E, n_greenhouses) degC
    stock: FloatArray  # (E,) J, recomputed at the end of every call


def empty_state(num_envs: int, net: Topology, par: Parameters) -> State:
    """A state of the right shapes, all zero, clocks included."""
    n_loc, n_pipes = net.order.size, 2 * net.pair_from.size
    n_circuits, n_chords = net.root.size, 2 * net.chords.size
    n_sources, n_pumps = par.sources.location.size, par.heat_pumps.location.size
    n_boilers, n_stores = par.boilers.location.size, par.stores.location.size
    n_consumers, n_rooms = par.consumers.location.size, par.rooms.set_temp.size
    n_green = par.greenhouses.loss.size
    layers = int(par.stores.layers.max()) if n_stores else 1

    def floats(*shape: int) -> FloatArray:
        return np.zeros((num_envs, *shape))

    def ints(*shape: int) -> IntArray:
        return np.zeros((num_envs, *shape), dtype=np.int64)

    return State(
        time_s=ints(),
        scenario=ints(),
        parcel_mass=floats(n_pipes, RING),
        parcel_psi=floats(n_pipes, RING),
        parcel_start=ints(n_pipes),
        parcel_count=ints(n_pipes),
        psi_sum=floats(n_pipes),
        base=floats(n_pipes),
        age=floats(n_pipes),
        wall=floats(n_pipes, 2),
        node_temp=floats(2 * n_loc),
        chord_flow=floats(n_chords),
        pipe_flow=floats(n_pipes),
        supply_set=floats(n_circuits),
        source_share=floats(n_sources),
        source_heat=floats(n_sources),
        source_temp=floats(n_sources),
        pump_share=floats(n_pumps),
        pump_heat=floats(n_pumps),
        pump_temp=floats(n_pumps),
        boiler_share=floats(n_boilers),
        boiler_heat=floats(n_boilers),
        boiler_temp=floats(n_boilers),
        boiler_balances=floats(n_boilers),
        boiler_run_s=floats(n_boilers),
        store_temp=floats(n_stores, layers),
        flow_guess=floats(n_consumers, 2),
        backlog=floats(n_consumers, 2),
        room_temp=floats(n_rooms),
        air_temp=floats(n_green),
        air_mean=floats(n_green),
        stock=floats(),
    )
