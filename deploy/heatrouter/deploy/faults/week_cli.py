"""``heatrouter faults week``: days of a service beside the virtual plant, with a fault an hour."""

import asyncio
import json
import logging
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from heatrouter.deploy.faults.week_judging import judge_week
from heatrouter.deploy.faults.week_result import FaultyRunResult
from heatrouter.deploy.faults.week_run import run_week
from heatrouter.deploy.faults.week_sockets import run_sockets
from heatrouter.envs.cli_options import AsJson
from heatrouter.envs.errors import EXIT_FAILURE, ConfigError


def week(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The policy's bundle.")],
    *,
    days: Annotated[float, typer.Option(min=0.05, max=365.0, help="Plant days.")] = 7.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the faults and the plant's year.")] = 1,
    start_day: Annotated[
        int, typer.Option(min=0, max=350, help="Day of the year to start on; 0 is 1 January.")
    ] = 14,
    sockets: Annotated[
        bool,
        typer.Option(
            "--sockets", help="Over real sockets and processes, for --minutes, in the days' place."
        ),
    ] = False,
    minutes: Annotated[
        float, typer.Option(min=2.0, max=1440.0, help="Real time, with --sockets.")
    ] = 30.0,
    folder: Annotated[
        Path | None, typer.Option(help="Keeps the service's state; new. Default: none is kept.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a service beside the virtual plant with one fault an hour, and judge it; exits 1 if bad.

    Example: heatrouter faults week my-bundle --days 7 --seed 1
    """
    logging.disable(logging.CRITICAL)  # faults are what this is about
    if folder is not None and folder.exists():
        message = f"{folder}: exists; the week begins with an empty folder, name another"
        raise ConfigError(message)
    with tempfile.TemporaryDirectory(prefix="heatrouter-week-") as temporary:
        state = Path(temporary) / "week" if folder is None else folder
        state.mkdir(parents=True)
        result: FaultyRunResult
        if sockets:
            result = run_sockets(bundle, state, minutes=minutes, seed=seed)
        else:
            run = asyncio.run(run_week(bundle, state, days=days, seed=seed, start_day=start_day))
            result = judge_week(run, bundle, seed=seed, start_day=start_day)
    if as_json:
        typer.echo(json.dumps(result.document(), indent=1))
    else:
        _show(result, Console())
    if not result.passed:
        raise typer.Exit(EXIT_FAILURE)


def _show(result: FaultyRunResult, console: Console) -> None:
    table = Table("figure", "value", box=None)
    for name, value in result.document().items():
        if name in {"passed", "failures"}:
            continue
        text = f"{value:.4f}" if isinstance(value, float) else str(value)
        if isinstance(value, dict):
            text = ", ".join(f"{kind} {count}" for kind, count in value.items()) or "none"
        table.add_row(name.replace("_", " "), text)
    console.print(table)
    console.print("passed" if result.passed else "FAILED: " + "; ".join(result.failures))
