"""Consumers' valves that are wide open, because a pump is at its limit: their Newton step."""

import math

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import Topology

MAX_BOUND_STEPS = 20
_FLAT = 1e-3
"""Least slope of a valve, Pa s/kg, so that a closed one stays solvable."""


@compiled
def _yield_of_valve(resistance: float, flow: float, available: float) -> float:
    """Change of flow per change of pressure difference, kg/(s Pa).

    The secant from the flow now to the flow that passes at the difference now, so that a single
    valve is done in one step; at the solution it is the tangent.
    """
    passed = math.sqrt(max(available, 0.0) / resistance) if resistance > 0.0 else 0.0
    return 1.0 / (resistance * (flow + passed) + _FLAT)


@compiled
def _answer_of_network(
    net: Topology,
    slope: FloatArray,
    consumer_location: IntArray,
    consumer_set_flow: FloatArray,
    valve_resistance: FloatArray,
    head_drop: FloatArray,
    root_flow: FloatArray,
    available_dp: FloatArray,
    consumer_flow: FloatArray,
    step: FloatArray,
    node_work: FloatArray,
) -> None:
    """Change of the pressure difference everywhere, Pa, into ``node_work[2]``.

    With the fall of pressure difference along a pair s = ds/dm of both its pipes, a valve's answer
    dm = g (dD - V) to a change D of its pressure difference, and pump curves at the roots, every
    subtree answers dF = a + b dD. Leaves first, then back from the roots. Valves that ``step``
    leaves within their bounds answer so, others step as it says.
    """
    n_loc, n_pairs = net.order.size, net.pair_from.size
    a, b, change = node_work[0], node_work[1], node_work[2]
    for i in range(n_loc):
        a[i] = 0.0
        b[i] = 0.0
    for u in range(consumer_location.size):
        i, x, to = consumer_location[u], consumer_flow[u], consumer_flow[u] + step[u]
        if 0.0 < to < consumer_set_flow[u]:
            g = _yield_of_valve(valve_resistance[u], x, available_dp[u])
            a[i] -= g * (valve_resistance[u] * x * x - available_dp[u])
            b[i] += g
        else:
            a[i] += step[u]
    for j in range(n_loc - 1, -1, -1):
        i = net.order[j]
        up = net.parent[i]
        if up >= 0:
            p = net.parent_pair[i]
            s = slope[p] + slope[n_pairs + p]
            share = 1.0 / (1.0 + b[i] * s)
            a[i] *= share
            b[i] *= share
            a[up] += a[i]
            b[up] += b[i]
    for j in range(n_loc):
        i = net.order[j]
        up = net.parent[i]
        if up < 0:
            c = net.circuit_of[i]
            curve = 2.0 * head_drop[c] * max(root_flow[c], 0.0)
            change[i] = -curve * a[i] / (1.0 + b[i] * curve)
        else:
            p = net.parent_pair[i]
            flow_change = a[i] + b[i] * change[up]
            change[i] = change[up] - (slope[p] + slope[n_pairs + p]) * flow_change


@compiled
def open_valves(
    net: Topology,
    slope: FloatArray,
    consumer_location: IntArray,
    consumer_set_flow: FloatArray,
    valve_resistance: FloatArray,
    head_drop: FloatArray,
    root_flow: FloatArray,
    available_dp: FloatArray,
    consumer_flow: FloatArray,
    node_work: FloatArray,
    step: FloatArray,
) -> float:
    """Newton step of all valves within their bounds, kg/s, into ``step``.

    A valve that it would take past shut or past what is wanted goes that far, and the others are
    found again. Where that finds no end or no descent, valves at their bounds stay there, and the
    step is shortened until no other passes its own.

    Returns:
        How the step changes the dissipated power at its beginning, Pa kg/s, not positive.
    """
    change = node_work[2]
    _free_wide_valves(consumer_set_flow, valve_resistance, available_dp, consumer_flow, step)
    for _ in range(MAX_BOUND_STEPS):
        _answer_of_network(
            net, slope, consumer_location, consumer_set_flow, valve_resistance, head_drop,
            root_flow, available_dp, consumer_flow, step, node_work,
        )  # fmt: skip
        moved = False
        descent = 0.0
        for u in range(step.size):
            x, most = consumer_flow[u], consumer_set_flow[u]
            gap = valve_resistance[u] * x * x - available_dp[u]
            g = _yield_of_valve(valve_resistance[u], x, available_dp[u])
            to = min(max(x + g * (change[consumer_location[u]] - gap), 0.0), most)
            moved = moved or (0.0 < x + step[u] < most) != (0.0 < to < most)
            step[u] = to - x
            descent += gap * step[u]
        if not moved and descent < 0.0:
            return descent
    _free_wide_valves(consumer_set_flow, valve_resistance, available_dp, consumer_flow, step)
    part = 1.0
    for _ in range(MAX_BOUND_STEPS):
        _answer_of_network(
            net, slope, consumer_location, consumer_set_flow, valve_resistance, head_drop,
            root_flow, available_dp, consumer_flow, step, node_work,
        )  # fmt: skip
        stopped = False
        part = 1.0
        for u in range(step.size):
            x, most = consumer_flow[u], consumer_set_flow[u]
            if 0.0 < x + step[u] < most:
                gap = valve_resistance[u] * x * x - available_dp[u]
                g = _yield_of_valve(valve_resistance[u], x, available_dp[u])
                to = x + g * (change[consumer_location[u]] - gap)
                if (x >= most and to > most) or (x <= 0.0 and to < 0.0):
                    step[u] = 0.0
                    stopped = True
                elif to > most:
                    part = min(part, (most - x) / (to - x))
                elif to < 0.0:
                    part = min(part, x / (x - to))
        if not stopped:
            break
    descent = 0.0
    for u in range(step.size):
        x, most = consumer_flow[u], consumer_set_flow[u]
        gap = valve_resistance[u] * x * x - available_dp[u]
        if 0.0 < x + step[u] < most:
            g = _yield_of_valve(valve_resistance[u], x, available_dp[u])
            to = x + part * g * (change[consumer_location[u]] - gap)
            step[u] = min(max(to, 0.0), most) - x
        descent += gap * step[u]
    return descent


@compiled
def _free_wide_valves(
    consumer_set_flow: FloatArray,
    valve_resistance: FloatArray,
    available_dp: FloatArray,
    consumer_flow: FloatArray,
    step: FloatArray,
) -> None:
    """Mark by a step to within their bounds those valves that do not press against a bound."""
    for u in range(step.size):
        x, most = consumer_flow[u], consumer_set_flow[u]
        gap = valve_resistance[u] * x * x - available_dp[u]
        presses = (x >= most and gap <= 0.0) or (x <= 0.0 and gap >= 0.0)
        step[u] = 0.0 if presses else 0.5 * most - x
