"""The tariff of a settlement: what heat of each origin costs each consumer, and what it spares.

The price of heat from an origin to a consumer is the origin's price plus the consumer's, or that of
their contract where they have one. Of every amount fixed shares go to named recipients (e.g. the
network's operator); the rest is the origin's,
or that of its payee.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from heatrouter.envs.errors import TariffError
from heatrouter.envs.hashchain import canonical_json
from heatrouter.envs.settlement.exact import decimal_of
from heatrouter.envs.spec.base import Described, Name, SchemaVersion
from heatrouter.envs.spec.explaining import suggestion
from heatrouter.envs.spec.loading import validated
from heatrouter.envs.spec.yaml_reading import read_yaml_file

_FLOAT_SUM: Final = 1e-12
"""By how much a sum of shares may exceed 1 because it is one of binary numbers."""

_DECIMALS: Final = 6


def _few_digits(value: float) -> float:
    """Amounts are exact, so what they are made of must have an end."""
    exponent = decimal_of(value).normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_DECIMALS:
        message = f"has more than {_DECIMALS} digits after the point; round it"
        raise ValueError(message)
    return value


Price = Annotated[float, Field(ge=-10_000.0, le=10_000.0), AfterValidator(_few_digits)]
EmissionFactor = Annotated[float, Field(ge=0.0, le=5_000.0)]


class Reference(Described):
    """What would have heated instead: the emissions that are avoided are counted against it."""

    name: str = Field(min_length=1, max_length=80, description="e.g. 'gas boiler'")
    fuel_co2_kg_per_mwh: EmissionFactor = Field(
        description="of its fuel, per MWh of the same calorific value as the efficiency"
    )
    efficiency: float = Field(gt=0.0, le=10.0, description="heat over fuel, or a heat pump's COP")


class OriginTerms(Described):
    """What heat of one origin costs and emits."""

    name: Name = Field(
        description="origin of traced heat: a unit that brings heat in, `electricity` or `initial`"
    )
    price_eur_per_mwh: Price = Field(
        0.0, description="of its heat, to every consumer without a contract"
    )
    co2_kg_per_mwh: EmissionFactor | Literal["grid", "reference"] = Field(
        description="of a MWh of its heat; 'grid' takes the interval's carbon intensity of the "
        "grid, 'reference' avoids nothing"
    )
    payee: Name | None = Field(
        None, description="who is paid for it, e.g. the operator of a boiler; else the origin"
    )


class ConsumerTerms(Described):
    """What a consumer pays on top of the origin's price."""

    name: Name = Field(description="consumer that takes heat for itself")
    price_eur_per_mwh: Price = Field(
        description="added to the price of every origin; negative is a rebate"
    )


class HeatContract(Described):
    """A price between an origin and a consumer, in the place of both their prices."""

    origin: Name = Field(description="one of origins")
    consumer: Name = Field(description="who takes the heat; need not be in consumers")
    price_eur_per_mwh: Price = Field(description="whole price between the two")


class Share(Described):
    """A fixed share of every amount that goes to somebody else than the origin."""

    recipient: Name = Field(
        description="who gets it, e.g. the network's operator; once in the list"
    )
    share: Annotated[float, Field(gt=0.0, le=1.0), AfterValidator(_few_digits)] = Field(
        description="of every amount; all shares together are 1 at most"
    )


class Tariff(Described):
    """Prices, shares and emission factors of a settlement."""

    schema_version: SchemaVersion = 1
    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]*$", max_length=60, description="names the tariff in the ledger"
    )
    title: str = Field("", max_length=200, description="what it is, for readers")
    reference: Reference = Field(
        description="what heat would have come from otherwise, for avoided CO2"
    )
    origins: tuple[OriginTerms, ...] = Field(min_length=1, description="every origin of heat")
    consumers: tuple[ConsumerTerms, ...] = Field(
        (), description="surcharges; who is not named pays none"
    )
    contracts: tuple[HeatContract, ...] = Field(
        (), description="prices between an origin and a consumer; at most one for each pair"
    )
    shares: tuple[Share, ...] = Field(
        (), description="who else is paid; the rest goes to the origin or its payee"
    )

    @property
    def digest(self) -> str:
        """sha256 over the canonical JSON of the tariff."""
        return hashlib.sha256(canonical_json(self.model_dump(mode="json"))).hexdigest()


def load_tariff(path: Path, origins: Sequence[str], consumers: Sequence[str]) -> Tariff:
    """Read a tariff for a district.

    Args:
        path: YAML file.
        origins: Every origin of heat in the district; the tariff has to name each.
        consumers: Every consumer that takes heat for itself.

    Raises:
        TariffError: Everything that is wrong with it, each mistake with its path.
    """

    def cross_check(tariff: Tariff) -> list[tuple[str, str]]:
        return tariff_mistakes(tariff, origins, consumers)

    return validated(Tariff, str(path), read_yaml_file(path), TariffError, cross_check)


def tariff_mistakes(
    tariff: Tariff, origins: Sequence[str], consumers: Sequence[str]
) -> list[tuple[str, str]]:
    """What does not fit between a tariff's parts and the district, as ``(path, message)``."""
    mistakes = [
        *_unknown("origins", "name", [o.name for o in tariff.origins], "origin", origins),
        *_unknown("consumers", "name", [c.name for c in tariff.consumers], "consumer", consumers),
        *_unknown("contracts", "origin", [c.origin for c in tariff.contracts], "origin", origins),
        *_unknown(
            "contracts", "consumer", [c.consumer for c in tariff.contracts], "consumer", consumers
        ),
        *_repeated("origins", [o.name for o in tariff.origins]),
        *_repeated("consumers", [c.name for c in tariff.consumers]),
        *_repeated("shares", [s.recipient for s in tariff.shares]),
        *_repeated("contracts", [f"{c.origin} to {c.consumer}" for c in tariff.contracts]),
    ]
    named = {o.name for o in tariff.origins}
    missing = [origin for origin in origins if origin not in named]
    if missing:
        mistakes.append(("origins", f"lacks {', '.join(missing)}; give each its terms"))
    total = sum(share.share for share in tariff.shares)
    if total > 1.0 + _FLOAT_SUM:
        mistakes.append(("shares", f"add up to {total:g}; more than 1 cannot be shared out"))
    return mistakes


def tariff_schema() -> dict[str, object]:
    """Return the JSON Schema of a tariff file, for editors and generators."""
    schema = Tariff.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "heatrouter tariff",
    }


def _unknown(
    part: str, field: str, names: Sequence[str], what: str, known: Sequence[str]
) -> list[tuple[str, str]]:
    return [
        (
            f"{part}[{i}].{field}",
            f"{name!r} is no {what} of the district"
            + (suggestion(name, known) or f"; there are: {', '.join(known)}"),
        )
        for i, name in enumerate(names)
        if name and name not in known
    ]


def _repeated(part: str, names: Sequence[str]) -> list[tuple[str, str]]:
    return [
        (f"{part}[{i}]", f"{name!r} is there twice; remove one")
        for i, name in enumerate(names)
        if name and name in names[:i]
    ]
