"""``heatrouter plant``: the simulator as a virtual plant, to try the service on."""

import asyncio
import json
import logging
import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from heatrouter.deploy.logs import configure_logging
from heatrouter.deploy.modbus_registers import default_modbus_tags
from heatrouter.deploy.modbus_server import ModbusServer
from heatrouter.deploy.opcua_security import DEFAULT_USER, ServerSecurity, load_server_security
from heatrouter.deploy.plant import VirtualPlant
from heatrouter.deploy.plant_building import build_plant
from heatrouter.deploy.plant_face import PlantFace
from heatrouter.deploy.plant_server import PlantServer, check_loopback
from heatrouter.deploy.state_dir import remove_file, write_json
from heatrouter.deploy.tags import default_tags
from heatrouter.envs.contract import Contract
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task

_log = logging.getLogger(__name__)

DEFAULT_ENDPOINT = "opc.tcp://127.0.0.1:4840"


def make_faces(
    plant: VirtualPlant,
    contract: Contract,
    *,
    opcua: str | None,
    modbus: str | None,
    security: ServerSecurity | None,
) -> tuple[PlantFace, ...]:
    """The protocols that the plant is to be served by; OPC UA unless another one is named."""
    faces: list[PlantFace] = []
    if opcua is not None:
        faces.append(PlantServer(opcua, plant.handle_write, security))
    if modbus is not None:
        faces.append(
            ModbusServer(
                modbus, plant.handle_write, default_tags(contract), default_modbus_tags(contract)
            )
        )
    return tuple(faces)


async def serve_plant(
    plant: VirtualPlant,
    faces: tuple[PlantFace, ...],
    duration_s: float | None,
    ready_file: Path | None,
) -> None:
    """Serve until the time is over or a signal ends it."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await plant.start(*faces)
        endpoints = [face.endpoint for face in faces]
        _log.info("virtual plant serves %s", ", ".join(endpoints))
        if ready_file is not None:
            ready = {"endpoint": endpoints[0], "endpoints": endpoints, "pid": os.getpid()}
            write_json(ready_file, ready)
        await plant.run(duration_s, stop)
    finally:
        await plant.stop()
        if ready_file is not None:
            remove_file(ready_file)


def plant(
    district: Annotated[str, typer.Argument(metavar="PRESET|FILE", help="The district.")],
    *,
    opcua: Annotated[
        str | None,
        typer.Option(help=f"OPC UA endpoint to serve; default: {DEFAULT_ENDPOINT}."),
    ] = None,
    modbus: Annotated[
        str | None, typer.Option(help="Modbus TCP endpoint, such as modbus://127.0.0.1:5020.")
    ] = None,
    certificates: Annotated[
        Path | None,
        typer.Option(help="Folder of `heatrouter tags certificates`: OPC UA only encrypted."),
    ] = None,
    user: Annotated[str, typer.Option(help="The one user, with --certificates.")] = DEFAULT_USER,
    speed: Annotated[
        float, typer.Option(min=1e-3, max=1e5, help="Plant seconds per real second.")
    ] = 1.0,
    tick_s: Annotated[
        float, typer.Option(min=1.0, max=900.0, help="Plant seconds between two readings.")
    ] = 60.0,
    task: Annotated[
        str | None, typer.Option(help="Task whose forecasts are served; default: the preset's.")
    ] = None,
    scenario: Annotated[
        str, typer.Option(help="generated, try, or a scenario file.")
    ] = "generated",
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    seed: Annotated[int, typer.Option(min=0, help="Of the scenario and of the start.")] = 0,
    start_day: Annotated[
        int, typer.Option(min=0, max=364, help="Day of the year to start on; 0 is 1 January.")
    ] = 14,
    duration_s: Annotated[
        float | None, typer.Option(min=1.0, help="Plant seconds to run; default: until stopped.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Written once the plant can be connected to.")
    ] = None,
    summary: Annotated[
        Path | None, typer.Option(help="JSON written at the end: what the plant saw.")
    ] = None,
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Log JSON lines.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log more.")] = False,
) -> None:
    """Serve the simulator as a virtual plant, on loopback unless it is secured.

    Example: heatrouter plant energy-web --opcua opc.tcp://127.0.0.1:4840 --speed 60
    """
    configure_logging(json_lines=json_logs, verbose=verbose)
    if split not in {"train", "validation", "test"}:
        msg = f"{split!r} is not train, validation or test"
        raise typer.BadParameter(msg, param_hint="--split")
    if opcua is None and modbus is None:
        opcua = DEFAULT_ENDPOINT
    security = None if certificates is None else load_server_security(certificates, user)
    if opcua is not None:
        check_loopback(opcua, secured=security is not None)
    task = task if task is not None else district
    contract = build_contract(load_district(district), load_task(task))
    _log.info("virtual plant of %s prepares; the first time, the simulator is compiled", district)
    virtual_plant = build_plant(
        district,
        task,
        speed=speed,
        tick_s=tick_s,
        scenario=scenario,
        split=split,  # type: ignore[arg-type]  # checked above
        seed=seed,
        start_day=start_day,
    )
    faces = make_faces(virtual_plant, contract, opcua=opcua, modbus=modbus, security=security)
    asyncio.run(serve_plant(virtual_plant, faces, duration_s, ready_file))
    result = virtual_plant.summary()
    if summary is not None:
        write_json(summary, result, durable=True)
    typer.echo(json.dumps(result))
