"""Tariffs of other markets: what changes, by how much, and what must stay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.price_generator import fuel_cost_eur_per_mwh
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.scenarios.varied_tariffs import vary_tariffs
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.tariff_variety import TariffVariety

GAS, CO2 = "gas_eur_per_mwh", "co2_eur_per_t"
ELECTRICITY, CARBON = "electricity_eur_per_mwh", "carbon_intensity_g_per_kwh"
FACTORS = st.floats(0.2, 2.0)


def fixed(**factors: float) -> TariffVariety:
    """Every year changed by the factors, 1 where none is given."""
    names = ("gas", "co2", "electricity", "swing", "carbon")
    pairs = {name: (factors.get(name, 1.0),) * 2 for name in names}
    return TariffVariety.model_validate({"share": 1.0, **pairs})


def of(library: ScenarioLibrary, series: str) -> FloatArray:
    return library.values[:, :, library.column(series)]


def over_fuel(library: ScenarioLibrary) -> FloatArray:
    fuel = fuel_cost_eur_per_mwh(of(library, GAS), of(library, CO2))
    return np.asarray(of(library, ELECTRICITY) / fuel)


def test_none_leaves_the_very_library(train: ScenarioLibrary) -> None:
    assert vary_tariffs(train, None) is train


@settings(max_examples=20, deadline=None)
@given(gas=FACTORS, co2=FACTORS, electricity=FACTORS, swing=FACTORS, carbon=FACTORS)
def test_each_tariff_follows_its_factor(
    train: ScenarioLibrary,
    gas: float,
    co2: float,
    electricity: float,
    swing: float,
    carbon: float,
) -> None:
    one = train.select([1])
    variety = fixed(gas=gas, co2=co2, electricity=electricity, swing=swing, carbon=carbon)
    varied = vary_tariffs(one, variety)
    np.testing.assert_allclose(of(varied, GAS), gas * of(one, GAS))
    np.testing.assert_allclose(of(varied, CO2), co2 * of(one, CO2))
    np.testing.assert_allclose(of(varied, CARBON), carbon * of(one, CARBON))
    before = over_fuel(one)
    over = electricity * (before.mean() + swing * (before - before.mean()))
    fuel = fuel_cost_eur_per_mwh(of(varied, GAS), of(varied, CO2))
    expected = np.maximum(over * fuel, -500.0)  # what an auction allows
    np.testing.assert_allclose(of(varied, ELECTRICITY), expected, atol=1e-9)
    for name in set(one.series) - {GAS, CO2, ELECTRICITY, CARBON}:
        np.testing.assert_array_equal(of(varied, name), of(one, name))


def test_the_share_of_years_is_changed_and_no_other(district: District) -> None:
    library = build_library(district, "validation", 8)
    varied = vary_tariffs(library, TariffVariety(share=0.5), 3)
    told = ["of another market" in entry["tariffs"] for entry in varied.provenance]
    changed = [
        not np.array_equal(one, other)
        for one, other in zip(library.values, varied.values, strict=True)
    ]
    assert changed == told
    assert sum(told) == 4
    # Two regions take turns: both have years of either kind.
    assert 0 < sum(told[::2]) < 4
    assert 0 < sum(told[1::2]) < 4
    renamed = [a != b for a, b in zip(library.names, varied.names, strict=True)]
    assert renamed == told


def test_years_draw_alike_for_one_seed_and_apart_from_each_other(train: ScenarioLibrary) -> None:
    variety = TariffVariety(share=1.0)
    first, again = (vary_tariffs(train, variety, 1) for _ in range(2))
    np.testing.assert_array_equal(first.values, again.values)
    ratios = of(first, GAS)[:, 0] / of(train, GAS)[:, 0]
    assert len(set(ratios.round(9))) == train.n_scenarios
    assert not np.array_equal(vary_tariffs(train, variety, 2).values, first.values)
    assert vary_tariffs(train.select([2]), variety, 1).provenance[0] == first.provenance[2]


@pytest.mark.parametrize("factors", [(1.0, 0.5), (0.0, 1.0), (-1.0, 1.0), (1.0, 11.0)])
def test_factors_out_of_order_or_range_are_refused(factors: tuple[float, float]) -> None:
    with pytest.raises(ValidationError, match="must be two factors in order"):
        TariffVariety(gas=factors)
