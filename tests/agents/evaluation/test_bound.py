"""The bound: computed for every week, and no controller may go below it."""

from dataclasses import replace

import pytest

from heatrouter.agents.evaluation import evaluate
from heatrouter.agents.evaluation_bound import find_bound
from heatrouter.agents.evaluation_controllers import (
    ControllerSettings,
    Entrant,
    make_entrants,
)
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.report_gap import levels
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.spec.district import District


@pytest.fixture
def entrants(district: District) -> dict[str, Entrant]:
    return make_entrants(("rules", "constant-price"), ControllerSettings(district))


def test_a_bound_below_every_cost_is_kept(question: Question, entrants: dict[str, Entrant]) -> None:
    asked = replace(question, bound=lambda _question, week: -1e6 + week, bound_origin="made up")
    found, _ = evaluate(asked, entrants)
    assert found.bound is not None
    assert found.bound.cost_eur == tuple(-1e6 + week for week in range(8))
    assert found.bound.beaten == ()
    assert found.wrong == ()
    name, cost = levels(found, "rules")[-1]
    assert name == "bound"
    assert cost == pytest.approx(-1e6 + 3.5)


def test_a_bound_that_is_beaten_fails_the_run(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    plain, _ = evaluate(question, entrants)
    rules = plain.controller("rules").costs_eur

    def bound(_question: Question, week: int) -> float:
        # Exactly met is not beaten; in week 2 it claims too much.
        return rules[week] + (1.0 if week == 2 else 0.0)

    found, _ = evaluate(replace(question, bound=bound), entrants)
    assert found.bound is not None
    of_rules = [text for text in found.bound.beaten if text.startswith("rules")]
    assert len(of_rules) == 1
    assert "1.00 € less" in of_rules[0]
    assert question.weeks[2].start_utc[:10] in of_rules[0]
    assert any("the bound was beaten" in text for text in found.wrong)


def test_a_bound_that_breaks_down_is_a_failure(
    question: Question, entrants: dict[str, Entrant]
) -> None:
    def bound(_question: Question, week: int) -> float:
        if week == 1:
            raise RuntimeError("unbounded")
        return 0.0

    found, _ = evaluate(replace(question, bound=bound), entrants)
    assert found.bound is None
    (failure,) = found.failures
    assert (failure.controller, failure.weeks) == ("bound", (1,))
    assert found.controller_names == ("rules", "constant-price")


def test_a_bound_is_found_by_its_path() -> None:
    assert find_bound("none") == (None, "")
    with pytest.raises(ConfigError, match="bound cannot be imported"):
        find_bound("no.such:thing")
    with pytest.raises(ConfigError, match="no function"):
        find_bound("math:pi")
    assert find_bound("math:fsum")[1] == "math:fsum"
