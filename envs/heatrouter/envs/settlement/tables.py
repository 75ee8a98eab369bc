"""Totals of a ledger as tables for people, and what a command answers that has written one."""

import json
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from heatrouter.envs.settlement.ledger import WrittenLedger
from heatrouter.envs.settlement.records import Head, Totals


def print_totals(console: Console, head: Head, totals: Totals) -> None:
    """Print who heated whom, and who owes whom."""
    hours = head.intervals * head.interval_s / 3600.0
    table = Table(
        title=f"{head.district} under {head.controller}, {hours:g} h from {head.start_utc}, "
        f"tariff {head.tariff.name}"
    )
    for name in ("consumer", "heated by"):
        table.add_column(name)
    for name in ("MWh", "€", "€/MWh", "t CO2 avoided"):
        table.add_column(name, justify="right")
    consumer = ""
    for pair in totals.pairs:
        heat, amount = Decimal(pair.heat_kwh), Decimal(pair.amount_eur)
        if pair.consumer != consumer:
            table.add_section()
        table.add_row(
            _named(pair.consumer) if pair.consumer != consumer else "",
            _named(pair.origin),
            f"{heat / 1000:,.2f}",
            f"{amount:,.2f}",
            f"{amount * 1000 / heat:.2f}" if heat else "-",
            f"{Decimal(pair.co2_avoided_kg) / 1000:,.3f}",
        )
        consumer = pair.consumer
    table.add_section()
    table.add_row(
        "all",
        "",
        f"{Decimal(totals.heat_kwh) / 1000:,.2f}",
        f"{Decimal(totals.amount_eur):,.2f}",
        "",
        f"{Decimal(totals.co2_avoided_kg) / 1000:,.3f}",
    )
    console.print(table)
    console.print(_payments(totals))
    reference = head.tariff.reference
    console.print(
        f"CO2 avoided against {reference.name}, {Decimal(head.reference_co2_kg_per_mwh):.1f} kg "
        "per MWh of heat. Invoices are rounded to cents, together "
        f"{Decimal(totals.rounding_eur):+.4f} € off the exact sum.",
        highlight=False,
    )


def print_written(
    console: Console, path: Path, head: Head, written: WrittenLedger, *, as_json: bool
) -> None:
    """Print what has been written: JSON for machines, or totals, file and root for people.

    Args:
        console: Where to.
        path: The ledger.
        head: What is settled in it.
        written: Its totals and root.
        as_json: For machines.
    """
    if as_json:
        answer = {
            "ledger": str(path),
            "records": written.records,
            "root": written.root,
            "signed_by": head.public_key,
            "head": head.model_dump(mode="json"),
            "totals": written.totals.model_dump(mode="json"),
        }
        console.out(json.dumps(answer, indent=2, allow_nan=False), highlight=False)
        return
    print_totals(console, head, written.totals)
    console.out(f"wrote {written.records} records to {path}, root {written.root}", highlight=False)


def _payments(totals: Totals) -> Table:
    table = Table(title="owed")
    for name in ("by", "to"):
        table.add_column(name)
    table.add_column("€", justify="right")
    payer = ""
    for payment in totals.payments:
        if payment.payer != payer:
            table.add_section()
        by = _named(payment.payer) if payment.payer != payer else ""
        table.add_row(by, _named(payment.payee), f"{Decimal(payment.invoice_eur):,.2f}")
        payer = payment.payer
    table.add_section()
    received: dict[str, Decimal] = {}
    for payment in totals.payments:
        sofar = received.get(payment.payee, Decimal(0))
        received[payment.payee] = sofar + Decimal(payment.invoice_eur)
    for payee, amount in sorted(received.items()):
        table.add_row("all", _named(payee), f"{amount:,.2f}")
    return table


def _named(name: str) -> str:
    return name.replace("_", " ")
