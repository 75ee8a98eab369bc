"""What a run needs before PPO starts: scenarios, the best constant action, the cost baseline."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console

from heatrouter.agents.evaluation_weeks import draw_weeks, starts
from heatrouter.envs.actuate import denormalise
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import Mistake, TrainingConfigError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR
from heatrouter.training.config import TrainingConfig
from heatrouter.training.constant_price_search import ConstantPrice, search_constant_price
from heatrouter.training.cost_baseline import CostBaseline, fit_baseline
from heatrouter.training.run_folder import RunFolder


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
            TrainingConfigError: The sub-step does not divide the control step.
        """
        scenarios = config.scenarios
        dt_s = task.sim_dt_s if config.sim_dt_s is None else config.sim_dt_s
        if task.control_dt_s % dt_s:
            message = f"{dt_s:g} must divide the task's control_dt_s {task.control_dt_s:g}"
            subject = f"configuration {config.name}"
            raise TrainingConfigError(subject, [Mistake("sim_dt_s", message)])
        return cls(
            config,
            task,
            task.model_copy(update={"sim_dt_s": dt_s}),
            district,
            build_library(district, "train", scenarios.train_years, scenarios.train_seed),
            build_library(
                district, "validation", scenarios.validation_years, scenarios.validation_seed
            ),
        )


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was found before PPO starts.

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
        num_envs=config.ppo.environments,
        seed=config.seed,
    )
    if not search:
        normalised = np.zeros(len(batch.contract.action))
    baseline = None
    if config.reward_baseline:
        action = denormalise(batch.contract, normalised)
        baseline = fit_baseline(batch, inputs.train, action, config.ppo.rollout_steps)
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
