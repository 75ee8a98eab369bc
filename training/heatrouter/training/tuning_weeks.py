"""What candidates cost on a set of weeks: closed loops of the district, side by side."""

from collections.abc import Sequence

import numpy as np

from heatrouter.agents.evaluation_results import Week
from heatrouter.agents.evaluation_weeks import draw_weeks, starts
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.dispatch.rule_parameters import RuleParameters
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR
from heatrouter.training.constant_price_search import trial_costs


class TuningWeeks:
    """A set of weeks of one split, the same for every candidate.

    Args:
        district: The district.
        task: Its task; the objective is taken from it.
        library: Scenarios of the split.
        count: Number of weeks, spread over the year.
        hours: Length of a week, h.
        seed: Of the draw of the weeks.
    """

    def __init__(
        self,
        district: District,
        task: Task,
        library: ScenarioLibrary,
        *,
        count: int,
        hours: float,
        seed: int,
    ) -> None:
        self._district, self._task, self._library = district, task, library
        self._hours = hours
        self.weeks: tuple[Week, ...] = draw_weeks(library, count, seed=seed, hours=hours)

    def contract(self, parametrisation: Parametrisation) -> Contract:
        """The contract of the loop with actions of one parametrisation."""
        return build_contract(self._district, self._altered(parametrisation))

    def rules_cost(self, rules: RuleParameters) -> float:
        """Mean cost of a week by rules, €."""
        batch = self._batch("offset", rules, 1)
        return float(trial_costs(batch, starts(self.weeks), self._neutral(batch), self._hours)[0])

    def price_costs(self, rules: RuleParameters, actions: Sequence[FloatArray]) -> FloatArray:
        """Mean cost of a week by constant heat prices, €, one for each normalised action.

        Args:
            rules: Whose heating curve the supply offsets shift.
            actions: Normalised, ``(n_action,)`` each.
        """
        batch = self._batch("heat_price", rules, len(actions))
        return trial_costs(batch, starts(self.weeks), np.stack(actions), self._hours)

    def _neutral(self, batch: DistrictBatch) -> FloatArray:
        return np.zeros((1, len(batch.contract.action)))

    def _batch(
        self, parametrisation: Parametrisation, rules: RuleParameters, candidates: int
    ) -> DistrictBatch:
        return DistrictBatch(
            self._district,
            self._altered(parametrisation),
            self._library,
            num_envs=candidates * len(self.weeks),
            seed=0,  # weeks begin where they are told to, in states that follow from the week
            rules=rules,
        )

    def _altered(self, parametrisation: Parametrisation) -> Task:
        # one step more than a week, so that no environment starts a new episode
        longer = self._hours + self._task.control_dt_s / SECONDS_PER_HOUR
        changes = {"parametrisation": parametrisation, "episode_hours": longer}
        return self._task.model_copy(update=changes)
