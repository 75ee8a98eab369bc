"""Steady state of a supply and return network: flows, pressures and temperatures in one call.

Consumers impose mass flow and heat, producers away from the root impose mass flow and supply
temperature, and the root closes the balance. Flows and pressures are those of
`network.hydraulics`; heat follows the flow from node to node, each pipe by
T_out = T_e + (T_in - T_e) exp(-G/(m cp)), the exact steady solution of a pipe with constant loss
conductance (B. van der Heijde et al., Energy Conversion and Management 151 (2017) 158, eq. 9).
"""

import math
from typing import Any, NamedTuple, Self

import numba
import numpy as np
from numba import types
from numba.experimental import structref

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
    viscosity: FloatArray  # (2, n_circuits) Pa s


class _Work(NamedTuple):
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
def _hydraulics(net: Topology, pipes: PipeData, load: _Load, work: _Work, out: SteadyState) -> int:
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
    work: _Work,
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
    load: _Load,
    work: _Work,
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
def _solve(
    net: Topology,
    pipes: PipeData,
    ground_temp: float,
    coupled: bool,
    load: _Load,
    work: _Work,
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


@structref.register
class _PlantType(types.StructRef):
    """Numba's type of :class:`_Plant`."""


class _Plant(structref.StructRefProxy):
    """All arrays in one compiled object: as arguments, each call would look at all 66 (5 µs)."""

    def __new__(cls, *parts: NamedTuple) -> Self:
        plant: Self = structref.StructRefProxy.__new__(cls, *parts)  # type: ignore[no-untyped-call]
        return plant


structref.define_proxy(  # type: ignore[no-untyped-call]
    _Plant, _PlantType, ["net", "pipes", "load", "work", "out"]
)


# counts references, unlike the kernels: taking a compiled object apart needs it
@numba.njit(error_model="numpy")
def _solve_plant(plant: Any, ground_temp: float, coupled: bool) -> int:  # noqa: ANN401
    return _solve(plant.net, plant.pipes, ground_temp, coupled, plant.load, plant.work, plant.out)


class SteadySolver:
    """A network made ready, so that each solve is one call into compiled code.

    Args:
        net: index arrays of the network.
        pipes: physical data; wall capacities have no part in a steady state.
        viscosity_pa_s: of supply and return water, shape (2,) or (2, n_circuits).
        consumers: location of each consumer, shape (n_consumers,).
        producers: location of each producer away from the roots, shape (n_producers,).
        min_dp_pa: pressure difference held at the worst consumer of each circuit.
    """

    def __init__(
        self,
        net: Topology,
        pipes: PipeData,
        viscosity_pa_s: FloatArray | float,
        consumers: IntArray,
        producers: IntArray | None = None,
        min_dp_pa: float = 6e4,
    ) -> None:
        n_loc, n_pairs, n_circuits = net.order.size, net.pair_from.size, net.root.size
        feeding = np.zeros(0, np.int64) if producers is None else producers
        n_con, n_pro = consumers.size, feeding.size
        viscosity = np.empty((2, n_circuits))
        viscosity.T[:] = np.asarray(viscosity_pa_s).T
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
            viscosity,
        )
        n_chords = net.chords.size
        self._work = _Work(
            withdrawal=np.zeros(2 * n_loc),
            achieved=np.zeros(n_con),
            valve=np.zeros(n_con),
            saturated=np.zeros(n_con, dtype=np.bool_),
            max_head=np.full(n_circuits, NO_LIMIT_PA),
            head_drop=np.zeros(n_circuits),
            head=np.zeros(n_circuits),
            chord_flow=np.zeros(2 * n_chords),
            friction=np.zeros(2 * n_pairs),
            slope=np.zeros(2 * n_pairs),
            node_work=np.zeros((3, n_loc)),
            matrix=np.zeros((n_chords, n_chords)),
            rhs=np.zeros(n_chords),
            valve_step=np.zeros(consumers.size),
            mean_temp=np.zeros(2 * n_pairs),
            mass=np.zeros(n_loc),
            enthalpy=np.zeros(n_loc),
            pending=np.zeros(n_loc, dtype=np.int64),
            queue=np.zeros(n_loc, dtype=np.int64),
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
        self._plant = _Plant(net, pipes, self._load, self._work, self._out)

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
        status = _solve_plant(self._plant, ground_temp_c, self._coupled)
        if status < 0:
            raise NumericalError(_REASONS[status], unit="steady state")
        return self._out


def steady_state(
    net: Topology,
    pipes: PipeData,
    viscosity_pa_s: FloatArray | float,
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
    solver = SteadySolver(net, pipes, viscosity_pa_s, consumers, producers, min_dp_pa)
    solver.impose(
        consumer_flow_kg_s=consumer_flow_kg_s,
        consumer_heat_w=consumer_heat_w,
        root_temp_c=root_temp_c,
        producer_flow_kg_s=producer_flow_kg_s,
        producer_temp_c=producer_temp_c,
    )
    return solver.solve(ground_temp_c)
