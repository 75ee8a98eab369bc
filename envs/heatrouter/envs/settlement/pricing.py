"""Prices and emission factors of a tariff as exact decimals, per pair of origin and consumer."""

from decimal import Decimal

from heatrouter.envs.settlement.exact import (
    FACTOR_DECIMALS,
    decimal_of,
    minus,
    per_mwh,
    plus,
    quotient,
    rounded,
    times,
    total,
)
from heatrouter.envs.settlement.tariff import Tariff


class Pricing:
    """What a tariff makes of heat.

    Args:
        tariff: The tariff.
    """

    def __init__(self, tariff: Tariff) -> None:
        self.reference_kg_per_mwh = quotient(
            tariff.reference.fuel_co2_kg_per_mwh, tariff.reference.efficiency, FACTOR_DECIMALS
        )
        """Of a MWh of the reference's heat, rounded to ``FACTOR_DECIMALS``."""
        self._origins = {terms.name: terms for terms in tariff.origins}
        self._consumers = {
            terms.name: decimal_of(terms.price_eur_per_mwh) for terms in tariff.consumers
        }
        self._contracts = {
            (c.origin, c.consumer): decimal_of(c.price_eur_per_mwh) for c in tariff.contracts
        }
        self._shares = {share.recipient: decimal_of(share.share) for share in tariff.shares}

    def price_eur_per_mwh(self, origin: str, consumer: str) -> Decimal:
        """Price of heat from an origin to a consumer; raises KeyError for an unknown origin."""
        contract = self._contracts.get((origin, consumer))
        if contract is not None:
            return contract
        own = decimal_of(self._origins[origin].price_eur_per_mwh)
        return plus(own, self._consumers.get(consumer, Decimal(0)))

    def co2_kg_per_mwh(self, origin: str, grid_kg_per_mwh: Decimal) -> Decimal:
        """Emission factor of an origin's heat; raises KeyError for an unknown origin.

        Args:
            origin: The origin.
            grid_kg_per_mwh: Mean carbon intensity of the grid in the interval.
        """
        factor = self._origins[origin].co2_kg_per_mwh
        if factor == "grid":
            return grid_kg_per_mwh
        if factor == "reference":
            return self.reference_kg_per_mwh
        return rounded(decimal_of(factor), FACTOR_DECIMALS)

    def avoided_kg(self, heat_kwh: Decimal, co2_kg_per_mwh: Decimal) -> Decimal:
        """CO2 that heat spares against the reference, exact; negative where it emits more."""
        return per_mwh(heat_kwh, minus(self.reference_kg_per_mwh, co2_kg_per_mwh))

    def payments_eur(self, origin: str, amount_eur: Decimal) -> list[tuple[str, Decimal]]:
        """Who gets how much of an amount: recipients of shares, then the payee the rest; exact."""
        parts = [(name, times(amount_eur, share)) for name, share in self._shares.items()]
        rest = minus(amount_eur, total(part for _, part in parts))
        return [*parts, (self._origins[origin].payee or origin, rest)]
