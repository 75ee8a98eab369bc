"""How the service and the virtual plant prove who they are over OPC UA, and whom they believe."""

import hmac
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asyncua.client.client import Client
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.crypto.security_policies import (
    SecurityPolicy,
    SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicyAes256Sha256RsaPss,
    SecurityPolicyBasic256Sha256,
)
from asyncua.server.internal_server import InternalServer
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaprotocol_auto import (
    ApplicationDescription,
    MessageSecurityMode,
    UserNameIdentityToken,
)
from asyncua.ua.uatypes import SecurityPolicyType
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from heatrouter.deploy.certificates import (
    CERTIFICATE_FILE,
    KEY_FILE,
    PASSWORD_FILE,
    TRUSTED_FOLDER,
    TrustList,
    application_uri,
    check_pair,
    load_certificate,
    load_private_key,
    load_trust_list,
    read_password,
)
from heatrouter.deploy.field_settings import OpcUaSettings
from heatrouter.envs.errors import ConfigError, Mistake, ServiceConfigError

_log = logging.getLogger(__name__)

_POLICIES: Final[dict[str, type[SecurityPolicy]]] = {
    "Basic256Sha256": SecurityPolicyBasic256Sha256,
    "Aes128Sha256RsaOaep": SecurityPolicyAes128Sha256RsaOaep,
    "Aes256Sha256RsaPss": SecurityPolicyAes256Sha256RsaPss,
}
_MODES: Final[dict[str, MessageSecurityMode]] = {
    "sign": MessageSecurityMode.Sign,
    "sign_and_encrypt": MessageSecurityMode.SignAndEncrypt,
}

DEFAULT_USER: Final = "heatrouter"


@dataclass(frozen=True, slots=True)
class Identity:
    """An application's certificate with its key, and whom it believes."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    trusted: TrustList

    @property
    def uri(self) -> str:
        """The application URI."""
        return str(application_uri(self.certificate))


@dataclass(frozen=True, slots=True)
class ClientSecurity:
    """Settings with everything that they name, read and compared."""

    settings: OpcUaSettings
    identity: Identity | None
    password: str | None


def load_client_security(settings: OpcUaSettings) -> ClientSecurity:
    """Read what the settings name; raises ServiceConfigError with every mistake at once."""
    mistakes: list[Mistake] = []
    identity = None
    if settings.security_policy != "none":
        assert settings.certificate is not None
        assert settings.private_key is not None
        assert settings.trusted is not None
        identity = _identity(mistakes, settings.certificate, settings.private_key, settings.trusted)
    password = None
    if settings.password_file is not None:
        try:
            password = read_password(settings.password_file)
        except ConfigError as error:
            mistakes.append(Mistake("password_file", error.subject))
    if mistakes:
        subject = "opcua"
        raise ServiceConfigError(subject, mistakes)
    return ClientSecurity(settings, identity, password)


def _identity(
    mistakes: list[Mistake], certificate_path: Path, key_path: Path, trusted_path: Path
) -> Identity | None:
    certificate = key = trusted = None
    try:
        certificate = load_certificate(certificate_path)
    except ConfigError as error:
        mistakes.append(Mistake("certificate", error.subject))
    try:
        key = load_private_key(key_path)
    except ConfigError as error:
        mistakes.append(Mistake("private_key", error.subject))
    try:
        trusted = load_trust_list(trusted_path)
    except ConfigError as error:
        mistakes.append(Mistake("trusted", error.subject))
    if certificate is not None and key is not None:
        try:
            check_pair(certificate, key, str(certificate_path))
        except ConfigError as error:
            mistakes.append(Mistake("certificate", error.subject))
    if trusted is not None and not trusted.certificates:
        message = f"{trusted_path}: no certificate in it, so no server would be believed"
        mistakes.append(Mistake("trusted", message))
    if certificate is None or key is None or trusted is None:
        return None
    return Identity(certificate, key, trusted)


def server_identity(folder: Path) -> Identity:
    """The identity in a folder that :func:`certificates.make_application` made.

    Raises:
        ServiceConfigError: Every mistake at once.
    """
    mistakes: list[Mistake] = []
    identity = _identity(
        mistakes, folder / CERTIFICATE_FILE, folder / KEY_FILE, folder / TRUSTED_FOLDER
    )
    if mistakes or identity is None:
        raise ServiceConfigError(str(folder), mistakes)
    return identity


async def secure_client(client: Client, security: ClientSecurity) -> None:
    """Give a client its certificate, user and trust list, before it connects.

    Asks the server for its endpoints first, to learn its certificate; that certificate is checked
    against the trust list before anything is sent that it could abuse.
    """
    settings, identity = security.settings, security.identity
    if identity is None:
        return
    client.application_uri = identity.uri
    client.certificate_validator = _Peer(identity.trusted)
    if settings.user is not None:
        client.set_user(settings.user)
        client.set_password(security.password or "")
    await client.set_security(
        _POLICIES[settings.security_policy],
        identity.certificate.public_bytes(serialization.Encoding.DER),
        identity.key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        mode=_MODES[settings.security_mode],
    )
    peer = client.security_policy.peer_certificate
    refusal = (
        "the server has no certificate"
        if not peer
        else identity.trusted.refusal(x509.load_der_x509_certificate(peer))
    )
    if refusal is not None:
        _log.error("server refused: %s", refusal)
        raise ServiceError(StatusCodes.BadCertificateUntrusted) from ServerRefusedError(refusal)


class ServerRefusedError(Exception):
    """Why a server is not believed."""


class _Peer:
    """asyncua's hook for the other side's certificate."""

    def __init__(self, trusted: TrustList) -> None:
        self._trusted = trusted

    async def __call__(
        self, certificate: x509.Certificate, description: ApplicationDescription
    ) -> None:
        """Raise ServiceError for one that is not believed."""
        refusal = self._trusted.refusal(certificate)
        if refusal is not None:
            _log.error("refused: %s", refusal)
            raise ServiceError(StatusCodes.BadCertificateUntrusted)
        if application_uri(certificate) != description.ApplicationUri:
            _log.error("refused: the certificate is not that of %s", description.ApplicationUri)
            raise ServiceError(StatusCodes.BadCertificateUriInvalid)


class _Users(UserManager):
    """asyncua's user manager: one user, one password, and a channel with a trusted certificate.

    The certificate is looked at here once more: asyncua opens channels without security for
    discovery, and calls its certificate hook only where a client sends a certificate.
    """

    def __init__(self, trusted: TrustList, user: str, password: str) -> None:
        self._trusted = trusted
        self._user = user.encode()
        self._password = password.encode()

    def get_user(
        self,
        _server: InternalServer,
        username: str | None = None,
        password: str | None = None,
        certificate: bytes | None = None,
    ) -> User | None:
        """The user, or None to refuse."""
        if not certificate:
            return None
        if self._trusted.refusal(x509.load_der_x509_certificate(certificate)) is not None:
            return None
        known = hmac.compare_digest((username or "").encode(), self._user)
        proven = hmac.compare_digest(_text(password).encode(), self._password)
        return User(role=UserRole.User, name=username) if known and proven else None


def _text(password: str | bytes | None) -> str:
    return password.decode(errors="replace") if isinstance(password, bytes) else password or ""


@dataclass(frozen=True, slots=True)
class ServerSecurity:
    """What the virtual plant demands of its clients: a trusted certificate, and a password."""

    identity: Identity
    user: str
    password: str


def load_server_security(folder: Path, user: str = DEFAULT_USER) -> ServerSecurity:
    """From a folder that ``heatrouter tags certificates`` made; raises ServiceConfigError."""
    return ServerSecurity(
        server_identity(folder / "plant"), user, read_password(folder / PASSWORD_FILE)
    )


async def secure_server(server: Server, security: ServerSecurity) -> None:
    """Leave encrypted endpoints and one user only. Call after ``init`` and before ``start``."""
    identity = security.identity
    await server.set_application_uri(identity.uri)
    await server.load_certificate(
        identity.certificate.public_bytes(serialization.Encoding.DER), format="der"
    )
    await server.load_private_key(
        identity.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        format="pem",
    )
    server.set_security_policy(
        [
            SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
            SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
            SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
        ]
    )
    server.set_identity_tokens([UserNameIdentityToken])
    server.set_certificate_validator(_Peer(identity.trusted))
    server.iserver.user_manager = _Users(identity.trusted, security.user, security.password)
