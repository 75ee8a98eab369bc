"""The still plant as a process of its own, to be killed and frozen: run with the endpoints."""

import asyncio
import sys
import time

import numpy as np
from tests.deploy.field.conftest import StillModel

from heatrouter.deploy.modbus_registers import default_modbus_tags
from heatrouter.deploy.modbus_server import ModbusServer
from heatrouter.deploy.plant import Pace, VirtualPlant
from heatrouter.deploy.plant_server import PlantServer
from heatrouter.deploy.tags import default_tags
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task


async def main(opcua: str, modbus: str) -> None:
    district = load_district("energy-web")
    contract = build_contract(district, load_task("energy-web"))
    tags = default_tags(contract)
    plant = VirtualPlant(
        StillModel(tags, contract),
        district,
        tags,
        forecasts=lambda time_s: np.full((3, 8), float(time_s)),
        pace=Pace(60.0, 60.0, 1),
        clock=time.monotonic,
    )
    await plant.start(
        PlantServer(opcua, plant.handle_write),
        ModbusServer(modbus, plant.handle_write, tags, default_modbus_tags(contract)),
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await plant.run(None, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
