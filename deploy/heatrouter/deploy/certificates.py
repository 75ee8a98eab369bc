"""Certificates of OPC UA applications: made, read, and believed only from a trust list."""

import ipaddress
import os
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from heatrouter.envs.errors import ServiceConfigError

CERTIFICATE_FILE: Final = "certificate.der"
KEY_FILE: Final = "private-key.pem"
TRUSTED_FOLDER: Final = "trusted"
PASSWORD_FILE: Final = "password"  # noqa: S105  # the name of a file
LIFETIME_DAYS: Final = 1095
KEY_BITS: Final = 2048
"""OPC UA Part 7: Basic256Sha256 takes 2048 to 4096 bits."""

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""A certificate made on another machine is not refused because that machine's clock is ahead."""


@dataclass(frozen=True, slots=True)
class TrustList:
    """Who is believed: certificates in a folder, and whoever was signed by a CA among them.

    Attributes:
        certificates: As read.
        folder: For messages.
    """

    certificates: tuple[x509.Certificate, ...]
    folder: Path

    def refusal(self, certificate: x509.Certificate) -> str | None:
        """Why a certificate is not believed; None where it is."""
        name = _name_of(certificate)
        now = datetime.now(UTC)
        if not _valid_at(certificate, now):
            return (
                f"certificate of {name} is valid from {certificate.not_valid_before_utc:%Y-%m-%d} "
                f"to {certificate.not_valid_after_utc:%Y-%m-%d} only"
            )
        der = certificate.public_bytes(serialization.Encoding.DER)
        for trusted in self.certificates:
            if trusted.public_bytes(serialization.Encoding.DER) == der:
                return None
            if _is_authority(trusted) and _valid_at(trusted, now) and _signed(certificate, trusted):
                return None
        return (
            f"certificate of {name} (sha256 {fingerprint(certificate)[:16]}…) is not in "
            f"{self.folder}; compare the fingerprint and copy it there to trust it"
        )


def load_trust_list(folder: Path) -> TrustList:
    """Read every ``.der``, ``.pem``, ``.crt`` and ``.cer`` of a folder.

    Raises:
        ServiceConfigError: There is no such folder, or a file in it is no certificate.
    """
    if not folder.is_dir():
        msg = f"{folder}: no such folder of trusted certificates; make it, and copy them there"
        raise ServiceConfigError(msg)
    files = sorted(p for p in folder.iterdir() if p.suffix in {".der", ".pem", ".crt", ".cer"})
    return TrustList(tuple(load_certificate(path) for path in files), folder)


def load_certificate(path: Path) -> x509.Certificate:
    """Read a certificate, DER or PEM; raises ServiceConfigError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path}: {error.strerror}; name the application's certificate"
        raise ServiceConfigError(msg) from error
    try:
        if data.lstrip().startswith(b"-----"):
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except ValueError as error:
        msg = f"{path}: no certificate ({error}); DER and PEM are read"
        raise ServiceConfigError(msg) from error


def load_private_key(path: Path) -> rsa.RSAPrivateKey:
    """Read an RSA key without a password, PEM or DER; raises ServiceConfigError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path}: {error.strerror}; name the key of the application's certificate"
        raise ServiceConfigError(msg) from error
    load = (
        serialization.load_pem_private_key
        if data.lstrip().startswith(b"-----")
        else serialization.load_der_private_key
    )
    try:
        key = load(data, password=None)
    except (ValueError, TypeError) as error:
        msg = f"{path}: no private key without a password ({error}); keep it readable for the "
        raise ServiceConfigError(msg + "service's user alone instead") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        msg = f"{path}: the security policies of OPC UA need an RSA key"
        raise ServiceConfigError(msg)
    return key


def check_pair(certificate: x509.Certificate, key: rsa.RSAPrivateKey, subject: str) -> None:
    """Raise ServiceConfigError unless they belong together, are valid now and name a URI."""
    if certificate.public_key() != key.public_key():
        msg = f"{subject}: certificate and private key do not belong together"
        raise ServiceConfigError(msg)
    if not _valid_at(certificate, datetime.now(UTC)):
        msg = (
            f"{subject}: the certificate was valid from {certificate.not_valid_before_utc:%Y-%m-%d}"
            f" to {certificate.not_valid_after_utc:%Y-%m-%d}; make a new one with: "
            "heatrouter tags certificates"
        )
        raise ServiceConfigError(msg)
    if application_uri(certificate) is None:
        msg = f"{subject}: the certificate names no application URI (OPC UA Part 6, 6.2.2)"
        raise ServiceConfigError(msg)


def application_uri(certificate: x509.Certificate) -> str | None:
    """The URI among the alternative names, by which OPC UA knows an application."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return None
    uris = names.value.get_values_for_type(x509.UniformResourceIdentifier)
    return uris[0] if uris else None


def fingerprint(certificate: x509.Certificate) -> str:
    """sha256 of the certificate, hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def make_application(folder: Path, role: str, hosts: Iterable[str]) -> x509.Certificate:
    """Make key and self-signed certificate of one application.

    Args:
        folder: Gets ``certificate.der``, ``private-key.pem`` (0600) and an empty ``trusted``.
        role: ``service`` or ``plant``; part of its name and URI.
        hosts: Host names and addresses that it is reached by.

    Raises:
        ServiceConfigError: There is a key already; it is never replaced.
    """
    key_path = folder / KEY_FILE
    if key_path.exists():
        msg = f"{key_path} exists and is not replaced; move it away, or choose another folder"
        raise ServiceConfigError(msg)
    (folder / TRUSTED_FOLDER).mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    names = list(dict.fromkeys([*hosts, socket.gethostname()]))
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"heatrouter {role}"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "heatrouter"),
        ]
    )
    now = datetime.now(UTC)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=True,
        data_encipherment=True,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    uri = f"urn:{names[-1]}:heatrouter:{role}"
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + timedelta(days=LIFETIME_DAYS))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(uri), *map(_host_name, names)]
            ),
            critical=False,
        )
        # Not a CA: whoever trusts this certificate trusts nothing that its key might sign.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(own, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    _write_secret(
        key_path,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    (folder / CERTIFICATE_FILE).write_bytes(der)
    return certificate


def make_both(folder: Path, hosts: Iterable[str]) -> dict[str, x509.Certificate]:
    """Make service and virtual plant that trust each other, and a password for the user."""
    made = {role: make_application(folder / role, role, hosts) for role in ("service", "plant")}
    for role, other in (("service", "plant"), ("plant", "service")):
        der = made[other].public_bytes(serialization.Encoding.DER)
        (folder / role / TRUSTED_FOLDER / f"{other}.der").write_bytes(der)
    _write_secret(folder / PASSWORD_FILE, secrets.token_urlsafe(24).encode())
    return made


def read_password(path: Path) -> str:
    """A password from a file, without the line end that editors add; raises ServiceConfigError."""
    try:
        password = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: the password cannot be read ({error}); give the service's user access"
        raise ServiceConfigError(msg) from error
    if not password:
        msg = f"{path}: the file is empty; write the password into it"
        raise ServiceConfigError(msg)
    return password


def _write_secret(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _valid_at(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    if not constraints.value.ca:
        return False
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    except x509.ExtensionNotFound:
        return True
    return usage.value.key_cert_sign


def _signed(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _name_of(certificate: x509.Certificate) -> str:
    return application_uri(certificate) or certificate.subject.rfc4514_string()
