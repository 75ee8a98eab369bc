"""The page of the documentation, from the JSON of a run: all of its numbers are from there."""

import statistics
from collections.abc import Sequence

from peers.record import GroupRecord, PairRecord, Record, SideRecord

INTRODUCTION = """\
# Benchmarks

`make bench-peers` installs named peers into environments of their own, from exact pins, and lets
each and heatrouter work in turns. This page is made from the JSON of such a run,
[benchmarks.json](benchmarks.json), by `benchmarks/run_peers.py --docs`.

A ratio is heatrouter's rate over the peer's **per second of CPU time**, both in one thread, in
the same round; above 1 heatrouter is faster. Given are the median over the rounds and, in
brackets, the least and the greatest. CPU time minds other work on the machine little, but not
nothing: cores share caches and clock. Take ratios as good to a fifth, and absolute rates as this
machine's.
"""

REMARKS = {
    "Environment steps": """\
A step is another thing in each: no two of these simulate the same physics, the same time, or as
much of it. The ratio says how soon a learner has its samples, not whose solver is better.
heatrouter steps a batch in one call, as training does; the peers have no batch in one process.
The promise is made for 256 at once with a sub-step of 180 s, that of the configuration behind the
policy that comes with energy-web, and not for 60 s, the preset's own and the more exact. The
starts of episodes count for heatrouter and CartPole and not for CityLearn and Grid2Op. CityLearn
runs the first hours of a year. Its data set has the form of its 2022 challenge and is synthetic,
since the named ones are downloaded. CartPole is the ceiling: nearly all of its step is the
overhead of Python.
""",
    "Networks of pipes": """\
Both solve the same network with the same constant water, and are told the same flows and heat. In
a tree with imposed flows heatrouter needs no iteration, while pandapipes solves the general
problem every time, builds its tables from pandas and may have loops and pumps anywhere: much of
the ratio is that. heatrouter's transient carries water and heat only; pandapipes' solves flows
and pressures anew each minute. Plug flow has no numerical diffusion, and one cell per pipe has
much: the ends agree, the way there less.
""",
    "Decisions": """\
SB3 runs in heatrouter's environment, because the network is heatrouter's; its weights are fresh,
which costs the same. `predict` checks the observation's shape, makes tensors and goes through
torch's layers one by one. Compared with onnxruntime alone, a decision binds its buffers once, and
copies and checks.
""",
    "Reading a plant": """\
Both ask a virtual plant in a third process. A ratio below 1 is the price of what the service must
know of a value before it acts on it.
""",
}


def page(record: Record) -> str:
    """Markdown of the page."""
    parts = [INTRODUCTION, _circumstances(record)]
    for group in record.groups:
        parts += [f"## {group.name}\n", _ratios(group), _sides(group), REMARKS[group.name]]
    return "\n".join(parts)


def _circumstances(record: Record) -> str:
    low, high = min(record.load_average), max(record.load_average)
    missed = record.missed()
    held = "All promised ratios were held." if not missed else "Missed: " + "; ".join(missed) + "."
    cores = "1 core" if record.cores == 1 else f"{record.cores} cores"
    return (
        f"Measured {record.time}, {record.machine}, {cores}, load average "
        f"{low:.1f} to {high:.1f} with other work beside it, {record.rounds} rounds. {held}\n"
    )


def _ratios(group: GroupRecord) -> str:
    rows = [(p.ours, p.peer, _spread(p), "" if p.least is None else f"≥ {p.least:g}")
            for p in group.pairs]  # fmt: skip
    return _table(("heatrouter", "peer", "times as fast", "promised"), rows)


def _spread(pair: PairRecord) -> str:
    if not pair.ratios:
        return "not measured"
    low, high = min(pair.ratios), max(pair.ratios)
    return f"**{_number(pair.median)}** ({_number(low)} to {_number(high)})"


def _sides(group: GroupRecord) -> str:
    with_result = any(side.result is not None for side in group.sides)
    head = ("what", "one of it is", "per CPU second", "versions")
    return _table(
        (*head, "water back at the root, °C") if with_result else head,
        [
            (*row, "" if side.result is None else f"{side.result:.4f}") if with_result else row
            for side in group.sides
            for row in (_side(side),)
        ],
    )


def _side(side: SideRecord) -> tuple[str, str, str, str]:
    if side.missing:
        return side.title, side.unit, f"not measured: {side.missing}", ""
    rates = side.rates_per_cpu_s
    middle = statistics.median(rates)
    rate = f"{_number(middle)} ({_number(min(rates))} to {_number(max(rates))})"
    versions = ", ".join(f"{name} {version}" for name, version in side.packages.items())
    return side.title, side.unit, rate, f"{versions}, Python {side.python}"


def _number(value: float) -> str:
    """Three digits, with thin groups of thousands."""
    if value >= 1000.0:
        digits = len(str(round(value)))
        return f"{round(value, 3 - digits):,.0f}".replace(",", "\u202f")
    return f"{value:.3g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
