"""From the results of single controllers to what an evaluation found."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final, Literal

import numpy as np

from heatrouter.agents.evaluation_digest import digest_of
from heatrouter.agents.evaluation_kpis import KPIS
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_results import (
    BoundCheck,
    ControllerResult,
    Evaluation,
    Failure,
)
from heatrouter.agents.evaluation_seeds import families
from heatrouter.agents.evaluation_statistics import (
    HEADLINE_WEEKS,
    MIN_GROUPS,
    PairedBootstrap,
    compare,
)
from heatrouter.agents.evaluation_weeks import levels
from heatrouter.envs.version import __version__

_PACKAGES: Final = ("numpy", "numba", "scipy", "highspy", "onnxruntime")


def conclude(
    question: Question,
    results: tuple[ControllerResult, ...],
    baseline: str,
    reference: str | None,
    *,
    bound: BoundCheck | None = None,
    failures: tuple[Failure, ...] = (),
) -> Evaluation:
    """Compare the controllers and say what has to be kept in mind.

    Args:
        question: What was to be judged.
        results: Of every controller, the baseline among them.
        baseline: Name of the controller that the others are measured against.
        reference: Name of the controller with perfect foresight, if one took part.
        bound: The cost that no controller can go below, if it was computed.
        failures: Controllers that did not get through.

    Returns:
        What the evaluation found.
    """
    district, task = question.district, question.task
    paired = PairedBootstrap(*levels(question.weeks), seed=question.seed)
    costs = {result.name: np.array(result.costs_eur) for result in results}
    kpis = {
        result.name: {
            # None becomes NaN.
            kpi.name: np.array([week.kpis[kpi.name] for week in result.weeks], dtype=np.float64)
            for kpi in KPIS
        }
        for result in results
    }
    comparisons = tuple(
        compare(
            paired,
            controller=result.name,
            baseline=baseline,
            reference=reference,
            costs=costs,
            kpis=kpis,
        )
        for result in results
        if result.name != baseline
    )
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
        seeds=tuple(dict.fromkeys(week.seed for week in question.weeks)),
        hours=question.hours,
        control_dt_s=task.control_dt_s,
        forecast=task.forecast.kind,
        objective=task.objective.model_dump(),
        provenance=_provenance(question),
        resampled=paired.unit,
        kpis=KPIS,
        weeks=question.weeks,
        controllers=results,
        comparisons=comparisons,
        families=families(paired, results, baseline, reference),
        bound=bound,
        failures=failures,
        caveats=tuple(_caveats(question, paired.unit, reference)),
    )


def _caveats(
    question: Question, unit: Literal["scenarios", "weeks"], reference: str | None
) -> Iterator[str]:
    count = len(question.weeks)
    if count < HEADLINE_WEEKS:
        yield (
            f"{count} {'weeks were' if count > 1 else 'week was'} judged; a figure to publish "
            f"needs at least {HEADLINE_WEEKS} over all seasons."
        )
    seasons = {week.season for week in question.weeks}
    absent = [s for s in ("winter", "spring", "summer", "autumn") if s not in seasons]
    if absent:
        yield f"No week lies in {' or '.join(absent)}."
    if question.library.split != "test":
        yield (
            f"The weeks are of the {question.library.split} split, which training or tuning may "
            "have seen; only the test split judges."
        )
    if unit == "weeks":
        yield (
            f"The weeks come from fewer than {MIN_GROUPS} scenarios. The intervals show the spread "
            "between weeks, not between years."
        )
    if reference is None:
        yield (
            "No controller with perfect foresight took part, so it is not known how much could "
            "have been saved at best."
        )
    if question.district.hypothetical:
        yield "The district is hypothetical: its sizes are typical, not measured."


def _provenance(question: Question) -> tuple[str, ...]:
    """Where the data come from: what all scenarios share, and how many variants of the rest."""
    used = dict.fromkeys(week.scenario_index for week in question.weeks)
    entries = [question.library.provenance[index] for index in used]
    found = []
    for key in dict.fromkeys(key for entry in entries for key in entry):
        values = list(dict.fromkeys(entry.get(key, "none") for entry in entries))
        more = f"{values[0]} (and {len(values) - 1} others)" if len(values) > 1 else values[0]
        found.append(f"{key}: {more}")
    return tuple(found)


def _versions() -> dict[str, str]:
    found = {"heatrouter": __version__}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
