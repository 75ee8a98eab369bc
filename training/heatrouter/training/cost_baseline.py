"""What a step costs because of weather, prices and production, whatever the controller does.

Most of the cost follows from the weather and the prices. Subtracting a part that no action can
change leaves every policy's ranking as it is and takes that part out of the returns, whose spread
is what PPO has to learn through (input-driven baselines, Mao et al. 2019, arXiv:1807.02264). The
baseline is a ridge regression on exogenous series alone, fitted to a run of the best constant
action on training scenarios.
"""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

RIDGE = 1e-3
"""Weight of the penalty on standardised features, relative to the number of samples."""

_HEATING_LIMIT_C = 15.0
_SATURDAY = 5.0
_AVERAGE_HOURS = (6.0, 24.0)  # buildings answer to the weather of the last hours
_PRICES = ("electricity_eur_per_mwh", "gas_eur_per_mwh", "co2_eur_per_t")


@dataclass(frozen=True, slots=True)
class CostBaseline:
    """Expected cost rate as a weighted sum of exogenous features.

    Attributes:
        weights: Of :func:`exogenous_features`, shape ``(n_features,)``, €/h.
        explained: Share of the variance that it explains in samples it was not fitted to.
    """

    weights: FloatArray
    explained: float

    def rate_eur_h(self, library: ScenarioLibrary) -> FloatArray:
        """Expected cost rate of every step, €/h, shape ``(n_scenarios, n_steps)``."""
        return np.stack(
            [
                exogenous_features(library, index) @ self.weights
                for index in range(len(library.names))
            ]
        )


class BaselineLookup:
    """The baseline of the step that each environment of a batch is about to take.

    Args:
        baseline: What was fitted.
        batch: The closed loop, on scenarios of the library.
        library: The scenarios.
    """

    def __init__(
        self, baseline: CostBaseline, batch: DistrictBatch, library: ScenarioLibrary
    ) -> None:
        dt_h = batch.contract.control_dt_s / SECONDS_PER_HOUR
        self._cost_eur = baseline.rate_eur_h(library) * dt_h
        self._batch = batch
        self._step_s = library.step_s

    def __call__(self) -> FloatArray:
        """Return expected costs, €, shape ``(num_envs,)``."""
        plant = self._batch.plant
        step = (plant.time_s // self._step_s) % self._cost_eur.shape[1]
        cost: FloatArray = self._cost_eur[plant.scenario, step]
        return cost


def fit_baseline(
    batch: DistrictBatch, library: ScenarioLibrary, action: FloatArray, steps: int
) -> CostBaseline:
    """Run a constant action and regress its cost on exogenous series.

    Args:
        batch: Closed loop on the library; it is reset.
        library: Training scenarios.
        action: Physical units, shape ``(n_action,)``.
        steps: Control steps to run.
    """
    per_hour = SECONDS_PER_HOUR / batch.contract.control_dt_s
    actions = np.tile(action, (batch.num_envs, 1))
    scenario = np.empty((steps, batch.num_envs), dtype=np.int64)
    step = np.empty_like(scenario)
    costs = np.empty(scenario.shape)
    batch.reset()
    for index in range(steps):
        scenario[index] = batch.plant.scenario
        step[index] = (batch.plant.time_s // library.step_s) % library.values.shape[1]
        costs[index] = -batch.step(actions).reward * per_hour
    samples = _gathered(library, scenario, step)
    # By environment, since the steps of one episode resemble each other.
    half = batch.num_envs // 2
    tried = _fit(samples[:, :half], costs[:, :half])
    rest = costs[:, half:] - samples[:, half:] @ tried
    spread = float(costs[:, half:].var())
    explained = 1.0 - float(rest.var()) / spread if spread > 0.0 else 0.0
    return CostBaseline(_fit(samples, costs), explained)


def exogenous_features(library: ScenarioLibrary, scenario: int) -> FloatArray:
    """Features of every step of a scenario, none of which any action changes.

    Returns:
        Shape ``(n_steps, n_features)``, the first one constant.
    """

    def series(name: str) -> FloatArray:
        column: FloatArray = library.values[scenario, :, library.column(name)]
        return column

    ambient = series("ambient_temp_c")
    cold = np.maximum(_HEATING_LIMIT_C - ambient, 0.0)
    sun = series("irradiance_w_m2")
    weather = [ambient, cold, sun, series("wind_speed_m_s")]
    for hours in _AVERAGE_HOURS:
        length = round(hours * SECONDS_PER_HOUR / library.step_s)
        weather += [_trailing_mean(cold, length), _trailing_mean(sun, length)]
    angle = 2.0 * np.pi * series("local_hour") * SECONDS_PER_HOUR / SECONDS_PER_DAY
    clock = [trig(n * angle) for n in (1, 2, 3) for trig in (np.sin, np.cos)]
    clock.append((series("weekday") >= _SATURDAY).astype(np.float64))
    units = [series(name) for name in library.series if name.endswith((".level", ".hot_water_kw"))]
    prices = [series(name) for name in _PRICES]
    # What is bought is an amount times a price.
    bought = [amount * price for amount in [*weather, *units] for price in prices]
    return np.stack([np.ones_like(ambient), *weather, *clock, *units, *prices, *bought], axis=-1)


def _gathered(library: ScenarioLibrary, scenario: IntArray, step: IntArray) -> FloatArray:
    """Features of the visited steps; one scenario at a time, since all of them fill the memory."""
    samples: FloatArray | None = None
    for index in np.unique(scenario):
        features = exogenous_features(library, int(index))
        if samples is None:
            samples = np.empty((*scenario.shape, features.shape[1]))
        here = scenario == index
        samples[here] = features[step[here]]
    assert samples is not None
    return samples


def _fit(samples: FloatArray, targets: FloatArray) -> FloatArray:
    """Ridge regression on standardised features, returned as weights of the plain ones."""
    rows = samples.reshape(-1, samples.shape[-1])
    mean, std = rows.mean(axis=0), rows.std(axis=0)
    std[std == 0.0] = 1.0
    centre = float(targets.mean())
    scaled = (rows - mean) / std
    penalty = RIDGE * len(rows) * np.eye(rows.shape[1])
    weights: FloatArray = np.linalg.solve(
        scaled.T @ scaled + penalty, scaled.T @ (targets.ravel() - centre)
    )
    weights /= std
    weights[0] = centre - float(weights[1:] @ mean[1:])
    return weights


def _trailing_mean(values: FloatArray, length: int) -> FloatArray:
    """Mean of the last ``length`` steps, round the end of the year."""
    total = np.cumsum(np.concatenate([values[-length:], values]))
    mean: FloatArray = (total[length:] - total[:-length]) / length
    return mean
