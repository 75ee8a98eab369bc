"""Who vouches for a bundle: Ed25519 signatures over its manifest, with keys that work offline.

The manifest holds the sha256 of every other file, so a signature over its bytes covers the whole
bundle. Keys are PEM files: the private one stays with whoever releases policies, the public one
goes to every service that shall believe them. ``docs/adr/0009-signed-bundles.md`` says why not
model-signing.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from heatrouter.agents.bundle_files import BundleFiles
from heatrouter.agents.manifest import SIGNATURE_FILE
from heatrouter.envs.errors import BundleError, ConfigError

ALGORITHM: Final = "ed25519"
PRIVATE_SUFFIX: Final = ".key"
PUBLIC_SUFFIX: Final = ".pub"

_CONTEXT: Final = b"heatrouter bundle, signature 1\n"
"""Stands before the manifest, so that a signature of one kind is never valid as another."""

_MAX_KEY_BYTES: Final = 10_000
_ID_LENGTH: Final = 16


class KeyFileError(ConfigError):
    """A key file that cannot be used."""


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """Public keys whose bundles may run.

    Attributes:
        keys: Key id to key.
    """

    keys: dict[str, Ed25519PublicKey]


def key_id(key: Ed25519PublicKey) -> str:
    """Short name of a key: the first 16 hexadecimal digits of the sha256 of its raw bytes."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:_ID_LENGTH]


def generate_keys(stem: Path, passphrase: str | None = None) -> tuple[Path, Path, str]:
    """Make a pair of keys; nothing that exists is overwritten.

    Args:
        stem: Files are named after it: ``stem.key`` (readable by its owner only) and ``stem.pub``.
        passphrase: Encrypts the private key.

    Returns:
        Private file, public file, key id.

    Raises:
        KeyFileError: One of them exists, or cannot be written.
    """
    private = Ed25519PrivateKey.generate()
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    private_path = stem.with_name(stem.name + PRIVATE_SUFFIX)
    public_path = stem.with_name(stem.name + PUBLIC_SUFFIX)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    public_pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for path in (private_path, public_path):
        if path.exists():
            msg = f"{path}: exists; keys are never overwritten: name another, or remove it first"
            raise KeyFileError(msg)
    try:
        private_path.parent.mkdir(parents=True, exist_ok=True)
        for path, data, mode in ((private_path, pem, 0o600), (public_path, public_pem, 0o644)):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
    except OSError as error:
        msg = f"{error.filename}: {error.strerror}; name a folder that you may write to"
        raise KeyFileError(msg) from error
    return private_path, public_path, key_id(private.public_key())


def load_private_key(path: Path, passphrase: str | None = None) -> Ed25519PrivateKey:
    """Read a private key; raises KeyFileError."""
    secret = passphrase.encode() if passphrase else None
    try:
        key = serialization.load_pem_private_key(_read(path), secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's own text may speak of the passphrase; ours does not repeat it.
        msg = f"{path}: no private key in PEM, or its passphrase is another; see `model keygen`"
        raise KeyFileError(msg) from None
    if not isinstance(key, Ed25519PrivateKey):
        msg = f"{path}: no Ed25519 key; make one with `heatrouter model keygen`"
        raise KeyFileError(msg)
    return key


def load_trusted_keys(paths: Sequence[Path]) -> TrustedKeys:
    """Read the public keys that a service believes; raises KeyFileError."""
    keys = [_public_key(path) for path in paths]
    return TrustedKeys({key_id(key): key for key in keys})


def sign_manifest(manifest: bytes, key: Ed25519PrivateKey) -> bytes:
    """The bytes of ``signature.json`` for the bytes of a manifest."""
    return _text(key_id(key.public_key()), key.sign(_CONTEXT + manifest).hex())


def verify_signature(files: BundleFiles, trusted: TrustedKeys) -> str:
    """Check that a trusted key has signed a bundle's manifest.

    Args:
        files: The bytes of the bundle.
        trusted: Whom to believe.

    Returns:
        The id of the key.

    Raises:
        BundleError: Unsigned, signed by somebody else, or changed since.
    """
    data = files.signature
    if data is None:
        msg = (
            f"{files.source}: not signed, and only signed bundles run here; "
            "sign it: heatrouter model sign BUNDLE --key FILE"
        )
        raise BundleError(msg)
    name, signature = _parse(data)
    key = trusted.keys.get(name)
    if key is None:
        known = ", ".join(sorted(trusted.keys)) or "none"
        msg = (
            f"{SIGNATURE_FILE}: signed with key {name}, trusted are: {known}; "
            "have it signed with one of these, or trust that key (trusted_keys)"
        )
        raise BundleError(msg)
    try:
        key.verify(signature, _CONTEXT + files.manifest)
    except InvalidSignature:
        msg = (
            f"{SIGNATURE_FILE}: not the signature of this manifest by key {name}; the bundle was "
            "changed after it was signed: copy it again, or have it signed again"
        )
        raise BundleError(msg) from None
    return name


def _text(name: str, signature: str) -> bytes:
    content = {"algorithm": ALGORITHM, "key_id": name, "signature": signature}
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def _parse(data: bytes) -> tuple[str, bytes]:
    """Key id and signature of the one text that they have."""
    try:
        content = json.loads(data)
        name, digits = content["key_id"], content["signature"]
        signature = bytes.fromhex(digits)
        canonical = _text(name, digits)
    except (ValueError, TypeError, KeyError, RecursionError):
        canonical = None
    if canonical != data or digits != signature.hex():
        msg = f"{SIGNATURE_FILE}: no signature as `heatrouter model sign` writes it; sign again"
        raise BundleError(msg)
    return name, signature


def _public_key(path: Path) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm):
        msg = f"{path}: no public key in PEM; name the {PUBLIC_SUFFIX} file of `model keygen`"
        raise KeyFileError(msg) from None
    if not isinstance(key, Ed25519PublicKey):
        msg = f"{path}: no Ed25519 key; make one with `heatrouter model keygen`"
        raise KeyFileError(msg)
    return key


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_KEY_BYTES)
    except OSError as error:
        msg = f"{path}: {error.strerror}; name a key file of `heatrouter model keygen`"
        raise KeyFileError(msg) from error
