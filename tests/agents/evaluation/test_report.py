"""The report: one file that needs nothing else, and no number that the JSON does not hold."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from heatrouter.agents.evaluation import evaluate
from heatrouter.agents.evaluation_controllers import ControllerSettings, make_entrants
from heatrouter.agents.evaluation_question import Examples, Question
from heatrouter.agents.evaluation_results import Evaluation, Score
from heatrouter.agents.report import render_report
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
        found += [1.0 - result.unmet_share, sum(breach.hours for breach in result.breaches)]
    return found
