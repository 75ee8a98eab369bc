"""Which return pipe lies beside which supply pipe.

Units fix pairs of nodes. From these, pairs spread along the pipes: of the pipes that leave a pair
of nodes, those belong together that lead to a pair already known, that the file names as partners,
behind which the same units lie (in trees), or that are about equally long.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from heatrouter.envs.exchange.draft import LinePipe

_ALIKE = 0.3
"""Relative difference of length up to which two pipes may be partners for that alone."""
_AFFIXES = ("return", "_ret", "ret_")


@dataclass(slots=True)
class Pairing:
    """What belongs together.

    Attributes:
        back_of: Return node of each supply node that has one.
        partner: Index of the return pipe beside each supply pipe; None where it is mirrored.
        spare: Indices of return pipes that lie beside no supply pipe.
    """

    back_of: dict[str, str]
    partner: list[int | None]
    spare: list[int]


def pair_lines(
    supply: Sequence[LinePipe], back: Sequence[LinePipe], anchors: Sequence[tuple[str, str]]
) -> Pairing:
    """Find the pairs of one circuit.

    Args:
        supply: Pipes of the supply line.
        back: Pipes of the return line.
        anchors: Supply and return node of each unit, the one at the root first.
    """
    back_of: dict[str, str] = {}
    taken: set[str] = set()
    for s, r in anchors:
        if s not in back_of and r not in taken:
            back_of[s] = r
            taken.add(r)
    at_supply, at_back = _incident(supply), _incident(back)
    behind_supply = _behind(supply, at_supply, [s for s, _ in anchors])
    behind_back = _behind(back, at_back, [r for _, r in anchors])
    partner: list[int | None] = [None] * len(supply)
    free = set(range(len(back)))

    def rank(p: int, q: int, s2: str, r2: str) -> tuple[int, float] | None:
        off = abs(supply[p].length_m - back[q].length_m)
        share = off / max(supply[p].length_m, back[q].length_m)
        if s2 in back_of or r2 in taken:
            return (0, share) if back_of.get(s2) == r2 else None
        if supply[p].partner and supply[p].partner == back[q].name:
            return 1, share
        if behind_supply[p] and behind_supply[p] == behind_back[q]:
            return 2, share
        if _plain(supply[p].name) == _plain(back[q].name) and share <= _ALIKE:
            return 3, share
        return (4, share) if share <= _ALIKE else None

    queue = [*back_of]
    while queue:
        s = queue.pop(0)
        r = back_of[s]
        found = []
        for p in at_supply[s]:
            for q in at_back[r]:
                if partner[p] is None and q in free:
                    order = rank(p, q, _other(supply[p], s), _other(back[q], r))
                    if order is not None:
                        found.append((order, p, q))
        for _, p, q in sorted(found):
            s2, r2 = _other(supply[p], s), _other(back[q], r)
            if partner[p] is not None or q not in free or rank(p, q, s2, r2) is None:
                continue
            partner[p] = q
            free.remove(q)
            if s2 not in back_of:
                back_of[s2] = r2
                taken.add(r2)
                queue.append(s2)
    return Pairing(back_of, partner, sorted(free))


def _incident(pipes: Sequence[LinePipe]) -> defaultdict[str, list[int]]:
    at: defaultdict[str, list[int]] = defaultdict(list)
    for i, pipe in enumerate(pipes):
        at[pipe.start].append(i)
        at[pipe.end].append(i)
    return at


def _other(pipe: LinePipe, node: str) -> str:
    return pipe.end if pipe.start == node else pipe.start


def _behind(
    pipes: Sequence[LinePipe], at: defaultdict[str, list[int]], units: Sequence[str]
) -> list[int]:
    """A token per pipe for the units behind it, seen from the first unit; 0 for none or a loop."""
    if not units:
        return [0] * len(pipes)
    token: defaultdict[str, int] = defaultdict(int)
    for i, node in enumerate(units):
        token[node] ^= int.from_bytes(hashlib.sha256(str(i).encode()).digest()[:8])
    order, up = [units[0]], {units[0]: -1}
    for here in order:
        for p in at[here]:
            there = _other(pipes[p], here)
            if there not in up:
                up[there] = p
                order.append(there)
    behind = [0] * len(pipes)
    for node in reversed(order[1:]):
        p = up[node]
        behind[p] = token[node]
        token[_other(pipes[p], node)] ^= token[node]
    return behind


def _plain(name: str) -> str:
    name = name.lower()
    for affix in _AFFIXES:
        name = name.replace(affix, "")
    return name.strip("_ ")
