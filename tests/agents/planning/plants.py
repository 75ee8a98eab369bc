"""Closed loops of small districts and presets, for tests of planners."""

from functools import cache
from typing import Any

import numpy as np
from tests.envs.small_districts import SMALL_DISTRICTS

from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task

DAY = 96
"""Steps of a library."""


@cache
def plant(name: str) -> District:
    """A preset or a small district."""
    return SMALL_DISTRICTS[name]() if name in SMALL_DISTRICTS else load_district(name)


@cache
def scenarios(name: str) -> ScenarioLibrary:
    """A year of it."""
    return build_library(plant(name), "train", 1)


def task_of(district: District, **changes: Any) -> Task:
    """The task of ``energy-web`` for any district, by set-points unless changed."""
    return load_task("energy-web").model_copy(
        update={"district": district.name, "parametrisation": "absolute", **changes}
    )


def loop(name: str, num_envs: int = 1, **changes: Any) -> DistrictBatch:
    """A closed loop with the scenarios of :func:`scenarios`."""
    district = plant(name)
    task = task_of(district, **changes)
    return DistrictBatch(district, task, scenarios(name), num_envs=num_envs, seed=0)


def begin(batch: DistrictBatch, *steps: int) -> np.ndarray:
    """First observations, every environment at a step of the first scenario."""
    return batch.reset_to(np.zeros(len(steps), dtype=np.int64), np.array(steps), truncate=False)


def replaced(library: ScenarioLibrary, values: np.ndarray) -> ScenarioLibrary:
    """The same library with other values."""
    return ScenarioLibrary(
        names=library.names,
        split=library.split,
        series=library.series,
        step_s=library.step_s,
        start_utc=library.start_utc,
        values=values,
        provenance=library.provenance,
    )
