"""Who gets in and who is believed, over real connections with real certificates."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from asyncua.client.client import Client
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.ua.uaerrors import UaError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from heatrouter.deploy.certificates import (
    CERTIFICATE_FILE,
    KEY_FILE,
    PASSWORD_FILE,
    TRUSTED_FOLDER,
    TrustList,
    load_certificate,
    load_trust_list,
    make_application,
)
from heatrouter.deploy.field_settings import OpcUaSettings, PolicyName
from heatrouter.deploy.opcua_link import OpcUaLink
from heatrouter.deploy.opcua_security import (
    ClientSecurity,
    load_client_security,
    load_server_security,
)
from heatrouter.deploy.plant import VirtualPlant
from heatrouter.deploy.plant_server import PlantServer
from heatrouter.deploy.tags import TagMap
from heatrouter.envs.errors import PlantUnreachableError, ServiceConfigError


def settings(
    folder: Path,
    who: str = "service",
    policy: PolicyName = "Basic256Sha256",
    **changes: object,
) -> OpcUaSettings:
    said: dict[str, object] = {
        "security_policy": policy,
        "certificate": folder / who / CERTIFICATE_FILE,
        "private_key": folder / who / KEY_FILE,
        "trusted": folder / who / TRUSTED_FOLDER,
        "user": "heatrouter",
        "password_file": folder / PASSWORD_FILE,
    }
    return OpcUaSettings.model_validate(said | changes)


def security(folder: Path, who: str = "service", **changes: object) -> ClientSecurity:
    return load_client_security(settings(folder, who, **changes))  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def secured(
    still_plant: VirtualPlant, endpoint: str, certificates: Path
) -> AsyncIterator[VirtualPlant]:
    """The still plant behind certificates and a password, ticking."""
    stop = asyncio.Event()
    face = PlantServer(endpoint, still_plant.handle_write, load_server_security(certificates))
    await still_plant.start(face)
    ticking = asyncio.create_task(still_plant.run(None, stop))
    yield still_plant
    stop.set()
    with contextlib.suppress(asyncio.CancelledError):
        await ticking
    await still_plant.stop()


@pytest.mark.parametrize("policy", ["Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss"])
async def test_the_service_gets_in_encrypted(
    secured: VirtualPlant, endpoint: str, tags: TagMap, certificates: Path, policy: PolicyName
) -> None:
    link = OpcUaLink(endpoint, tags, timeout_s=5.0, security=security(certificates, policy=policy))
    await link.open()
    snapshot = await link.read()
    assert snapshot.values[snapshot.names.index("tank.level")] == 42.0
    assert await link.write({"control:heartbeat": 5}) == ()
    assert link._client is not None
    assert link._client.security_policy.URI.endswith(
        {
            "Aes128Sha256RsaOaep": "Aes128_Sha256_RsaOaep",
            "Aes256Sha256RsaPss": "Aes256_Sha256_RsaPss",
        }.get(policy, policy)
    )
    await link.close()
    assert secured.plc._heartbeat == 5


async def refused(link: OpcUaLink, words: str = "does not answer") -> None:
    with pytest.raises(PlantUnreachableError, match=words):
        await link.open()
    assert not link.connected


async def test_without_security_nobody_gets_in(
    secured: VirtualPlant, endpoint: str, tags: TagMap
) -> None:
    await refused(OpcUaLink(endpoint, tags, timeout_s=2.0))
    with pytest.raises((UaError, OSError, TimeoutError)):
        async with Client(endpoint, timeout=2.0) as anonymous:
            await anonymous.nodes.server_state.read_value()


async def test_a_password_on_an_open_channel_does_not_help(
    secured: VirtualPlant, endpoint: str, certificates: Path
) -> None:
    """asyncua opens channels without security for discovery; a session on one is refused."""
    client = Client(endpoint, timeout=2.0)
    client.set_user("heatrouter")
    client.set_password((certificates / PASSWORD_FILE).read_text())
    with pytest.raises((UaError, OSError, TimeoutError)):
        async with client:
            await client.nodes.server_state.read_value()


async def test_a_strangers_certificate_is_refused(
    secured: VirtualPlant, endpoint: str, tags: TagMap, certificates: Path
) -> None:
    """The stranger knows the password and trusts the plant; the plant does not trust it."""
    link = OpcUaLink(endpoint, tags, timeout_s=5.0, security=security(certificates, "stranger"))
    await refused(link)


async def test_a_stranger_that_hides_its_certificate_from_the_session_is_refused(
    secured: VirtualPlant, endpoint: str, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """asyncua looks at the certificate in CreateSession only where there is one."""
    client = Client(endpoint, timeout=5.0)
    client.set_user("heatrouter")
    client.set_password((certificates / PASSWORD_FILE).read_text())
    folder = certificates / "stranger"
    await client.set_security(
        SecurityPolicyBasic256Sha256, folder / CERTIFICATE_FILE, folder / KEY_FILE
    )
    send = client.uaclient.create_session

    async def without(parameters: object) -> object:
        parameters.ClientCertificate = None  # type: ignore[attr-defined]
        return await send(parameters)  # type: ignore[arg-type]

    monkeypatch.setattr(client.uaclient, "create_session", without)
    with pytest.raises((UaError, OSError, TimeoutError)):
        async with client:
            await client.nodes.server_state.read_value()


async def test_a_wrong_password_is_refused(
    secured: VirtualPlant, endpoint: str, tags: TagMap, certificates: Path, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("guess")
    wrong = security(certificates, password_file=tmp_path / "password")
    await refused(OpcUaLink(endpoint, tags, timeout_s=5.0, security=wrong), "Access")


async def test_no_user_is_refused(
    secured: VirtualPlant, endpoint: str, tags: TagMap, certificates: Path
) -> None:
    anonymous = security(certificates, user=None, password_file=None)
    await refused(OpcUaLink(endpoint, tags, timeout_s=5.0, security=anonymous))


async def test_the_service_refuses_a_server_that_it_does_not_trust(
    secured: VirtualPlant, endpoint: str, tags: TagMap, certificates: Path, tmp_path: Path
) -> None:
    stranger = (certificates / "stranger" / CERTIFICATE_FILE).read_bytes()
    (tmp_path / "other.der").write_bytes(stranger)
    wrong = security(certificates, trusted=tmp_path)
    await refused(
        OpcUaLink(endpoint, tags, timeout_s=5.0, security=wrong), "compare the fingerprint"
    )


async def test_the_service_refuses_a_server_without_security(
    served: VirtualPlant, endpoint: str, tags: TagMap, certificates: Path
) -> None:
    await refused(OpcUaLink(endpoint, tags, timeout_s=5.0, security=security(certificates)))


# --- the trust list ---


def issued(
    name: str,
    *,
    by: tuple[x509.Certificate, rsa.RSAPrivateKey] | None = None,
    ca: bool = False,
    days: tuple[int, int] = (-1, 30),
) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(key if by is None else by[1], hashes.SHA256())
    )
    return certificate, key


def test_who_is_believed() -> None:
    authority = issued("works CA", ca=True)
    old = issued("old CA", ca=True, days=(-60, -1))
    other = issued("other CA", ca=True)
    no_authority = issued("plc-1")
    trusted = TrustList((authority[0], old[0], no_authority[0]), Path("trusted"))
    assert trusted.refusal(no_authority[0]) is None
    assert trusted.refusal(issued("plc-2", by=authority)[0]) is None
    for stranger in (
        issued("plc-3", by=other),
        issued("plc-4", by=old),
        # Signed by a certificate that is trusted, but is no authority.
        issued("plc-5", by=no_authority),
        # Says that the works CA issued it, and signed it itself.
        issued("plc-6", by=(authority[0], other[1])),
        issued("works CA", ca=True),
    ):
        assert "compare the fingerprint" in str(trusted.refusal(stranger[0]))
    for late in (
        issued("plc-7", by=authority, days=(-9, -1)),
        issued("x", by=authority, days=(1, 9)),
    ):
        assert "valid from" in str(trusted.refusal(late[0]))


def test_a_folder_of_trust_reads_der_and_pem(tmp_path: Path) -> None:
    certificate = issued("plc")[0]
    (tmp_path / "a.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "b.crt").write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    (tmp_path / "readme.txt").write_text("notes")
    assert load_trust_list(tmp_path).certificates == (certificate, certificate)
    (tmp_path / "c.der").write_text("nothing")
    with pytest.raises(ServiceConfigError, match=r"c\.der"):
        load_trust_list(tmp_path)


def test_keys_are_private_and_never_replaced(tmp_path: Path) -> None:
    make_application(tmp_path / "a", "service", ["plc.example", "10.0.0.7"])
    key = tmp_path / "a" / KEY_FILE
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    with pytest.raises(ServiceConfigError, match="not replaced"):
        make_application(tmp_path / "a", "service", [])
    assert key.read_bytes() == before
    names = load_certificate(tmp_path / "a" / CERTIFICATE_FILE).extensions
    found = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "plc.example" in found.get_values_for_type(x509.DNSName)
    assert [str(a) for a in found.get_values_for_type(x509.IPAddress)] == ["10.0.0.7"]


def test_every_mistake_of_the_settings_at_once(certificates: Path, tmp_path: Path) -> None:
    shutil.copytree(certificates / "plant", tmp_path / "service")
    shutil.copy(certificates / "stranger" / KEY_FILE, tmp_path / "service" / KEY_FILE)
    for path in (tmp_path / "service" / TRUSTED_FOLDER).iterdir():
        path.unlink()
    (tmp_path / PASSWORD_FILE).write_text("\n")
    with pytest.raises(ServiceConfigError) as caught:
        security(tmp_path)
    found = {m.path: m.message for m in caught.value.mistakes}
    assert set(found) == {"certificate", "trusted", "password_file"}
    assert "do not belong together" in found["certificate"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"certificate": None}, "needs certificate"),
        ({"user": None}, "belong together"),
        ({"security_mode": "sign"}, "only sent encrypted"),
        ({"security_policy": "none"}, "only sent encrypted"),
        ({"security_policy": "Basic128"}, "security_policy"),
    ],
)
def test_settings_that_contradict(
    certificates: Path, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        settings(certificates, **changes)  # type: ignore[arg-type]
