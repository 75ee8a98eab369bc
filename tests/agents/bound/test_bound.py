"""No controller pays less than the bound, and every week that was run lies within it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.agents.bound.runs import Wild, bounds, run, task_of, usual
from tests.envs.simulation.plants import COMMANDED, SMALL, STEPS_PER_DAY, plant, scenarios

from heatrouter.agents.bound.bound import Comparison, WeekBounds, week_bound
from heatrouter.agents.evaluation_weeks import draw_weeks
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.objective import TERMS
from heatrouter.envs.spec.loading import preset_names

TOLERANCE = 1e-6
DAYS = (12, 105, 196, 300)


def check(found: Comparison) -> None:
    for bound, points in (
        (found.bound, found.points),
        (found.estimate, found.estimate_points),
    ):
        assert set(bound.terms_eur) == set(TERMS)
        for label, point in points.items():
            assert point.worst <= TOLERANCE, (label, point.breaches[:3])
            assert abs(point.stock_gap_kwh) <= 1e-3, label
            # what a week costs in the programme it cost in the plant, or more
            assert point.cost_eur <= point.recorded_eur + TOLERANCE * abs(point.recorded_eur)
            assert bound.cost_eur <= point.cost_eur + TOLERANCE * abs(point.cost_eur), label
    assert found.bound.cost_eur <= found.estimate.cost_eur + TOLERANCE * abs(
        found.estimate.cost_eur
    )


def compare(name: str, day: int, hours: float, wild: list[Wild] | None = None) -> Comparison:
    controllers = usual() if wild is None else {f"wild{i}": w for i, w in enumerate(wild)}
    start = day * STEPS_PER_DAY
    columns, weeks = run(name, controllers, start, hours)
    return bounds(name, hours).compare(0, start, columns, weeks)


def test_no_controller_pays_less_on_a_winter_day() -> None:
    found = compare("two_circuits_with_exchanger", 12, 24.0)
    check(found)
    # a bound that says nothing would be below any cost, too
    rules = found.points["rules"].recorded_eur
    assert found.bound.cost_eur > 0.25 * rules
    assert found.estimate.cost_eur > 1.1 * found.bound.cost_eur


@pytest.mark.parametrize("name", SMALL)
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**31), hold=st.sampled_from([1, 4, 24]), day=st.sampled_from(DAYS))
def test_any_course_of_a_small_district_lies_within(
    name: str, seed: int, hold: int, day: int
) -> None:
    check(compare(name, day, 36.0, [Wild(seed, hold)]))


@pytest.mark.parametrize("name", SMALL)
def test_usual_controllers_of_small_districts_lie_within(name: str) -> None:
    for day in DAYS[:3:2]:
        check(compare(name, day, 48.0))


@pytest.mark.slow
@pytest.mark.parametrize("day", DAYS[::2])
@pytest.mark.parametrize("name", preset_names())
def test_weeks_of_presets_lie_within(name: str, day: int) -> None:
    check(compare(name, day, 168.0))


def test_prices_below_zero_leave_a_bound() -> None:
    """What costs is then worth something: every use of electricity needs a limit."""
    name = "two_circuits_with_heat_pump"
    library = scenarios(name)
    values = library.values.copy()
    values[:, :, library.column("electricity_eur_per_mwh")] = -400.0
    cheap = replace(library, values=values)
    found = week_bound(plant(name), task_of(name), cheap, 0, 12 * STEPS_PER_DAY, 12.0, seed=1)
    assert np.isfinite(found.cost_eur)
    assert found.cost_eur < 0.0


def test_a_week_of_an_evaluation_is_bounded_by_its_place() -> None:
    name = COMMANDED
    library = scenarios(name)
    made = WeekBounds(plant(name), task_of(name), library, hours=12.0, seed=1)
    week = draw_weeks(library, 1, seed=0, hours=12.0)[0]
    again = week_bound(
        plant(name), task_of(name), library, week.scenario_index, week.start_step, 12.0, seed=1
    )
    assert made(week) == pytest.approx(again.cost_eur)
    assert again.kind == "bound"


def test_a_control_step_over_several_steps_of_the_scenario_is_refused() -> None:
    name = "fab"
    task = task_of(name).model_copy(update={"control_dt_s": 1800.0})
    with pytest.raises(ConfigError, match="whole multiple"):
        WeekBounds(plant(name), task, scenarios(name), hours=12.0, seed=1)
