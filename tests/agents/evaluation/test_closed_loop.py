"""The evaluation on the simulator itself."""

from dataclasses import replace

import numpy as np
import pytest

from heatrouter.agents.evaluation import evaluate
from heatrouter.agents.evaluation_controllers import ControllerSettings, make_entrants
from heatrouter.agents.evaluation_decoding import WithDecoder
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_weeks import draw_weeks, starts
from heatrouter.agents.report import render_report
from heatrouter.agents.rollout import rollout
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

HOURS = 6.0


@pytest.fixture(scope="module")
def real_question(district: District, task: Task) -> Question:
    library = build_library(district, "test", 2, seed=0)
    return Question(
        district=district,
        task=task,
        library=library,
        weeks=draw_weeks(library, 3, seed=0, hours=HOURS),
        hours=HOURS,
        seed=0,
    )


@pytest.mark.slow
def test_the_simulator_is_judged_in_pairs(real_question: Question, district: District) -> None:
    entrants = make_entrants(("rules", "constant-price"), ControllerSettings(district))
    found, examples = evaluate(real_question, entrants)
    rules, other = found.controllers
    assert rules.exogenous_digest == other.exogenous_digest
    assert np.isfinite([*rules.costs_eur, *other.costs_eur]).all()
    assert rules.costs_eur != other.costs_eur
    page = render_report(found, examples, district)
    assert "<h2>The network</h2>" in page


@pytest.mark.slow
def test_a_week_alone_costs_what_it_costs_beside_others(
    real_question: Question, district: District
) -> None:
    entrants = make_entrants(("rules",), ControllerSettings(district))
    together, _ = evaluate(real_question, entrants)
    alone, _ = evaluate(replace(real_question, weeks=real_question.weeks[1:2]), entrants)
    assert alone.controllers[0].costs_eur[0] == together.controllers[0].costs_eur[1]


@pytest.mark.slow
def test_decoding_beside_a_controller_changes_nothing(
    real_question: Question, district: District
) -> None:
    entrant = make_entrants(("rules",), ControllerSettings(district))["rules"]
    first = starts(real_question.weeks[:1])
    batch = real_question.batch(entrant, 1)
    assert isinstance(batch, DistrictBatch)
    timed = WithDecoder(entrant.controller, batch.decoder)
    beside = rollout(batch, timed, 12, starts=first)
    alone = rollout(real_question.batch(entrant, 1), entrant.controller, 12, starts=first)
    assert np.array_equal(beside.outputs, alone.outputs)
    assert np.array_equal(beside.set_points, alone.set_points)
