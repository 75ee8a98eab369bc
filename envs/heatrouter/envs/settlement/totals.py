"""Sums over deliveries: the same code writes them and checks them."""

from collections import defaultdict
from decimal import Decimal

from heatrouter.envs.settlement.exact import CENT, minus, per_mwh, plus, rounded, total, written
from heatrouter.envs.settlement.pricing import Pricing
from heatrouter.envs.settlement.records import Delivery, PairTotal, Part, Payment, Totals

_CENT_DECIMALS = -int(CENT.as_tuple().exponent)


def priced(
    pricing: Pricing, origin: str, consumer: str, heat_kwh: Decimal, grid_kg_per_mwh: Decimal
) -> Part:
    """What a tariff makes of heat from an origin to a consumer, exact."""
    price = pricing.price_eur_per_mwh(origin, consumer)
    factor = pricing.co2_kg_per_mwh(origin, grid_kg_per_mwh)
    return Part(
        origin=origin,
        heat_kwh=written(heat_kwh),
        price_eur_per_mwh=written(price),
        amount_eur=written(per_mwh(heat_kwh, price)),
        co2_kg_per_mwh=written(factor),
        co2_avoided_kg=written(pricing.avoided_kg(heat_kwh, factor)),
    )


class RunningTotals:
    """Adds deliveries up.

    Args:
        pricing: Whose shares make payments of the amounts.
    """

    def __init__(self, pricing: Pricing) -> None:
        self.pricing = pricing
        self._deliveries = 0
        self._exergy = Decimal(0)
        self._pairs: dict[tuple[str, str], tuple[Decimal, Decimal, Decimal]] = {}

    def add(self, delivery: Delivery) -> None:
        """Add one delivery."""
        self._deliveries += 1
        self._exergy = plus(self._exergy, Decimal(delivery.exergy_kwh))
        for part in delivery.parts:
            pair = (delivery.consumer, part.origin)
            heat, amount, avoided = self._pairs.get(pair, (Decimal(0),) * 3)
            self._pairs[pair] = (
                plus(heat, Decimal(part.heat_kwh)),
                plus(amount, Decimal(part.amount_eur)),
                plus(avoided, Decimal(part.co2_avoided_kg)),
            )

    def totals(self) -> Totals:
        """The sums so far."""
        owed: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for (consumer, origin), (_, amount, _) in self._pairs.items():
            for payee, part in self.pricing.payments_eur(origin, amount):
                owed[consumer, payee] = plus(owed[consumer, payee], part)
        payments = [
            Payment(
                payer=payer,
                payee=payee,
                amount_eur=written(amount),
                invoice_eur=written(rounded(amount, _CENT_DECIMALS)),
            )
            for (payer, payee), amount in sorted(owed.items())
            if amount
        ]
        amount = total(amount for _, amount, _ in self._pairs.values())
        invoiced = total(Decimal(payment.invoice_eur) for payment in payments)
        return Totals(
            deliveries=self._deliveries,
            heat_kwh=written(total(heat for heat, _, _ in self._pairs.values())),
            exergy_kwh=written(self._exergy),
            amount_eur=written(amount),
            co2_avoided_kg=written(total(avoided for _, _, avoided in self._pairs.values())),
            rounding_eur=written(minus(invoiced, amount)),
            pairs=tuple(
                PairTotal(
                    origin=origin,
                    consumer=consumer,
                    heat_kwh=written(heat),
                    amount_eur=written(amount),
                    co2_avoided_kg=written(avoided),
                )
                for (consumer, origin), (heat, amount, avoided) in sorted(self._pairs.items())
            ),
            payments=tuple(payments),
        )
