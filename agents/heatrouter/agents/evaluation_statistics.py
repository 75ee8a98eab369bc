"""Paired statistics of controllers on the same weeks.

Intervals are 95 % bootstrap intervals (BCa of Efron 1987 through SciPy). Weeks of one scenario
share its weather and prices, and seeds of one week share its dates: a hierarchy of scenario, week
and seed. The bootstrap draws at its top, whole scenarios with all that lies below, or whole weeks
where there are too few scenarios; drawing again below would count the spread there twice (Davison
and Hinkley 1997, section 3.8).
Ratios are sums over sums: headroom differs so much between weeks that a mean of ratios would be
ruled by the weeks with least at stake.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.stats import bootstrap

from heatrouter.agents.evaluation_comparison import Comparison, Interval, KpiDifference, Score
from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray

CONFIDENCE: Final = 0.95
RESAMPLES: Final = 9999
MIN_GROUPS: Final = 5
"""Fewer scenarios than this say nothing about the spread between scenarios."""

MIN_HEADROOM: Final = 0.03
"""Share of the baseline's cost below which an optimality would only divide by noise."""

HEADLINE_WEEKS: Final = 48
"""Weeks that a published figure needs (95 % interval of optimality +- 0.04 at 32 weeks)."""

BEST_COMPARED: Final = "best compared"


@dataclass(frozen=True)
class PairedBootstrap:
    """Draws the same scenarios or weeks for all controllers.

    Args:
        group: Scenario of each week, shape ``(n_weeks,)``.
        week: Number of its dates, which the seeds of one scenario share, shape ``(n_weeks,)``;
            every week stands for itself if not given.
        seed: Of the resampling; the same seed gives the same intervals.
    """

    group: IntArray
    week: IntArray | None = None
    seed: int = 0

    @property
    def unit(self) -> Literal["scenarios", "weeks"]:
        """What is drawn."""
        return "scenarios" if np.unique(self.group).size >= MIN_GROUPS else "weeks"

    @property
    def cluster(self) -> IntArray:
        """What is drawn as one, by number, shape ``(n_weeks,)``."""
        if self.unit == "scenarios":
            return self.group
        return np.arange(self.group.size) if self.week is None else self.week

    def chosen(self, weeks: BoolArray) -> "PairedBootstrap":
        """The same for some of the weeks."""
        week = None if self.week is None else self.week[weeks]
        return PairedBootstrap(self.group[weeks], week, self.seed)

    def sums(self, columns: Sequence[FloatArray]) -> FloatArray:
        """Weekly values summed over what is drawn as one, ``(n_columns, n_clusters)``."""
        weekly = np.stack([np.asarray(column, dtype=np.float64) for column in columns])
        cluster = self.cluster
        return np.stack(
            [weekly[:, cluster == one].sum(axis=1) for one in np.unique(cluster)], axis=1
        )

    def interval(
        self,
        statistic: Callable[[FloatArray], FloatArray],
        columns: Sequence[FloatArray],
    ) -> Interval:
        """Estimate a statistic of weekly sums and its interval.

        Args:
            statistic: Maps sums over weeks, shape ``(n_columns, ...)``, to ``(...)``.
            columns: Weekly values, each of shape ``(n_weeks,)``.

        Returns:
            The estimate over all weeks and its 95 % interval; without spread, a point.
        """
        weekly = np.stack([np.asarray(column, dtype=np.float64) for column in columns])
        sums = self.sums(columns)
        estimate = float(statistic(weekly.sum(axis=1)))
        if sums.shape[1] < 2 or _without_spread(statistic, sums):
            return Interval(estimate=estimate, low=estimate, high=estimate)

        def of_sample(*sample: FloatArray, axis: int = -1) -> FloatArray:
            return statistic(np.stack([column.sum(axis=axis) for column in sample]))

        with warnings.catch_warnings():
            # BCa warns where a jackknife has no spread; the fallback below answers that.
            warnings.simplefilter("ignore")
            for method in ("BCa", "percentile"):
                found = bootstrap(
                    tuple(sums),
                    of_sample,
                    paired=True,
                    vectorized=True,
                    n_resamples=RESAMPLES,
                    batch=1000,
                    confidence_level=CONFIDENCE,
                    method=method,
                    rng=np.random.default_rng(self.seed),
                ).confidence_interval
                if math.isfinite(found.low) and math.isfinite(found.high):
                    break
        return Interval(estimate=estimate, low=float(found.low), high=float(found.high))

    def mean(self, weekly: FloatArray) -> Interval:
        """Mean of a weekly value with its interval."""
        return self.interval(_ratio, (weekly, np.ones_like(weekly)))


def compare(
    paired: PairedBootstrap,
    *,
    controller: str,
    baseline: str,
    reference: str | None,
    costs: dict[str, FloatArray],
    kpis: dict[str, dict[str, FloatArray]],
) -> Comparison:
    """Compare a controller with the baseline, week by week.

    Args:
        paired: Bootstrap of the weeks.
        controller: Name of the controller.
        baseline: Name of the controller that it is measured against.
        reference: Name of the controller with perfect foresight, if one was run.
        costs: Name to J of each week, €, shape ``(n_weeks,)``.
        kpis: Name to key figure to weekly value, NaN where a week has none.

    Returns:
        The comparison.
    """
    cost, base = costs[controller], costs[baseline]
    saving = base - cost
    percent = None
    if base.sum() > 0.0:
        percent = paired.interval(_ratio, (saving, base)).scaled(100.0)
    better = np.where(saving > 0.0, 1.0, np.where(saving < 0.0, 0.0, 0.5))
    best = costs[reference] if reference else np.min(np.stack(list(costs.values())), axis=0)
    regret = np.sort(cost - best)[::-1]
    worst = regret[: math.ceil(0.1 * regret.size)]
    return Comparison(
        controller=controller,
        baseline=baseline,
        saving_eur_per_week=paired.mean(saving),
        saving_percent=percent,
        probability_of_improvement=paired.mean(better),
        weeks_improved=int((saving > 0.0).sum()),
        regret_against=reference or BEST_COMPARED,
        regret_mean_eur=float(regret.mean()),
        regret_worst_decile_eur=float(worst.mean()),
        kpis=tuple(_kpi_differences(paired, kpis[controller], kpis[baseline])),
        score=score(paired, cost, base, costs[reference], reference) if reference else None,
    )


def score(
    paired: PairedBootstrap,
    cost: FloatArray,
    baseline: FloatArray,
    reference: FloatArray,
    reference_name: str,
) -> Score:
    """Optimality between baseline (0) and reference (1), where there is headroom to score.

    Args:
        paired: Bootstrap of the weeks.
        cost: J of each week under the controller, €.
        baseline: J of each week under the rules, €.
        reference: J of each week under the reference, €.
        reference_name: Name of the reference.

    Returns:
        The score; headroom below 3 % of the baseline's cost is reported, not scored.
    """
    gap = float((baseline - reference).sum())
    total = abs(float(baseline.sum()))
    headroom = gap / total if total > 0.0 else 0.0
    if gap <= 0.0:
        return Score(
            reference=reference_name,
            headroom_percent=100.0 * headroom,
            optimality=None,
            verdict="reference no better than baseline",
        )
    if headroom < MIN_HEADROOM:
        return Score(
            reference=reference_name,
            headroom_percent=100.0 * headroom,
            optimality=None,
            verdict="no headroom",
        )
    return Score(
        reference=reference_name,
        headroom_percent=100.0 * headroom,
        optimality=paired.interval(_ratio, (baseline - cost, baseline - reference)),
        verdict="scored",
    )


def _kpi_differences(
    paired: PairedBootstrap, values: dict[str, FloatArray], base: dict[str, FloatArray]
) -> Iterator[KpiDifference]:
    for kpi, weekly in values.items():
        known = np.isfinite(weekly) & np.isfinite(base[kpi])
        if not known.any():
            continue
        here, there = weekly[known], base[kpi][known]
        yield KpiDifference(
            kpi=kpi,
            value=float(here.mean()),
            baseline=float(there.mean()),
            difference=paired.chosen(known).mean(here - there),
        )


def _ratio(sums: FloatArray) -> FloatArray:
    """First sum over second; not finite where a resample leaves nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: FloatArray = np.divide(sums[0], sums[1])
    return quotient


def _without_spread(statistic: Callable[[FloatArray], FloatArray], sums: FloatArray) -> bool:
    each = np.asarray(statistic(sums))
    return bool(np.ptp(each) <= 1e-12 * max(1.0, float(np.abs(each).max())))
