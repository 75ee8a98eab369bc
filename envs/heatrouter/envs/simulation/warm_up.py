"""From a plausible state to the first outputs of an episode: flows and pipes settle."""

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.simulation.batch_step import MakePlant, Plant

WARM_UP_STEPS = 4
"""Control steps from a plausible state to the first observation."""


class Nursery:
    """Starts episodes, of all environments in place and of some beside the batch.

    The environments that go on must not move while others warm up, so those are raised one by one
    in a plant of their own and then put in.

    Args:
        make_plant: Makes the plant of a number of environments.
        sub_steps: Steps of the plant in a control step.
    """

    def __init__(self, make_plant: MakePlant, sub_steps: int) -> None:
        self._make_plant = make_plant
        self._sub_steps = sub_steps
        self._single: Plant | None = None

    def begin(
        self,
        plant: Plant,
        envs: IntArray,
        scenario: IntArray,
        start_s: IntArray,
        seeds: IntArray,
        set_points: FloatArray,
    ) -> FloatArray:
        """Put some environments of a plant at the start of an episode.

        Args:
            plant: The plant.
            envs: Which environments, ``(n,)``.
            scenario: Scenario of each, ``(n,)``.
            start_s: Time at which each begins to warm up, s since step 0, ``(n,)``.
            seeds: What a start leaves open, ``(n,)``.
            set_points: Held during warm-up, in the plant's order, ``(n, n_set_points)``.

        Returns:
            Outputs of the last control step before the start, ``(n, n_columns)``.
        """
        if len(envs) == plant.time_s.shape[0]:
            plant.reset(envs, scenario, start_s, seeds)
            return self._settle(plant, set_points)
        if self._single is None:
            self._single = self._make_plant(1)
        single, only = self._single, np.zeros(1, dtype=np.int64)
        outputs = np.empty((len(envs), len(plant.columns)))
        for i in range(len(envs)):
            part = slice(i, i + 1)
            single.reset(only, scenario[part], start_s[part], seeds[part])
            outputs[part] = self._settle(single, set_points[part])
            plant.restore_state(single.save_state(), envs[part])
        return outputs

    def _settle(self, plant: Plant, set_points: FloatArray) -> FloatArray:
        for _ in range(WARM_UP_STEPS - 1):
            plant.advance(set_points, self._sub_steps)
        return plant.advance(set_points, self._sub_steps)
