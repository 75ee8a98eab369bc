"""Steady state of a supply and return network: its kernels, and what they read and write.

Flows and pressures are those of `network.hydraulics`; heat follows the flow from node to node, each
pipe by T_out = T_e + (T_in - T_e) exp(-G/(m cp)), the exact steady solution of a pipe with constant
loss conductance (B. van der Heijde et al., Energy Conversion and Management 151 (2017) 158, eq. 9).
"""

import math
from typing import NamedTuple

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.circles import NO_FLOW_KG_S
from heatrouter.envs.network.hydraulics import solve_network
from heatrouter.envs.network.topology import PipeData, Topology

PAIR_TOLERANCE_K = 1e-9
MAX_PAIR_ROUNDS = 60

NOT_CONVERGED, CIRCULAR, REVERSED_ROOT, NO_PAIR = -1, -2, -3, -4


class SteadyState(NamedTuple):
    """A solved network. Supply comes first in every array over lines, return second."""

    flow: FloatArray  # (2 n_pairs,) kg/s, positive from from_location to to_location
    drop: FloatArray  # (2 n_pairs,) Pa, with the sign of the flow
    pressure: FloatArray  # (2 n_loc,) Pa above the return side of the root
    node_temp: FloatArray  # (2 n_loc,) degC of what leaves the node; ground where water stands
    outlet_temp: FloatArray  # (2 n_pairs,) degC at the downstream end
    loss: FloatArray  # (2 n_pairs,) W out of each pipe, to ground and to its neighbour
    consumer_return: FloatArray  # (n_consumers,) degC
    available_dp: FloatArray  # (n_consumers,) Pa
    root_flow: FloatArray  # (n_circuits,) kg/s out of the root into the supply
    root_heat: FloatArray  # (n_circuits,) W that the root gives
    producer_heat: FloatArray  # (n_producers,) W that each other producer gives


class SteadyLoad(NamedTuple):
    """What is imposed."""

    consumer_location: IntArray
    consumer_flow: FloatArray  # kg/s
    consumer_heat: FloatArray  # W
    producer_location: IntArray
    producer_flow: FloatArray  # kg/s
    producer_temp: FloatArray  # degC
    root_temp: FloatArray  # (n_circuits,) degC
    min_dp: FloatArray  # (n_circuits,) Pa
    viscosity: FloatArray  # (2, n_circuits) Pa s


class SteadyWork(NamedTuple):
    """Scratch and warm starts, kept between calls."""

    withdrawal: FloatArray  # (2 n_loc,) kg/s
    achieved: FloatArray  # (n_consumers,)
    valve: FloatArray  # (n_consumers,) zero
    saturated: BoolArray  # (n_consumers,)
    max_head: FloatArray  # (n_circuits,)
    head_drop: FloatArray  # (n_circuits,)
    head: FloatArray  # (n_circuits,)
    chord_flow: FloatArray  # (2 n_chords,)
    friction: FloatArray  # (2 n_pairs,)
    slope: FloatArray  # (2 n_pairs,)
    node_work: FloatArray  # (3, n_loc)
    matrix: FloatArray  # (n_chords, n_chords)
    rhs: FloatArray  # (n_chords,)
    valve_step: FloatArray  # (n_consumers,)
    mean_temp: FloatArray  # (2 n_pairs,)
    mass: FloatArray  # (n_loc,)
    enthalpy: FloatArray  # (n_loc,)
    pending: IntArray  # (n_loc,)
    queue: IntArray  # (n_loc,)


@compiled
def _hydraulics(
    net: Topology, pipes: PipeData, load: SteadyLoad, work: SteadyWork, out: SteadyState
) -> int:
    """Flows, drops and pressures; the one place that calls the network solver."""
    n_loc = net.order.size
    work.withdrawal[:] = 0.0
    for k in range(load.producer_location.size):
        at = load.producer_location[k]
        work.withdrawal[at] -= load.producer_flow[k]
        work.withdrawal[n_loc + at] += load.producer_flow[k]
    return solve_network(
        net,
        pipes,
        load.viscosity,
        work.withdrawal,
        load.consumer_location,
        load.consumer_flow,
        work.valve,
        load.min_dp,
        work.max_head,
        work.head_drop,
        work.chord_flow,
        work.friction,
        work.achieved,
        out.flow,
        out.drop,
        work.slope,
        out.pressure,
        work.head,
        out.root_flow,
        out.available_dp,
        work.saturated,
        work.node_work,
        work.matrix,
        work.rhs,
        work.valve_step,
    )


@compiled
def _carry(
    line: int,
    coupled: bool,
    net: Topology,
    pipes: PipeData,
    ground_temp: float,
    work: SteadyWork,
    out: SteadyState,
) -> float:
    """Temperatures of one line, downstream from node to node.

    Returns:
        The largest change of a pipe's mean temperature since the last pass, K (0 where supply and
        return are not coupled), or -1 where flows run in a circle.
    """
    n_loc = net.order.size
    n_pairs = net.pair_from.size
    offset = line * n_pairs
    other = n_pairs - offset
    pending, queue = work.pending, work.queue
    for i in range(n_loc):
        pending[i] = 0
    for p in range(n_pairs):
        m = out.flow[offset + p]
        if m > NO_FLOW_KG_S:
            pending[net.pair_to[p]] += 1
        elif m < -NO_FLOW_KG_S:
            pending[net.pair_from[p]] += 1
    head = 0
    tail = 0
    for i in range(n_loc):
        if pending[i] == 0:
            queue[tail] = i
            tail += 1
    change = 0.0
    while head < tail:
        here = queue[head]
        head += 1
        still = work.mass[here] <= NO_FLOW_KG_S
        temp = ground_temp if still else work.enthalpy[here] / work.mass[here]
        out.node_temp[line * n_loc + here] = temp
        for j in range(net.incident_start[here], net.incident_start[here + 1]):
            pair = net.incident[j]
            m = out.flow[offset + pair]
            forward = net.pair_from[pair] == here
            if not ((m > NO_FLOW_KG_S and forward) or (m < -NO_FLOW_KG_S and not forward)):
                continue
            m = abs(m)
            conductance = pipes.to_ground[pair]
            outside = ground_temp
            if coupled:
                between = pipes.between[pair]
                outside = conductance * ground_temp + between * work.mean_temp[other + pair]
                conductance += between
                outside = outside / conductance if conductance > 0.0 else ground_temp
            capacity = m * pipes.heat_capacity[pair]
            ntu = conductance / capacity
            given = -math.expm1(-ntu) * (temp - outside)
            outlet = temp - given
            out.outlet_temp[offset + pair] = outlet
            out.loss[offset + pair] = capacity * given
            if coupled:
                mean = outside + given / ntu if ntu > 0.0 else temp
                change = max(change, abs(mean - work.mean_temp[offset + pair]))
                work.mean_temp[offset + pair] = mean
            there = net.pair_to[pair] if forward else net.pair_from[pair]
            work.mass[there] += m
            work.enthalpy[there] += m * outlet
            pending[there] -= 1
            if pending[there] == 0:
                queue[tail] = there
                tail += 1
    return change if head == n_loc else -1.0


@compiled
def _heat_capacity(net: Topology, pipes: PipeData, location: int) -> float:
    """J/(kg K) of the water at a location: that of its circuit, as of any pipe there."""
    pair = net.incident[net.incident_start[location]]
    return float(pipes.heat_capacity[pair])


@compiled
def _heat(
    coupled: bool,
    net: Topology,
    pipes: PipeData,
    ground_temp: float,
    load: SteadyLoad,
    work: SteadyWork,
    out: SteadyState,
) -> float:
    """One pass through supply, consumers and return; returns as `_carry`."""
    n_loc = net.order.size
    work.mass[:] = 0.0
    work.enthalpy[:] = 0.0
    for c in range(net.root.size):
        work.mass[net.root[c]] += out.root_flow[c]
        work.enthalpy[net.root[c]] += out.root_flow[c] * load.root_temp[c]
    for k in range(load.producer_location.size):
        at = load.producer_location[k]
        work.mass[at] += load.producer_flow[k]
        work.enthalpy[at] += load.producer_flow[k] * load.producer_temp[k]
    change = _carry(0, coupled, net, pipes, ground_temp, work, out)
    if change < 0.0:
        return change
    work.mass[:] = 0.0
    work.enthalpy[:] = 0.0
    for u in range(load.consumer_location.size):
        at = load.consumer_location[u]
        m = load.consumer_flow[u]
        temp = out.node_temp[at]
        if m > NO_FLOW_KG_S:
            temp -= load.consumer_heat[u] / (m * _heat_capacity(net, pipes, at))
        out.consumer_return[u] = temp
        work.mass[at] += m
        work.enthalpy[at] += m * temp
    change_return = _carry(1, coupled, net, pipes, ground_temp, work, out)
    if change_return < 0.0:
        return change_return
    for c in range(net.root.size):
        at = net.root[c]
        span = load.root_temp[c] - out.node_temp[n_loc + at]
        out.root_heat[c] = out.root_flow[c] * _heat_capacity(net, pipes, at) * span
    for k in range(load.producer_location.size):
        at = load.producer_location[k]
        span = load.producer_temp[k] - out.node_temp[n_loc + at]
        out.producer_heat[k] = load.producer_flow[k] * _heat_capacity(net, pipes, at) * span
    return max(change, change_return)


@compiled
def solve_steady(
    net: Topology,
    pipes: PipeData,
    ground_temp: float,
    coupled: bool,
    load: SteadyLoad,
    work: SteadyWork,
    out: SteadyState,
) -> int:
    """Solve hydraulics, then heat; returns the Newton steps or a negative reason."""
    steps = _hydraulics(net, pipes, load, work, out)
    if steps < 0:
        return NOT_CONVERGED
    for c in range(net.root.size):
        if out.root_flow[c] < -NO_FLOW_KG_S:
            return REVERSED_ROOT
    out.outlet_temp[:] = ground_temp
    out.loss[:] = 0.0
    work.mean_temp[:] = ground_temp
    for _ in range(MAX_PAIR_ROUNDS):
        change = _heat(coupled, net, pipes, ground_temp, load, work, out)
        if change < 0.0:
            return CIRCULAR
        if change < PAIR_TOLERANCE_K:
            return steps
    return NO_PAIR
