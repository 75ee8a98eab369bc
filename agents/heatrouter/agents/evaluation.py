"""Judge controllers on the same held-out weeks, paired.

All weeks run side by side as environments of one batch, once per controller, each controller with
its own parametrisation and everything else equal. Afterwards the weather and prices that each one
met are compared bit for bit: a comparison that is not paired is an error, not a result.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import numpy as np

from heatrouter.agents.evaluation_controllers import Entrant
from heatrouter.agents.evaluation_kpis import KPIS, KpiMeter
from heatrouter.agents.evaluation_limits import breaches, limit_columns, limits_of, total
from heatrouter.agents.evaluation_results import (
    ControllerResult,
    DecisionTime,
    Evaluation,
    Week,
    WeekResult,
)
from heatrouter.agents.evaluation_statistics import (
    HEADLINE_WEEKS,
    PairedBootstrap,
    compare,
)
from heatrouter.agents.evaluation_store import ResultStore, digest_of
from heatrouter.agents.evaluation_weeks import representative, starts
from heatrouter.agents.rollout import BatchLike, StepLike, Trajectory, rollout
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import ConfigError, NumericalError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR
from heatrouter.envs.version import __version__

_WARM_UP_DECISIONS: Final = 5
"""First decisions fill caches and are not timed."""

_GUARD_TOLERANCE: Final = 1e-6
"""Share of a set-point's range below which the guard changed nothing but rounding."""

_PACKAGES: Final = ("numpy", "numba", "scipy", "onnxruntime")


@dataclass(frozen=True)
class Question:
    """What is to be judged: on which district, by which task, on which weeks.

    Attributes:
        district: The district.
        task: Objective, forecast and clocks; its parametrisation is replaced by each controller's.
        library: Scenarios of the split to judge on.
        weeks: The weeks, see :func:`~heatrouter.agents.evaluation_weeks.draw_weeks`.
        hours: Length of a week, h.
        seed: Of weeks, initial states, forecast errors and bootstrap.
        make_batch: Makes the closed loop of a task with a number of environments.
    """

    district: District
    task: Task
    library: ScenarioLibrary
    weeks: tuple[Week, ...]
    hours: float
    seed: int
    make_batch: Callable[[Task, int], BatchLike] | None = field(default=None, compare=False)

    @property
    def steps(self) -> int:
        """Control steps of a week."""
        return round(self.hours * SECONDS_PER_HOUR / self.task.control_dt_s)

    def batch(self, entrant: Entrant, num_envs: int) -> BatchLike:
        """Make the closed loop for one controller."""
        # An episode that ended inside a week would hand the rest of it to another scenario.
        task = self.task.model_copy(
            update={
                "parametrisation": entrant.controller.parametrisation,
                "episode_hours": self.hours,
            }
        )
        if self.make_batch is not None:
            return self.make_batch(task, num_envs)
        # The simulator loads numba, which the tests of everything round it can do without.
        from heatrouter.envs.simulation.district_batch import DistrictBatch

        return DistrictBatch(
            self.district, task, self.library, num_envs=num_envs, seed=self.seed
        )

    @property
    def examples(self) -> tuple[int, ...]:
        """Weeks whose course the report shows: a winter one and a shoulder one, if there are."""
        found = [
            representative(self.weeks, ("winter",)),
            representative(self.weeks, ("spring", "autumn")),
        ]
        shown = tuple(dict.fromkeys(week for week in found if week is not None))
        return shown or (0,)


@dataclass(frozen=True)
class Examples:
    """The course of the weeks that the report shows.

    Attributes:
        dt_s: Length of a step, s.
        columns: Name to position of the outputs.
        outputs: Controller to week to outputs, ``(n_steps, n_columns)``.
    """

    dt_s: float
    columns: Mapping[str, int]
    outputs: Mapping[str, Mapping[int, FloatArray]]


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
    evaluation = _conclude(question, tuple(results), baseline, reference)
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
        batch.contract.digest,
        question.task.model_dump(mode="json"),
        question.library.provenance,
        [week.model_dump() for week in question.weeks],
        question.hours,
        question.seed,
        __version__,
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
    meter = KpiMeter(question.district, question.task, batch.columns, n_weeks)
    course = {week: np.empty((steps, len(batch.columns))) for week in question.examples}
    sums = np.zeros((n_weeks, len(batch.columns)))
    changed = 0
    low, high = batch.contract.bounds("set_points")

    def on_step(index: int, step: StepLike) -> None:
        nonlocal changed
        meter.add(step.outputs)
        sums[:] += step.outputs
        for week, outputs in course.items():
            outputs[index] = step.outputs[week]
        moved = np.abs(step.set_points - step.proposal) > _GUARD_TOLERANCE * (high - low)
        changed += int(moved.any(axis=1).sum())
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
            kpis={kpi: float(value[week]) for kpi, value in kpis.items()},
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
            guard_share=changed / (steps * n_weeks),
            exogenous_digest=_exogenous_digest(trajectory, exogenous),
            decision_time=_decision_time(question, entrant),
        ),
        course,
    )


def _decision_time(question: Question, entrant: Entrant) -> DecisionTime:
    """Time decisions one by one, as the service takes them: with a single environment."""
    week = question.weeks[question.examples[0]]
    start: tuple[IntArray, IntArray] = starts((week,))
    trajectory = rollout(
        question.batch(entrant, 1), entrant.controller, question.steps, starts=start, columns=()
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


def _conclude(
    question: Question,
    results: tuple[ControllerResult, ...],
    baseline: str,
    reference: str | None,
) -> Evaluation:
    district, task = question.district, question.task
    group = np.array([week.scenario_index for week in question.weeks], dtype=np.int64)
    bootstrap = PairedBootstrap(group, question.seed)
    costs = {result.name: np.array(result.costs_eur) for result in results}
    kpis = {
        result.name: {
            kpi.name: np.array([week.kpis[kpi.name] for week in result.weeks])
            for kpi in KPIS
            if kpi.name in result.weeks[0].kpis
        }
        for result in results
    }
    comparisons = tuple(
        compare(
            bootstrap,
            controller=result.name,
            baseline=baseline,
            reference=reference,
            costs=costs,
            kpis=kpis,
        )
        for result in results
        if result.name != baseline
    )
    provenance = {
        f"{key}: {value}"
        for week in question.weeks
        for key, value in question.library.provenance[week.scenario_index].items()
    }
    return Evaluation(
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=_versions(),
        district=district.name,
        district_title=district.title,
        district_digest=district.digest,
        hypothetical=district.hypothetical,
        task=task.name,
        task_digest=digest_of(task.model_dump(mode="json", exclude={"parametrisation"})),
        split=question.library.split,
        seed=question.seed,
        hours=question.hours,
        control_dt_s=task.control_dt_s,
        forecast=task.forecast.kind,
        objective=task.objective.model_dump(),
        provenance=tuple(sorted(provenance)),
        resampled=bootstrap.unit,
        kpis=tuple(kpi for kpi in KPIS if kpi.name in kpis[baseline]),
        weeks=question.weeks,
        controllers=results,
        comparisons=comparisons,
        caveats=tuple(_caveats(question, bootstrap, reference)),
    )


def _caveats(
    question: Question, bootstrap: PairedBootstrap, reference: str | None
) -> list[str]:
    found = []
    if len(question.weeks) < HEADLINE_WEEKS:
        found.append(
            f"{len(question.weeks)} weeks were judged; a figure to publish needs at least "
            f"{HEADLINE_WEEKS} over all seasons."
        )
    seasons = {week.season for week in question.weeks}
    absent = [s for s in ("winter", "spring", "summer", "autumn") if s not in seasons]
    if absent:
        found.append(f"No week lies in {' or '.join(absent)}.")
    if question.library.split != "test":
        found.append(
            f"The weeks are of the {question.library.split} split, which training or tuning may "
            "have seen; only the test split judges."
        )
    if bootstrap.unit == "weeks":
        found.append(
            "The weeks come from fewer than five scenarios. The intervals show the spread between "
            "weeks, not between years."
        )
    if reference is None:
        found.append(
            "No controller with perfect foresight took part, so it is not known how much could "
            "have been saved at best."
        )
    if question.district.hypothetical:
        found.append("The district is hypothetical: its sizes are typical, not measured.")
    return found


def _versions() -> dict[str, str]:
    found = {"heatrouter": __version__}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
