"""``heatrouter study``: the study behind docs/results.md, part by part."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from heatrouter.envs.errors import EXIT_FAILURE

app = typer.Typer(
    name="study",
    help="Train many methods at equal cost, judge them on the same held-out weeks.\n\n"
    "Example: heatrouter study run results --part energy-web",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Source = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study file, or the name of a shipped one.")
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Runs, labels and judged weeks; large.")
]
Results = Annotated[
    Path, typer.Option("--results", metavar="DIR", help="Files of numbers, beside the page.")
]
_OUT = Path("runs/study")
_RESULTS = Path("docs/results")


@app.command()
def run(
    study: Source,
    *,
    parts: Annotated[
        list[str] | None,
        typer.Option("--part", metavar="PART", help="May be repeated. [default: all, in order]"),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Trainings at a time. [default: the cores]"),
    ] = None,
    out: Out = _OUT,
    results: Results = _RESULTS,
) -> None:
    """Train and judge what is left of a part, and write its numbers.

    A training or a week that has ended is kept; the same command goes on with the others.
    Exit code 1 where something failed.

    Example: heatrouter study run results --part energy-web --jobs 2
    """
    # Down here, so that --help stays fast.
    from heatrouter.training.study.running import StudyFolders, run_part
    from heatrouter.training.study.settings import load_study

    console = Console()
    asked = load_study(study)
    chosen = [asked.part(name) for name in parts] if parts else list(asked.parts)
    wrong = []
    for part in chosen:
        console.print(f"part {part.name}: some {part.estimate_core_min:.0f} core-minutes")
        path, found = run_part(
            asked, part, StudyFolders(out, results), jobs or len(os.sched_getaffinity(0)), console
        )
        console.print(f"written: {path}", soft_wrap=True)
        wrong += [f"{part.name}, {name}: {why}" for name, why in found.failed.items()]
        wrong += [
            f"{part.name}, {one.preset}: {text}" for one in found.presets for text in one.wrong
        ]
    for text in wrong:
        console.print(f"[red]error:[/] {text}", soft_wrap=True)
    if wrong:
        raise typer.Exit(EXIT_FAILURE)


@app.command()
def show(study: Source, *, out: Out = _OUT, results: Results = _RESULTS) -> None:
    """Show the parts of a study: what they take and what has been done.

    Example: heatrouter study show results
    """
    from heatrouter.training.study.results import read_part
    from heatrouter.training.study.running import StudyFolders, state_of
    from heatrouter.training.study.settings import load_study

    asked = load_study(study)
    folders = StudyFolders(out, results)
    table = Table("part", "presets", "trainings", "core-minutes", "numbers", title=asked.name)
    for part in asked.parts:
        done, count = state_of(asked, part, folders)
        found = read_part(results, asked.name, part.name)
        told = "missing" if found is None else found.created_utc
        minutes = f"{part.estimate_core_min:.0f}"
        table.add_row(part.name, ", ".join(part.presets), f"{done}/{count}", minutes, told)
    Console().print(table)


@app.command()
def page(
    study: Source,
    *,
    results: Results = _RESULTS,
    file: Annotated[
        Path, typer.Option("--page", metavar="FILE", help="Markdown with marks; see its source.")
    ] = Path("docs/results.md"),
) -> None:
    """Write tables and figures of the page anew from the files of numbers.

    Text outside the marks stays as it is. Parts without numbers are said to be missing.

    Example: heatrouter study page results
    """
    from heatrouter.agents.evaluation_digest import write_atomically
    from heatrouter.training.study.page import Page, render
    from heatrouter.training.study.settings import load_study

    text = render(load_study(study), Page(file, results))
    write_atomically(file, text)
    typer.echo(f"written: {file}")
