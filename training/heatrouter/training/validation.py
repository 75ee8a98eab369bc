"""Scores on validation weeks: the rules once, the policy again and again."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.evaluation_weeks import draw_weeks, starts
from heatrouter.agents.protocol import Controller
from heatrouter.agents.rollout import StepLike, Trajectory, rollout
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR
from heatrouter.training.config import EvaluationSettings
from heatrouter.training.config_fines import Fine
from heatrouter.training.limit_fines import LimitFines
from heatrouter.training.onnx_export import ExportedGraph


class TorchController:
    """The mean action of a network, through the graph that will be exported.

    Args:
        graph: The network with its scaling and units.
        parametrisation: What its actions mean.
    """

    def __init__(self, graph: ExportedGraph, parametrisation: Parametrisation) -> None:
        self.name = "policy"
        self.parametrisation: Parametrisation = parametrisation
        self._graph = graph

    def reset(self, contract: Contract, num_envs: int) -> None:
        """Nothing to prepare: the network has no memory and takes any number of environments."""

    def act(self, observation: Float32Array) -> FloatArray:
        """Return actions in physical units, shape ``(num_envs, n_action)``."""
        with torch.no_grad():
            action = self._graph(torch.as_tensor(observation))
        return np.asarray(action.numpy(), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Score:
    """Cost over all validation weeks.

    Attributes:
        cost_eur: Of the controller, all weeks together.
        rules_cost_eur: Of the rules.
        saving: Share of the rules' cost that is saved.
        terms_eur: Terms of the objective, all weeks together.
        fines_eur: For limits that were left, all weeks together; not in the cost.
    """

    cost_eur: float
    rules_cost_eur: float
    saving: float
    terms_eur: dict[str, float]
    fines_eur: float = 0.0


class Validation:
    """The validation weeks, with the rules' cost on them.

    Args:
        district: The district.
        task: The task of the policy.
        library: Validation scenarios.
        settings: Number and length of the weeks.
        fines: On limits, beside the cost.
    """

    def __init__(
        self,
        district: District,
        task: Task,
        library: ScenarioLibrary,
        settings: EvaluationSettings,
        fines: tuple[Fine, ...] = (),
    ) -> None:
        self._district, self._library = district, library
        self._weeks = draw_weeks(library, settings.weeks, seed=settings.seed, hours=settings.hours)
        self._steps = round(settings.hours * SECONDS_PER_HOUR / task.control_dt_s)
        self._batch = self._make_batch(task)
        self._fines = LimitFines(district, fines, self._batch.columns, task.control_dt_s)
        rules = ConstantAction("rules", "offset")
        rules_batch = self._make_batch(task.model_copy(update={"parametrisation": "offset"}))
        self.rules_eur = self._run(rules_batch, rules).cost_eur

    @property
    def starts(self) -> list[str]:
        """Scenario and start of each week, for the record."""
        return [f"{week.scenario} {week.start_utc}" for week in self._weeks]

    def score(self, controller: Controller) -> Score:
        """Run a controller of the task's parametrisation over the weeks."""
        fines_eur = 0.0

        def fine(_: int, step: StepLike) -> None:
            nonlocal fines_eur
            fines_eur += sum(float(fine.sum()) for fine in self._fines(step.outputs).values())

        path = self._run(self._batch, controller, fine)
        rules, cost = float(self.rules_eur.sum()), float(path.cost_eur.sum())
        terms = {name: float(values.sum()) for name, values in path.terms.items()}
        return Score(cost, rules, (rules - cost) / abs(rules), terms, fines_eur)

    def _make_batch(self, task: Task) -> DistrictBatch:
        # One step more than a week: no environment starts a new episode during the score.
        hours = (self._steps + 1) * task.control_dt_s / SECONDS_PER_HOUR
        return DistrictBatch(
            self._district,
            task.model_copy(update={"episode_hours": hours}),
            self._library,
            num_envs=len(self._weeks),
            seed=0,
        )

    def _run(
        self,
        batch: DistrictBatch,
        controller: Controller,
        on_step: Callable[[int, StepLike], None] | None = None,
    ) -> Trajectory:
        return rollout(
            batch,
            controller,
            self._steps,
            starts=starts(self._weeks),
            columns=(),
            on_step=on_step,
        )
