"""What a plan expects: the truth, or what a controller in the plant could know."""

import itertools

import numpy as np
import pytest
from tests.agents.planning.plants import DAY, plant, replaced, scenarios, task_of

from heatrouter.agents.planning.expectation import Expectation, Foresight
from heatrouter.agents.planning.horizon import Horizon
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.forecast import Forecaster
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.production import planned_level
from heatrouter.envs.spec.plant_units import WasteHeatSource
from heatrouter.envs.spec.production import Production
from heatrouter.envs.spec.task import ForecastWindows

NAME = "energy-web"
WEEK = 7 * DAY
CALENDAR = ("local_hour", "weekday", "day_of_year")


def expectation(
    library: ScenarioLibrary,
    *,
    hours: float = 24.0,
    foresight: Foresight = "forecast",
    kind: str = "perfect",
    name: str = NAME,
    dt_s: float = 900.0,
) -> Expectation:
    task = task_of(plant(name))
    task = task.model_copy(update={"forecast": task.forecast.model_copy(update={"kind": kind})})
    horizon = Horizon.of(dt_s, hours, 2.0)
    return Expectation(library, task, plant(name), horizon, foresight)


def forecast_series() -> tuple[str, ...]:
    return task_of(plant(NAME)).forecast.series


@pytest.mark.parametrize("step", [1, 5000, 365 * DAY - 10])
def test_perfect_foresight_is_what_comes(step: int) -> None:
    library = scenarios(NAME)
    found = expectation(library, hours=72.0, foresight="perfect").at(0, step)
    assert len(found) == 72 * 4 + 1
    wrapped = np.concatenate([library.values[0]] * 2)
    assert (found == wrapped[step : step + len(found)]).all()


@pytest.mark.parametrize("kind", ["perfect", "persistence", "noisy"])
def test_forecast_series_are_the_means_that_every_controller_gets(kind: str) -> None:
    library = scenarios(NAME)
    found = expectation(library, kind=kind).at(0, 5000)
    edges = [0.0, *np.arange(0.25, 2.1, 0.25).tolist(), *np.arange(3.0, 24.1, 1.0).tolist()]
    windows = ForecastWindows.model_validate(
        {
            "kind": kind,
            "series": forecast_series(),
            "window_hours": list(itertools.pairwise(edges)),
        }
    )
    means = Forecaster(library, windows).windows_at(np.array([0]), np.array([5000]))[0]
    columns = [library.column(name) for name in forecast_series()]
    counts = np.round(np.diff(edges) * 4.0).astype(int)
    assert found[: 24 * 4, columns] == pytest.approx(np.repeat(means.T, counts, axis=0), abs=1e-9)


@pytest.mark.parametrize("dt_s", [300.0, 900.0, 3600.0])
@pytest.mark.parametrize("hours", [24.0, 60.0])
@pytest.mark.parametrize("step", [0, 5000, 365 * DAY - 10])
def test_what_is_not_forecast_cannot_be_foreseen(step: int, hours: float, dt_s: float) -> None:
    """The future of every series but the calendar's and the forecast ones is unknown."""
    library = scenarios(NAME)
    n = library.n_steps
    other = library.values.copy()
    ahead = np.arange(step, step + 100 * 4) % n
    for column, name in enumerate(library.series):
        if name not in CALENDAR and name not in forecast_series():
            other[0, ahead, column] = 0.5 * other[0, ahead, column]
    before = expectation(library, hours=hours, dt_s=dt_s).at(0, step)
    after = expectation(replaced(library, other), hours=hours, dt_s=dt_s).at(0, step)
    for column, name in enumerate(library.series):
        assert (before[:, column] == after[:, column]).all(), name


def test_persistence_knows_nothing_of_what_comes() -> None:
    library = scenarios(NAME)
    other = library.values.copy()
    columns = [i for i, name in enumerate(library.series) if name not in CALENDAR]
    other[0, 5000:6000, columns] *= 0.5
    before = expectation(library, kind="persistence").at(0, 5000)
    after = expectation(replaced(library, other), kind="persistence").at(0, 5000)
    assert (before == after).all()


def test_hot_water_is_that_of_the_days_before() -> None:
    library = scenarios(NAME)
    column = next(i for i, name in enumerate(library.series) if name.endswith("hot_water_kw"))
    found = expectation(library, hours=48.0).at(0, 5000)[:, column]
    past = library.values[0, :, column]
    usual = 0.5 * (past[5000 - DAY : 5000] + past[5000 - WEEK : 5000 - WEEK + DAY])
    assert found[:DAY] == pytest.approx(usual)


def shifts(values: FloatArray, production: Production, library: ScenarioLibrary) -> FloatArray:
    hour, weekday = library.column("local_hour"), library.column("weekday")
    return planned_level(production, 0.25, values[:, hour], values[:, weekday])


def mill() -> tuple[ScenarioLibrary, Production, int]:
    """A library, and the plan and column of a source that runs in shifts."""
    district, library = plant("pcm_and_batch"), scenarios("pcm_and_batch")
    units = (unit for unit in district.units if isinstance(unit, WasteHeatSource))
    unit = next(unit for unit in units if unit.production.shifts)
    return library, unit.production, library.column(f"{unit.name}.level")


def with_level(library: ScenarioLibrary, column: int, level: FloatArray) -> ScenarioLibrary:
    values = library.values.copy()
    values[0, :, column] = level
    return replaced(library, values)


def first_step_of_a_shift(library: ScenarioLibrary, production: Production) -> int:
    plan = shifts(library.values[0], production, library)
    begins = (plan[1:] > 0.5) & (plan[:-1] < 0.1)
    return int(np.flatnonzero(begins)[3]) + 1


def test_production_follows_its_shifts() -> None:
    library, production, column = mill()
    plan = shifts(library.values[0], production, library)
    step = first_step_of_a_shift(library, production) + 8
    as_planned = with_level(library, column, plan)
    found = expectation(as_planned, name="pcm_and_batch").at(0, step)[:, column]
    assert found == pytest.approx(plan[step : step + found.size])
    assert found.min() < 0.1
    assert found.max() > 0.9


def test_a_deviation_of_production_fades() -> None:
    library, production, column = mill()
    plan = shifts(library.values[0], production, library)
    step = first_step_of_a_shift(library, production) + 8
    less = with_level(library, column, 0.6 * plan)
    found = expectation(less, name="pcm_and_batch").at(0, step)[:, column]
    runs = plan[step : step + found.size] > 0.9
    share = found[runs] / plan[step : step + found.size][runs]
    assert share[0] == pytest.approx(0.6, abs=0.05)
    assert (np.diff(share) > 0.0).all()
    assert share[-1] > 0.95


def test_an_outage_is_expected_to_last() -> None:
    library, production, column = mill()
    plan = shifts(library.values[0], production, library)
    step = first_step_of_a_shift(library, production) + 8
    still = plan.copy()
    still[step - 1] = 0.0
    found = expectation(with_level(library, column, still), name="pcm_and_batch").at(0, step)
    assert (found[: 4 * 4, column] == 0.0).all()
    later = slice(step + 16 * 4, step + len(found))
    assert found[16 * 4 :, column] == pytest.approx(plan[later])


def test_standing_still_as_planned_is_no_outage() -> None:
    library, production, column = mill()
    plan = shifts(library.values[0], production, library)
    step = first_step_of_a_shift(library, production) - 4
    as_planned = with_level(library, column, plan)
    found = expectation(as_planned, name="pcm_and_batch").at(0, step)[:, column]
    assert found == pytest.approx(plan[step : step + found.size])


@pytest.mark.parametrize("foresight", ["forecast", "perfect"])
def test_the_year_wraps_round(foresight: Foresight) -> None:
    library = scenarios(NAME)
    last = library.n_steps - 3
    found = expectation(library, foresight=foresight).at(0, last)
    calendar = [library.column(name) for name in CALENDAR]
    expected = np.concatenate([library.values[0, last:], library.values[0, : len(found) - 3]])
    assert (found[:, calendar] == expected[:, calendar]).all()
    assert np.isfinite(found).all()
