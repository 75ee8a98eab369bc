"""A study: plans checked first, trainings of equal cost, a page that says what is missing."""

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from heatrouter.agents.evaluation_results import Season, Violation, Week
from heatrouter.agents.shipped_bundles import shipped_config
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.study.page import Page, render
from heatrouter.training.study.planning import plan_trainings
from heatrouter.training.study.results import (
    Controller,
    Machine,
    MethodScore,
    PartResults,
    PresetResults,
    TrainingCost,
    part_file,
    read_part,
)
from heatrouter.training.study.running import StudyFolders, run_part, state_of
from heatrouter.training.study.settings import MOST_CORE_MIN, Study, load_study

STUDY = """
name: tiny
core_seconds: 6.0
judgement: {weeks: 2, hours: 2.0}
methods:
  - {name: ppo, title: PPO, config: TRAIN, set: [total_steps=100000000]}
  - name: free
    title: PPO without guard
    config: TRAIN
    shipped: true
    guard: false
    parametrisation: offset
    judged_guard: [false, true]
parts:
  - name: one
    presets: [energy-web]
    methods: [ppo, free]
    seeds: [1, 2]
    opponents: [rules, constant-price]
    bound: false
    estimate_core_min: 2
  - {name: two, presets: [kalundborg], opponents: [rules], estimate_core_min: 5}
"""

SHIPPED = """
name: tiny
judgement: {weeks: 1, hours: 2.0}
methods: [{name: shipped, title: shipped recipe, shipped: true}]
parts:
  - name: three
    presets: [sludge-biogas]
    methods: [shipped]
    seeds: [1]
    opponents: [rules]
    bound: false
    estimate_core_min: 1
"""


@pytest.fixture
def study_file(source: str, tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY.replace("TRAIN", source), encoding="utf-8")
    return path


@pytest.fixture
def study(study_file: Path) -> Study:
    return load_study(study_file)


def test_every_part_of_the_shipped_study_can_be_planned(tmp_path: Path) -> None:
    study = load_study("results")
    for part in study.parts:
        assert part.estimate_core_min <= MOST_CORE_MIN
        trainings = plan_trainings(study, part, tmp_path)
        assert len(trainings) == len(part.presets) * len(part.methods) * len(part.seeds)
        for training in trainings:
            config = training.cell.config
            assert training.cell.task.district == training.preset
            assert training.cell.task.guard == training.method.guard
            assert config.scenarios.train == config.scenarios.validation == "generated"
            shipped = shipped_config(training.preset) if training.method.shipped else None
            # what ships for these was made of several trainings, and is none of them
            of_several = training.preset in {"city-mesh", "foundry-cascade", "tomato-piesteritz"}
            first = shipped is not None and config.seed == 1 and not of_several
            assert (training.bundle is not None) == first
            assert config.budget_core_s == (None if training.method.shipped else 300.0)


def test_the_parts_cover_what_the_page_compares() -> None:
    study = load_study("results")
    methods = ("ppo", "sac", "lagrangian", "imitation", "imitation-rl")
    for name in ("energy-web", "tomato-piesteritz"):
        part, more = study.part(name), study.part(f"{name}-4-5")
        assert part.methods == more.methods == methods
        assert (*part.seeds, *more.seeds) == (1, 2, 3, 4, 5)
        assert set(part.opponents) == {"rules", "constant-price", "mpc", "reference"}
        assert part.bound == (name == "energy-web")


def test_trainings_differ_in_seed_and_in_what_their_method_says(
    study: Study, tmp_path: Path
) -> None:
    trainings = plan_trainings(study, study.part("one"), tmp_path / "labels")
    assert [training.cell.name for training in trainings] == [
        "energy-web/ppo/seed-1",
        "energy-web/ppo/seed-2",
        "energy-web/free/seed-1",
        "energy-web/free/seed-2",
    ]
    ppo, _, free, _ = (training.cell for training in trainings)
    assert (ppo.config.budget_core_s, ppo.config.total_steps) == (6.0, 100_000_000)
    assert (free.config.budget_core_s, free.config.total_steps) == (None, 192)
    assert (ppo.task.guard, ppo.task.parametrisation) == (True, "heat_price")
    assert (free.task.guard, free.task.parametrisation) == (False, "offset")
    assert ppo.config.imitation.folder == str(tmp_path / "labels")
    assert not ppo.config.tracking.enabled


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("methods: [ppo, free]", "methods: [ppo, fre]", r"parts\[0\].methods\[1\]: no such method"),
        ("seeds: [1, 2]", "seeds: [1, 1]", "names something twice"),
        ("    seeds: [1, 2]\n", "", "must name at least one"),
        ("opponents: [rules, constant-price]", "opponents: [mpc]", "must hold 'rules'"),
        ("core_seconds: 6.0", "core_seconds: 300.0", "less than its trainings take, 10"),
        ("estimate_core_min: 5", "estimate_core_min: 500", "estimate_core_min"),
        ("name: two", "name: one", "stands there twice"),
        ("title: PPO,", "titel: PPO,", "titel"),
    ],
)
def test_mistakes_of_a_study_are_told_with_their_place(
    study_file: Path, old: str, new: str, message: str
) -> None:
    text = study_file.read_text(encoding="utf-8")
    assert old in text
    study_file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(TrainingConfigError, match=message):
        load_study(study_file)


def test_a_part_that_does_not_exist_is_told_with_those_that_do(study: Study) -> None:
    with pytest.raises(TrainingConfigError, match="one"):
        study.part("onw")


# --- the page, from numbers made by hand


def week(number: int) -> Week:
    season: Season = "winter"
    return Week(
        scenario=f"test-{number}",
        scenario_index=number,
        start_step=96 * number,
        start_utc="2010-01-04T00:00:00+00:00",
        season=season,
        ambient_mean_c=1.5,
    )


def controller(name: str, cost_eur: float, method: str = "", seed: int | None = None) -> Controller:
    cost = TrainingCost(
        core_s=400.0,
        labels_core_s=120.0,
        budget_core_s=300.0,
        steps=1000,
        best_step=500,
        curve=((150.0, 0.01), (400.0, 0.03)),
    )
    return Controller(
        name=name,
        method=method or name,
        seed=seed,
        origin=name,
        parametrisation="offset",
        guard=True,
        costs_eur=(cost_eur, cost_eur),
        violations=(
            Violation(kind="pressure", unit="Pa", limits=1, events=2, hours=3.0, depth=9.0),
        ),
        unmet_share=0.0,
        guard_share=0.25,
        decision_p50_ms=1.0,
        decision_p99_ms=2.0,
        training=None if seed is None else cost,
    )


def method_score(of: Controller, optimality: float | None) -> MethodScore:
    trained = of.training
    share = None if optimality is None else {"estimate": optimality, "low": 0.5, "high": 0.75}
    return MethodScore.model_validate(
        {
            "method": of.method,
            "title": f"title of {of.method}",
            "seeds": () if of.seed is None else (of.seed,),
            "guard": True,
            "parametrisation": "offset",
            "optimality": share,
            "saving_percent": None,
            "regret_mean_eur": 12.0,
            "regret_worst_decile_eur": 34.0,
            "hours_outside": {"pressure": 1.5},
            "unmet_share": 0.0,
            "guard_share": 0.25,
            "core_s": None if trained is None else trained.core_s,
            "labels_core_s": None if trained is None else trained.labels_core_s,
            "steps": None if trained is None else float(trained.steps),
        }
    )


def part_results(
    part: str = "one", weeks: int = 2, code: str = "abc", seed: int = 1, rules_eur: float = 1000.0
) -> PartResults:
    controllers = (
        controller("rules", rules_eur),
        controller("reference", 800.0),
        controller(f"ppo/seed-{seed}", 850.0 + 25.0 * seed, "ppo", seed),
    )
    own = PresetResults(
        preset="energy-web",
        title="Energy web",
        district_digest="d",
        task_digest="t",
        headroom_percent=20.0,
        verdict="scored",
        resampled="weeks",
        weeks=tuple(week(number) for number in range(weeks)),
        bound_eur=(700.0, 700.0),
        controllers=controllers,
        scores=tuple(
            method_score(one, value)
            for one, value in zip(controllers, (None, None, 0.62), strict=True)
        ),
        wrong=(),
    )
    return PartResults(
        study="tiny",
        part=part,
        created_utc="2026-11-22T10:00:00+00:00",
        versions={"heatrouter": "0"},
        code=code,
        machine=Machine(processor="a processor", cores=2, memory_gb=8.0),
        core_seconds=300.0,
        failed={"energy-web/sac/seed-1": "no room"},
        presets=(own,),
    )


PAGE = """# Results

By hand.

<!-- study: parts -->
stale
<!-- /study -->

<!-- study: scores preset=energy-web parts=one,two -->
<!-- /study -->

<!-- study: violations preset=energy-web parts=one -->
<!-- /study -->

<!-- study: cost preset=energy-web parts=one -->
<!-- /study -->

<!-- study: methods-figure preset=energy-web parts=one -->
<!-- /study -->

<!-- study: curves-figure preset=energy-web parts=one methods=ppo -->
<!-- /study -->

The end.
"""


@pytest.fixture
def page(tmp_path: Path) -> Page:
    path = tmp_path / "results.md"
    path.write_text(PAGE, encoding="utf-8")
    return Page(path, tmp_path / "results")


def keep(page: Page, *parts: PartResults) -> None:
    page.results.mkdir(exist_ok=True)
    for part in parts:
        file = part_file(page.results, part.study, part.part)
        file.write_text(part.model_dump_json(), encoding="utf-8")


def test_a_page_without_numbers_says_what_is_missing(study: Study, page: Page) -> None:
    text = render(study, page)
    assert "stale" not in text
    assert text.count("**not run yet**") == 2
    assert "`heatrouter study run tiny --part one`" in text
    assert "`heatrouter study run tiny --part two`" in text
    assert text.startswith("# Results\n\nBy hand.\n")
    assert text.endswith("\nThe end.\n")


def test_a_page_holds_the_numbers_of_its_parts_and_nothing_else_changes(
    study: Study, page: Page
) -> None:
    keep(page, part_results())
    text = render(study, page)
    assert "| title of ppo | 1 | 0.62 (0.50 to 0.75) |" in text
    # (2000 - 1400) / (2000 - 1600), by hand
    assert "| bound |  | 1.50 | 30.0 |" in text
    assert "| title of ppo | 1.50 | 0 | 25.0 |" in text
    assert "| title of ppo | 400 (over) | 300 | 120 | 1\u202f000 |" in text
    assert "training energy-web/sac/seed-1 failed: no room" in text
    assert "*Missing: part `two` has not been run" in text
    assert "2026-11-22, 2 cores a processor" in text
    for kind in ("methods", "curves"):
        assert f"(results/tiny-{kind}-energy-web.png)" in text
        assert (page.results / f"tiny-{kind}-energy-web.png").read_bytes().startswith(b"\x89PNG")
    page.path.write_text(text, encoding="utf-8")
    assert render(study, page) == text


def test_parts_that_met_other_weeks_are_not_shown_side_by_side(study: Study, page: Page) -> None:
    keep(page, part_results("one"), part_results("two", weeks=1))
    with pytest.raises(TrainingConfigError, match="other weeks or another task"):
        render(study, page)


def test_seeds_of_several_parts_are_taken_together(study: Study, page: Page) -> None:
    keep(page, part_results("one"), part_results("two", seed=2))
    text = render(study, page)
    # by hand: the seeds save 125 and 100 of 1000 a week, 200 can be saved; one part alone has 0.62
    assert "| title of ppo | 2 | 0.56 (0.50 to 0.62) | 11.2 (10.0 to 12.5) | 88 | 88 |" in text
    assert "| title of rules |  |" in text
    assert text.count("title of ppo | 2") == 1  # the other tables ask for one part


def test_parts_whose_rules_cost_something_else_are_not_taken_together(
    study: Study, page: Page
) -> None:
    keep(page, part_results("one"), part_results("two", seed=2, rules_eur=1000.01))
    with pytest.raises(TrainingConfigError, match="the simulator changed: run the older one again"):
        render(study, page)


def test_parts_of_different_code_are_shown_with_a_note(study: Study, page: Page) -> None:
    keep(page, part_results("one"), part_results("two", code="def"))
    assert "different versions of the code (one abc, two def); the rules" in render(study, page)


def test_marks_that_mean_nothing_are_refused(study: Study, page: Page) -> None:
    page.path.write_text(PAGE.replace("study: cost", "study: costs"), encoding="utf-8")
    with pytest.raises(TrainingConfigError, match="must be one of parts, scores"):
        render(study, page)


def test_a_file_of_something_else_is_no_result(study: Study, page: Page) -> None:
    keep(page, part_results())
    part_file(page.results, "tiny", "one").write_text("{}", encoding="utf-8")
    with pytest.raises(TrainingConfigError, match="run the part again"):
        render(study, page)


def test_the_page_of_the_repository_is_what_its_numbers_give() -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = Page(docs / "results.md", docs / "results")
    assert render(load_study("results"), page, figures=False) == page.path.read_text("utf-8")


# --- real ones


def test_the_policy_that_is_shipped_is_judged_and_not_trained_again(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(SHIPPED, encoding="utf-8")
    study = load_study(file)
    folders = StudyFolders(tmp_path / "out", tmp_path / "results")
    (part,) = study.parts
    assert state_of(study, part, folders) == (1, 1)
    with (tmp_path / "told.txt").open("w", encoding="utf-8") as told:
        _, found = run_part(study, part, folders, 1, Console(file=told))
    judged = found.presets[0].controllers[-1]
    assert (judged.name, judged.method, judged.seed) == ("shipped/seed-1", "shipped", 1)
    assert judged.training is None
    assert judged.parametrisation == "absolute"
    assert judged.costs_eur != found.presets[0].controllers[0].costs_eur
    assert not folders.runs(part).exists()

    other = part.model_copy(update={"seeds": (2,)})
    assert state_of(study, other, folders) == (0, 1)


@pytest.mark.slow
def test_a_part_is_trained_judged_and_taken_up_again(study: Study, tmp_path: Path) -> None:
    folders = StudyFolders(tmp_path / "out", tmp_path / "results")
    part = study.part("one")
    assert state_of(study, part, folders) == (0, 4)
    with (tmp_path / "told.txt").open("w", encoding="utf-8") as told:
        _, first = run_part(study, part, folders, 2, Console(file=told))
    assert first.failed == {}
    assert state_of(study, part, folders) == (4, 4)
    (preset,) = first.presets
    names = [one.name for one in preset.controllers]
    assert names[:3] == ["rules", "constant-price", "rules-unguarded"]
    assert {"ppo/seed-2", "free/seed-1", "free-judged-guarded/seed-1"} <= set(names)
    by_name = {one.name: one for one in preset.controllers}
    ppo, free = by_name["ppo/seed-1"].training, by_name["free/seed-1"].training
    assert ppo is not None
    assert free is not None
    assert ppo.core_s >= 6.0  # ended by its budget
    assert ppo.steps % 96 == 0  # at a rollout boundary
    assert len(ppo.curve) == ppo.steps // 96 + 1
    assert np.all(np.diff([core_s for core_s, _ in ppo.curve]) >= 0.0)
    assert free.steps == 192
    assert by_name["free/seed-1"].guard_share == 0.0
    assert [score.seeds for score in preset.scores if score.method == "ppo"] == [(1, 2)]

    # One training and all judged weeks are there: only what is missing is done again.
    kept = tmp_path / "out" / "one" / "energy-web" / "ppo" / "seed-1" / "best.pt"
    before = kept.stat().st_mtime_ns
    other = kept.parents[1] / "seed-2"
    (other / "summary.json").unlink()
    with (tmp_path / "told.txt").open("w", encoding="utf-8") as told:
        path, second = run_part(study, part, folders, 1, Console(file=told))
    assert kept.stat().st_mtime_ns == before
    again = {one.name: one for one in second.presets[0].controllers}
    for name in ("rules", "ppo/seed-1", "free/seed-2"):
        assert again[name].costs_eur == by_name[name].costs_eur
    assert read_part(folders.results, "tiny", "one") == second
    assert json.loads(path.read_text(encoding="utf-8"))["part"] == "one"

    changed = study.model_copy(update={"core_seconds": 7.0})
    with (
        (tmp_path / "told.txt").open("w", encoding="utf-8") as told,
        pytest.raises(TrainingConfigError, match="begun with other settings"),
    ):
        run_part(changed, part, folders, 1, Console(file=told))
