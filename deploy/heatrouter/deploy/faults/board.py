"""What a row of the fault board is, what a run of one tells, and when it has passed.

A row is a fault with the reaction that is promised and its bound. It is run on a virtual clock
(``virtual``), where an hour passes in a second and nothing else disturbs, and over real sockets and
processes (``real``); some make sense in one of the two only. Every row has to keep to the common
condition: no unsafe write, the cause in the audit log, the policy back after a clean hold-off or by
a person, and no restart.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["virtual", "real"]

NO_BOUND_S = math.nan
"""For rows whose bound is no time; their scenario checks it and says so in the detail."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a scenario gets to run with.

    Attributes:
        folder: An empty folder of its own; state, logs and certificates go there.
        seeds: One repetition for each; they decide when in a tick a fault begins.
    """

    folder: Path
    seeds: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What one run of a row has shown.

    Attributes:
        row: Number on the board.
        kind: On a virtual clock, or over real sockets and processes.
        reaction_s: From the fault to the reaction, one per repetition, seconds of the service's
            clock; infinite where there was none.
        bound_s: Longest reaction that passes; NaN where the bound is no time.
        unsafe_writes: Writes that arrived at the plant outside its envelope, faster than its
            rates, or that were no numbers; counted at the plant, not by the guard.
        audit_names_cause: The audit log's chain holds and has an event with the cause.
        recovered_properly: When the fault was over the policy came back by itself after a clean
            hold-off, or by a person where the rule says so, and without a restart.
        passed: The verdict.
        detail: One line: what failed, or what is worth knowing of a row that passed.
    """

    row: int
    kind: Kind
    reaction_s: tuple[float, ...]
    bound_s: float
    unsafe_writes: int
    audit_names_cause: bool
    recovered_properly: bool
    passed: bool
    detail: str = ""


Scenario: TypeAlias = Callable[[Occasion], RowResult]
"""Runs one row; whatever it raises is a failed row."""


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One row of the board.

    Attributes:
        number: On the board, 1 to 28.
        title: In a few words.
        fault: What is done to the service or its plant.
        reaction: What it is expected to do.
        bound: Within what time, in words; T is the tick.
        virtual: Runs it on a virtual clock; None where that makes no sense.
        real: Runs it over real sockets and processes; None where that makes no sense.
    """

    number: int
    title: str
    fault: str
    reaction: str
    bound: str
    virtual: Scenario | None
    real: Scenario | None


def judged(
    row: int,
    kind: Kind,
    *,
    reaction_s: Sequence[float],
    bound_s: float,
    unsafe_writes: int,
    audit_names_cause: bool = True,
    recovered_properly: bool = True,
    failures: Sequence[str] = (),
    detail: str = "",
) -> RowResult:
    """Judge what was measured by the bound and the common condition.

    Args:
        row: Number on the board.
        kind: How it was run.
        reaction_s: As in :class:`RowResult`.
        bound_s: As in :class:`RowResult`; NaN leaves the reactions unjudged.
        unsafe_writes: As in :class:`RowResult`.
        audit_names_cause: As in :class:`RowResult`.
        recovered_properly: As in :class:`RowResult`.
        failures: What else went wrong in this row, a few words each.
        detail: What is worth knowing in any case.
    """
    wrong = list(failures)
    late = [t for t in reaction_s if not t <= bound_s]
    if late and not math.isnan(bound_s):
        wrong.append(f"{len(late)} of {len(reaction_s)} reactions later than {bound_s:g} s")
    if unsafe_writes:
        wrong.append(f"{unsafe_writes} unsafe writes")
    if not audit_names_cause:
        wrong.append("the audit log does not name the cause")
    if not recovered_properly:
        wrong.append("wrong recovery")
    return RowResult(
        row=row,
        kind=kind,
        reaction_s=tuple(reaction_s),
        bound_s=bound_s,
        unsafe_writes=unsafe_writes,
        audit_names_cause=audit_names_cause,
        recovered_properly=recovered_properly,
        passed=not wrong,
        detail="; ".join([*wrong, detail] if detail else wrong),
    )
