"""Greenhouses in a plan: air that may be warmer or colder than the twin's course."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.agents.planning.horizon import Horizon
from heatrouter.agents.planning.linear_program import LinearProgram
from heatrouter.agents.planning.plant_facts import PlantFacts
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import KWH_PER_MWH

PROBE_K: Final = -1.0
"""Offset of the variant of the twin from which the loss is measured."""
_SETTLED_K: Final = -0.8
_LEAST_LOSS, _USUAL_LOSS, _MOST_LOSS = 1e-3, 5e-3, 9e-3  # kW/K per m2
_DAY_H: Final = 24.0
"""Time constant of the mean that the crop's limits refer to."""
_M2_PER_HA: Final = 1.0e4


@dataclass(frozen=True, slots=True, eq=False)
class GreenhouseNumbers:
    """Of each greenhouse, by plan step: ``(n_greenhouses, n_steps)`` unless said otherwise."""

    heat_kw: FloatArray  # of the course
    lack_k: FloatArray  # by which the course's daily mean lies below its limit
    excess_k: FloatArray  # by which it lies above the upper limit
    offset_k: FloatArray  # of the course
    loss_kw_k: FloatArray  # (n_greenhouses,)


def measured_loss(facts: PlantFacts, course: FloatArray, probe: FloatArray) -> FloatArray:
    """Heat per kelvin of each greenhouse, from a course and one whose offset is lower.

    Args:
        facts: The plant.
        course: Outputs, ``(n_control, n_columns)``.
        probe: The same with :data:`PROBE_K` more offset.

    Returns:
        kW/K, ``(n_greenhouses,)``; a usual value where the probe never got colder.
    """
    heat = probe[:, facts.greenhouse_heat_at] - course[:, facts.greenhouse_heat_at]
    air = probe[:, facts.greenhouse_air_at] - course[:, facts.greenhouse_air_at]
    settled = air < _SETTLED_K
    area = np.array([unit.floor_area_m2 for unit in facts.greenhouses])
    kelvin = np.minimum((air * settled).sum(axis=0), -1e-9)
    loss = np.where(settled.any(axis=0), (heat * settled).sum(axis=0) / kelvin, area * _USUAL_LOSS)
    clipped: FloatArray = np.clip(loss, area * _LEAST_LOSS, area * _MOST_LOSS)
    return clipped


class GreenhouseBlock:
    """Variables and rows of all greenhouses of a district.

    ``C dT/dt + G T = extra heat`` for the deviation T of the air from the course; the heat of the
    course can be given up, not more; the daily mean follows the air, and what it lies below its
    limit is priced as in the objective.
    """

    def __init__(
        self,
        program: LinearProgram,
        facts: PlantFacts,
        task: Task,
        horizon: Horizon,
        balance_rows: IntArray,
    ) -> None:
        self._program, self._hours = program, horizon.hours
        units, n, h = facts.greenhouses, horizon.n_steps, horizon.hours
        count = len(units)
        area = np.array([unit.floor_area_m2 for unit in units])
        self._reach = np.array([[unit.offset_max_k] for unit in units]).reshape(count, 1)
        heat_capacity = np.array([unit.heat_capacity_kj_m2k for unit in units])
        self._capacity = (area * heat_capacity / 3600.0)[:, np.newaxis]  # kWh/K
        price = task.objective.crop_comfort_eur_per_kh_ha * area / _M2_PER_HA
        self.air = program.variables((count, n), -np.inf, np.inf)
        self.extra = program.variables((count, n), low=-np.inf)
        mean = program.variables((count, n), low=-np.inf)
        beyond = program.variables((2, count, n), cost=price[:, np.newaxis] * h)
        rows, (self._air_at, _) = program.rows(
            (count, n), [(self.air, 0.0), (self.extra, -1.0)], 0.0, 0.0
        )
        program.add(rows[:, 1:], self.air[:, :-1], -self._capacity / h[1:])
        share = -np.expm1(-h / _DAY_H)
        rows, _ = program.rows((count, n), [(mean, 1.0), (self.air, -share)], 0.0, 0.0)
        program.add(rows[:, 1:], mean[:, :-1], -(1.0 - share[1:]))
        self._cold_rows, _ = program.rows((count, n), [(beyond[0], 1.0), (mean, 1.0)], low=0.0)
        self._warm_rows, _ = program.rows((count, n), [(beyond[1], 1.0), (mean, -1.0)], low=0.0)
        program.add(balance_rows[facts.greenhouse_circuit], self.extra, -1.0)
        self._stock_value = task.objective.building_stock_eur_per_mwh / KWH_PER_MWH

    def update(self, numbers: GreenhouseNumbers) -> None:
        """Take new numbers."""
        program = self._program
        program.low[self.extra] = -numbers.heat_kw
        program.row_low[self._cold_rows] = numbers.lack_k
        program.row_low[self._warm_rows] = numbers.excess_k
        program.low[self.air] = -self._reach - numbers.offset_k
        program.high[self.air] = self._reach - numbers.offset_k
        program.coefficients[self._air_at] = (
            self._capacity / self._hours + numbers.loss_kw_k[:, np.newaxis]
        )
        program.cost[self.air[:, -1]] = -self._stock_value * self._capacity[:, 0]
