"""What a comparison of controllers found, as data: intervals, differences, scores.

Costs are J of the objective in €, change of stock value included; lower is better.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(_Frozen):
    """An estimate with its 95 % bootstrap interval."""

    estimate: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Interval":
        """The same in another unit, or of the opposite."""
        ends = sorted((factor * self.low, factor * self.high))
        return Interval(estimate=factor * self.estimate, low=ends[0], high=ends[1])


class KpiDifference(_Frozen):
    """One key figure, as mean over the weeks that have it under both controllers."""

    kpi: str
    value: float
    baseline: float
    difference: Interval = Field(description="value minus baseline, paired by week")


class Score(_Frozen):
    """Optimality on the scale from the baseline (0) to the reference (1)."""

    reference: str
    headroom_percent: float = Field(description="what the reference saves, % of baseline cost")
    optimality: Interval | None = Field(description="none where there is no headroom to score")
    verdict: Literal["scored", "no headroom", "reference no better than baseline"]


class Comparison(_Frozen):
    """One controller against the baseline, paired by week."""

    controller: str
    baseline: str
    saving_eur_per_week: Interval
    saving_percent: Interval | None = Field(
        description="of the baseline's summed cost; none where that is not positive"
    )
    probability_of_improvement: Interval = Field(
        description="that a week costs less than under the baseline, ties counting half"
    )
    weeks_improved: int = Field(ge=0)
    regret_against: str = Field(description="the reference, or 'best compared' in each week")
    regret_mean_eur: float
    regret_worst_decile_eur: float = Field(description="mean of the worst tenth of the weeks, €")
    kpis: tuple[KpiDifference, ...]
    score: Score | None = Field(description="none where no reference was compared")

    def kpi(self, name: str) -> KpiDifference | None:
        """The difference in one key figure; None where no week has it under both."""
        return next((entry for entry in self.kpis if entry.kpi == name), None)


class FamilySummary(_Frozen):
    """Training runs of one recipe with different seeds, taken together.

    Interquartile means are over the runs; weeks are summed before, so that no cold spell is cut.
    """

    family: str
    members: tuple[str, ...] = Field(min_length=2)
    saving_percent: Interval | None = Field(description="interquartile mean over the runs")
    optimality: Interval | None = Field(description="none where there is no headroom to score")
