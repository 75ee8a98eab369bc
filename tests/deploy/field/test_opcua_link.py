"""The field link against a real server on loopback."""

import asyncio
import math
import socket
import time

import numpy as np
import pytest
from asyncua.client.client import Client
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uatypes import DataValue, Variant, VariantType

from heatrouter.deploy.field_link import LinkLostError, Quality
from heatrouter.deploy.opcua_link import OpcUaLink
from heatrouter.deploy.opcua_values import node_id, status
from heatrouter.deploy.plant import VirtualPlant
from heatrouter.deploy.plant_server import PlantServer
from heatrouter.deploy.tags import Tag, TagMap
from heatrouter.envs.errors import PlantUnreachableError, ServiceConfigError

SUPPLY = "set_point:main.supply_temp_c"


async def test_reads_everything_in_one_call(
    served: VirtualPlant, endpoint: str, tags: TagMap
) -> None:
    link = OpcUaLink(endpoint, tags, timeout_s=2.0)
    await link.open()
    snapshot = await link.read()
    await link.close()
    values = dict(zip(snapshot.names, snapshot.values, strict=True))
    assert values["tank.level"] == 42.0
    assert values["control:enable"] == 1.0
    assert values["control:external"] == 0.0
    assert set(snapshot.quality) == {Quality.GOOD}
    stamp = snapshot.source_time_s[snapshot.names.index("tank.level")]
    assert abs(time.time() - stamp) < 5.0
    assert set(snapshot.arrays) == set(tags.forecast)
    assert snapshot.arrays["ambient_temp_c"].shape == (8,)


async def test_bad_quality_is_seen_and_its_value_dropped(
    served: VirtualPlant, endpoint: str, tags: TagMap
) -> None:
    link = OpcUaLink(endpoint, tags, timeout_s=2.0)
    await link.open()
    server = served._faces[0]
    assert isinstance(server, PlantServer)
    bad, uncertain = "energy-web/tank/level", "energy-web/tank/charge_kw"
    served._tags = TagMap(**{**dict(served._tags), "measured": {}})  # the plant leaves them alone
    await server.publish_bad(bad)
    await server._server.write_attribute_value(
        server._nodes[uncertain],
        DataValue(Variant(7.0, VariantType.Double), status(StatusCodes.UncertainLastUsableValue)),
    )
    snapshot = await link.read()
    await link.close()
    at = snapshot.names.index
    assert snapshot.quality[at("tank.level")] == Quality.BAD
    assert math.isnan(snapshot.values[at("tank.level")])
    assert snapshot.quality[at("tank.charge_kw")] == Quality.UNCERTAIN
    assert snapshot.values[at("tank.charge_kw")] == 7.0


async def test_writes_are_typed_and_without_source_time(
    served: VirtualPlant, endpoint: str, tags: TagMap
) -> None:
    link = OpcUaLink(endpoint, tags, timeout_s=2.0)
    await link.open()
    before = served.plc.applied[-1]
    refused = await link.write(
        {SUPPLY: before + 0.1, "control:heartbeat": 1, "control:mode": "RULES"}
    )
    assert refused == ()
    await asyncio.sleep(0.15)
    assert served.plc.applied[-1] == pytest.approx(before + 0.1)
    async with Client(endpoint) as other:
        index = await other.get_namespace_index(tags.namespace_uri)
        node = other.get_node(node_id(tags.set_points["main.supply_temp_c"].node, index))
        value = await node.read_data_value()
    assert value.SourceTimestamp is None
    await link.close()


async def test_a_refused_write_is_named_and_the_rest_goes_through(
    served: VirtualPlant, endpoint: str, tags: TagMap
) -> None:
    link = OpcUaLink(endpoint, tags, timeout_s=2.0)
    await link.open()
    refused = await link.write({SUPPLY: 1e6, "control:heartbeat": 9})
    await link.close()
    assert refused == (SUPPLY,)
    assert served.plc.unsafe_writes == 1
    assert served.plc._heartbeat == 9


async def test_nobody_at_the_endpoint_is_one_clear_error(endpoint: str, tags: TagMap) -> None:
    link = OpcUaLink(endpoint, tags, timeout_s=0.3)
    with pytest.raises(PlantUnreachableError) as caught:
        await link.open()
    assert caught.value.exit_code == 69
    message = str(caught.value)
    assert endpoint in message
    assert "0.3 s" in message
    assert "heatrouter plant" in message


async def test_a_listener_that_never_answers_is_unreachable(tags: TagMap) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        link = OpcUaLink(f"opc.tcp://127.0.0.1:{mute.getsockname()[1]}", tags, timeout_s=0.2)
        begin = time.monotonic()
        with pytest.raises(PlantUnreachableError):
            await link.open()
        assert time.monotonic() - begin < 3.0


async def test_missing_nodes_are_listed(served: VirtualPlant, endpoint: str, tags: TagMap) -> None:
    wrong = tags.model_copy(
        update={"measured": {**tags.measured, "tank.level": Tag(node="energy-web/tank/levle")}}
    )
    link = OpcUaLink(endpoint, wrong, timeout_s=2.0)
    with pytest.raises(ServiceConfigError, match="levle"):
        await link.open()
    assert not link.connected


async def test_another_namespace_is_unreachable(
    served: VirtualPlant, endpoint: str, tags: TagMap
) -> None:
    other = tags.model_copy(update={"namespace_uri": "urn:somebody:else"})
    with pytest.raises(PlantUnreachableError, match="urn:somebody:else"):
        await OpcUaLink(endpoint, other, timeout_s=2.0).open()


async def test_a_restarted_server_is_found_again(
    served: VirtualPlant, endpoint: str, tags: TagMap
) -> None:
    link = OpcUaLink(endpoint, tags, timeout_s=0.5)
    await link.open()
    await served.stop()
    with pytest.raises(LinkLostError):
        await link.read()
    with pytest.raises(LinkLostError, match="reconnecting"):
        await link.read()
    await served.start(PlantServer(endpoint, served.handle_write))
    begin = time.monotonic()
    while link.reconnects == 0:
        await asyncio.sleep(0.02)
        assert time.monotonic() - begin < 5.0
    snapshot = await link.read()
    assert np.isfinite(snapshot.values).all()
    await link.close()


async def test_a_frozen_server_is_noticed_within_the_timeout(
    endpoint: str, tags: TagMap, served: VirtualPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = OpcUaLink(endpoint, tags, timeout_s=0.3)
    await link.open()
    assert link._client is not None

    async def never(*_: object) -> list[DataValue]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(link._client.uaclient, "read_attributes", never)
    begin = time.monotonic()
    with pytest.raises(LinkLostError):
        await link.read()
    assert time.monotonic() - begin < 0.6
    while link.reconnects == 0:
        await asyncio.sleep(0.02)
        assert time.monotonic() - begin < 5.0
    await link.read()
    await link.close()
