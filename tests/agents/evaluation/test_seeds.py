"""Seeds: of scenarios, which share their dates, and of training runs, which are taken together."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import trim_mean

from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.evaluation import evaluate
from heatrouter.agents.evaluation_controllers import ControllerSettings, Entrant, make_entrants
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_results import Week
from heatrouter.agents.evaluation_scenarios import build_scenarios
from heatrouter.agents.evaluation_statistics import PairedBootstrap
from heatrouter.agents.evaluation_weeks import levels
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.spec.district import District

PRICES = (5.0, 18.0, 22.0, 26.0)


def week(scenario: str, start: int, year: str = "", seed: int = 0) -> Week:
    return Week(
        scenario=scenario,
        scenario_index=0,
        start_step=start,
        start_utc="2030-01-01T00:00:00+00:00",
        seed=seed,
        year=year,
        season="winter",
        ambient_mean_c=0.0,
    )


def test_seeds_share_their_dates_and_have_scenarios_of_their_own(district: District) -> None:
    library, weeks = build_scenarios(district, "test", 3, (0, 4), hours=24.0)
    assert len(weeks) == 6
    assert [w.start_utc for w in weeks[:3]] == [w.start_utc for w in weeks[3:]]
    assert [w.seed for w in weeks] == [0, 0, 0, 4, 4, 4]
    for one in weeks:
        assert library.names[one.scenario_index] == one.scenario
    assert not {w.scenario for w in weeks[:3]} & {w.scenario for w in weeks[3:]}
    assert weeks[0].ambient_mean_c == pytest.approx(_outdoor(library.values, weeks[0], library))
    assert weeks[3].ambient_mean_c == pytest.approx(_outdoor(library.values, weeks[3], library))


def _outdoor(values: np.ndarray, one: Week, library: object) -> float:
    column = library.column("ambient_temp_c")  # type: ignore[attr-defined]
    return float(values[one.scenario_index, one.start_step : one.start_step + 96, column].mean())


def test_one_seed_alone_is_what_it_was_without_seeds(district: District) -> None:
    _, alone = build_scenarios(district, "test", 3, (4,), hours=24.0)
    _, first = build_scenarios(district, "test", 3, (4, 0), hours=24.0)
    assert alone == first[:3]


@pytest.mark.parametrize("seeds", [(), (1, 1)])
def test_seeds_have_to_be_different(district: District, seeds: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="none twice"):
        build_scenarios(district, "test", 1, seeds)


def test_weeks_of_one_year_and_seeds_of_one_date_belong_together() -> None:
    weeks = (
        week("de-2023", 0, "de-2023"),
        week("de-2023", 96, "de-2023"),
        week("de-2023-s1", 0, "de-2023", seed=1),
        week("other", 0, "other"),
    )
    years, dates = levels(weeks)
    assert years.tolist() == [0, 0, 0, 1]
    assert dates.tolist() == [0, 1, 0, 2]


def test_seeds_of_a_week_are_drawn_together() -> None:
    # Two seeds that agree say no more about other weeks than one of them.
    saving = np.array([10.0, 30.0, 20.0, 60.0, 50.0, 40.0])
    years, dates = np.zeros(12, dtype=np.int64), np.tile(np.arange(6), 2)
    twice = PairedBootstrap(years, dates, 0).mean(np.tile(saving, 2))
    once = PairedBootstrap(years[:6], dates[:6], 0).mean(saving)
    assert twice == once


@pytest.fixture
def runs(district: District) -> dict[str, Entrant]:
    made = make_entrants(("rules",), ControllerSettings(district))
    for number, price in enumerate(PRICES):
        controller = ConstantAction(f"policy:{number}", "heat_price", {"tank.price": price})
        made[controller.name] = Entrant(controller, f"run {number}", family="policy")
    return made


def test_the_interquartile_mean_is_over_the_runs(
    question: Question, runs: dict[str, Entrant]
) -> None:
    found, _ = evaluate(question, runs)
    (family,) = found.families
    assert family.members == tuple(f"policy:{number}" for number in range(4))
    base = sum(found.controller("rules").costs_eur)
    shares = [
        100.0 * (base - sum(found.controller(name).costs_eur)) / base for name in family.members
    ]
    assert family.saving_percent is not None
    assert family.saving_percent.estimate == pytest.approx(float(trim_mean(shares, 0.25)))
    # With four runs the best and the worst are left out.
    assert family.saving_percent.estimate == pytest.approx(sum(sorted(shares)[1:3]) / 2.0)
    assert family.saving_percent.low < family.saving_percent.estimate < family.saving_percent.high
    assert family.optimality is None


def test_runs_that_agree_leave_the_spread_of_the_weeks(
    question: Question, runs: dict[str, Entrant]
) -> None:
    alike = {
        name: replace(entrant, controller=runs["policy:1"].controller)
        if entrant.family
        else entrant
        for name, entrant in runs.items()
    }
    found, _ = evaluate(question, alike)
    single = next(c for c in found.comparisons if c.controller == "policy:1").saving_percent
    family = found.families[0].saving_percent
    assert single is not None
    assert family is not None
    assert family.estimate == pytest.approx(single.estimate)
    width, width_of_weeks = family.high - family.low, single.high - single.low
    assert width == pytest.approx(width_of_weeks, rel=0.35)


def test_one_run_is_no_family(question: Question, runs: dict[str, Entrant]) -> None:
    found, _ = evaluate(question, {name: runs[name] for name in ("rules", "policy:1")})
    assert found.families == ()
