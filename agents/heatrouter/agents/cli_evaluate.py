"""``heatrouter evaluate``: judge controllers on held-out weeks, paired, and write the report."""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from heatrouter.agents.evaluation_session import judge_with_progress, write_results
from heatrouter.agents.evaluation_setup import Request, make_cases
from heatrouter.agents.evaluation_steps import check_steps_file, steps_files, write_steps
from heatrouter.agents.evaluation_store import ResultStore
from heatrouter.agents.evaluation_table import show
from heatrouter.envs.cli_options import ConstantPriceSource, Data, RulesSource, Scenario
from heatrouter.envs.errors import EXIT_FAILURE, ConfigError, Mistake


def evaluate(
    districts: Annotated[
        str,
        typer.Argument(
            metavar="PRESET[,PRESET...]", help="Names of presets or paths of district files."
        ),
    ],
    *,
    controllers: Annotated[
        str | None,
        typer.Option(
            help="Names with commas: rules, constant-price, mpc, reference, policy, policy:DIR, "
            "sb3:RUN_DIR, or module:Class. By default rules and policy with --bundle, else rules, "
            "constant-price and the policy that comes with the preset, if there is one."
        ),
    ] = None,
    bundle: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of the exported policy, instead of the one that comes with the preset; "
            "several times for runs with other seeds, or for several districts.",
            metavar="DIR",
        ),
    ] = None,
    constant_price: ConstantPriceSource = None,
    rules: RulesSource = None,
    baseline: Annotated[
        str, typer.Option(help="Controller that the others are measured against.")
    ] = "rules",
    reference: Annotated[
        str | None,
        typer.Option(
            help="Which of the controllers has perfect foresight and gives a score; by default "
            "the one called reference."
        ),
    ] = None,
    bound: Annotated[
        str | None,
        typer.Option(
            help="Function that gives the cost no controller can go below, or none; by default "
            "the full-horizon programme.",
            metavar="MODULE:FUNCTION|none",
        ),
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=1000, help="Number of weeks, per seed.")] = 12,
    hours: Annotated[float, typer.Option(min=1.0, max=8760.0, help="Length of a week, h.")] = 168.0,
    split: Annotated[
        Literal["train", "validation", "test"], typer.Option(help="Only test judges.")
    ] = "test",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same weeks, same result.")] = 0,
    seeds: Annotated[
        str | None,
        typer.Option(
            help="Several seeds, in the place of --seed: the same dates in scenarios of each.",
            metavar="0,1,...",
        ),
    ] = None,
    scenario: Scenario = None,
    data: Data = None,
    task: Annotated[
        Path | None,
        typer.Option(help="Task file; by default the policy's, or the preset's.", metavar="FILE"),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(help="Write all results as JSON; - prints.", metavar="FILE|-")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the report, one HTML file.", metavar="FILE")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write one line per week and controller.", metavar="FILE")
    ] = None,
    steps: Annotated[
        Path | None,
        typer.Option(
            help="Write every step of every week and controller.", metavar="FILE.parquet|.csv"
        ),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(help="Keep what is finished here, to go on later.", metavar="DIR"),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, max=1024, help="Processes; by default the cores. No result depends on it."
        ),
    ] = None,
) -> None:
    """Judge controllers on the same held-out weeks and say what they save, with intervals.

    Exit code 1 where a controller failed, the reference is none, or the bound was beaten.

    Example: heatrouter evaluate energy-web --bundle runs/policy --report runs/report.html
    """
    if steps is not None:
        check_steps_file(steps)
    _check_outputs(json, report, csv, steps)
    request = Request(
        districts=_listed(districts),
        controllers=_listed(controllers) if controllers else None,
        bundles=tuple(bundle or ()),
        constant_price=constant_price,
        rules=rules,
        task=task,
        weeks=weeks,
        hours=hours,
        split=split,
        seeds=_numbers(seeds) if seeds else (seed,),
        scenario=scenario,
        data=data,
        bound=bound,
    )
    notes = Console(stderr=True)
    with notes.status("making scenarios"):
        cases = make_cases(request)
    with ExitStack() as stack:
        folder = work
        if folder is None and steps is not None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="heatrouter-")))
        store = ResultStore(folder) if folder else None
        judged = judge_with_progress(
            cases,
            baseline=baseline,
            reference=reference,
            store=store,
            work=work,
            jobs=jobs or len(os.sched_getaffinity(0)),
            keep_steps=steps is not None,
            notes=notes,
        )
        written = write_results(cases, judged, json=json, report=report, csv=csv)
        if steps is not None and store is not None:
            for path, one in zip(steps_files(steps, judged), judged, strict=True):
                write_steps(path, one, store)
                written.append(path)
    shown = notes if json is not None and str(json) == "-" else Console()
    for one in judged:
        show(one.evaluation, shown, baseline)
    for path in written:
        notes.print(f"written: {path}", soft_wrap=True)
    wrong = [
        f"{one.evaluation.district}: {text}" for one in judged for text in one.evaluation.wrong
    ]
    for text in wrong:
        notes.print(f"[red]error:[/] {text}", soft_wrap=True)
    if wrong:
        raise typer.Exit(EXIT_FAILURE)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _numbers(text: str) -> tuple[int, ...]:
    wrong = [part for part in _listed(text) if not (part.isascii() and part.isdigit())]
    if wrong:
        subject = "--seeds"
        raise ConfigError(subject, [Mistake(p, "is no whole number from 0 on") for p in wrong])
    return tuple(int(part) for part in _listed(text))


def _check_outputs(*paths: Path | None) -> None:
    # Before the weeks are run, not after.
    wrong = [path for path in paths if path is not None and path.is_dir()]
    if wrong:
        subject = "files to write"
        raise ConfigError(subject, [Mistake(str(p), "is a folder; name a file") for p in wrong])
