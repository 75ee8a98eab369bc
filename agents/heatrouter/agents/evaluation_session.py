"""An evaluation from the terminal: progress while it runs, files when it is done."""

from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from heatrouter.agents.evaluation import Judged, evaluate_all
from heatrouter.agents.evaluation_csv import weeks_csv
from heatrouter.agents.evaluation_digest import write_atomically
from heatrouter.agents.evaluation_pool import Case
from heatrouter.agents.evaluation_results import EvaluationSet
from heatrouter.agents.evaluation_store import ResultStore
from heatrouter.agents.report import render_reports


def judge_with_progress(
    cases: tuple[Case, ...],
    *,
    baseline: str,
    reference: str | None,
    store: ResultStore | None,
    work: Path | None,
    jobs: int,
    keep_steps: bool,
    notes: Console,
) -> tuple[Judged, ...]:
    """Judge, with a bar for each controller; see :func:`evaluate_all`.

    Args:
        cases: Districts with their controllers.
        baseline: Name of the controller that the others are measured against.
        reference: Name of the controller with perfect foresight.
        store: Where results are kept.
        work: The user's folder for them, which an interruption tells about.
        jobs: Processes.
        keep_steps: Whether the store keeps every step.
        notes: Where the bars are drawn.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} weeks"),
        TimeRemainingColumn(),
        console=notes,
        transient=True,
        disable=not notes.is_terminal,
    )
    rows = {}
    for case in cases:
        name, total = case.question.district.name, len(case.question.weeks)
        bounds = ["bound"] if case.question.bound is not None else []
        for controller in [*case.entrants, *bounds]:
            label = f"{name}: {controller}" if len(cases) > 1 else controller
            rows[name, controller] = bar.add_task(label, total=total)

    def advance(district: str, controller: str, done: int, total: int) -> None:
        bar.update(rows[district, controller], completed=done, total=total)

    with bar:
        try:
            return evaluate_all(
                cases,
                baseline=baseline,
                reference=reference,
                store=store,
                progress=advance,
                jobs=jobs,
                keep_steps=keep_steps,
            )
        except KeyboardInterrupt:
            kept = (
                f"finished weeks are kept in {work}; run the same command again to go on"
                if work
                else "nothing was written; with --work DIR finished weeks are kept"
            )
            raise KeyboardInterrupt(kept) from None


def write_results(
    cases: tuple[Case, ...],
    judged: tuple[Judged, ...],
    *,
    json: Path | None,
    report: Path | None,
    csv: Path | None,
) -> list[Path]:
    """Write the files that were asked for; ``-`` in the place of the JSON file prints it.

    Args:
        cases: Districts that were judged.
        judged: What was found, in the same order.
        json: All results.
        report: HTML for people.
        csv: A line per week and controller.

    Returns:
        The files.
    """
    # Made completely before the first file is written: a failure leaves the older ones as they are.
    texts: dict[Path, str] = {}
    found = tuple(one.evaluation for one in judged)
    if report is not None:
        texts[report] = render_reports(
            [
                (one.evaluation, one.examples, case.question.district)
                for one, case in zip(judged, cases, strict=True)
            ]
        )
    if csv is not None:
        texts[csv] = weeks_csv(found)
    if json is not None:
        document = found[0] if len(found) == 1 else EvaluationSet(evaluations=found)
        text = document.model_dump_json(indent=1) + "\n"
        if str(json) == "-":
            typer.echo(text, nl=False)
        else:
            texts[json] = text
    for path, text in texts.items():
        write_atomically(path, text)
    return list(texts)
