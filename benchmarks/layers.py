"""MPC through each layer of actions: what it saves against the rules, beside set-points alone.

``python benchmarks/layers.py [PRESET] [--weeks 6] [--only 0 4] [--json FILE]`` runs
the tuned rules, MPC by set-points and MPC through each layer on the same generated validation weeks
and prints what each costs and which share of the saving by set-points it keeps. Plans have time
enough to be solved, so that a busy machine changes no number. Not part of `make bench`: a week
takes one core some minutes.
"""

import argparse
import json
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.evaluation_results import Week
from heatrouter.agents.evaluation_scenarios import build_scenarios
from heatrouter.agents.evaluation_weeks import starts
from heatrouter.agents.mpc import MpcController
from heatrouter.agents.planning.settings import PlannerSettings
from heatrouter.agents.rollout import Trajectory, rollout
from heatrouter.envs.contract import Parametrisation
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.loading import load_district, load_task

LAYERS: tuple[Parametrisation, ...] = ("offset", "heat_price")
TIME_LIMIT_S = 20.0


def run(
    preset: str,
    controller: ConstantAction | MpcController,
    library: ScenarioLibrary,
    weeks: tuple[Week, ...],
    hours: float,
) -> Trajectory:
    """All weeks under one controller, side by side."""
    task = load_task(preset)
    batch = DistrictBatch(
        load_district(preset),
        task.model_copy(update={"parametrisation": controller.parametrisation}),
        library,
        num_envs=len(weeks),
        seed=0,
    )
    steps = round(hours * 3600.0 / task.control_dt_s)
    return rollout(batch, controller, steps, starts=starts(weeks), columns=())


def table_of(preset: str, weeks: tuple[Week, ...], costs: dict[str, list[float]]) -> Table:
    """Costs and shares, week by week and together."""
    saved = {
        name: [rules - each for rules, each in zip(costs["rules"], of_weeks, strict=True)]
        for name, of_weeks in costs.items()
    }
    table = Table(title=f"{preset}: cost of a week, EUR, and share of what MPC by set-points saves")
    table.add_column("week")
    for name in costs:
        table.add_column(name, justify="right")
    for name in costs:
        if name not in {"rules", "absolute"}:
            table.add_column(f"share, {name}", justify="right")
    others = [name for name in costs if name not in {"rules", "absolute"}]
    for position, week in enumerate(weeks):
        whole = saved["absolute"][position]
        table.add_row(
            f"{week.start_utc[:10]} ({week.scenario})",
            *(f"{costs[name][position]:,.0f}" for name in costs),
            *(f"{saved[name][position] / whole:.2f}" if whole else "-" for name in others),
        )
    table.add_section()
    table.add_row(
        "mean",
        *(f"{sum(of_weeks) / len(weeks):,.0f}" for of_weeks in costs.values()),
        *(f"{sum(saved[name]) / sum(saved['absolute']):.3f}" for name in others),
    )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("preset", nargs="?", default="energy-web")
    parser.add_argument("--weeks", type=int, default=6)
    parser.add_argument("--only", nargs="*", type=int, help="positions of the weeks to run")
    parser.add_argument("--hours", type=float, default=168.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--layers", nargs="*", choices=LAYERS, default=LAYERS)
    parser.add_argument("--json", type=Path, help="write costs and terms of every week")
    given = parser.parse_args()
    library, weeks = build_scenarios(
        load_district(given.preset), "validation", given.weeks, (given.seed,), hours=given.hours
    )
    if given.only:
        weeks = tuple(weeks[position] for position in given.only)
    settings = PlannerSettings(time_limit_s=TIME_LIMIT_S)
    controllers: dict[str, ConstantAction | MpcController] = {
        "rules": ConstantAction("rules", "offset"),
        "absolute": MpcController(settings),
        **{layer: MpcController(settings, parametrisation=layer) for layer in given.layers},
    }
    console, record = Console(width=150), {}
    for name, controller in controllers.items():
        begin = time.perf_counter()
        course = run(given.preset, controller, library, weeks, given.hours)
        terms = {term: value.sum(axis=0).tolist() for term, value in course.terms.items()}
        record[name] = {"cost_eur": course.cost_eur.tolist(), "terms_eur": terms}
        console.print(f"{name}: {(time.perf_counter() - begin) / 60.0:.1f} min")
    costs = {name: found["cost_eur"] for name, found in record.items()}
    console.print(table_of(given.preset, weeks, costs))
    if given.json is not None:
        described = [week.model_dump(mode="json") for week in weeks]
        result = {"preset": given.preset, "weeks": described, "controllers": record}
        given.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
