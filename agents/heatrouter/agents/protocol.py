"""What every controller offers."""

from typing import Protocol

from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation


class Controller(Protocol):
    """What decides: from observations to actions in physical units, for many environments."""

    @property
    def name(self) -> str:
        """How it is called in results."""
        ...

    @property
    def parametrisation(self) -> Parametrisation:
        """What its actions mean; the contract it is reset to has the same."""
        ...

    def reset(self, contract: Contract, num_envs: int) -> None:
        """Forget everything and prepare for this contract and number of environments."""
        ...

    def act(self, observation: Float32Array) -> FloatArray:
        """Answer observations ``(num_envs, n_obs)`` with actions ``(num_envs, n_action)``."""
        ...
