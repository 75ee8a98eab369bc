"""The records of a ledger, in their order: head, deliveries, totals, and a signature.

Everything that is added up is a decimal number as text and exact, so that totals are the sums of
the entries to the last digit.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from heatrouter.envs.settlement.exact import HEAT_DECIMALS, Exact
from heatrouter.envs.settlement.tariff import Tariff

LEDGER_KIND: Final = "heatrouter-settlement"
FORMAT_VERSION: Final = 1

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PublicKey = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Temperature = Annotated[float, Field(ge=-100.0, le=1000.0)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class Head(_Record):
    """What was settled, by which rules and which programs."""

    kind: Literal["heatrouter-settlement"] = LEDGER_KIND
    format_version: Literal[1] = FORMAT_VERSION
    district: str
    district_digest: Sha256
    scenario: str
    scenario_provenance: dict[str, str]
    controller: str
    basis: Literal["simulated", "metered"] = Field(
        "simulated",
        description="simulated: heat by origin is traced by the simulator; metered: heat is what "
        "meters on site have counted, and its origins are shared out by their meters",
    )
    start_utc: str = Field(description="begin of the first interval")
    interval_s: int = Field(gt=0)
    intervals: int = Field(gt=0)
    consumers: tuple[str, ...] = Field(description="one delivery each in every interval")
    origins: tuple[str, ...]
    tariff: Tariff
    tariff_digest: Sha256
    reference_co2_kg_per_mwh: Exact = Field(description="of the reference's heat")
    heat_decimals: Literal[9] = Field(
        HEAT_DECIMALS, description="digits of a kWh to which heat was rounded, half to even"
    )
    versions: dict[str, str]
    public_key: PublicKey | None = Field(
        None, description="Ed25519 key whose signature ends the ledger; null where none does"
    )


class Part(_Record):
    """What heat of one origin is in a delivery."""

    origin: str
    heat_kwh: Exact
    price_eur_per_mwh: Exact
    amount_eur: Exact = Field(description="heat times price, exact")
    co2_kg_per_mwh: Exact
    co2_avoided_kg: Exact = Field(description="against the reference, exact")


class Delivery(_Record):
    """What one consumer took in one interval, and from whom."""

    kind: Literal["delivery"] = "delivery"
    begin_utc: str
    end_utc: str
    consumer: str
    metered_kwh: Exact = Field(description="all heat the consumer took, measured apart")
    supply_temp_c: Temperature | None = Field(
        description="mean weighted by flow; null where nothing flowed"
    )
    return_temp_c: Temperature | None
    exergy_kwh: Exact = Field(description="of the heat above 10 degC")
    grid_co2_kg_per_mwh: Exact = Field(description="mean carbon intensity of the grid")
    parts: tuple[Part, ...] = Field(description="origins in the order of the head; none without")


class PairTotal(_Record):
    """What one consumer took from one origin over all intervals."""

    origin: str
    consumer: str
    heat_kwh: Exact
    amount_eur: Exact
    co2_avoided_kg: Exact


class Payment(_Record):
    """What one consumer owes one recipient."""

    payer: str
    payee: str
    amount_eur: Exact = Field(description="exact")
    invoice_eur: Exact = Field(description="rounded to cents, half to even")


class Totals(_Record):
    """Sums over all deliveries, exact."""

    kind: Literal["totals"] = "totals"
    deliveries: int
    heat_kwh: Exact
    exergy_kwh: Exact
    amount_eur: Exact
    co2_avoided_kg: Exact
    rounding_eur: Exact = Field(description="sum of the invoices less sum of the amounts")
    pairs: tuple[PairTotal, ...]
    payments: tuple[Payment, ...]


class Signature(_Record):
    """Signs the hash of the totals' record, and with it the whole chain."""

    kind: Literal["signature"] = "signature"
    algorithm: Literal["ed25519"] = "ed25519"
    public_key: PublicKey
    root: Sha256
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
