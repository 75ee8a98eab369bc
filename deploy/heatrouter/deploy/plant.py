"""The virtual plant: the simulator in real time, behind tags, with a PLC that guards itself.

Simulated time runs at ``speed`` times real time. Each tick advances the simulator under what the
PLC applies, then shows the outputs, the calendar, the tariffs and, as a forecast service would,
new forecasts with their issue time.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from heatrouter.deploy.plant_face import PlantFace, PlantValue
from heatrouter.deploy.plc import HEARTBEATS_MISSED, Plc, PlcState, plc_points
from heatrouter.deploy.tags import MODE_NAMES, TagMap
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.spec.district import District

_log = logging.getLogger(__name__)

LEAST_TIMEOUT_REAL_S = 0.5
"""However fast the plant runs: a machine's scheduler may keep a live service waiting so long."""

JITTER_REAL_S = 0.1
"""Real seconds by which a write may come early or late between two processes."""


class PlantModel(Protocol):
    """What the virtual plant needs of the simulator (``envs.simulation.Simulation``)."""

    columns: dict[str, int]
    set_point_names: tuple[str, ...]

    @property
    def time_s(self) -> IntArray:
        """Seconds since the scenario's step 0, shape ``(1,)``."""
        ...

    def advance(self, set_points: FloatArray, sub_steps: int) -> FloatArray:
        """Advance all environments; outputs of shape ``(1, n_columns)``."""
        ...


ForecastService = Callable[[int], FloatArray]
"""Forecasts issued at a plant time (s), shape ``(n_series, n_windows)``."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How simulated time passes.

    Attributes:
        speed: Plant seconds per real second.
        tick_s: Plant seconds between two readings.
        sub_steps: Simulator steps in a tick.
        issue_every_s: Plant seconds between two forecasts.
    """

    speed: float
    tick_s: float
    sub_steps: int
    issue_every_s: int = 900


class VirtualPlant:
    """One simulated plant behind one or more protocols.

    Args:
        model: The simulator, one environment, already reset.
        district: What it simulates.
        tags: Where the values are shown.
        forecasts: The forecast service; series in the order of ``tags.forecast``.
        pace: Speed and ticks.
        clock: Monotonic real time, s.
    """

    def __init__(
        self,
        model: PlantModel,
        district: District,
        tags: TagMap,
        *,
        forecasts: ForecastService,
        pace: Pace,
        clock: Callable[[], float],
    ) -> None:
        self._model = model
        self._district = district
        self._tags = tags
        self._forecasts = forecasts
        self._pace = pace
        self._clock = clock
        self._begin = clock()
        self.ticks = 0
        self.overruns = 0
        points = plc_points(district, model.set_point_names)
        heartbeat_s = max(pace.tick_s, LEAST_TIMEOUT_REAL_S / HEARTBEATS_MISSED * pace.speed)
        self.plc = Plc(
            points,
            design_temp_c=district.site.design_temp_c,
            heartbeat_timeout_s=HEARTBEATS_MISSED * heartbeat_s,
            jitter_s=pace.tick_s + JITTER_REAL_S * pace.speed,
        )
        self._set_point_of = {tag.node: name for name, tag in tags.set_points.items()}
        self._control_of = {tag.node: name for name, tag in tags.control.items()}
        self._outputs: FloatArray = np.zeros((1, len(model.columns)))
        self._faces: tuple[PlantFace, ...] = ()
        # With several faces, each shows what came in by the others.
        self._taken: dict[str, PlantValue] = {}
        self.refused: set[str] = set()

    @property
    def columns(self) -> Mapping[str, int]:
        """Name to position in the simulator's outputs."""
        return self._model.columns

    @property
    def outputs(self) -> FloatArray:
        """The simulator's outputs of the last tick, shape ``(1, n_columns)``."""
        return self._outputs

    @property
    def now_s(self) -> float:
        """The PLC's clock: plant seconds since the start, between ticks, too."""
        return (self._clock() - self._begin) * self._pace.speed

    async def start(self, *faces: PlantFace) -> None:
        """Advance one tick, so that every tag has a value, then serve."""
        first, writable = self.begin()
        for face in faces:
            await face.start(first, writable, self._district.name)
            self._faces += (face,)

    def begin(self) -> tuple[dict[str, PlantValue], frozenset[str]]:
        """Advance one tick; the first value of every tag, and which of them may be written."""
        self.advance()
        issued = int(self._model.time_s[0])
        values = self._values() | self._forecast_values(issued)
        for name, tag in self._tags.set_points.items():
            values[tag.node] = float(self.plc.applied[self._model.set_point_names.index(name)])
        control = self._tags.control
        first: dict[str, PlantValue] = {"heartbeat": 0, "mode": "OFF"}
        values |= {control[n].node: v for n, v in first.items()}
        values |= {control["enable"].node: True, control["override"].node: False}
        writable = {tag.node for tag in self._tags.set_points.values()}
        writable |= {control[n].node for n in ("heartbeat", "mode", "enable", "override")}
        return values, frozenset(writable)

    async def run(self, duration_s: float | None, stop: asyncio.Event) -> None:
        """Tick until stopped, or until so many plant seconds have passed."""
        real_tick_s = self._pace.tick_s / self._pace.speed
        self._begin = self._clock()
        first = self.ticks
        while not stop.is_set():
            done = self.ticks - first
            if duration_s is not None and done * self._pace.tick_s >= duration_s:
                return
            wait_s = self._begin + (done + 1) * real_tick_s - self._clock()
            if wait_s < 0.0:
                # Simulated time is never skipped: a slow machine makes the plant late, not wrong.
                self.overruns += 1
            with contextlib.suppress(TimeoutError):
                # Also where there is nothing to wait for: the server needs its turn.
                await asyncio.wait_for(stop.wait(), max(wait_s, 0.0))
            values = self.tick()
            if len(self._faces) > 1:
                values |= self._taken
                self._taken = {}
            for face in self._faces:
                await face.publish(values)

    def tick(self) -> dict[str, PlantValue]:
        """Advance one tick; the tags that have a new value."""
        self.advance()
        values = self._values()
        time_s = int(self._model.time_s[0])
        if time_s % self._pace.issue_every_s < self._pace.tick_s:
            values |= self._forecast_values(time_s)
        return values

    async def stop(self) -> None:
        """Stop serving."""
        for face in self._faces:
            await face.stop()
        self._faces = ()

    def handle_write(self, identifier: str, value: object) -> bool:
        """Take a client's write to a writable tag; false refuses it.

        Those in ``refused`` are refused whatever they are, as a device does that is locked.
        """
        if identifier in self.refused:
            return False
        name = self._set_point_of.get(identifier)
        if name is not None:
            number = float(value) if isinstance(value, int | float) else float("nan")
            accepted = self.plc.receive_set_point(name, number, self.now_s)
            if accepted:
                self._taken[identifier] = number
            else:
                _log.error("unsafe write refused: %s", self.plc.unsafe_log[-1])
            return accepted
        match self._control_of.get(identifier), value:
            case "heartbeat", int(counter):
                self.plc.receive_heartbeat(counter, self.now_s)
            case "mode", str(mode):
                self.plc.receive_mode(mode)
            case "mode", int(code) if code in MODE_NAMES:
                self.plc.receive_mode(MODE_NAMES[code])
            case "enable", int(flag):
                self.plc.enabled = bool(flag)
            case "override", int(flag):
                self.plc.override = bool(flag)
            case _:
                return False
        return True

    async def switch(self, name: str, *, on: bool) -> None:
        """Turn one of the operator's switches, ``enable`` or ``override``."""
        node = self._tags.control[name].node
        self.handle_write(node, on)
        for face in self._faces:
            await face.publish({node: on})

    def summary(self) -> Mapping[str, object]:
        """What the plant saw of the service."""
        return {
            "district": self._district.name,
            "ticks": self.ticks,
            "overruns": self.overruns,
            "time_s": int(self._model.time_s[0]),
            **self.plc.summary(),
        }

    def advance(self) -> None:
        """Simulate one tick under what the PLC applies."""
        ambient = self._model.columns["site.ambient_temp_c"]
        before = self.plc.state
        warm = float(self._outputs[0, ambient]) if self.ticks else 0.0
        applied = self.plc.step(self.now_s, self._pace.tick_s, warm)
        if self.plc.state is not before:
            _log.info("control of the plant: %s", self.plc.state)
        self._outputs = self._model.advance(applied[np.newaxis], self._pace.sub_steps)
        self.ticks += 1

    def _values(self) -> dict[str, PlantValue]:
        row, columns = self._outputs[0], self._model.columns
        values: dict[str, PlantValue] = {}
        for group in (self._tags.measured, self._tags.tariff):
            values |= {tag.node: float(row[columns[name]]) for name, tag in group.items()}
        for name, tag in self._tags.clock.items():
            known = f"site.{name}" in columns
            value = row[columns[f"site.{name}"]] if known else self._model.time_s[0]
            values[tag.node] = float(value)
        for name, tag in self._tags.applied.items():
            values[tag.node] = float(self.plc.applied[self._model.set_point_names.index(name)])
        values[self._tags.control["status"].node] = str(self.plc.state)
        values[self._tags.control["external"].node] = self.plc.state is PlcState.EXTERNAL
        values[self._tags.control["unsafe_writes"].node] = self.plc.unsafe_writes
        return values

    def _forecast_values(self, time_s: int) -> dict[str, PlantValue]:
        windows = self._forecasts(time_s)
        values: dict[str, PlantValue] = {
            tag.node: windows[i] for i, tag in enumerate(self._tags.forecast.values())
        }
        if self._tags.forecast_issue is not None:
            values[self._tags.forecast_issue.node] = float(time_s)
        return values
