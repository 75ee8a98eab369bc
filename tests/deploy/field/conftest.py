"""A plant without physics behind a real OPC UA server on loopback."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from heatrouter.deploy.certificates import (
    CERTIFICATE_FILE,
    TRUSTED_FOLDER,
    make_application,
    make_both,
)
from heatrouter.deploy.modbus_registers import default_modbus_tags
from heatrouter.deploy.plant import Pace, VirtualPlant
from heatrouter.deploy.plant_server import PlantServer
from heatrouter.deploy.tags import TagMap, default_tags
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task

TICK_S = 60.0
SPEED = 1200.0  # a tick of 50 ms


@pytest.fixture(scope="session")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="session")
def task() -> Task:
    return load_task("energy-web")


@pytest.fixture(scope="session")
def contract(district: District, task: Task) -> Contract:
    return build_contract(district, task)


@pytest.fixture(scope="session")
def tags(contract: Contract) -> TagMap:
    return default_tags(contract)


class StillModel:
    """Outputs that stand still, but for the calendar."""

    def __init__(self, tags: TagMap, contract: Contract) -> None:
        names = [*tags.measured, *tags.tariff, "site.local_hour", "site.weekday"]
        names += ["site.day_of_year"]
        self.columns = {name: i for i, name in enumerate(dict.fromkeys(names))}
        self.set_point_names = tuple(s.name for s in contract.set_points)
        self.time_s = np.zeros(1, dtype=np.int64)
        self.applied: list[FloatArray] = []

    def advance(self, set_points: FloatArray, sub_steps: int) -> FloatArray:
        self.applied.append(set_points[0].copy())
        self.time_s = self.time_s + 60 * sub_steps
        return np.full((1, len(self.columns)), 42.0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_endpoint() -> str:
    return f"opc.tcp://127.0.0.1:{free_port()}"


@pytest.fixture(scope="session")
def modbus_tags(contract: Contract) -> TagMap:
    return default_modbus_tags(contract)


@pytest.fixture
def modbus_endpoint() -> str:
    return f"modbus://127.0.0.1:{free_port()}"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Service and plant that trust each other, and a stranger whom nobody trusts."""
    folder = tmp_path_factory.mktemp("certificates")
    make_both(folder, ["localhost", "127.0.0.1"])
    make_application(folder / "stranger", "stranger", ["localhost"])
    plant = (folder / "plant" / CERTIFICATE_FILE).read_bytes()
    (folder / "stranger" / TRUSTED_FOLDER / "plant.der").write_bytes(plant)
    return folder


@pytest.fixture
def endpoint() -> str:
    return free_endpoint()


@pytest.fixture
def still_plant(district: District, tags: TagMap, contract: Contract) -> VirtualPlant:
    return VirtualPlant(
        StillModel(tags, contract),
        district,
        tags,
        forecasts=lambda time_s: np.full((3, 8), float(time_s)),
        pace=Pace(SPEED, TICK_S, 1),
        clock=time.monotonic,
    )


@pytest_asyncio.fixture
async def served(still_plant: VirtualPlant, endpoint: str) -> AsyncIterator[VirtualPlant]:
    """The still plant, ticking."""
    stop = asyncio.Event()
    await still_plant.start(PlantServer(endpoint, still_plant.handle_write))
    ticking = asyncio.create_task(still_plant.run(None, stop))
    yield still_plant
    stop.set()
    with contextlib.suppress(asyncio.CancelledError):
        await ticking
    await still_plant.stop()
