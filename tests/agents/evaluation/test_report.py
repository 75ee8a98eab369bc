"""The report: one file that needs nothing else, and no number that the JSON does not hold."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from heatrouter.agents.evaluation import evaluate
from heatrouter.agents.evaluation_comparison import FamilySummary, Interval, Score
from heatrouter.agents.evaluation_controllers import ControllerSettings, make_entrants
from heatrouter.agents.evaluation_question import Examples, Question
from heatrouter.agents.evaluation_results import BoundCheck, Evaluation, Failure, Planning
from heatrouter.agents.report import render_report
from heatrouter.agents.report_gap import gaps, levels
from heatrouter.envs.spec.district import District

LARGEST_BYTES = 3_000_000
FACTORS = (1.0, -1.0, 100.0, -100.0, 1e-3, -1e-3)
FETCHING = {
    "script",
    "link",
    "img",
    "iframe",
    "object",
    "embed",
    "audio",
    "video",
    "source",
    "base",
}


class Reader(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[float] = []
        self.tags: list[str] = []
        self.references: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"href", "src", "srcset", "action", "data", "poster", "xlink:href"}:
                self.references.append(value or "")
            if name.startswith("on"):
                self.references.append(f"{name}={value}")
            if tag == "data" and name == "value":
                self.numbers.append(float(value or "nan"))


Found = tuple[Evaluation, Examples]


@pytest.fixture(scope="module")
def found(question: Question, district: District) -> Found:
    entrants = make_entrants(("rules", "constant-price"), ControllerSettings(district))
    return evaluate(question, entrants)


@pytest.fixture(scope="module")
def html(found: Found, district: District) -> str:
    return render_report(*found, district)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def test_the_report_refers_to_nothing_outside_itself(html: str) -> None:
    reader = read(html)
    assert not FETCHING & set(reader.tags)
    inside = ("#", "data:image/png;base64,")
    assert all(reference.startswith(inside) for reference in reader.references)
    assert not re.search(r"https?://|@import|//[a-z]+\.", html)
    assert all(url.startswith("#") for url in re.findall(r"url\(['\"]?([^)]*)", html))


def test_the_report_is_small_and_complete(html: str) -> None:
    assert len(html.encode()) < LARGEST_BYTES
    assert html.startswith("<!DOCTYPE html>")
    assert html.rstrip().endswith("</html>")
    reader = read(html)
    assert reader.tags.count("svg") >= 20
    for title in (
        "Key figures",
        "What it costs",
        "A winter week",
        "Where the gap goes",
        "What failed",
        "Duration curves",
        "Limits",
        "The network",
        "Every week",
    ):
        assert f"<h2>{title}</h2>" in html


def test_every_number_stands_in_the_json(found: Found, html: str) -> None:
    evaluation, _ = found
    known = set(_numbers(json.loads(evaluation.model_dump_json())))
    known |= set(_derived(evaluation))
    allowed = sorted({round(number * factor, 9) for number in known for factor in FACTORS})
    numbers = read(html).numbers
    assert len(numbers) > 100
    assert not [n for n in numbers if not any(abs(n - a) <= 1e-9 * max(1, abs(a)) for a in allowed)]


def test_the_headline_is_the_json_s(found: Found, html: str) -> None:
    evaluation, _ = found
    saving = evaluation.comparisons[0]
    assert saving.saving_percent is not None
    lead = html[html.index('<p class="lead">') : html.index('<div class="cards">')]
    numbers = read(lead).numbers
    for value in (
        abs(saving.saving_percent.estimate),
        saving.saving_percent.low,
        saving.saving_percent.high,
        abs(saving.saving_eur_per_week.estimate),
    ):
        assert value in numbers


def test_every_week_s_cost_is_there(found: Found, html: str) -> None:
    evaluation, _ = found
    numbers = set(read(html).numbers)
    for result in evaluation.controllers:
        assert set(result.costs_eur) <= numbers


def test_the_same_results_give_the_same_bytes(found: Found, html: str, district: District) -> None:
    assert render_report(*found, district) == html


def test_names_from_files_are_text(found: Found, district: District) -> None:
    evaluation, examples = found
    text = "<script>alert(1)</script> & co"
    titled = district.model_copy(update={"title": text, "description": text})
    named = evaluation.model_copy(update={"district_title": text, "caveats": (text,)})
    page = render_report(named, examples, titled)
    assert "script" not in read(page).tags
    assert "&lt;script&gt;" in page


def test_one_controller_alone_is_no_comparison(question: Question, district: District) -> None:
    entrants = make_entrants(("rules",), ControllerSettings(district))
    page = render_report(*evaluate(question, entrants), district)
    assert "nothing to compare" in page
    assert "Key figures" in page


def test_too_little_headroom_is_said(found: Found, district: District) -> None:
    evaluation, examples = found
    score = Score(reference="mpc", headroom_percent=1.5, optimality=None, verdict="no headroom")
    comparison = evaluation.comparisons[0].model_copy(update={"score": score})
    scored = evaluation.model_copy(update={"comparisons": (comparison,)})
    assert "<b>No headroom.</b>" in render_report(scored, examples, district)


def test_the_gap_is_cut_without_rest(found: Found) -> None:
    evaluation, _ = found
    check = BoundCheck(origin="made up", cost_eur=(0.0,) * len(evaluation.weeks), beaten=())
    rows = levels(evaluation.model_copy(update={"bound": check}), "rules")
    assert [name for name, _ in rows] == ["rules", "constant price", "bound"]
    weeks = len(evaluation.weeks)
    assert rows[0][1] == pytest.approx(sum(evaluation.controllers[0].costs_eur) / weeks)


def test_names_of_the_gap_stand_beside_their_bars(found: Found) -> None:
    evaluation, _ = found
    check = BoundCheck(origin="made up", cost_eur=(0.0,) * len(evaluation.weeks), beaten=())
    drawn = gaps(evaluation.model_copy(update={"bound": check}), "rules")
    names = [float(y) for y in re.findall(r'<text class="name" x="4" y="([\d.]+)"', drawn)]
    bars = re.findall(
        r'class="bar" fill="#\w+" x="([\d.]+)" y="([\d.]+)" width="[\d.]+" '
        r'height="([\d.]+)"',
        drawn,
    )
    assert len(names) == 3
    assert len(bars) == 2
    for name, (left, top, height) in zip(names[1:], bars, strict=True):
        assert name == pytest.approx(float(top) + 0.5 * float(height), abs=0.2)
        assert float(left) > 8.0 * len("constant price")


def test_what_went_wrong_stands_on_top(found: Found, district: District) -> None:
    evaluation, examples = found
    broken = Failure(controller="mpc", weeks=(0, 3), message="<b> is no number")
    check = BoundCheck(
        origin="made up",
        cost_eur=(1e6,) * len(evaluation.weeks),
        beaten=("rules costs 1.00 € less",) * 5,
    )
    failed = evaluation.model_copy(update={"failures": (broken,), "bound": check})
    page = render_report(failed, examples, district)
    top = page[page.index("<main>") : page.index('<p class="lead">')]
    assert "mpc failed in 2 weeks: &lt;b&gt; is no number" in top
    assert "the bound was beaten 5 times" in top
    assert "2 more such weeks are in the JSON file" in page


def test_solves_are_listed(found: Found, district: District) -> None:
    evaluation, examples = found
    planning = Planning(solves=40, infeasible=0, deadline=10, gap_mean=None, gap_worst=0.02)
    rules, other = evaluation.controllers
    planned = evaluation.model_copy(
        update={"controllers": (rules, other.model_copy(update={"planning": planning}))}
    )
    page = render_report(planned, examples, district)
    assert "ended by the deadline" in page
    assert 25.0 in read(page).numbers
    assert "ended by the deadline" not in render_report(*found, district)


def test_runs_of_one_recipe_are_told_together(found: Found, district: District) -> None:
    evaluation, examples = found
    share = Interval(estimate=4.0, low=3.0, high=5.0)
    family = FamilySummary(
        family="policy", members=("policy:a", "policy:b"), saving_percent=share, optimality=None
    )
    told = evaluation.model_copy(update={"families": (family,)})
    assert "Over 2 training runs of policy" in render_report(told, examples, district)


def test_limits_that_were_left_are_listed(
    question: Question, district: District, with_batch: object
) -> None:
    assert callable(with_batch)
    entrants = make_entrants(("rules", "constant-price"), ControllerSettings(district))
    short = replace(question, make_batch=with_batch(short_of_heat=True).make_batch)
    page = render_report(*evaluate(short, entrants), district)
    assert "<b>Heat demand was not met in full</b>" in page
    assert "unmet heat" in page


def _numbers(content: object) -> list[float]:
    if isinstance(content, dict):
        return [number for value in content.values() for number in _numbers(value)]
    if isinstance(content, list):
        return [number for value in content for number in _numbers(value)]
    if isinstance(content, int | float) and not isinstance(content, bool):
        return [float(content)]
    return []


def _derived(evaluation: Evaluation) -> list[float]:
    """Means over the weeks and complements: what the report computes from the JSON."""
    found = [float(len(evaluation.weeks) - c.weeks_improved) for c in evaluation.comparisons]
    for result in evaluation.controllers:
        count = len(result.weeks)
        terms = result.weeks[0].terms_eur
        means = [sum(week.terms_eur[term] for week in result.weeks) / count for term in terms]
        found += [*means, sum(means), sum(result.costs_eur) / count]
        found += [value for kpi in evaluation.kpis if (value := result.kpi(kpi.name)) is not None]
        if result.planning is not None:
            found.append(result.planning.deadline_share)
        found += [1.0 - result.unmet_share, sum(breach.hours for breach in result.breaches)]
    return found
