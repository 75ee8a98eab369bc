"""What a run needs before it learns: scenarios, the best constant action, the cost baseline."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from rich.console import Console

from heatrouter.agents.evaluation_weeks import draw_weeks, starts
from heatrouter.envs.actuate import denormalise
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.scenarios.varied_tariffs import vary_tariffs
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR
from heatrouter.training.config import PpoSettings, TrainingConfig
from heatrouter.training.config_fit import fitting_mistakes
from heatrouter.training.constant_price_search import ConstantPrice, search_constant_price
from heatrouter.training.cost_baseline import CostBaseline, fit_baseline
from heatrouter.training.run_folder import RunFolder

BASELINE_SAMPLES: Final = 10_752
"""Control steps of all environments that the reward's baseline is fitted to at least."""
VARIANT_SEEDS_APART: Final = 100_003
"""Between the scenarios of a district's variants."""


@dataclass(frozen=True, slots=True)
class TrainingInputs:
    """What a run is made of.

    Attributes:
        config: The configuration.
        task: The task that it names.
        training_task: The same with the simulator's sub-step of the training.
        district: The district of that task.
        train: Training scenarios.
        validation: Validation scenarios.
    """

    config: TrainingConfig
    task: Task
    training_task: Task
    district: District
    train: ScenarioLibrary
    validation: ScenarioLibrary

    @classmethod
    def load(cls, config: TrainingConfig, task: Task, district: District) -> "TrainingInputs":
        """Make the scenarios.

        Raises:
            TrainingConfigError: The configuration does not fit task, district or scenarios.
        """
        dt_s = task.sim_dt_s if config.sim_dt_s is None else config.sim_dt_s
        mistakes = fitting_mistakes(config, task, district)
        if mistakes:
            subject = f"configuration {config.name}"
            raise TrainingConfigError(subject, mistakes)
        return cls(
            config,
            task,
            task.model_copy(update={"sim_dt_s": dt_s}),
            district,
            training_library(config, district),
            validation_library(config, district),
        )


def training_library(
    config: TrainingConfig, district: District, *, variant: int = 0
) -> ScenarioLibrary:
    """Make the training scenarios of a district, or of one of its variants.

    Args:
        config: The run's configuration.
        district: The district.
        variant: Its number; variants share the number of years between them.
    """
    scenarios = config.scenarios
    years = scenarios.train_years
    if variant:
        years = max(years // config.randomisation.variants, 1)
    seed = scenarios.train_seed + VARIANT_SEEDS_APART * variant
    library = build_library(district, "train", years, seed, scenarios.data, scenarios.train)
    return vary_tariffs(library, config.randomisation.tariffs, config.randomisation.seed)


def validation_library(config: TrainingConfig, district: District) -> ScenarioLibrary:
    """Make the scenarios that the best policy is chosen on, as varied as those of the training.

    Args:
        config: The run's configuration.
        district: The district.
    """
    scenarios = config.scenarios
    library = build_library(
        district,
        "validation",
        scenarios.validation_years,
        scenarios.validation_seed,
        scenarios.data,
        scenarios.validation,
    )
    return vary_tariffs(library, config.randomisation.tariffs, config.randomisation.seed)


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was found before the learning starts.

    Attributes:
        normalised: Action that the policy starts from, shape ``(n_action,)``.
        search: How it was found, for the record; empty without a search.
        baseline: What rewards are counted from; None for zero.
    """

    normalised: FloatArray
    search: Mapping[str, Any]
    baseline: CostBaseline | None

    def to_record(self) -> dict[str, Any]:
        """Plain data that reads back bit for bit."""
        record: dict[str, Any] = {
            "normalised": self.normalised.tolist(),
            "search": dict(self.search),
            "baseline": None,
        }
        if self.baseline is not None:
            record["baseline"] = {
                "explained": self.baseline.explained,
                "weights": self.baseline.weights.tolist(),
            }
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Preparation":
        """Read what :meth:`to_record` wrote."""
        kept = record["baseline"]
        baseline = None
        if kept is not None:
            baseline = CostBaseline(np.array(kept["weights"]), float(kept["explained"]))
        return cls(np.array(record["normalised"]), record["search"], baseline)


def prepare(inputs: TrainingInputs, run: RunFolder, console: Console) -> Preparation:
    """Search the best constant action and fit the baseline, as the configuration says.

    Args:
        inputs: What the run is made of.
        run: Where the constant action is written for ``heatrouter evaluate``.
        console: Where progress goes.
    """
    config = inputs.config
    normalised, search = np.zeros(0), {}
    if config.constant_price.enabled:
        begin = time.perf_counter()
        found = _search(inputs, console)
        found.write(run.constant_price)
        normalised = found.normalised
        search = {
            "values": found.values,
            "cost_eur": found.cost_eur,
            "neutral_cost_eur": found.neutral_cost_eur,
            "history_eur": list(found.history_eur),
            "trials": found.trials,
            "seconds": round(time.perf_counter() - begin, 1),
        }
    batch = DistrictBatch(
        inputs.district,
        inputs.training_task,
        inputs.train,
        num_envs=config.acting.environments,
        seed=config.seed,
    )
    if not search:
        normalised = np.zeros(len(batch.contract.action))
    baseline = None
    if config.reward_baseline:
        action = denormalise(batch.contract, normalised)
        acting = config.acting
        # SAC and TQC update after a few hours: too few samples for a regression.
        steps = (
            acting.rollout_steps
            if isinstance(acting, PpoSettings)
            else max(acting.rollout_steps, BASELINE_SAMPLES // acting.environments)
        )
        baseline = fit_baseline(batch, inputs.train, action, steps)
        console.print(
            f"reward baseline: weather and prices explain {100.0 * baseline.explained:.0f} % "
            "of the cost",
            highlight=False,
        )
    return Preparation(normalised, search, baseline)


def _search(inputs: TrainingInputs, console: Console) -> ConstantPrice:
    config, settings = inputs.config, inputs.config.constant_price
    begin = time.perf_counter()
    weeks = draw_weeks(inputs.train, settings.weeks, seed=config.seed, hours=settings.hours)
    longer = settings.hours + inputs.task.control_dt_s / SECONDS_PER_HOUR
    batch = DistrictBatch(
        inputs.district,
        inputs.training_task.model_copy(update={"episode_hours": longer}),
        inputs.train,
        num_envs=settings.candidates * settings.weeks,
        seed=config.seed,
    )

    def report(generation: int, best: float, neutral: float) -> None:
        saved = 100.0 * (neutral - best) / abs(neutral)
        console.print(
            f"constant price {generation + 1}/{settings.generations}: saves {saved:+.2f} % of the "
            f"neutral prices' cost, {time.perf_counter() - begin:.0f} s",
            highlight=False,
        )

    return search_constant_price(
        batch, starts(weeks), settings, seed=config.seed, on_generation=report
    )
