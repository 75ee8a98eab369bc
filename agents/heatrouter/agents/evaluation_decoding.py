"""A controller together with what makes set-points of its actions, to time both."""

from typing import TYPE_CHECKING

import numpy as np

from heatrouter.agents.protocol import Controller, PlantAware
from heatrouter.envs.actuate import ActionDecoder
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation

if TYPE_CHECKING:
    from heatrouter.envs.simulation.district_batch import DistrictBatch


class WithDecoder:
    """Decodes every action besides answering it, so that whoever times it times both.

    The rules themselves run in the decoder, and so does the dispatch by heat prices: an action
    alone is no decision.

    Args:
        controller: What decides.
        decoder: Makes set-points of its actions, with a memory of its own.
    """

    def __init__(self, controller: Controller, decoder: ActionDecoder) -> None:
        self.name: str = controller.name
        self.parametrisation: Parametrisation = controller.parametrisation
        self._controller, self._decoder = controller, decoder
        self._memory = decoder.initial_memory(1)

    def attach(self, batch: "DistrictBatch") -> None:
        """Hand on the closed loop, where the controller asks for it."""
        if isinstance(self._controller, PlantAware):
            self._controller.attach(batch)

    def reset(self, contract: Contract, num_envs: int) -> None:
        """Forget everything."""
        self._controller.reset(contract, num_envs)
        self._memory = self._decoder.initial_memory(num_envs)

    def act(self, observation: Float32Array) -> FloatArray:
        """Answer as the controller does, after decoding it, too."""
        action = self._controller.act(observation)
        seen = np.asarray(observation, dtype=np.float64)
        _, self._memory = self._decoder.decode(self._memory, seen, action)
        return action
