"""Numbers for readers: no finer than they are known, no shortfall rounded away."""

import re

import pytest

from heatrouter.agents.evaluation_comparison import Interval
from heatrouter.agents.report_svg import nice_ticks, plain, span
from heatrouter.agents.report_text import (
    estimate,
    few_weeks,
    interval,
    percent,
    rounded,
    verdict_class,
)


def shown(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1234567.0, "1\u202f234\u202f567"),
        (12.345, "12.3"),
        (-0.04321, "\u22120.0432"),
        (1e-9, "0"),
        (float("nan"), "n/a"),
        (float("inf"), "n/a"),
    ],
)
def test_rounding(value: float, text: str) -> None:
    assert rounded(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (100.0, "100"),
        (99.9999, "99.9999"),
        (99.99995, "99.9999"),
        (99.95, "99.950"),
        (99.0, "99.0"),
        (62.41, "62.4"),
        (0.0, "0"),
    ],
)
def test_a_shortfall_is_never_rounded_away(value: float, text: str) -> None:
    assert shown(percent(value)) == text


def test_an_estimate_is_no_finer_than_its_interval() -> None:
    found = Interval(estimate=2.4140, low=0.5833, high=6.9759)
    assert shown(estimate(found)) == "2.4"
    assert shown(interval(found)) == "0.6 to 7.0"
    wide = Interval(estimate=958.46, low=323.27, high=1803.67)
    assert shown(estimate(wide, signed=True)) == "+958"
    assert shown(interval(wide)) == "323 to 1\u202f804"


@pytest.mark.parametrize(
    ("better", "low", "high", "kind"),
    [
        ("lower", -2.0, -1.0, "better"),
        ("lower", 1.0, 2.0, "worse"),
        ("higher", 1.0, 2.0, "better"),
        ("higher", -2.0, -1.0, "worse"),
        ("higher", -1.0, 2.0, "even"),
        ("neither", 1.0, 2.0, "even"),
        ("higher", 1.0, 1.0, "even"),  # a single week, or one that has it: nothing to tell
    ],
)
def test_what_is_better(better: str, low: float, high: float, kind: str) -> None:
    found = Interval(estimate=(low + high) / 2.0, low=low, high=high)
    assert verdict_class(better, found) == kind  # type: ignore[arg-type]


def test_a_handful_of_weeks_is_said_to_be_few() -> None:
    assert few_weeks(2).startswith("2 weeks cannot speak for a year")
    assert few_weeks(1).startswith("1 week cannot")
    assert few_weeks(8) == few_weeks(48) == ""


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, 41234.0), (1e-6, 3e-6), (17.9, 18.1)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    ticks = nice_ticks(low, high)
    assert 2 <= len(ticks) <= 8
    assert low - 1e-9 <= ticks[0]
    assert ticks[-1] <= high + 1e-9
    assert all(len(plain(tick)) <= 9 for tick in ticks)


def test_a_range_is_never_empty() -> None:
    for values in ([], [5.0], [0.0, 0.0], [1e6, 1e6]):
        low, high = span(values)
        assert low < high
