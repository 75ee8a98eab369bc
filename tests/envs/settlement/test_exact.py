"""Decimals that lose nothing."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.settlement.exact import decimal_of, per_mwh, quotient, rounded, total, written
from heatrouter.envs.settlement.pricing import Pricing
from heatrouter.envs.settlement.tariff import (
    OriginTerms,
    Reference,
    Share,
    Tariff,
)

HEAT = st.floats(0.0, 1e9)
PRICE = st.floats(-1e4, 1e4).map(lambda value: round(value, 6))


@given(st.lists(st.tuples(HEAT, PRICE), max_size=30))
def test_sums_of_products_are_exact(pairs: list[tuple[float, float]]) -> None:
    amounts = [per_mwh(rounded(heat, 9), decimal_of(price)) for heat, price in pairs]
    fractions = sum(
        (Fraction(rounded(h, 9)) * Fraction(decimal_of(p)) / 1000 for h, p in pairs), Fraction(0)
    )
    assert Fraction(total(amounts)) == fractions
    for amount in amounts:
        assert Decimal(written(amount)) == amount


@given(PRICE, HEAT, st.lists(st.floats(0.001, 0.2).map(lambda value: round(value, 6)), max_size=5))
def test_shares_add_up_to_the_amount(price: float, heat: float, shares: list[float]) -> None:
    tariff = Tariff(
        name="x",
        reference=Reference(name="r", fuel_co2_kg_per_mwh=201.0, efficiency=0.9),
        origins=(OriginTerms(name="o", co2_kg_per_mwh=0.0),),
        shares=tuple(Share(recipient=f"r{i}", share=share) for i, share in enumerate(shares)),
    )
    amount = per_mwh(rounded(heat, 9), decimal_of(price))
    paid = Pricing(tariff).payments_eur("o", amount)
    assert total(part for _, part in paid) == amount
    assert len(paid) == len(shares) + 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("-0.00"), "0"), (Decimal("1E+3"), "1000"), (Decimal("0.10"), "0.1")],
)
def test_one_way_to_write(value: Decimal, text: str) -> None:
    assert written(value) == text


def test_a_quotient_says_how_it_is_rounded() -> None:
    assert quotient(201.0, 0.9, 6) == Decimal("223.333333")
