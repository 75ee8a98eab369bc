"""Labels of batch processes: released for as long as a charge is heated.

A plan releases a charge in one step of a quarter of an hour. Which one of many is chance, as far as
can be observed, so that a network that is fitted to it answers a few hundredths in all of them and
releases nothing; charges then start when they must. Whether a process runs can be observed, and in
a step in which it is running anyway a release does nothing.
"""

import math
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.batch_process import RUNS_FROM
from heatrouter.envs.contract import Contract
from heatrouter.envs.spec.consumer_units import BatchProcess
from heatrouter.envs.spec.district import District

_SECONDS_PER_MIN: Final = 60.0


class HeldReleases:
    """Releases of courses side by side, step after step.

    Args:
        district: The district.
        contract: Of the actions.
        control_dt_s: Control step, s.
        num_envs: Number of courses.
    """

    def __init__(
        self, district: District, contract: Contract, control_dt_s: float, num_envs: int
    ) -> None:
        processes = [unit for unit in district.units if isinstance(unit, BatchProcess)]
        names = [channel.name for channel in contract.action]
        self._at = [names.index(f"{process.name}.release") for process in processes]
        self._steps = np.array(
            [math.ceil(p.duration_min * _SECONDS_PER_MIN / control_dt_s) for p in processes],
            dtype=np.int64,
        )
        self._left = np.zeros((num_envs, len(processes)), dtype=np.int64)

    def held(self, action: FloatArray) -> FloatArray:
        """The actions of a step with releases that last, ``(num_envs, n_action)``, physical."""
        released = action[:, self._at] >= RUNS_FROM
        self._left = np.where(released, self._steps, np.maximum(self._left - 1, 0))
        held = action.copy()
        held[:, self._at] = self._left > 0
        return held
