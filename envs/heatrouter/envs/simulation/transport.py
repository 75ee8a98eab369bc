"""Heat carried by the pipes of one line in one sub-step, and what the pipes lose.

State of the pipes: a table with one row per pipe (supply pipes first, then return pipes), the
parcels and where they start in their ring. Where heat is traced, the pipe table ends in the shares
of origins of the wall at the from-end and of the wall at the to-end.
"""

import math

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.components.plug_flow import (
    MASS,
    PSI,
    REBASE_BELOW,
    SHARES,
    SLOT,
    psi_total,
    shift_parcels,
    traced_heat,
    wall_flush,
)
from heatrouter.envs.network.circles import NO_FLOW_KG_S
from heatrouter.envs.network.topology import PipeData, Topology

PSI_SUM, BASE, SCALE, WALL_FROM, WALL_TO = range(5)
PIPE_FIELDS = 5
"""Columns of the pipes' state: kg K, degC, 1, degC, degC."""

START, COUNT = 0, 1
RING_FIELDS = 2
"""Columns of where a pipe's parcels are in their ring."""

FLOWING, STILL = 0, 1


@compiled
def pipe_decay(pipes: PipeData, dt: float, decay: FloatArray) -> None:
    """What is left of the excess over ground after one step, shape (n_pairs, 2).

    Flowing water cools with R C; still water and its wall cool together with R (C + C_w).
    """
    for p in range(pipes.water_mass.size):
        capacity = pipes.water_mass[p] * pipes.heat_capacity[p]
        decay[p, FLOWING] = math.exp(-pipes.to_ground[p] * dt / capacity)
        decay[p, STILL] = math.exp(-pipes.to_ground[p] * dt / (capacity + pipes.wall_capacity[p]))


@compiled
def push_water(
    pair: int,
    pipe: int,
    forward: bool,
    moved: float,
    inlet_temp: float,
    pipes: PipeData,
    pipe_state: FloatArray,
    parcels: FloatArray,
    ring: IntArray,
    shares: FloatArray,
    by_origin: FloatArray,
) -> float:
    """Push ``moved`` kg through a pipe in one step; returns the mean outlet temperature, degC.

    ``shares`` are those of the inflow and become those of the outflow; ``by_origin`` is scratch.
    """
    near = WALL_FROM if forward else WALL_TO
    far = WALL_TO if forward else WALL_FROM
    ratio = 2.0 * moved * pipes.heat_capacity[pair] / pipes.wall_capacity[pair]
    closed, kept = wall_flush(ratio)
    gap = pipe_state[pipe, near] - inlet_temp
    if shares.size > 0:
        _touch_wall(pipe_state[pipe], near, moved / ratio, gap * closed, moved, inlet_temp, shares)
    pipe_state[pipe, near] -= gap * closed
    entering = inlet_temp + gap * kept
    scale = pipe_state[pipe, SCALE]
    base = pipe_state[pipe, BASE]
    pushed = (entering - base) / scale
    start, count, left = shift_parcels(
        parcels[pipe],
        ring[pipe, START],
        ring[pipe, COUNT],
        moved,
        pushed,
        pipes.water_mass[pair],
        forward,
        base,
        scale,
        shares,
        by_origin,
    )
    ring[pipe, START] = start
    ring[pipe, COUNT] = count
    pipe_state[pipe, PSI_SUM] += moved * pushed - left
    leaving = base + scale * left / moved
    gap = pipe_state[pipe, far] - leaving
    if shares.size > 0:
        normalise(by_origin, shares)
        _touch_wall(pipe_state[pipe], far, moved / ratio, gap * closed, moved, leaving, shares)
    pipe_state[pipe, far] -= gap * closed
    return float(leaving + gap * kept)


@compiled
def normalise(by_origin: FloatArray, shares: FloatArray) -> None:
    """Shares from heat by origin; unchanged where there is none."""
    total = 0.0
    for j in range(shares.size):
        total += by_origin[j]
    if total > 0.0:
        for j in range(shares.size):
            shares[j] = by_origin[j] / total


@compiled
def _touch_wall(
    row: FloatArray,
    end: int,
    wall_mass: float,
    fall: float,
    water_mass: float,
    water_temp: float,
    shares: FloatArray,
) -> None:
    """Water takes up the origins of the heat that a wall gives, or the wall those of the water.

    Args:
        row: the pipe's state before the wall has changed, shares of its walls at its end, changed.
        end: column of the wall's temperature.
        wall_mass: its heat capacity as a mass of water, kg.
        fall: by which it cools, K; negative where it warms.
        water_mass: kg that pass.
        water_temp: degC before the wall.
        shares: of the water, changed.
    """
    first = PIPE_FIELDS + (0 if end == WALL_FROM else shares.size)
    given = wall_mass * abs(fall)
    if fall >= 0.0:
        own = traced_heat(water_mass, water_temp)
        for j in range(shares.size):
            shares[j] = (own * shares[j] + given * row[first + j]) / (own + given)
    else:
        own = traced_heat(wall_mass, row[end])
        for j in range(shares.size):
            row[first + j] = (own * row[first + j] + given * shares[j]) / (own + given)


@compiled
def carry_line(
    line: int,
    net: Topology,
    pipes: PipeData,
    flow: FloatArray,
    unit_mass: FloatArray,
    unit_enthalpy: FloatArray,
    node_temp: FloatArray,
    pipe_state: FloatArray,
    parcels: FloatArray,
    ring: IntArray,
    dt: float,
    pending: IntArray,
    queue: IntArray,
    unit_origin: FloatArray,
    node_share: FloatArray,
    trace_work: FloatArray,
) -> bool:
    """Temperatures of all nodes of one line, downstream from node to node.

    Args:
        line: 0 supply, 1 return.
        net: index arrays.
        pipes: physical data.
        flow: kg/s of every pipe of both lines, positive from from to to.
        unit_mass: kg/s that units feed into each node of this line, shape (n_loc,), changed.
        unit_enthalpy: sum of kg/s times degC that units feed in, changed.
        node_temp: degC of both lines, shape (2 n_loc,), changed for this line.
        pipe_state: shape (2 n_pairs, PIPE_FIELDS), changed.
        parcels: shape (2 n_pairs, RING, 2), changed.
        ring: shape (2 n_pairs, RING_FIELDS), changed.
        dt: s.
        pending: scratch, (n_loc,).
        queue: scratch, (n_loc,).
        unit_origin: traced heat of ``unit_enthalpy`` by origin, kg K/s, shape (n_loc, n_origins),
            changed; n_origins may be 0.
        node_share: shares of origins at all nodes, shape (2 n_loc, n_origins), set.
        trace_work: scratch, (2, n_origins).

    Returns:
        False if flows run in a circle, which a solved network cannot do.
    """
    n_loc = net.order.size
    n_pairs = pipes.water_mass.size
    offset = line * n_pairs
    tail = 0
    for i in range(n_loc):
        pending[i] = 0
    for p in range(n_pairs):
        m = flow[offset + p]
        if m > NO_FLOW_KG_S:
            pending[net.pair_to[p]] += 1
        elif m < -NO_FLOW_KG_S:
            pending[net.pair_from[p]] += 1
    for i in range(n_loc):
        if pending[i] == 0:
            queue[tail] = i
            tail += 1
    head = 0
    while head < tail:
        here = queue[head]
        head += 1
        first = net.incident_start[here]
        if unit_mass[here] > NO_FLOW_KG_S:
            temp = unit_enthalpy[here] / unit_mass[here]
            normalise(unit_origin[here], node_share[line * n_loc + here])
        else:
            # still water: what stands at the end of the first pipe
            pair = net.incident[first]
            end = WALL_FROM if net.pair_from[pair] == here else WALL_TO
            temp = pipe_state[offset + pair, end]
            first_share = PIPE_FIELDS + (0 if end == WALL_FROM else node_share.shape[1])
            for k in range(node_share.shape[1]):
                node_share[line * n_loc + here, k] = pipe_state[offset + pair, first_share + k]
        node_temp[line * n_loc + here] = temp
        for j in range(first, net.incident_start[here + 1]):
            pair = net.incident[j]
            m = flow[offset + pair]
            forward = net.pair_from[pair] == here
            if (m > NO_FLOW_KG_S and forward) or (m < -NO_FLOW_KG_S and not forward):
                there = net.pair_to[pair] if forward else net.pair_from[pair]
                m = abs(m)
                for k in range(node_share.shape[1]):
                    trace_work[0, k] = node_share[line * n_loc + here, k]
                outlet = push_water(
                    pair, offset + pair, forward, m * dt, temp, pipes, pipe_state, parcels, ring,
                    trace_work[0], trace_work[1],
                )  # fmt: skip
                for k in range(node_share.shape[1]):
                    unit_origin[there, k] += traced_heat(m, outlet) * trace_work[0, k]
                unit_mass[there] += m
                unit_enthalpy[there] += m * outlet
                pending[there] -= 1
                if pending[there] == 0:
                    queue[tail] = there
                    tail += 1
    return head == n_loc


@compiled
def lose_heat(
    net: Topology,
    pipes: PipeData,
    flow: FloatArray,
    decay: FloatArray,
    ground_temp: FloatArray,
    pipe_state: FloatArray,
    parcels: FloatArray,
    ring: IntArray,
    dt: float,
    lost: FloatArray,
) -> None:
    """Cool every pipe for one step; adds the heat lost to ground in J to its circuit's ``lost``.

    The exchange between the two pipes of a pair follows their mean temperatures and enters both
    with opposite sign, as a shift of the base.

    Args:
        net: index arrays.
        pipes: physical data.
        flow: kg/s of every pipe.
        decay: from :func:`pipe_decay`.
        ground_temp: undisturbed ground at each pair's depth, degC, shape (n_levels,), picked by
            ``pipes.ground_level``.
        pipe_state: changed.
        parcels: changed where psi is rescaled.
        ring: read.
        dt: s.
        lost: J, shape (n_circuits,), added to.
    """
    n_pairs = pipes.water_mass.size
    for p in range(n_pairs):
        mass = pipes.water_mass[p]
        cp = pipes.heat_capacity[p]
        q = n_pairs + p
        mean_supply = pipe_state[p, BASE] + pipe_state[p, SCALE] * pipe_state[p, PSI_SUM] / mass
        mean_return = pipe_state[q, BASE] + pipe_state[q, SCALE] * pipe_state[q, PSI_SUM] / mass
        shift = pipes.between[p] * (mean_supply - mean_return) * dt / (mass * cp)
        ground = ground_temp[pipes.ground_level[p]]
        total = 0.0
        for line in range(2):
            pipe = line * n_pairs + p
            still = abs(flow[pipe]) <= NO_FLOW_KG_S
            left = decay[p, STILL] if still else decay[p, FLOWING]
            base = pipe_state[pipe, BASE]
            scale = pipe_state[pipe, SCALE]
            new_base = ground + (base - ground) * left
            water = mass * (base - new_base) + pipe_state[pipe, PSI_SUM] * scale * (1.0 - left)
            total += cp * water
            if still:
                for end in range(WALL_FROM, WALL_TO + 1):
                    cooled = (pipe_state[pipe, end] - ground) * (1.0 - left)
                    pipe_state[pipe, end] -= cooled
                    total += 0.5 * pipes.wall_capacity[p] * cooled
            pipe_state[pipe, BASE] = new_base - shift if line == 0 else new_base + shift
            scale *= left
            pipe_state[pipe, SCALE] = scale
            if scale < REBASE_BELOW:
                for i in range(ring[pipe, COUNT]):
                    parcels[pipe, (ring[pipe, START] + i) & SLOT, PSI] *= scale
                pipe_state[pipe, SCALE] = 1.0
                pipe_state[pipe, PSI_SUM] = psi_total(
                    parcels[pipe], ring[pipe, START], ring[pipe, COUNT]
                )
        lost[net.circuit_of[net.pair_from[p]]] += total


@compiled
def pipe_stock(
    net: Topology,
    pipes: PipeData,
    pipe_state: FloatArray,
    parcels: FloatArray,
    ring: IntArray,
    stock: FloatArray,
) -> None:
    """Heat in water and walls above 0 degC, J, recomputed parcel by parcel, per circuit."""
    n_pairs = pipes.water_mass.size
    for c in range(stock.size):
        stock[c] = 0.0
    for pipe in range(2 * n_pairs):
        p = pipe % n_pairs
        base = pipe_state[pipe, BASE]
        scale = pipe_state[pipe, SCALE]
        water = 0.0
        for i in range(ring[pipe, COUNT]):
            slot = (ring[pipe, START] + i) & SLOT
            water += parcels[pipe, slot, MASS] * (base + scale * parcels[pipe, slot, PSI])
        walls = pipe_state[pipe, WALL_FROM] + pipe_state[pipe, WALL_TO]
        heat = pipes.heat_capacity[p] * water + 0.5 * pipes.wall_capacity[p] * walls
        stock[net.circuit_of[net.pair_from[p]]] += heat


def fill_pipes(
    pipes: PipeData,
    pipe_state: FloatArray,
    parcels: FloatArray,
    ring: IntArray,
    pipe_temp: FloatArray,
    ground_temp: FloatArray,
) -> None:
    """Fill the pipes of one environment with water of one temperature per pipe.

    Args:
        pipes: physical data.
        pipe_state: set, shape (2 n_pairs, PIPE_FIELDS).
        parcels: set.
        ring: set.
        pipe_temp: degC of every pipe and its wall, shape (2 n_pairs,).
        ground_temp: degC per ground level.
    """
    mass = np.tile(pipes.water_mass, 2)
    ground = np.tile(ground_temp[pipes.ground_level], 2)
    parcels[:] = 0.0
    parcels[:, 0, MASS] = mass
    parcels[:, 0, PSI] = pipe_temp - ground
    ring[:, START] = 0
    ring[:, COUNT] = 1
    pipe_state[:, PSI_SUM] = mass * (pipe_temp - ground)
    pipe_state[:, BASE] = ground
    pipe_state[:, SCALE] = 1.0
    pipe_state[:, WALL_FROM] = pipe_temp
    pipe_state[:, WALL_TO] = pipe_temp
    pipe_state[:, PIPE_FIELDS:] = 0.0
    n_origins = parcels.shape[2] - SHARES
    if n_origins:
        # the last origin is what was there at first
        parcels[:, 0, -1] = 1.0
        pipe_state[:, [PIPE_FIELDS + n_origins - 1, -1]] = 1.0
