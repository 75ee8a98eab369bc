"""What an evaluation found, as data: the JSON file, and all that the report prints.

Every number of the report comes from these models, so that report and JSON cannot disagree.
Costs are J of the objective in €, change of stock value included; lower is better.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from heatrouter.agents.evaluation_comparison import Comparison, FamilySummary
from heatrouter.envs.contract import Parametrisation

Season = Literal["winter", "spring", "summer", "autumn"]
"""Meteorological season of the northern hemisphere."""

Better = Literal["lower", "higher", "neither"]
"""Which way a key figure is better."""


ViolationKind = Literal["unmet heat", "hot water", "overheating", "pressure", "room", "crop"]
"""What a limit protects: heat on demand, supply that can heat hot water, pipes, the differential
pressure at the worst consumer, rooms, crops."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Week(_Frozen):
    """One held-out week, the same for every controller."""

    scenario: str = Field(description="name of the scenario in its library")
    scenario_index: int = Field(ge=0)
    start_step: int = Field(ge=0, description="scenario step at which the week starts")
    start_utc: str = Field(description="ISO-8601")
    seed: int = Field(0, ge=0, description="seed of its scenario")
    year: str = Field("", description="scenarios with the same weather and prices share it")
    season: Season
    ambient_mean_c: float = Field(description="mean outdoor temperature, degC")


class Breach(_Frozen):
    """How one limit was left during one week, or over all weeks together."""

    limit: str = Field(description="name of the limit, e.g. 'town.room_band'")
    kind: ViolationKind
    unit: str = Field(description="unit of the depth")
    events: int = Field(ge=0, description="spells without interruption")
    hours: float = Field(ge=0.0, description="time outside the limit, h")
    depth: float = Field(ge=0.0, description="largest distance from the limit")


class Violation(_Frozen):
    """How the limits of one kind were left, all of them and all weeks together."""

    kind: ViolationKind
    unit: str = Field(description="unit of the depth")
    limits: int = Field(ge=1, description="how many limits of this kind there are")
    events: int = Field(ge=0, description="spells without interruption, limit by limit")
    hours: float = Field(ge=0.0, description="time outside, h, summed over the limits")
    depth: float = Field(ge=0.0, description="largest distance from a limit")


class WeekResult(_Frozen):
    """What one controller made of one week."""

    cost_eur: float = Field(description="J, € per week")
    terms_eur: dict[str, float] = Field(description="the terms that add up to the cost, €")
    kpis: dict[str, float | None] = Field(description="none where a ratio has no denominator")
    breaches: tuple[Breach, ...] = Field(description="limits that were left; empty if none")


class DecisionTime(_Frozen):
    """Time of one decision, from observation to set-points, with a single environment."""

    p50_ms: float = Field(ge=0.0)
    p99_ms: float = Field(ge=0.0)
    decisions: int = Field(ge=1)


class Planning(_Frozen):
    """How the optimisation problems of a planner ended, over all weeks."""

    solves: int = Field(ge=0)
    infeasible: int = Field(ge=0, description="solves without a solution")
    deadline: int = Field(ge=0, description="solves ended by the deadline")
    gap_mean: float | None = Field(description="relative gap; none where no solve has one")
    gap_worst: float | None

    @property
    def deadline_share(self) -> float:
        """Share of the solves that the deadline ended."""
        return self.deadline / self.solves if self.solves else 0.0


class DurationCurve(_Frozen):
    """Power that is exceeded in a share of all steps of all weeks."""

    name: str = Field(description="'demand', or the unit that feeds heat in")
    exceeded_kw: tuple[float, ...] = Field(
        description="at 0, 1, 2 ... 100 % of the time, falling, kW"
    )


class ControllerResult(_Frozen):
    """One controller over all weeks."""

    name: str
    origin: str = Field(description="what was run: module, bundle digest or settings")
    parametrisation: Parametrisation
    weeks: tuple[WeekResult, ...]
    family: str = Field("", description="training runs of one recipe share it; empty else")
    breaches: tuple[Breach, ...] = Field(description="every limit, over all weeks together")
    violations: tuple[Violation, ...] = Field((), description="the same by kind of limit")
    mean_outputs: dict[str, float] = Field(description="mean of every output over all weeks")
    unmet_share: float = Field(ge=0.0, description="heat not delivered over heat asked for")
    guard_share: float = Field(
        ge=0.0, le=1.0, description="steps in which the guard intervened, dead-bands not counted"
    )
    exogenous_digest: str = Field(description="sha256 of the weather and prices that it met")
    decision_time: DecisionTime
    planning: Planning | None = Field(None, description="of planners only")
    duration: tuple[DurationCurve, ...] = ()

    @property
    def costs_eur(self) -> tuple[float, ...]:
        """J of each week, €."""
        return tuple(week.cost_eur for week in self.weeks)

    def kpi(self, name: str) -> float | None:
        """Mean of a key figure over the weeks that have it; None where none has."""
        known = [value for week in self.weeks if (value := week.kpis[name]) is not None]
        return sum(known) / len(known) if known else None


class Kpi(_Frozen):
    """How a key figure is called, how it is shown and which way is better."""

    name: str
    label: str
    unit: str = Field(description="in which readers see it")
    factor: float = Field(1.0, description="from the stored value to that unit")
    better: Better = "neither"


class BoundCheck(_Frozen):
    """The cost that no controller can go below, week by week."""

    origin: str
    cost_eur: tuple[float, ...] = Field(description="of each week")
    beaten: tuple[str, ...] = Field(description="which controller in which week by how much")


class Failure(_Frozen):
    """Weeks that a controller did not get through."""

    controller: str
    weeks: tuple[int, ...] = Field(description="positions among the weeks")
    message: str


class Evaluation(_Frozen):
    """Everything that an evaluation found; the content of the JSON file."""

    schema_version: Literal[2] = 2
    created_utc: str
    versions: dict[str, str]
    district: str
    district_title: str
    district_digest: str
    hypothetical: bool
    task: str
    task_digest: str
    split: str
    seed: int = Field(description="of the draw of the weeks and of the bootstrap")
    seeds: tuple[int, ...] = Field(description="of the scenarios")
    hours: float = Field(gt=0.0, description="length of a week, h")
    control_dt_s: float = Field(gt=0.0)
    forecast: str
    objective: dict[str, float | None] = Field(description="weights of the objective")
    provenance: tuple[str, ...] = Field(description="where the scenarios come from")
    resampled: Literal["scenarios", "weeks"] = Field(description="unit of the bootstrap")
    kpis: tuple[Kpi, ...]
    weeks: tuple[Week, ...]
    controllers: tuple[ControllerResult, ...]
    comparisons: tuple[Comparison, ...]
    families: tuple[FamilySummary, ...] = ()
    bound: BoundCheck | None = None
    failures: tuple[Failure, ...] = ()
    caveats: tuple[str, ...]

    def controller(self, name: str) -> ControllerResult:
        """The result of one controller; raises KeyError listing the names there are."""
        for candidate in self.controllers:
            if candidate.name == name:
                return candidate
        message = f"controller {name!r} was not evaluated; there are {self.controller_names}"
        raise KeyError(message)

    @property
    def controller_names(self) -> tuple[str, ...]:
        """Names in the order in which they were asked for."""
        return tuple(result.name for result in self.controllers)

    @property
    def wrong(self) -> tuple[str, ...]:
        """Why this evaluation counts as failed; empty if it does not."""
        found = [
            f"{failure.controller} failed in {len(failure.weeks)} weeks: {failure.message}"
            for failure in self.failures
        ]
        scores = [c.score for c in self.comparisons if c.score is not None]
        none = [s for s in scores if s.verdict == "reference no better than baseline"]
        if none:
            found.append(
                f"{none[0].reference} does not cost less than {self.comparisons[0].baseline} "
                f"({none[0].headroom_percent:.2f} %): it is no reference, or the district leaves "
                "nothing to decide"
            )
        if self.bound is not None and self.bound.beaten:
            count = len(self.bound.beaten)
            found.append(f"the bound was beaten {count} times, first: {self.bound.beaten[0]}")
        return tuple(found)


class EvaluationSet(_Frozen):
    """Evaluations of several districts with the same command; the content of the JSON file."""

    schema_version: Literal[2] = 2
    evaluations: tuple[Evaluation, ...]
