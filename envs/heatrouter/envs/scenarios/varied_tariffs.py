"""Tariffs of other markets in some years of a library: a pure function of library and ranges."""

import math
from dataclasses import replace
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.catalogue import SITE_SERIES
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.noise import stream
from heatrouter.envs.scenarios.price_generator import fuel_cost_eur_per_mwh
from heatrouter.envs.scenarios.random_events import key_of
from heatrouter.envs.spec.tariff_variety import Factors, TariffVariety

_GOLDEN_RATIO: Final = (math.sqrt(5.0) - 1.0) / 2.0
"""Its multiples, less their whole parts, fill any range evenly however many there are."""


def vary_tariffs(
    library: ScenarioLibrary, variety: TariffVariety | None, seed: int = 0
) -> ScenarioLibrary:
    """Return the library with tariffs of other markets in a share of its years.

    Electricity keeps its hours: its ratio to the fuel cost of a gas-fired plant swings round its
    mean over the year, and is put on the new fuel cost. Weather, production and draws stay.

    Args:
        library: Scenarios of any split and district.
        variety: Share and ranges; None gives the library itself.
        seed: Of the factors, beside what identifies each scenario.

    Returns:
        A library of the same years, in the same order; the provenance of those that were changed
        says by what.
    """
    if variety is None:
        return library
    values = library.values.copy()
    provenance = list(library.provenance)
    names = list(library.names)
    for row in range(library.n_scenarios):
        # Regions of the weather take turns in a library, so every other row would leave some out.
        if (row + 1) * _GOLDEN_RATIO % 1.0 >= variety.share:
            continue
        rng = stream((*key_of(library, row), seed), "tariffs/variety")
        factors = {
            name: _drawn(rng, getattr(variety, name))
            for name in ("gas", "co2", "electricity", "swing", "carbon")
        }
        _change(library, values[row], factors)
        told = ", ".join(f"{name} x {factor:.3g}" for name, factor in factors.items())
        before = f"{provenance[row]['tariffs']}; " if "tariffs" in provenance[row] else ""
        provenance[row] = {**provenance[row], "tariffs": f"{before}of another market: {told}"}
        names[row] += "-tariffs"
    return replace(library, names=tuple(names), values=values, provenance=tuple(provenance))


def _change(library: ScenarioLibrary, year: FloatArray, factors: dict[str, float]) -> None:
    """Change the series of one year, shape ``(n_steps, n_series)``, where they stand."""
    columns = {
        name: library.column(name)
        for name in (
            "gas_eur_per_mwh",
            "co2_eur_per_t",
            "electricity_eur_per_mwh",
            "carbon_intensity_g_per_kwh",
        )
    }
    gas, co2, electricity, carbon = (year[:, column] for column in columns.values())
    # A tenth of a euro keeps a year of free fuel from dividing by nothing.
    ratio = electricity / np.maximum(fuel_cost_eur_per_mwh(gas, co2), 0.1)
    mean = float(ratio.mean())
    gas, co2 = gas * factors["gas"], co2 * factors["co2"]
    ratio = factors["electricity"] * (mean + factors["swing"] * (ratio - mean))
    changed = (
        gas,
        co2,
        ratio * fuel_cost_eur_per_mwh(gas, co2),
        carbon * factors["carbon"],
    )
    for (name, column), series in zip(columns.items(), changed, strict=True):
        kind = SITE_SERIES[name]
        year[:, column] = np.clip(series, kind.low, kind.high)


def _drawn(rng: np.random.Generator, factors: Factors) -> float:
    low, high = factors
    return math.exp(rng.uniform(math.log(low), math.log(high)))
