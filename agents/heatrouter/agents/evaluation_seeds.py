"""Training runs of one recipe, taken together over their seeds."""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from scipy.stats import bootstrap, trim_mean

from heatrouter.agents.evaluation_comparison import FamilySummary, Interval
from heatrouter.agents.evaluation_statistics import (
    CONFIDENCE,
    MIN_HEADROOM,
    RESAMPLES,
    PairedBootstrap,
)
from heatrouter.envs.arrays import FloatArray

_CUT: Final = 0.25
"""Share that an interquartile mean leaves out at each end (Agarwal et al. 2021)."""


class Judged(Protocol):
    """What counts of a controller on the weeks that all of them met."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def family(self) -> str: ...  # noqa: D102
    @property
    def costs_eur(self) -> tuple[float, ...]: ...  # noqa: D102


def families(
    paired: PairedBootstrap,
    results: Sequence[Judged],
    baseline: str,
    reference: str | None,
) -> tuple[FamilySummary, ...]:
    """Summarise every family of at least two training runs.

    Args:
        paired: Bootstrap of the weeks.
        results: Of every controller.
        baseline: Name of the controller that the others are measured against.
        reference: Name of the controller with perfect foresight, if one took part.

    Returns:
        One summary for each family, in the order of the controllers.
    """
    costs = {result.name: np.array(result.costs_eur) for result in results}
    base = costs[baseline]
    names = {
        family: tuple(result.name for result in results if result.family == family)
        for family in dict.fromkeys(result.family for result in results if result.family)
    }
    found = []
    for family, members in names.items():
        if len(members) < 2:
            continue
        savings = [base - costs[member] for member in members]
        optimality = None
        if reference is not None:
            headroom = base - costs[reference]
            if float(headroom.sum()) >= MIN_HEADROOM * abs(float(base.sum())):
                optimality = _over_runs(paired, savings, headroom)
        percent = None
        if base.sum() > 0.0:
            percent = _over_runs(paired, savings, base).scaled(100.0)
        found.append(
            FamilySummary(
                family=family, members=members, saving_percent=percent, optimality=optimality
            )
        )
    return tuple(found)


def _over_runs(
    paired: PairedBootstrap, savings: Sequence[FloatArray], whole: FloatArray
) -> Interval:
    """Interquartile mean over runs of the sum of savings over a sum.

    Runs and weeks are crossed, every run meets every week, so both are drawn independently.
    """
    *parts, total = paired.sums([*savings, whole])
    each = np.stack(parts)

    def statistic(runs: FloatArray, weeks: FloatArray, axis: int = -1) -> FloatArray:
        del axis  # scipy names it; samples lie along the last one
        drawn = weeks.astype(np.int64)
        # (n_runs, resamples): share of every run in every sample of weeks.
        shares = each[:, drawn].sum(axis=-1) / total[drawn].sum(axis=-1)
        picked = np.take_along_axis(np.moveaxis(shares, 0, -1), runs.astype(np.int64), axis=-1)
        return np.asarray(trim_mean(picked, _CUT, axis=-1), dtype=np.float64)

    runs, weeks = np.arange(len(savings), dtype=np.float64), np.arange(total.size, dtype=np.float64)
    estimate = float(statistic(runs, weeks))
    if total.size < 2:
        return Interval(estimate=estimate, low=estimate, high=estimate)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = bootstrap(
            (runs, weeks),
            statistic,
            vectorized=True,
            n_resamples=RESAMPLES,
            batch=1000,
            confidence_level=CONFIDENCE,
            method="percentile",
            rng=np.random.default_rng(paired.seed),
        ).confidence_interval
    return Interval(estimate=estimate, low=float(found.low), high=float(found.high))
