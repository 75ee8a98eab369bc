"""The bound of a week, and the check that a recorded week lies within it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


from heatrouter.agents.bound.district_bound import DistrictBound
from heatrouter.agents.bound.program import Breach, Recorded
from heatrouter.agents.bound.week_data import WeekSource
from heatrouter.agents.evaluation_results import Week
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.dispatch import RuleParameters
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
        cost_eur: Sum of all terms.
        terms_eur: By term of the objective; those that are left out at best are 0.
        seconds: Building and solving.
    """

    cost_eur: float
    terms_eur: Mapping[str, float]
    seconds: float


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


class WeekBounds:
    """Bounds of weeks of one district: the plant is made once.

    Called with a week of an evaluation it returns the bound in EUR.

    Args:
        district: The description.
        task: Objective and clocks.
        library: Scenarios of the split to judge on.
        hours: Length of a week, h.
        seed: Of first states, that of the evaluation.
        rules: Parameters of the rules, which set what the plant does before the first step.

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
        rules: RuleParameters | None = None,
    ) -> None:
        self._source = WeekSource(district, task, library, seed=seed, rules=rules)
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
        return self._solve(scenario, start_step)[1]

    def point(
        self,
        scenario: int,
        start_step: int,
        columns: Mapping[str, int],
        outputs: FloatArray,
        cost_eur: float,
    ) -> Point:
        """Where a recorded week lies in the programme of its bound.

        Args:
            scenario: Index in the library.
            start_step: Step of the library.
            columns: Name to position of the outputs.
            outputs: All outputs of the week, ``(n_steps, n_columns)``.
            cost_eur: What the objective made of it.
        """
        built, _ = self._solve(scenario, start_step)
        return self._point(built, Recorded(dict(columns), outputs), cost_eur)

    def bound_and_points(
        self,
        scenario: int,
        start_step: int,
        columns: Mapping[str, int],
        weeks: Mapping[str, tuple[FloatArray, float]],
    ) -> tuple[Bound, dict[str, Point]]:
        """Bound of one week and where several controllers' courses of it lie.

        Args:
            scenario: Index in the library.
            start_step: Step of the library.
            columns: Name to position of the outputs.
            weeks: Controller to outputs and cost, see :meth:`point`.
        """
        built, bound = self._solve(scenario, start_step)
        points = {
            name: self._point(built, Recorded(dict(columns), outputs), cost)
            for name, (outputs, cost) in weeks.items()
        }
        return bound, points

    def _solve(self, scenario: int, start_step: int) -> tuple[DistrictBound, Bound]:
        begin = time.perf_counter()
        built = DistrictBound(self._source.week(scenario, start_step, self._hours))
        solution, found = built.program.solve(TIME_LIMIT_S)
        if not solution.in_time:
            msg = "the solver did not find the least cost of a week; raise its time limit"
            raise NumericalError(msg, district=self._name)
        terms = {term: found.get(term, 0.0) for term in TERMS}
        cost = float(sum(terms.values()))
        return built, Bound(cost, terms, time.perf_counter() - begin)

    @staticmethod
    def _point(built: DistrictBound, recorded: Recorded, cost_eur: float) -> Point:
        program = built.program
        values = program.point(recorded)
        return Point(
            breaches=tuple(program.breaches(values, program.bounds)),
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
    rules: RuleParameters | None = None,
) -> Bound:
    """The least that any controller can pay on one week; arguments as of :class:`WeekBounds`."""
    bounds = WeekBounds(district, task, library, hours=hours, seed=seed, rules=rules)
    return bounds.of(scenario, start_step)
