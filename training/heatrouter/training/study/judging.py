"""Judge what a part has trained, with its opponents, on the same held-out weeks."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from heatrouter.agents.evaluation import evaluate_all
from heatrouter.agents.evaluation_bound import find_bound
from heatrouter.agents.evaluation_controllers import ControllerSettings, Entrant, make_entrant
from heatrouter.agents.evaluation_pool import Case
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_results import ControllerResult, Evaluation
from heatrouter.agents.evaluation_scenarios import build_scenarios
from heatrouter.agents.evaluation_statistics import PairedBootstrap
from heatrouter.agents.evaluation_store import ResultStore
from heatrouter.agents.evaluation_weeks import levels
from heatrouter.envs.errors import NumericalError
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.training.run_folder import RunFolder
from heatrouter.training.study.planning import Training
from heatrouter.training.study.results import Controller, PresetResults, TrainingCost
from heatrouter.training.study.scores import headroom, method_scores
from heatrouter.training.study.settings import BASELINE, Part, Study

UNGUARDED_RULES = "rules-unguarded"
_COST_DECIMALS = 2

Progress = Callable[[str, str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Ran:
    """A controller that is judged: its name, method and training."""

    name: str
    method: str
    guard: bool
    entrant: Entrant
    training: Training | None = None


def judge(
    study: Study,
    part: Part,
    trainings: Sequence[Training],
    runs: Path,
    store: ResultStore,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
) -> tuple[PresetResults, ...]:
    """Judge a part, preset by preset.

    Args:
        study: The study.
        part: Which of its parts.
        trainings: Those of the part that have ended.
        runs: Folder of their runs.
        store: Where results of all parts are kept and looked for.
        jobs: Processes; no number but decision times depends on it.
        progress: Told after each unit of work.

    Raises:
        NumericalError: Not even the rules got through, or weather differed between controllers.
    """
    found = []
    for preset in part.presets:
        own = [training for training in trainings if training.preset == preset]
        ran = list(_ran(part, preset, own, runs))
        cases = _cases(study, part, preset, ran)
        judged = evaluate_all(
            [case for _, case in cases],
            baseline=BASELINE,
            store=store,
            jobs=jobs,
            progress=progress,
        )
        evaluations = {guard: one.evaluation for (guard, _), one in zip(cases, judged, strict=True)}
        found.append(_results(study, preset, cases[0][1].question, ran, evaluations, runs))
    return tuple(found)


def _ran(part: Part, preset: str, trainings: Sequence[Training], runs: Path) -> Iterator[_Ran]:
    settings = ControllerSettings(load_district(load_task(preset).district))
    for opponent in part.opponents:
        yield _Ran(opponent, opponent, True, make_entrant(opponent, settings))
    guards = {guard for training in trainings for guard in training.method.judged_with}
    if part.unguarded_rules or False in guards:
        yield _Ran(UNGUARDED_RULES, UNGUARDED_RULES, False, make_entrant(BASELINE, settings))
    for training in trainings:
        run = runs / training.cell.name
        asked = f"sb3:{run}" if training.bundle is None else f"policy:{training.bundle}"
        entrant = make_entrant(asked, settings)
        for guard in training.method.judged_with:
            method = training.method.label(guard)
            name = f"{method}/seed-{training.cell.config.seed}"
            yield _Ran(name, method, guard, replace(entrant, family=method), training)


def _cases(study: Study, part: Part, preset: str, ran: Sequence[_Ran]) -> list[tuple[bool, Case]]:
    """With the guard, and without it where somebody is judged so; the weeks are the same."""
    judgement = study.judgement
    task = load_task(preset)
    district = load_district(task.district)
    library, weeks = build_scenarios(
        district, "test", judgement.weeks, judgement.seeds, hours=judgement.hours
    )
    bound, origin = find_bound(None if part.bound else "none")
    guarded = Question(
        district=district,
        task=task.model_copy(update={"guard": True}),
        library=library,
        weeks=weeks,
        hours=judgement.hours,
        seed=judgement.seeds[0],
        bound=bound,
        bound_origin=origin,
    )
    cases = [(True, Case(guarded, {one.name: one.entrant for one in ran if one.guard}))]
    free = {_free_name(one): one.entrant for one in ran if not one.guard}
    if free:
        loose = guarded.task.model_copy(update={"guard": False})
        question = replace(guarded, task=loose, bound=None, bound_origin="")
        cases.append((False, Case(question, free)))
    return cases


def _free_name(one: _Ran) -> str:
    # in a case of their own the rules without guard are what others are compared with
    return BASELINE if one.name == UNGUARDED_RULES else one.name


def _results(
    study: Study,
    preset: str,
    question: Question,
    ran: Sequence[_Ran],
    evaluations: Mapping[bool, Evaluation],
    runs: Path,
) -> PresetResults:
    main = evaluations[True]
    results: list[ControllerResult] = []
    controllers: list[Controller] = []
    for one in ran:
        evaluation = evaluations[one.guard]
        name = one.name if one.guard else _free_name(one)
        if name not in evaluation.controller_names:
            continue  # it failed, which is told below
        result = evaluation.controller(name).model_copy(update={"name": one.name})
        if result.exogenous_digest != main.controllers[0].exogenous_digest:
            msg = f"{one.name} did not meet the weather of the others; remove the stored results"
            raise NumericalError(msg, district=preset)
        results.append(result)
        controllers.append(_controller(one, result, runs))
    paired = PairedBootstrap(*levels(question.weeks), seed=question.seed)
    head = headroom(paired, results)
    titles = {
        method.label(g): _title(method.title, method.guard, g)
        for method in study.methods
        for g in (True, False)
    }
    return PresetResults(
        preset=preset,
        title=main.district_title,
        district_digest=main.district_digest,
        task_digest=main.task_digest,
        headroom_percent=None if head is None else head.headroom_percent,
        verdict=None if head is None else head.verdict,
        resampled=main.resampled,
        weeks=main.weeks,
        bound_eur=None if main.bound is None else main.bound.cost_eur,
        controllers=tuple(controllers),
        scores=method_scores(paired, controllers, titles | _TITLES),
        wrong=tuple(text for evaluation in evaluations.values() for text in evaluation.wrong),
    )


_TITLES = {
    "rules": "rules",
    UNGUARDED_RULES: "rules, no guard",
    "constant-price": "constant price",
    "mpc": "MPC, same forecast",
    "reference": "MPC, perfect foresight",
}


def _title(title: str, trained: bool, judged: bool) -> str:
    if trained == judged:
        return title
    return f"{title}; judged {'with' if judged else 'without'} guard"


def _controller(one: _Ran, result: ControllerResult, runs: Path) -> Controller:
    return Controller(
        name=one.name,
        method=one.method,
        seed=None if one.training is None else one.training.cell.config.seed,
        origin=result.origin,
        parametrisation=result.parametrisation,
        guard=one.guard,
        costs_eur=tuple(round(cost, _COST_DECIMALS) for cost in result.costs_eur),
        violations=tuple(v for v in result.violations if v.events),
        unmet_share=result.unmet_share,
        guard_share=result.guard_share,
        decision_p50_ms=result.decision_time.p50_ms,
        decision_p99_ms=result.decision_time.p99_ms,
        training=None if one.training is None else training_cost(one.training, runs),
    )


def training_cost(training: Training, runs: Path) -> TrainingCost | None:
    """What an ended training took, from the files of its run; None where nothing was run."""
    if training.bundle is not None:
        return None
    run = RunFolder(runs / training.cell.name)
    took = json.loads(run.core_seconds.read_text(encoding="utf-8"))
    summary = json.loads(run.summary.read_text(encoding="utf-8"))
    return TrainingCost(
        core_s=round(took["core_s"], 1),
        labels_core_s=round(took["labels_core_s"], 1),
        budget_core_s=training.cell.config.budget_core_s,
        steps=summary["steps"],
        best_step=summary["best_step"],
        curve=tuple((round(core_s, 1), round(saving, 6)) for _, core_s, saving in took["scores"]),
    )
