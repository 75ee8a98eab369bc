"""From simulator outputs to the inputs of the observation builder."""

from collections.abc import Mapping

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.observe.builder import Clock
from heatrouter.envs.spec.task import Task


def measured_columns(contract: Contract, columns: Mapping[str, int]) -> IntArray:
    """Columns of the measured channels in simulator outputs, shape ``(n_measured,)``."""
    return _columns_of(contract, columns, "measured")


def raw_columns(contract: Contract, columns: Mapping[str, int]) -> IntArray:
    """Columns of simulator outputs that make a raw observation, shape ``(n_obs,)``.

    ``outputs.take(raw_columns, axis=1)`` is what ``ObservationBuilder.advance`` takes: measured
    values, tariffs and calendar in their places, and some column where no output belongs.
    """
    picked = np.zeros(len(contract.observation), dtype=np.int64)
    sources = np.array([channel.source for channel in contract.observation])
    picked[sources == "measured"] = measured_columns(contract, columns)
    picked[sources == "tariff"] = tariff_columns(contract, columns)
    calendar = [columns[f"site.{name}"] for name in Clock._fields]
    picked[np.flatnonzero(sources == "clock")[: len(calendar)]] = calendar
    return picked


def tariff_values(
    contract: Contract, task: Task, columns: Mapping[str, int], outputs: FloatArray
) -> FloatArray:
    """Prices in force after a call to ``advance``, shape ``(num_envs, n_tariff)``.

    A CO2 price that the task fixes stands in for the scenario's.
    """
    values = outputs.take(tariff_columns(contract, columns), axis=1)
    fixed = fixed_tariffs(contract, task)
    return np.where(np.isnan(fixed), values, fixed)


def tariff_columns(contract: Contract, columns: Mapping[str, int]) -> IntArray:
    """Columns of the tariff channels' series, shape ``(n_tariff,)``."""
    return np.array(
        [
            columns[f"site.{channel.name.removeprefix('tariff.')}"]
            for channel in contract.observation
            if channel.source == "tariff"
        ],
        dtype=np.int64,
    )


def fixed_tariffs(contract: Contract, task: Task) -> FloatArray:
    """The tariffs that the task fixes, NaN where a tag gives them, shape ``(n_tariff,)``."""
    fixed = task.objective.co2_eur_per_t
    return np.array(
        [
            fixed if channel.origin.startswith("task.") and fixed is not None else np.nan
            for channel in contract.observation
            if channel.source == "tariff"
        ],
        dtype=np.float64,
    )


def fixed_channels(contract: Contract, task: Task) -> tuple[IntArray, FloatArray]:
    """Positions of the tariffs that the task fixes in the observation, and their values."""
    fixed = fixed_tariffs(contract, task)
    tariffs = np.array([c.source == "tariff" for c in contract.observation])
    known = ~np.isnan(fixed)
    return np.flatnonzero(tariffs)[known], fixed[known]


def _columns_of(contract: Contract, columns: Mapping[str, int], source: str) -> IntArray:
    return np.array(
        [columns[c.origin] for c in contract.observation if c.source == source], dtype=np.int64
    )
