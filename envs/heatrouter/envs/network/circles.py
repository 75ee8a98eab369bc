"""Flows that run in a circle, which only the tolerance of a solution can leave behind.

In a ring where next to nothing flows, the pressure drops of a circulation of grams a second add up
to less than the tolerance of the loop equations. Heat cannot be carried downstream round a circle,
so such a circulation is taken out: every node keeps its balance.
"""

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import Topology

NO_FLOW_KG_S = 1e-9
"""Below this a pipe stands still: rounding of the forest's sums, not a flow."""

_LEVEL_PA = 1e-6
"""Falls up to this may be rounding of the pressures."""


@compiled
def _downstream_order(
    net: Topology, flow: FloatArray, offset: int, pending: IntArray, queue: IntArray
) -> int:
    """Number of locations that can be put in order downstream; others keep ``pending`` > 0."""
    for i in range(pending.size):
        pending[i] = 0
    for p in range(net.pair_from.size):
        m = flow[offset + p]
        if m > NO_FLOW_KG_S:
            pending[net.pair_to[p]] += 1
        elif m < -NO_FLOW_KG_S:
            pending[net.pair_from[p]] += 1
    tail = 0
    for i in range(pending.size):
        if pending[i] == 0:
            queue[tail] = i
            tail += 1
    head = 0
    while head < tail:
        here = queue[head]
        head += 1
        for j in range(net.incident_start[here], net.incident_start[here + 1]):
            pair = net.incident[j]
            m = flow[offset + pair] if net.pair_from[pair] == here else -flow[offset + pair]
            if m > NO_FLOW_KG_S:
                there = net.pair_from[pair] + net.pair_to[pair] - here
                pending[there] -= 1
                if pending[there] == 0:
                    queue[tail] = there
                    tail += 1
    return tail


@compiled
def _feeding_pair(
    net: Topology, flow: FloatArray, offset: int, pending: IntArray, here: int
) -> int:
    """The first pair that brings water to ``here`` from a location without a place in the order."""
    for j in range(net.incident_start[here], net.incident_start[here + 1]):
        pair = net.incident[j]
        m = flow[offset + pair] if net.pair_to[pair] == here else -flow[offset + pair]
        there = net.pair_from[pair] + net.pair_to[pair] - here
        if m > NO_FLOW_KG_S and pending[there] > 0:
            return int(pair)
    return -1


@compiled
def _rises(net: Topology, flow: FloatArray, pressure: FloatArray, line: int) -> bool:
    """Whether water runs up through a chord, as somewhere on every circle it must.

    Pressures fall along the forest's flows by construction, so only chords can be against them.
    """
    n_loc, n_pairs = net.order.size, net.pair_from.size
    for k in range(net.chords.size):
        pair = net.chords[k]
        m = flow[line * n_pairs + pair]
        start, end = line * n_loc + net.pair_from[pair], line * n_loc + net.pair_to[pair]
        fall = pressure[start] - pressure[end]
        if (m > NO_FLOW_KG_S and fall <= _LEVEL_PA) or (m < -NO_FLOW_KG_S and -fall <= _LEVEL_PA):
            return True
    return False


@compiled
def break_circles(
    net: Topology, flow: FloatArray, pressure: FloatArray, pending: IntArray, queue: IntArray
) -> None:
    """Take out every circulation of both lines.

    Args:
        net: index arrays.
        flow: kg/s of every pipe, shape (2 n_pairs,), changed.
        pressure: Pa, shape (2 n_loc,), of the solution that has these flows.
        pending: scratch, shape (n_loc,).
        queue: scratch, shape (n_loc,).
    """
    n_loc, n_pairs = net.order.size, net.pair_from.size
    for line in range(2):
        offset = line * n_pairs
        if not _rises(net, flow, pressure, line):
            continue
        # every turn stills a pipe
        for _ in range(n_pairs):
            if _downstream_order(net, flow, offset, pending, queue) == n_loc:
                break
            here = 0
            while pending[here] == 0:
                here += 1
            # upstream as often as there are locations, and one is on a circle
            for _ in range(n_loc):
                pair = _feeding_pair(net, flow, offset, pending, here)
                here = net.pair_from[pair] + net.pair_to[pair] - here
            first = here
            least = abs(flow[offset + _feeding_pair(net, flow, offset, pending, here)])
            for turn in range(2):
                here = first
                going = True
                while going:
                    pair = _feeding_pair(net, flow, offset, pending, here)
                    there = net.pair_from[pair] + net.pair_to[pair] - here
                    m = flow[offset + pair]
                    if turn == 0:
                        least = min(least, abs(m))
                    else:
                        flow[offset + pair] = m - least if m > 0.0 else m + least
                    here = there
                    going = here != first
