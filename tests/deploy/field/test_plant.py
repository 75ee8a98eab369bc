"""The virtual plant: its hand-shake with a client that is not the service, and its limits."""

import asyncio
import time

import pytest
from asyncua.client.client import Client

from heatrouter.deploy.opcua_link import OpcUaLink
from heatrouter.deploy.plant import VirtualPlant
from heatrouter.deploy.plant_server import PlantServer
from heatrouter.deploy.plc import PlcState
from heatrouter.deploy.tags import TagMap
from heatrouter.envs.cli import main
from heatrouter.envs.errors import PlantUnreachableError

SUPPLY = "set_point:main.supply_temp_c"


async def until(plant: VirtualPlant, state: PlcState) -> None:
    end = time.monotonic() + 10.0
    while plant.plc.state is not state:
        assert time.monotonic() < end, plant.plc.state
        await asyncio.sleep(0.02)


async def test_the_hand_shake_over_the_wire(
    served: VirtualPlant, endpoint: str, tags: TagMap
) -> None:
    link = OpcUaLink(endpoint, tags, timeout_s=2.0)
    await link.open()
    await link.write({"control:heartbeat": 1, "control:mode": "RULES"})
    await until(served, PlcState.EXTERNAL)
    async with Client(endpoint) as operator:
        index = await operator.get_namespace_index(tags.namespace_uri)
        override = operator.get_node(f"ns={index};s={tags.control['override'].node}")
        await override.write_value(True)
        await until(served, PlcState.LOCAL_OVERRIDE)
        await link.write({"control:heartbeat": 2})
        await override.write_value(False)
    await until(served, PlcState.EXTERNAL)
    await until(served, PlcState.LOCAL_NO_HEARTBEAT)
    await link.close()


async def test_unsafe_writes_are_counted_on_the_plants_side(
    served: VirtualPlant, endpoint: str, tags: TagMap
) -> None:
    link = OpcUaLink(endpoint, tags, timeout_s=2.0)
    await link.open()
    before = float(served.plc.applied[-1])
    for value in (1e6, -1e6, before + 20.0):
        assert await link.write({SUPPLY: value}) == (SUPPLY,)
    await asyncio.sleep(0.15)
    async with Client(endpoint) as reader:
        index = await reader.get_namespace_index(tags.namespace_uri)
        node = reader.get_node(f"ns={index};s={tags.control['unsafe_writes'].node}")
        assert await node.read_value() == 3
    assert served.summary()["unsafe_writes"] == 3
    assert served.plc.applied[-1] < before + 1.0
    await link.close()


async def test_a_taken_port_is_one_clear_error(served: VirtualPlant, endpoint: str) -> None:
    second = PlantServer(endpoint, lambda _name, _value: True)
    with pytest.raises(PlantUnreachableError, match="another plant"):
        await second.start({"d/u/q": 1.0}, frozenset(), "d")
    await second.stop()


@pytest.mark.parametrize(
    ("option", "address", "words"),
    [
        ("--opcua", "opc.tcp://0.0.0.0:4840", "loopback"),
        ("--opcua", "http://127.0.0.1", "no OPC UA endpoint"),
        ("--opcua", "plant", "no OPC UA endpoint"),
        ("--modbus", "modbus://0.0.0.0:5020", "loopback"),
        ("--modbus", "opc.tcp://127.0.0.1:5020", "loopback"),
    ],
)
def test_it_serves_loopback_only(
    option: str, address: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plant", "energy-web", option, address]) == 78
    assert words in capsys.readouterr().err
