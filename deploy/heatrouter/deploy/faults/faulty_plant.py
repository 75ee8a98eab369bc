"""The virtual plant as a process that does what it is told: bad tags, refused writes, other clocks.

``python -m heatrouter.deploy.faults.faulty_plant --endpoint opc.tcp://127.0.0.1:4840`` serves it
and takes orders from its standard input, one JSON object a line, each answered by one on its
output:

    {"do": "fault", "node": "...", "kind": "bad"}     until it is cleared; kinds in FaultyServer
    {"do": "clear"}                                   everything
    {"do": "refuse", "node": "..."}                   writes to a tag
    {"do": "shift_clock", "value": 3600.0}            of the source's time stamps, s
    {"do": "override" | "enable", "value": true}      the operator's switches
    {"do": "look"}                                    nothing
"""

import argparse
import asyncio
import json
import math
import signal
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from asyncua.ua.status_codes import StatusCodes

from heatrouter.deploy.opcua_security import DEFAULT_USER, ServerSecurity, load_server_security
from heatrouter.deploy.opcua_values import bad_value, data_value, status
from heatrouter.deploy.plant import VirtualPlant
from heatrouter.deploy.plant_building import build_plant
from heatrouter.deploy.plant_face import PlantValue, WriteHandler
from heatrouter.deploy.plant_server import PlantServer, plain_value

PRESET = "energy-web"


class FaultyServer(PlantServer):
    """An OPC UA server whose tags can be made to lie.

    Kinds of faults: ``bad`` and ``uncertain`` quality; ``none``, no data;
    ``nan``, ``inf``; ``value``, another one; ``offset`` and ``scale``, of what is true; ``stuck``,
    the value at that moment with fresh time stamps; ``stale``, the same with old ones. The first
    two samples of ``spike`` are another value, then it is over.
    """

    def __init__(
        self, endpoint: str, on_write: WriteHandler, security: ServerSecurity | None = None
    ) -> None:
        super().__init__(endpoint, on_write, security)
        self.faults: dict[str, tuple[str, float]] = {}
        self.shift_s = 0.0
        self._shown: dict[str, PlantValue] = {}
        self._stamps: dict[str, datetime] = {}

    async def publish(self, values: Mapping[str, PlantValue]) -> None:
        """Show new values, or what the faults make of them."""
        self._shown |= {n: v for n, v in values.items() if self._kind(n) not in {"stuck", "stale"}}
        await super().publish({n: v for n, v in values.items() if n not in self.faults})
        for identifier in values.keys() & self.faults.keys():
            await self._show(identifier)

    def stamp(self) -> datetime:
        """Now, on the source's clock."""
        return datetime.now(UTC) + timedelta(seconds=self.shift_s)

    async def begin(self, identifier: str, kind: str, value: float) -> None:
        """Begin a fault, seen at once."""
        self._stamps[identifier] = self.stamp()
        self.faults[identifier] = (kind, value)
        await self._show(identifier)

    async def clear(self) -> None:
        """Everything is shown as it is."""
        shown = {name: self._shown[name] for name in self.faults}
        self.faults.clear()
        self.shift_s = 0.0
        await super().publish(shown)

    def _kind(self, identifier: str) -> str:
        return self.faults.get(identifier, ("", 0.0))[0]

    async def _show(self, identifier: str) -> None:
        kind, value = self.faults[identifier]
        true = self._shown[identifier]
        stamp = self._stamps[identifier] if kind == "stale" else self.stamp()
        made = data_value(plain_value(true), self.variant_of(identifier), stamp=stamp)
        number = float(true) if isinstance(true, int | float) else math.nan
        numbers = {
            "nan": math.nan,
            "inf": math.inf,
            "value": value,
            "spike": value,
            "offset": number + value,
            "scale": number * value,
        }
        if kind == "bad":
            made = bad_value(StatusCodes.BadSensorFailure, stamp)
        elif kind == "none":
            made = bad_value(StatusCodes.BadNoData, stamp)
        elif kind == "uncertain":
            made.StatusCode = status(StatusCodes.UncertainLastUsableValue)
        elif kind in numbers:
            made = data_value(numbers[kind], self.variant_of(identifier), stamp=stamp)
        await self.show(identifier, made)


class Orders:
    """Takes orders and says what the plant sees.

    Args:
        plant: The plant.
        server: What shows it.
    """

    def __init__(self, plant: VirtualPlant, server: FaultyServer) -> None:
        self._plant = plant
        self._server = server

    async def obey(self, order: Mapping[str, object]) -> dict[str, object]:
        """Carry one out."""
        node, value = str(order.get("node", "")), order.get("value", 0.0)
        number = float(value) if isinstance(value, int | float) else math.nan
        match order["do"]:
            case "fault":
                await self._server.begin(node, str(order["kind"]), number)
            case "clear":
                await self._server.clear()
                self._plant.refused.clear()
            case "refuse":
                self._plant.refused.add(node)
            case "shift_clock":
                self._server.shift_s = number
            case "override" | "enable" as switch:
                await self._plant.switch(switch, on=bool(value))
        return self.state()

    def state(self) -> dict[str, object]:
        """What the plant sees of the service; ``at`` is POSIX time, s."""
        plc = self._plant.plc
        return {
            **self._plant.summary(),
            "at": time.time(),
            "plant_s": self._plant.now_s,
            "heartbeat_timeout_s": plc.heartbeat_timeout_s,
            "applied": {p.name: float(v) for p, v in zip(plc.points, plc.applied, strict=True)},
        }


async def serve(options: argparse.Namespace) -> None:
    """Serve until the input ends or a signal comes."""
    plant = build_plant(
        PRESET,
        PRESET,
        speed=options.speed,
        tick_s=options.tick_s,
        scenario="generated",
        split="test",
        seed=options.seed,
        start_day=options.start_day,
    )
    folder = options.certificates
    security = None if folder is None else load_server_security(folder, DEFAULT_USER)
    server = FaultyServer(options.endpoint, plant.handle_write, security)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await plant.start(server)
    orders = Orders(plant, server)
    running = loop.create_task(plant.run(None, stop))
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _say({"ready": True, **orders.state()})
    reading = loop.create_task(_take_orders(reader, orders))
    await asyncio.wait({running, reading}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await running
    reading.cancel()
    await plant.stop()


async def _take_orders(reader: asyncio.StreamReader, orders: Orders) -> None:
    while line := await reader.readline():
        _say(await orders.obey(json.loads(line)))


def _say(content: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(content, default=np.ndarray.tolist) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--tick-s", type=float, default=60.0)
    parser.add_argument("--start-day", type=int, default=14)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--certificates", type=Path, help="as of `heatrouter tags certificates`")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
