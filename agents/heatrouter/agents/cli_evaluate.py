"""``heatrouter evaluate``: judge controllers on held-out weeks, paired, and write the report."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from heatrouter.agents.evaluation import evaluate as run_evaluation
from heatrouter.agents.evaluation_controllers import (
    ControllerSettings,
    Entrant,
    make_entrants,
)
from heatrouter.agents.evaluation_csv import weeks_csv
from heatrouter.agents.evaluation_question import Examples, Question
from heatrouter.agents.evaluation_results import Evaluation
from heatrouter.agents.evaluation_store import ResultStore, write_atomically
from heatrouter.agents.evaluation_table import show
from heatrouter.agents.evaluation_weeks import draw_weeks
from heatrouter.agents.report import render_report
from heatrouter.envs.errors import EXIT_FAILURE, ConfigError, Mistake
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task

_MOST_SCENARIOS = 16
"""Years that are made for the weeks to be drawn from; each takes about 10 MB."""


def evaluate(
    district: Annotated[
        str, typer.Argument(metavar="PRESET", help="Name of a preset or path of a district file.")
    ],
    *,
    controllers: Annotated[
        str | None,
        typer.Option(
            help="Names with commas: rules, constant-price, policy, or module:Class. By default "
            "rules and policy with --bundle, else rules and constant-price."
        ),
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of the exported policy.", metavar="DIR")
    ] = None,
    constant_price: Annotated[
        Path | None,
        typer.Option(help="JSON file of action channel to value; neutral without.", metavar="FILE"),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="YAML file of tuned parameters of the rules.", metavar="FILE"),
    ] = None,
    baseline: Annotated[
        str, typer.Option(help="Controller that the others are measured against.")
    ] = "rules",
    reference: Annotated[
        str | None,
        typer.Option(help="Which of the controllers has perfect foresight; gives a score."),
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=1000, help="Number of weeks.")] = 12,
    hours: Annotated[float, typer.Option(min=1.0, max=8760.0, help="Length of a week, h.")] = 168.0,
    split: Annotated[
        Literal["train", "validation", "test"], typer.Option(help="Only test judges.")
    ] = "test",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same weeks, same result.")] = 0,
    scenario: Annotated[
        str | None,
        typer.Option(help="generated (default), try, or a scenario file.", metavar="NAME|FILE"),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the data of a scenario file.", metavar="DIR")
    ] = None,
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
    work: Annotated[
        Path | None,
        typer.Option(help="Keep each controller's result here, to go on later.", metavar="DIR"),
    ] = None,
) -> None:
    """Judge controllers on the same held-out weeks and say what they save, with intervals.

    Example: heatrouter evaluate energy-web --bundle runs/policy --report runs/report.html
    """
    _check_outputs(json, report, csv)
    described = load_district(district)
    chosen = controllers or ("rules,policy" if bundle else "rules,constant-price")
    names = tuple(name.strip() for name in chosen.split(",") if name.strip())
    entrants = make_entrants(names, ControllerSettings(described, bundle, constant_price, rules))
    judged = _task(district, task, entrants)
    notes = Console(stderr=True)
    with notes.status("making scenarios"):
        library = _library(described, split, weeks, seed, data, scenario)
    question = Question(
        district=described,
        task=judged,
        library=library,
        weeks=draw_weeks(library, weeks, seed=seed, hours=hours),
        hours=hours,
        seed=seed,
    )
    found, examples = _run(question, entrants, baseline, reference, work, notes)
    printed = json is not None and str(json) == "-"
    _write(found, examples, described, json=json, report=report, csv=csv)
    show(found, notes if printed else Console(), baseline)
    for path in (None if printed else json, report, csv):
        if path is not None:
            notes.print(f"written: {path}", soft_wrap=True)
    scores = [c.score for c in found.comparisons if c.score is not None]
    if any(score.verdict == "reference no better than baseline" for score in scores):
        notes.print(
            f"[red]error:[/] {reference} does not cost less than {baseline}: it is no reference, "
            "or the district leaves nothing to decide"
        )
        raise typer.Exit(EXIT_FAILURE)


def _check_outputs(*paths: Path | None) -> None:
    # Before the weeks are run, not after.
    wrong = [path for path in paths if path is not None and path.is_dir()]
    if wrong:
        subject = "files to write"
        raise ConfigError(subject, [Mistake(str(p), "is a folder; name a file") for p in wrong])


def _task(district: str, file: Path | None, entrants: dict[str, Entrant]) -> Task:
    if file is not None:
        return load_task(file)
    brought = [entrant.task for entrant in entrants.values() if entrant.task is not None]
    return brought[0] if brought else load_task(district)


def _library(
    district: District,
    split: Literal["train", "validation", "test"],
    weeks: int,
    seed: int,
    data: Path | None,
    scenario: str | None,
) -> ScenarioLibrary:
    # Scenarios of one file share its weather and prices: more of them only look like more years.
    generated = scenario in {None, "generated"}
    count = min(weeks, _MOST_SCENARIOS) if generated else 1
    return build_library(district, split, count, seed=seed, data_dir=data, scenario=scenario)


def _run(
    question: Question,
    entrants: dict[str, Entrant],
    baseline: str,
    reference: str | None,
    work: Path | None,
    notes: Console,
) -> tuple[Evaluation, Examples]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
        console=notes,
        transient=True,
        disable=not notes.is_terminal,
    )
    with bar:
        rows = {name: bar.add_task(name, total=question.steps) for name in entrants}

        def advance(name: str, done: int, total: int) -> None:
            bar.update(rows[name], completed=done, total=total)

        try:
            return run_evaluation(
                question,
                entrants,
                baseline=baseline,
                reference=reference,
                store=ResultStore(work) if work else None,
                progress=advance,
            )
        except KeyboardInterrupt:
            kept = (
                f"finished controllers are kept in {work}; run the same command again to go on"
                if work
                else "nothing was written; with --work DIR finished controllers are kept"
            )
            raise KeyboardInterrupt(kept) from None


def _write(
    found: Evaluation,
    examples: Examples,
    district: District,
    *,
    json: Path | None,
    report: Path | None,
    csv: Path | None,
) -> None:
    # Made completely before the first file is written: a failure leaves the older ones as they are.
    texts: dict[Path, str] = {}
    if report is not None:
        texts[report] = render_report(found, examples, district)
    if csv is not None:
        texts[csv] = weeks_csv(found)
    if json is not None:
        text = found.model_dump_json(indent=1) + "\n"
        if str(json) == "-":
            typer.echo(text, nl=False)
        else:
            texts[json] = text
    for path, text in texts.items():
        write_atomically(path, text)
