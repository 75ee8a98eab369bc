"""What one step of the closed loop gives, what it needs of a plant, and what it remembers."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import DistrictError
from heatrouter.envs.guard import Verdict
from heatrouter.envs.objective import TERMS


class BatchStep(NamedTuple):
    """What one step of all environments gave. All arrays are fresh.

    Where no episode ended, ``final_observation`` is the very array of ``observation``.
    """

    observation: Float32Array  # (num_envs, n_obs); of the new episode where truncated
    reward: FloatArray  # (num_envs,) minus the cost in €, all terms
    truncated: BoolArray  # (num_envs,)
    final_observation: Float32Array  # (num_envs, n_obs); of the ended episode where truncated
    term_values: FloatArray  # (num_envs, n_terms) €, in the order of objective.TERMS
    outputs: FloatArray  # (num_envs, n_columns)
    set_points: FloatArray  # (num_envs, n_set_points) executed, after the guard
    proposal: FloatArray  # (num_envs, n_set_points) before the guard
    verdict: Verdict

    @property
    def terms(self) -> dict[str, FloatArray]:
        """Every term of the objective by name, €, each ``(num_envs,)``."""
        return dict(zip(TERMS, self.term_values.T, strict=True))


class Plant(Protocol):
    """What the loop needs of :class:`~heatrouter.envs.simulation.simulation.Simulation`."""

    columns: dict[str, int]

    @property
    def set_point_names(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def time_s(self) -> IntArray: ...  # noqa: D102
    @property
    def scenario(self) -> IntArray: ...  # noqa: D102
    def reset(  # noqa: D102
        self, envs: IntArray, scenario: IntArray, start_s: IntArray, seeds: IntArray
    ) -> None: ...
    def advance(self, set_points: FloatArray, sub_steps: int) -> FloatArray: ...  # noqa: D102
    def save_state(self) -> dict[str, np.ndarray]: ...  # noqa: D102
    def restore_state(  # noqa: D102
        self, saved: Mapping[str, np.ndarray], envs: IntArray | None = None
    ) -> None: ...


MakePlant = Callable[[int], Plant]
"""Makes the plant of a number of environments."""


def plant_order(contract: Contract, plant: Plant) -> IntArray | None:
    """Positions of the plant's set-points among the contract's; None where they are the same.

    Raises:
        DistrictError: The plant takes other set-points than the contract has.
    """
    names = tuple(point.name for point in contract.set_points)
    if plant.set_point_names == names:
        return None
    if sorted(plant.set_point_names) != sorted(names):
        message = f"{contract.district}: the plant takes {plant.set_point_names}, not {names}"
        raise DistrictError(message)
    return np.array([names.index(name) for name in plant.set_point_names], dtype=np.int64)


def with_rows(
    memory: tuple[np.ndarray, ...], envs: IntArray, fresh: tuple[np.ndarray, ...]
) -> list[np.ndarray]:
    """Arrays of a memory with some rows replaced; the old arrays stay as they are."""
    arrays = []
    for old, new in zip(memory, fresh, strict=True):
        array = old.copy()
        array[envs] = new
        arrays.append(array)
    return arrays
