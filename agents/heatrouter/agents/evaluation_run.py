"""Run one unit of an evaluation: a controller on some weeks, or the bound of a week."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from math import fsum
from pathlib import PurePath
from traceback import extract_tb
from typing import Final

import numpy as np

from heatrouter.agents.evaluation_controllers import Entrant
from heatrouter.agents.evaluation_decoding import WithDecoder
from heatrouter.agents.evaluation_kpis import KpiMeter
from heatrouter.agents.evaluation_limits import breaches, limit_columns, limits_of
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_results import Failure, Planning, WeekResult
from heatrouter.agents.evaluation_units import Unit, UnitRecord, UnitResult
from heatrouter.agents.evaluation_weeks import starts
from heatrouter.agents.protocol import Controller, Planner
from heatrouter.agents.report_heat import heat_curves
from heatrouter.agents.rollout import StepLike, Trajectory, rollout
from heatrouter.envs.actuate import ActionDecoder
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ConfigError, NumericalError
from heatrouter.envs.guard.verdict import Reason

_WARM_UP_DECISIONS: Final = 5
"""First decisions fill caches and are not timed."""


def run_unit(question: Question, entrant: Entrant | None, unit: Unit) -> UnitResult:
    """Do one piece of work.

    Args:
        question: What is asked.
        entrant: The controller; None for the bound.
        unit: Which weeks.

    Returns:
        What was found. A controller that breaks down leaves a result with the failure: the weeks
        of the others are worth keeping.

    Raises:
        ConfigError: The controller or its settings do not fit the district.
    """
    try:
        if entrant is None:
            return _bound(question, unit)
        if unit.kind == "decisions":
            return _decisions(question, entrant, unit)
        return _weeks(question, entrant, unit)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001  # a user's class may raise anything
        told = str(error) if isinstance(error, NumericalError) else f"{error!r} ({_place(error)})"
        failure = Failure(controller=unit.controller, weeks=unit.weeks, message=told)
        return UnitResult(UnitRecord(failure=failure))


def _place(error: Exception) -> str:
    """File and line that raised."""
    frame = extract_tb(error.__traceback__)[-1]
    return f"{PurePath(frame.filename).name}, line {frame.lineno}"


def _weeks(question: Question, entrant: Entrant, unit: Unit) -> UnitResult:
    steps, dt_s = question.steps, question.task.control_dt_s
    weeks = tuple(question.weeks[week] for week in unit.weeks)
    count = len(weeks)
    batch = question.batch(entrant, count)
    limits, curves = limits_of(question.district), heat_curves(question.district)
    exogenous = tuple(column for column in batch.columns if column.startswith("site."))
    meter = KpiMeter(question.district, batch.columns, count, dt_s)
    width = len(batch.columns)
    courses = {week: np.empty((steps, width)) for week in unit.weeks if week in question.examples}
    sums, heat = np.zeros((count, width)), np.zeros((count, len(curves), steps))
    everything = np.empty((steps, count, width)) if unit.keep_steps else None
    guarded = np.zeros(count, dtype=np.int64)

    def on_step(index: int, step: StepLike) -> None:
        meter.add(step.outputs)
        sums[:] += step.outputs
        for week, outputs in courses.items():
            outputs[index] = step.outputs[unit.weeks.index(week)]
        for position, parts in enumerate(curves.values()):
            for column, sign in parts:
                heat[:, position, index] += sign * step.outputs[:, batch.columns[column]]
        if everything is not None:
            everything[index] = step.outputs
        intervened = (step.verdict.reasons & ~np.uint16(Reason.DEADBAND)) != 0
        guarded[:] += intervened.any(axis=1)

    trajectory = rollout(
        batch,
        entrant.controller,
        steps,
        starts=starts(weeks),
        columns=(*limit_columns(limits), *exogenous),
        on_step=on_step,
    )
    # Exact sums: NumPy's depend on how many weeks lie side by side in memory.
    terms = [
        {term: fsum(value[:, week].tolist()) for term, value in trajectory.terms.items()}
        for week in range(count)
    ]
    costs = [fsum(each.values()) for each in terms]
    if not np.isfinite(costs).all():
        worst = weeks[int(np.flatnonzero(~np.isfinite(costs))[0])]
        msg = (
            f"the cost under controller {unit.controller!r} is not finite in the week of "
            f"{worst.start_utc} of {worst.scenario}; run `heatrouter simulate` on it to see where "
            "it starts"
        )
        raise NumericalError(msg, district=question.district.name)
    kpis = meter.result()
    left = breaches(limits, trajectory.outputs, trajectory.columns, dt_s)
    record = UnitRecord(
        weeks=tuple(
            WeekResult(
                cost_eur=costs[week],
                terms_eur=terms[week],
                kpis={kpi: _known(value[week]) for kpi, value in kpis.items()},
                breaches=tuple(breach for breach in left[week] if breach.events),
            )
            for week in range(count)
        ),
        limits=left,
        exogenous=tuple(_digest(trajectory, exogenous, week) for week in range(count)),
        guarded=tuple(int(steps) for steps in guarded),
        planning=planning_of(entrant.controller),
        set_points=trajectory.set_point_names,
    )
    kept = (
        {} if everything is None else {"outputs": everything, "set_points": trajectory.set_points}
    )
    if everything is not None:
        kept |= {f"term.{term}": value for term, value in trajectory.terms.items()}
    result = UnitResult(record, sums, heat, courses=courses, steps=kept)
    return replace(result, decision_s=_single(trajectory, entrant.controller, count))


def _single(trajectory: Trajectory, controller: Controller, num_envs: int) -> FloatArray:
    """Times of single decisions: the planner's own, or those of a batch of one."""
    if isinstance(controller, Planner):
        own = controller.planning_record().get("decision_s")
        if own is not None:
            return np.asarray(own, dtype=np.float64).ravel()
    if num_envs > 1:
        return np.zeros(0)
    return trajectory.decision_s[min(_WARM_UP_DECISIONS, trajectory.decision_s.size - 1) :]


def planning_of(controller: Controller) -> Planning | None:
    """How a planner's solves ended since its reset; None for other controllers."""
    if not isinstance(controller, Planner):
        return None
    found: Mapping[str, FloatArray | float] = controller.planning_record()

    def gap(name: str) -> float | None:
        return _known(float(found.get(name, np.nan)))

    return Planning(
        solves=int(found["solves"]),
        infeasible=int(found["infeasible"]),
        deadline=int(found["deadline"]),
        gap_mean=gap("gap_mean"),
        gap_worst=gap("gap_worst"),
    )


def _decisions(question: Question, entrant: Entrant, unit: Unit) -> UnitResult:
    """Time decisions one by one, as the service takes them: with a single environment."""
    week = tuple(question.weeks[position] for position in unit.weeks[:1])
    batch = question.batch(entrant, 1)
    decoder = getattr(batch, "decoder", None)
    controller = entrant.controller
    if isinstance(decoder, ActionDecoder):
        controller = WithDecoder(controller, decoder)
    trajectory = rollout(batch, controller, question.steps, starts=starts(week), columns=())
    return UnitResult(UnitRecord(), decision_s=_single(trajectory, entrant.controller, 1))


def _bound(question: Question, unit: Unit) -> UnitResult:
    assert question.bound is not None
    values = tuple(float(question.bound(question, week)) for week in unit.weeks)
    return UnitResult(UnitRecord(bound_eur=values))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _digest(trajectory: Trajectory, names: tuple[str, ...], week: int) -> str:
    found = hashlib.sha256()
    for name in sorted(names):
        found.update(name.encode())
        found.update(np.ascontiguousarray(trajectory.column(name)[:, week]).tobytes())
    return found.hexdigest()
