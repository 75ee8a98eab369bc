"""From names and files to the batch that an environment steps, and to its spaces."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from gymnasium import spaces

from heatrouter.envs.arrays import Float32Array, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import TaskError
from heatrouter.envs.scenarios.library import ScenarioLibrary, Split
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task


def build_batch(
    district: District | str | Path,
    task: Task | str | Path,
    library: ScenarioLibrary | None,
    *,
    split: Split,
    scenarios: int,
    num_envs: int,
    seed: int,
) -> DistrictBatch:
    """Build the closed loop.

    Args:
        district: The description, a preset's name, or a file.
        task: The task, a preset's name, or a file.
        library: Scenarios; None generates some.
        split: Of the generated scenarios.
        scenarios: Number of generated scenarios, years each.
        num_envs: Size of the batch.
        seed: Of scenarios and starts.

    Raises:
        ConfigError: Something in the files is wrong.
    """
    plant = district if isinstance(district, District) else load_district(district)
    aim = task if isinstance(task, Task) else load_task(task)
    if library is None:
        library = build_library(plant, split, scenarios, seed)
    return DistrictBatch(plant, aim, library, num_envs=num_envs, seed=seed)


def observation_space(contract: Contract) -> spaces.Space[Float32Array]:
    """Bounds of the contract, physical units, float32."""
    low, high = contract.bounds("observation")
    box = spaces.Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32)
    # Gymnasium types its boxes by all number types at once.
    return cast("spaces.Space[Float32Array]", box)


def action_space(contract: Contract) -> spaces.Space[Float32Array]:
    """Normalised actions: -1, 0 and 1 mean low, neutral and high of each channel."""
    box = spaces.Box(-1.0, 1.0, (len(contract.action),), dtype=np.float32)
    return cast("spaces.Space[Float32Array]", box)


def start_from_options(
    options: Mapping[str, Any] | None, library: ScenarioLibrary, num_envs: int
) -> tuple[IntArray, IntArray] | None:
    """Read a given start out of the options of a reset.

    Args:
        options: ``scenario`` (name or index) and ``start_step`` of the library, one for all
            environments or one for each; None for random starts.
        library: The scenarios.
        num_envs: Number of environments.

    Returns:
        Scenario and start step of each environment, or None for random starts.

    Raises:
        TaskError: An option is unknown or out of range.
    """
    if not options:
        return None
    unknown = set(options) - {"scenario", "start_step"}
    if unknown:
        msg = f"reset options {sorted(unknown)} are unknown; use 'scenario' and 'start_step'"
        raise TaskError(msg)
    named = np.atleast_1d(np.asarray(options.get("scenario", 0)))
    try:
        chosen = [library.names.index(n) if isinstance(n, str) else int(n) for n in named.tolist()]
        scenario = np.broadcast_to(np.array(chosen, dtype=np.int64), (num_envs,))
        step = np.broadcast_to(np.asarray(options.get("start_step", 0), np.int64), (num_envs,))
    except ValueError as error:
        msg = f"reset options {dict(options)} do not fit {num_envs} environments: {error}"
        raise TaskError(msg) from error
    n_scenarios, n_steps = library.values.shape[:2]
    if scenario.min() < 0 or scenario.max() >= n_scenarios:
        msg = f"scenario {scenario.tolist()} must be 0 to {n_scenarios - 1}"
        raise TaskError(msg)
    if step.min() < 0 or step.max() >= n_steps:
        msg = f"start_step {step.tolist()} must be 0 to {n_steps - 1}"
        raise TaskError(msg)
    return scenario.copy(), step.copy()
