"""The rules of a district as a controller: the baseline of every comparison."""

from typing import Final

import numpy as np

from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.errors import ConfigError, Mistake


class RulesController:
    """Asks for no offset from what the rules do, at any time.

    The rules themselves, with their parameters and memory, stand in the action decoder of the
    closed loop (:func:`heatrouter.envs.dispatch.rules_dispatch`), where the service has them, too.
    """

    name: Final = "rules"
    parametrisation: Final[Parametrisation] = "offset"

    def __init__(self) -> None:
        self._action: FloatArray = np.zeros((0, 0))

    def reset(self, contract: Contract, num_envs: int) -> None:
        """Prepare for a contract.

        Raises:
            ConfigError: The contract does not mean offsets by its actions.
        """
        if contract.parametrisation != self.parametrisation:
            message = f"is {contract.parametrisation!r}; the rules need 'offset'"
            subject = f"controller {self.name!r}"
            raise ConfigError(subject, [Mistake("parametrisation", message)])
        self._action = np.zeros((num_envs, len(contract.action)))

    def act(self, observation: Float32Array) -> FloatArray:
        """Return zero offsets, a fresh array of shape ``(num_envs, n_action)``."""
        del observation
        return self._action.copy()
