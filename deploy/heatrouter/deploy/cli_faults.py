"""``heatrouter faults``: what goes wrong beside a plant, and what the service does about it."""

import json
import logging
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatrouter.deploy.faults.board import Kind
from heatrouter.deploy.faults.board_page import page as page_of
from heatrouter.deploy.faults.board_page import show_list, show_results, verdict
from heatrouter.deploy.faults.board_run import (
    Board,
    Measured,
    read_board,
    run_rows,
    to_json,
    write_whole,
)
from heatrouter.deploy.faults.registry import ROWS
from heatrouter.deploy.faults.week_cli import week
from heatrouter.envs.cli_options import AsJson
from heatrouter.envs.errors import EXIT_FAILURE

app = typer.Typer(
    no_args_is_help=True,
    help="Break what can break beside a plant, and measure what the service does about it.",
    rich_markup_mode=None,
)

app.command()(week)

SEEDS = 5


@app.command("list")
def list_rows(*, as_json: AsJson = False) -> None:
    """List the rows of the board: fault, expected reaction, bound.

    Example: heatrouter faults list
    """
    if as_json:
        content = [
            {
                "row": row.number,
                "title": row.title,
                "fault": row.fault,
                "reaction": row.reaction,
                "bound": row.bound,
                "virtual": row.virtual is not None,
                "sockets": row.real is not None,
            }
            for row in ROWS.values()
        ]
        typer.echo(json.dumps(content, indent=1))
        return
    show_list(ROWS, Console())


@app.command()
def run(
    *,
    row: Annotated[
        list[int] | None, typer.Option(help="Number of a row; may be given several times.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every row.")] = False,
    sockets: Annotated[
        bool,
        typer.Option(
            "--sockets/--no-sockets",
            help="Also over real sockets and processes, which takes minutes of real time.",
        ),
    ] = False,
    seeds: Annotated[
        int, typer.Option(min=1, max=1000, help="Repetitions: when in a tick a fault begins.")
    ] = SEEDS,
    out: Annotated[
        Path | None, typer.Option(help="JSON file to keep results in; rows already there stay.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run rows of the board; exits 1 if one of them fails.

    Example: heatrouter faults run --row 2 --row 16
    """
    numbers = list(ROWS) if every else list(dict.fromkeys(row or ()))
    unknown = [number for number in numbers if number not in ROWS]
    if not numbers or unknown:
        msg = "name rows (--row 2 --row 16) or --all; `heatrouter faults list` shows them"
        if unknown:
            msg = f"no row {unknown[0]}, the board has 1 to {max(ROWS)}"
        raise typer.BadParameter(msg, param_hint="--row")
    kinds: tuple[Kind, ...] = ("virtual", "real") if sockets else ("virtual",)
    rows = {number: ROWS[number] for number in numbers}

    def told(found: Measured) -> None:
        word = verdict(found, possible=True)
        typer.echo(f"row {found.row} {found.kind}: {word} ({found.took_s:.1f} s)", err=True)

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # what goes wrong is what this is about
    try:
        measured = run_rows(rows, kinds, seeds, told, shlex.join(["heatrouter", *sys.argv[1:]]))
    finally:
        logging.disable(before)
    if out is not None:
        kept = read_board(out) if out.exists() else Board()
        write_whole(out, to_json(kept.with_rows(measured)))
    if as_json:
        typer.echo(to_json(Board().with_rows(measured)), nl=False)
    else:
        show_results(ROWS, measured, Console())
        skipped = [str(n) for n, r in rows.items() if r.virtual is None and not sockets]
        if skipped:
            typer.echo(f"only with --sockets: {', '.join(skipped)}")
    if not all(found.passed for found in measured):
        raise typer.Exit(EXIT_FAILURE)


@app.command()
def page(
    board: Annotated[Path, typer.Argument(metavar="BOARD.json", help="From `faults run --out`.")],
    out: Annotated[Path, typer.Option(help="Markdown file to write.")],
) -> None:
    """Write the board as a page of the documentation.

    Example: heatrouter faults page board.json --out docs/faults.md
    """
    write_whole(out, page_of(ROWS, read_board(board)))
