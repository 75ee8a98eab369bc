"""From the units of one controller to its result over all weeks."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from heatrouter.agents.evaluation_controllers import Entrant
from heatrouter.agents.evaluation_limits import by_kind, total
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_results import (
    ControllerResult,
    DecisionTime,
    DurationCurve,
    Planning,
)
from heatrouter.agents.evaluation_units import Unit, UnitResult
from heatrouter.agents.report_heat import heat_curves
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.spec.consumer_units import FabHeat, ProcessHeat, Substation
from heatrouter.envs.spec.district import District

_PERCENT = np.arange(101)


def merged(
    question: Question,
    name: str,
    entrant: Entrant,
    columns: Mapping[str, int],
    found: Sequence[tuple[Unit, UnitResult]],
) -> ControllerResult:
    """Put the weeks of a controller together.

    Args:
        question: What was asked.
        name: Name of the controller.
        entrant: The controller.
        columns: Name to position of the outputs.
        found: Its units without a failure, in the order of :func:`units_of`.

    Returns:
        The result, the same however the weeks were cut.
    """
    runs = [result for unit, result in found if unit.kind == "weeks"]
    limits = tuple(week for run in runs for week in run.record.limits)
    left = total(limits)
    # Week by week in order, so that the sum does not depend on how they were cut.
    means = np.concatenate([run.sums for run in runs]).mean(axis=0) / question.steps
    digests = [digest for run in runs for digest in run.record.exogenous]
    guarded = sum(steps for run in runs for steps in run.record.guarded)
    times_s = np.concatenate([result.decision_s for _, result in found])
    return ControllerResult(
        name=name,
        origin=entrant.origin,
        parametrisation=entrant.controller.parametrisation,
        weeks=tuple(week for run in runs for week in run.record.weeks),
        family=entrant.family,
        breaches=left,
        violations=by_kind(left),
        mean_outputs={column: float(means[i]) for column, i in columns.items()},
        unmet_share=_unmet_share(question.district, columns, means),
        guard_share=guarded / (question.steps * len(question.weeks)),
        exogenous_digest=hashlib.sha256("".join(digests).encode()).hexdigest(),
        decision_time=_decision_time(times_s),
        planning=_planning([run.record.planning for run in runs]),
        duration=_duration(question.district, np.concatenate([run.heat for run in runs])),
    )


def _decision_time(times_s: FloatArray) -> DecisionTime:
    p50_ms, p99_ms = 1e3 * np.percentile(times_s, [50.0, 99.0])
    return DecisionTime(p50_ms=float(p50_ms), p99_ms=float(p99_ms), decisions=times_s.size)


def _planning(parts: Sequence[Planning | None]) -> Planning | None:
    known = [part for part in parts if part is not None]
    if not known:
        return None
    means = [(part.gap_mean, part.solves) for part in known if part.gap_mean is not None]
    weight = sum(solves for _, solves in means)
    return Planning(
        solves=sum(part.solves for part in known),
        infeasible=sum(part.infeasible for part in known),
        deadline=sum(part.deadline for part in known),
        gap_mean=sum(gap * solves for gap, solves in means) / weight if weight else None,
        gap_worst=max(
            (part.gap_worst for part in known if part.gap_worst is not None), default=None
        ),
    )


def _duration(district: District, heat: FloatArray) -> tuple[DurationCurve, ...]:
    curves = []
    for position, name in enumerate(heat_curves(district)):
        every = heat[:, position].ravel()
        exceeded = np.percentile(every, 100.0 - _PERCENT)
        curves.append(DurationCurve(name=name, exceeded_kw=tuple(exceeded.tolist())))
    return tuple(curves)


def _unmet_share(district: District, columns: Mapping[str, int], means: FloatArray) -> float:
    """Heat that buildings and processes lacked over what they asked for, all weeks together."""
    names = [u.name for u in district.units if isinstance(u, Substation | ProcessHeat | FabHeat)]
    demand = sum(float(means[columns[f"{name}.demand_kw"]]) for name in names)
    unmet = sum(float(means[columns[f"{name}.unmet_kw"]]) for name in names)
    return unmet / demand if demand > 0.0 else 0.0
