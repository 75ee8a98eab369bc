"""The plant ahead: the simulator from the present state, on expected weather and prices."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_DAY

_ROWS_IN = ("plant.", "dispatch.", "guard.", "stock", "observation")


class Course(NamedTuple):
    """A run of the twin, by variant and control step."""

    observations: FloatArray  # (n_variants, n_control, n_obs), what was seen before each step
    outputs: FloatArray  # (n_variants, n_control, n_columns)
    set_points: FloatArray  # (n_variants, n_control, n_set_points)
    cost_eur: FloatArray  # (n_variants, n_control)


class TwinRun:
    """Runs variants of the coming hours side by side, by given set-points.

    Args:
        district: The district.
        task: The task; its parametrisation is replaced.
        library: Scenarios of the real plant, for the shape of their series.
        n_steps: Steps of the library that a run may need.
        n_variants: Variants side by side.
    """

    def __init__(
        self,
        district: District,
        task: Task,
        library: ScenarioLibrary,
        *,
        n_steps: int,
        n_variants: int,
    ) -> None:
        past = round(SECONDS_PER_DAY / library.step_s)
        self._length = max(n_steps + past, 3 * past)
        buffer = library.values[:1, : self._length].copy()
        ground = library.column("ground_temp_c")
        buffer[:, :, ground] = library.values[0, :, ground].mean()
        self._library = ScenarioLibrary(
            names=("ahead",),
            split="train",
            series=library.series,
            step_s=library.step_s,
            start_utc=library.start_utc[:1],
            values=buffer,
            provenance=library.provenance[:1],
        )
        task = task.model_copy(
            update={
                "parametrisation": "absolute",
                "events": (),
                "event_rates": None,
                "episode_hours": 24.0,
            }
        )
        self.batch = DistrictBatch(district, task, self._library, num_envs=n_variants, seed=0)
        # what is expected is written here before every run, and nowhere else
        self._values = buffer
        self._values.setflags(write=True)
        self._n = n_variants
        zeros = np.zeros(n_variants, dtype=np.int64)
        self.batch.reset_to(zeros, zeros, truncate=False)
        self._own = self.batch.save_state()

    def start(
        self, saved: Mapping[str, np.ndarray], env: int, past: FloatArray, series: FloatArray
    ) -> None:
        """Stand where the plant stands now.

        Args:
            saved: State of the real batch.
            env: Environment in it.
            past: Series of the last day, ``(n_past, n_series)``.
            series: Series ahead, ``(n_steps, n_series)``.
        """
        state = dict(self._own)
        for name in state:
            if name.startswith(_ROWS_IN):
                state[name] = np.repeat(saved[name][env : env + 1], self._n, axis=0)
        state["plant.scenario"] = np.zeros(self._n, dtype=np.int64)
        self.batch.restore_state(state)
        step = int(saved["plant.time_s"][env]) // self._library.step_s
        at = np.arange(step - len(past), step + len(series)) % self._length
        self._values[0, at] = np.concatenate([past, series])

    def run(self, actions: FloatArray) -> Course:
        """Run on, by actions ``(n_variants, n_control, n_action)``."""
        n_control = actions.shape[1]
        batch = self.batch
        observations = np.empty((n_control, self._n, len(batch.contract.observation)))
        outputs = np.empty((n_control, self._n, len(batch.columns)))
        set_points = np.empty((n_control, self._n, len(batch.contract.set_points)))
        cost = np.empty((n_control, self._n))
        for i in range(n_control):
            observations[i] = batch.observation
            step = batch.step(actions[:, i])
            outputs[i] = step.outputs
            set_points[i] = step.set_points
            cost[i] = -step.reward
        return Course(
            *(array.swapaxes(0, 1) for array in (observations, outputs, set_points, cost))
        )
