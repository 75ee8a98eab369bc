"""A small ledger with a key, to be written over and over: no simulator, all of its checks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heatrouter.envs.settlement.exact import written
from heatrouter.envs.settlement.pricing import Pricing
from heatrouter.envs.settlement.records import Delivery, Head
from heatrouter.envs.settlement.signing import SigningKey
from heatrouter.envs.settlement.tariff import Tariff
from heatrouter.envs.settlement.totals import priced

CONSUMERS: Final = ("town", "greenhouse")
ORIGINS: Final = ("glassworks", "electricity")

_TARIFF = Tariff.model_validate(
    {
        "name": "stand-in",
        "reference": {"name": "gas boiler", "fuel_co2_kg_per_mwh": 201.0, "efficiency": 0.9},
        "origins": (
            {"name": "glassworks", "price_eur_per_mwh": 32.0, "co2_kg_per_mwh": 0.0},
            {"name": "electricity", "price_eur_per_mwh": 60.0, "co2_kg_per_mwh": "grid"},
        ),
        "consumers": ({"name": "town", "price_eur_per_mwh": 14.0},),
    }
)
_START = datetime(2026, 1, 1, tzinfo=UTC)
_INTERVAL_S: Final = 3600
_GRID = Decimal(350)


def make_key(folder: Path) -> SigningKey:
    """A fresh key that signs, its file in the folder."""
    path = folder / "ledger-key.pem"
    path.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return SigningKey(path)


def stand_in_head(intervals: int, public_key: str) -> Head:
    """The head of a ledger of so many hours."""
    return Head(
        district="stand-in",
        district_digest="0" * 64,
        scenario="none",
        scenario_provenance={},
        controller="none",
        start_utc=_START.isoformat(),
        interval_s=_INTERVAL_S,
        intervals=intervals,
        consumers=CONSUMERS,
        origins=ORIGINS,
        tariff=_TARIFF,
        tariff_digest=_TARIFF.digest,
        reference_co2_kg_per_mwh=written(Pricing(_TARIFF).reference_kg_per_mwh),
        heat_decimals=9,
        versions={},
        public_key=public_key,
    )


def stand_in_deliveries(intervals: int) -> Iterator[Delivery]:
    """Its deliveries: a few numbers, all of them right."""
    pricing = Pricing(_TARIFF)
    for interval in range(intervals):
        begin = _START + timedelta(seconds=interval * _INTERVAL_S)
        for consumer in CONSUMERS:
            heats = (Decimal(100 + interval), Decimal("2.5"))
            yield Delivery(
                begin_utc=begin.isoformat(),
                end_utc=(begin + timedelta(seconds=_INTERVAL_S)).isoformat(),
                consumer=consumer,
                metered_kwh=written(sum(heats, Decimal(0))),
                supply_temp_c=72.5,
                return_temp_c=41.25,
                exergy_kwh="9.75",
                grid_co2_kg_per_mwh=written(_GRID),
                parts=tuple(
                    priced(pricing, origin, consumer, heat, _GRID)
                    for origin, heat in zip(ORIGINS, heats, strict=True)
                ),
            )
