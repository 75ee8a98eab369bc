"""``heatrouter simulate``: a district under the rules, with key figures and energy closure."""

import csv
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from heatrouter.envs.cli_options import (
    DISTRICT_HELP,
    AsJson,
    Data,
    Days,
    Scenario,
    Seed,
    StartDay,
    TaskSource,
)
from heatrouter.envs.spec.loading import load_district
from heatrouter.envs.units import SECONDS_PER_DAY

if TYPE_CHECKING:
    from heatrouter.envs.arrays import FloatArray
    from heatrouter.envs.runs.prepared_run import PreparedRun
    from heatrouter.envs.scenarios.library import ScenarioLibrary
    from heatrouter.envs.simulation.district_batch import DistrictBatch

Traced = dict[str, dict[str, float]]
"""Heat of a consumer by origin, kWh."""

_PICTURES = ("temperatures", "dispatch", "duration")
_WHOLE_FROM = 100.0
_CLOSURE_LIMIT = 1e-9
"""Residual over throughput that the simulator promises."""


def simulate(
    source: Annotated[
        str, typer.Argument(metavar="[PRESET|FILE]", help=DISTRICT_HELP)
    ] = "energy-web",
    days: Days = 7.0,
    start: StartDay = None,
    seed: Seed = 0,
    scenario: Scenario = None,
    data: Data = None,
    task: TaskSource = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for outputs.csv, kpis.json and pictures (PNG).")
    ] = None,
    animate: Annotated[
        Path | None,
        typer.Option(help="Animated map to write: .gif, or .mp4 where ffmpeg is installed."),
    ] = None,
    frame_minutes: Annotated[
        float, typer.Option(min=1.0, help="Time between frames of --animate, min.")
    ] = 60.0,
    save_state: Annotated[
        Path | None,
        typer.Option(
            help="Write the last state here (npz), for `heatrouter twin`.", metavar="FILE"
        ),
    ] = None,
    *,
    origins: Annotated[
        bool, typer.Option("--origins", help="Trace which source heated which consumer.")
    ] = False,
    no_reuse: Annotated[
        bool,
        typer.Option("--no-reuse", help="Reject all waste heat: what claims are compared with."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Simulate a district under the rules and print its key figures.

    Example: heatrouter simulate energy-web --days 3 --start 15

    Example: heatrouter simulate kalundborg --days 2 --animate two-days.gif
    """
    # The simulator loads numba, which --help must not wait for.
    from heatrouter.envs.drawing.animation import check_animation
    from heatrouter.envs.no_reuse import no_reuse_action, rules_action
    from heatrouter.envs.runs.prepared_run import prepare_run, save_run, task_of

    district = load_district(source)
    # No offset from the rules is the rules.
    prepared = prepare_run(
        district,
        task_of(source, task),
        days=days,
        start=start,
        scenario=scenario,
        data=data,
        seed=seed,
        parametrisation="offset",
        trace_origins=origins,
    )
    batch, library = prepared.batch, prepared.library
    every = max(round(60.0 * frame_minutes / prepared.batch.task.control_dt_s), 1)
    if animate is not None:
        check_animation(animate, len(range(0, prepared.steps, every)))
    traced: Traced = {}
    action = no_reuse_action(district, batch.contract) if no_reuse else rules_action(batch.contract)
    rows, figures = _run(prepared, action, traced if origins else None, quiet=as_json)
    if save_state is not None:
        save_run(save_state, prepared, "rules without reuse" if no_reuse else "rules")
    run: dict[str, object] = {
        "district": district.name,
        "scenario": library.names[0],
        "start_day": prepared.start_day,
        "days": prepared.steps * batch.task.control_dt_s / SECONDS_PER_DAY,
        "seed": seed,
        "reuse": not no_reuse,
        "kpis": figures,
    }
    if origins:
        run["heat_by_origin_kwh"] = traced
    if out is not None:
        _write(out, batch, library, rows, run, prepared.start_day)
    if animate is not None:
        _animate(animate, batch, rows[::every], quiet=as_json)
    if as_json:
        typer.echo(json.dumps(run, indent=2, allow_nan=False))
        return
    _print(run, figures)
    if origins:
        _print_origins(traced)
    if save_state is not None:
        typer.echo(f"wrote the last state to {save_state}")
    if out is not None:
        pictures = ", ".join(f"{name}.png" for name in ("last", *_PICTURES))
        typer.echo(f"wrote outputs.csv, kpis.json, {pictures} to {out}")
    if animate is not None:
        typer.echo(f"wrote {animate}")


def _run(
    run: "PreparedRun",
    action: "FloatArray",
    traced: Traced | None,
    *,
    quiet: bool,
) -> tuple["FloatArray", dict[str, float | None]]:
    """Outputs of every step, shape ``(steps, n_columns)``, and the key figures.

    ``traced``, where given, is filled with the heat of every consumer by origin, kWh.
    """
    import numpy as np

    from heatrouter.envs import kpis

    batch, plant, steps = run.batch, run.plant, run.steps
    layout = kpis.KpiLayout.build(batch.district, batch.columns)
    sums = kpis.start(1)
    run.begin()
    rows = np.empty((steps, len(batch.columns)))
    by_origin = np.zeros_like(plant.heat_by_origin_kwh[0])
    console = Console(stderr=True)
    columns = (TextColumn("simulating"), BarColumn(), TextColumn("{task.fields[day]:.1f} d"))
    hidden = quiet or not console.is_terminal
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=hidden) as progress:
        bar = progress.add_task("simulating", total=steps, day=0.0)
        for k in range(steps):
            step = batch.step(action[np.newaxis])
            rows[k] = step.outputs[0]
            by_origin += plant.heat_by_origin_kwh[0]
            sums = kpis.accumulate(layout, sums, step.outputs, step.terms, batch.task.control_dt_s)
            progress.update(bar, advance=1, day=(k + 1) * batch.task.control_dt_s / SECONDS_PER_DAY)
    if traced is not None:
        for consumer, heat in zip(plant.consumers, by_origin, strict=True):
            traced[consumer] = dict(zip(plant.origins, heat.tolist(), strict=True))
    values = {name: float(v[0]) for name, v in kpis.summary(sums).items()}
    # JSON knows no NaN: a ratio over nothing is null.
    return rows, {name: v if math.isfinite(v) else None for name, v in values.items()}


def _write(
    out: Path,
    batch: "DistrictBatch",
    library: "ScenarioLibrary",
    rows: "FloatArray",
    run: dict[str, object],
    start: int,
) -> None:
    from heatrouter.envs.drawing import draw_district
    from heatrouter.envs.drawing.courses import draw_courses
    from heatrouter.envs.drawing.palette import save_png

    out.mkdir(parents=True, exist_ok=True)
    with (out / "outputs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["seconds", *batch.columns])
        for k, row in enumerate(rows):
            seconds = (k + 1) * batch.task.control_dt_s
            writer.writerow([f"{seconds:.0f}", *(f"{value:.6g}" for value in row)])
    provenance = {**run, "provenance": library.provenance[0]}
    (out / "kpis.json").write_text(json.dumps(provenance, indent=2) + "\n", encoding="utf-8")
    last = {name: float(rows[-1, i]) for name, i in batch.columns.items()}
    save_png(draw_district(batch.district, last), out / "last.png")
    draw_courses(batch.district, batch.columns, rows, batch.task.control_dt_s, start, out)


def _animate(path: Path, batch: "DistrictBatch", rows: "FloatArray", *, quiet: bool) -> None:
    from heatrouter.envs.drawing.animation import district_frames, write_animation

    console = Console(stderr=True)
    columns = (TextColumn("drawing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = quiet or not console.is_terminal
    with Progress(*columns, console=console, disable=hidden) as progress:
        frames = district_frames(batch.district, batch.columns, rows)
        write_animation(progress.track(frames, total=len(rows), description="drawing"), path)


def _print(run: dict[str, object], figures: dict[str, float | None]) -> None:
    from heatrouter.envs.kpis import KPIS

    how = "under the rules" if run["reuse"] else "under the rules without reuse"
    title = f"{run['district']} {how}, {run['days']:g} days from day {run['start_day']}"
    table = Table(title=f"{title}, scenario {run['scenario']}")
    table.add_column("key figure")
    table.add_column("value", justify="right")
    table.add_column("unit")
    for kpi in KPIS:
        value = figures.get(kpi.name)
        if kpi.name == "energy_closure_relative":
            continue
        table.add_row(kpi.label, _shown(value), "" if kpi.unit == "1" else kpi.unit)
    table.add_section()
    for name, value in figures.items():
        term = name.removeprefix("cost_eur.")
        if term != name and value:
            table.add_row(f"  {term.replace('_', ' ')}", _shown(value), "€")
    console = Console()
    console.print(table)
    closure = figures["energy_closure_relative"] or 0.0
    verdict = "[green]closes[/green]" if closure < _CLOSURE_LIMIT else "[red]does not close[/red]"
    console.print(f"energy balance {verdict}: residual {closure:.1e} of the throughput")


def _print_origins(traced: Traced) -> None:
    table = Table(title="heat of every consumer by origin, %")
    table.add_column("consumer")
    table.add_column("MWh", justify="right")
    for name in next(iter(traced.values())):
        table.add_column(name.replace("_", " "), justify="right")
    for consumer, heat in traced.items():
        total = sum(heat.values())
        shares = [100.0 * h / total if total > 0.0 else 0.0 for h in heat.values()]
        table.add_row(
            consumer.replace("_", " "),
            f"{total / 1000.0:.1f}",
            *(f"{share:.1f}" for share in shares),
        )
    Console().print(table)


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    if abs(value) >= _WHOLE_FROM or value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.3f}"
