"""``heatrouter scenarios``: list, show, check, fit and compare scenarios."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from heatrouter.envs.cli_options import DISTRICT_HELP, AsJson, Data
from heatrouter.envs.errors import EXIT_CONFIG, EXIT_FAILURE, ConfigError, ScenarioError
from heatrouter.envs.spec.loading import load_district

if TYPE_CHECKING:
    from heatrouter.envs.scenarios.fit import Fit
    from heatrouter.envs.scenarios.library import ScenarioLibrary
    from heatrouter.envs.scenarios.scenario_file import ScenarioFile

app = typer.Typer(
    name="scenarios",
    help="List, show, check and compare scenarios; fit the generator.\n\n"
    "Example: heatrouter scenarios show de-2023 --data DATA",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Name = Annotated[
    str, typer.Argument(metavar="NAME|FILE", help="Name of a scenario or path of a YAML file.")
]
DistrictOption = Annotated[str, typer.Option("--district", help=DISTRICT_HELP)]


@app.command("list")
def list_scenarios(*, as_json: AsJson = False) -> None:
    """List the scenarios that `--scenario` knows by name.

    Example: heatrouter scenarios list
    """
    from heatrouter.envs.scenarios.scenario_file import load_scenario_file
    from heatrouter.envs.scenarios.sources import scenario_names, scenario_path

    rows = [
        _row("generated", "any", "drawn from the seed: neighbouring reference years, made prices"),
        _row("try", "test", "reference year of the district's own region, made prices"),
    ]
    for name in scenario_names():
        file = load_scenario_file(scenario_path(name))
        needs = "--data" if _files(file) else "nothing"
        rows.append(_row(file.name, file.split, file.title, needs))
    if as_json:
        _echo_json(rows)
        return
    table = Table(title="Scenarios")
    for heading in ("name", "split", "needs", "title"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(row[key] for key in ("name", "split", "needs", "title")))
    Console().print(table)


@app.command()
def show(
    name: Name,
    *,
    district: DistrictOption = "energy-web",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show where every series of a scenario comes from, and what its year is like.

    Example: heatrouter scenarios show de-2023 --data DATA
    """
    library = _library(name, district, data)
    figures = {
        series: {
            "mean": float(values.mean()),
            "lowest": float(values.min()),
            "highest": float(values.max()),
        }
        for series, values in zip(library.series, library.values[0].T, strict=True)
    }
    if as_json:
        _echo_json(
            {
                "name": library.names[0],
                "split": library.split,
                "start_utc": library.start_utc[0],
                "steps": library.n_steps,
                "series": figures,
                "provenance": library.provenance[0],
            }
        )
        return
    console = Console()
    table = Table(title=f"{library.names[0]}: {library.n_steps / 96:g} days, {library.split}")
    for heading in ("series", "mean", "lowest", "highest"):
        table.add_column(heading, justify="left" if heading == "series" else "right")
    for series, figure in figures.items():
        table.add_row(series, *(f"{value:.4g}" for value in figure.values()))
    console.print(table)
    for key, text in library.provenance[0].items():
        console.print(f"[bold]{key}[/bold]: {text}", highlight=False)


@app.command()
def check(
    name: Name,
    *,
    district: DistrictOption = "energy-web",
    data: Data = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of scenario files instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read a scenario with all its data and report everything that is wrong, with file and line.

    Exit code 78 where there are mistakes.

    Example: heatrouter scenarios check my-plant.yaml --data DATA
    """
    from heatrouter.envs.scenarios.scenario_file import scenario_schema

    if schema:
        _echo_json(scenario_schema())
        return
    mistakes: list[dict[str, str]] = []
    try:
        library = _library(name, district, data)
        _check_channels(library, district)
    except ConfigError as error:
        mistakes = [{"path": m.path, "message": m.message} for m in error.mistakes]
        mistakes = mistakes or [{"path": "", "message": error.subject}]
    if as_json:
        _echo_json({"scenario": name, "mistakes": mistakes})
    elif mistakes:
        for mistake in mistakes:
            typer.echo(": ".join(part for part in mistake.values() if part))
        typer.echo(f"checked for the district {district}; --district names another")
    else:
        typer.echo(f"{name}: no mistakes for the district {district}")
    if mistakes:
        raise typer.Exit(EXIT_CONFIG)


@app.command()
def fit(
    *,
    data: Annotated[Path, typer.Option("--data", help="Folder of the training records.")],
    out: Annotated[Path, typer.Option("--out", help="JSON file to write the parameters to.")],
    district: DistrictOption = "energy-web",
    as_json: AsJson = False,
) -> None:
    """Fit the generator to training years: weather, prices, heat load.

    Judged years (2018, 2020, 2023) are left out everywhere, with seven days on both sides. Only
    parameters are written.

    Example: heatrouter scenarios fit --data DATA --out parameters.json
    """
    from heatrouter.envs.scenarios.fit import fit_generator
    from heatrouter.envs.scenarios.parameters import parameters_text

    if find_spec("scipy") is None:
        message = "the fit needs the package 'scipy'; install it: pip install 'heatrouter[study]'"
        raise ConfigError(message)
    found = fit_generator(data, load_district(district).site)
    out.write_text(parameters_text(found.parameters), encoding="utf-8")
    rows = _fit_rows(found)
    if as_json:
        _echo_json({"out": str(out), "fit": rows})
        return
    table = Table(title="real and generated training years")
    for heading in ("what", "real", "generated"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for row in rows:
        table.add_row(str(row["what"]), f"{row['real']:.3f}", f"{row['generated']:.3f}")
    Console().print(table)
    typer.echo(f"wrote {out}")


@app.command()
def compare(
    *,
    data: Annotated[Path, typer.Option("--data", help="Folder of the real years.")],
    years: Annotated[
        int, typer.Option(min=2, max=10_000, help="Generated years; 1000 take about a minute.")
    ] = 200,
    district: DistrictOption = "energy-web",
    figure: Annotated[
        Path | None, typer.Option("--figure", help="PNG to draw the statistics to.")
    ] = None,
    scenarios: Annotated[
        bool, typer.Option("--scenarios", help="Also the table of all splits and real scenarios.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare generated years with real ones: level, spread, memory, and what goes with what.

    Exit code 1 where the average generated year lies outside the range of the real years.

    Example: heatrouter scenarios compare --data DATA --years 1000 --figure spread.png
    """
    from heatrouter.envs.scenarios.spread import compare_years

    place = load_district(district)
    spread = compare_years(place.site, years, data)
    rows, pairs = [*spread.rows()], [*spread.correlation_rows()]
    if figure is not None:
        from heatrouter.envs.drawing.spread import draw_spread

        draw_spread(spread, figure)
    if as_json:
        _echo_json({"years": years, "statistics": rows, "correlations": pairs})
    else:
        _print_spread(years, rows, pairs)
    if scenarios and not as_json:
        typer.echo(_scenario_table(district, data))
    if not all(row["within"] for row in rows):
        raise typer.Exit(EXIT_FAILURE)


def _row(name: str, split: str, title: str, needs: str = "nothing") -> dict[str, str]:
    return {"name": name, "split": split, "needs": needs, "title": title}


def _files(file: "ScenarioFile") -> bool:
    """Whether a scenario file names data files."""
    sources = [getattr(file.site, name) for name in type(file.site).model_fields]
    sources += [unit.source for unit in file.units]
    return any(source.kind in {"file", "weather_file"} for source in sources)


def _library(name: str, district: str, data: Path | None) -> "ScenarioLibrary":
    from heatrouter.envs.scenarios.scenario_file import load_scenario_file
    from heatrouter.envs.scenarios.sources import SOURCES, build_library, scenario_path

    split = "test" if name in SOURCES else load_scenario_file(scenario_path(name)).split
    return build_library(load_district(district), split, 1, data_dir=data, scenario=name)


def _check_channels(library: "ScenarioLibrary", district: str) -> None:
    """Raise a ScenarioError where sensors of events are no measured channels."""
    from heatrouter.envs.errors import Mistake
    from heatrouter.envs.observe.measured import measured_channels

    known = {channel.name for channel in measured_channels(load_district(district))}
    mistakes = [
        Mistake("events", f"{name!r} is no measured channel of {district}")
        for events in library.sensor_events
        for event in events
        for name in event.channels
        if name not in known
    ]
    if mistakes:
        subject = f"scenario {library.names[0]!r}"
        raise ScenarioError(subject, mistakes)


def _fit_rows(found: "Fit") -> list[dict[str, object]]:
    from heatrouter.envs.scenarios.fit_demand import LAGS_DAYS
    from heatrouter.envs.scenarios.fit_prices import LAGS_H

    days = [f"{place}: change of the daily air over {lag} d, K"
            for place in ("coast", "inland") for lag in found.weather.lags]  # fmt: skip
    prices = [f"price over its level: {100 * p:g} % quantile" for p in found.prices.probabilities]
    prices += [f"price over its level: autocorrelation at {lag} h" for lag in LAGS_H]
    demand = ["heat load: sd of days less their season"]
    demand += [f"heat load: autocorrelation of that at {lag} d" for lag in LAGS_DAYS]
    demand += ["heat load: autocorrelation of hours at 24 h"]
    rows: list[dict[str, object]] = []
    for labels, part in (
        (days, found.weather),
        (prices, found.prices),
        (demand, found.demand),
    ):
        rows += [
            {"what": label, "real": float(real), "generated": float(generated)}
            for label, real, generated in zip(labels, part.real, part.generated, strict=True)
        ]
    return rows


def _scenario_table(district: str, data: Path) -> str:
    from heatrouter.envs.scenarios.compare import libraries_of, table

    return table(libraries_of(load_district(district), 20, data))


def _print_spread(
    years: int, rows: list[dict[str, object]], pairs: list[dict[str, object]]
) -> None:
    table = Table(title=f"{years} generated years against the real ones")
    for heading in ("", "real years", "generated: mean", "5 to 95 %", "inside"):
        table.add_column(heading)
    for row in rows:
        table.add_row(
            f"{row['quantity']}: {row['statistic']}",
            f"{row['real_low']:.4g} to {row['real_high']:.4g} ({row['real_years']})",
            f"{row['generated_mean']:.4g}",
            f"{row['generated_p05']:.4g} to {row['generated_p95']:.4g}",
            "yes" if row["within"] else "[red]no[/red]",
        )
    together = Table(title="correlations of daily means")
    for heading in ("", "real years", "generated: mean", "5 to 95 %"):
        together.add_column(heading)
    for pair in pairs:
        together.add_row(
            str(pair["pair"]),
            str(pair["real"]) or "-",
            f"{pair['generated_mean']:.2f}",
            f"{pair['generated_p05']:.2f} to {pair['generated_p95']:.2f}",
        )
    console = Console()
    console.print(table)
    console.print(together)


def _echo_json(content: object) -> None:
    typer.echo(json.dumps(content, indent=2, allow_nan=False))
