"""Key figures of a fan: what the scenario gives, and how far the members spread."""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from heatrouter.agents.twin.running import CLOSURE_LIMIT, TwinRun
from heatrouter.agents.twin.setting_up import TwinSetup
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.kpis import KPIS

_WHOLE_FROM: Final = 100.0
_IN_ANSWER: Final = "energy_closure_relative"


class Spread(NamedTuple):
    """One key figure over the members; None where it is not defined."""

    scenario: float | None
    low: float | None
    p10: float | None
    median: float | None
    p90: float | None
    high: float | None


def spread_of(values: FloatArray) -> Spread:
    """The spread of a key figure, shape ``(n_members,)``; members where it is NaN do not count."""
    known = values[np.isfinite(values)]
    first = float(values[0]) if math.isfinite(values[0]) else None
    if not known.size:
        return Spread(first, None, None, None, None, None)
    quantiles = np.quantile(known, (0.0, 0.1, 0.5, 0.9, 1.0))
    return Spread(first, *(float(value) for value in quantiles))


def answer(setup: TwinSetup, run: TwinRun) -> dict[str, object]:
    """What the twin says, for machines."""
    header = setup.header
    return {
        "district": setup.district.name,
        "scenario": setup.scenario,
        "controller": setup.controller.name,
        "controller_origin": setup.origin,
        "state": None if header is None else header.model_dump(mode="json"),
        "start_utc": setup.start.isoformat(),
        "hours": setup.steps * run.dt_s / 3600.0,
        "steps": setup.steps,
        "members": setup.batch.num_envs,
        "closure": run.closure,
        "loop_s": run.loop_s,
        "kpis": {
            name: spread_of(values)._asdict()
            for name, values in run.kpis.items()
            if name != _IN_ANSWER
        },
    }


def print_summary(console: Console, setup: TwinSetup, run: TwinRun) -> None:
    """Print the key figures with their spread, and whether the energy balance closes."""
    members = setup.batch.num_envs
    hours = setup.steps * run.dt_s / 3600.0
    table = Table(
        title=f"{setup.district.name} under {setup.controller.name}, {hours:g} h from "
        f"{setup.start:%Y-%m-%d %H:%M} UTC, scenario {setup.scenario}"
    )
    table.add_column("key figure")
    table.add_column("scenario", justify="right")
    if members > 1:
        for name in ("10 %", "median", "90 %"):
            table.add_column(name, justify="right")
    table.add_column("unit")
    for label, unit, spread in _rows(run):
        cells = [spread.scenario]
        if members > 1:
            cells += [spread.p10, spread.median, spread.p90]
        table.add_row(label, *map(_shown, cells), unit)
    console.print(table)
    closes = run.closure <= CLOSURE_LIMIT
    verdict = "[green]closes[/green]" if closes else "[red]does not close[/red]"
    console.print(
        f"energy balance {verdict}: residual {run.closure:.1e} of the throughput"
        + (", the largest of all members" if members > 1 else "")
    )
    count = f"{members} member{'s' if members > 1 else ''}"
    console.print(f"{count}, {setup.steps} steps each: {run.loop_s:.2f} s")


def _rows(run: TwinRun) -> Iterator[tuple[str, str, Spread]]:
    for kpi in KPIS:
        if kpi.name != _IN_ANSWER and kpi.name in run.kpis:
            unit = "" if kpi.unit == "1" else kpi.unit
            yield kpi.label, unit, spread_of(run.kpis[kpi.name])


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    if abs(value) >= _WHOLE_FROM or value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.3f}"
