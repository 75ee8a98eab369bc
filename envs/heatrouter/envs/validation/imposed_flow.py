"""Tree networks with imposed flows, carried by the simulator's own transport.

What runs here are `carry_line` and `lose_heat` of `simulation.transport`, in the order of the
simulator's sub-step: supply, consumers, return, losses. Only the flows are imposed instead of
solved, because a measurement gives them.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.components.plug_flow import MASS, PSI, RING, SHARES
from heatrouter.envs.errors import NumericalError
from heatrouter.envs.network.circles import NO_FLOW_KG_S
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation.transport import (
    COUNT,
    PIPE_FIELDS,
    PSI_SUM,
    RING_FIELDS,
    WALL_TO,
    carry_line,
    fill_pipes,
    lose_heat,
    pipe_decay,
)

CHUNK_STEPS = 3600
_LAYERS = 16
"""Parcels of an initial profile: a quarter of the ring, so that the inflow finds room."""


class _State(NamedTuple):
    """Pipes as the simulator keeps them, and scratch."""

    pipe_state: FloatArray
    parcels: FloatArray
    ring: IntArray
    decay: FloatArray
    flow: FloatArray  # (2 n_pairs,) kg/s
    node_temp: FloatArray  # (2 n_loc,) degC
    mass: FloatArray  # (n_loc,)
    enthalpy: FloatArray  # (n_loc,)
    pending: IntArray
    queue: IntArray
    lost: FloatArray  # (1,) J
    origin: FloatArray  # (n_loc, 0): heat is not traced here
    node_share: FloatArray  # (2 n_loc, 0)
    trace_work: FloatArray  # (2, 0)


@dataclass(frozen=True, slots=True)
class Drive:
    """What is imposed in each step.

    Attributes:
        consumer: Location of each withdrawal, shape (n_con,).
        flow_kg_s: Step means, shape (n_steps, n_con), not negative.
        heat_w: Heat taken from what returns, shape (n_steps, n_con); None leaves the return line
            still, for cases that know only a supply pipe.
        inlet_temp_c: At the root, shape (n_steps,).
        outside_temp_c: Round the pipes, shape (n_steps,).
        initial_temp_c: At the near and far end of every pipe, linear between; or one value.
    """

    consumer: IntArray
    flow_kg_s: FloatArray
    heat_w: FloatArray | None
    inlet_temp_c: FloatArray
    outside_temp_c: FloatArray
    initial_temp_c: float | tuple[float, float]


@dataclass(frozen=True, slots=True)
class Course:
    """What came of it, step means.

    Attributes:
        consumer_temp_c: Supply at each withdrawal, shape (n_steps, n_con).
        root_return_c: Return at the root, shape (n_steps,).
        loss_w: Heat lost by all pipes, shape (n_steps,).
    """

    consumer_temp_c: FloatArray
    root_return_c: FloatArray
    loss_w: FloatArray


@compiled
def _advance(
    net: Topology,
    pipes: PipeData,
    state: _State,
    consumer: IntArray,
    consumer_flow: FloatArray,
    consumer_heat: FloatArray,
    returning: bool,
    inlet_temp: FloatArray,
    outside_temp: FloatArray,
    dt: float,
    consumer_temp: FloatArray,
    root_return: FloatArray,
    loss: FloatArray,
) -> bool:
    """Advance through all rows; False where flows run in a circle."""
    n_loc, n_pairs = net.order.size, net.pair_from.size
    root = net.root[0]
    for k in range(inlet_temp.size):
        state.mass[:] = 0.0
        for u in range(consumer.size):
            state.mass[consumer[u]] += consumer_flow[k, u]
        for j in range(n_loc - 1, 0, -1):
            here = net.order[j]
            pair = net.parent_pair[here]
            state.flow[pair] = net.parent_sign[here] * state.mass[here]
            state.flow[n_pairs + pair] = -state.flow[pair] if returning else 0.0
            state.mass[net.parent[here]] += state.mass[here]
        total = state.mass[root]
        state.mass[:] = 0.0
        state.enthalpy[:] = 0.0
        state.mass[root] = total
        state.enthalpy[root] = total * inlet_temp[k]
        if not carry_line(
            0, net, pipes, state.flow, state.mass, state.enthalpy, state.node_temp,
            state.pipe_state, state.parcels, state.ring, dt, state.pending, state.queue,
            state.origin, state.node_share, state.trace_work,
        ):  # fmt: skip
            return False
        state.mass[:] = 0.0
        state.enthalpy[:] = 0.0
        for u in range(consumer.size):
            at = consumer[u]
            consumer_temp[k, u] = state.node_temp[at]
            m = consumer_flow[k, u]
            if returning and m > NO_FLOW_KG_S:
                cp = pipes.heat_capacity[net.incident[net.incident_start[at]]]
                state.mass[at] += m
                state.enthalpy[at] += m * state.node_temp[at] - consumer_heat[k, u] / cp
        if not carry_line(
            1, net, pipes, state.flow, state.mass, state.enthalpy, state.node_temp,
            state.pipe_state, state.parcels, state.ring, dt, state.pending, state.queue,
            state.origin, state.node_share, state.trace_work,
        ):  # fmt: skip
            return False
        root_return[k] = state.node_temp[n_loc + root]
        state.lost[0] = 0.0
        lose_heat(
            net, pipes, state.flow, state.decay, outside_temp[k : k + 1], state.pipe_state,
            state.parcels, state.ring, dt, state.lost,
        )  # fmt: skip
        loss[k] = state.lost[0] / dt
    return True


def run_imposed(net: Topology, pipes: PipeData, drive: Drive, dt_s: float) -> Course:
    """Carry water and heat through a tree.

    Args:
        net: Index arrays of one circuit without loops.
        pipes: Physical data.
        drive: What is imposed.
        dt_s: Length of a step.

    Raises:
        ValueError: the network has loops, whose flows nothing imposes.
    """
    if net.chords.size:
        message = f"the network has {net.chords.size} loops; imposed flows need a tree"
        raise ValueError(message)
    n_steps, n_con = drive.flow_kg_s.shape
    state = _initial(net, pipes, drive, dt_s)
    course = Course(np.empty((n_steps, n_con)), np.empty(n_steps), np.empty(n_steps))
    returning = drive.heat_w is not None
    heat = np.zeros((1, n_con)) if drive.heat_w is None else drive.heat_w
    for begin in range(0, n_steps, CHUNK_STEPS):
        rows = slice(begin, min(begin + CHUNK_STEPS, n_steps))
        if not _advance(
            net,
            pipes,
            state,
            drive.consumer,
            np.ascontiguousarray(drive.flow_kg_s[rows]),
            np.ascontiguousarray(heat[rows] if returning else heat),
            returning,
            drive.inlet_temp_c[rows],
            drive.outside_temp_c[rows],
            dt_s,
            course.consumer_temp_c[rows],
            course.root_return_c[rows],
            course.loss_w[rows],
        ):
            message = "imposed flows run in a circle; check that they are not negative"
            raise NumericalError(message, step=begin)
    return course


def _initial(net: Topology, pipes: PipeData, drive: Drive, dt_s: float) -> _State:
    n_loc, n_pairs = net.order.size, net.pair_from.size
    state = _State(
        np.zeros((2 * n_pairs, PIPE_FIELDS)),
        np.zeros((2 * n_pairs, RING, SHARES)),
        np.zeros((2 * n_pairs, RING_FIELDS), dtype=np.int64),
        np.zeros((n_pairs, 2)),
        np.zeros(2 * n_pairs),
        np.zeros(2 * n_loc),
        np.zeros(n_loc),
        np.zeros(n_loc),
        np.zeros(n_loc, dtype=np.int64),
        np.zeros(n_loc, dtype=np.int64),
        np.zeros(1),
        np.zeros((n_loc, 0)),
        np.zeros((2 * n_loc, 0)),
        np.zeros((2, 0)),
    )
    pipe_decay(pipes, dt_s, state.decay)
    outside = drive.outside_temp_c[:1]
    ends = drive.initial_temp_c
    near, far = ends if isinstance(ends, tuple) else (ends, ends)
    fill_pipes(
        pipes, state.pipe_state, state.parcels, state.ring, np.full(2 * n_pairs, near), outside
    )
    if near != far:
        _lay_profile(pipes, state, near - float(outside[0]), far - float(outside[0]), far)
    return state


def _lay_profile(
    pipes: PipeData, state: _State, near_k: float, far_k: float, far_temp: float
) -> None:
    """Lay equal parcels in every pipe, from ``near_k`` to ``far_k`` above the surroundings."""
    share = (np.arange(_LAYERS) + 0.5) / _LAYERS
    mass = np.tile(pipes.water_mass, 2)
    excess = near_k + share * (far_k - near_k)
    state.parcels[:, :_LAYERS, MASS] = mass[:, None] / _LAYERS
    state.parcels[:, :_LAYERS, PSI] = excess
    state.ring[:, COUNT] = _LAYERS
    state.pipe_state[:, PSI_SUM] = mass * excess.mean()
    state.pipe_state[:, WALL_TO] = far_temp
