"""The simulated plant in this process, on a turned clock, with a switch for every fault of a field.

The plant ticks on its own clock between the service's readings, catches up where it was late, and
sees each write at the moment at which it arrives.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from heatrouter.deploy.config import ServiceSetup
from heatrouter.deploy.faults.write_checker import WriteChecker
from heatrouter.deploy.field_link import FieldValue, LinkLostError, Quality, Snapshot
from heatrouter.deploy.in_memory import TurnedClock
from heatrouter.deploy.plant import VirtualPlant
from heatrouter.deploy.plant_face import PlantValue
from heatrouter.deploy.plc import PlcState
from heatrouter.deploy.snapshot_builder import SnapshotBuilder
from heatrouter.envs.arrays import FloatArray

Twist = Callable[[float], float]
"""From the value of a tag to what a faulty sensor shows."""

SOURCE_EPOCH_S = 1_700_000_000.0
"""The source's calendar: far from both clocks, as a real one is."""


def undelayed() -> float:
    """The way of a request through a network without faults, s."""
    return 0.0


class VirtualLink:
    """A field link with faults.

    Args:
        setup: District, tags, ticks.
        plant: The plant; its clock is ``clock``.
        clock: Real seconds, turned by hand; requests that take time turn it.
        checker: Looks at each write.

    Attributes:
        twists: What sensors show instead of the truth, by name of the tag.
        quality: What the source says of tags, where that is not good.
        stamps_frozen: The source stamps nothing anew.
        source_shift_s: By how much the source's clock was set.
        lost: Whether the plant answers nothing.
        refuse: Names of writes that the plant refuses.
        foreign: What another writer puts into our tags, by name of the set-point.
        delay_s: Called for each way of a request, real seconds.
        timeout_s: After so long a request is given up; zero breaks at once.
        write_times: When batches with set-points arrived, real seconds.
    """

    def __init__(
        self, setup: ServiceSetup, plant: VirtualPlant, clock: TurnedClock, checker: WriteChecker
    ) -> None:
        self._setup = setup
        self._clock = clock
        self._builder = SnapshotBuilder(setup.tags)
        self._nodes = {name: tag.node for name, tag in self._builder.scalars.items()}
        self._checker = checker
        self.plant = plant
        self._values: dict[str, PlantValue] = dict(plant.begin()[0])
        self._stamp_s = clock()
        self._names = tuple(setup.tags.set_points)
        self.connected, self.reconnects = True, 0
        self.twists: dict[str, Twist] = {}
        self.quality: dict[str, Quality] = {}
        self.stamps_frozen = False
        self.source_shift_s = 0.0
        self.lost = False
        self.refuse: frozenset[str] = frozenset()
        self.foreign: dict[str, float] = {}
        self.delay_s: Callable[[], float] = undelayed
        self.timeout_s = 0.0
        self.write_times: list[float] = []

    async def open(self) -> None:
        """There is nothing to connect to."""

    async def close(self) -> None:
        """There is nothing to disconnect from."""

    def catch_up(self) -> None:
        """Let the plant tick as often as its clock says."""
        tick_s = self._setup.config.tick_s
        while self.plant.now_s >= self.plant.ticks * tick_s:
            self._values |= self.plant.tick()
            if not self.stamps_frozen:
                self._stamp_s = self._clock()

    def shown(self, name: str) -> float:
        """What a tag shows, by its name in the contract; raw."""
        value = self._values[self._nodes[name]]
        number = float(value) if isinstance(value, bool | int | float) else math.nan
        if name.startswith("set_point:"):
            number = self.foreign.get(name.partition(":")[2], number)
        twist = self.twists.get(name)
        return number if twist is None else twist(number)

    def operate(self, name: str, value: bool) -> None:  # a switch of the plant
        """Turn one of the operator's switches: ``enable`` or ``override``."""
        node = self._setup.tags.control[name].node
        self.plant.handle_write(node, int(value))
        self._values[node] = value

    async def read(self) -> Snapshot:
        """Show everything, after the way there; it is the moment of the plant that counts."""
        self._travel()
        raws = [self.shown(name) for name in self._nodes]
        quality = [int(self.quality.get(name, Quality.GOOD)) for name in self._nodes]
        stamp = SOURCE_EPOCH_S + self._stamp_s + self.source_shift_s
        arrays: dict[str, FloatArray] = {
            name: np.asarray(self._values[tag.node], dtype=np.float64)
            for name, tag in self._setup.tags.forecast.items()
        }
        snapshot = self._builder.build(raws, quality, [stamp] * len(raws), arrays)
        self._travel()
        return snapshot

    async def write(self, values: Mapping[str, FieldValue]) -> tuple[str, ...]:
        """Hand every value to the PLC at the moment of arrival."""
        self._travel()
        writable = self._setup.tags.writable()
        external = self.plant.plc.state is PlcState.EXTERNAL
        names = self.plant.plc.points
        applied = {p.name: float(v) for p, v in zip(names, self.plant.plc.applied, strict=True)}
        refused = []
        for name, value in values.items():
            if name in self.refuse:
                refused.append(name)
                continue
            node = writable[name].node
            group, _, rest = name.partition(":")
            if group == "set_point":
                number = float(value)
                self._checker.look(rest, number, self.plant.now_s, {} if external else applied)
            if self.plant.handle_write(node, value):
                self._values[node] = value
            else:
                refused.append(name)
        if any(name.startswith("set_point:") for name in values):
            self.write_times.append(self._clock())
        self._travel()
        return tuple(refused)

    def _travel(self) -> None:
        """One way of a request."""
        if self.lost:
            self._clock.now_s += self.timeout_s
            self.catch_up()
            msg = "the plant does not answer"
            raise LinkLostError(msg)
        self._clock.now_s += self.delay_s()
        self.catch_up()
