"""Tables of a study's page, in Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from heatrouter.agents.evaluation_comparison import Interval
from heatrouter.agents.evaluation_statistics import PairedBootstrap
from heatrouter.agents.evaluation_weeks import levels
from heatrouter.agents.report_text import interval_decimals, rounded
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.study.results import Controller, MethodScore, PartResults, PresetResults
from heatrouter.training.study.scores import method_scores
from heatrouter.training.study.settings import BASELINE, REFERENCE, Study

_OVER = 1.1
"""Times the budget above which a training's cost is marked."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a table or figure shows of one preset: methods of some parts, judged on equal weeks.

    Seeds of a method that stand in several parts are taken together.

    Attributes:
        first: The preset in the first of the parts.
        bound_eur: Of each week, from the first part that has it.
        scores: Each method once.
        controllers: Of these methods.
        notes: What a reader must know.
    """

    first: PresetResults
    bound_eur: tuple[float, ...] | None
    scores: tuple[MethodScore, ...]
    controllers: tuple[Controller, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls, preset: str, parts: Sequence[PartResults], methods: Sequence[str], *, seed: int = 0
    ) -> "Chosen | None":
        """Take parts together; None where the preset is in none of them.

        Args:
            preset: The preset.
            parts: In the order of their methods in the table.
            methods: To show beside the controllers that learn nothing; none shows all.
            seed: Of the intervals of methods whose seeds stand in several parts.

        Raises:
            TrainingConfigError: The parts were judged on different weeks or tasks, or the rules
                cost something else in one of them.
        """
        there = [(part, own) for part in parts for own in part.presets if own.preset == preset]
        if not there:
            return None
        first = there[0][1]
        base = _baseline(first)
        scores: dict[str, MethodScore] = {}
        split: set[str] = set()
        controllers: dict[str, Controller] = {}
        notes = []
        for part, own in there:
            same = (own.weeks, own.task_digest, own.district_digest)
            if same != (first.weeks, first.task_digest, first.district_digest):
                msg = (
                    f"parts {there[0][0].part} and {part.part} of study {part.study} judged "
                    f"{preset} by other weeks or another task; run the older one again"
                )
                raise TrainingConfigError(msg)
            if _baseline(own) != base:
                msg = (
                    f"parts {there[0][0].part} and {part.part} of study {part.study}: the rules on "
                    f"{preset} do not cost the same; the simulator changed: run the older one again"
                )
                raise TrainingConfigError(msg)
            for score in own.scores:
                if not methods or not score.seeds or score.method in methods:
                    known = scores.setdefault(score.method, score)
                    if set(score.seeds) - set(known.seeds):
                        split.add(score.method)
            for controller in own.controllers:
                if controller.method in scores:
                    controllers.setdefault(controller.name, controller)
            notes += [
                f"{part.part}: training {name} failed: {why}"
                for name, why in part.failed.items()
                if name.startswith(f"{preset}/")
            ]
            notes += [f"{part.part}: {text}" for text in own.wrong]
        if len({part.code for part, _ in there}) > 1:
            codes = ", ".join(f"{part.part} {part.code}" for part, _ in there)
            notes.append(
                f"parts were judged by different versions of the code ({codes}); the rules cost "
                "the same in all of them, week by week"
            )
        if split:
            paired = PairedBootstrap(*levels(first.weeks), seed=seed)
            titles = {method: score.title for method, score in scores.items()}
            pooled = method_scores(paired, tuple(controllers.values()), titles)
            scores |= {score.method: score for score in pooled if score.method in split}
        bounds = (own.bound_eur for _, own in there if own.bound_eur is not None)
        bound = next(bounds, None)  # one of the parts has it, for all
        return cls(first, bound, tuple(scores.values()), tuple(controllers.values()), tuple(notes))

    def costs(self, name: str) -> float | None:
        """Summed cost of a controller over all weeks, €; None where it was not judged."""
        found = next((c for c in self.controllers if c.name == name), None)
        return None if found is None else sum(found.costs_eur)

    def optimality(self, cost_eur: float) -> float | None:
        """Of a summed cost, without interval; None where there is nothing to score."""
        rules, best = self.costs(BASELINE), self.costs(REFERENCE)
        if rules is None or best is None or self.first.verdict != "scored":
            return None
        return (rules - cost_eur) / (rules - best)


def _baseline(preset: PresetResults) -> tuple[float, ...]:
    return next(c.costs_eur for c in preset.controllers if c.name == BASELINE)


def parts_table(study: Study, parts: Mapping[str, PartResults]) -> str:
    """What there is to run and what has been run."""
    rows = []
    for part in study.parts:
        found = parts.get(part.name)
        done = "**not run yet**" if found is None else f"{found.created_utc[:10]}, {_on(found)}"
        methods = ", ".join(part.methods) or "none"
        trainings = len(part.presets) * len(part.methods) * len(part.seeds)
        rows.append(
            [
                f"`{part.name}`",
                ", ".join(part.presets),
                methods,
                str(trainings),
                f"{part.estimate_core_min:.0f}",
                done,
            ]
        )
    head = ["part", "presets", "trained", "trainings", "core-minutes, estimate", "run"]
    return _table(head, rows, left=3)


def scores_table(chosen: Chosen) -> str:
    """Optimality, saving and regret of every method."""
    rows = [
        [
            score.title,
            str(len(score.seeds)) if score.seeds else "",
            _interval(score.optimality),
            _interval(score.saving_percent),
            _number(score.regret_mean_eur, 0),
            _number(score.regret_worst_decile_eur, 0),
        ]
        for score in chosen.scores
    ]
    bound = chosen.bound_eur
    rules = chosen.costs(BASELINE)
    if bound is not None and rules is not None:
        share = chosen.optimality(sum(bound))
        saving = 100.0 * (rules - sum(bound)) / rules if rules > 0.0 else None
        rows.append(["bound", "", _number(share, 2), _number(saving, 1), "", ""])
    head = ["controller", "seeds", "optimality", "saving, %", "regret, €/week", "worst tenth, €"]
    weeks = len(chosen.first.weeks)
    told = f"{weeks} held-out weeks of {chosen.first.title}, 95 % intervals over {_over(chosen)}."
    if chosen.first.verdict is not None and chosen.first.verdict != "scored":
        headroom = _number(chosen.first.headroom_percent, 1)
        told += f" Not scored: {chosen.first.verdict} ({headroom} %)."
    elif chosen.first.headroom_percent is not None:
        told += f" Headroom {_number(chosen.first.headroom_percent, 1)} % of the rules' cost."
    return _table(head, rows, left=1) + f"\n{told}\n" + _notes(chosen)


def violations_table(chosen: Chosen) -> str:
    """Hours a week outside each kind of limit, missing heat, interventions of the guard."""
    kinds = list(dict.fromkeys(kind for score in chosen.scores for kind in score.hours_outside))
    rows = [
        [
            score.title,
            *(_number(score.hours_outside.get(kind, 0.0), 2) for kind in kinds),
            _number(100.0 * score.unmet_share, 3),
            _number(100.0 * score.guard_share, 1) if score.guard else "off",
        ]
        for score in chosen.scores
    ]
    head = ["controller", *(f"{kind}, h/week" for kind in kinds), "unmet, %", "guard acted, %"]
    return _table(head, rows, left=1) + "\n" + _notes(chosen)


def cost_table(chosen: Chosen) -> str:
    """Core-seconds and steps of the trainings."""
    rows = []
    for score in chosen.scores:
        if score.core_s is None:
            continue
        own = [c.training for c in chosen.controllers if c.method == score.method]
        budgets = [cost.budget_core_s for cost in own if cost is not None]
        budget = budgets[0] if budgets else None
        over = budget is not None and score.core_s > _OVER * budget
        rows.append(
            [
                score.title,
                _number(score.core_s, 0) + (" (over)" if over else ""),
                "its own end" if budget is None else _number(budget, 0),
                _number(score.labels_core_s, 0),
                _number(score.steps, 0),
            ]
        )
    head = ["method", "core-s a training", "budget", "of that labels", "control steps"]
    return _table(head, rows, left=1)


def _on(part: PartResults) -> str:
    cores = part.machine.cores
    return f"{cores} {'core' if cores == 1 else 'cores'} {part.machine.processor}"


def _over(chosen: Chosen) -> str:
    return f"{chosen.first.resampled} and seeds"


def _notes(chosen: Chosen) -> str:
    return "".join(f"\n*{note}*\n" for note in chosen.notes)


def _interval(found: Interval | None) -> str:
    if found is None:
        return ""
    decimals = interval_decimals(found)
    ends = (rounded(end, decimals=decimals) for end in (found.low, found.high))
    estimate = rounded(found.estimate, decimals=decimals)
    return estimate if found.low == found.high else f"{estimate} ({' to '.join(ends)})"


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else rounded(value, decimals=decimals)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int) -> str:
    lines = [
        f"| {' | '.join(head)} |",
        "|" + "---|" * left + "---:|" * (len(head) - left),
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"
