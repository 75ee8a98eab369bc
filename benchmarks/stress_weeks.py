"""MPC through stress: a cold spell, the loss of the sources, a price spike and summer, per preset.

``python benchmarks/stress_weeks.py [PRESET ...] [--hours 168] [--controller mpc|reference]`` runs
the weeks side by side on a generated validation year and counts solves without a solution, solves
ended by the deadline, unmet demand, and what the rules pay for the same weeks. Not part of
`make bench`: it takes some minutes for each preset.
"""

import argparse
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.mpc import MpcController, reference_controller
from heatrouter.agents.rollout import rollout
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.events import ColdSpell, PriceSpike, SourceOutage
from heatrouter.envs.spec.loading import load_district, load_task, preset_names
from heatrouter.envs.spec.plant_units import HeatPump, WasteHeatSource
from heatrouter.envs.spec.task import Task

DAYS = {"cold spell": 20, "outage": 75, "price spike": 320, "summer": 196}
"""First day of each week in the year."""

STEPS_PER_DAY = 96


def stressed(task: Task, district: District) -> Task:
    """The task with an event in the second day of each week but that of summer."""
    sources = tuple(
        unit.name for unit in district.units if isinstance(unit, WasteHeatSource | HeatPump)
    )
    events = (
        ColdSpell(kind="cold_spell", from_day=DAYS["cold spell"] + 1, hours=96.0, depth_k=12.0),
        SourceOutage(kind="source_outage", from_day=DAYS["outage"] + 1, hours=72.0, units=sources),
        PriceSpike(
            kind="price_spike",
            from_day=DAYS["price spike"] + 1,
            hours=48.0,
            series="electricity_eur_per_mwh",
            factor=4.0,
            add=150.0,
        ),
    )
    return task.model_copy(update={"events": events})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presets", nargs="*", default=preset_names())
    parser.add_argument("--hours", type=float, default=168.0)
    parser.add_argument("--controller", choices=("mpc", "reference"), default="mpc")
    given = parser.parse_args()
    table = Table(title=f"{given.controller}, weeks of {given.hours:g} h")
    for column in (
        "preset", "solves", "infeasible", "deadline", "unmet kWh", "rules' unmet", "p50 s", "p99 s",
        *(f"saves, {week} %" for week in DAYS), "min",
    ):  # fmt: skip
        table.add_column(column, justify="left" if column == "preset" else "right")
    starts = (
        np.zeros(len(DAYS), dtype=np.int64),
        np.array([(day - 1) * STEPS_PER_DAY for day in DAYS.values()], dtype=np.int64),
    )
    for name in given.presets:
        begin = time.perf_counter()
        district = load_district(name)
        task = stressed(load_task(name), district)
        library = build_library(district, "validation", 1)
        steps = round(given.hours * 3600.0 / task.control_dt_s)
        costs, unmet = [], []
        planner = MpcController() if given.controller == "mpc" else reference_controller()
        for controller in (ConstantAction("rules", "offset"), planner):
            batch = DistrictBatch(
                district,
                task.model_copy(update={"parametrisation": controller.parametrisation}),
                library,
                num_envs=len(DAYS),
                seed=0,
            )
            short = [column for column in batch.columns if column.endswith(".unmet_kw")]
            run = rollout(batch, controller, steps, starts=starts, columns=short)
            costs.append(run.cost_eur)
            unmet.append(run.outputs.sum() * run.dt_s / 3600.0)
        record = planner.planning_record()
        seconds = np.asarray(record["decision_s"])
        table.add_row(
            name,
            *(f"{float(record[key]):.0f}" for key in ("solves", "infeasible", "deadline")),
            *(f"{value:.1f}" for value in reversed(unmet)),
            f"{np.median(seconds):.3f}",
            f"{np.quantile(seconds, 0.99):.3f}",
            *(f"{100.0 * s:.1f}" for s in (costs[0] - costs[1]) / np.abs(costs[0])),
            f"{(time.perf_counter() - begin) / 60.0:.1f}",
        )
        Console(width=150).print(table)


if __name__ == "__main__":
    main()
