"""The energy balance of every preset over 72 h under the rules, from its recomputed stock."""

from collections.abc import Sequence

import numpy as np

from heatrouter.envs import kpis
from heatrouter.envs.actuate.scaling import denormalise
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task, preset_names
from heatrouter.envs.spec.task import Task
from heatrouter.envs.validation.verdict import Check, Report

CLOSURE_LIMIT = 1e-9
HOURS = 72.0
START_DAY = 15


def run(presets: Sequence[str] | None = None, hours: float = HOURS) -> Report:
    """Simulate the presets and return the residual of each over its throughput.

    Args:
        presets: Names; None takes all.
        hours: Length of each simulation.
    """
    checks = []
    for name in preset_names() if presets is None else presets:
        closure, coverage = simulate_rules(load_district(name), load_task(name), hours)
        checks.append(
            Check(
                f"closure {name}",
                f"residual over throughput, {hours:g} h",
                closure,
                "1",
                CLOSURE_LIMIT,
                note=f"demand covered {100.0 * coverage:.1f} %",
            )
        )
    return Report(
        "closure", f"energy balance of every preset, {hours:g} h by the rules", (*checks,)
    )


def simulate_rules(district: District, task: Task, hours: float) -> tuple[float, float]:
    """Simulate a district in January under the rules.

    Args:
        district: The district.
        task: For its clocks and its objective.
        hours: Length of the simulation.

    Returns:
        Residual over throughput, and the share of demand that was covered.
    """
    # no offset from the rules is the rules
    task = task.model_copy(update={"parametrisation": "offset"})
    library = build_library(district, "train", 1, 0)
    batch = DistrictBatch(district, task, library, num_envs=1, seed=0)
    first = round((START_DAY - 1) * 86400.0 / library.step_s)
    rules = denormalise(batch.contract, np.zeros((1, len(batch.contract.action))))
    batch.reset_to(np.zeros(1, np.int64), np.full(1, first, np.int64), truncate=False)
    layout = kpis.KpiLayout.build(district, batch.columns)
    sums = kpis.start(1)
    for _ in range(max(round(hours * 3600.0 / task.control_dt_s), 1)):
        step = batch.step(rules)
        sums = kpis.accumulate(layout, sums, step.outputs, step.terms, task.control_dt_s)
    figures = kpis.summary(sums)
    return float(figures["energy_closure_relative"][0]), float(figures["demand_coverage"][0])
