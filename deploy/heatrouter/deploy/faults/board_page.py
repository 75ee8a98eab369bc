"""The board for people: as a table in the terminal, and as a page of the documentation."""

import math
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from heatrouter.deploy.faults.board import FaultRow
from heatrouter.deploy.faults.board_run import Board, Measured

_HEAD = """\
# Fault board

What goes wrong beside a plant, what the service promises to do about it, and what it did. Written
by `heatrouter faults page`; do not edit.

Every row has one condition in common: no unsafe write (outside the envelope, faster than its rates,
no number), counted at the plant by a checker of its own; the cause in the audit log; the policy
back only after five clean minutes or by a person; no restart. A row that breaks it has failed,
whatever its time.

*Virtual*: the real service loop, guard, modes and audit log beside the simulated plant, on a clock
that is turned by hand. T, the tick, is 60 s of plant time there (1 s in row 13), and a fault begins
at a random moment between two ticks. *Sockets*: processes and loopback sockets, in real time.
Reactions are median / longest, in seconds.

"""


def seconds(value: float) -> str:
    """A time for people."""
    if math.isinf(value):
        return "never"
    return f"{value:.3g}" if value < 1.0 else f"{value:.1f}" if value < 100.0 else f"{value:.0f}"


def reaction(found: Measured | None) -> str:
    """Median and longest reaction."""
    if found is None or not found.reaction_s:
        return ""
    times = found.ordered_s
    return f"{seconds(times[(len(times) - 1) // 2])} / {seconds(times[-1])}"


def verdict(found: Measured | None, *, possible: bool) -> str:
    """One word."""
    if found is not None:
        return "passed" if found.passed else "FAILED"
    return "not run" if possible else ""


def show_list(rows: Mapping[int, FaultRow], console: Console) -> None:
    """Print what the board has."""
    table = Table("", "fault", "reaction", "bound", "virtual", "sockets")
    for row in rows.values():
        table.add_row(
            str(row.number),
            f"{row.title}: {row.fault}",
            row.reaction,
            row.bound,
            "yes" if row.virtual is not None else "",
            "yes" if row.real is not None else "",
        )
    console.print(table)


def show_results(rows: Mapping[int, FaultRow], found: list[Measured], console: Console) -> None:
    """Print what was measured, and what is to be said about it."""
    table = Table("", "fault", "run", "reaction p50 / max, s", "bound", "unsafe", "verdict")
    for one in found:
        row = rows[one.row]
        table.add_row(
            str(one.row),
            row.title,
            one.kind,
            reaction(one),
            row.bound,
            str(one.unsafe_writes),
            verdict(one, possible=True),
            style=None if one.passed else "bold red",
        )
    console.print(table)
    for one in found:
        if one.detail:
            console.print(f"{one.row} ({one.kind}): {one.detail}", soft_wrap=True)
    console.print(_sum_of(found), soft_wrap=True)


def page(rows: Mapping[int, FaultRow], board: Board) -> str:
    """The page of the documentation."""
    lines = [
        f"{_HEAD}Measured {_circumstances(board)}.",
        "",
        "| # | fault | reaction | bound | virtual, s | | sockets, s | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    remarks = []
    for row in rows.values():
        sides = [
            (board.of(row.number, "virtual"), row.virtual),
            (board.of(row.number, "real"), row.real),
        ]
        cells = [
            cell
            for found, scenario in sides
            for cell in (reaction(found), verdict(found, possible=scenario is not None))
        ]
        told = [str(row.number), f"**{row.title}**: {row.fault}", row.reaction, row.bound, *cells]
        lines.append(f"| {' | '.join(text.replace('|', '/') for text in told)} |")
        remarks += [
            f"- {row.number}, {'virtual' if found.kind == 'virtual' else 'sockets'}: {found.detail}"
            for found, _ in sides
            if found is not None and found.detail
        ]
    lines += [
        "",
        f"{_sum_of(board.rows)}.",
        "",
        "## Remarks",
        "",
        *remarks,
        "",
    ]
    return "\n".join(lines)


def _circumstances(board: Board) -> str:
    """With which commands, and where."""
    runs = dict.fromkeys(f"with `{m.command}` on {m.machine}" for m in board.rows)
    return "; ".join(runs)


def _sum_of(found: Sequence[Measured]) -> str:
    failed = sum(not one.passed for one in found)
    unsafe = sum(one.unsafe_writes for one in found)
    runs = "1 run" if len(found) == 1 else f"{len(found)} runs"
    return f"{runs}, {failed} failed, {unsafe} unsafe writes"
