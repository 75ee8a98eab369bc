"""Episodes that begin in mild weather first: the easy part of a curriculum."""

from typing import Any, Final

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.simulation.episode_starts import EpisodeStarts
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR

HEATING_LIMIT_C: Final = 15.0
"""Above, buildings need no heat: the usual limit of heating degree days (VDI 2067)."""

_SEED_LIMIT: Final = 1 << 31


class MildStarts(EpisodeStarts):
    """Draws from the mildest share of all starts.

    Args:
        library: The scenarios.
        easiest_share: Which share of all starts, 0..1.
        episode_steps: Control steps of an episode.
        control_dt_s: Length of a control step, s.
        **others: As :class:`~heatrouter.envs.simulation.episode_starts.EpisodeStarts`.
    """

    def __init__(
        self,
        library: ScenarioLibrary,
        *,
        easiest_share: float,
        episode_steps: int,
        control_dt_s: float,
        **others: Any,  # noqa: ANN401  # the parent's
    ) -> None:
        super().__init__(library, episode_steps=episode_steps, control_dt_s=control_dt_s, **others)
        needed = int(np.ceil(episode_steps * control_dt_s / library.step_s))
        cold = coldness(library, needed)
        count = max(round(easiest_share * cold.size), 1)
        order = np.argsort(cold, axis=None, kind="stable")[:count]
        self._mild = np.stack(np.unravel_index(order, cold.shape), axis=1)

    def draw(self, envs: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Scenario, start step and seed of the next episode of some environments."""
        drawn = np.empty((len(envs), 3), dtype=np.int64)
        for row, env in zip(drawn, envs, strict=True):
            stream = self._streams[env]
            row[:2] = self._mild[stream.integers(len(self._mild))]
            row[2] = stream.integers(_SEED_LIMIT)
        return drawn[:, 0], drawn[:, 1], drawn[:, 2]


class MildBatch(DistrictBatch):
    """A closed loop whose episodes begin in the mildest share of all starts.

    Args:
        district: As :class:`~heatrouter.envs.simulation.district_batch.DistrictBatch`.
        task: Likewise.
        library: Likewise.
        num_envs: Likewise.
        seed: Likewise.
        easiest_share: Which share of all starts, 0..1.
        first_env: As above.
    """

    def __init__(
        self,
        district: District,
        task: Task,
        library: ScenarioLibrary,
        *,
        num_envs: int,
        seed: int,
        easiest_share: float,
        first_env: int = 0,
    ) -> None:
        super().__init__(district, task, library, num_envs=num_envs, seed=seed, first_env=first_env)
        self._starts = MildStarts(
            library,
            easiest_share=easiest_share,
            episode_steps=max(round(task.episode_hours * SECONDS_PER_HOUR / task.control_dt_s), 1),
            control_dt_s=task.control_dt_s,
            num_envs=num_envs,
            seed=seed,
            first_env=first_env,
        )


def coldness(library: ScenarioLibrary, steps: int) -> FloatArray:
    """Mean of the kelvins below 15 °C over an episode, ``(n_scenarios, n_starts)``.

    Args:
        library: The scenarios.
        steps: Of the library, in an episode.
    """
    ambient = library.values[:, :, library.column("ambient_temp_c")]
    below = np.maximum(HEATING_LIMIT_C - ambient, 0.0)
    total = np.cumsum(np.pad(below, ((0, 0), (1, 0))), axis=1)
    mean: FloatArray = (total[:, steps:] - total[:, :-steps]) / steps
    return mean
