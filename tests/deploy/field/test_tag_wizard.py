"""The wizard against a real server whose tags are named by other people."""

from pathlib import Path

import pytest
from asyncua.server.server import Server
from asyncua.ua.uaprotocol_auto import EUInformation, Range
from asyncua.ua.uatypes import LocalizedText, SecurityPolicyType, VariantType

from heatrouter.deploy.plant import VirtualPlant
from heatrouter.deploy.tag_file import load_tags
from heatrouter.deploy.tags import TagMap
from heatrouter.envs.cli import main
from heatrouter.envs.contract import Contract

URI = "urn:works:scada"


async def stranger(endpoint: str) -> Server:
    """A server with folders, units and ranges, in another order and in German."""
    server = Server()
    await server.init()
    server.set_endpoint(endpoint)
    server.set_security_policy([SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(URI)
    root = await server.nodes.objects.add_folder(index, "Heizwerk")
    rows = (
        ("Main", "VorlaufTemperatur", 81.0, "°C", 0.0, 120.0, False),
        ("Main", "RuecklaufTemperatur", 51.0, "°C", 0.0, 120.0, False),
        ("Main", "Sollwert Vorlauf Temp", 82.0, "°C", 60.0, 99.0, True),
        ("Tank", "Fuellstand", 43.0, "%", -50.0, 150.0, False),
        ("Tank", "Temp_oben", 358.0, "K", 270.0, 390.0, False),
        ("Tank", "Druck", 2.1, "bar", 0.0, 6.0, False),
        ("Site", "Aussentemperatur", -3.0, "°C", -40.0, 60.0, False),
    )
    folders = {}
    for folder, name, value, unit, low, high, writable in rows:
        if folder not in folders:
            folders[folder] = await root.add_folder(index, folder)
        node = await folders[folder].add_variable(index, name, value, VariantType.Float)
        await node.add_property(0, "EURange", Range(low, high))
        await node.add_property(
            0, "EngineeringUnits", EUInformation(DisplayName=LocalizedText(unit))
        )
        if writable:
            await node.set_writable()
    await server.start()
    return server


async def test_a_stranger_is_matched_by_name_unit_and_range(
    endpoint: str, contract: Contract, tmp_path: Path
) -> None:
    from asyncua.client.client import Client

    from heatrouter.deploy.opcua_browse import browse
    from heatrouter.deploy.tag_wizard import mapping_text, propose

    server = await stranger(endpoint)
    async with Client(endpoint) as client:
        variables = await browse(client)
        elsewhere = await browse(client, "Nowhere")
    await server.stop()
    assert elsewhere == ()
    proposal = propose(contract, variables)
    found = {f"{m.group}.{m.name}": m.variable.path[-1] for m in proposal.matches}
    assert found["measured.main.supply_temp_c"] == "VorlaufTemperatur"
    assert found["measured.main.return_temp_c"] == "RuecklaufTemperatur"
    assert found["measured.tank.level"] == "Fuellstand"
    assert found["measured.tank.top_temp_c"] == "Temp_oben"
    assert found["set_points.main.supply_temp_c"] == "Sollwert Vorlauf Temp"
    assert "Druck" not in found.values(), "a pressure is nothing that this district asks for"
    path = tmp_path / "tags.yaml"
    path.write_text(mapping_text(proposal, contract, endpoint))
    tags = load_tags(path, contract)
    assert tags.namespace_uri == URI
    assert tags.measured["tank.level"].to_contract(43.0) == pytest.approx(0.43)
    assert tags.measured["tank.top_temp_c"].to_contract(353.15) == pytest.approx(80.0)
    assert tags.set_points["main.supply_temp_c"].data_type == "float"
    assert (tags.clock, tags.forecast, tags.forecast_issue) == ({}, {}, None)


async def test_the_virtual_plant_maps_onto_itself(
    served: VirtualPlant, endpoint: str, contract: Contract, tags: TagMap, tmp_path: Path
) -> None:
    from asyncua.client.client import Client

    from heatrouter.deploy.opcua_browse import browse
    from heatrouter.deploy.tag_wizard import mapping_text, propose

    async with Client(endpoint) as client:
        proposal = propose(contract, await browse(client))
    assert proposal.missing == ()
    path = tmp_path / "tags.yaml"
    path.write_text(mapping_text(proposal, contract, endpoint))
    assert load_tags(path, contract) == tags


def test_the_command_says_who_does_not_answer(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["tags", "wizard", "energy-web", "--endpoint", endpoint, "--timeout-s", "0.3"]
    assert main([*arguments, "--out", str(tmp_path / "tags.yaml")]) == 69
    assert endpoint in capsys.readouterr().err
    assert not (tmp_path / "tags.yaml").exists()


def test_show_and_certificates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tags", "show", "energy-web", "--protocol", "modbus"]) == 0
    assert "holding:" in capsys.readouterr().out
    folder = str(tmp_path / "certificates")
    assert main(["tags", "certificates", folder]) == 0
    assert main(["tags", "certificates", folder]) == 78
    assert "not replaced" in capsys.readouterr().err
