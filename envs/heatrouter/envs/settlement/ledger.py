"""Writing a ledger: head, deliveries, totals, signature, in one chain and one go."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from heatrouter.envs.errors import ConfigError
from heatrouter.envs.hashchain import ChainWriter, Link
from heatrouter.envs.settlement.pricing import Pricing
from heatrouter.envs.settlement.records import Delivery, Head, Signature, Totals
from heatrouter.envs.settlement.signing import SigningKey
from heatrouter.envs.settlement.totals import RunningTotals


class WrittenLedger(NamedTuple):
    """What was written."""

    totals: Totals
    root: str
    """Hash of the totals' record: who keeps it elsewhere can tell whether this is the ledger."""
    records: int


def write_ledger(
    path: Path, head: Head, deliveries: Iterable[Delivery], key: SigningKey | None = None
) -> WrittenLedger:
    """Write a ledger that appears whole or not at all.

    Args:
        path: The file. One that is there is not replaced: a ledger is evidence.
        head: What is settled; with the public key if there is a `key`.
        deliveries: For each interval one per consumer, in the order of the head.
        key: Signs the root.

    Raises:
        ConfigError: The file exists or cannot be written.
    """
    refuse_existing(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}"
        raise ConfigError(message) from error
    os.close(handle)
    stage = Path(name)
    try:
        running = RunningTotals(Pricing(head.tariff))
        with ChainWriter(stage, sync_interval_s=None) as writer:
            writer.append(head.model_dump(mode="json"))
            for delivery in deliveries:
                running.add(delivery)
                writer.append(delivery.model_dump(mode="json"))
            totals = running.totals()
            root = end = writer.append(totals.model_dump(mode="json"))
            if key is not None:
                end = writer.append(_signature(key, root).model_dump(mode="json"))
        stage.chmod(0o644)
        stage.replace(path)
    except BaseException:
        stage.unlink(missing_ok=True)
        raise
    return WrittenLedger(totals, root.sha256, end.records)


def refuse_existing(path: Path) -> None:
    """Raise ConfigError where a ledger would replace a file."""
    if path.exists():
        message = f"{path}: exists, and a ledger replaces nothing; remove it or name another file"
        raise ConfigError(message)


def _signature(key: SigningKey, root: Link) -> Signature:
    return Signature(public_key=key.public_key, root=root.sha256, signature=key.sign(root.sha256))
