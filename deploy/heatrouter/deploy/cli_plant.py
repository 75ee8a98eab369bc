"""``heatrouter plant``: the simulator as a virtual plant, to try the service on."""

import asyncio
import json
import logging
import os
import signal
import time
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer

from heatrouter.deploy.logs import configure_logging
from heatrouter.deploy.plant import Pace, VirtualPlant
from heatrouter.deploy.plant_server import check_loopback
from heatrouter.deploy.state_dir import remove_file, write_json
from heatrouter.deploy.tags import default_tags
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.forecast import Forecaster
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.loading import load_district, load_task

_log = logging.getLogger(__name__)

SECONDS_PER_DAY = 86_400


def build_plant(
    source: str,
    task_source: str,
    *,
    speed: float,
    tick_s: float,
    scenario: str = "generated",
    split: Literal["train", "validation", "test"] = "test",
    seed: int = 0,
    start_day: int = 0,
) -> VirtualPlant:
    """A virtual plant of a district on one generated or recorded year, compiled and warm.

    Args:
        source: District preset or file.
        task_source: Task preset or file: its forecasts are what the plant serves.
        speed: Plant seconds per real second.
        tick_s: Plant seconds between two readings; whole multiple of the task's ``sim_dt_s``.
        scenario: ``generated``, ``try`` or a scenario file.
        split: Which set the scenario belongs to.
        seed: Of the scenario and of what a start leaves open.
        start_day: Day of the year to start on, 0 is 1 January.

    Raises:
        ConfigError: District, task, scenario or tick cannot be used.
    """
    district, task = load_district(source), load_task(task_source)
    contract = build_contract(district, task)
    sub_steps = round(tick_s / task.sim_dt_s)
    if sub_steps < 1 or abs(sub_steps * task.sim_dt_s - tick_s) > 1e-9:
        msg = f"--tick-s {tick_s:g} is no whole multiple of the task's sim_dt_s {task.sim_dt_s:g}"
        raise ConfigError(msg)
    library = build_library(district, split, 1, seed=seed, scenario=scenario)
    forecaster = Forecaster(library, task.forecast)
    simulation = Simulation(district, library, num_envs=1, sim_dt_s=task.sim_dt_s)
    first = np.zeros(1, dtype=np.int64)
    start_s = np.array([start_day * SECONDS_PER_DAY], dtype=np.int64)
    simulation.reset(first, first, start_s, np.array([seed], dtype=np.int64))

    def forecasts(time_s: int) -> FloatArray:
        step = np.array([time_s // library.step_s], dtype=np.int64)
        windows: FloatArray = forecaster.windows_at(first, step)[0]
        return windows

    # Compiling may take a minute the first time, in which nobody shall be connected.
    saved = simulation.save_state()
    safe = {point.name: point.safe for point in contract.set_points}
    simulation.advance(np.array([[safe[name] for name in simulation.set_point_names]]), 1)
    simulation.restore_state(saved)
    return VirtualPlant(
        simulation,
        district,
        default_tags(contract),
        forecasts=forecasts,
        pace=Pace(speed, tick_s, sub_steps, library.step_s),
        clock=time.monotonic,
    )


async def serve_plant(
    plant: VirtualPlant, endpoint: str, duration_s: float | None, ready_file: Path | None
) -> None:
    """Serve until the time is over or a signal ends it."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await plant.start(endpoint)
    try:
        _log.info("virtual plant serves %s", endpoint)
        if ready_file is not None:
            write_json(ready_file, {"endpoint": endpoint, "pid": os.getpid()})
        await plant.run(duration_s, stop)
    finally:
        await plant.stop()
        if ready_file is not None:
            remove_file(ready_file)


def plant(
    district: Annotated[str, typer.Argument(metavar="PRESET|FILE", help="The district.")],
    *,
    opcua: Annotated[
        str, typer.Option(help="Endpoint to serve, on loopback.")
    ] = "opc.tcp://127.0.0.1:4840",
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
    """Serve the simulator as a virtual plant over OPC UA, on loopback and without security.

    Example: heatrouter plant energy-web --opcua opc.tcp://127.0.0.1:4840 --speed 60
    """
    configure_logging(json_lines=json_logs, verbose=verbose)
    if split not in {"train", "validation", "test"}:
        msg = f"{split!r} is not train, validation or test"
        raise typer.BadParameter(msg, param_hint="--split")
    check_loopback(opcua)
    virtual_plant = build_plant(
        district,
        task if task is not None else district,
        speed=speed,
        tick_s=tick_s,
        scenario=scenario,
        split=split,  # type: ignore[arg-type]  # checked above
        seed=seed,
        start_day=start_day,
    )
    asyncio.run(serve_plant(virtual_plant, opcua, duration_s, ready_file))
    result = virtual_plant.summary()
    if summary is not None:
        write_json(summary, result, durable=True)
    typer.echo(json.dumps(result))
