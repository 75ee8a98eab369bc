"""What kind of chain a file holds, told by its head, and what can be said of any chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heatrouter.envs.errors import ConfigError
from heatrouter.envs.hashchain import GENESIS, Entry, Link, read_chain
from heatrouter.envs.settlement.verification import VerifiedLedger, is_ledger_head, verify_ledger

_AUDIT_FIELDS: Final = frozenset({"tick", "mode", "target", "executed", "wall_time"})
"""What every record of the control service's audit log has."""


@dataclass(frozen=True)
class VerifiedChain:
    """What can be said of a chain whose records mean nothing here.

    Attributes:
        kind: ``audit`` for an audit log of the control service, else ``chain``.
        first: Number of the first record; more than 0 where older files were not given.
        end: End of the chain, for whoever keeps it.
        torn: Whether the last line of the last file was being written and was passed over.
    """

    kind: str
    first: int
    end: Link
    torn: bool


def verify_files(
    paths: Sequence[Path], public_key: str | None = None
) -> VerifiedLedger | VerifiedChain:
    """Verify a ledger, or files of any other chain that continue each other.

    Args:
        paths: One ledger; or the files of a chain, oldest first.
        public_key: Who must have signed a ledger, 64 hexadecimal digits.

    Raises:
        ChainError: At the first record that does not hold, which it names.
        ConfigError: A file is empty or cannot be read, a ledger comes with other files, or a key
            was given for a chain that carries no signature.
    """
    try:
        first = _first(paths[0])
        if is_ledger_head(first.body):
            if len(paths) > 1:
                message = f"{paths[0]}: is a ledger, which is one file; verify one at a time"
                raise ConfigError(message)
            return verify_ledger(paths[0], public_key)
        if public_key is not None:
            message = f"{paths[0]}: is no ledger, and only ledgers carry signatures"
            raise ConfigError(message)
        return _verify_chain(paths, first)
    except OSError as error:
        message = f"{error.filename}: cannot be read: {error.strerror}"
        raise ConfigError(message) from error


def _verify_chain(paths: Sequence[Path], first: Entry) -> VerifiedChain:
    link = GENESIS if first.seq == 0 else Link(first.seq, first.prev)
    torn = False
    for path in paths:
        last = path is paths[-1]
        for entry in read_chain(path, start=link, allow_torn=last):
            link = Link(entry.seq + 1, entry.sha256)
        torn = last and not _ends_with_newline(path)
    kind = "audit" if first.body.keys() >= _AUDIT_FIELDS else "chain"
    return VerifiedChain(kind, first.seq, link, torn)


def _first(path: Path) -> Entry:
    entry = next(read_chain(path, start=None), None)
    if entry is None:
        message = f"{path}: is empty; a chain has at least one record"
        raise ConfigError(message)
    return entry


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 1, 0))
        return file.read(1) in {b"\n", b""}
