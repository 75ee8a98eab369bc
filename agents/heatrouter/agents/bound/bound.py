"""The bound of a week, and the check that a recorded week lies within it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from heatrouter.agents.bound.district_bound import DistrictBound
from heatrouter.agents.bound.program import Breach, Recorded
from heatrouter.agents.bound.seen_figures import seen_figures
from heatrouter.agents.bound.week_data import WeekSource
from heatrouter.agents.evaluation_results import Week
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import NumericalError
from heatrouter.envs.objective import TERMS
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

TIME_LIMIT_S: Final = 600.0
"""After this the solver gives up; a week takes seconds."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The least a week can cost.

    Attributes:
        cost_eur: Sum of all terms, less what the solver may have rounded.
        terms_eur: By term of the objective; those that are left out at best are 0.
        seconds: Building and solving.
        kind: ``bound`` holds for every controller; ``estimate`` for those whose weeks its figures
            were taken from.
    """

    cost_eur: float
    terms_eur: Mapping[str, float]
    seconds: float
    kind: Literal["bound", "estimate"]


@dataclass(frozen=True, slots=True)
class Point:
    """Where a recorded week lies in the programme of its bound.

    Attributes:
        breaches: Rows and bounds that it breaks, the worst first.
        cost_eur: What the programme makes it cost.
        recorded_eur: What it cost.
        stock_gap_kwh: Change of the stock of all water that the simulator reports, less that of the
            programme's balances.
    """

    breaches: tuple[Breach, ...]
    cost_eur: float
    recorded_eur: float
    stock_gap_kwh: float

    @property
    def worst(self) -> float:
        """Largest relative violation, 0 if there is none."""
        return self.breaches[0].relative if self.breaches else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One week, bounded for everybody and for the controllers that ran it.

    Attributes:
        bound: For every controller.
        estimate: For the controllers that ran the week, with the best figures that any had.
        points: Where their weeks lie in the programme of the bound.
        estimate_points: Where they lie in that of the estimate.
    """

    bound: Bound
    estimate: Bound
    points: Mapping[str, Point]
    estimate_points: Mapping[str, Point]


class WeekBounds:
    """Bounds of weeks of one district: the plant is made once.

    Called with a week of an evaluation it returns the bound in EUR.

    Args:
        district: The description.
        task: Objective, clocks, and the rules, which set what the plant does before the first step.
        library: Scenarios of the split to judge on.
        hours: Length of a week, h.
        seed: Of first states, that of the evaluation.

    Raises:
        ConfigError: A control step spans several steps of the scenario.
        TaskError: The task does not fit the district.
    """

    def __init__(
        self,
        district: District,
        task: Task,
        library: ScenarioLibrary,
        *,
        hours: float,
        seed: int,
    ) -> None:
        self._source = WeekSource(district, task, library, seed=seed)
        self._hours = hours
        self._name = district.name

    def __call__(self, week: Week) -> float:
        """The bound of a week of an evaluation, EUR."""
        return self.of(week.scenario_index, week.start_step).cost_eur

    def of(self, scenario: int, start_step: int) -> Bound:
        """The bound of the week that begins at a step of a scenario.

        Raises:
            NumericalError: The solver did not find the optimum.
        """
        week = self._source.week(scenario, start_step, self._hours)
        return self._solve(DistrictBound(week), "bound")

    def compare(
        self,
        scenario: int,
        start_step: int,
        columns: Mapping[str, int],
        weeks: Mapping[str, tuple[FloatArray, float]],
    ) -> Comparison:
        """Bound one week, tighter for some controllers that ran it, and check that it does.

        Args:
            scenario: Index in the library.
            start_step: Step of the library.
            columns: Name to position of the outputs.
            weeks: Controller to all outputs of its week, ``(n_steps, n_columns)``, and what the
                objective made of it, EUR.

        Raises:
            NumericalError: The solver did not find the optimum.
        """
        built = DistrictBound(self._source.week(scenario, start_step, self._hours))
        seen = {name: Recorded(dict(columns), outputs) for name, (outputs, _) in weeks.items()}
        tight = DistrictBound(built.week, seen_figures(built, tuple(seen.values())))
        return Comparison(
            bound=self._solve(built, "bound"),
            estimate=self._solve(tight, "estimate"),
            points={n: self._point(built, r, weeks[n][1]) for n, r in seen.items()},
            estimate_points={n: self._point(tight, r, weeks[n][1]) for n, r in seen.items()},
        )

    def _solve(self, built: DistrictBound, kind: Literal["bound", "estimate"]) -> Bound:
        begin = time.perf_counter()
        found = built.program.solve(TIME_LIMIT_S)
        if found is None:
            msg = "the solver did not find the least cost of a week; shorten it"
            raise NumericalError(msg, district=self._name)
        terms = {term: found.terms.get(term, 0.0) for term in TERMS}
        return Bound(found.cost_eur, terms, time.perf_counter() - begin, kind)

    @staticmethod
    def _point(built: DistrictBound, recorded: Recorded, cost_eur: float) -> Point:
        program = built.program
        values = program.point(recorded)
        return Point(
            breaches=tuple(program.breaches(values)),
            cost_eur=float(sum(program.terms(values).values())),
            recorded_eur=cost_eur,
            stock_gap_kwh=built.stock_gap_kwh(recorded, values),
        )


def week_bound(
    district: District,
    task: Task,
    library: ScenarioLibrary,
    scenario: int,
    start_step: int,
    hours: float,
    *,
    seed: int,
) -> Bound:
    """The least that any controller can pay on one week; arguments as of :class:`WeekBounds`."""
    bounds = WeekBounds(district, task, library, hours=hours, seed=seed)
    return bounds.of(scenario, start_step)
