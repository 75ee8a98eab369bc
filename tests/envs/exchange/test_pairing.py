"""Supply and return pipes are brought together whatever their order, direction and names."""

import random

import hypothesis.strategies as st
from hypothesis import given, settings

from heatrouter.envs.exchange.draft import LinePipe, PipeKind
from heatrouter.envs.exchange.pairing import pair_lines

KIND = PipeKind(0.1, 0.004, 0.2, 0.03)


def line(rows: list[tuple[str, str, float]], partner: str = "") -> list[LinePipe]:
    return [
        LinePipe(f"p{i}", "", start, end, metres, 0.0, KIND, partner)
        for i, (start, end, metres) in enumerate(rows)
    ]


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 40), st.integers(0, 10_000))
def test_every_tree_finds_its_mirror(size: int, seed: int) -> None:
    """Units at the leaves are all that both lines have in common."""
    rng = random.Random(seed)
    parents = [rng.randrange(i) for i in range(1, size)]
    rows = [(f"s{a}", f"s{i}", rng.uniform(1.0, 300.0)) for i, a in enumerate(parents, start=1)]
    mirror = [(a.replace("s", "r"), b.replace("s", "r"), m) for a, b, m in rows]
    order = rng.sample(range(size - 1), size - 1)
    turned = [
        (b, a, m) if rng.random() < 0.5 else (a, b, m) for a, b, m in (mirror[i] for i in order)
    ]
    leaves = sorted({0} | set(range(size)) - set(parents))
    anchors = [(f"s{i}", f"r{i}") for i in leaves]
    found = pair_lines(line(rows), line(turned), anchors)
    assert found.spare == []
    assert [order[q] if q is not None else None for q in found.partner] == [*range(size - 1)]
    assert all(found.back_of[f"s{i}"] == f"r{i}" for i in range(size))


def test_lengths_decide_in_loops() -> None:
    rows = [("s0", "s1", 10.0), ("s1", "s2", 50.0), ("s2", "s0", 90.0)]
    back = [("r2", "r0", 91.0), ("r0", "r1", 10.5), ("r1", "r2", 49.0)]
    found = pair_lines(line(rows), line(back), [("s0", "r0")])
    assert found.partner == [1, 2, 0]


def test_names_of_partners_go_before_lengths() -> None:
    supply, back = line([("s0", "s1", 10.0), ("s0", "s2", 11.0)]), line(
        [("r0", "r1", 10.0), ("r0", "r2", 11.0)]
    )  # fmt: skip
    for pipe, name, partner in zip(supply, "ab", "yx", strict=True):
        pipe.name, pipe.partner = name, partner
    for pipe, name in zip(back, "xy", strict=True):
        pipe.name = name
    assert pair_lines(supply, back, [("s0", "r0")]).partner == [1, 0]


def test_what_has_no_counterpart_is_left_alone() -> None:
    supply = line([("s0", "s1", 10.0), ("s1", "s2", 20.0)])
    back = line([("r0", "r1", 10.0), ("r0", "r9", 500.0)])
    found = pair_lines(supply, back, [("s0", "r0"), ("s1", "r1")])
    assert found.partner == [0, None]
    assert found.spare == [1]
