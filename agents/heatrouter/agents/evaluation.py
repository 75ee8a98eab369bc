"""Judge controllers on the same held-out weeks, paired.

All weeks run side by side as environments of one batch, once per controller, each controller with
its own parametrisation and everything else equal. Afterwards the weather and prices that each one
met are compared bit for bit: a comparison that is not paired is an error, not a result.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from heatrouter.agents.evaluation_conclusion import conclude
from heatrouter.agents.evaluation_controllers import Entrant
from heatrouter.agents.evaluation_kpis import KpiMeter
from heatrouter.agents.evaluation_limits import breaches, limit_columns, limits_of, total
from heatrouter.agents.evaluation_question import Examples, Question
from heatrouter.agents.evaluation_results import (
    ControllerResult,
    DecisionTime,
    Evaluation,
    WeekResult,
)
from heatrouter.agents.evaluation_store import ResultStore, code_digest, digest_of
from heatrouter.agents.evaluation_weeks import starts
from heatrouter.agents.rollout import BatchLike, StepLike, Trajectory, rollout
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import ConfigError, NumericalError
from heatrouter.envs.guard.verdict import Reason
from heatrouter.envs.spec.consumer_units import FabHeat, ProcessHeat, Substation
from heatrouter.envs.spec.district import District

_WARM_UP_DECISIONS: Final = 5
"""First decisions fill caches and are not timed."""


def evaluate(
    question: Question,
    entrants: Mapping[str, Entrant],
    *,
    baseline: str = "rules",
    reference: str | None = None,
    store: ResultStore | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[Evaluation, Examples]:
    """Run every controller on every week and compare them.

    Args:
        question: What is to be judged.
        entrants: Name to controller; the baseline must be among them.
        baseline: Name of the controller that the others are measured against.
        reference: Name of the controller with perfect foresight, if one takes part.
        store: Where results of single controllers are kept and looked for.
        progress: Called with controller, steps done and steps in all.

    Returns:
        What was found, and the course of the example weeks.

    Raises:
        ConfigError: Baseline or reference do not take part.
        NumericalError: A cost is not finite, or controllers did not meet the same weather.
    """
    for role, name in (("baseline", baseline), ("reference", reference)):
        if name is not None and name not in entrants:
            msg = f"{role} {name!r} is not among the controllers {', '.join(entrants)}; add it"
            raise ConfigError(msg)
    results, courses = [], {}
    columns: Mapping[str, int] = {}
    for name, entrant in entrants.items():
        batch = question.batch(entrant, len(question.weeks))
        columns = batch.columns
        result, course = _run_or_load(question, name, entrant, batch, store, progress)
        results.append(result)
        courses[name] = course
    _check_paired(results, question.district.name)
    evaluation = conclude(question, tuple(results), baseline, reference)
    return evaluation, Examples(question.task.control_dt_s, columns, courses)


def _run_or_load(
    question: Question,
    name: str,
    entrant: Entrant,
    batch: BatchLike,
    store: ResultStore | None,
    progress: Callable[[str, int, int], None] | None,
) -> tuple[ControllerResult, dict[int, FloatArray]]:
    key = digest_of(
        entrant.origin,
        entrant.rules.model_dump(),
        batch.contract.digest,
        question.task.model_dump(mode="json"),
        question.library.provenance,
        [week.model_dump() for week in question.weeks],
        question.hours,
        question.seed,
        code_digest(),
    )
    # An imported class may have been edited since: only what has a digest is taken from a store.
    usable = store if ":" not in name else None
    if usable is not None and (stored := usable.load(name, key)) is not None:
        return stored
    result, course = _run(question, name, entrant, batch, progress)
    if usable is not None:
        usable.save(key, result, course)
    return result, course


def _run(
    question: Question,
    name: str,
    entrant: Entrant,
    batch: BatchLike,
    progress: Callable[[str, int, int], None] | None,
) -> tuple[ControllerResult, dict[int, FloatArray]]:
    steps, n_weeks, dt_s = question.steps, len(question.weeks), question.task.control_dt_s
    limits = limits_of(question.district)
    exogenous = tuple(column for column in batch.columns if column.startswith("site."))
    meter = KpiMeter(question.district, batch.columns, n_weeks, dt_s)
    course = {week: np.empty((steps, len(batch.columns))) for week in question.examples}
    sums = np.zeros((n_weeks, len(batch.columns)))
    changed = 0

    def on_step(index: int, step: StepLike) -> None:
        nonlocal changed
        meter.add(step.outputs)
        sums[:] += step.outputs
        for week, outputs in course.items():
            outputs[index] = step.outputs[week]
        intervened = (step.verdict.reasons & ~np.uint16(Reason.DEADBAND)) != 0
        changed += int(intervened.any(axis=1).sum())
        if progress is not None:
            progress(name, index + 1, steps)

    trajectory = rollout(
        batch,
        entrant.controller,
        steps,
        starts=starts(question.weeks),
        columns=(*limit_columns(limits), *exogenous),
        on_step=on_step,
    )
    costs = trajectory.cost_eur
    if not np.isfinite(costs).all():
        worst = question.weeks[int(np.flatnonzero(~np.isfinite(costs))[0])]
        msg = (
            f"the cost under controller {name!r} is not finite in the week of {worst.start_utc} "
            f"of {worst.scenario}; run `heatrouter simulate` on it to see where it starts"
        )
        raise NumericalError(msg, district=question.district.name)
    kpis = meter.result()
    left = breaches(limits, trajectory.outputs, trajectory.columns, dt_s)
    weeks = tuple(
        WeekResult(
            cost_eur=float(costs[week]),
            terms_eur={
                term: float(value[:, week].sum()) for term, value in trajectory.terms.items()
            },
            kpis={kpi: _known(value[week]) for kpi, value in kpis.items()},
            breaches=tuple(breach for breach in left[week] if breach.events),
        )
        for week in range(n_weeks)
    )
    means = sums.mean(axis=0) / steps
    return (
        ControllerResult(
            name=name,
            origin=entrant.origin,
            parametrisation=entrant.controller.parametrisation,
            weeks=weeks,
            breaches=total(left),
            mean_outputs={column: float(means[i]) for column, i in batch.columns.items()},
            unmet_share=_unmet_share(question.district, batch.columns, means),
            guard_share=changed / (steps * n_weeks),
            exogenous_digest=_exogenous_digest(trajectory, exogenous),
            decision_time=_decision_time(question, entrant),
        ),
        course,
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _unmet_share(district: District, columns: Mapping[str, int], means: FloatArray) -> float:
    """Heat that buildings and processes lacked over what they asked for, all weeks together."""
    names = [u.name for u in district.units if isinstance(u, Substation | ProcessHeat | FabHeat)]
    demand = sum(float(means[columns[f"{name}.demand_kw"]]) for name in names)
    unmet = sum(float(means[columns[f"{name}.unmet_kw"]]) for name in names)
    return unmet / demand if demand > 0.0 else 0.0


def _decision_time(question: Question, entrant: Entrant) -> DecisionTime:
    """Time decisions one by one, as the service takes them: with a single environment."""
    week = question.weeks[question.examples[0]]
    start: tuple[IntArray, IntArray] = starts((week,))
    trajectory = rollout(
        question.batch(entrant, 1),
        entrant.controller,
        question.steps,
        starts=start,
        columns=(),
    )
    times_ms = 1e3 * trajectory.decision_s[min(_WARM_UP_DECISIONS, question.steps - 1) :]
    p50_ms, p99_ms = np.percentile(times_ms, [50.0, 99.0])
    return DecisionTime(p50_ms=float(p50_ms), p99_ms=float(p99_ms), decisions=times_ms.size)


def _exogenous_digest(trajectory: Trajectory, names: Sequence[str]) -> str:
    found = hashlib.sha256()
    for name in sorted(names):
        found.update(name.encode())
        found.update(np.ascontiguousarray(trajectory.column(name)).tobytes())
    return found.hexdigest()


def _check_paired(results: Sequence[ControllerResult], district: str) -> None:
    first = results[0]
    for other in results[1:]:
        if other.exogenous_digest != first.exogenous_digest:
            msg = (
                f"controllers {first.name!r} and {other.name!r} did not meet the same weather and "
                "prices, their costs cannot be compared; remove the folder of stored results"
            )
            raise NumericalError(msg, district=district)
