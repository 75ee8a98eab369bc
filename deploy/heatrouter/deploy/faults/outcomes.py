"""Repetitions of a row on the virtual clock, and the one result that they make."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from heatrouter.deploy.faults.board import NO_BOUND_S, Occasion, RowResult, judged
from heatrouter.deploy.faults.virtual_run import VirtualRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One repetition.

    Attributes:
        run: What was run.
        reaction_s: Measured reactions; none where a fault must have no consequence.
        named: The audit log names the cause.
        recovered: As it should.
        failures: What else went wrong.
        detail: What is worth knowing.
    """

    run: VirtualRun
    reaction_s: Sequence[float] = ()
    named: bool = True
    recovered: bool = True
    failures: Sequence[str] = ()
    detail: str = ""


Repetition = Callable[[Path, int], Awaitable[Outcome]]
"""Runs a row once, in a folder, with a seed."""


def repeated(
    row: int, occasion: Occasion, variants: Sequence[Repetition], *, bound_s: float = NO_BOUND_S
) -> RowResult:
    """Run every variant of a row with every seed.

    Args:
        row: Number on the board.
        occasion: Folder and seeds.
        variants: What is run with each seed.
        bound_s: Longest reaction that passes.
    """
    outcomes = []
    for number, variant in enumerate(variants):
        for seed in occasion.seeds:
            folder = occasion.folder / f"{number}-{seed}"
            folder.mkdir(parents=True)
            outcomes.append(asyncio.run(_once(variant, folder, seed)))
    failures = [f"{text} ({n}x)" for text, n in _counted([f for o in outcomes for f in o.failures])]
    unsafe = [line for o in outcomes for line in o.run.checker.unsafe]
    details = dict.fromkeys(o.detail for o in outcomes if o.detail)
    return judged(
        row,
        "virtual",
        reaction_s=[t for o in outcomes for t in o.reaction_s],
        bound_s=bound_s,
        unsafe_writes=len(unsafe),
        audit_names_cause=all(o.named for o in outcomes),
        recovered_properly=all(o.recovered for o in outcomes),
        failures=failures + unsafe[:1],
        detail="; ".join(details),
    )


async def _once(variant: Repetition, folder: Path, seed: int) -> Outcome:
    return await variant(folder, seed)


def _counted(texts: Sequence[str]) -> list[tuple[str, int]]:
    return [(text, texts.count(text)) for text in dict.fromkeys(texts)]
