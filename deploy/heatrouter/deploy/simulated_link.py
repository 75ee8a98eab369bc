"""The virtual plant inside the service's own process, without sockets: to rehearse on one machine.

One reading is one tick of the plant, however fast the service runs. This loads the simulator, and
with it numba, into the guard process; it is no way to run a plant.
"""

import asyncio
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from heatrouter.deploy.field_link import FieldValue, LinkLostError, Quality, Snapshot
from heatrouter.deploy.snapshot_builder import SnapshotBuilder
from heatrouter.envs.arrays import FloatArray

if TYPE_CHECKING:
    from heatrouter.deploy.config import ServiceSetup
    from heatrouter.deploy.plant import VirtualPlant
    from heatrouter.deploy.plant_face import PlantValue


class SimulatedLink:
    """A plant that lives from reading to reading.

    Args:
        setup: District, task and the settings of the scenario.
    """

    def __init__(self, setup: "ServiceSetup") -> None:
        self._setup = setup
        self._tags = setup.tags
        self._builder = SnapshotBuilder(setup.tags)
        self._values: dict[str, PlantValue] = {}
        self._plant: VirtualPlant | None = None
        self.connected, self.reconnects = False, 0

    async def open(self) -> None:
        """Compile the simulator, which may take minutes the first time.

        Raises:
            ConfigError: The scenario cannot be used, or the tick does not fit the simulator.
        """
        self._plant = await asyncio.to_thread(self._build)
        self.connected = True

    def _build(self) -> "VirtualPlant":
        from heatrouter.deploy.plant_building import plant_of

        config, simulated = self._setup.config, self._setup.config.simulated
        return plant_of(
            self._setup.district,
            self._setup.task,
            speed=config.speed,
            tick_s=config.tick_s,
            scenario=simulated.scenario,
            split=simulated.split,
            seed=simulated.seed,
            start_day=simulated.start_day,
            clock=self._plant_clock_s,
        )

    def _plant_clock_s(self) -> float:
        """Real seconds that the plant's ticks so far would have taken."""
        plant, config = self._plant, self._setup.config
        return 0.0 if plant is None else plant.ticks * config.tick_s / config.speed

    async def close(self) -> None:
        """Let go of the plant."""
        self._plant = None
        self.connected = False

    async def read(self) -> Snapshot:
        """Let the plant tick once and read every tag."""
        plant = self._open_plant()
        self._values |= plant.tick() if self._values else plant.begin()[0]
        raws = [self._number(tag.node) for tag in self._builder.scalars.values()]
        stamp = self._plant_clock_s()
        arrays: dict[str, FloatArray] = {
            name: np.asarray(self._values[tag.node], dtype=np.float64)
            for name, tag in self._tags.forecast.items()
        }
        n = len(raws)
        return self._builder.build(raws, [int(Quality.GOOD)] * n, [stamp] * n, arrays)

    def _number(self, node: str) -> float:
        value = self._values[node]
        return float(value) if isinstance(value, bool | int | float) else math.nan

    async def write(self, values: Mapping[str, FieldValue]) -> tuple[str, ...]:
        """Hand every value to the PLC; the names that it refuses."""
        plant, writable = self._open_plant(), self._tags.writable()
        refused = []
        for name, value in values.items():
            node = writable[name].node
            if plant.handle_write(node, value):
                self._values[node] = value
            else:
                refused.append(name)
        return tuple(refused)

    def _open_plant(self) -> "VirtualPlant":
        if self._plant is None:
            msg = "the simulated plant is not open"
            raise LinkLostError(msg)
        return self._plant
