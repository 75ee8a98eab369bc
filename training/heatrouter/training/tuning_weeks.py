"""What candidates cost on a set of weeks: closed loops of the district, side by side."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from heatrouter.agents.evaluation_limits import Limit, limits_of
from heatrouter.agents.evaluation_results import ViolationKind, Week
from heatrouter.agents.evaluation_weeks import draw_weeks, starts
from heatrouter.envs.actuate import denormalise
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.rule_parameters import RuleParameters
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR

FINE_EUR_PER_H: Final = 5000.0
"""Of every hour outside a limit that protects and that the objective has no price for.

No money, but what keeps a search from saving by a supply that is too cold for hot water: a step of
15 minutes in twelve weeks weighs about as much as one per cent of a small town's costs."""

_FINED: Final[tuple[ViolationKind, ...]] = ("hot water", "overheating", "pressure")


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
        self._limits: tuple[Limit, ...] = tuple(
            limit for limit in limits_of(district) if limit.kind in _FINED
        )
        self.weeks: tuple[Week, ...] = draw_weeks(library, count, seed=seed, hours=hours)

    def contract(self, parametrisation: Parametrisation) -> Contract:
        """The contract of the loop with actions of one parametrisation."""
        return build_contract(self._district, self._altered(parametrisation))

    def rules_cost(self, rules: RuleParameters) -> float:
        """Mean cost of a week by rules, with fines, €."""
        batch = self._batch("offset", rules, 1)
        return float(self._costs(batch, np.zeros((1, len(batch.contract.action))))[0])

    def price_costs(self, rules: RuleParameters, actions: Sequence[FloatArray]) -> FloatArray:
        """Mean cost of a week by constant heat prices, with fines, €, one for each action.

        Args:
            rules: Whose heating curve the supply offsets shift.
            actions: Normalised, ``(n_action,)`` each.
        """
        batch = self._batch("heat_price", rules, len(actions))
        return self._costs(batch, np.stack(actions))

    def _costs(self, batch: DistrictBatch, candidates: FloatArray) -> FloatArray:
        """Mean cost of a week by constant normalised actions, ``(n_candidates, n_action)``."""
        scenario, first_step = starts(self.weeks)
        count, dt_s = len(candidates), self._task.control_dt_s
        action = np.repeat(denormalise(batch.contract, candidates), len(self.weeks), axis=0)
        batch.reset_to(np.tile(scenario, count), np.tile(first_step, count))
        total = np.zeros(batch.num_envs)
        fine_eur = FINE_EUR_PER_H * dt_s / SECONDS_PER_HOUR
        for _ in range(round(self._hours * SECONDS_PER_HOUR / dt_s)):
            step = batch.step(action)
            total -= step.reward
            for limit in self._limits:
                _, outside = limit.distance(step.outputs[np.newaxis], batch.columns, dt_s)
                total += fine_eur * outside[0]
        costs: FloatArray = total.reshape(count, len(self.weeks)).mean(axis=1)
        return costs

    def _batch(
        self, parametrisation: Parametrisation, rules: RuleParameters, candidates: int
    ) -> DistrictBatch:
        return DistrictBatch(
            self._district,
            self._altered(parametrisation).model_copy(update={"rules": rules}),
            self._library,
            num_envs=candidates * len(self.weeks),
            seed=0,  # weeks begin where they are told to, in states that follow from the week
        )

    def _altered(self, parametrisation: Parametrisation) -> Task:
        # one step more than a week, so that no environment starts a new episode
        longer = self._hours + self._task.control_dt_s / SECONDS_PER_HOUR
        changes = {"parametrisation": parametrisation, "episode_hours": longer}
        return self._task.model_copy(update=changes)
