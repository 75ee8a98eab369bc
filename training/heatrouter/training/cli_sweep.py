"""``heatrouter sweep``: many trainings, on this machine or on a Ray cluster."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from heatrouter.envs.errors import EXIT_FAILURE

if TYPE_CHECKING:
    from heatrouter.training.sweep import Execute, Swept
    from heatrouter.training.sweep_local import Outcome
    from heatrouter.training.sweep_plan import Cell


class Executor(StrEnum):
    """Where trainings run."""

    LOCAL = "local"
    RAY = "ray"


def sweep(
    configs: Annotated[
        list[str],
        typer.Argument(metavar="CONFIG...", help="Training files, or names of shipped ones."),
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of all runs.")],
    seeds: Annotated[
        str | None,
        typer.Option(metavar="1..5", help="Numbers and ranges. [default: each one's own]"),
    ] = None,
    presets: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="In place of the configurations' own tasks."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be repeated."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Trainings at a time. [default: cores / torch_threads]"),
    ] = None,
    executor: Annotated[Executor, typer.Option(help="Where trainings run.")] = Executor.LOCAL,
    address: Annotated[
        str, typer.Option(help="Of the Ray cluster; `auto` for the one of this machine.")
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train many seeds, districts and configurations.

    A training that has ended is kept, whatever happens later; the same command goes on with the
    others. In MLflow the seeds are nested runs of one parent, which has the table.

    Examples:
      heatrouter sweep energy-web --seeds 1..5 --jobs 2 --out runs/seeds
      heatrouter sweep a.yaml b.yaml --presets energy-web,kalundborg --seeds 1..3 --out runs/ab
      heatrouter sweep energy-web --seeds 1..20 --executor ray --address auto --out runs/many
    """
    # Down here, so that --help stays fast.
    from heatrouter.training.sweep import run_sweep
    from heatrouter.training.sweep_plan import parse_seeds, plan_sweep

    console = Console(stderr=as_json)
    cells = plan_sweep(
        configs,
        [name.strip() for name in presets.split(",")] if presets else [],
        parse_seeds(seeds) if seeds else (),
        changes or [],
    )
    threads = max(cell.config.torch_threads for cell in cells)
    count = jobs or max(len(os.sched_getaffinity(0)) // threads, 1)
    execute = _local(count) if executor is Executor.LOCAL else _ray(address)
    swept = run_sweep(cells, out, execute, console)
    if as_json:
        content = {"table": [asdict(row) for row in swept.rows], "failed": swept.failed}
        typer.echo(json.dumps(content, indent=1))
    else:
        console.print(_table(swept))
        for name, reason in swept.failed.items():
            console.print(f"[red]failed[/] {name}: {reason}", highlight=False, soft_wrap=True)
    if swept.failed:
        raise typer.Exit(EXIT_FAILURE)


def _local(jobs: int) -> "Execute":
    from heatrouter.training.sweep_local import local_outcomes

    def execute(
        out: Path, cells: "Sequence[Cell]", watch: Callable[[Sequence[str]], None]
    ) -> "Iterator[Outcome]":
        return local_outcomes(out, [cell.name for cell in cells], jobs, watch)

    return execute


def _ray(address: str) -> "Execute":
    from heatrouter.training.sweep_ray import ray_outcomes

    def execute(
        out: Path, cells: "Sequence[Cell]", watch: Callable[[Sequence[str]], None]
    ) -> "Iterator[Outcome]":
        names = [cell.name for cell in cells]
        cores = [cell.config.torch_threads for cell in cells]
        return ray_outcomes(out, names, cores, address, watch)

    return execute


def _table(swept: "Swept") -> Table:
    table = Table(
        "recipe",
        "seeds",
        "saving, IQM",
        "worst",
        "best",
        "at the start",
        title="saving of the rules' cost on validation weeks",
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for row in swept.rows:
        shares = (row.saving, row.worst, row.best, row.start)
        cells = [f"{100.0 * share:+.2f} %" for share in shares]
        table.add_row(row.recipe, str(len(row.seeds)), *cells)
    return table
