"""Links to a real server process that is frozen, killed and started again, and to a bad network.

The bounds are those of the fault board: a killed server is noticed within 0.1 s, a frozen one
within two ticks (the timeout here), and one that is back is found within 5 s.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pytest
import pytest_asyncio
from tests.deploy.field.conftest import free_endpoint, free_port

from heatrouter.deploy.field_link import FieldLink, LinkLostError
from heatrouter.deploy.modbus_link import ModbusLink
from heatrouter.deploy.opcua_link import OpcUaLink
from heatrouter.deploy.tags import TagMap
from heatrouter.deploy.tcp_proxy import TcpProxy

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 1.0
PROTOCOLS = ("opc.tcp", "modbus")


class Server:
    """The process, and where it listens."""

    def __init__(self) -> None:
        self.endpoints = {"opc.tcp": free_endpoint(), "modbus": f"modbus://127.0.0.1:{free_port()}"}
        self.start()

    def start(self) -> None:
        script = Path(__file__).parent / "still_server.py"
        paths = [str(ROOT), *(str(ROOT / p) for p in ("envs", "agents", "training", "deploy"))]
        self.process = subprocess.Popen(
            [sys.executable, str(script), *self.endpoints.values()],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"
        self.process.stdout.close()

    def send(self, number: int) -> None:
        self.process.send_signal(number)
        if number == signal.SIGSTOP:
            # until it has stopped: on an idle machine it would answer one more request
            os.waitpid(self.process.pid, os.WUNTRACED)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.kill()


def link_to(protocol: str, endpoint: str, tags: TagMap, modbus_tags: TagMap) -> FieldLink:
    if protocol == "modbus":
        return ModbusLink(endpoint, modbus_tags, timeout_s=TIMEOUT_S, n_windows=8)
    return OpcUaLink(endpoint, tags, timeout_s=TIMEOUT_S)


async def until_back(link: FieldLink, *, within_s: float) -> None:
    begin = time.monotonic()
    while not link.connected:
        assert time.monotonic() - begin < within_s
        await asyncio.sleep(0.02)
    assert np.isfinite((await link.read()).values).all()


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_frozen_server(
    protocol: str, server: Server, tags: TagMap, modbus_tags: TagMap
) -> None:
    link = link_to(protocol, server.endpoints[protocol], tags, modbus_tags)
    await link.open()
    await link.read()
    server.send(signal.SIGSTOP)
    begin = time.monotonic()
    try:
        with pytest.raises(LinkLostError):
            await link.read()
        noticed_s = time.monotonic() - begin
        with pytest.raises(LinkLostError, match="reconnecting"):
            await link.write({"control:heartbeat": 1})
        # Trying again at a server that accepts and is silent blocks nobody.
        await asyncio.sleep(2.5 * TIMEOUT_S)
        begin = time.monotonic()
        with pytest.raises(LinkLostError):
            await link.read()
        assert time.monotonic() - begin < 0.1
    finally:
        server.send(signal.SIGCONT)
    assert noticed_s < 2.0 * TIMEOUT_S
    await until_back(link, within_s=10.0)
    await link.close()


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_killed_server(
    protocol: str, server: Server, tags: TagMap, modbus_tags: TagMap
) -> None:
    link = link_to(protocol, server.endpoints[protocol], tags, modbus_tags)
    await link.open()
    await link.read()
    server.send(signal.SIGSTOP)
    reading = asyncio.create_task(link.read())
    await asyncio.sleep(0.1)
    await asyncio.to_thread(server.kill)
    begin = time.monotonic()
    with pytest.raises(LinkLostError):
        await reading
    # The request was under way: it must not wait for its timeout.
    assert time.monotonic() - begin < 0.5 * TIMEOUT_S
    await asyncio.to_thread(server.start)
    await until_back(link, within_s=10.0)
    assert link.reconnects == 1
    await link.close()


@pytest_asyncio.fixture
async def proxied(server: Server) -> AsyncIterator[dict[str, TcpProxy]]:
    proxies = {}
    for protocol, endpoint in server.endpoints.items():
        address = urlparse(endpoint)
        proxies[protocol] = TcpProxy("127.0.0.1", int(address.port or 0))
        await proxies[protocol].start()
    yield proxies
    for proxy in proxies.values():
        await proxy.stop()


async def through(
    protocol: str, proxied: dict[str, TcpProxy], tags: TagMap, modbus_tags: TagMap
) -> tuple[FieldLink, TcpProxy]:
    proxy = proxied[protocol]
    link = link_to(protocol, f"{protocol}://127.0.0.1:{proxy.port}", tags, modbus_tags)
    await link.open()
    return link, proxy


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_delay_and_loss_below_the_timeout_are_borne(
    protocol: str, proxied: dict[str, TcpProxy], tags: TagMap, modbus_tags: TagMap
) -> None:
    link, proxy = await through(protocol, proxied, tags, modbus_tags)
    proxy.delay_s, proxy.loss, proxy.retransmit_s = 0.05, 0.3, 0.05
    for _ in range(3):
        assert np.isfinite((await link.read()).values).all()
    assert link.reconnects == 0
    await link.close()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("fault", ["black_hole", "freeze", "refuse", "reset"])
async def test_a_broken_network_heals(
    protocol: str, fault: str, proxied: dict[str, TcpProxy], tags: TagMap, modbus_tags: TagMap
) -> None:
    link, proxy = await through(protocol, proxied, tags, modbus_tags)
    getattr(proxy, fault)()
    begin = time.monotonic()
    with pytest.raises(LinkLostError):
        await link.read()
    assert time.monotonic() - begin < 2.0 * TIMEOUT_S
    proxy.heal()
    await until_back(link, within_s=10.0)
    await link.close()
