"""Steady state of a supply and return network: flows, pressures and temperatures in one call.

Consumers impose mass flow and heat, producers away from the root impose mass flow and supply
temperature, and the root closes the balance. Flows and pressures are those of
`network.hydraulics`; heat follows the flow from node to node, each pipe by
T_out = T_e + (T_in - T_e) exp(-G/(m cp)), the exact steady solution of a pipe with constant loss
conductance (B. van der Heijde et al., Energy Conversion and Management 151 (2017) 158, eq. 9).
"""

import math
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.errors import NumericalError
from heatrouter.envs.network.hydraulics import solve_network
from heatrouter.envs.network.topology import PipeData, Topology

NO_FLOW_KG_S = 1e-9
"""Below this a pipe stands still: rounding of the forest's sums, not a flow."""

NO_LIMIT_PA = 1e12
"""Head that no pump has: a steady state asks what head is needed."""

PAIR_TOLERANCE_K = 1e-9
MAX_PAIR_ROUNDS = 60

NOT_CONVERGED, CIRCULAR, REVERSED_ROOT, NO_PAIR = -1, -2, -3, -4
_REASONS = {
    NOT_CONVERGED: "the loop flows did not converge; check pipe data for extreme ratios",
    CIRCULAR: "flows run in a circle, which a solved network cannot do",
    REVERSED_ROOT: "producers feed in more than consumers take; lower their flows",
    NO_PAIR: "the heat exchange between supply and return did not converge",
}


class Water(NamedTuple):
    """Constant properties of the water."""

    density: float  # kg/m3
    heat_capacity: float  # J/(kg K)
    viscosity_supply: float  # Pa s
    viscosity_return: float  # Pa s


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


class _Load(NamedTuple):
    """What is imposed."""

    consumer_location: IntArray
    consumer_flow: FloatArray  # kg/s
    consumer_heat: FloatArray  # W
    producer_location: IntArray
    producer_flow: FloatArray  # kg/s
    producer_temp: FloatArray  # degC
    root_temp: FloatArray  # (n_circuits,) degC
    min_dp: FloatArray  # (n_circuits,) Pa


class _Work(NamedTuple):
    """Scratch, kept between calls."""

    achieved: FloatArray  # (n_consumers,)
    valve: FloatArray  # (n_consumers,) zero
    saturated: BoolArray  # (n_consumers,)
    w_supply: FloatArray  # (n_loc,)
    w_return: FloatArray  # (n_loc,)
    max_head: FloatArray  # (n_circuits,)
    head_drop: FloatArray  # (n_circuits,)
    head: FloatArray  # (n_circuits,)
    chord_flow: FloatArray  # (2 n_chords,) warm start
    mean_temp: FloatArray  # (2 n_pairs,)
    mass: FloatArray  # (n_loc,)
    enthalpy: FloatArray  # (n_loc,)
    order: IntArray  # (2 n_loc,) nodes of both lines in flow order
    pending: IntArray  # (n_loc,)


@compiled
def _hydraulics(
    net: Topology, pipes: PipeData, water: Water, load: _Load, work: _Work, out: SteadyState
) -> int:
    """Flows, drops and pressures; the one place that calls the network solver."""
    work.w_supply[:] = 0.0
    work.w_return[:] = 0.0
    for k in range(load.producer_location.size):
        at = load.producer_location[k]
        work.w_supply[at] -= load.producer_flow[k]
        work.w_return[at] += load.producer_flow[k]
    steps = solve_network(
        net,
        pipes,
        water.density,
        water.viscosity_supply,
        water.viscosity_return,
        work.w_supply,
        work.w_return,
        load.consumer_location,
        load.consumer_flow,
        work.valve,
        load.min_dp,
        work.max_head,
        work.head_drop,
        work.chord_flow,
        work.achieved,
        out.flow,
        out.drop,
        work.head,
        out.available_dp,
        work.saturated,
    )
    n_loc = net.order.size
    n_pairs = pipes.length.size
    out.root_flow[:] = 0.0
    for u in range(load.consumer_location.size):
        out.root_flow[net.circuit_of[load.consumer_location[u]]] += load.consumer_flow[u]
    for k in range(load.producer_location.size):
        out.root_flow[net.circuit_of[load.producer_location[k]]] -= load.producer_flow[k]
    for j in range(n_loc):
        here = net.order[j]
        up = net.parent[here]
        if up < 0:
            out.pressure[here] = work.head[net.circuit_of[here]]
            out.pressure[n_loc + here] = 0.0
        else:
            p = net.parent_pair[here]
            sign = net.parent_sign[here]
            out.pressure[here] = out.pressure[up] - sign * out.drop[p]
            out.pressure[n_loc + here] = out.pressure[n_loc + up] - sign * out.drop[n_pairs + p]
    return steps


@compiled
def _flow_order(line: int, net: Topology, flow: FloatArray, work: _Work) -> bool:
    """Nodes of a line, each after all from which water comes; False where flows run in a circle."""
    n_loc = net.order.size
    n_pairs = net.pair_from.size
    first = line * n_loc
    work.pending[:] = 0
    for p in range(n_pairs):
        m = flow[line * n_pairs + p]
        if m > NO_FLOW_KG_S:
            work.pending[net.pair_to[p]] += 1
        elif m < -NO_FLOW_KG_S:
            work.pending[net.pair_from[p]] += 1
    head = 0
    tail = 0
    for i in range(n_loc):
        if work.pending[i] == 0:
            work.order[first + tail] = i
            tail += 1
    while head < tail:
        here = work.order[first + head]
        head += 1
        for j in range(net.incident.shape[1]):
            pair = net.incident[here, j]
            if pair < 0:
                break
            m = flow[line * n_pairs + pair]
            forward = net.pair_from[pair] == here
            if (m > NO_FLOW_KG_S and forward) or (m < -NO_FLOW_KG_S and not forward):
                there = net.pair_to[pair] if forward else net.pair_from[pair]
                work.pending[there] -= 1
                if work.pending[there] == 0:
                    work.order[first + tail] = there
                    tail += 1
    return head == n_loc


@compiled
def _carry(
    line: int,
    coupled: bool,
    net: Topology,
    pipes: PipeData,
    cp: float,
    ground_temp: float,
    work: _Work,
    out: SteadyState,
) -> float:
    """Temperatures of one line in flow order; returns the largest change of a pipe's mean, K."""
    n_loc = net.order.size
    n_pairs = net.pair_from.size
    first = line * n_loc
    offset = line * n_pairs
    other = n_pairs - offset
    change = 0.0
    for i in range(n_loc):
        here = work.order[first + i]
        still = work.mass[here] <= NO_FLOW_KG_S
        temp = ground_temp if still else work.enthalpy[here] / work.mass[here]
        out.node_temp[first + here] = temp
        for j in range(net.incident.shape[1]):
            pair = net.incident[here, j]
            if pair < 0:
                break
            m = out.flow[offset + pair]
            forward = net.pair_from[pair] == here
            if not ((m > NO_FLOW_KG_S and forward) or (m < -NO_FLOW_KG_S and not forward)):
                continue
            conductance = pipes.to_ground[pair]
            outside = ground_temp
            if coupled:
                between = pipes.between[pair]
                outside = conductance * ground_temp + between * work.mean_temp[other + pair]
                conductance += between
                outside = outside / conductance if conductance > 0.0 else ground_temp
            capacity = abs(m) * cp
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
            work.mass[there] += abs(m)
            work.enthalpy[there] += abs(m) * outlet
    return change


@compiled
def _heat(
    coupled: bool,
    net: Topology,
    pipes: PipeData,
    cp: float,
    ground_temp: float,
    load: _Load,
    work: _Work,
    out: SteadyState,
) -> float:
    """One pass through supply, consumers and return; returns the largest change of a mean, K."""
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
    change = _carry(0, coupled, net, pipes, cp, ground_temp, work, out)
    work.mass[:] = 0.0
    work.enthalpy[:] = 0.0
    for u in range(load.consumer_location.size):
        at = load.consumer_location[u]
        m = load.consumer_flow[u]
        temp = out.node_temp[at]
        if m > NO_FLOW_KG_S:
            temp -= load.consumer_heat[u] / (m * cp)
        out.consumer_return[u] = temp
        work.mass[at] += m
        work.enthalpy[at] += m * temp
    change = max(change, _carry(1, coupled, net, pipes, cp, ground_temp, work, out))
    for c in range(net.root.size):
        span = load.root_temp[c] - out.node_temp[n_loc + net.root[c]]
        out.root_heat[c] = out.root_flow[c] * cp * span
    for k in range(load.producer_location.size):
        span = load.producer_temp[k] - out.node_temp[n_loc + load.producer_location[k]]
        out.producer_heat[k] = load.producer_flow[k] * cp * span
    return change


@compiled
def solve_steady(
    net: Topology,
    pipes: PipeData,
    water: Water,
    ground_temp: float,
    coupled: bool,
    load: _Load,
    work: _Work,
    out: SteadyState,
) -> int:
    """Solve hydraulics, then heat; returns the Newton steps or a negative reason.

    Args:
        net: index arrays.
        pipes: physical data; wall capacities have no part in a steady state.
        water: constant properties.
        ground_temp: undisturbed ground or air round the pipes, degC.
        coupled: whether supply and return exchange heat (`pipes.between`), which needs a few
            passes instead of one.
        load: what is imposed.
        work: scratch.
        out: the result.
    """
    steps = _hydraulics(net, pipes, water, load, work, out)
    if steps < 0:
        return NOT_CONVERGED
    for c in range(net.root.size):
        if out.root_flow[c] < -NO_FLOW_KG_S:
            return REVERSED_ROOT
    out.outlet_temp[:] = ground_temp
    out.loss[:] = 0.0
    for line in range(2):
        if not _flow_order(line, net, out.flow, work):
            return CIRCULAR
    if not coupled:
        _heat(False, net, pipes, water.heat_capacity, ground_temp, load, work, out)
        return steps
    work.mean_temp[:] = ground_temp
    for _ in range(MAX_PAIR_ROUNDS):
        change = _heat(True, net, pipes, water.heat_capacity, ground_temp, load, work, out)
        if change < PAIR_TOLERANCE_K:
            return steps
    return NO_PAIR


class SteadySolver:
    """A network made ready, so that each solve is one call into compiled code.

    Args:
        net: index arrays of the network.
        pipes: physical data.
        water: constant properties of the water.
        consumers: location of each consumer, shape (n_consumers,).
        producers: location of each producer away from the roots, shape (n_producers,).
        min_dp_pa: pressure difference held at the worst consumer of each circuit.
    """

    def __init__(
        self,
        net: Topology,
        pipes: PipeData,
        water: Water,
        consumers: IntArray,
        producers: IntArray | None = None,
        min_dp_pa: float = 6e4,
    ) -> None:
        n_loc, n_pairs, n_circuits = net.order.size, pipes.length.size, net.root.size
        feeding = np.zeros(0, np.int64) if producers is None else producers
        n_con, n_pro = consumers.size, feeding.size
        self._net, self._pipes, self._water = net, pipes, water
        self._coupled = bool((pipes.between > 0.0).any())
        self._load = _Load(
            consumers.astype(np.int64),
            np.zeros(n_con),
            np.zeros(n_con),
            feeding.astype(np.int64),
            np.zeros(n_pro),
            np.zeros(n_pro),
            np.zeros(n_circuits),
            np.full(n_circuits, min_dp_pa),
        )
        self._work = _Work(
            np.zeros(n_con),
            np.zeros(n_con),
            np.zeros(n_con, dtype=np.bool_),
            np.zeros(n_loc),
            np.zeros(n_loc),
            np.full(n_circuits, NO_LIMIT_PA),
            np.zeros(n_circuits),
            np.zeros(n_circuits),
            np.zeros(2 * net.chords.size),
            np.zeros(2 * n_pairs),
            np.zeros(n_loc),
            np.zeros(n_loc),
            np.zeros(2 * n_loc, dtype=np.int64),
            np.zeros(n_loc, dtype=np.int64),
        )
        self._out = SteadyState(
            np.zeros(2 * n_pairs),
            np.zeros(2 * n_pairs),
            np.zeros(2 * n_loc),
            np.zeros(2 * n_loc),
            np.zeros(2 * n_pairs),
            np.zeros(2 * n_pairs),
            np.zeros(n_con),
            np.zeros(n_con),
            np.zeros(n_circuits),
            np.zeros(n_circuits),
            np.zeros(n_pro),
        )

    def impose(
        self,
        *,
        consumer_flow_kg_s: FloatArray | float,
        consumer_heat_w: FloatArray | float,
        root_temp_c: FloatArray | float,
        producer_flow_kg_s: FloatArray | float = 0.0,
        producer_temp_c: FloatArray | float = 0.0,
    ) -> None:
        """Set what consumers take and producers give; scalars hold for all of a kind.

        Args:
            consumer_flow_kg_s: shape (n_consumers,), not negative.
            consumer_heat_w: shape (n_consumers,).
            root_temp_c: supply temperature of each root, shape (n_circuits,).
            producer_flow_kg_s: shape (n_producers,), not negative.
            producer_temp_c: shape (n_producers,).
        """
        load = self._load
        load.consumer_flow[:] = consumer_flow_kg_s
        load.consumer_heat[:] = consumer_heat_w
        load.root_temp[:] = root_temp_c
        load.producer_flow[:] = producer_flow_kg_s
        load.producer_temp[:] = producer_temp_c

    def solve(self, ground_temp_c: float) -> SteadyState:
        """Solve for what was imposed.

        Returns:
            The state. Its arrays are the solver's own: the next call overwrites them.

        Raises:
            NumericalError: the loop flows do not converge, or producers feed in more than
                consumers take.
        """
        status = solve_steady(
            self._net,
            self._pipes,
            self._water,
            ground_temp_c,
            self._coupled,
            self._load,
            self._work,
            self._out,
        )
        if status < 0:
            raise NumericalError(_REASONS[status], unit="steady state")
        return self._out


def steady_state(
    net: Topology,
    pipes: PipeData,
    water: Water,
    *,
    consumers: IntArray,
    consumer_flow_kg_s: FloatArray | float,
    consumer_heat_w: FloatArray | float,
    root_temp_c: FloatArray | float,
    ground_temp_c: float,
    producers: IntArray | None = None,
    producer_flow_kg_s: FloatArray | float = 0.0,
    producer_temp_c: FloatArray | float = 0.0,
    min_dp_pa: float = 6e4,
) -> SteadyState:
    """Solve a network once; see `SteadySolver` for many times and for the arguments.

    Raises:
        NumericalError: the loop flows do not converge, or producers feed in more than consumers
            take.
    """
    solver = SteadySolver(net, pipes, water, consumers, producers, min_dp_pa)
    solver.impose(
        consumer_flow_kg_s=consumer_flow_kg_s,
        consumer_heat_w=consumer_heat_w,
        root_temp_c=root_temp_c,
        producer_flow_kg_s=producer_flow_kg_s,
        producer_temp_c=producer_temp_c,
    )
    return solver.solve(ground_temp_c)
