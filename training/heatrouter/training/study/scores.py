"""Scores of methods over their seeds and weeks, by the statistics of ``heatrouter evaluate``."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from heatrouter.agents.evaluation_comparison import FamilySummary, Score
from heatrouter.agents.evaluation_seeds import Judged, families
from heatrouter.agents.evaluation_statistics import PairedBootstrap, compare, score
from heatrouter.envs.arrays import FloatArray
from heatrouter.training.study.results import Controller, MethodScore
from heatrouter.training.study.settings import BASELINE, REFERENCE


def method_scores(
    paired: PairedBootstrap,
    controllers: Sequence[Controller],
    titles: Mapping[str, str],
) -> tuple[MethodScore, ...]:
    """Score every method and every other controller.

    Args:
        paired: Bootstrap of the weeks.
        controllers: All that were judged on these weeks, the rules among them.
        titles: Of methods and controllers, for the page.
    """
    costs = {one.name: np.array(one.costs_eur) for one in controllers}
    reference = REFERENCE if REFERENCE in costs else None
    summed = {found.family: found for found in families(paired, controllers, BASELINE, reference)}
    scores = []
    for method in dict.fromkeys(controller.method for controller in controllers):
        members = [controller for controller in controllers if controller.method == method]
        scores.append(
            _score(
                paired, costs, reference, members, summed.get(method), titles.get(method, method)
            )
        )
    return tuple(scores)


def headroom(paired: PairedBootstrap, results: Sequence[Judged]) -> Score | None:
    """What the reference saves against the rules; None where it was not judged."""
    costs = {result.name: np.array(result.costs_eur) for result in results}
    if REFERENCE not in costs:
        return None
    best = costs[REFERENCE]
    return score(paired, best, costs[BASELINE], best, REFERENCE)


def _score(
    paired: PairedBootstrap,
    costs: Mapping[str, FloatArray],
    reference: str | None,
    members: Sequence[Controller],
    summed: FamilySummary | None,
    title: str,
) -> MethodScore:
    first = members[0]
    if summed is not None:
        optimality, saving = summed.optimality, summed.saving_percent
    else:
        alone = compare(
            paired,
            controller=first.name,
            baseline=BASELINE,
            reference=reference,
            costs=dict(costs),
            kpis={first.name: {}, BASELINE: {}},
        )
        optimality = None if alone.score is None else alone.score.optimality
        saving = alone.saving_percent
    regrets = (
        [] if reference is None else [_regret(costs[m.name] - costs[reference]) for m in members]
    )
    kinds = dict.fromkeys(violation.kind for member in members for violation in member.violations)
    weeks = len(first.costs_eur)
    trained = [member.training for member in members if member.training is not None]
    return MethodScore(
        method=first.method,
        title=title,
        seeds=tuple(member.seed for member in members if member.seed is not None),
        guard=first.guard,
        parametrisation=first.parametrisation,
        optimality=optimality,
        saving_percent=saving,
        regret_mean_eur=_mean([mean for mean, _ in regrets]),
        regret_worst_decile_eur=_mean([worst for _, worst in regrets]),
        hours_outside={
            kind: sum(v.hours for m in members for v in m.violations if v.kind == kind)
            / (weeks * len(members))
            for kind in kinds
        },
        unmet_share=max(member.unmet_share for member in members),
        guard_share=sum(member.guard_share for member in members) / len(members),
        core_s=_mean([cost.core_s for cost in trained]),
        labels_core_s=_mean([cost.labels_core_s for cost in trained]),
        steps=_mean([float(cost.steps) for cost in trained]),
    )


def _regret(regret: FloatArray) -> tuple[float, float]:
    """Mean, and mean of the worst tenth of the weeks, €."""
    ordered = np.sort(regret)[::-1]
    worst = ordered[: math.ceil(0.1 * ordered.size)]
    return float(ordered.mean()), float(worst.mean())


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
