"""Scratch arrays of one environment's call, so that the kernel's phases can be functions."""

from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import Topology
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.tables import (
    CW_FIELDS,
    DW_FIELDS,
    KW_FIELDS,
    PW_FIELDS,
    RW_FIELDS,
    SW_FIELDS,
)

ENERGY_IN, ENERGY_OUT, ENERGY_THROUGHPUT = range(3)


class Work(NamedTuple):
    """Working arrays, named for what they hold in SI."""

    producer: FloatArray  # (n_producers, PW_FIELDS)
    consumer: FloatArray  # (n_consumers, CW_FIELDS)
    store: FloatArray  # (n_stores, SW_FIELDS)
    cooling: FloatArray  # (n_coolings, KW_FIELDS)
    digester: FloatArray  # (n_digesters, DW_FIELDS)
    circuit: FloatArray  # (n_circuits, RW_FIELDS)
    wanted: FloatArray  # (n_consumers,) kg/s
    achieved: FloatArray  # (n_consumers,) kg/s
    available_dp: FloatArray  # (n_consumers,) Pa
    saturated: BoolArray  # (n_consumers,)
    viscosity: FloatArray  # (2, n_circuits) Pa s
    withdrawal: FloatArray  # (2 n_loc,) kg/s
    mass: FloatArray  # (2 n_loc,) kg/s that units feed in
    enthalpy: FloatArray  # (2 n_loc,) kg/s times degC
    pressure: FloatArray  # (2 n_loc,) Pa
    drop: FloatArray  # (2 n_pairs,) Pa
    slope: FloatArray  # (2 n_pairs,) Pa s/kg
    max_head: FloatArray  # (n_circuits,) Pa, with what a fault leaves of it
    head: FloatArray  # (n_circuits,) Pa
    root_flow: FloatArray  # (n_circuits,) kg/s
    lost: FloatArray  # (n_circuits,) J
    decay: FloatArray  # (n_pairs, 2)
    ground: FloatArray  # (n_levels,) degC
    origin: FloatArray  # (2 n_loc, n_origins) traced heat that units feed in, kg K/s
    heat_by_origin: FloatArray  # (n_consumers, n_origins) J of the call
    trace_work: FloatArray  # (2, n_origins)
    node_work: FloatArray  # (3, n_loc)
    matrix: FloatArray  # (n_chords, n_chords)
    rhs: FloatArray  # (n_chords,)
    valve_step: FloatArray  # (n_consumers,) kg/s
    no_valve: FloatArray  # (n_consumers,) zero resistance
    no_dp: FloatArray  # (n_circuits,) zero Pa
    no_limit: FloatArray  # (n_circuits,) Pa that no pump reaches
    pending: IntArray  # (n_loc,)
    queue: IntArray  # (n_loc,)
    energy: FloatArray  # (3,) J in, out, throughput of the call


def make_work(net: Topology, par: Parameters) -> Work:
    """Working arrays of one thread; every environment overwrites what it reads."""
    n_loc, n_pairs, n_circuits = net.order.size, net.pair_from.size, net.root.size
    n_producers, n_consumers = par.producer.shape[0], par.consumer.shape[0]
    n_chords = net.chords.size
    return Work(
        np.zeros((n_producers, PW_FIELDS)),
        np.zeros((n_consumers, CW_FIELDS)),
        np.zeros((par.store.shape[0], SW_FIELDS)),
        np.zeros((par.cooling.shape[0], KW_FIELDS)),
        np.zeros((par.digester.shape[0], DW_FIELDS)),
        np.zeros((n_circuits, RW_FIELDS)),
        np.zeros(n_consumers),
        np.zeros(n_consumers),
        np.zeros(n_consumers),
        np.zeros(n_consumers, dtype=np.bool_),
        np.zeros((2, n_circuits)),
        np.zeros(2 * n_loc),
        np.zeros(2 * n_loc),
        np.zeros(2 * n_loc),
        np.zeros(2 * n_loc),
        np.zeros(2 * n_pairs),
        np.zeros(2 * n_pairs),
        np.zeros(n_circuits),
        np.zeros(n_circuits),
        np.zeros(n_circuits),
        np.zeros(n_circuits),
        np.zeros((n_pairs, 2)),
        np.zeros(par.level_ratio.size),
        np.zeros((2 * n_loc, par.n_origins)),
        np.zeros((n_consumers, par.n_origins)),
        np.zeros((2, par.n_origins)),
        np.zeros((3, n_loc)),
        np.zeros((n_chords, n_chords)),
        np.zeros(n_chords),
        np.zeros(n_consumers),
        np.zeros(n_consumers),
        np.zeros(n_circuits),
        np.full(n_circuits, 1e12),
        np.zeros(n_loc, dtype=np.int64),
        np.zeros(n_loc, dtype=np.int64),
        np.zeros(3),
    )


@compiled
def gain(energy: FloatArray, heat: float) -> None:
    """Book heat in J that enters the district."""
    energy[ENERGY_IN] += heat
    energy[ENERGY_THROUGHPUT] += abs(heat)


@compiled
def spend(energy: FloatArray, heat: float) -> None:
    """Book heat in J that leaves the district."""
    energy[ENERGY_OUT] += heat
    energy[ENERGY_THROUGHPUT] += abs(heat)
