"""``heatrouter verify``: check a settlement ledger or an audit log, and say what it holds."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatrouter.envs.cli_options import AsJson
from heatrouter.envs.settlement.chain_files import VerifiedChain, verify_files
from heatrouter.envs.settlement.signing import read_public_key
from heatrouter.envs.settlement.tables import print_totals
from heatrouter.envs.settlement.verification import VerifiedLedger


def verify(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="A settlement ledger, or the files of an audit log, oldest first.",
        ),
    ],
    key: Annotated[
        Path | None,
        typer.Option(
            help="Public Ed25519 key (PEM) that must have signed the ledger.", metavar="PUBKEY"
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Verify a settlement ledger or an audit log: chain, sums and signature.

    The first record that does not hold is named by line and number, and the command exits 1.

    Example: heatrouter verify runs/may.ledger.jsonl --key operator.pub.pem
    """
    wanted = None if key is None else read_public_key(key)
    found = verify_files(files, wanted)
    if as_json:
        typer.echo(json.dumps(_answer(found), indent=2, allow_nan=False))
    elif isinstance(found, VerifiedLedger):
        _print_ledger(found, required=wanted is not None)
    else:
        _print_chain(found)


def _answer(found: VerifiedLedger | VerifiedChain) -> dict[str, object]:
    if isinstance(found, VerifiedLedger):
        return {
            "kind": "ledger",
            "valid": True,
            "records": found.records,
            "root": found.root,
            "signed_by": found.signed_by,
            "signature_checked": found.signature_checked,
            "head": found.head.model_dump(mode="json"),
            "totals": found.totals.model_dump(mode="json"),
        }
    return {
        "kind": found.kind,
        "valid": True,
        "first_record": found.first,
        "records": found.end.records,
        "end_sha256": found.end.sha256,
        "last_line_torn": found.torn,
    }


def _print_ledger(found: VerifiedLedger, *, required: bool) -> None:
    console = Console()
    print_totals(console, found.head, found.totals)
    console.print(f"[green]valid[/green]: {found.records} records, root {found.root}")
    if found.signed_by is None:
        console.print(
            "not signed: whoever can write the file can write it anew; compare the root with one "
            "that was kept elsewhere"
        )
    elif not found.signature_checked:
        console.print(
            "[yellow]signature not checked[/yellow]: the package 'cryptography' is not installed; "
            "pip install 'heatrouter\\[deploy]'"
        )
    else:
        whose = "the given key" if required else f"the key {found.signed_by}"
        console.print(f"signed by {whose}")
        if not required:
            console.print("whose key that is only --key PUBKEY tells")


def _print_chain(found: VerifiedChain) -> None:
    console = Console()
    what = "audit log" if found.kind == "audit" else "chain"
    console.print(
        f"[green]valid[/green]: {what}, records {found.first} to {found.end.records - 1}, "
        f"end {found.end.sha256}"
    )
    if found.first:
        console.print(f"records before {found.first} are in older files, which were not given")
    if found.torn:
        console.print("the last line has no end: it is being written, or was cut off")
