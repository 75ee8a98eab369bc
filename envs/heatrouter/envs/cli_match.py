"""``heatrouter match``: pinch targets, and which source of heat suits which user."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import typer

from heatrouter.envs.cli_options import SCENARIO_HELP, AsJson, Data
from heatrouter.envs.errors import ConfigError


def match(
    source: Annotated[
        str,
        typer.Argument(
            metavar="[PRESET|FILE]",
            help="Name of a preset, path of a district (*.yaml) or of a stream table (*.csv).",
        ),
    ] = "energy-web",
    case: Annotated[
        str | None, typer.Option(help="Case of a stream table that holds several.")
    ] = None,
    dt_min: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=100.0,
            metavar="K",
            help="Least temperature difference; by default the table's own, else 10 K.",
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="Pairs to show, best first.")] = 12,
    by: Annotated[
        Literal["score", "heat"], typer.Option(help="Order of the pairs: score, or waste heat.")
    ] = "score",
    scenario: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help=f"Year of a district: {SCENARIO_HELP}"),
    ] = None,
    data: Data = None,
    seed: Annotated[int, typer.Option(min=0, help="Of a generated scenario.")] = 0,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Picture of the composite curves to write, PNG."),
    ] = None,
    *,
    heat_flow_is_capacity: Annotated[
        bool,
        typer.Option(
            "--heat-flow-is-capacity", help="The table's column of heat holds kW/K, not kW."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find how much heat could be recovered at most, and which source suits which user.

    Example: heatrouter match energy-web --top 10 --plot curves.png
    """
    if plot is not None and find_spec("matplotlib") is None:
        message = (
            "--plot: the package 'matplotlib' is not installed; "
            "install it with: pip install 'heatrouter[study]'"
        )
        raise ConfigError(message)
    if source.lower().endswith(".csv"):
        _match_table(
            Path(source), case, dt_min, top, by, plot,
            heat_flow_is_capacity=heat_flow_is_capacity, as_json=as_json,
        )  # fmt: skip
        return
    for given, option in ((case, "--case"), (heat_flow_is_capacity, "--heat-flow-is-capacity")):
        if given:
            message = f"{option} is for stream tables (*.csv); {source!r} is a district"
            raise typer.BadParameter(message)
    _match_district(source, dt_min, top, by, plot, (scenario, data, seed), as_json=as_json)


def _match_table(
    path: Path,
    case: str | None,
    dt_min_k: float | None,
    top: int,
    by: Literal["score", "heat"],
    plot: Path | None,
    *,
    heat_flow_is_capacity: bool,
    as_json: bool,
) -> None:
    from heatrouter.envs.matching.output import (
        match_json,
        print_matches,
        print_notes,
        print_site,
        print_targets,
        site_json,
        targets_json,
    )
    from heatrouter.envs.matching.problem_table import problem_table
    from heatrouter.envs.matching.ranking import rank_table, ranked
    from heatrouter.envs.matching.stream_table import read_stream_table
    from heatrouter.envs.matching.total_site import site_targets

    table = read_stream_table(path, heat_flow_is_capacity=heat_flow_is_capacity)
    if case is not None and case not in table.cases:
        message = f"{path}: no case {case!r}; there are: {', '.join(table.cases)}"
        raise ConfigError(message)
    chosen = case or (next(iter(table.cases)) if len(table.cases) == 1 else None)
    if chosen is None:
        if plot is not None:
            message = f"--plot draws one case; give --case, one of: {', '.join(table.cases)}"
            raise typer.BadParameter(message)
        targets = {name: problem_table(some, dt_min_k) for name, some in table.cases.items()}
        if as_json:
            _echo({"cases": {n: targets_json(t) for n, t in targets.items()},
                   "notes": table.notes})  # fmt: skip
            return
        print_targets(f"targets of {path.name}, kW", "case", list(targets.items()))
        print_notes([f"{n}: {note}" for n, some in table.notes.items() for note in some])
        typer.echo("give --case for zones, curves and pairs")
        return
    streams = table.cases[chosen]
    site = site_targets(streams, dt_min_k)
    matches = ranked(rank_table(streams, dt_min_k), by)[:top]
    if plot is not None:
        from heatrouter.envs.matching.plot import save_match

        save_match(plot, chosen, streams, dt_min_k)
    if as_json:
        _echo(
            {
                "case": chosen,
                "streams": [s.model_dump() for s in streams],
                "notes": table.notes[chosen],
                **site_json(site),
                "matches": [match_json(m, "kw") for m in matches],
            }
        )
        return
    print_site(chosen, site, dt_min_k)
    print_matches(matches, "kW")
    print_notes(table.notes[chosen])
    if plot is not None:
        typer.echo(f"wrote {plot}")


def _match_district(
    source: str,
    dt_min_k: float | None,
    top: int,
    by: Literal["score", "heat"],
    plot: Path | None,
    year: tuple[str | None, Path | None, int],
    *,
    as_json: bool,
) -> None:
    import numpy as np

    from heatrouter.envs.matching.district_streams import district_streams
    from heatrouter.envs.matching.output import (
        match_json,
        print_district,
        print_matches,
        site_json,
    )
    from heatrouter.envs.matching.problem_table import hourly_targets
    from heatrouter.envs.matching.ranking import rank_district, ranked
    from heatrouter.envs.matching.streams import DEFAULT_DT_MIN_K
    from heatrouter.envs.matching.total_site import site_targets
    from heatrouter.envs.scenarios.sources import build_library
    from heatrouter.envs.spec.loading import load_district

    scenario, data, seed = year
    district = load_district(source)
    split: Literal["train", "test"] = "train" if scenario in {None, "generated"} else "test"
    library = build_library(district, split, 1, seed, data_dir=data, scenario=scenario)
    dt_k = DEFAULT_DT_MIN_K if dt_min_k is None else dt_min_k
    sources, users = district_streams(district, library, dt_k)
    hourly = [*sources, *users]
    if not hourly:
        message = f"{source}: has neither waste heat, nor cooling loads, nor users of heat"
        raise ConfigError(message)
    streams = [one.stream for one in hourly]
    site = site_targets(streams, dt_k)
    heat_kw = np.stack([one.heat_kw for one in hourly], axis=1)
    hot_kw, cold_kw = hourly_targets(streams, heat_kw, dt_k)
    demand_mwh = float(sum(one.heat_kw.sum() for one in users)) / 1000.0
    no_store = {
        "hot_utility_mwh": float(hot_kw.sum()) / 1000.0,
        "cold_utility_mwh": float(cold_kw.sum()) / 1000.0,
        "recovery_mwh": demand_mwh - float(hot_kw.sum()) / 1000.0,
        "peak_hot_utility_kw": float(hot_kw.max()),
    }
    ground_c = float(library.values[0, :, library.column("ground_temp_c")].mean())
    matches = ranked(rank_district(district, sources, users, ground_c, dt_k), by)[:top]
    if plot is not None:
        from heatrouter.envs.matching.plot import save_match

        save_match(plot, f"{district.name}, mean of the year", streams, dt_k)
    if as_json:
        _echo(
            {
                "district": district.name,
                "scenario": library.names[0],
                "dt_min_k": dt_k,
                "streams": [s.model_dump() for s in streams],
                **site_json(site),
                "without_store": no_store,
                "matches": [match_json(m, "mwh") for m in matches],
            }
        )
        return
    title = f"{district.name}, scenario {library.names[0]}"
    print_district(title, site, no_store, demand_mwh)
    print_matches(matches, "MWh/a")
    if plot is not None:
        typer.echo(f"wrote {plot}")


def _echo(document: object) -> None:
    typer.echo(json.dumps(document, indent=2, allow_nan=False))
