"""The whole service over each real link, against a plant without physics on loopback."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from pymodbus.client import AsyncModbusTcpClient
from tests.deploy.field.conftest import StillModel, free_endpoint, free_port

from heatrouter.deploy.audit import AuditLog
from heatrouter.deploy.certificates import make_both
from heatrouter.deploy.config import ServiceSetup, load_config, prepare
from heatrouter.deploy.field_links import make_link
from heatrouter.deploy.modbus_registers import default_modbus_tags, encode, parse_register
from heatrouter.deploy.modbus_server import ModbusServer
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.opcua_security import load_server_security
from heatrouter.deploy.plant import Pace, VirtualPlant
from heatrouter.deploy.plant_face import PlantFace
from heatrouter.deploy.plant_server import PlantServer
from heatrouter.deploy.plc import PlcState
from heatrouter.deploy.service import Service
from heatrouter.deploy.state_dir import StateDir
from heatrouter.deploy.tag_file import override_tags
from heatrouter.deploy.tags import default_tags
from heatrouter.envs.contract import Contract
from heatrouter.envs.spec.district import District

TICK_S = 60.0
SPEED = 600.0  # a tick of 100 ms


class Believable(StillModel):
    """Outputs in the middle of their ranges, so that no input is called wrong."""

    def __init__(self, contract: Contract) -> None:
        super().__init__(default_tags(contract), contract)
        ranges = {c.origin: (c.low, c.high) for c in contract.observation}
        self._row = np.array([0.5 * sum(ranges.get(name, (10.0, 10.0))) for name in self.columns])

    def advance(self, set_points: np.ndarray, sub_steps: int) -> np.ndarray:
        super().advance(set_points, sub_steps)
        return self._row[np.newaxis] + 1e-6 * len(self.applied)


@pytest.fixture
def plant(district: District, contract: Contract) -> VirtualPlant:
    return VirtualPlant(
        Believable(contract),
        district,
        default_tags(contract),
        forecasts=lambda time_s: np.full((3, 8), 5.0),
        pace=Pace(SPEED, TICK_S, 1),
        clock=time.monotonic,
    )


@contextlib.asynccontextmanager
async def ticking(plant: VirtualPlant, *faces: PlantFace) -> AsyncIterator[None]:
    stop = asyncio.Event()
    await plant.start(*faces)
    task = asyncio.create_task(plant.run(None, stop))
    try:
        yield
    finally:
        stop.set()
        await task
        await plant.stop()


def setup_of(folder: Path, endpoint: str, **said: object) -> ServiceSetup:
    settings: dict[str, object] = {
        "district": "energy-web",
        "endpoint": endpoint,
        "mode": "rules",
        "arm": True,
        "tick_s": TICK_S,
        "speed": SPEED,
        "request_timeout_s": 5.0,
        "state_dir": folder / "state",
    }
    return prepare(load_config(None, settings | said))


async def run(
    setup: ServiceSetup, done: Callable[[Service], bool], patience_s: float = 60.0
) -> Service:
    """Run the service until something is the case, then hand over."""
    link = make_link(setup)
    state_dir = StateDir(setup.config.state_dir)
    state_dir.create()
    await link.open()
    with AuditLog(state_dir.audit_path) as audit:
        service = Service(setup, link, None, audit=audit, state_dir=state_dir)
        stop = asyncio.Event()
        task = asyncio.create_task(service.run(stop))
        end = time.monotonic() + patience_s
        try:
            while not done(service):
                assert time.monotonic() < end, (service.state, service.watch.causes)
                await asyncio.sleep(0.02)
        finally:
            stop.set()
            await task
            await link.close()
    return service


def in_control(plant: VirtualPlant, ticks: int = 8) -> Callable[[Service], bool]:
    """The plant follows, and has done so for some ticks."""
    seen: list[int] = []

    def done(service: Service) -> bool:
        if plant.plc.state is PlcState.EXTERNAL and service.state.actual is Mode.RULES:
            seen.append(service.record.ticks)
        return bool(seen) and service.record.ticks - seen[0] >= ticks

    return done


async def test_rules_over_encrypted_opcua(plant: VirtualPlant, tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    make_both(folder, ["127.0.0.1"])
    endpoint = free_endpoint()
    face = PlantServer(endpoint, plant.handle_write, load_server_security(folder))
    opcua = {
        "certificate": folder / "service/certificate.der",
        "private_key": folder / "service/private-key.pem",
        "trusted": folder / "service/trusted",
        "user": "heatrouter",
        "password_file": folder / "password",
    }
    async with ticking(plant, face):
        service = await run(setup_of(tmp_path, endpoint, opcua=opcua), in_control(plant))
    assert plant.plc.unsafe_writes == 0
    assert service.record.writes > 0
    assert Fault.COMPETING_WRITER not in service.watch.present


@pytest_asyncio.fixture
async def modbus(plant: VirtualPlant, contract: Contract) -> AsyncIterator[str]:
    endpoint = f"modbus://127.0.0.1:{free_port()}"
    face = ModbusServer(
        endpoint, plant.handle_write, default_tags(contract), default_modbus_tags(contract)
    )
    async with ticking(plant, face):
        yield endpoint


async def test_rules_over_modbus(plant: VirtualPlant, modbus: str, tmp_path: Path) -> None:
    service = await run(setup_of(tmp_path, modbus), in_control(plant))
    assert plant.plc.unsafe_writes == 0
    assert service.record.writes > 0
    assert service.watch.present == frozenset()
    status = service.forecasts.status(0.0)
    assert (status["standing"], status["refused"]) == ("fresh", [])


async def test_somebody_else_at_the_registers_is_yielded_to(
    plant: VirtualPlant, modbus: str, contract: Contract, tmp_path: Path
) -> None:
    """Read-back differs from what was written: fault board, row 15."""
    register = parse_register(default_modbus_tags(contract).set_points["greenhouse.offset_k"].node)
    assert register is not None
    host, port = modbus.removeprefix("modbus://").split(":")
    competing = asyncio.Event()

    async def compete() -> None:
        client = AsyncModbusTcpClient(host, port=int(port))
        await client.connect()
        while not competing.is_set():
            await client.write_registers(register.address, encode(2.5, "float", "big"))
            await asyncio.sleep(0.01)
        client.close()

    other = asyncio.create_task(compete())
    try:
        service = await run(
            setup_of(tmp_path, modbus), lambda service: service.state.actual is Mode.LOCAL
        )
    finally:
        competing.set()
        await other
    assert Fault.COMPETING_WRITER in service.state.latched
    assert "greenhouse.offset_k" in service.watch.causes["COMPETING_WRITER"]


async def test_a_register_that_rounds_is_no_other_writer(
    plant: VirtualPlant, contract: Contract, tmp_path: Path
) -> None:
    """Tenths of a degree in an integer register."""
    coarse = {
        "set_points": {
            "main.supply_temp_c": {"node": "holding:300", "data_type": "int16", "scale": 0.1},
            "greenhouse.offset_k": {"node": "holding:301", "data_type": "int16", "scale": 0.1},
        }
    }
    registers = override_tags(default_modbus_tags(contract), coarse, "tags")
    endpoint = f"modbus://127.0.0.1:{free_port()}"
    face = ModbusServer(endpoint, plant.handle_write, default_tags(contract), registers)
    path = tmp_path / "tags.yaml"
    path.write_text(
        "set_points:\n"
        "  main.supply_temp_c: {node: 'holding:300', data_type: int16, scale: 0.1}\n"
        "  greenhouse.offset_k: {node: 'holding:301', data_type: int16, scale: 0.1}\n"
    )
    async with ticking(plant, face):
        service = await run(setup_of(tmp_path, endpoint, tags=path), in_control(plant, 20))
    assert service.watch.present == frozenset()
    assert plant.plc.unsafe_writes == 0


async def test_a_recording_is_watched_in_shadow_to_its_end(
    contract: Contract, tmp_path: Path
) -> None:
    names = [c.origin for c in contract.observation if c.source == "measured"]
    middles = [0.5 * (c.low + c.high) for c in contract.observation if c.source == "measured"]
    applied = [f"applied:{p.name}" for p in contract.set_points]
    safe = [p.safe for p in contract.set_points]
    rows = [",".join(["time", *names, *applied])]
    rows += [",".join(map(str, [1768456800 + 60 * k, *middles, *safe])) for k in range(40)]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(rows))
    setup = setup_of(tmp_path, f"replay:{path}", mode="shadow", arm=False, speed=6000.0)
    service = await run(setup, lambda service: service.record.ticks >= 40)
    assert service.record.modes["SHADOW"] >= 40
    assert service.record.writes == 0
    assert service.record.decisions >= 2
    assert service.cycle.rules_proposal is not None
    assert np.isfinite(service.cycle.rules_proposal).all()


@pytest.mark.slow  # the simulator may have to be compiled
async def test_rules_on_the_simulated_plant(tmp_path: Path) -> None:
    setup = setup_of(tmp_path, "simulated", speed=6000.0)
    service = await run(setup, lambda s: s.record.ticks >= 60, patience_s=400.0)
    assert service.state.actual in {Mode.RULES, Mode.OFF}
    assert service.record.writes > 0
    assert service.record.write_failures == 0
    assert service.record.decisions >= 3
