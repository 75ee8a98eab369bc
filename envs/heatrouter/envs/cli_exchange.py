"""``heatrouter districts import`` and ``export``: from and to other tools' files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from heatrouter.envs.cli_options import AsJson, DistrictArgument
from heatrouter.envs.errors import EXIT_CONFIG, ConfigError
from heatrouter.envs.spec.loading import load_district

Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]


def import_district(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|NAME",
            help="ESDL file, pandapipes JSON, or a network that comes with pandapipes: "
            "schutterwald_heat.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="YAML file to write; FILE.yaml here without it.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the district; that of the file without it.")
    ] = None,
    region: Annotated[
        int | None,
        typer.Option(min=1, max=15, help="Region of the German test reference years."),
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA name, as in Europe/Amsterdam.")] = None,
    design_temp_c: Annotated[
        float | None, typer.Option("--design-temp", help="Outdoors on the design day, °C.")
    ] = None,
    *,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make a district of an ESDL or pandapipes file, and say what was mapped, assumed, dropped.

    Writes the YAML and, beside it, the report as .import.md. Exit code 78 where the file cannot
    be used.

    Example: heatrouter districts import schutterwald_heat --out schutterwald.yaml
    """
    from heatrouter.envs.exchange.assembly import Choices
    from heatrouter.envs.exchange.importing import REPORT_ENDING, import_source, write_all

    out = out or Path(f"{Path(source).stem}.yaml")
    if out.suffix not in {".yaml", ".yml"}:
        msg = f"{out} must end in .yaml"
        raise typer.BadParameter(msg, param_hint="--out")
    beside = out.with_suffix(REPORT_ENDING)
    try:
        made = import_source(source, Choices(name, region, timezone, design_temp_c))
        page = made.report.as_markdown(made.district.name)
        write_all({beside: page, out: made.text}, overwrite=force)
    except ConfigError as error:
        if not as_json:
            raise
        mistakes = [{"path": m.path, "message": m.message} for m in error.mistakes]
        _echo_json({"imported": False, "subject": error.subject, "mistakes": mistakes})
        raise typer.Exit(EXIT_CONFIG) from None
    district = made.district
    if as_json:
        figures = {
            "name": district.name,
            "digest": district.digest,
            "circuits": len(district.circuits),
            "locations": len(district.locations),
            "pipes": len(district.pipes),
            "units": len(district.units),
        }
        files = {"yaml": str(out), "markdown": str(beside)}
        _echo_json({"imported": True, **figures, **files, "report": made.report.as_dict()})
        return
    typer.echo(made.report.as_text())
    circuits = len(district.circuits)
    typer.echo(
        f"wrote {out} ({circuits} circuit{'s' if circuits > 1 else ''}, "
        f"{len(district.pipes)} pipe pairs, {len(district.units)} units) and {beside}\n"
        f"Next: heatrouter districts check {out}"
    )


def export_district(
    source: DistrictArgument,
    out: Annotated[Path, typer.Option("--out", help="JSON file to write.")] = Path(
        "pandapipes.json"
    ),
    *,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write a district as a pandapipes network, on its design day.

    Example: heatrouter districts export energy-web --out energy-web.json
    """
    from heatrouter.envs.exchange.importing import write_all
    from heatrouter.envs.exchange.pandapipes_export import export_pandapipes

    text, report = export_pandapipes(load_district(source))
    write_all({out: text}, overwrite=force)
    if as_json:
        _echo_json({"json": str(out), "report": report.as_dict()})
        return
    typer.echo(report.as_text())
    typer.echo(f"wrote {out}; pandapipes.from_json reads it")


def _echo_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, allow_nan=False))
