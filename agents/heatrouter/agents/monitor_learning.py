"""What a policy sees in closed loop, on training and on validation scenarios, for its monitor.

The rules control some of the time in a service, too: before the policy is armed, and after each
fault. What they lead to is home as well, or the policy would never come back from them.
"""

from typing import Final

import numpy as np

from heatrouter.agents.evaluation_weeks import draw_weeks, starts
from heatrouter.agents.monitor import Monitor
from heatrouter.agents.monitor_fitting import fit_monitor
from heatrouter.agents.protocol import Controller
from heatrouter.agents.rollout import StepLike, rollout
from heatrouter.agents.rules import RulesController
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR

RUNS: Final = 48
RUN_HOURS: Final = 96.0
"""48 runs of four days make 192 days to calibrate with, spread over the year."""

_SEED: Final = 9311  # other weeks than those that checkpoints were chosen on


def learned_monitor(
    district: District,
    task: Task,
    train: ScenarioLibrary,
    validation: ScenarioLibrary,
    policy: Controller,
) -> Monitor:
    """Simulate policy and rules, and fit a monitor to what they see.

    Args:
        district: The policy's district.
        task: Its task.
        train: Scenarios that it was trained on.
        validation: Scenarios that it was chosen on.
        policy: The policy.
    """
    rules_task = task.model_copy(update={"parametrisation": "offset"})
    pairs: tuple[tuple[Controller, Task], ...] = ((policy, task), (RulesController(), rules_task))
    return fit_monitor(
        build_contract(district, task),
        [observed(district, t, train, controller) for controller, t in pairs],
        [observed(district, t, validation, controller) for controller, t in pairs],
        _years(train),
    )


def _years(library: ScenarioLibrary) -> dict[str, FloatArray]:
    ends = np.stack([library.values.min(axis=1), library.values.max(axis=1)], axis=-1)
    return {series: ends[:, i].astype(np.float64) for i, series in enumerate(library.series)}


def observed(
    district: District,
    task: Task,
    library: ScenarioLibrary,
    controller: Controller,
    *,
    seed: int = _SEED,
) -> FloatArray:
    """What a controller sees in closed loop, over the year.

    Args:
        district: The district.
        task: The task, with what the controller's actions mean.
        library: Scenarios to take the runs from.
        controller: What decides.
        seed: Of the draw of runs.

    Returns:
        Shape ``(n_steps, n_runs, n_observation)``.
    """
    hours = min(RUN_HOURS, library.values.shape[1] * library.step_s / SECONDS_PER_HOUR)
    steps = round(hours * SECONDS_PER_HOUR / task.control_dt_s)
    weeks = draw_weeks(library, RUNS, seed=seed, hours=hours)
    longer = task.model_copy(update={"episode_hours": hours + task.control_dt_s / SECONDS_PER_HOUR})
    batch = DistrictBatch(district, longer, library, num_envs=RUNS, seed=seed)
    seen: list[FloatArray] = []

    def keep(index: int, step: StepLike) -> None:
        del index
        seen.append(step.observation.astype(np.float64))

    rollout(batch, controller, steps, starts=starts(weeks), columns=(), on_step=keep)
    return np.array(seen)
