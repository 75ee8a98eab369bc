"""Forecasts of a loop are those of the forecaster, whatever way the loop goes."""

import numpy as np
import pytest

from heatrouter.envs.arrays import IntArray
from heatrouter.envs.scenarios.forecast import Forecaster
from heatrouter.envs.scenarios.forecast_blocks import BLOCK_STEPS, ForecastBlocks
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.task import ForecastWindows

KINDS = ("perfect", "persistence", "noisy")
SERIES = ("ambient_temp_c", "irradiance_w_m2", "electricity_eur_per_mwh")
WINDOWS = ((0.0, 1.0), (3.0, 6.0), (0.0, 48.0))


def forecaster(library: ScenarioLibrary, kind: str, series: tuple[str, ...] = SERIES) -> Forecaster:
    windows = ForecastWindows.model_validate(
        {"kind": kind, "series": series, "window_hours": WINDOWS}
    )
    return Forecaster(library, windows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [0, 1, 5000, 35040 - BLOCK_STEPS, 35000, 35039, 3 * 35040 + 7])
def test_consecutive_steps_are_those_of_single_issues(
    train: ScenarioLibrary, kind: str, step: int
) -> None:
    one = forecaster(train, kind)
    steps = np.arange(step, step + BLOCK_STEPS)
    expected = one.windows_at(np.full(BLOCK_STEPS, 1), steps)
    np.testing.assert_array_equal(one.windows_along(1, step, BLOCK_STEPS), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_follow_the_loop(train: ScenarioLibrary, kind: str) -> None:
    one = forecaster(train, kind)
    blocks = ForecastBlocks(one, 3)
    rng = np.random.default_rng(2)
    scenario: IntArray = np.array([0, 1, 0])
    step: IntArray = np.array([0, 34990, 500])
    for _ in range(3 * BLOCK_STEPS):
        got = blocks.windows_at(scenario, step)
        np.testing.assert_array_equal(got, one.windows_at(scenario, step).reshape(3, -1))
        got[:] = np.nan  # what is handed out is not kept
        step = step + 1
        if rng.random() < 0.1:  # an episode ends: elsewhere, maybe back, maybe in another scenario
            env = rng.integers(3)
            scenario[env] = rng.integers(train.n_scenarios)
            step[env] = rng.integers(35040)


def test_nothing_to_forecast(train: ScenarioLibrary) -> None:
    blocks = ForecastBlocks(forecaster(train, "noisy", ()), 2)
    assert blocks.windows_at(np.array([0, 1]), np.array([3, 4])).shape == (2, 0)
