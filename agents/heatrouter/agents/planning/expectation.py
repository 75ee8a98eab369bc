"""What a plan expects of weather, prices, production and hot water in the hours ahead."""

import itertools
from typing import Literal

import numpy as np

from heatrouter.agents.planning.horizon import Horizon
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.scenarios.catalogue import CALENDAR_SERIES, level_series, production_units
from heatrouter.envs.scenarios.forecast import Forecaster
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.production import planned_level
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import ForecastWindows, Task
from heatrouter.envs.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

Foresight = Literal["forecast", "perfect"]
_FADING_H = 3.0
"""Time in which a deviation of production from its plan is expected to fade."""
_OUTAGE_LEVEL = 0.05
_OUTAGE_H = 6.0
"""A unit that stands still against its plan is expected to do so for this long."""


class Expectation:
    """Series ahead, as a controller in the plant could expect them.

    * Series that the task forecasts: the forecast that every controller gets, in finer windows.
    * The calendar: known.
    * Production: the plan of shifts, times the present deviation from it, which fades.
    * Hot water and carbon intensity: mean of the same time on the last day and a week ago.
    * Everything else (gas and CO2 price, ground, wind, faults): as it is now.

    With perfect foresight: what will come.

    Args:
        library: The scenarios.
        task: The task.
        district: The district.
        horizon: Steps of the plan.
        foresight: Whether to use the forecast or what will come.
    """

    def __init__(
        self,
        library: ScenarioLibrary,
        task: Task,
        district: District,
        horizon: Horizon,
        foresight: Foresight,
    ) -> None:
        self._library = library
        self._foresight = foresight
        self.n_steps = -(-round(horizon.n_control * horizon.control_dt_s) // library.step_s) + 1
        if foresight == "perfect":
            return
        self._day = round(SECONDS_PER_DAY / library.step_s)
        self._week = 7 * self._day
        names = library.series
        forecast = tuple(name for name in task.forecast.series if name in names)
        hours = library.step_s / SECONDS_PER_HOUR
        edges = self._edges(horizon)
        self._counts = np.diff(edges)
        windows = ForecastWindows(
            kind=task.forecast.kind,
            series=forecast,
            window_hours=tuple(
                (float(a * hours), float(b * hours)) for a, b in itertools.pairwise(edges.tolist())
            ),
        )
        self._forecaster = Forecaster(library, windows) if forecast else None
        self._forecast_at = [library.column(name) for name in forecast]
        self._known_at = [library.column(name) for name in CALENDAR_SERIES]
        self._plans = {
            library.column(level_series(unit.name)): unit.production
            for unit in production_units(district)
        }
        self._repeated_at = [
            i
            for i, name in enumerate(names)
            if name not in forecast
            and (name.endswith("hot_water_kw") or name.startswith(("hot_water", "carbon")))
        ]
        self._clock_at = (library.column("local_hour"), library.column("weekday"))
        self._lead_h = (np.arange(self.n_steps) + 0.5) * hours

    def _edges(self, horizon: Horizon) -> IntArray:
        step_s = self._library.step_s
        ends = np.cumsum(horizon.counts) * horizon.control_dt_s / step_s
        return np.unique(np.concatenate([[0], np.floor(ends), [self.n_steps]]).astype(np.int64))

    def at(self, scenario: int, step: int) -> FloatArray:
        """Series from a step of the library on, ``(n_steps, n_series)``."""
        values = self._library.values[scenario]
        ahead = np.arange(step, step + self.n_steps) % len(values)
        if self._foresight == "perfect":
            truth: FloatArray = values[ahead]
            return truth
        now = values[step - 1]  # the step that has just been measured
        expected = np.tile(now, (self.n_steps, 1))
        expected[:, self._known_at] = values[ahead[:, np.newaxis], self._known_at]
        # what lies further ahead than a day repeats the last one: the next is not known
        lead = np.arange(self.n_steps)
        yesterday = (step - self._day + lead % self._day) % len(values)
        week_ago = (step - self._week + lead % self._week) % len(values)
        for column in self._repeated_at:
            past = values[:, column]
            expected[:, column] = 0.5 * (past[yesterday] + past[week_ago])
        self._expect_production(expected, values, step)
        if self._forecaster is not None:
            windows = self._forecaster.windows_at(np.array([scenario]), np.array([step]))[0]
            expected[:, self._forecast_at] = np.repeat(windows.T, self._counts, axis=0)
        return expected

    def _expect_production(self, expected: FloatArray, values: FloatArray, step: int) -> None:
        hour_at, weekday_at = self._clock_at
        hours = self._library.step_s / SECONDS_PER_HOUR
        now = values[step - 1 : step] if step > 0 else values[-1:]
        for column, production in self._plans.items():
            plan = planned_level(production, hours, expected[:, hour_at], expected[:, weekday_at])
            plan_now = planned_level(production, hours, now[:, hour_at], now[:, weekday_at])[0]
            level_now = float(now[0, column])
            if plan_now > _OUTAGE_LEVEL and level_now < _OUTAGE_LEVEL * plan_now:
                plan[self._lead_h < _OUTAGE_H] = 0.0
            elif plan_now > _OUTAGE_LEVEL:
                ratio = level_now / plan_now - 1.0
                plan = plan * (1.0 + ratio * np.exp(-self._lead_h / _FADING_H))
            expected[:, column] = np.clip(plan, 0.0, 1.0)
