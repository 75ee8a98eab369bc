"""Rewards counted from what a course with foresight cost, and what its stores were worth.

A planner went through the same weeks before. Its cost at the same moment is subtracted: no action
changes it, and with it goes the part of the reward that weather and prices decide. What a store
holds more or less than it held then is worth the planner's price of heat: a deed shows its worth at
once, hours before the heat is used, and the discount may be short. That is potential-based shaping
(Ng, Harada and Russell 1999) with a linear programme's value in the place of a guess; it is used in
training alone and never observed.
"""

from collections.abc import Sequence

import numpy as np

from heatrouter.agents.planning.plant_facts import PlantFacts
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.units import KWH_PER_MWH
from heatrouter.training.imitation.collection import Course


class ReferenceValue:
    """What has been spent and is held, against the course of the same week.

    Args:
        batch: The closed loop, on the weeks of the courses in their order.
        courses: What was done in these weeks.
        price_share: Of the planner's price of heat that stored heat counts.
    """

    def __init__(
        self, batch: DistrictBatch, courses: Sequence[Course], price_share: float = 1.0
    ) -> None:
        self._batch = batch
        facts = PlantFacts.build(
            batch.district,
            batch.contract,
            batch.columns,
            fixed_co2=batch.task.objective.co2_eur_per_t,
        )
        self._level_at, self._full_kwh = facts.level_at, facts.store_full_kwh
        observation = np.concatenate([course.observation for course in courses], axis=1)
        held = observation[:, :, facts.level_at].astype(np.float64) * facts.store_full_kwh
        price = np.concatenate([_filled(course) for course in courses], axis=1)
        # what the objective itself gives for stored heat is in the reward already
        extra = price[:, :, facts.store_circuit] - batch.task.objective.stock_eur_per_mwh
        cost = np.concatenate([course.cost_eur for course in courses], axis=1)
        # the state after the last step was not kept: it counts as the last one that was
        self._held = np.concatenate([held, held[-1:]])
        self._price = np.concatenate([extra, extra[-1:]]) * (price_share / KWH_PER_MWH)
        self._cost = cost.astype(np.float64)
        self._scenario = batch.plant.scenario
        self._step = np.zeros(batch.num_envs, dtype=np.int64)

    def before(self) -> None:
        """Remember which week and step each environment is about to take."""
        plant = self._batch.plant
        self._scenario = plant.scenario.copy()
        self._step = plant.time_s // self._batch.library.step_s % len(self._cost)
        self._potential = self._worth(self._batch.observation, self._step)

    def added(self, after: FloatArray) -> FloatArray:
        """What to add to the reward of the step that was taken, EUR, ``(num_envs,)``.

        Args:
            after: Observations at its end, before any new episode, ``(num_envs, n_obs)``.
        """
        gained: FloatArray = self._worth(after, self._step + 1) - self._potential
        return self._cost[self._step, self._scenario] + gained

    def _worth(self, observation: FloatArray, step: np.ndarray) -> FloatArray:
        held = observation[:, self._level_at] * self._full_kwh
        ahead = held - self._held[step, self._scenario]
        worth: FloatArray = (ahead * self._price[step, self._scenario]).sum(axis=1)
        return worth


def _filled(course: Course) -> FloatArray:
    """Prices, ``(n_steps, n_envs, n_circuits)``; where there was no plan, the next one's."""
    steps = np.arange(len(course.labelled))[:, np.newaxis]
    planned = np.where(course.labelled, steps, len(steps) - 1)
    following = np.minimum.accumulate(planned[::-1], axis=0)[::-1]
    rows: FloatArray = course.heat_price[following, np.arange(course.labelled.shape[1])]
    return rows.astype(np.float64)
