# ruff: noqa: SLF001  # what is compared is made of the same tags and buffers
"""What a tick of the service costs beyond the bare exchange with the plant, on loopback.

A real service ticks four times a second beside a real plant, OPC UA signed and encrypted or Modbus;
between its ticks the protocol's library alone reads and writes the same tags, over a connection
of its own. So both meet the same load of the machine, and their ratio is worth more
than their times. The seconds of a core that each takes depend on it least.

``tick`` is the whole tick, from its start until it is in the audit log; ``written`` ends when the
plant has confirmed the set-points. What threads do after a tick (sync, status file) is in neither,
as nobody waits for it; ``after_cpu_ms`` has it, with everything else beside tick and bare exchange.

Example: python benchmarks/service_latency.py --ticks 600 --json runs/latency.json
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from bench_decision import exported_policy
from pymodbus.client import AsyncModbusTcpClient

from heatrouter.deploy.audit import AuditLog
from heatrouter.deploy.cli_serve import policy_worker
from heatrouter.deploy.config import ServiceConfig, ServiceSetup, prepare
from heatrouter.deploy.faults.site_processes import PlantProcess, free_port, until
from heatrouter.deploy.faults.trial_bundle import trial_bundle
from heatrouter.deploy.field_link import FieldLink, FieldValue
from heatrouter.deploy.field_links import make_link
from heatrouter.deploy.modbus_link import ModbusLink, runs_of
from heatrouter.deploy.opcua_link import OpcUaLink, wire_value
from heatrouter.deploy.opcua_security import secure_client
from heatrouter.deploy.opcua_values import VARIANTS, data_value
from heatrouter.deploy.service import Service
from heatrouter.deploy.state_dir import StateDir
from heatrouter.deploy.swap_worker import SwapWorker

PRESET = "energy-web"
REAL_TICK_S = 0.25
SPEED = 60.0 / REAL_TICK_S
WARM_TICKS = 60
DECISIONS = 20_000


class Timed:
    """Times of one kind of call."""

    def __init__(self) -> None:
        self.wall_ms: list[float] = []
        self.cpu_ms: list[float] = []

    async def time(self, call: Callable[[], Awaitable[object]]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        await call()
        self.wall_ms.append(1e3 * (time.perf_counter() - wall))
        self.cpu_ms.append(1e3 * (time.process_time() - cpu))

    def summary(self) -> dict[str, float]:
        p50, p99 = np.percentile(self.wall_ms, (50, 99))
        return {
            "best_ms": min(self.wall_ms),
            "p50_ms": float(p50),
            "p99_ms": float(p99),
            "cpu_ms": float(np.median(self.cpu_ms)),
        }


class Remembering:
    """A link that keeps what was written last and when; the bare exchange writes the same."""

    def __init__(self, link: FieldLink) -> None:
        self._link = link
        self.written: Mapping[str, FieldValue] = {}
        self.written_at = 0.0
        self.open, self.close, self.read = link.open, link.close, link.read

    @property
    def connected(self) -> bool:
        return self._link.connected

    @property
    def reconnects(self) -> int:
        return self._link.reconnects

    async def write(self, values: Mapping[str, FieldValue]) -> tuple[str, ...]:
        self.written = values
        refused = await self._link.write(values)
        self.written_at = time.perf_counter()
        return refused


class TimedService(Service):
    """A service that takes the time of its ticks.

    Half a period after each the bare exchange follows: as cold as a tick is, after a pause in
    which others ran.
    """

    def take_times(self, link: Remembering, exchange: Callable[[], Awaitable[object]]) -> None:
        self.timed_link, self.bare_exchange = link, exchange
        self.tick_times, self.bare_times, self.written_ms = Timed(), Timed(), list[float]()
        self.began_cpu_s = 0.0
        self.running: set[asyncio.Task[None]] = set()

    async def tick(self) -> None:
        keep = self.record.ticks >= WARM_TICKS
        if self.record.ticks == WARM_TICKS:
            self.began_cpu_s = time.process_time()
        begin = time.perf_counter()
        await (self.tick_times if keep else Timed()).time(super().tick)
        if keep and self.timed_link.written_at > begin:
            self.written_ms.append(1e3 * (self.timed_link.written_at - begin))
        if self.record.ticks != self._config.ticks:
            pause_s = 0.5 * REAL_TICK_S - (time.perf_counter() - begin)
            asyncio.get_running_loop().call_later(pause_s, self._follow, keep)

    def _follow(self, keep: bool) -> None:
        task = asyncio.create_task((self.bare_times if keep else Timed()).time(self.bare_exchange))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    def summary(self) -> dict[str, dict[str, float]]:
        passed_cpu_ms = 1e3 * (time.process_time() - self.began_cpu_s)
        beside_ms = passed_cpu_ms - sum(self.tick_times.cpu_ms) - sum(self.bare_times.cpu_ms)
        tick, bare = self.tick_times.summary(), self.bare_times.summary()
        tick["after_cpu_ms"] = beside_ms / len(self.tick_times.cpu_ms)
        p50, p99 = map(float, np.percentile(self.written_ms, (50, 99)))
        written = {"best_ms": min(self.written_ms), "p50_ms": p50, "p99_ms": p99}
        times = {
            f"{name}_{p}": found[f"{p}_ms"] / bare[f"{p}_ms"]
            for name, found in (("tick", tick), ("written", written))
            for p in ("p50", "p99")
        }
        return {"tick": tick, "written": written, "bare": bare, "times_bare": times}


async def bare_opcua(link: OpcUaLink, setup: ServiceSetup, timed: Remembering) -> tuple[
    Callable[[], Awaitable[object]], Callable[[], Awaitable[object]]
]:  # fmt: skip
    """Read and write of asyncua alone, and how to end it."""
    client = Client(setup.config.endpoint, timeout=2.0, watchdog_intervall=60.0)
    await secure_client(client, link._security)  # type: ignore[arg-type]
    await client.connect(auto_reconnect=False)
    writable = setup.tags.writable()

    async def exchange() -> None:
        await client.uaclient.read_attributes(link._read_nodes, AttributeIds.Value)
        if timed.written:
            nodes = [link._nodes[name] for name in timed.written]
            data = [
                data_value(wire_value(writable[n], v), VARIANTS[writable[n].data_type])
                for n, v in timed.written.items()
            ]
            await client.uaclient.write_attributes(nodes, data, AttributeIds.Value)

    return exchange, client.disconnect


async def bare_modbus(link: ModbusLink, setup: ServiceSetup, timed: Remembering) -> tuple[
    Callable[[], Awaitable[object]], Callable[[], Awaitable[object]]
]:  # fmt: skip
    """Read and write of pymodbus alone, and how to end it."""
    address = urlparse(setup.config.endpoint)
    client = AsyncModbusTcpClient(str(address.hostname), port=int(address.port or 502))
    await client.connect()

    async def exchange() -> None:
        for block in link._decoder.blocks:
            read = {
                "holding": client.read_holding_registers,
                "input": client.read_input_registers,
            }[block.table]
            await read(block.address, count=block.size, device_id=1)
        if timed.written:
            words = [
                (name, link._registers[name], link._encoded(link._writable[name], value))
                for name, value in timed.written.items()
            ]
            for run in runs_of(words):
                together = [word for _, _, part in run for word in part]
                await client.write_registers(run[0][1].address, together, device_id=1)

    async def end() -> None:
        client.close()

    return exchange, end


async def beside(setup: ServiceSetup) -> dict[str, dict[str, float]]:
    """Let a service tick, and the bare library between its ticks."""
    link = make_link(setup)
    await link.open()
    assert setup.config.bundle is not None
    worker = policy_worker(setup, setup.config.bundle)
    await worker.open()
    state_dir = StateDir(setup.config.state_dir)
    state_dir.create()
    timed = Remembering(link)
    with AuditLog(state_dir.audit_path, sync_beside=True) as audit:
        service = TimedService(setup, timed, SwapWorker(worker), audit=audit, state_dir=state_dir)
        if isinstance(link, OpcUaLink):
            exchange, end = await bare_opcua(link, setup, timed)
        else:
            assert isinstance(link, ModbusLink)
            exchange, end = await bare_modbus(link, setup, timed)
        service.take_times(timed, exchange)
        await service.run(asyncio.Event())
        await end()
    result = service.summary()
    result["modes"] = {str(k): float(v) for k, v in service.record.modes.items()}
    await worker.close()
    await link.close()
    return result


def settings(folder: Path, endpoint: str, ticks: int, **more: object) -> ServiceSetup:
    bundle = folder / "bundle"
    if not bundle.exists():
        trial_bundle(bundle, PRESET, monitored=True)
    config = {
        "bundle": bundle,
        "endpoint": endpoint,
        "state_dir": folder / f"state-{endpoint[:6]}",
        "speed": SPEED,
        "tick_s": 60.0,
        "ticks": WARM_TICKS + ticks,
        "mode": "policy",
        "arm": True,
        "decision_deadline_share": 0.5,
        "history": {"enabled": False},
        **more,
    }
    return prepare(ServiceConfig.model_validate(config))


def opcua(folder: Path, ticks: int) -> dict[str, dict[str, float]]:
    certificates = folder / "certificates"
    command = [sys.executable, "-m", "heatrouter", "tags", "certificates", str(certificates)]
    subprocess.run([*command, "--host", "127.0.0.1"], check=True, stdout=subprocess.DEVNULL)
    plant = PlantProcess(folder, speed=SPEED, certificates=certificates)
    own = certificates / "service"
    security = {
        "certificate": own / "certificate.der",
        "private_key": own / "private-key.pem",
        "trusted": own / "trusted",
        "user": "heatrouter",
        "password_file": certificates / "password",
    }
    try:
        return asyncio.run(beside(settings(folder, plant.endpoint, ticks, opcua=security)))
    finally:
        plant.stop()


def modbus(folder: Path, ticks: int) -> dict[str, dict[str, float]]:
    endpoint, ready = f"modbus://127.0.0.1:{free_port()}", folder / "ready.json"
    command = [sys.executable, "-m", "heatrouter", "plant", PRESET, "--modbus", endpoint]
    command += ["--speed", str(SPEED), "--ready-file", str(ready)]
    plant = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: True if ready.exists() else None, 480.0, named="the plant")
        return asyncio.run(beside(settings(folder, endpoint, ticks)))
    finally:
        plant.kill()
        plant.wait()


def decision() -> dict[str, dict[str, float]]:
    """The policy as the worker runs it, beside onnxruntime's bound call alone; in turns."""
    policy, observation, _ = exported_policy(PRESET)
    bound, binding = policy._session.run_with_iobinding, policy._binding
    times: dict[str, list[float]] = {"policy": [], "bare": []}
    for _ in range(DECISIONS):
        begin = time.perf_counter()
        policy.act(observation)
        middle = time.perf_counter()
        bound(binding)
        times["bare"].append(time.perf_counter() - middle)
        times["policy"].append(middle - begin)
    return {
        name: {f"p{p}_us": 1e6 * float(np.percentile(t, p)) for p in (50, 99)}
        for name, t in times.items()
    }


def help_s() -> float:
    """Least time of `heatrouter --help` in five."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "heatrouter", "--help"], check=True, stdout=subprocess.DEVNULL
        )
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--ticks", type=int, default=600)
    parser.add_argument("--json", type=Path, help="write the numbers")
    options = parser.parse_args()
    content: dict[str, object] = {"load": os.getloadavg(), "cores": os.cpu_count()}
    content["help_s"] = help_s()
    content["decision"] = decision()
    with tempfile.TemporaryDirectory() as name:
        content["opcua"] = opcua(Path(name), options.ticks)
        content["modbus"] = modbus(Path(name), options.ticks)
    content["load_after"] = os.getloadavg()
    text = json.dumps(content, indent=1)
    print(text)
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
