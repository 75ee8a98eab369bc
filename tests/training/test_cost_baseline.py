"""The baseline explains what weather and prices do to the cost, and nothing that actions do."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from heatrouter.envs.scenarios.catalogue import SITE_SERIES
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.training.cost_baseline import (
    BaselineLookup,
    CostBaseline,
    exogenous_features,
    fit_baseline,
)

STEPS = 4 * 24 * 20
ENVS = 12


@pytest.fixture(scope="module")
def library() -> ScenarioLibrary:
    random = np.random.default_rng(4)
    series = (*SITE_SERIES, "mill.level", "town.hot_water_kw")
    values = np.empty((3, STEPS, len(series)))
    hour = np.arange(STEPS) / 4.0
    for row in range(3):
        columns = {
            "ambient_temp_c": 8.0
            - 8.0 * np.cos(hour / 24.0 * 2 * np.pi)
            + random.normal(0, 3, STEPS),
            "ground_temp_c": np.full(STEPS, 10.0),
            "irradiance_w_m2": np.maximum(-500.0 * np.cos(hour / 24.0 * 2 * np.pi), 0.0),
            "wind_speed_m_s": random.uniform(0.0, 8.0, STEPS),
            "electricity_eur_per_mwh": random.uniform(20.0, 150.0, STEPS),
            "gas_eur_per_mwh": np.full(STEPS, 40.0),
            "co2_eur_per_t": np.full(STEPS, 70.0),
            "carbon_intensity_g_per_kwh": np.full(STEPS, 300.0),
            "local_hour": hour % 24.0,
            "weekday": (hour // 24.0) % 7.0,
            "day_of_year": 1.0 + hour // 24.0,
            "mill.level": random.uniform(0.0, 1.0, STEPS),
            "town.hot_water_kw": random.uniform(0.0, 300.0, STEPS),
        }
        values[row] = np.stack([columns[name] for name in series], axis=-1)
    return ScenarioLibrary(
        names=("a", "b", "c"),
        split="train",
        series=series,
        step_s=900,
        start_utc=("2001-01-01T00:00:00Z",) * 3,
        values=values,
        provenance=({}, {}, {}),
    )


class ExogenousBatch:
    """Costs what it takes to heat in the cold with electricity, plus noise of the 'plant'."""

    def __init__(self, library: ScenarioLibrary, noise: float) -> None:
        self.library, self.noise, self.num_envs = library, noise, ENVS
        self.contract = SimpleNamespace(control_dt_s=900.0)
        self.plant = SimpleNamespace(
            scenario=np.arange(ENVS) % 3, time_s=np.zeros(ENVS, dtype=np.int64)
        )
        self.random = np.random.default_rng(8)
        self.costs: list[Any] = []

    def reset(self) -> None:
        self.plant.time_s = self.random.integers(0, STEPS, ENVS) * 900

    def step(self, action: Any) -> Any:
        row = (self.plant.time_s // 900) % STEPS
        value = self.library.values[self.plant.scenario, row]
        ambient = value[:, self.library.column("ambient_temp_c")]
        price = value[:, self.library.column("electricity_eur_per_mwh")]
        cost = 0.02 * np.maximum(15.0 - ambient, 0.0) * price + 3.0
        cost = cost + self.noise * self.random.standard_normal(ENVS)
        self.plant.time_s = self.plant.time_s + 900
        return SimpleNamespace(reward=-cost)


def test_it_explains_what_is_exogenous(library: ScenarioLibrary) -> None:
    batch: Any = ExogenousBatch(library, noise=0.0)
    baseline = fit_baseline(batch, library, np.zeros(2), 200)
    assert baseline.explained > 0.99
    lookup = BaselineLookup(baseline, batch, library)
    batch.reset()
    for _ in range(20):
        expected = lookup()
        cost = -batch.step(None).reward
        np.testing.assert_allclose(expected, cost, atol=2.0)


def test_it_does_not_claim_to_explain_noise(library: ScenarioLibrary) -> None:
    batch: Any = ExogenousBatch(library, noise=1e3)
    assert abs(fit_baseline(batch, library, np.zeros(2), 200).explained) < 0.1


def test_features_are_finite_and_of_each_scenario(library: ScenarioLibrary) -> None:
    first, second = exogenous_features(library, 0), exogenous_features(library, 1)
    assert first.shape == second.shape
    assert first.shape[0] == STEPS
    assert np.isfinite(first).all()
    assert (first[:, 0] == 1.0).all()
    assert not np.array_equal(first, second)


def test_rates_are_of_the_step_that_begins(library: ScenarioLibrary) -> None:
    weights = np.zeros(exogenous_features(library, 0).shape[1])
    weights[1] = 4.0  # ambient temperature
    batch: Any = ExogenousBatch(library, noise=0.0)
    lookup = BaselineLookup(CostBaseline(weights, 1.0), batch, library)
    batch.plant.time_s = np.full(ENVS, 5 * 900)
    ambient = library.values[batch.plant.scenario, 5, library.column("ambient_temp_c")]
    np.testing.assert_allclose(lookup(), ambient)  # 4 EUR/h over a quarter of an hour
    batch.plant.time_s = np.full(ENVS, (STEPS + 5) * 900)
    np.testing.assert_allclose(lookup(), ambient)
