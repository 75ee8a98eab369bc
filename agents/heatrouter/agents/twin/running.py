"""Run the twin: one controller, one state, as many futures as the fan has members."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from heatrouter.agents.protocol import Controller, PlantAware
from heatrouter.envs import kpis
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.objective import TERMS
from heatrouter.envs.simulation.district_batch import DistrictBatch

CLOSURE_LIMIT = 1e-9
"""Residual over throughput that the simulator promises."""


@dataclass(frozen=True)
class TwinRun:
    """What the twin saw ahead, member by member; member 0 is the scenario itself.

    Attributes:
        dt_s: Length of a control step, s.
        columns: Name of an output to its column.
        outputs: ``(n_steps, n_members, n_columns)``.
        terms_eur: Terms of the objective, ``(n_steps, n_members, n_terms)``, order of
            ``objective.TERMS``.
        kpis: Key figures, each ``(n_members,)``; NaN where one is not defined.
        loop_s: Wall time of the closed loop, compilation and setting up excluded, s.
    """

    dt_s: float
    columns: Mapping[str, int]
    outputs: FloatArray
    terms_eur: FloatArray
    kpis: dict[str, FloatArray]
    loop_s: float

    @property
    def closure(self) -> float:
        """Largest residual of the energy balance among the members, over throughput."""
        return float(np.max(self.kpis["energy_closure_relative"]))

    def column(self, name: str) -> FloatArray:
        """One output, ``(n_steps, n_members)``; raises KeyError for an unknown name."""
        return self.outputs[:, :, self.columns[name]]


def run_twin(
    batch: DistrictBatch, controller: Controller, state: Mapping[str, np.ndarray], steps: int
) -> TwinRun:
    """Go on from a state.

    Args:
        batch: The closed loop, one environment per member.
        controller: What decides; it is reset to the batch's contract.
        state: What ``batch.save_state`` gives; every environment goes on from it.
        steps: Control steps, at least 1.
    """
    if isinstance(controller, PlantAware):
        controller.attach(batch)
    controller.reset(batch.contract, batch.num_envs)
    _compile(batch, controller, state)
    controller.reset(batch.contract, batch.num_envs)
    batch.restore_state(state)
    outputs = np.empty((steps, batch.num_envs, len(batch.columns)))
    terms = np.empty((steps, batch.num_envs, len(TERMS)))
    observation = batch.observation.astype(np.float32)
    begin = time.perf_counter()
    for k in range(steps):
        step = batch.step(controller.act(observation))
        outputs[k] = step.outputs
        terms[k] = step.term_values
        observation = step.observation
    loop_s = time.perf_counter() - begin
    return TwinRun(
        dt_s=batch.task.control_dt_s,
        columns=batch.columns,
        outputs=outputs,
        terms_eur=terms,
        kpis=_figures(batch, outputs, terms),
        loop_s=loop_s,
    )


def _compile(batch: DistrictBatch, controller: Controller, state: Mapping[str, np.ndarray]) -> None:
    """Load or compile the kernels with one step that nobody sees."""
    batch.restore_state(state)
    batch.step(controller.act(batch.observation.astype(np.float32)))


def _figures(batch: DistrictBatch, outputs: FloatArray, terms: FloatArray) -> dict[str, FloatArray]:
    layout = kpis.KpiLayout.build(batch.district, batch.columns)
    sums = kpis.start(batch.num_envs)
    for step, values in zip(outputs, terms, strict=True):
        named = dict(zip(TERMS, values.T, strict=True))
        sums = kpis.accumulate(layout, sums, step, named, batch.task.control_dt_s)
    return kpis.summary(sums)
