"""The web process as a process: it is fed, killed, frozen, and asked over TLS."""

import asyncio
import datetime as dt
import ipaddress
import os
import signal
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.deploy.service.web.desks import Desk

from heatrouter.deploy.config import ServiceConfig, prepare
from heatrouter.deploy.state_dir import read_json
from heatrouter.deploy.web_link import WebLink
from heatrouter.deploy.web_site import site_of
from heatrouter.envs.errors import ServiceConfigError

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0


@pytest.fixture
async def open_link(bundle: Path, tmp_path: Path) -> AsyncIterator[Callable[..., WebLink]]:
    links: list[WebLink] = []

    def make(**http: object) -> WebLink:
        settings = {"bundle": bundle, "state_dir": tmp_path / "web", "http": {"port": 0} | http}
        link = WebLink(site_of(prepare(ServiceConfig.model_validate(settings))))
        links.append(link)
        return link

    yield make
    for link in links:
        await link.close()


async def served(folder: Path, other_than: int | None = None) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = read_json(folder / "web.json")
            if found is not None and found["pid"] != other_than:
                return str(found["url"])
            await asyncio.sleep(0.05)


async def test_it_is_fed_killed_and_comes_back(
    open_link: Callable[..., WebLink], desk: Desk, tmp_path: Path
) -> None:
    link = open_link()
    await link.open()
    url = await served(tmp_path / "web")
    await desk.tick(3)
    async with httpx2.AsyncClient() as client:
        assert (await client.get(f"{url}/livez")).status_code == 503, "not fed yet"
        link.publish(desk.snapshots[-1])
        async with asyncio.timeout(PATIENCE_S):
            while (await client.get(f"{url}/livez")).status_code != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    pid = link.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    again = await served(tmp_path / "web", other_than=pid)
    async with httpx2.AsyncClient() as client:
        assert (await client.get(f"{again}/livez")).status_code == 503
    assert link.restarts == 1
    await link.close()
    assert not (tmp_path / "web" / "web.json").exists()


async def test_a_frozen_one_costs_snapshots_and_nothing_else(
    open_link: Callable[..., WebLink], desk: Desk, tmp_path: Path
) -> None:
    link = open_link()
    await link.open()
    await served(tmp_path / "web")
    await desk.tick(3)
    assert link.pid is not None
    os.kill(link.pid, signal.SIGSTOP)
    try:
        for _ in range(5_000):
            link.publish(desk.snapshots[-1])
        assert link.dropped > 0, "what is not taken is dropped, at a bounded backlog"
    finally:
        os.kill(link.pid, signal.SIGCONT)


async def test_a_second_one_waits_for_the_port(
    open_link: Callable[..., WebLink], tmp_path: Path
) -> None:
    first = open_link()
    await first.open()
    url = await served(tmp_path / "web")
    second = open_link(port=int(url.rpartition(":")[2]))
    await second.open()
    async with asyncio.timeout(PATIENCE_S):
        while second.restarts < 2:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.05)
    pid = first.pid
    await first.close()
    assert await served(tmp_path / "web", other_than=pid) == url


async def test_tls(open_link: Callable[..., WebLink], tmp_path: Path) -> None:
    certificate, key = certificate_files(tmp_path)
    link = open_link(tls={"certificate": certificate, "key": key})
    await link.open()
    url = await served(tmp_path / "web")
    assert url.startswith("https://127.0.0.1:")
    trust = ssl.create_default_context(cafile=str(certificate))
    async with httpx2.AsyncClient(verify=trust) as client:
        answer = await client.get(f"{url}/api/v1/session")
        assert answer.status_code == 200
        assert "strict-transport-security" in answer.headers
        with pytest.raises(httpx2.TransportError):
            await client.get(url.replace("https", "http") + "/livez")


@pytest.mark.parametrize(
    ("http", "message"),
    [
        ({"host": "0.0.0.0"}, "not loopback"),
        ({"tls": {"certificate": "no.pem", "key": "no.key"}}, "http.tls.key"),
        ({"users": "nobody.json"}, "http.users"),
    ],
)
def test_settings_that_cannot_be(bundle: Path, http: dict[str, object], message: str) -> None:
    with pytest.raises((ServiceConfigError, ValueError), match=message):
        prepare(ServiceConfig.model_validate({"bundle": bundle, "http": http}))


def certificate_files(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "plant")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
