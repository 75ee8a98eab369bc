"""The Modbus link against real pymodbus servers on loopback."""

import asyncio
import math
import socket
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from tests.deploy.field.conftest import free_port

from heatrouter.deploy.field_link import FieldValue, LinkLostError, Quality
from heatrouter.deploy.field_settings import ModbusSettings
from heatrouter.deploy.modbus_link import ModbusLink
from heatrouter.deploy.modbus_registers import encode, pack
from heatrouter.deploy.modbus_server import ModbusServer
from heatrouter.deploy.plant import VirtualPlant
from heatrouter.deploy.plc import PlcState
from heatrouter.deploy.tag_file import bounded, override_tags
from heatrouter.deploy.tags import TagMap
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import PlantUnreachableError, ServiceConfigError

SUPPLY = "set_point:main.supply_temp_c"
FIRST = 500  # register of the small device


@pytest_asyncio.fixture
async def modbus_plant(
    still_plant: VirtualPlant, modbus_endpoint: str, tags: TagMap, modbus_tags: TagMap
) -> AsyncIterator[VirtualPlant]:
    """The still plant behind registers, not ticking by itself."""
    face = ModbusServer(modbus_endpoint, still_plant.handle_write, tags, modbus_tags)
    await still_plant.start(face)
    yield still_plant
    await still_plant.stop()


def link_to(endpoint: str, tags: TagMap, timeout_s: float = 2.0) -> ModbusLink:
    return ModbusLink(endpoint, tags, timeout_s=timeout_s, n_windows=8)


async def test_reads_everything(
    modbus_plant: VirtualPlant, modbus_endpoint: str, modbus_tags: TagMap
) -> None:
    link = link_to(modbus_endpoint, modbus_tags)
    await link.open()
    snapshot = await link.read()
    await link.close()
    values = dict(zip(snapshot.names, snapshot.values, strict=True))
    assert values["tank.level"] == 42.0
    assert values["clock:time_s"] == 60.0
    assert (values["control:enable"], values["control:external"]) == (1.0, 0.0)
    assert set(snapshot.quality) == {Quality.GOOD}
    assert np.isnan(snapshot.source_time_s).all()
    assert snapshot.arrays["ambient_temp_c"].tolist() == [60.0] * 8


async def test_the_hand_shake_over_registers(
    modbus_plant: VirtualPlant, modbus_endpoint: str, modbus_tags: TagMap
) -> None:
    link = link_to(modbus_endpoint, modbus_tags)
    await link.open()
    wanted = float(modbus_plant.plc.applied[-1]) + 0.1
    written: dict[str, FieldValue] = {"control:mode": "RULES", "control:heartbeat": 70_000}
    written[SUPPLY] = wanted
    assert await link.write(written) == ()
    modbus_plant.tick()
    assert modbus_plant.plc.state is PlcState.EXTERNAL
    assert modbus_plant.plc.applied[-1] == pytest.approx(wanted, abs=1e-5)
    snapshot = await link.read()
    assert snapshot.values[snapshot.names.index(SUPPLY)] == pytest.approx(wanted, abs=1e-5)
    await link.close()


async def test_what_is_no_number_never_leaves_the_house(
    modbus_plant: VirtualPlant, modbus_endpoint: str, modbus_tags: TagMap
) -> None:
    link = link_to(modbus_endpoint, modbus_tags)
    await link.open()
    for value in (math.nan, math.inf, -math.inf):
        assert await link.write({SUPPLY: value, "control:heartbeat": 3}) == (SUPPLY,)
    assert modbus_plant.plc.external_writes == 0
    assert modbus_plant.plc._heartbeat == 3
    await link.close()


async def test_a_partial_write_names_what_was_refused(
    modbus_plant: VirtualPlant, modbus_endpoint: str, modbus_tags: TagMap
) -> None:
    """Set-points and heartbeat are neighbours, and go out in one request."""
    link = link_to(modbus_endpoint, modbus_tags)
    await link.open()
    offset = "set_point:greenhouse.offset_k"
    refused = await link.write({SUPPLY: 200.0, offset: 0.5, "control:heartbeat": 4})
    assert refused == (SUPPLY,)
    assert modbus_plant.plc._heartbeat == 4
    snapshot = await link.read()
    assert snapshot.values[snapshot.names.index(offset)] == 0.5
    await link.close()


class Device:
    """A device of holding registers that answers as it is told."""

    def __init__(self, registers: list[int]) -> None:
        self.port = free_port()
        self.bad: set[int] = set()
        self.code = ExcCodes.ILLEGAL_ADDRESS
        block = [SimData(FIRST, values=registers, datatype=DataType.REGISTERS)]
        flags = [SimData(0, values=[True, False] * 8, datatype=DataType.BITS)]
        device = SimDevice(id=3, simdata=(flags, flags, block, block), action=self._action)
        self.server = ModbusTcpServer(device, address=("127.0.0.1", self.port))

    async def stop(self) -> None:
        await self.server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus'

    async def _action(
        self, function: int, start: int, address: int, count: int, now: list[int], new: object
    ) -> ExcCodes | None:
        return self.code if self.bad & set(range(address, address + count)) else None


@pytest.fixture
def small_tags(modbus_tags: TagMap) -> TagMap:
    """Five measurements of several types in one small device, and nothing else but the rest."""
    mapped = {
        "tank.top_temp_c": {"node": "holding:500", "data_type": "int16", "scale": 0.1},
        "tank.middle_temp_c": {"node": "holding:501", "data_type": "float", "word_order": "little"},
        "tank.bottom_temp_c": {"node": "holding:503", "data_type": "uint32", "unit": "K"},
        "tank.level": {"node": "holding:505", "data_type": "uint16", "unit": "%", "high": 100.0},
        "main.supply_temp_c": {"node": "holding:506", "data_type": "int16", "no_value": [-32768]},
        "main.load_kw": {"node": "holding:507", "data_type": "float"},
    }
    tags = override_tags(modbus_tags, {"measured": mapped}, "tags")
    return tags.model_copy(
        update={"measured": {n: t for n, t in tags.measured.items() if n in mapped}}
    )


async def test_types_scales_units_and_values_that_mean_none(small_tags: TagMap) -> None:
    words = [*encode(815, "int16", "big"), *encode(60.5, "float", "little")]
    words += [*encode(333, "uint32", "big"), 43, *encode(-32768, "int16", "big")]
    words += pack(math.nan, "float", "big")
    device = Device(words)
    await device.server.serve_forever(background=True)
    endpoint = f"modbus://127.0.0.1:{device.port}"
    settings = ModbusSettings(unit_id=3)
    link = ModbusLink(endpoint, small_tags, timeout_s=2.0, n_windows=8, settings=settings)
    await link.open()
    snapshot = await link.read()
    named = dict(
        zip(snapshot.names, zip(snapshot.values, snapshot.quality, strict=True), strict=True)
    )
    assert named["tank.top_temp_c"][0] == pytest.approx(81.5)
    assert named["tank.middle_temp_c"][0] == pytest.approx(60.5)
    assert named["tank.bottom_temp_c"][0] == pytest.approx(59.85)
    assert named["tank.level"][0] == pytest.approx(0.43)
    assert named["main.supply_temp_c"][1] == Quality.BAD
    assert named["main.load_kw"][1] == Quality.BAD, "NaN in a register"
    # Registers that the device does not have are bad, and do not lose the link.
    assert named["applied:main.supply_temp_c"][1] == Quality.BAD
    assert link.connected
    await link.close()
    await device.stop()


async def test_exceptions_are_bad_quality_but_a_gateway_without_device_is_a_lost_link(
    small_tags: TagMap,
) -> None:
    device = Device([0] * 9)
    await device.server.serve_forever(background=True)
    settings = ModbusSettings(unit_id=3)
    link = ModbusLink(
        f"modbus://127.0.0.1:{device.port}",
        small_tags,
        timeout_s=2.0,
        n_windows=8,
        settings=settings,
    )
    await link.open()
    device.bad = {FIRST + 5}
    snapshot = await link.read()
    assert snapshot.quality[snapshot.names.index("tank.level")] == Quality.BAD
    device.code = ExcCodes.GATEWAY_NO_RESPONSE
    with pytest.raises(LinkLostError, match="gateway"):
        await link.read()
    await link.close()
    await device.stop()


async def test_an_integer_register_never_rounds_over_the_edge(
    modbus_tags: TagMap, contract: Contract
) -> None:
    tags = override_tags(
        modbus_tags,
        {"set_points": {"main.supply_temp_c": {"data_type": "int16", "scale": 3.0}}},
        "tags",
    )
    tag = bounded(tags, contract).set_points["main.supply_temp_c"]
    # 70..95 degC in steps of 3: 72..93.
    assert [tag.to_wire(v) for v in (70.0, 70.1, 82.0, 94.9, 95.0)] == [24, 24, 27, 31, 31]
    with pytest.raises(OverflowError):
        modbus_tags.control["heartbeat"].to_wire(-1.0)


async def test_nobody_and_a_mute_listener(modbus_tags: TagMap, modbus_endpoint: str) -> None:
    with pytest.raises(PlantUnreachableError, match="does not answer"):
        await link_to(modbus_endpoint, modbus_tags, 0.3).open()
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        port = mute.getsockname()[1]
        with pytest.raises(PlantUnreachableError):
            await link_to(f"modbus://127.0.0.1:{port}", modbus_tags, 0.3).open()


async def test_a_restarted_device_is_found_again(
    modbus_plant: VirtualPlant, modbus_endpoint: str, tags: TagMap, modbus_tags: TagMap
) -> None:
    link = link_to(modbus_endpoint, modbus_tags, 0.5)
    await link.open()
    await modbus_plant.stop()
    with pytest.raises(LinkLostError):
        await link.read()
    with pytest.raises(LinkLostError, match="reconnecting"):
        await link.write({"control:heartbeat": 1})
    face = ModbusServer(modbus_endpoint, modbus_plant.handle_write, tags, modbus_tags)
    await modbus_plant.start(face)
    end = time.monotonic() + 10.0
    while not link.connected:
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    assert link.reconnects == 1
    assert np.isfinite((await link.read()).values).all()
    await link.close()


async def test_a_taken_port_is_one_clear_error(
    modbus_plant: VirtualPlant, modbus_endpoint: str, tags: TagMap, modbus_tags: TagMap
) -> None:
    second = ModbusServer(modbus_endpoint, modbus_plant.handle_write, tags, modbus_tags)
    first, writable = modbus_plant.begin()
    with pytest.raises(PlantUnreachableError, match="another plant"):
        await second.start(first, writable, "d")
    await second.stop()


def test_tags_that_are_no_registers_are_refused_before_connecting(tags: TagMap) -> None:
    with pytest.raises(ServiceConfigError, match="no register"):
        link_to("modbus://127.0.0.1:1", tags)
