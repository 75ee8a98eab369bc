"""Judge controllers on the same held-out weeks, paired.

Every controller runs every week with its own parametrisation and everything else equal. Afterwards
the weather and prices that each one met are compared bit for bit: a comparison that is not paired
is an error, not a result.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from heatrouter.agents.evaluation_bound import checked_bound
from heatrouter.agents.evaluation_conclusion import conclude
from heatrouter.agents.evaluation_controllers import Entrant
from heatrouter.agents.evaluation_merge import merged
from heatrouter.agents.evaluation_pool import Case, run_units
from heatrouter.agents.evaluation_question import Examples, Question
from heatrouter.agents.evaluation_results import BoundCheck, ControllerResult, Evaluation, Failure
from heatrouter.agents.evaluation_store import ResultStore
from heatrouter.agents.evaluation_units import Unit, UnitResult, bound_units, units_of
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ConfigError, NumericalError
from heatrouter.envs.simulation.outputs import output_layout

Progress = Callable[[str, str, int, int], None]
"""Called with district, controller, weeks done and weeks in all, after each unit of work."""

REFERENCE = "reference"
"""Name of the controller that gives a score where it takes part."""


@dataclass(frozen=True)
class Judged:
    """One district, judged.

    Attributes:
        evaluation: What was found.
        examples: The course of the example weeks.
        units: The units of work that ran weeks, in order; their steps are in the store.
    """

    evaluation: Evaluation
    examples: Examples
    units: tuple[Unit, ...]


def evaluate(
    question: Question,
    entrants: Mapping[str, Entrant],
    *,
    baseline: str = "rules",
    reference: str | None = None,
    store: ResultStore | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
) -> tuple[Evaluation, Examples]:
    """Run every controller on every week of one district; see :func:`evaluate_all`."""
    (judged,) = evaluate_all(
        [Case(question, entrants)],
        baseline=baseline,
        reference=reference,
        store=store,
        progress=progress,
        jobs=jobs,
    )
    return judged.evaluation, judged.examples


def evaluate_all(
    cases: Sequence[Case],
    *,
    baseline: str = "rules",
    reference: str | None = None,
    store: ResultStore | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
    keep_steps: bool = False,
) -> tuple[Judged, ...]:
    """Run every controller on every week of every district and compare them.

    Args:
        cases: Districts with their controllers; the baseline must be among them.
        baseline: Name of the controller that the others are measured against.
        reference: Name of the controller with perfect foresight; by default ``reference``, where
            it takes part.
        store: Where results are kept and looked for, one file for each unit of work.
        progress: Told after each unit of work that was not stored.
        jobs: Processes, at least 1. No result depends on it.
        keep_steps: Whether the store also keeps every step of every week.

    Returns:
        What was found, district by district.

    Raises:
        ConfigError: Baseline or reference do not take part, or a controller does not fit.
        NumericalError: The baseline did not get through, or controllers did not meet the same
            weather.
    """
    for case in cases:
        for role, name in (("baseline", baseline), ("reference", reference)):
            if name is not None and name not in case.entrants:
                names = ", ".join(case.entrants)
                msg = f"{role} {name!r} is not among the controllers {names}; add it"
                raise ConfigError(msg)
    units = _units(cases, keep_steps=keep_steps)
    results: dict[Unit, UnitResult] = {}
    done: dict[tuple[int, str], int] = {}
    for unit, result, stored in run_units(cases, units, store, jobs):
        results[unit] = result
        key = unit.case, unit.controller
        done[key] = done.get(key, 0) + (0 if unit.kind == "decisions" else len(unit.weeks))
        if progress is not None and not stored:
            question = cases[unit.case].question
            progress(question.district.name, unit.controller, done[key], len(question.weeks))
    return tuple(
        _judge(case, [(u, results[u]) for u in units if u.case == position], baseline, reference)
        for position, case in enumerate(cases)
    )


def _units(cases: Sequence[Case], *, keep_steps: bool) -> list[Unit]:
    units: list[Unit] = []
    for position, case in enumerate(cases):
        for name, entrant in case.entrants.items():
            own = units_of(position, case.question, name, entrant, keep_steps=keep_steps)
            # Steps go through the store even where a later run must not find them.
            passing = keep_steps and not entrant.storable
            units += [replace(unit, key=uuid4().hex) for unit in own] if passing else own
        if case.question.bound is not None:
            units += bound_units(position, case.question)
    # The slow ones first: what is left at the end should be short.
    units.sort(key=lambda unit: len(unit.weeks))
    return units


def _judge(
    case: Case,
    found: list[tuple[Unit, UnitResult]],
    baseline: str,
    reference: str | None,
) -> Judged:
    question = case.question
    columns = output_layout(question.district).columns
    failures: list[Failure] = []
    results: list[ControllerResult] = []
    courses: dict[str, dict[int, FloatArray]] = {}
    for name, entrant in case.entrants.items():
        own = sorted(
            ((unit, result) for unit, result in found if unit.controller == name),
            key=lambda pair: pair[0].weeks,
        )
        failed = [result.record.failure for _, result in own if result.record.failure]
        failures += _together(failed)
        if not failed:
            results.append(merged(question, name, entrant, columns, own))
            courses[name] = {w: c for _, result in own for w, c in sorted(result.courses.items())}
    names = [result.name for result in results]
    if baseline not in names:
        first = next(failure for failure in failures if failure.controller == baseline)
        raise NumericalError(first.message, district=question.district.name)
    reference = reference or (REFERENCE if REFERENCE in case.entrants else None)
    _check_paired(results, question.district.name)
    bound: BoundCheck | None = None
    bounds = sorted(
        ((unit.weeks, result) for unit, result in found if unit.kind == "bound"),
        key=lambda pair: pair[0],
    )
    if bounds:
        values = [value for _, result in bounds for value in result.record.bound_eur]
        failures += _together([r.record.failure for _, r in bounds if r.record.failure])
        if len(values) == len(question.weeks):
            bound = checked_bound(question, results, values)
    evaluation = conclude(
        question,
        tuple(results),
        baseline,
        reference if reference in names else None,
        bound=bound,
        failures=tuple(failures),
    )
    examples = Examples(question.task.control_dt_s, columns, courses)
    ran = tuple(unit for unit, _ in found if unit.kind == "weeks" and unit.controller in names)
    return Judged(evaluation, examples, ran)


def _together(failures: Sequence[Failure]) -> list[Failure]:
    """One entry for all weeks that a controller failed in, with the first message."""
    if not failures:
        return []
    weeks = sorted({week for failure in failures for week in failure.weeks})
    return [failures[0].model_copy(update={"weeks": tuple(weeks)})]


def _check_paired(results: Sequence[ControllerResult], district: str) -> None:
    first = results[0]
    for other in results[1:]:
        if other.exogenous_digest != first.exogenous_digest:
            msg = (
                f"controllers {first.name!r} and {other.name!r} did not meet the same weather and "
                "prices, their costs cannot be compared; remove the folder of stored results"
            )
            raise NumericalError(msg, district=district)
