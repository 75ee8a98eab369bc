"""What ``heatrouter match`` prints: tables for people, documents for machines."""

from collections.abc import Sequence

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from heatrouter.envs.matching.problem_table import ProblemTable
from heatrouter.envs.matching.ranking import Match
from heatrouter.envs.matching.total_site import SiteTargets

_PIPED_WIDTH = 140
_KW_PER_MW = 1000.0
_HOURS_PER_YEAR = 8760.0


def targets_json(table: ProblemTable) -> dict[str, object]:
    """Targets as plain data; heat in kW."""
    return {
        "hot_utility_kw": table.hot_utility_kw,
        "cold_utility_kw": table.cold_utility_kw,
        "recovery_kw": table.recovery_kw,
        "pinch_shifted_temps_c": list(table.pinch_temps_c),
    }


def site_json(site: SiteTargets) -> dict[str, object]:
    """Targets of a site, of its zones and its grand composite curve as plain data."""
    curve = zip(site.direct.temps_c.tolist(), site.direct.cascade_kw.tolist(), strict=True)
    return {
        "targets": targets_json(site.direct),
        "zones": {zone: targets_json(table) for zone, table in site.zones.items()},
        "zones_through_medium": targets_json(site.medium),
        "grand_composite": [{"shifted_temp_c": t, "heat_kw": h} for t, h in curve],
    }


def match_json(found: Match, unit: str) -> dict[str, object]:
    """One pair as plain data; ``unit`` is that of its heat, ``kw`` or ``mwh`` (a year)."""
    how = found.grade
    document: dict[str, object] = {
        "source": found.source,
        "user": found.user,
        "score": found.score,
        "grade": how.waste_share,
        "simultaneity": found.simultaneity,
        "distance": found.distance,
        "way": how.way,
        "direct_share": how.direct_share,
        "pumped_share": how.pumped_share,
        "top_share": how.top_share,
        "cop": how.cop,
        f"waste_heat_{unit}": found.waste_heat,
        f"delivered_{unit}": found.delivered,
        "source_share": found.source_share,
        "user_share": found.user_share,
    }
    if unit == "mwh":
        document["potential_mwh"] = found.potential
        document["route_m"] = None if found.route is None else found.route.length_m
        document["along_network"] = None if found.route is None else found.route.along_network
        document["pipe_loss_kw_per_km"] = None if found.pipe is None else found.pipe.loss_kw_per_km
        document["pipe_eur_per_m"] = None if found.pipe is None else found.pipe.cost_eur_per_m
    return document


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, _PIPED_WIDTH)
    return console


def print_targets(
    title: str, heading: str, rows: Sequence[tuple[str, ProblemTable | None]]
) -> None:
    """Print targets in kW, one row each; None is a line between rows."""
    table = Table(title=escape(title), title_justify="left")
    table.add_column(heading)
    for name in ("hot utility", "cold utility", "recovered", "pinch (shifted), °C"):
        table.add_column(name, justify="right")
    for name, one in rows:
        if one is None:
            table.add_section()
            continue
        pinches = ", ".join(f"{t:.5g}" for t in one.pinch_temps_c) or "none"
        figures = (one.hot_utility_kw, one.cold_utility_kw, one.recovery_kw)
        table.add_row(escape(name), *(_shown(f) for f in figures), pinches)
    _console().print(table)


def print_site(case: str, site: SiteTargets, dt_min_k: float | None) -> None:
    """Print the targets of a case: each zone, zones through a medium, all together."""
    gap = "contributions of the table" if dt_min_k is None else f"{dt_min_k:g} K"
    rows: list[tuple[str, ProblemTable | None]] = []
    if len(site.zones) > 1:
        rows += [(zone or "(no zone)", table) for zone, table in site.zones.items()]
        rows.append(("", None))
        rows.append((f"zones through a medium ({site.medium_dt_k:g} K)", site.medium))
    rows.append(("all streams together", site.direct))
    print_targets(f"{case}: targets, kW; least difference: {gap}", "zone", rows)
    if len(site.zones) > 1:
        hot, cold = _shown(site.zonal_hot_utility_kw), _shown(site.zonal_cold_utility_kw)
        typer.echo(f"zones for themselves: hot utility {hot} kW, cold utility {cold} kW")


def print_district(
    title: str, site: SiteTargets, no_store: dict[str, float], demand_mwh: float
) -> None:
    """Print what a district could recover in a year, with and without a store."""
    table = Table(title=escape(f"{title}: targets of the year, MWh"), title_justify="left")
    table.add_column("")
    for name in ("demand", "hot utility", "cold utility", "recovered"):
        table.add_column(name, justify="right")
    hours = _HOURS_PER_YEAR / _KW_PER_MW
    for name, one in (
        ("with a perfect store (mean of the year)", site.direct),
        (f"the same through water ({site.medium_dt_k:g} K more)", site.medium),
    ):
        figures = (one.hot_utility_kw, one.cold_utility_kw, one.recovery_kw)
        table.add_row(name, _shown(demand_mwh), *(_shown(f * hours) for f in figures))
    table.add_row(
        "without a store (hour by hour)",
        _shown(demand_mwh),
        _shown(no_store["hot_utility_mwh"]),
        _shown(no_store["cold_utility_mwh"]),
        _shown(no_store["recovery_mwh"]),
    )
    _console().print(table)
    pinches = ", ".join(f"{t:.4g} °C" for t in site.direct.pinch_temps_c) or "none"
    peak = _shown(no_store["peak_hot_utility_kw"])
    typer.echo(f"pinch (shifted) {pinches}; highest hot utility of an hour {peak} kW")


def print_matches(matches: Sequence[Match], unit: str) -> None:
    """Print pairs in the given order; ``unit`` is that of their heat."""
    if not matches:
        return
    timed = matches[0].simultaneity is not None
    table = Table(title="pairs, best first", title_justify="left")
    table.add_column("source", overflow="fold")
    table.add_column("user", overflow="fold")
    table.add_column("score", justify="right")
    table.add_column("grade", justify="right")
    if timed:
        table.add_column("simul-\ntaneity", justify="right")
        table.add_column("distance", justify="right")
    table.add_column("way")
    table.add_column("COP", justify="right")
    table.add_column(f"waste heat,\n{unit}", justify="right")
    table.add_column("of\nsource", justify="right")
    table.add_column("of\nuser", justify="right")
    if timed:
        table.add_column("route,\nm", justify="right")
    for one in matches:
        cells = [_spaced(one.source), _spaced(one.user), f"{one.score:.2f}",
                 f"{one.grade.waste_share:.2f}"]  # fmt: skip
        if timed:
            cells += [_part(one.simultaneity), _part(one.distance)]
        cop = "" if one.grade.cop is None else f"{one.grade.cop:.1f}"
        cells += [one.grade.way, cop, _shown(one.waste_heat)]
        cells += [f"{one.source_share:.0%}", f"{one.user_share:.0%}"]
        if timed:
            straight = one.route is not None and not one.route.along_network
            length = "-" if one.route is None else f"{one.route.length_m:,.0f}"
            cells.append(f"{length} straight" if straight else length)
        table.add_row(*cells)
    _console().print(table)


def print_notes(notes: Sequence[str]) -> None:
    """Print what was taken for granted."""
    for note in notes:
        _console().print(f"[yellow]note[/yellow] {escape(note)}", soft_wrap=True)


def _part(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100.0 or value == 0.0 else f"{value:.3g}"


def _spaced(name: str) -> str:
    return escape(name.replace("_", " "))
