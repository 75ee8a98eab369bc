"""Several batches as one: variants of a district, side by side, stepped one after the other."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.simulation.district_batch import DistrictBatch


class GroupStep(NamedTuple):
    """As :class:`~heatrouter.envs.simulation.district_batch.BatchStep`, of all groups."""

    observation: Float32Array
    reward: FloatArray
    truncated: BoolArray
    final_observation: Float32Array
    terms: dict[str, FloatArray]
    outputs: FloatArray


class BatchGroups:
    """What training steps where districts differ.

    All groups answer to the contract of the first: names, order and units are the same, and
    actions are put into the range of each group's own contract.

    Args:
        groups: At least one; the environments of the first come first.
    """

    def __init__(self, groups: Sequence[DistrictBatch]) -> None:
        self.groups = tuple(groups)
        self.contract: Contract = groups[0].contract
        self.columns = groups[0].columns
        self.num_envs = sum(group.num_envs for group in groups)
        ends = np.cumsum([group.num_envs for group in groups])
        self._slices = [
            slice(int(end) - group.num_envs, int(end))
            for end, group in zip(ends, groups, strict=True)
        ]
        self._ranges = [group.contract.bounds("action") for group in groups]

    def reset(self) -> Float32Array:
        """Start all episodes anew; returns observations ``(num_envs, n_observation)``."""
        return np.concatenate([group.reset() for group in self.groups])

    def step(self, action: FloatArray) -> GroupStep:
        """Take one control step; actions in physical units, ``(num_envs, n_action)``."""
        steps = [
            group.step(np.clip(action[part], *bounds))
            for group, part, bounds in zip(self.groups, self._slices, self._ranges, strict=True)
        ]
        terms = [step.terms for step in steps]
        return GroupStep(
            np.concatenate([step.observation for step in steps]),
            np.concatenate([step.reward for step in steps]),
            np.concatenate([step.truncated for step in steps]),
            np.concatenate([step.final_observation for step in steps]),
            {name: np.concatenate([part[name] for part in terms]) for name in terms[0]},
            np.concatenate([step.outputs for step in steps]),
        )

    def save_state(self) -> dict[str, np.ndarray[Any, Any]]:
        """Everything that later steps depend on, as fresh arrays."""
        return {
            f"{number}.{name}": array
            for number, group in enumerate(self.groups)
            for name, array in group.save_state().items()
        }

    def restore_state(self, saved: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Go back to a saved state, exactly."""
        for number, group in enumerate(self.groups):
            prefix = f"{number}."
            own = {k.removeprefix(prefix): v for k, v in saved.items() if k.startswith(prefix)}
            group.restore_state(own)
