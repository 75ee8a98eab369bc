"""What training uses of the closed loop, so that tests can put another one in its place."""

from typing import Protocol

from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray, IntArray
from heatrouter.envs.contract import Contract


class BatchStepLike(Protocol):
    """What is read of a :class:`~heatrouter.envs.simulation.district_batch.BatchStep`."""

    @property
    def observation(self) -> Float32Array: ...  # noqa: D102
    @property
    def reward(self) -> FloatArray: ...  # noqa: D102
    @property
    def truncated(self) -> BoolArray: ...  # noqa: D102
    @property
    def final_observation(self) -> Float32Array: ...  # noqa: D102
    @property
    def terms(self) -> dict[str, FloatArray]: ...  # noqa: D102
    @property
    def outputs(self) -> FloatArray: ...  # noqa: D102


class TrainingBatch(Protocol):
    """What is used of a :class:`~heatrouter.envs.simulation.district_batch.DistrictBatch`."""

    @property
    def contract(self) -> Contract: ...  # noqa: D102
    @property
    def num_envs(self) -> int: ...  # noqa: D102
    def reset(self) -> Float32Array: ...  # noqa: D102
    def step(self, action: FloatArray) -> BatchStepLike: ...  # noqa: D102


class SearchBatch(Protocol):
    """What is used of a :class:`~heatrouter.envs.simulation.district_batch.DistrictBatch`."""

    @property
    def contract(self) -> Contract: ...  # noqa: D102
    @property
    def num_envs(self) -> int: ...  # noqa: D102
    def reset_to(self, scenario: IntArray, start_step: IntArray) -> Float32Array: ...  # noqa: D102
    def step(self, action: FloatArray) -> BatchStepLike: ...  # noqa: D102


class Shaping(Protocol):
    """What is used of a :class:`~heatrouter.training.imitation.shaping.ReferenceValue`."""

    def before(self) -> None: ...  # noqa: D102
    def added(self, after: FloatArray) -> FloatArray: ...  # noqa: D102
