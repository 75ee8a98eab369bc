"""``heatrouter validate``: the simulator against measurements, other tools and its own balance."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from heatrouter.envs.cli_options import AsJson
from heatrouter.envs.errors import EXIT_FAILURE
from heatrouter.envs.validation.parts import Part, plan
from heatrouter.envs.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heatrouter.envs.validation.verdict import Check, Report

_PIPED_WIDTH = 140


def validate(
    part: Annotated[
        Part,
        typer.Argument(metavar="[PART]", help=f"What to validate: {', '.join(Part)}."),
    ] = Part.ALL,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with the measurements: ulg/, tugraz/, ait/, destest/."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for pictures, PNG.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Compare the simulator with measurements, other tools and its own energy balance.

    Every measurement file in the folder is run. Leaves with 1 if a limit is missed.

    Example: heatrouter validate ulg --data validation --plot pictures
    """
    if plot is not None:
        from heatrouter.envs.validation.plots import require_matplotlib

        require_matplotlib()
    plans = plan(part, data)
    progress = Console(stderr=True)
    reports = []
    for one in plans:
        if progress.is_terminal and not as_json:
            progress.print(f"{one.name} ...")
        report = one.run()
        reports.append(report)
        if not as_json:
            _print(report)
    missed = [check for report in reports for check in report.missed]
    written = []
    if plot is not None:
        from heatrouter.envs.validation.plots import save_pictures

        pictures = [picture for report in reports for picture in report.pictures]
        written = save_pictures(pictures, plot)
    if as_json:
        typer.echo(json.dumps(_as_json(reports, passed=not missed), indent=2, allow_nan=False))
    else:
        if plot is not None:
            typer.echo(f"wrote {len(written)} pictures to {plot}")
        _conclude(reports, missed)
    if missed:
        raise typer.Exit(EXIT_FAILURE)


def _as_json(reports: "list[Report]", *, passed: bool) -> dict[str, object]:
    return {
        "version": __version__,
        "passed": passed,
        "parts": [
            {
                "part": report.part,
                "summary": report.summary,
                "skipped": report.skipped or None,
                "checks": [check.as_json() for check in report.checks],
            }
            for report in reports
        ],
    }


def _print(report: "Report") -> None:
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, _PIPED_WIDTH)
    if report.skipped:
        console.print(f"[yellow]skipped[/yellow] {report.part}: {escape(report.skipped)}")
        return
    table = Table(title=f"{report.part}: {report.summary}", title_justify="left")
    table.add_column("case")
    table.add_column("figure")
    table.add_column("heatrouter", justify="right", no_wrap=True)
    table.add_column("limit", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("others, and remarks")
    case = ""
    for check in report.checks:
        if case and check.case != case:
            table.add_section()
        limit = "" if check.limit is None else f"{shown(check.limit)} {check.unit}"
        verdict = "" if check.limit is None else "[green]ok[/green]"
        table.add_row(
            escape(check.case) if check.case != case else "",
            escape(check.figure),
            f"{shown(check.value)} {check.unit}".removesuffix(" 1"),
            limit.removesuffix(" 1"),
            "[bold red]MISSED[/bold red]" if check.missed else verdict,
            escape(_beside(check)),
        )
        case = check.case
    console.print(table)


def _beside(check: "Check") -> str:
    parts = [_others(check.references)] if check.references else []
    if check.note:
        parts.append(check.note)
    return "; ".join(parts)


def _others(references: "Mapping[str, float]") -> str:
    """Other tools' figures, the smallest magnitude first."""
    ranked = sorted(references.items(), key=lambda item: (math.isnan(item[1]), abs(item[1])))
    return ", ".join(f"{name} {shown(value)}" for name, value in ranked)


def _conclude(reports: "list[Report]", missed: "list[Check]") -> None:
    limited = sum(check.limit is not None for report in reports for check in report.checks)
    skipped = [report.part for report in reports if report.skipped]
    console = Console()
    beside = f"; skipped: {', '.join(skipped)}" if skipped else ""
    if missed:
        names = ", ".join(f"{check.case} {check.figure}" for check in missed)
        console.print(f"[bold red]{len(missed)} of {limited} limits missed[/bold red]: "
                      f"{escape(names)}{beside}")  # fmt: skip
    else:
        console.print(f"[green]all {limited} limits kept[/green]{beside}")


def shown(value: float) -> str:
    """Return a number with four significant digits, as people write it."""
    if not math.isfinite(value):
        return "-"
    if value == 0.0:
        return "0"
    small = abs(value) < 1e-3  # where zeros begin to hide the digits
    return f"{value:.1e}" if small else f"{value:.4g}"
