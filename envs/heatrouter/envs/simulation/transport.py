"""Heat carried by the pipes of one line in one sub-step, and what the pipes lose."""

import math

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.components.plug_flow import (
    JOIN_BELOW_K,
    REBASE_AT,
    psi_total,
    shift_parcels,
    wall_step,
)
from heatrouter.envs.network.topology import PipeData, Topology

NO_FLOW_KG_S = 1e-9
"""Below this a pipe stands still: rounding of the forest's sums, not a flow."""


@compiled
def _through_pipe(
    pair: int,
    pipe: int,
    forward: bool,
    flow: float,
    inlet_temp: float,
    pipes: PipeData,
    parcel_mass: FloatArray,
    parcel_psi: FloatArray,
    parcel_start: IntArray,
    parcel_count: IntArray,
    psi_sum: FloatArray,
    base: float,
    age: float,
    wall: FloatArray,
    dt: float,
    cp: float,
) -> float:
    """Push one step of flow through a pipe; returns the mean outlet temperature, degC."""
    near = 0 if forward else 1
    ratio = 2.0 * flow * cp * dt / pipes.wall_capacity[pair]
    wall[pipe, near], entering = wall_step(wall[pipe, near], inlet_temp, ratio)
    moved = flow * dt
    scale = math.exp(-age)
    pushed_psi = (entering - base) / scale
    parcel_start[pipe], parcel_count[pipe], left = shift_parcels(
        parcel_mass[pipe],
        parcel_psi[pipe],
        parcel_start[pipe],
        parcel_count[pipe],
        moved,
        pushed_psi,
        pipes.water_mass[pair],
        forward,
        JOIN_BELOW_K / scale,
    )
    psi_sum[pipe] += moved * pushed_psi - left
    leaving = base + scale * left / moved
    far = 1 - near
    wall[pipe, far], outlet = wall_step(wall[pipe, far], leaving, ratio)
    return outlet


@compiled
def carry_line(
    line: int,
    net: Topology,
    pipes: PipeData,
    flow: FloatArray,
    unit_mass: FloatArray,
    unit_enthalpy: FloatArray,
    node_temp: FloatArray,
    parcel_mass: FloatArray,
    parcel_psi: FloatArray,
    parcel_start: IntArray,
    parcel_count: IntArray,
    psi_sum: FloatArray,
    base: FloatArray,
    age: FloatArray,
    wall: FloatArray,
    dt: float,
    cp: float,
    pending: IntArray,
    queue: IntArray,
) -> bool:
    """Temperatures of all nodes of one line, downstream from node to node.

    Args:
        line: 0 supply, 1 return.
        net: index arrays.
        pipes: physical data.
        flow: kg/s of every pipe of both lines.
        unit_mass: kg/s that units feed into each node of this line, shape (n_loc,), changed.
        unit_enthalpy: sum of kg/s times degC that units feed in, changed.
        node_temp: degC of both lines, changed for this line.
        parcel_mass: see State; so the following.
        parcel_psi: changed.
        parcel_start: changed.
        parcel_count: changed.
        psi_sum: changed.
        base: read.
        age: read.
        wall: changed.
        dt: s.
        cp: J/(kg K).
        pending: scratch, (n_loc,).
        queue: scratch, (n_loc,).

    Returns:
        False if flows run in a circle, which a solved network cannot do.
    """
    n_loc = net.order.size
    n_pairs = pipes.length.size
    offset = line * n_pairs
    pending[:] = 0
    for p in range(n_pairs):
        m = flow[offset + p]
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
    while head < tail:
        here = queue[head]
        head += 1
        if unit_mass[here] > NO_FLOW_KG_S:
            temp = unit_enthalpy[here] / unit_mass[here]
        else:
            # still water: what stands at the end of the first pipe
            pair = net.incident[here, 0]
            end = 0 if net.pair_from[pair] == here else 1
            temp = wall[offset + pair, end]
        node_temp[line * n_loc + here] = temp
        for j in range(net.incident.shape[1]):
            pair = net.incident[here, j]
            if pair < 0:
                break
            m = flow[offset + pair]
            forward = net.pair_from[pair] == here
            if (m > NO_FLOW_KG_S and forward) or (m < -NO_FLOW_KG_S and not forward):
                there = net.pair_to[pair] if forward else net.pair_from[pair]
                outlet = _through_pipe(
                    pair, offset + pair, forward, abs(m), temp, pipes, parcel_mass, parcel_psi,
                    parcel_start, parcel_count, psi_sum, base[offset + pair], age[offset + pair],
                    wall, dt, cp,
                )  # fmt: skip
                unit_mass[there] += abs(m)
                unit_enthalpy[there] += abs(m) * outlet
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
    parcel_mass: FloatArray,
    parcel_psi: FloatArray,
    parcel_start: IntArray,
    parcel_count: IntArray,
    psi_sum: FloatArray,
    base: FloatArray,
    age: FloatArray,
    wall: FloatArray,
    ground_temp: float,
    dt: float,
    cp: float,
    lost: FloatArray,
) -> None:
    """Cool every pipe for one step; adds the heat lost to ground in J to its circuit's ``lost``.

    Flowing water cools with R C; still water and its wall cool together with R (C + C_w). The
    exchange between the two pipes of a pair follows their mean temperatures and enters both with
    opposite sign, as a shift of the base.
    """
    n_pairs = pipes.length.size
    for p in range(n_pairs):
        mass = pipes.water_mass[p]
        capacity = mass * cp
        mean_supply = base[p] + math.exp(-age[p]) * psi_sum[p] / mass
        q = n_pairs + p
        mean_return = base[q] + math.exp(-age[q]) * psi_sum[q] / mass
        exchanged = pipes.between[p] * (mean_supply - mean_return) * dt
        total = 0.0
        for line in range(2):
            pipe = line * n_pairs + p
            still = abs(flow[pipe]) <= NO_FLOW_KG_S
            rate = pipes.to_ground[p] * dt
            rate /= capacity + pipes.wall_capacity[p] if still else capacity
            before = math.exp(-age[pipe])
            decay = math.exp(-rate)
            new_base = ground_temp + (base[pipe] - ground_temp) * decay
            water = mass * (base[pipe] - new_base) + psi_sum[pipe] * before * (1.0 - decay)
            total += cp * water
            age[pipe] += rate
            if still:
                for end in range(2):
                    cooled = (wall[pipe, end] - ground_temp) * (1.0 - decay)
                    wall[pipe, end] -= cooled
                    total += 0.5 * pipes.wall_capacity[p] * cooled
            shift = exchanged / capacity
            base[pipe] = new_base - shift if line == 0 else new_base + shift
            if age[pipe] > REBASE_AT:
                factor = math.exp(-age[pipe])
                for i in range(parcel_count[pipe]):
                    slot = (parcel_start[pipe] + i) % parcel_psi.shape[1]
                    parcel_psi[pipe, slot] *= factor
                age[pipe] = 0.0
                psi_sum[pipe] = psi_total(
                    parcel_mass[pipe], parcel_psi[pipe], parcel_start[pipe], parcel_count[pipe]
                )
        lost[net.circuit_of[net.pair_from[p]]] += total


@compiled
def pipe_stock(
    net: Topology,
    pipes: PipeData,
    parcel_mass: FloatArray,
    parcel_psi: FloatArray,
    parcel_start: IntArray,
    parcel_count: IntArray,
    base: FloatArray,
    age: FloatArray,
    wall: FloatArray,
    cp: float,
    stock: FloatArray,
) -> None:
    """Heat in water and walls above 0 degC, J, recomputed parcel by parcel, per circuit."""
    n_pairs = pipes.length.size
    for c in range(stock.size):
        stock[c] = 0.0
    for pipe in range(2 * n_pairs):
        p = pipe % n_pairs
        scale = math.exp(-age[pipe])
        water = 0.0
        for i in range(parcel_count[pipe]):
            slot = (parcel_start[pipe] + i) % parcel_psi.shape[1]
            water += parcel_mass[pipe, slot] * (base[pipe] + scale * parcel_psi[pipe, slot])
        heat = cp * water
        heat += 0.5 * pipes.wall_capacity[p] * (wall[pipe, 0] + wall[pipe, 1])
        stock[net.circuit_of[net.pair_from[p]]] += heat


def fill_pipes(
    pipes: PipeData,
    parcel_mass: FloatArray,
    parcel_psi: FloatArray,
    parcel_start: IntArray,
    parcel_count: IntArray,
    psi_sum: FloatArray,
    base: FloatArray,
    age: FloatArray,
    wall: FloatArray,
    supply_temp: float,
    return_temp: float,
    ground_temp: float,
) -> None:
    """Fill the pipes of one environment with water of one temperature per line."""
    n_pairs = pipes.length.size
    temps = np.repeat([supply_temp, return_temp], n_pairs)
    mass = np.tile(pipes.water_mass, 2)
    parcel_mass[:] = 0.0
    parcel_psi[:] = 0.0
    parcel_start[:] = 0
    parcel_count[:] = 1
    parcel_mass[:, 0] = mass
    parcel_psi[:, 0] = temps - ground_temp
    psi_sum[:] = mass * (temps - ground_temp)
    base[:] = ground_temp
    age[:] = 0.0
    wall[:] = temps[:, None]
