"""Forecasts for a loop that walks through scenarios, computed a block of steps ahead.

A forecast is a pure function of scenario and step of issue, and a loop asks for one step after the
other. Computing many steps of an environment at once spreads the cost of the array calls over them,
and the block is small enough to stay near the processor, unlike the series of whole years.
"""

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.scenarios.forecast import Forecaster

BLOCK_STEPS = 96
"""Steps of a block: enough to make a call cheap, few enough for the memory of many environments."""
_STEPS_LIMIT = 1 << 32
"""Above every step, so that scenario and step make one number."""


class ForecastBlocks:
    """The forecasts of ``Forecaster.windows_at``, bit for bit, for environments that go on.

    Nothing here is state: what is not in an environment's block is computed, whatever was asked
    before. Memory is ``num_envs * BLOCK_STEPS * n_series * n_windows`` numbers.

    Args:
        forecaster: Computes the forecasts.
        num_envs: Number of environments.
    """

    def __init__(self, forecaster: Forecaster, num_envs: int) -> None:
        self._forecaster = forecaster
        self._every = np.arange(num_envs)
        self._first = np.full(num_envs, -_STEPS_LIMIT)
        self._blocks = np.zeros((num_envs, BLOCK_STEPS, forecaster.n_values))

    def windows_at(self, scenario: IntArray, step: IntArray) -> FloatArray:
        """Return the forecasts issued at the start of a step to all environments.

        Args:
            scenario: Index of the scenario in the library, shape ``(num_envs,)``.
            step: Step of issue, 0 to 2**32, shape ``(num_envs,)``.

        Returns:
            Series after series, shape ``(num_envs, n_series * n_windows)``, a fresh array.
        """
        now = scenario * _STEPS_LIMIT
        now += step
        ahead = now - self._first
        # as unsigned numbers steps before the block are far beyond it
        known = ahead.view(np.uint64) < BLOCK_STEPS
        if np.count_nonzero(known) != known.size:
            for env in np.flatnonzero(~known).tolist():
                self._renew(env, int(scenario[env]), int(step[env]))
                self._first[env] = now[env]
                ahead[env] = 0
        return np.asarray(self._blocks[self._every, ahead])

    def _renew(self, env: int, scenario: int, step: int) -> None:
        """Begin a block at a step."""
        windows = self._forecaster.windows_along(scenario, step, BLOCK_STEPS)
        self._blocks[env] = windows.reshape(BLOCK_STEPS, -1)
