"""Tune the rules and the constant heat price of a district under its task's objective.

Candidates are judged on training weeks; the best of them and what was there before are compared on
validation weeks, and the cheapest there is taken. Test scenarios are never made.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from rich.console import Console

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.rule_parameters import RuleParameters
from heatrouter.envs.spec.task import Task
from heatrouter.training.run_folder import scenario_ids, versions, write_json, write_text
from heatrouter.training.tuning_search import Tried, search
from heatrouter.training.tuning_space import (
    Values,
    default_rule_values,
    normalised_price,
    price_axes,
    price_of,
    rule_axes,
    rules_of,
)
from heatrouter.training.tuning_weeks import TuningWeeks

What = Literal["rules", "constant-price", "both"]
FINALISTS: Final = 6
"""The best on training weeks that are compared on validation weeks."""


@dataclass(frozen=True, slots=True)
class TuningSettings:
    """How a tuning is done.

    Attributes:
        what: What is tuned; the price on top of the rules that were tuned before it.
        weeks: Weeks of each split, spread over the year.
        years: Scenarios of each split.
        trials: Candidates of each search.
        seed: Of scenarios, weeks and searches.
        hours: Length of a week, h.
    """

    what: What = "both"
    weeks: int = 24
    years: int = 2
    trials: int = 48
    seed: int = 0
    hours: float = 168.0


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a tuning found; costs are means of a week with fines (`TuningWeeks`), €.

    Attributes:
        before: Values that it began with.
        after: Values that it chose.
        before_eur: Cost of the first, on training and on validation weeks.
        after_eur: Cost of the second.
        trials: All candidates by rising cost on training weeks.
    """

    before: dict[str, float]
    after: dict[str, float]
    before_eur: tuple[float, float]
    after_eur: tuple[float, float]
    trials: tuple[Tried, ...]


def tune_district(
    district: District,
    task: Task,
    settings: TuningSettings,
    out: Path,
    console: Console,
    *,
    rules: RuleParameters | None = None,
    price: Values | None = None,
    resume: bool = False,
) -> dict[str, Tuned]:
    """Tune and write what was found.

    ``rules.yaml`` and ``constant-price.json`` are written for ``heatrouter evaluate``,
    ``tuning.json`` is the record, ``journal.log`` what resuming needs.

    Args:
        district: The district.
        task: Its task.
        settings: How.
        out: Folder of the files.
        console: Where progress goes.
        rules: Parameters to begin with, the task's if not given; what they are beside the tuned
            ones stays.
        price: Heat price to begin with, neutral where nothing is named.
        resume: Whether the folder holds a search to go on with.

    Returns:
        ``rules`` and ``constant-price``, as far as they were tuned.

    Raises:
        TrainingConfigError: The folder is not empty and resuming was not asked for, or it belongs
            to another tuning.
    """
    begin = time.perf_counter()
    start = rules or task.rules
    libraries = {
        "train": build_library(district, "train", settings.years, settings.seed),
        "validation": build_library(district, "validation", settings.years, settings.seed),
    }
    record = _record(district, settings, start, libraries)
    _prepare(out, record, resume)
    train, validation = (
        TuningWeeks(
            district,
            task,
            library,
            count=settings.weeks,
            hours=settings.hours,
            seed=settings.seed,
        )
        for library in libraries.values()
    )
    found: dict[str, Tuned] = {}
    journal = out / "journal.log"

    def note(what: str) -> Callable[[int, float], None]:
        def show(done: int, best: float) -> None:
            console.print(
                f"{what} {done}/{settings.trials}: best {best:,.1f} EUR a week, "
                f"{time.perf_counter() - begin:.0f} s",
                highlight=False,
            )

        return show

    chosen = start
    if settings.what in ("rules", "both"):
        tuned = _tune_rules(district, start, train, validation, settings, journal, note("rules"))
        found["rules"] = tuned
        chosen = RuleParameters.model_validate(tuned.after)
        write_text(out / "rules.yaml", rules_text(district.name, chosen, tuned, settings))
    if settings.what in ("constant-price", "both"):
        show = note("constant price")
        tuned = _tune_price(chosen, price or {}, train, validation, settings, journal, show)
        found["constant-price"] = tuned
        write_json(out / "constant-price.json", tuned.after)
    weeks = {
        name: [f"{week.scenario} {week.start_utc}" for week in split.weeks]
        for name, split in (("train", train), ("validation", validation))
    }
    record |= {
        "weeks": weeks,
        "seconds": round(time.perf_counter() - begin, 1),
        "found": {what: asdict(tuned) for what, tuned in found.items()},
    }
    write_json(out / "tuning.json", record)
    return found


def _tune_rules(
    district: District,
    start: RuleParameters,
    train: TuningWeeks,
    validation: TuningWeeks,
    settings: TuningSettings,
    journal: Path,
    show: Callable[[int, float], None],
) -> Tuned:
    axes = rule_axes(district)
    kept = start.model_dump()

    def parameters(values: Values) -> RuleParameters:
        tried = rules_of(values)
        changed = {name: getattr(tried, name) for name in tried.model_fields_set}
        return RuleParameters.model_validate(kept | changed)

    def judge(candidates: Sequence[Values]) -> list[float]:
        return [train.rules_cost(parameters(values)) for values in candidates]

    first = [default_rule_values(axes, start)]
    trials = search(
        "rules",
        axes,
        first,
        judge,
        journal,
        trials=settings.trials,
        seed=settings.seed,
        on_generation=show,
    )
    before = (train.rules_cost(start), validation.rules_cost(start))
    best, best_eur = start, before
    for tried in _finalists(trials, before[0]):
        candidate = parameters(tried.values)
        cost = validation.rules_cost(candidate)
        if cost < best_eur[1]:
            best, best_eur = candidate, (tried.cost_eur, cost)
    return Tuned(start.model_dump(), best.model_dump(), before, best_eur, tuple(trials))


def _tune_price(
    rules: RuleParameters,
    start: Values,
    train: TuningWeeks,
    validation: TuningWeeks,
    settings: TuningSettings,
    journal: Path,
    show: Callable[[int, float], None],
) -> Tuned:
    contract = train.contract("heat_price")
    axes = price_axes(contract)

    def action(values: Values) -> FloatArray:
        return normalised_price(contract, price_of(contract, values))

    def judge(candidates: Sequence[Values]) -> list[float]:
        costs = train.price_costs(rules, [action(values) for values in candidates])
        return [float(cost) for cost in costs]

    begun = {
        axis.name: float(value)
        for axis, value in zip(axes, normalised_price(contract, start), strict=True)
    }
    neutral = dict.fromkeys(begun, 0.0)
    # the plainest way to use a store: keep it full as long as heat is cheaper than the price
    full = neutral | {axis.name: axis.high for axis in axes if axis.name.endswith(".target_level")}
    first = [begun, *(plain for plain in (neutral, full) if plain != begun)]
    trials = search(
        "constant-price",
        axes,
        first,
        judge,
        journal,
        trials=settings.trials,
        seed=settings.seed,
        on_generation=show,
    )
    begun_eur = judge([begun])[0]
    # the plain ones too, since a search fits its training weeks and they do not
    finalists = [
        Tried(-1, begun, begun_eur),
        *_finalists(trials, begun_eur),
        *(tried for tried in trials[FINALISTS:] if tried.values in first),
    ]
    costs = validation.price_costs(rules, [action(tried.values) for tried in finalists])
    chosen = int(costs.argmin())
    return Tuned(
        price_of(contract, begun),
        price_of(contract, finalists[chosen].values),
        (begun_eur, float(costs[0])),
        (finalists[chosen].cost_eur, float(costs[chosen])),
        tuple(trials),
    )


def _finalists(trials: Sequence[Tried], before_eur: float) -> list[Tried]:
    """The best on training weeks, as far as they are cheaper there than what was before."""
    return [tried for tried in trials[:FINALISTS] if tried.cost_eur < before_eur]


def rules_text(district: str, rules: RuleParameters, tuned: Tuned, settings: TuningSettings) -> str:
    """YAML of tuned parameters that says where they come from."""
    head = (
        f"# Rules of {district}, by `heatrouter tune` on {settings.weeks} generated weeks of "
        f"training scenarios\n"
        f"# (seed {settings.seed}, {len(tuned.trials)} trials). "
        f"Cost of a validation week, fines included:\n"
        f"# {tuned.before_eur[1]:,.0f} EUR before, {tuned.after_eur[1]:,.0f} EUR after.\n"
    )
    return head + yaml.safe_dump(rules.model_dump(), sort_keys=False)


def _record(
    district: District,
    settings: TuningSettings,
    start: RuleParameters,
    libraries: dict[str, ScenarioLibrary],
) -> dict[str, Any]:
    return {
        "district": district.name,
        "settings": asdict(settings),
        "rules_before": start.model_dump(),
        "scenarios": {name: scenario_ids(library) for name, library in libraries.items()},
        "versions": versions(),
    }


def _prepare(out: Path, record: dict[str, Any], resume: bool) -> None:
    """Make the folder, or check that it holds a tuning of the same kind."""
    question = out / "question.yaml"
    asked = {name: record[name] for name in ("district", "settings", "rules_before", "scenarios")}
    text = yaml.safe_dump(asked, sort_keys=False)
    if out.is_dir() and any(out.iterdir()):
        if not resume:
            msg = f"{out} is not empty; name a new folder with --out, or go on with --resume"
            raise TrainingConfigError(msg)
        if not question.is_file() or question.read_text(encoding="utf-8") != text:
            msg = (
                f"{out} holds another tuning, or none; --resume needs the same district, options "
                "and scenarios"
            )
            raise TrainingConfigError(msg)
        return
    out.mkdir(parents=True, exist_ok=True)
    write_text(question, text)
