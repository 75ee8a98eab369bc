"""Ed25519 signatures of a ledger's root; `cryptography` is loaded only where one is needed."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from heatrouter.envs.errors import ConfigError, HeatrouterError

if TYPE_CHECKING:
    pass

_CONTEXT: Final = b"heatrouter settlement root v1\n"
"""Goes before what is signed, so that no signature of something else passes for one of a root."""


class SigningUnavailableError(HeatrouterError):
    """The package that signs and checks signatures is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "signatures need the package 'cryptography'; "
            "install it with: pip install 'heatrouter[deploy]'"
        )


class SigningKey:
    """A private key that signs roots.

    Args:
        path: PEM file (PKCS 8, without password), e.g. of
            ``openssl genpkey -algorithm ed25519 -out FILE``.

    Raises:
        ConfigError: The file cannot be read or holds no such key.
        SigningUnavailableError: The package that signs is not installed.
    """

    def __init__(self, path: Path) -> None:
        content = _read(path)
        try:
            from cryptography.exceptions import UnsupportedAlgorithm
            from cryptography.hazmat.primitives import serialization
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        except ModuleNotFoundError as error:
            raise SigningUnavailableError from error
        try:
            key = serialization.load_pem_private_key(content, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            message = (
                f"{path}: is no private key in PEM without a password; make one with: "
                "openssl genpkey -algorithm ed25519 -out FILE"
            )
            raise ConfigError(message) from error
        if not isinstance(key, Ed25519PrivateKey):
            message = f"{path}: is no Ed25519 key; ledgers are signed with Ed25519 only"
            raise ConfigError(message)
        self._key: Ed25519PrivateKey = key
        self.public_key: str = key.public_key().public_bytes_raw().hex()
        """The public key, 64 hexadecimal digits."""

    def sign(self, root: str) -> str:
        """Sign a root and return the signature, 128 hexadecimal digits."""
        return self._key.sign(_CONTEXT + root.encode("ascii")).hex()


def read_public_key(path: Path) -> str:
    """Return a public key of a PEM file as 64 hexadecimal digits.

    Raises:
        ConfigError: The file cannot be read or holds no such key.
        SigningUnavailableError: The package that reads keys is not installed.
    """
    content = _read(path)
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ModuleNotFoundError as error:
        raise SigningUnavailableError from error
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        message = (
            f"{path}: is no public key in PEM; make it of the private one with: "
            "openssl pkey -in KEY -pubout -out FILE"
        )
        raise ConfigError(message) from error
    if not isinstance(key, Ed25519PublicKey):
        message = f"{path}: is no Ed25519 key; ledgers are signed with Ed25519 only"
        raise ConfigError(message)
    return key.public_bytes_raw().hex()


def is_signed_by(public_key: str, root: str, signature: str) -> bool:
    """Whether a signature of a root was made with the private part of a public key.

    Args:
        public_key: 64 hexadecimal digits.
        root: What was signed.
        signature: 128 hexadecimal digits.

    Raises:
        SigningUnavailableError: The package that checks signatures is not installed.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ModuleNotFoundError as error:
        raise SigningUnavailableError from error
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), _CONTEXT + root.encode("ascii"))
    except (InvalidSignature, ValueError):
        return False
    return True


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise ConfigError(message) from error
