"""The exported policy as a controller, on onnxruntime."""

from typing import Final

import numpy as np

from heatrouter.agents.bundle import INPUT_NAME, OUTPUT_NAME, Bundle
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.errors import BundleError

_CPU: Final = "cpu"


class OnnxPolicy:
    """Runs a bundle's graph: observation in, action in physical units out.

    Scaling, clipping and units are inside the graph. Input and output live in buffers that are
    bound once; one call for one plant takes about 10 µs.

    Args:
        bundle: A loaded bundle.
        num_envs: For how many environments to prepare; :meth:`reset` changes it.
    """

    def __init__(self, bundle: Bundle, num_envs: int = 1) -> None:
        self.name = "policy"
        self.parametrisation: Parametrisation = bundle.contract.parametrisation
        self._bundle = bundle
        self._session = bundle.session
        self._bind(num_envs)

    def _bind(self, num_envs: int) -> None:
        contract = self._bundle.contract
        self._observation = np.zeros((num_envs, len(contract.observation)), dtype=np.float32)
        self._action = np.zeros((num_envs, len(contract.action)), dtype=np.float32)
        self._binding = self._session.io_binding()
        self._binding.bind_input(
            INPUT_NAME,
            _CPU,
            0,
            np.float32,
            self._observation.shape,
            self._observation.ctypes.data,
        )
        self._binding.bind_output(
            OUTPUT_NAME, _CPU, 0, np.float32, self._action.shape, self._action.ctypes.data
        )

    def reset(self, contract: Contract, num_envs: int) -> None:
        """Prepare for a number of environments; the policy itself has no memory.

        Args:
            contract: What the caller observes and commands.
            num_envs: How many environments each call brings.

        Raises:
            BundleError: The contract is not the one that the policy was trained for.
        """
        if contract.digest != self._bundle.manifest.contract_digest:
            trained = self._bundle.contract
            msg = (
                f"contract: the policy was trained for {trained.digest[:12]}… of "
                f"{trained.district!r}, it is asked to run {contract.digest[:12]}… of "
                f"{contract.district!r}; name the district and task it was trained on"
            )
            raise BundleError(msg)
        if num_envs != self._observation.shape[0]:
            self._bind(num_envs)

    def act(self, observation: Float32Array) -> FloatArray:
        """Return the actions for one observation per environment.

        Args:
            observation: Shape ``(num_envs, n_observation)``, physical units.

        Returns:
            Shape ``(num_envs, n_action)``, physical units, inside the contract's bounds; a fresh
            array. A NaN in an observation makes its row NaN, which the guard refuses.
        """
        if observation.shape != self._observation.shape:
            width = self._observation.shape[1]
            if observation.ndim != 2 or observation.shape[1] != width:
                msg = (
                    f"observation: its shape is {observation.shape}, the policy takes "
                    f"(environments, {width}); build it with the bundle's contract"
                )
                raise BundleError(msg)
            self._bind(observation.shape[0])
        np.copyto(self._observation, observation)
        self._session.run_with_iobinding(self._binding)
        return self._action.astype(np.float64)
