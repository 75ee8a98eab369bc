"""``heatrouter districts``: list, show, check, draw, import and export district descriptions."""

import json
import math
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from heatrouter.envs.cli_exchange import export_district, import_district
from heatrouter.envs.cli_options import AsJson, DistrictArgument
from heatrouter.envs.errors import EXIT_CONFIG, ConfigError
from heatrouter.envs.sizing import SizeFigure, size_figures
from heatrouter.envs.spec.district import District, Unit
from heatrouter.envs.spec.loading import (
    district_schema,
    load_district,
    load_task,
    preset_names,
    task_schema,
)
from heatrouter.envs.spec.plant_units import Unplaced
from heatrouter.envs.unit_facts import unit_facts

app = typer.Typer(
    name="districts",
    help="List, show, check, draw, import and export district descriptions.\n\n"
    "Example: heatrouter districts check energy-web",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

app.command("import")(import_district)
app.command("export")(export_district)

_WHOLE_FROM = 100.0
"""Values from here on are shown without decimals."""

Output = Annotated[
    Path | None, typer.Option("--out", help="File to write; without it, the terminal.")
]


@app.command("list")
def list_districts(*, as_json: AsJson = False) -> None:
    """List the presets that come with heatrouter.

    Example: heatrouter districts list
    """
    districts = [load_district(name) for name in preset_names()]
    if as_json:
        _echo_json([_summary(d) for d in districts])
        return
    table = Table(title="Presets")
    for heading in ("name", "title", "units", "pipes", "trench"):
        table.add_column(heading, justify="right" if heading in {"units", "pipes"} else "left")
    for district in districts:
        table.add_row(
            district.name,
            district.title + (" (hypothetical)" if district.hypothetical else ""),
            str(len(district.units)),
            str(len(district.pipes)),
            f"{_trench_km(district):.1f} km",
        )
    Console().print(table)


@app.command()
def show(
    source: DistrictArgument,
    *,
    sources: Annotated[
        bool, typer.Option("--sources", help="Also say where every unit's numbers come from.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a district is made of.

    Example: heatrouter districts show energy-web
    """
    district = load_district(source)
    if as_json:
        _echo_json({"digest": district.digest, **district.model_dump(mode="json")})
        return
    console = Console()
    console.print(f"[bold]{district.title}[/bold] ({district.name})")
    console.print(district.description, highlight=False)
    console.print(
        f"{len(district.pipes)} pipe pairs, {_trench_km(district):.1f} km of trench, "
        f"design day {district.site.design_temp_c:g} °C, digest {district.digest[:12]}",
        highlight=False,
    )
    table = Table()
    for heading in ("unit", "kind", "location", "size"):
        table.add_column(heading, overflow="fold")
    for unit in district.units:
        table.add_row(unit.name, unit.kind, _location(unit), unit_facts(unit))
    console.print(table)
    if sources:
        for unit in district.units:
            console.print(f"[bold]{unit.name}[/bold]: {unit.sizing}", highlight=False)


@app.command()
def check(
    source: DistrictArgument,
    *,
    task: Annotated[
        str | None, typer.Option("--task", help="A task file, or a preset's name, to check too.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict/--no-strict", help="Sizes out of bounds are mistakes, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Report every mistake of a district, and whether its sizes make engineering sense.

    Exit code 78 where there are mistakes.

    Example: heatrouter districts check my-district/energy-web.yaml
    """
    try:
        district = load_district(source)
        if task is not None:
            load_task(task)
    except ConfigError as error:
        if not as_json:
            raise
        mistakes = [{"path": m.path, "message": m.message} for m in error.mistakes]
        _echo_json({"sound": False, "subject": error.subject, "mistakes": mistakes})
        raise typer.Exit(EXIT_CONFIG) from None
    figures = size_figures(district)
    sensible = all(figure.sensible for figure in figures)
    if as_json:
        summary = {**_summary(district), "sound": True, "sensible": sensible}
        _echo_json({**summary, "figures": [_finite(f.as_dict()) for f in figures]})
    else:
        Console().print(_figure_table(district, figures))
    if strict and not sensible:
        raise typer.Exit(EXIT_CONFIG)


@app.command()
def plot(
    source: DistrictArgument,
    out: Annotated[Path, typer.Option("--out", help="PNG, SVG or PDF file to write.")] = Path(
        "district.png"
    ),
) -> None:
    """Draw the map of a district.

    Example: heatrouter districts plot energy-web --out map.svg
    """
    from heatrouter.envs.drawing import draw_district
    from heatrouter.envs.drawing.palette import save_png

    district = load_district(source)
    ending = out.suffix.lower()
    if ending not in {".png", ".svg", ".pdf"}:
        msg = f"{out} must end in .png, .svg or .pdf"
        raise typer.BadParameter(msg, param_hint="--out")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure = draw_district(district)
    if ending == ".png":
        save_png(figure, out)
    else:
        figure.savefig(out)
    typer.echo(f"wrote {out}")


@app.command()
def generate(
    pipes: Annotated[int, typer.Option(help="Number of pipe pairs, at least 40.")] = 250,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another town.")] = 7,
    name: Annotated[str, typer.Option(help="Name of the district.")] = "city-mesh",
    out: Output = None,
) -> None:
    """Generate a town of any size: streets grown as a tree, rings closed, several producers.

    Example: heatrouter districts generate --pipes 2000 --out big.yaml
    """
    from heatrouter.envs.presets.city_mesh import city_mesh_text

    text = city_mesh_text(pipes, seed, name)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    typer.echo(f"wrote {out}")


@app.command()
def schema(
    *,
    task: Annotated[bool, typer.Option("--task", help="The schema of task files instead.")] = False,
    out: Output = None,
) -> None:
    """Write the JSON Schema of district files, for editors that check while one types.

    Example: heatrouter districts schema --out district.schema.json
    """
    text = json.dumps(task_schema() if task else district_schema(), indent=2)
    if out is None:
        typer.echo(text)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text + "\n", encoding="utf-8")
    typer.echo(f"wrote {out}")


def _figure_table(district: District, figures: tuple[SizeFigure, ...]) -> Table:
    odd = sum(not figure.sensible for figure in figures)
    verdict = "all sizes within bounds" if odd == 0 else f"{odd} sizes out of bounds"
    table = Table(title=f"{district.name}: no mistakes, {verdict}")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("bounds")
    table.add_column("")
    for figure in figures:
        remark = "" if figure.sensible else f"[yellow]look at: {figure.remedy}[/yellow]"
        if figure.sensible and figure.bounds:
            remark = "[green]ok[/green]"
        digits = 0 if abs(figure.value) >= _WHOLE_FROM else 1
        table.add_row(
            figure.name, f"{figure.value:,.{digits}f}", figure.unit, figure.bounds, remark
        )
    return table


def _summary(district: District) -> dict[str, object]:
    return {
        "name": district.name,
        "title": district.title,
        "hypothetical": district.hypothetical,
        "units": len(district.units),
        "pipes": len(district.pipes),
        "trench_m": sum(p.length_m for p in district.pipes),
        "digest": district.digest,
    }


def _trench_km(district: District) -> float:
    return sum(p.length_m for p in district.pipes) / 1000.0


def _location(unit: Unit) -> str:
    return "" if isinstance(unit, Unplaced) else unit.location


def _finite(values: dict[str, object]) -> dict[str, object]:
    # JSON knows no infinity.
    return {
        key: None if isinstance(v, float) and not math.isfinite(v) else v
        for key, v in values.items()
    }


def _echo_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, allow_nan=False))
