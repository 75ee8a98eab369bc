import time
from typing import Literal

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.forecast import Forecaster
from heatrouter.envs.scenarios.forecast_error import ERRORS, ErrorGrowth, error_of
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.task import ForecastWindows

Kind = Literal["perfect", "persistence", "noisy"]
KINDS: tuple[Kind, ...] = ("perfect", "persistence", "noisy")
SERIES = ("ambient_temp_c", "irradiance_w_m2", "electricity_eur_per_mwh", "dairy.level")
WINDOWS = ((0.0, 1.0), (1.0, 3.0), (3.0, 6.0), (6.0, 12.0), (12.0, 24.0), (24.0, 48.0))


def forecaster(
    library: ScenarioLibrary,
    kind: Kind,
    series: tuple[str, ...] = SERIES,
    windows: tuple[tuple[float, float], ...] = WINDOWS,
) -> Forecaster:
    return Forecaster(library, ForecastWindows(kind=kind, series=series, window_hours=windows))


def issues(library: ScenarioLibrary, count: int) -> tuple[IntArray, IntArray]:
    rng = np.random.default_rng(5)
    step = np.concatenate([[0, 1, 95, 96, 35039, 35000], rng.integers(0, 35040, count)])
    return rng.integers(0, library.n_scenarios, step.size), step


def actual(library: ScenarioLibrary, scenario: IntArray, step: IntArray) -> FloatArray:
    """What comes, window by window, without cumulative sums."""
    means = np.empty((step.size, len(SERIES), len(WINDOWS)))
    for env, (row, first) in enumerate(zip(scenario, step, strict=True)):
        for w, (start, end) in enumerate(WINDOWS):
            steps = np.arange(int(4 * start), int(4 * end)) + first
            ahead = library.values[row, steps % library.n_steps]
            means[env, :, w] = ahead[:, [library.column(s) for s in SERIES]].mean(axis=0)
    return means


def test_perfect_is_what_comes_also_over_the_end_of_the_year(train: ScenarioLibrary) -> None:
    scenario, step = issues(train, 50)
    forecast = forecaster(train, "perfect").windows_at(scenario, step)
    assert forecast.shape == (56, 4, 6)
    np.testing.assert_allclose(forecast, actual(train, scenario, step), rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_forecast_is_a_pure_function_of_scenario_and_step(
    train: ScenarioLibrary, kind: Kind
) -> None:
    scenario, step = issues(train, 50)
    once = forecaster(train, kind)
    before = once.windows_at(scenario, step)
    once.windows_at(scenario[::-1].copy(), step)
    np.testing.assert_array_equal(once.windows_at(scenario, step), before)
    one_by_one = [once.windows_at(scenario[[k]], step[[k]])[0] for k in range(step.size)]
    np.testing.assert_array_equal(np.stack(one_by_one), before)
    np.testing.assert_array_equal(forecaster(train, kind).windows_at(scenario, step), before)
    np.testing.assert_array_equal(once.windows_at(scenario, step + train.n_steps), before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_forecast_does_not_depend_on_the_other_scenarios(
    train: ScenarioLibrary, kind: Kind
) -> None:
    whole = forecaster(train, kind)
    part = forecaster(train.select([2]), kind)
    step = np.array([7, 20_000])
    np.testing.assert_allclose(
        whole.windows_at(np.array([2, 2]), step), part.windows_at(np.array([0, 0]), step)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_call_returns_an_array_of_its_own(train: ScenarioLibrary, kind: Kind) -> None:
    once = forecaster(train, kind)
    first = once.windows_at(np.array([0]), np.array([10]))
    kept = first.copy()
    once.windows_at(np.array([1]), np.array([500]))
    np.testing.assert_array_equal(first, kept)
    assert first.flags.c_contiguous


def test_persistence_repeats_the_last_day(train: ScenarioLibrary) -> None:
    scenario, step = issues(train, 20)
    forecast = forecaster(train, "persistence").windows_at(scenario, step)
    for env, (row, first) in enumerate(zip(scenario, step, strict=True)):
        for w, (start, end) in enumerate(WINDOWS):
            lead = np.arange(int(4 * start), int(4 * end))
            source = (first - 96 + lead % 96) % train.n_steps
            for series in ("irradiance_w_m2", "electricity_eur_per_mwh", "dairy.level"):
                expected = train.values[row, source, train.column(series)].mean()
                got = forecast[env, SERIES.index(series), w]
                assert got == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_persistence_of_temperature_adds_a_fading_difference(train: ScenarioLibrary) -> None:
    air = train.values[0, :, train.column("ambient_temp_c")]
    step = 5000
    forecast = forecaster(train, "persistence").windows_at(np.array([0]), np.array([step]))[0, 0]
    warmer = air[step - 1] - air[step - 97]
    for w, (start, end) in enumerate(WINDOWS):
        lead = np.arange(int(4 * start), int(4 * end))
        day = air[step - 96 + lead % 96].mean()
        fade = (24.0 / (end - start)) * (np.exp(-start / 24.0) - np.exp(-end / 24.0))
        assert forecast[w] == pytest.approx(day + fade * warmer, abs=1e-6)


def test_persistence_knows_nothing_of_what_comes(train: ScenarioLibrary) -> None:
    step = 10_000
    changed = train.values.copy()
    changed[:, step:20_000] *= 0.5
    future = ScenarioLibrary(
        names=train.names,
        split=train.split,
        series=train.series,
        step_s=train.step_s,
        start_utc=train.start_utc,
        values=np.where(np.arange(len(train.series)) == train.column("day_of_year"), 1.0, changed),
        provenance=train.provenance,
    )
    at = (np.array([0, 1]), np.array([step, step]))
    np.testing.assert_allclose(
        forecaster(train, "persistence").windows_at(*at),
        forecaster(future, "persistence").windows_at(*at),
    )


def test_the_noisy_error_grows_with_lead_time_and_has_no_bias(train: ScenarioLibrary) -> None:
    # Windows of one length: the mean over a longer one is easier to forecast.
    windows = ((0.0, 3.0), (6.0, 9.0), (12.0, 15.0), (24.0, 27.0), (48.0, 51.0), (69.0, 72.0))
    step = np.tile(np.arange(0, train.n_steps, 8), train.n_scenarios)
    scenario = np.repeat(np.arange(train.n_scenarios), step.size // train.n_scenarios)
    noisy, perfect = (
        forecaster(train, kind, windows=windows).windows_at(scenario, step)
        for kind in ("noisy", "perfect")
    )
    errors = noisy - perfect
    root_mean_square = np.sqrt((errors**2).mean(axis=0))
    for row, name in enumerate(SERIES[:3]):
        grows = root_mean_square[row]
        assert np.all(np.diff(grows) > 0.0), name
        assert grows[5] > 2.0 * grows[0], name
        assert np.all(np.abs(errors[:, row].mean(axis=0)) < 0.12 * grows), name
    # The orders of magnitude of a good service: about 1.2 K and a third of the price's spread.
    assert 0.9 < root_mean_square[0, 3] < 1.6
    spread = train.values[:, :, train.column("electricity_eur_per_mwh")].std(axis=1).mean()
    assert 0.2 < root_mean_square[2, 3] / spread < 0.4


def test_noisy_errors_of_later_runs_resemble_those_before(train: ScenarioLibrary) -> None:
    # Errors of the same six hours, forecast 6 h and 3 h ahead of their begin.
    windows = ((3.0, 9.0), (6.0, 12.0))
    step = np.arange(0, 34_000, 4)
    row = np.zeros_like(step)
    noisy, perfect = (forecaster(train, kind, SERIES[:1], windows) for kind in ("noisy", "perfect"))
    early = noisy.windows_at(row, step)[:, 0, 1] - perfect.windows_at(row, step)[:, 0, 1]
    late = noisy.windows_at(row, step + 12)[:, 0, 0] - perfect.windows_at(row, step + 12)[:, 0, 0]
    same_target = np.corrcoef(early, late)[0, 1]
    assert 0.6 < same_target < 0.99
    unrelated = np.corrcoef(early, np.roll(late, 1000))[0, 1]
    assert abs(unrelated) < 0.3


def test_the_noisy_forecast_stays_physical(train: ScenarioLibrary) -> None:
    scenario, step = issues(train, 3000)
    noisy = forecaster(train, "noisy").windows_at(scenario, step)
    perfect = forecaster(train, "perfect").windows_at(scenario, step)
    sun, level = noisy[:, 1], noisy[:, 3]
    assert sun.min() >= 0.0
    # Night stays night: the error is a share of what comes.
    assert np.all(sun[perfect[:, 1] < 1e-6] < 1e-5)
    assert level.min() >= 0.0
    assert level.max() <= 1.0


def test_series_and_scenarios_have_errors_of_their_own(train: ScenarioLibrary) -> None:
    step = np.arange(0, 35_040, 24)
    series = ("ambient_temp_c", "ground_temp_c")
    noisy, perfect = (forecaster(train, kind, series) for kind in ("noisy", "perfect"))
    errors = [
        noisy.windows_at(np.full_like(step, k), step)
        - perfect.windows_at(np.full_like(step, k), step)
        for k in (0, 1)
    ]
    between_series = np.corrcoef(errors[0][:, 0, 3], errors[0][:, 1, 3])[0, 1]
    between_scenarios = np.corrcoef(errors[0][:, 0, 3], errors[1][:, 0, 3])[0, 1]
    assert abs(between_series) < 0.25
    assert abs(between_scenarios) < 0.25


def test_every_series_with_a_forecast_has_an_error(train: ScenarioLibrary) -> None:
    names = [n for n in train.series if n not in {"local_hour", "weekday", "day_of_year"}]
    for name in names:
        growth = error_of(name)
        assert 0.0 <= growth.now < growth.late
        assert growth.deviation(0.0) == growth.now
        assert growth.deviation(1e6) == pytest.approx(growth.late)
    assert set(ERRORS) <= set(train.series)
    assert ErrorGrowth(0.0, 1.0, 10.0, "absolute").deviation(10.0) == pytest.approx(1 - np.exp(-1))


@pytest.mark.parametrize(
    ("series", "windows", "message"),
    [
        (("ambient_temp",), WINDOWS, r"forecast\.series\[0\]: 'ambient_temp' is not in the"),
        (("local_hour",), WINDOWS, "known without a forecast"),
        (SERIES, ((0.0, 0.1),), r"forecast\.window_hours\[0\]: \(0\.0, 0\.1\) h is no multiple"),
        (SERIES, ((2.0, 2.0),), "end after it begins"),
        (SERIES, ((-1.0, 2.0),), "begin at 0 or later"),
        (SERIES, ((0.0, 9000.0),), "within 8760 h"),
    ],
)
def test_windows_that_make_no_sense_are_refused(
    train: ScenarioLibrary,
    series: tuple[str, ...],
    windows: tuple[tuple[float, float], ...],
    message: str,
) -> None:
    with pytest.raises(ScenarioError, match=message):
        forecaster(train, "perfect", series, windows)


def test_no_series_or_no_windows_is_an_empty_forecast(train: ScenarioLibrary) -> None:
    at = (np.array([0, 1]), np.array([3, 4]))
    for kind in KINDS:
        assert forecaster(train, kind, ()).windows_at(*at).shape == (2, 0, 6)
        assert forecaster(train, kind, windows=()).windows_at(*at).shape == (2, 4, 0)


@pytest.mark.slow
def test_a_call_for_64_environments_is_quick(train: ScenarioLibrary) -> None:
    noisy = forecaster(train, "noisy", SERIES[:3], (*WINDOWS, (48.0, 60.0), (60.0, 72.0)))
    scenario, step = np.arange(64) % 4, np.arange(64) * 500
    durations = []
    for k in range(200):
        begin = time.perf_counter()
        noisy.windows_at(scenario, step + k)
        durations.append(time.perf_counter() - begin)
    # 70 us were measured on a quiet core; the bound leaves room for a busy machine.
    assert np.median(durations) < 500e-6
