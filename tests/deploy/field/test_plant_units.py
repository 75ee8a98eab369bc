"""Conversions: every number here is from a table, none from the module."""

import pytest

from heatrouter.deploy.plant_units import CONVERSIONS, canonical, conversion, convertible


@pytest.mark.parametrize(
    ("value", "plant", "contract", "expected"),
    [
        (212.0, "degF", "degC", 100.0),
        (353.15, "K", "degC", 80.0),
        (9.0, "degF", "K", 5.0),
        (2.5, "MW", "kW", 2500.0),
        (3.6, "GJ/h", "kW", 1000.0),
        (43.0, "%", "1", 0.43),
        (36.0, "t/h", "kg/s", 10.0),
        (3600.0, "m³/h", "kg/s", 983.0),
        (80.0, "kPa", "bar", 0.8),
        (9.5, "ct/kWh", "eur/MWh", 95.0),
        (0.4, "kg/kWh", "g/kWh", 400.0),
        (90.0, "min", "h", 1.5),
    ],
)
def test_known_pairs(value: float, plant: str, contract: str, expected: float) -> None:
    factors = conversion(plant, contract)
    assert factors is not None
    assert factors.scale * value + factors.offset == pytest.approx(expected)


@pytest.mark.parametrize(
    ("plant", "contract"), [("bar", "degC"), ("kW", "kWh"), ("m3/h", "kW"), ("?", "degC")]
)
def test_what_measures_another_thing_has_no_conversion(plant: str, contract: str) -> None:
    assert conversion(plant, contract) is None


@pytest.mark.parametrize(
    ("said", "unit"),
    [("°C", "degC"), ("Celsius", "degC"), ("", "1"), ("kw", "kW"), ("€/MWh", "eur/MWh")],
)
def test_spellings(said: str, unit: str) -> None:
    assert canonical(said) == unit


def test_case_counts_where_it_makes_another_unit() -> None:
    assert conversion("mW", "kW") is None
    assert conversion("MW", "kW") is not None
    assert conversion("Mbar", "bar") is None


def test_every_unit_converts_to_itself() -> None:
    for unit in CONVERSIONS:
        assert unit in convertible(unit)
        assert conversion(unit, unit) == (1.0, 0.0)
