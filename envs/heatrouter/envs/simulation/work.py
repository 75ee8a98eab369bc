"""Scratch arrays of one environment's call, so that the kernel's phases can be functions."""

from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation.parameters import Parameters

ENERGY_IN, ENERGY_OUT, ENERGY_THROUGHPUT = range(3)
MAIN, HOT_WATER, BYPASS = range(3)


class Work(NamedTuple):
    """Working arrays, named for what they hold in SI."""

    drop: FloatArray  # (2 n_pairs,) Pa
    head: FloatArray  # (n_circuits,) Pa
    request: FloatArray  # (n_consumers, 2) W, main and hot water
    useful: FloatArray  # (n_consumers,) W
    parts: FloatArray  # (n_consumers, 3) kg/s, main, hot water, bypass
    wanted: FloatArray  # (n_consumers,) kg/s
    achieved: FloatArray  # (n_consumers,) kg/s
    available_dp: FloatArray  # (n_consumers,) Pa
    saturated: BoolArray  # (n_consumers,)
    no_valve: FloatArray  # (n_consumers,) zero resistance
    w_supply: FloatArray  # (n_loc,) kg/s withdrawn
    w_return: FloatArray  # (n_loc,) kg/s withdrawn
    mass: FloatArray  # (n_loc,) kg/s that units feed in
    enthalpy: FloatArray  # (n_loc,) kg/s times degC
    pressure: FloatArray  # (2 n_loc,) Pa
    pending: IntArray  # (n_loc,)
    queue: IntArray  # (n_loc,)
    source_offer: FloatArray  # (n_sources, 2) kg/s, W
    source_flow: FloatArray  # (n_sources,) kg/s
    source_heat: FloatArray  # (n_sources,) W
    source_work: FloatArray  # (n_sources,) W of pumping
    pump_offer: FloatArray  # (n_heat_pumps, 4) kg/s, W, COP, limit W
    pump_flow: FloatArray  # (n_heat_pumps,)
    pump_heat: FloatArray  # (n_heat_pumps,)
    pump_work: FloatArray  # (n_heat_pumps,)
    boiler_offer: FloatArray  # (n_boilers, 2)
    boiler_flow: FloatArray  # (n_boilers,)
    boiler_heat: FloatArray  # (n_boilers,)
    boiler_work: FloatArray  # (n_boilers,)
    store_flow: FloatArray  # (n_stores,) kg/s, positive charges
    store_work: FloatArray  # (n_stores,) W of pumping while discharging
    cooling: FloatArray  # (n_coolings,) W
    evaporated: FloatArray  # (n_coolings,) W taken by heat pumps
    consumption: FloatArray  # (n_circuits,) kg/s
    unheated: FloatArray  # (n_circuits,) kg/s
    set_temp: FloatArray  # (n_circuits,) degC
    lost: FloatArray  # (n_circuits,) J
    load: FloatArray  # (n_circuits,) W
    pumping: FloatArray  # (n_circuits,) W hydraulic
    energy: FloatArray  # (3,) J in, out, throughput of the call


@compiled
def make_work(net: Topology, pipes: PipeData, par: Parameters) -> Work:
    """Zeroed working arrays of one environment."""
    n_loc, n_pipes, n_circuits = net.order.size, 2 * pipes.length.size, net.root.size
    n_con, n_src = par.consumers.location.size, par.sources.location.size
    n_hp, n_boi = par.heat_pumps.location.size, par.boilers.location.size
    n_sto, n_cool = par.stores.location.size, par.coolings.peak.size
    return Work(
        np.zeros(n_pipes),
        np.zeros(n_circuits),
        np.zeros((n_con, 2)),
        np.zeros(n_con),
        np.zeros((n_con, 3)),
        np.zeros(n_con),
        np.zeros(n_con),
        np.zeros(n_con),
        np.zeros(n_con, dtype=np.bool_),
        np.zeros(n_con),
        np.zeros(n_loc),
        np.zeros(n_loc),
        np.zeros(n_loc),
        np.zeros(n_loc),
        np.zeros(2 * n_loc),
        np.zeros(n_loc, dtype=np.int64),
        np.zeros(n_loc, dtype=np.int64),
        np.zeros((n_src, 2)),
        np.zeros(n_src),
        np.zeros(n_src),
        np.zeros(n_src),
        np.zeros((n_hp, 4)),
        np.zeros(n_hp),
        np.zeros(n_hp),
        np.zeros(n_hp),
        np.zeros((n_boi, 2)),
        np.zeros(n_boi),
        np.zeros(n_boi),
        np.zeros(n_boi),
        np.zeros(n_sto),
        np.zeros(n_sto),
        np.zeros(n_cool),
        np.zeros(n_cool),
        np.zeros(n_circuits),
        np.zeros(n_circuits),
        np.zeros(n_circuits),
        np.zeros(n_circuits),
        np.zeros(n_circuits),
        np.zeros(n_circuits),
        np.zeros(3),
    )


@compiled
def gain(work: Work, heat: float) -> None:
    """Book heat in J that enters the district."""
    work.energy[ENERGY_IN] += heat
    work.energy[ENERGY_THROUGHPUT] += abs(heat)


@compiled
def spend(work: Work, heat: float) -> None:
    """Book heat in J that leaves the district."""
    work.energy[ENERGY_OUT] += heat
    work.energy[ENERGY_THROUGHPUT] += abs(heat)
