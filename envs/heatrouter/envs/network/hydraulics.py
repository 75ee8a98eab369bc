"""Flows and pressures of the network: a spanning forest, Newton on cycles, saturated valves.

Withdrawals fix the flows of the forest's pipes up to the flows of the chords; each chord closes a
cycle whose pressure drops must sum to zero. A consumer whose valve is wide open and still gets less
than its set flow becomes an unknown too: its cycle runs from the pump through supply, valve
(dp = r m |m|) and return. The Jacobian B D B^T is symmetric positive definite (E. Todini and S.
Pilati's gradient method restricted to cycles; Cross 1936 for the idea). Without chords and
saturated valves no iteration takes place.
"""

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.components.friction import pressure_drop
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import PipeData, Topology

MAX_NEWTON = 40
MAX_ROUNDS = 12
TOLERANCE_PA = 0.05


@compiled
def _forest_flows(
    net: Topology, withdrawal: FloatArray, chord_flow: FloatArray, flow: FloatArray, acc: FloatArray
) -> None:
    """Flows of one line from withdrawals (kg/s out of each node) and chord flows."""
    n_loc = net.order.size
    for i in range(n_loc):
        acc[i] = withdrawal[i]
    for k in range(net.chords.size):
        pair = net.chords[k]
        flow[pair] = chord_flow[k]
        acc[net.pair_from[pair]] += chord_flow[k]
        acc[net.pair_to[pair]] -= chord_flow[k]
    for j in range(n_loc - 1, -1, -1):
        here = net.order[j]
        up = net.parent[here]
        if up >= 0:
            flow[net.parent_pair[here]] = net.parent_sign[here] * acc[here]
            acc[up] += acc[here]


@compiled
def _drops(
    pipes: PipeData,
    flow: FloatArray,
    offset: int,
    density: float,
    viscosity: float,
    drop: FloatArray,
    slope: FloatArray,
) -> None:
    n_pairs = pipes.length.size
    for p in range(n_pairs):
        drop[offset + p], slope[offset + p] = pressure_drop(
            flow[offset + p],
            pipes.diameter[p],
            pipes.length[p],
            pipes.relative_roughness[p],
            pipes.loss_coefficient[p],
            density,
            viscosity,
        )


@compiled
def _solve_dense(matrix: FloatArray, rhs: FloatArray, n: int) -> None:
    """Solve in place by Cholesky; the matrix is symmetric positive definite."""
    for j in range(n):
        d = matrix[j, j]
        for k in range(j):
            d -= matrix[j, k] * matrix[j, k]
        d = np.sqrt(max(d, 1e-300))
        matrix[j, j] = d
        for i in range(j + 1, n):
            s = matrix[i, j]
            for k in range(j):
                s -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = s / d
    for i in range(n):
        s = rhs[i]
        for k in range(i):
            s -= matrix[i, k] * rhs[k]
        rhs[i] = s / matrix[i, i]
    for i in range(n - 1, -1, -1):
        s = rhs[i]
        for k in range(i + 1, n):
            s -= matrix[k, i] * rhs[k]
        rhs[i] = s / matrix[i, i]


@compiled
def solve_network(
    net: Topology,
    pipes: PipeData,
    density: float,
    viscosity_supply: float,
    viscosity_return: float,
    withdrawal_supply: FloatArray,
    withdrawal_return: FloatArray,
    consumer_location: IntArray,
    consumer_set_flow: FloatArray,
    valve_resistance: FloatArray,
    min_dp: FloatArray,
    max_head: FloatArray,
    head_drop: FloatArray,
    chord_flow: FloatArray,
    consumer_flow: FloatArray,
    flow: FloatArray,
    drop: FloatArray,
    head: FloatArray,
    available_dp: FloatArray,
    saturated: BoolArray,
) -> int:
    """Solve flows, pump heads and consumer flows of one environment.

    Args:
        net: index arrays.
        pipes: physical data.
        density: kg/m3.
        viscosity_supply: Pa s.
        viscosity_return: Pa s.
        withdrawal_supply: kg/s that producers away from the roots withdraw from (negative: feed
            into) each supply node, shape (n_loc,).
        withdrawal_return: the same of each return node.
        consumer_location: shape (n_consumers,).
        consumer_set_flow: kg/s wanted, shape (n_consumers,).
        valve_resistance: Pa s2/kg2 of the wide-open valve with its exchanger.
        min_dp: Pa held at the worst consumer, per circuit.
        max_head: Pa at zero flow, per circuit.
        head_drop: Pa s2/kg2 of the pump curve at full speed, per circuit.
        chord_flow: kg/s, shape (2 n_chords,), warm start in, solution out.
        consumer_flow: kg/s achieved, out.
        flow: kg/s of every pipe, shape (2 n_pairs,), out.
        drop: Pa of every pipe, out.
        head: Pa of the pump of each circuit, out.
        available_dp: Pa across each consumer, out.
        saturated: whether each consumer's valve is wide open, out.

    Returns:
        Number of Newton steps, or -1 where they did not converge.
    """
    n_loc = net.order.size
    n_pairs = pipes.length.size
    n_chords = net.chords.size
    n_consumers = consumer_location.size
    n_circuits = net.root.size
    slope = np.empty(2 * n_pairs)
    w_supply = np.empty(n_loc)
    w_return = np.empty(n_loc)
    acc = np.empty(n_loc)
    circuit_flow = np.empty(n_circuits)
    limited = np.zeros(n_circuits, dtype=np.bool_)
    unknown = np.empty(n_consumers, dtype=np.int64)
    for u in range(n_consumers):
        saturated[u] = False
        consumer_flow[u] = consumer_set_flow[u]
    steps = 0
    for _ in range(MAX_ROUNDS):
        n_unknown = 0
        for u in range(n_consumers):
            if saturated[u]:
                unknown[n_unknown] = u
                n_unknown += 1
        size = 2 * n_chords + n_unknown
        matrix = np.zeros((size, size))
        rhs = np.zeros(size)
        converged = False
        for _ in range(MAX_NEWTON):
            for i in range(n_loc):
                w_supply[i] = withdrawal_supply[i]
                w_return[i] = withdrawal_return[i]
            for u in range(n_consumers):
                w_supply[consumer_location[u]] += consumer_flow[u]
                w_return[consumer_location[u]] -= consumer_flow[u]
            _forest_flows(net, w_supply, chord_flow[:n_chords], flow[:n_pairs], acc)
            for c in range(n_circuits):
                circuit_flow[c] = acc[net.root[c]]
            _forest_flows(net, w_return, chord_flow[n_chords:], flow[n_pairs:], acc)
            _drops(pipes, flow, 0, density, viscosity_supply, drop, slope)
            _drops(pipes, flow, n_pairs, density, viscosity_return, drop, slope)
            for u in range(n_consumers):
                loc = consumer_location[u]
                lost = 0.0
                at = loc
                while net.parent[at] >= 0:
                    p = net.parent_pair[at]
                    lost += net.parent_sign[at] * (drop[p] - drop[n_pairs + p])
                    at = net.parent[at]
                available_dp[u] = -lost
            for c in range(n_circuits):
                if limited[c]:
                    continue
                needed = 0.0
                for u in range(n_consumers):
                    if net.circuit_of[consumer_location[u]] == c:
                        valve = valve_resistance[u] * consumer_flow[u] * consumer_flow[u]
                        needed = max(needed, max(valve, min_dp[c]) - available_dp[u])
                head[c] = needed
            for c in range(n_circuits):
                top = max(max_head[c] - head_drop[c] * circuit_flow[c] * abs(circuit_flow[c]), 0.0)
                if limited[c]:
                    head[c] = top
            for u in range(n_consumers):
                available_dp[u] += head[net.circuit_of[consumer_location[u]]]
            if size == 0:
                converged = True
                break
            worst = 0.0
            for k in range(n_chords):
                for line in range(2):
                    row = line * n_chords + k
                    r = 0.0
                    for p in range(n_pairs):
                        r += net.cycle[k, p] * drop[line * n_pairs + p]
                    rhs[row] = -r
                    worst = max(worst, abs(r))
            for j in range(n_unknown):
                u = unknown[j]
                x = consumer_flow[u]
                r = valve_resistance[u] * x * abs(x) - available_dp[u]
                rhs[2 * n_chords + j] = -r
                worst = max(worst, abs(r))
            if worst < TOLERANCE_PA:
                converged = True
                break
            steps += 1
            matrix[:, :] = 0.0
            for a in range(n_chords):
                for b in range(a + 1):
                    s_supply = 0.0
                    s_return = 0.0
                    for p in range(n_pairs):
                        w = net.cycle[a, p] * net.cycle[b, p]
                        if w != 0.0:
                            s_supply += w * slope[p]
                            s_return += w * slope[n_pairs + p]
                    matrix[a, b] = s_supply
                    matrix[n_chords + a, n_chords + b] = s_return
            for j in range(n_unknown):
                u = unknown[j]
                loc = consumer_location[u]
                row = 2 * n_chords + j
                c = net.circuit_of[loc]
                for k in range(n_chords):
                    s_supply = 0.0
                    s_return = 0.0
                    for p in range(n_pairs):
                        w = net.cycle[k, p] * net.path[loc, p]
                        if w != 0.0:
                            s_supply += w * slope[p]
                            s_return += w * slope[n_pairs + p]
                    matrix[row, k] = s_supply
                    matrix[row, n_chords + k] = -s_return
                for i in range(j + 1):
                    other = consumer_location[unknown[i]]
                    s = 0.0
                    for p in range(n_pairs):
                        w = net.path[loc, p] * net.path[other, p]
                        if w != 0.0:
                            s += w * (slope[p] + slope[n_pairs + p])
                    if net.circuit_of[other] == c:
                        s += 2.0 * head_drop[c] * abs(circuit_flow[c])
                    if i == j:
                        s += 2.0 * valve_resistance[u] * abs(consumer_flow[u]) + 1e-6
                    matrix[row, 2 * n_chords + i] = s
            for a in range(size):
                for b in range(a):
                    matrix[b, a] = matrix[a, b]
            _solve_dense(matrix, rhs, size)
            for k in range(2 * n_chords):
                chord_flow[k] += rhs[k]
            for j in range(n_unknown):
                u = unknown[j]
                consumer_flow[u] = max(consumer_flow[u] + rhs[2 * n_chords + j], 0.0)
        if not converged:
            return -1
        changed = False
        for c in range(n_circuits):
            top = max(max_head[c] - head_drop[c] * circuit_flow[c] * abs(circuit_flow[c]), 0.0)
            if not limited[c] and head[c] > top * (1.0 + 1e-9) + TOLERANCE_PA:
                limited[c] = True
                changed = True
                for u in range(n_consumers):
                    if net.circuit_of[consumer_location[u]] == c:
                        available_dp[u] += top - head[c]
                head[c] = top
        for u in range(n_consumers):
            if not limited[net.circuit_of[consumer_location[u]]]:
                continue
            wanted = valve_resistance[u] * consumer_flow[u] * consumer_flow[u]
            if not saturated[u] and available_dp[u] < wanted - 1.0:
                saturated[u] = True
                changed = True
            elif saturated[u] and consumer_flow[u] > consumer_set_flow[u] * (1.0 + 1e-6):
                saturated[u] = False
                consumer_flow[u] = consumer_set_flow[u]
                changed = True
        if not changed:
            return steps
    return steps
