"""Actions at one end of their range and then at the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.deploy.swing_watch import SwingWatch

NAMES = ("supply_temp_c", "valve")
LOW, HIGH = np.array([60.0, 0.0]), np.array([100.0, 1.0])


def told(*proposals: tuple[float, float], bundles: str = "") -> list[str | None]:
    watch = SwingWatch(NAMES, LOW, HIGH)
    names = bundles or "a" * len(proposals)
    return [watch.look(np.array(p), b) for p, b in zip(proposals, names, strict=True)]


def test_the_third_way_back_is_told_with_its_action() -> None:
    found = told((60, 0.5), (81, 0.5), (60, 0.5), (81, 0.5), (60, 0.5), (81, 0.5))
    assert found[:4] == [None] * 4
    assert found[4] is not None
    assert found[4] == "4 decisions in a row swing through most of supply_temp_c"
    assert found[5] is not None, "as long as it swings"
    assert found[5].startswith("5 ")


def test_the_first_decision_comes_from_nowhere() -> None:
    found = told((80, 1.0), (80, 0.0), (80, 1.0), (80, 0.0), (80, 1.0))
    assert found[:4] == [None] * 4
    assert found[4] is not None
    assert found[4].endswith(" of valve")


@pytest.mark.parametrize(
    "course",
    [
        [60, 80, 60, 80, 60, 80],  # half of the range, not more
        [60, 100, 60, 100, 100, 60, 100, 60],  # a machine that is switched off, on and off
        [60, 100, 95, 60, 100, 95, 60],  # one far step up, then down in two
    ],
)
def test_far_steps_that_do_not_swing_are_none(course: list[float]) -> None:
    assert told(*((value, 0.5) for value in course)) == [None] * len(course)


def test_it_is_over_with_the_first_calm_decision() -> None:
    found = told((60, 0.5), (100, 0.5), (60, 0.5), (100, 0.5), (60, 0.5), (70, 0.5), (100, 0.5))
    assert found[4] is not None
    assert found[5:] == [None, None]


def test_another_policy_is_not_blamed_for_the_last_one() -> None:
    swinging = [(60.0, 0.5), (100.0, 0.5)] * 4
    assert told(*swinging, bundles="aaaabbbb") == [None] * 8


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40))
def test_one_way_is_never_a_swing(shares: list[float]) -> None:
    course = [60.0 + 40.0 * share for share in sorted(shares)]
    assert told(*((value, 0.5) for value in course)) == [None] * len(course)
