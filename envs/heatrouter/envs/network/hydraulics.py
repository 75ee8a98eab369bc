"""Flows and pressures of the network: a spanning forest, Newton on cycles, saturated valves.

Withdrawals fix the flows of the forest's pipes up to the flows of the chords; each chord closes a
cycle whose pressure drops must sum to zero. The Jacobian B D B^T is symmetric positive definite
(E. Todini and S. Pilati's gradient method restricted to cycles; Cross 1936 for the idea), and only
pipes that lie in a cycle are looked at again. Where a pump is at its limit, a consumer whose valve
is wide open gets what its valve passes, dp = r m |m|; these unknowns are eliminated along the
forest from its leaves, so that the work grows with the number of pipes, and found by Newton with a
search along its step (the dissipated power is convex in them). Without chords and saturated valves
no iteration takes place.
"""

import math

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.components.friction import pipe_drop
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.network.valves import open_valves

MAX_NEWTON = 40
MAX_VALVE_STEPS = 120
TOLERANCE_PA = 0.05
VALVE_TOLERANCE_PA = 1.0
EXACT_VALVE_STEPS = 25
VALVE_TOLERANCE_SHARE = 2e-3
"""After so many steps a valve may miss its law by this share of the pump's head: its flow by half
of it. The elimination along the forest does not see how chords stiffen long rings."""

MAX_SEARCH_STEPS = 4
_STEEP = 0.3
"""Slope at the end of a step, over that at its beginning, from which the step is searched along."""


@compiled
def _line_flows(
    net: Topology,
    withdrawal: FloatArray,
    chord_flow: FloatArray,
    offset: int,
    first_chord: int,
    flow: FloatArray,
    acc: FloatArray,
) -> None:
    """Flows of one line from what is withdrawn at its nodes and from its chords."""
    for i in range(acc.size):
        acc[i] = withdrawal[i]
    for k in range(net.chords.size):
        pair = net.chords[k]
        m = chord_flow[first_chord + k]
        flow[offset + pair] = m
        acc[net.pair_from[pair]] += m
        acc[net.pair_to[pair]] -= m
    for j in range(acc.size - 1, -1, -1):
        here = net.order[j]
        up = net.parent[here]
        if up >= 0:
            flow[offset + net.parent_pair[here]] = net.parent_sign[here] * acc[here]
            acc[up] += acc[here]


@compiled
def _update_drop(
    pair: int,
    pipe: int,
    pipes: PipeData,
    viscosity: float,
    flow: FloatArray,
    friction: FloatArray,
    drop: FloatArray,
    slope: FloatArray,
) -> None:
    drop[pipe], slope[pipe], friction[pipe] = pipe_drop(
        flow[pipe],
        pipes.reynolds_per_flow[pair],
        pipes.relative_roughness[pair],
        pipes.friction_scale[pair],
        pipes.fitting_scale[pair],
        pipes.laminar_scale[pair],
        viscosity,
        friction[pipe],
    )


@compiled
def _factor_and_solve(matrix: FloatArray, rhs: FloatArray) -> None:
    """Solve in place by Cholesky; the lower triangle of a symmetric positive definite matrix."""
    n = rhs.size
    for j in range(n):
        d = matrix[j, j]
        for k in range(j):
            d -= matrix[j, k] * matrix[j, k]
        d = math.sqrt(max(d, 1e-300))
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
def _close_loops(
    line: int,
    net: Topology,
    pipes: PipeData,
    viscosity: FloatArray,
    chord_flow: FloatArray,
    flow: FloatArray,
    friction: FloatArray,
    drop: FloatArray,
    slope: FloatArray,
    matrix: FloatArray,
    rhs: FloatArray,
) -> int:
    """Newton on the chords of one line; returns its steps, or -1 where it does not converge."""
    offset = line * net.pair_from.size
    n_chords = net.chords.size
    for step in range(MAX_NEWTON):
        worst = 0.0
        for k in range(n_chords):
            r = 0.0
            for j in range(net.cycle_start[k], net.cycle_start[k + 1]):
                r += net.cycle_sign[j] * drop[offset + net.cycle_pair[j]]
            rhs[k] = -r
            worst = max(worst, abs(r))
        if worst < TOLERANCE_PA:
            return step
        for a in range(n_chords):
            for b in range(a + 1):
                matrix[a, b] = 0.0
        for j in range(net.overlap_sign.size):
            a, b, pair = net.overlap[j, 0], net.overlap[j, 1], net.overlap[j, 2]
            matrix[a, b] += net.overlap_sign[j] * slope[offset + pair]
        _factor_and_solve(matrix, rhs)
        for k in range(n_chords):
            chord_flow[line * n_chords + k] += rhs[k]
            for j in range(net.cycle_start[k], net.cycle_start[k + 1]):
                flow[offset + net.cycle_pair[j]] += net.cycle_sign[j] * rhs[k]
        for j in range(net.looped.size):
            pair = net.looped[j]
            mu = viscosity[line, net.circuit_of[net.pair_from[pair]]]
            _update_drop(pair, offset + pair, pipes, mu, flow, friction, drop, slope)
    return -1


@compiled
def _flow_through(
    net: Topology,
    pipes: PipeData,
    viscosity: FloatArray,
    withdrawal: FloatArray,
    consumer_location: IntArray,
    consumer_flow: FloatArray,
    chord_flow: FloatArray,
    friction: FloatArray,
    flow: FloatArray,
    drop: FloatArray,
    slope: FloatArray,
    pressure: FloatArray,
    root_flow: FloatArray,
    node_work: FloatArray,
    matrix: FloatArray,
    rhs: FloatArray,
) -> int:
    """All flows, drops and pressures (above the root's return, without the pump) at given loads."""
    n_loc, n_pairs = net.order.size, net.pair_from.size
    wanted, acc = node_work[0], node_work[1]
    steps = 0
    for line in range(2):
        sign = 1.0 if line == 0 else -1.0
        for i in range(n_loc):
            wanted[i] = withdrawal[line * n_loc + i]
        for u in range(consumer_location.size):
            wanted[consumer_location[u]] += sign * consumer_flow[u]
        _line_flows(net, wanted, chord_flow, line * n_pairs, line * net.chords.size, flow, acc)
        if line == 0:
            for c in range(net.root.size):
                root_flow[c] = acc[net.root[c]]
        for p in range(n_pairs):
            mu = viscosity[line, net.circuit_of[net.pair_from[p]]]
            _update_drop(p, line * n_pairs + p, pipes, mu, flow, friction, drop, slope)
        if net.chords.size > 0:
            taken = _close_loops(
                line, net, pipes, viscosity, chord_flow, flow, friction, drop, slope, matrix, rhs
            )
            if taken < 0:
                return -1
            steps = max(steps, taken)
        for j in range(n_loc):
            i = net.order[j]
            up = net.parent[i]
            if up < 0:
                pressure[line * n_loc + i] = 0.0
            else:
                fall = net.parent_sign[i] * drop[line * n_pairs + net.parent_pair[i]]
                pressure[line * n_loc + i] = pressure[line * n_loc + up] - fall
    return steps


@compiled
def solve_network(
    net: Topology,
    pipes: PipeData,
    viscosity: FloatArray,
    withdrawal: FloatArray,
    consumer_location: IntArray,
    consumer_set_flow: FloatArray,
    valve_resistance: FloatArray,
    min_dp: FloatArray,
    max_head: FloatArray,
    head_drop: FloatArray,
    chord_flow: FloatArray,
    friction: FloatArray,
    consumer_flow: FloatArray,
    flow: FloatArray,
    drop: FloatArray,
    slope: FloatArray,
    pressure: FloatArray,
    head: FloatArray,
    root_flow: FloatArray,
    available_dp: FloatArray,
    saturated: BoolArray,
    node_work: FloatArray,
    matrix: FloatArray,
    rhs: FloatArray,
    valve_step: FloatArray,
) -> int:
    """Solve flows, pump heads and consumer flows of one environment.

    Args:
        net: index arrays.
        pipes: physical data.
        viscosity: Pa s of supply and return water, shape (2, n_circuits).
        withdrawal: kg/s that producers away from the roots withdraw from (negative: feed into) each
            node, shape (2 n_loc,); the roots close what is left.
        consumer_location: shape (n_consumers,).
        consumer_set_flow: kg/s wanted, shape (n_consumers,).
        valve_resistance: Pa s2/kg2 of the wide-open valve with its exchanger.
        min_dp: Pa held at the worst consumer, per circuit.
        max_head: Pa at zero flow, per circuit.
        head_drop: Pa s2/kg2 of the pump curve at full speed, per circuit.
        chord_flow: kg/s, shape (2 n_chords,), warm start in, solution out.
        friction: 1/sqrt(f) of every pipe, shape (2 n_pairs,), warm start in (0: none), out.
        consumer_flow: kg/s achieved, out.
        flow: kg/s of every pipe, shape (2 n_pairs,), out.
        drop: Pa of every pipe, out.
        slope: Pa s/kg of every pipe, out.
        pressure: Pa above the root's return node, shape (2 n_loc,), out.
        head: Pa of the pump of each circuit, out.
        root_flow: kg/s that each root feeds into its supply, out.
        available_dp: Pa across each consumer, out.
        saturated: whether each consumer's valve is wide open, out.
        node_work: scratch, shape (3, n_loc).
        matrix: scratch, shape (n_chords, n_chords).
        rhs: scratch, shape (n_chords,).
        valve_step: scratch, shape (n_consumers,).

    Returns:
        Number of Newton steps, or -1 where they did not converge.
    """
    n_loc = net.order.size
    n_consumers = consumer_location.size
    total_steps = 0
    part = 0.0
    descent = 0.0
    tries = 0
    for u in range(n_consumers):
        saturated[u] = False
        consumer_flow[u] = consumer_set_flow[u]
    for attempt in range(MAX_VALVE_STEPS):
        steps = _flow_through(
            net, pipes, viscosity, withdrawal, consumer_location, consumer_flow, chord_flow,
            friction, flow, drop, slope, pressure, root_flow, node_work, matrix, rhs,
        )  # fmt: skip
        if steps < 0:
            return -1
        total_steps += steps
        for c in range(net.root.size):
            head[c] = 0.0
        for u in range(n_consumers):
            i = consumer_location[u]
            c = net.circuit_of[i]
            available_dp[u] = pressure[i] - pressure[n_loc + i]
            valve = valve_resistance[u] * consumer_set_flow[u] * consumer_set_flow[u]
            head[c] = max(head[c], max(valve, min_dp[c]) - available_dp[u])
            if consumer_flow[u] < consumer_set_flow[u]:
                # cut by its valve, so the pump is at its limit: less flow asks for no less of it
                head[c] = math.inf
        limited = False
        for c in range(net.root.size):
            from_root = max(root_flow[c], 0.0)
            top = max(max_head[c] - head_drop[c] * from_root * from_root, 0.0)
            if head[c] > top:
                head[c] = top
                limited = True
        for i in range(n_loc):
            pressure[i] += head[net.circuit_of[i]]
        worst = 0.0
        near = VALVE_TOLERANCE_PA
        if attempt >= EXACT_VALVE_STEPS:
            for c in range(net.root.size):
                near = max(near, VALVE_TOLERANCE_SHARE * head[c])
        for u in range(n_consumers):
            available_dp[u] += head[net.circuit_of[consumer_location[u]]]
            if limited:
                x = consumer_flow[u]
                gap = valve_resistance[u] * x * x - available_dp[u]
                # short of its set flow, or at it and not getting what its valve needs
                saturated[u] = x < consumer_set_flow[u] or gap > VALVE_TOLERANCE_PA
                if saturated[u] and (x > 0.0 or gap < 0.0):
                    worst = max(worst, abs(gap))
        if worst <= near:
            return total_steps
        total_steps += 1
        if tries > 0:
            # the dissipated power is convex in the valves' flows: find its least along the step
            rising = 0.0
            for u in range(n_consumers):
                gap = valve_resistance[u] * consumer_flow[u] ** 2 - available_dp[u]
                rising += gap * valve_step[u]
            if abs(rising) > _STEEP * abs(descent):
                tries -= 1
                least = abs(descent) / max(abs(descent) + rising, 1e-300)
                other = part * min(max(least, 0.1), 10.0)
                for u in range(n_consumers):
                    to = consumer_flow[u] + (other - part) * valve_step[u]
                    consumer_flow[u] = min(max(to, 0.0), consumer_set_flow[u])
                    if consumer_flow[u] != to:
                        valve_step[u] = 0.0
                part = other
                continue
        descent = open_valves(
            net, slope, consumer_location, consumer_set_flow, valve_resistance, head_drop,
            root_flow, available_dp, consumer_flow, node_work, valve_step,
        )  # fmt: skip
        part = 1.0
        tries = MAX_SEARCH_STEPS
        for u in range(n_consumers):
            consumer_flow[u] += valve_step[u]
    return -1
