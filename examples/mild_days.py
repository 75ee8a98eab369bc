"""A controller of your own: a supply that is 3 K colder than the rules' on mild days."""

import numpy as np

from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation

MILD_C = 8.0
COLDER_K = -3.0


class MildDays:
    name = "mild-days"
    parametrisation: Parametrisation = "offset"

    def reset(self, contract: Contract, num_envs: int) -> None:
        self._outdoors = contract.observation_index("site.ambient_temp_c")
        self._supply = contract.action_index("main.supply_temp_c")
        self._shape = (num_envs, len(contract.action))

    def act(self, observation: Float32Array) -> FloatArray:
        action = np.zeros(self._shape)  # no offset: what the rules do
        mild = observation[:, self._outdoors] > MILD_C
        action[mild, self._supply] = COLDER_K
        return action
