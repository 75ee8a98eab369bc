"""What a policy observes where it leads through weeks of scenarios."""

import numpy as np

from heatrouter.agents.evaluation_results import Week
from heatrouter.agents.evaluation_weeks import starts
from heatrouter.agents.protocol import Controller
from heatrouter.agents.rollout import StepLike, rollout
from heatrouter.envs.arrays import Float32Array
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR


def observe_weeks(
    leader: Controller,
    district: District,
    task: Task,
    library: ScenarioLibrary,
    weeks: tuple[Week, ...],
    *,
    hours: float,
    seed: int,
) -> Float32Array:
    """Let a controller lead through weeks, side by side.

    Args:
        leader: The controller.
        district: The district.
        task: The task, with the simulator's sub-step.
        library: Scenarios of the weeks.
        weeks: Where to begin.
        hours: Length of a week, h.
        seed: Of the environments.

    Returns:
        Observations after each step, ``(n_steps, n_weeks, n_obs)``, physical units.
    """
    control_h = task.control_dt_s / SECONDS_PER_HOUR
    # One step more than a week: no environment starts a new episode on the way.
    longer = task.model_copy(update={"episode_hours": hours + control_h})
    batch = DistrictBatch(district, longer, library, num_envs=len(weeks), seed=seed)
    kept: list[Float32Array] = []

    def keep(_: int, step: StepLike) -> None:
        kept.append(step.observation.copy())

    rollout(
        batch,
        leader,
        round(hours / control_h),
        starts=starts(weeks),
        columns=(),
        on_step=keep,
    )
    return np.stack(kept)
