"""Rewards counted from what a course with foresight cost, and what its stores were worth.

A planner went through the same weeks before. Its cost at the same moment is subtracted: no action
changes it, and with it goes the part of the reward that weather and prices decide. What a store
gains more than it gained then is worth the planner's price of heat at that moment: a deed shows its
worth at once, hours before the heat is used, and the discount may be short.

This is the Hamiltonian of optimal control with a linear programme's duals as costates. It differs
from a potential (Ng, Harada and Russell 1999) by the revaluation of what is held when the price
moves, which no deed of that moment changes and which had thousands of euro of noise in it.

Crops feel the mean of a day: what it lies outside their band is charged as soon as it leaves it,
with all that will follow, and given back as it returns. That one is a potential.

Used in training alone and never observed.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from heatrouter.agents.planning.plant_facts import PlantFacts
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.units import KWH_PER_MWH
from heatrouter.training.imitation.collection import Course

_DAY_H: Final = 24.0
"""Time constant of the mean that the crop's band refers to."""
_M2_PER_HA: Final = 1.0e4


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
        self._price = extra * (price_share / KWH_PER_MWH)
        self._cost = cost.astype(np.float64)
        units = facts.greenhouses
        self._crop_at = facts.plan.crop_mean_at
        self._crop_low = np.array([unit.crop_mean_min_c for unit in units])
        self._crop_high = np.array([unit.crop_mean_max_c for unit in units])
        hectares = np.array([unit.floor_area_m2 for unit in units]) / _M2_PER_HA
        self._crop_eur_k = batch.task.objective.crop_comfort_eur_per_kh_ha * hectares * _DAY_H
        outside = self._outside(observation.astype(np.float64))
        self._course_outside = np.concatenate([outside, outside[-1:]])
        self._scenario = batch.plant.scenario
        self._step = np.zeros(batch.num_envs, dtype=np.int64)

    def before(self) -> None:
        """Remember which week and step each environment is about to take."""
        plant = self._batch.plant
        self._scenario = plant.scenario.copy()
        self._step = plant.time_s // self._batch.library.step_s % len(self._cost)
        observation = self._batch.observation
        self._before = self._ahead(observation, self._step)
        self._outside_eur = self._crops(observation, self._step)

    def added(self, after: FloatArray) -> FloatArray:
        """What to add to the reward of the step that was taken, EUR, ``(num_envs,)``.

        Args:
            after: Observations at its end, before any new episode, ``(num_envs, n_obs)``.
        """
        gained = self._ahead(after, self._step + 1) - self._before
        worth: FloatArray = (gained * self._price[self._step, self._scenario]).sum(axis=1)
        left = self._crops(after, self._step + 1) - self._outside_eur
        return self._cost[self._step, self._scenario] + worth - left

    def _crops(self, observation: FloatArray, step: IntArray) -> FloatArray:
        """What crops will cost more than in the course, EUR, ``(num_envs,)``."""
        more: FloatArray = self._outside(observation) - self._course_outside[step, self._scenario]
        return more

    def _outside(self, observation: FloatArray) -> FloatArray:
        """What crops will cost until a mean outside their band has faded, EUR, ``(...,)``."""
        mean = observation[..., self._crop_at]
        beyond = np.maximum(self._crop_low - mean, 0.0) + np.maximum(mean - self._crop_high, 0.0)
        cost: FloatArray = beyond @ self._crop_eur_k
        return cost

    def _ahead(self, observation: FloatArray, step: IntArray) -> FloatArray:
        """What stores hold more than in the course, kWh, ``(num_envs, n_stores)``."""
        held = observation[:, self._level_at] * self._full_kwh
        ahead: FloatArray = held - self._held[step, self._scenario]
        return ahead


def _filled(course: Course) -> FloatArray:
    """Prices, ``(n_steps, n_envs, n_circuits)``; where there was no plan, the next one's."""
    steps = np.arange(len(course.labelled))[:, np.newaxis]
    planned = np.where(course.labelled, steps, len(steps) - 1)
    following = np.minimum.accumulate(planned[::-1], axis=0)[::-1]
    rows = course.heat_price[following, np.arange(course.labelled.shape[1])]
    return np.asarray(rows, dtype=np.float64)
