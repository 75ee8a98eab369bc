"""Verify ledgers: the chain, every price and sum, completeness, and the signature.

The chain shows what was changed after it was written. The rest is computed anew, so that somebody
who writes the whole chain anew cannot leave entries out or change amounts without the tariff or the
heat saying so; only the signature tells who wrote it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from heatrouter.envs.hashchain import ChainError, Entry, canonical_json, read_chain
from heatrouter.envs.settlement.exact import minus, total, written
from heatrouter.envs.settlement.pricing import Pricing
from heatrouter.envs.settlement.records import (
    LEDGER_KIND,
    Delivery,
    Head,
    Signature,
    Totals,
)
from heatrouter.envs.settlement.signing import SigningUnavailableError, is_signed_by
from heatrouter.envs.settlement.tariff import tariff_mistakes
from heatrouter.envs.settlement.totals import RunningTotals, priced

_CLOSES: Final = Decimal("1e-9")
"""Share of the heat that the sum over origins may miss (docs/settle.md)."""

_ROUNDED_KWH: Final = Decimal("1e-9")
"""What rounding may make of each number of heat, and what is next to nothing."""

Record = TypeVar("Record", bound=BaseModel)


@dataclass(frozen=True)
class VerifiedLedger:
    """What a ledger that holds says.

    Attributes:
        head: Its first record.
        totals: Its sums.
        records: Number of records.
        root: Hash of the totals' record.
        signed_by: Public key of the signature, 64 hexadecimal digits; None where there is none.
        signature_checked: False where the package that checks signatures is not installed.
    """

    head: Head
    totals: Totals
    records: int
    root: str
    signed_by: str | None
    signature_checked: bool


def is_ledger_head(body: dict[str, object]) -> bool:
    """Whether the first record of a chain is that of a ledger."""
    return body.get("kind") == LEDGER_KIND


def verify_ledger(path: Path, public_key: str | None = None) -> VerifiedLedger:
    """Verify a ledger.

    Args:
        path: The file.
        public_key: Who must have signed it, 64 hexadecimal digits; without it, whoever did.

    Raises:
        ChainError: At the first record that does not hold, which it names.
        SigningUnavailableError: A key was given, and the package that checks is not installed.
        OSError: The file cannot be read.
    """
    entries = read_chain(path)
    reader = _Reader(path, entries)
    head = reader.next(Head, "a ledger begins with its head")
    _check_head(reader, head)
    running = RunningTotals(Pricing(head.tariff))
    for interval in range(head.intervals):
        for consumer in head.consumers:
            delivery = reader.next(
                Delivery, f"the delivery to {consumer} in interval {interval + 1} has to be here"
            )
            _check_delivery(reader, head, running.pricing, delivery, interval, consumer)
            running.add(delivery)
    totals = reader.next(Totals, "the totals have to be here")
    _check_totals(reader, totals, running.totals())
    root = reader.entry.sha256
    checked = False
    if head.public_key is not None:
        signature = reader.next(Signature, "the signature that the head promises has to be here")
        checked = _check_signature(reader, head, root, signature, must=public_key is not None)
    records = reader.entry.seq + 1
    reader.end()
    if public_key is not None and head.public_key != public_key:
        signed = "nobody" if head.public_key is None else f"the key {head.public_key[:16]}..."
        reader.fail(f"is signed by {signed}, not by the key {public_key[:16]}...")
    return VerifiedLedger(head, totals, records, root, head.public_key, checked)


class _Reader:
    """Takes one record after the other and names the one that is wrong."""

    def __init__(self, path: Path, entries: Iterator[Entry]) -> None:
        self._path = path
        self._entries = entries
        self.entry = Entry(-1, {}, "", "")

    def next(self, kind: type[Record], missing: str) -> Record:
        """The next record, which must be of a kind."""
        entry = next(self._entries, None)
        if entry is None:
            seq = self.entry.seq + 1
            raise ChainError(self._path, seq + 1, seq, f"is missing: {missing}; it was cut off")
        self.entry = entry
        found, wanted = entry.body.get("kind"), kind.model_fields["kind"].default
        if found != wanted:
            self.fail(f"is of kind {found!r}; {missing}")
        try:
            # By way of JSON text, in which lists and tuples are the same.
            record = kind.model_validate_json(canonical_json(entry.body))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            self.fail(f"has a field that no ledger has: {place}: {first['msg']}")
        return record

    def end(self) -> None:
        """Raise where there are more records."""
        before = self.entry
        entry = next(self._entries, None)
        if entry is not None:
            self.entry = entry
            self.fail(f"was appended: the ledger ended with record {before.seq}")

    def fail(self, cause: str) -> NoReturn:
        """Raise the error of the present record."""
        raise ChainError(self._path, self.entry.seq + 1, self.entry.seq, cause)


def _check_head(reader: _Reader, head: Head) -> None:
    if head.tariff.digest != head.tariff_digest:
        reader.fail("holds a tariff that is not the one of its digest")
    mistakes = tariff_mistakes(head.tariff, head.origins, head.consumers)
    if mistakes:
        path, message = mistakes[0]
        reader.fail(f"holds a tariff that does not fit: {path}: {message}")
    reference = written(Pricing(head.tariff).reference_kg_per_mwh)
    if head.reference_co2_kg_per_mwh != reference:
        reader.fail(
            f"counts CO2 against {head.reference_co2_kg_per_mwh} kg/MWh; its tariff says "
            f"{reference}"
        )
    if _time(head.start_utc) is None:
        reader.fail(f"begins at {head.start_utc!r}, which is no time")


def _check_delivery(
    reader: _Reader,
    head: Head,
    pricing: Pricing,
    delivery: Delivery,
    interval: int,
    consumer: str,
) -> None:
    start = _time(head.start_utc)
    assert start is not None
    begin = start + timedelta(seconds=interval * head.interval_s)
    if delivery.consumer != consumer:
        reader.fail(
            f"is a delivery to {delivery.consumer}; the one to {consumer} in interval "
            f"{interval + 1} has to be here"
        )
    if _time(delivery.begin_utc) != begin:
        reader.fail(f"begins at {delivery.begin_utc}, not at {begin.isoformat()}")
    if _time(delivery.end_utc) != begin + timedelta(seconds=head.interval_s):
        reader.fail(f"ends at {delivery.end_utc}, not {head.interval_s} s after its begin")
    origins = [part.origin for part in delivery.parts]
    if origins != [name for name in head.origins if name in origins]:
        reader.fail(f"has its origins out of order, twice or unknown: {', '.join(origins)}")
    grid = Decimal(delivery.grid_co2_kg_per_mwh)
    for part in delivery.parts:
        right = priced(pricing, part.origin, consumer, Decimal(part.heat_kwh), grid)
        if part != right:
            name = next(n for n in type(part).model_fields if getattr(part, n) != getattr(right, n))
            reader.fail(
                f"has {name} {getattr(part, name)} for heat of {part.origin}; the tariff says "
                f"{getattr(right, name)}"
            )
    metered = Decimal(delivery.metered_kwh)
    traced = total(Decimal(part.heat_kwh) for part in delivery.parts)
    allowed = abs(metered) * _CLOSES + _ROUNDED_KWH * (len(head.origins) + 1)
    if abs(minus(traced, metered)) > allowed:
        reader.fail(
            f"has {traced} kWh from its origins, but {metered} kWh were delivered to {consumer}"
        )


def _check_totals(reader: _Reader, totals: Totals, right: Totals) -> None:
    for name in Totals.model_fields:
        found, sums = getattr(totals, name), getattr(right, name)
        if found == sums:
            continue
        if isinstance(found, tuple):
            pairs = zip(found, sums, strict=False)
            at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(found), len(sums)))
            name = f"{name}[{at}]"
        reader.fail(f"has {name} that is not the sum of the deliveries")


def _check_signature(
    reader: _Reader, head: Head, root: str, signature: Signature, *, must: bool
) -> bool:
    if signature.root != root or signature.public_key != head.public_key:
        reader.fail("signs another root, or with another key than the head names")
    try:
        valid = is_signed_by(signature.public_key, root, signature.signature)
    except SigningUnavailableError:
        if must:
            raise
        return False
    if not valid:
        reader.fail(f"is no signature of the key {signature.public_key[:16]}...")
    return True


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo is not None else None
