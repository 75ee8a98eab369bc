"""What a unit of every output costs in each step: read off the objective, not written again."""

from collections.abc import Iterator, Mapping

import numpy as np

from heatrouter.agents.bound.week_data import WeekData
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.objective import STOCK_TERMS, TERMS, Objective
from heatrouter.envs.simulation.outputs import SITE_SERIES
from heatrouter.envs.units import KWH_PER_MWH

_CREDIT = TERMS.index("reuse_credit")


class Prices:
    """Prices of a week.

    Args:
        week: Its series.
        columns: Name to position of the outputs.
    """

    def __init__(self, week: WeekData, columns: Mapping[str, int]) -> None:
        self._objective = Objective.build(week.district, week.task, columns)
        self._columns = columns
        self._dt_s = week.dt_s
        self._outputs = np.zeros((week.n_steps, len(columns)))
        for name in SITE_SERIES:
            self._outputs[:, columns[f"site.{name}"]] = week.site(name)
        weights = week.task.objective
        self.stock_eur_kwh = weights.stock_eur_per_mwh / KWH_PER_MWH
        self.building_eur_kwh = weights.building_stock_eur_per_mwh / KWH_PER_MWH
        self.credit_eur = weights.reuse_credit_eur_per_mwh / KWH_PER_MWH * week.hours

    def of(self, column: str) -> Iterator[tuple[str, FloatArray]]:
        """Terms that an output is part of, and what a unit of it costs, EUR, ``(n_steps,)``."""
        at = self._columns[column]
        self._outputs[:, at] = 1.0
        terms = self._objective.flow_terms(self._outputs, self._dt_s)
        self._outputs[:, at] = 0.0
        for i, name in enumerate(TERMS[: -len(STOCK_TERMS)]):
            if i != _CREDIT and terms[:, i].any():
                yield name, terms[:, i]
