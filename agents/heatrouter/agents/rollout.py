"""Run a controller in the closed loop and keep what is asked for."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from heatrouter.agents.protocol import Controller, PlantAware
from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.guard.verdict import Verdict

if TYPE_CHECKING:
    from heatrouter.envs.simulation.district_batch import DistrictBatch


class StepLike(Protocol):
    """What a rollout reads of a step; see ``envs.simulation.district_batch``."""

    @property
    def observation(self) -> Float32Array: ...  # noqa: D102
    @property
    def truncated(self) -> BoolArray: ...  # noqa: D102
    @property
    def terms(self) -> dict[str, FloatArray]: ...  # noqa: D102
    @property
    def outputs(self) -> FloatArray: ...  # noqa: D102
    @property
    def set_points(self) -> FloatArray: ...  # noqa: D102
    @property
    def verdict(self) -> Verdict: ...  # noqa: D102


class BatchLike(Protocol):
    """What a rollout needs of a district batch; see ``envs.simulation.district_batch``."""

    @property
    def contract(self) -> Contract: ...  # noqa: D102
    @property
    def columns(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def num_envs(self) -> int: ...  # noqa: D102
    def reset(self) -> Float32Array: ...  # noqa: D102
    def reset_to(  # noqa: D102
        self, scenario: IntArray, start_step: IntArray, *, truncate: bool = True
    ) -> Float32Array: ...
    def step(self, action: FloatArray) -> StepLike: ...  # noqa: D102


@dataclass(frozen=True)
class Trajectory:
    """What happened, in arrays of time by environment.

    Attributes:
        dt_s: Length of a step, s.
        columns: Name to position of the outputs that were kept.
        outputs: Shape ``(n_steps, n_envs, n_kept)``.
        set_point_names: Names of the set-points.
        set_points: What the guard let through, ``(n_steps, n_envs, n_set_points)``.
        terms: Terms of the objective, €, each ``(n_steps, n_envs)``.
        decision_s: Time of each decision, all environments together, s, ``(n_steps,)``.
    """

    dt_s: float
    columns: Mapping[str, int]
    outputs: FloatArray
    set_point_names: tuple[str, ...]
    set_points: FloatArray
    terms: dict[str, FloatArray]
    decision_s: FloatArray

    def column(self, name: str) -> FloatArray:
        """One output that was kept, ``(n_steps, n_envs)``; raises KeyError otherwise."""
        return self.outputs[:, :, self.columns[name]]

    @property
    def cost_eur(self) -> FloatArray:
        """Sum of all terms over all steps, €, ``(n_envs,)``."""
        total: FloatArray = np.sum([term.sum(axis=0) for term in self.terms.values()], axis=0)
        return total


def rollout(
    batch: BatchLike,
    controller: Controller,
    steps: int,
    *,
    starts: tuple[IntArray, IntArray] | None = None,
    columns: Sequence[str] | None = None,
    on_step: Callable[[int, StepLike], None] | None = None,
) -> Trajectory:
    """Let a controller run a batch.

    Args:
        batch: The closed loop; it is reset first.
        controller: What decides; it is attached to the batch if it asks for one, and reset to the
            batch's contract.
        steps: Control steps, at least 1.
        starts: Scenario and start step of each environment, each ``(n_envs,)``; at random
            if not given.
        columns: Outputs to keep, all if not given. A year of all outputs of many environments
            does not fit into memory.
        on_step: Called with the number and the result of each step, for sums over all outputs.

    Returns:
        What happened.

    Raises:
        KeyError: An output in `columns` does not exist.
    """
    names = tuple(batch.columns) if columns is None else tuple(columns)
    missing = [name for name in names if name not in batch.columns]
    if missing:
        message = f"outputs {missing} do not exist in district {batch.contract.district}"
        raise KeyError(message)
    kept = np.array([batch.columns[name] for name in names], dtype=np.int64)
    contract, num_envs = batch.contract, batch.num_envs
    outputs = np.empty((steps, num_envs, kept.size))
    set_points = np.empty((steps, num_envs, len(contract.set_points)))
    terms: dict[str, FloatArray] = {}
    decision_s = np.empty(steps)

    if isinstance(controller, PlantAware):
        controller.attach(cast("DistrictBatch", batch))
    controller.reset(contract, num_envs)
    # An episode that ended on the way would hand the rest to another scenario.
    observation = batch.reset() if starts is None else batch.reset_to(*starts, truncate=False)
    for index in range(steps):
        begin = time.perf_counter()
        action = controller.act(observation)
        decision_s[index] = time.perf_counter() - begin
        step = batch.step(action)
        outputs[index] = step.outputs[:, kept]
        set_points[index] = step.set_points
        for term, value in step.terms.items():
            if term not in terms:
                terms[term] = np.zeros((steps, num_envs))
            terms[term][index] = value
        if on_step is not None:
            on_step(index, step)
        observation = step.observation
    return Trajectory(
        dt_s=contract.control_dt_s,
        columns={name: position for position, name in enumerate(names)},
        outputs=outputs,
        set_point_names=tuple(point.name for point in contract.set_points),
        set_points=set_points,
        terms=terms,
        decision_s=decision_s,
    )
