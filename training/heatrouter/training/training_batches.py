"""The closed loops that a training steps: by stage of a curriculum, variants side by side."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.events import EventRates
from heatrouter.envs.spec.task import Task
from heatrouter.training.batch_groups import BatchGroups
from heatrouter.training.batch_protocols import TrainingBatch
from heatrouter.training.config_variety import Stage
from heatrouter.training.cost_baseline import BaselineLookup, CostBaseline
from heatrouter.training.district_variants import district_variants
from heatrouter.training.mild_starts import MildBatch
from heatrouter.training.preparation import TrainingInputs, training_library

_MOST_A_YEAR = 365.0
_SEEDS_APART = 1_000_003  # between stages: another one meets other episodes


class ResumableBatch(TrainingBatch, Protocol):
    """A batch whose state can be kept."""

    @property
    def columns(self) -> dict[str, int]: ...  # noqa: D102
    def save_state(self) -> dict[str, np.ndarray[Any, Any]]: ...  # noqa: D102
    def restore_state(self, saved: Mapping[str, np.ndarray[Any, Any]]) -> None: ...  # noqa: D102


class Made(NamedTuple):
    """A closed loop, and what its rewards are counted from."""

    batch: ResumableBatch
    baseline_eur: Callable[[], FloatArray] | None


class TrainingBatches:
    """Makes the batch of every stage.

    Args:
        inputs: What the run is made of.
        baseline: What rewards are counted from; None for zero.

    Raises:
        TrainingConfigError: Variants of the district cannot be made as configured.
    """

    def __init__(self, inputs: TrainingInputs, baseline: CostBaseline | None) -> None:
        self._inputs, self._baseline = inputs, baseline
        self._settings = inputs.config.randomisation
        self._districts = district_variants(inputs.district, inputs.training_task, self._settings)
        self._libraries: list[ScenarioLibrary] = []

    def stage_at(self, steps: int) -> int:
        """Return the number of the stage after so many control steps of all environments."""
        config = self._inputs.config
        ends = [stage.until_share * config.total_steps for stage in config.curriculum.stages]
        return sum(steps >= end for end in ends)

    def make(self, stage: int) -> Made:
        """Make the closed loop of a stage; the same arguments make the same episodes."""
        config = self._inputs.config
        stages = config.curriculum.stages
        settings = stages[stage] if stage < len(stages) else None
        task = self._task(settings)
        share = 1.0 if settings is None else settings.easiest_share
        each = config.acting.environments // len(self._districts)
        groups: list[DistrictBatch] = []
        lookups: list[BaselineLookup] = []
        for number, (district, library) in enumerate(
            zip(self._districts, self._every_library(), strict=True)
        ):
            common: dict[str, Any] = {
                "num_envs": each,
                "seed": config.seed + _SEEDS_APART * stage,
                "first_env": number * each,
            }
            batch: DistrictBatch = (
                MildBatch(district, task, library, easiest_share=share, **common)
                if share < 1.0
                else DistrictBatch(district, task, library, **common)
            )
            groups.append(batch)
            if self._baseline is not None:
                lookups.append(BaselineLookup(self._baseline, batch, library))
        whole: ResumableBatch = groups[0] if len(groups) == 1 else BatchGroups(groups)
        if not lookups:
            return Made(whole, None)
        if len(lookups) == 1:
            return Made(whole, lookups[0])
        return Made(whole, lambda: np.concatenate([lookup() for lookup in lookups]))

    def _every_library(self) -> list[ScenarioLibrary]:
        """Scenarios of every variant; those of the first are the run's own."""
        if not self._libraries:
            self._libraries = [self._inputs.train] + [
                training_library(self._inputs.config, district, variant=number)
                for number, district in enumerate(self._districts[1:], start=1)
            ]
        return self._libraries

    def _task(self, stage: Stage | None) -> Task:
        task = self._inputs.training_task
        rates = self._settings.faults or task.event_rates
        changes: dict[str, object] = {"event_rates": rates}
        if stage is not None:
            changes["event_rates"] = _scaled(rates, stage.faults_factor)
            if stage.forecast is not None:
                changes["forecast"] = task.forecast.model_copy(update={"kind": stage.forecast})
        return task.model_copy(update=changes)


def _scaled(rates: EventRates | None, factor: float) -> EventRates | None:
    if rates is None:
        return None
    scaled = {name: min(rate * factor, _MOST_A_YEAR) for name, rate in rates.model_dump().items()}
    return EventRates(**scaled)
