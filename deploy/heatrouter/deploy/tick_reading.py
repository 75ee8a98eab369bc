"""From a snapshot of tags to the arrays of the control cycle, in the contract's order."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from heatrouter.deploy.field_link import Quality, Snapshot
from heatrouter.deploy.tags import TagMap, origins
from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.observe import Clock
from heatrouter.envs.observe.selection import fixed_tariffs
from heatrouter.envs.spec.task import Task

# Comparing an array with a member of an enumeration takes longer than with its number.
_GOOD = int(Quality.GOOD)


@dataclass(frozen=True, slots=True)
class TickReading:
    """One reading of the plant; nothing is judged or replaced yet.

    Attributes:
        inputs: Measured channels, then tariffs that come from tags; shape ``(n_inputs,)``, NaN
            where the source gave none.
        quality: :class:`Quality` of each input.
        source_time_s: POSIX time at which the source stamped each input; NaN without a stamp.
        clock: Local hour, weekday and day of the year, shape ``(3,)``; NaN where not good.
        plant_time_s: The plant's own time; NaN where not good.
        arrays: Forecast windows by series, as the plant has them.
        forecast: Windows in use, shape ``(n_series, n_windows)``; None while there are none.
        forecast_issue_s: Plant time of issue; NaN where not good.
        set_points: What stands in the tags we write, shape ``(n_set_points,)``; NaN where bad.
        applied: What the plant applies, same shape; NaN where bad.
        enable: The plant permits external set-points; a bad tag permits nothing.
        override: The plant's operator has taken control; None where the tag is bad.
        external: The plant applies the service's set-points.
    """

    inputs: FloatArray
    quality: "np.ndarray[tuple[int], np.dtype[np.int8]]"
    source_time_s: FloatArray
    clock: FloatArray
    plant_time_s: float
    arrays: Mapping[str, FloatArray]
    forecast: FloatArray | None
    forecast_issue_s: float
    set_points: FloatArray
    applied: FloatArray
    enable: bool
    override: bool | None
    external: bool


class ReadingLayout:
    """Where in a snapshot everything is.

    Args:
        contract: The contract.
        task: Its task; a CO2 price that it fixes needs no tag.
        tags: The tag map that the snapshots follow.
    """

    def __init__(self, contract: Contract, task: Task, tags: TagMap) -> None:
        self._names = names = tags.names()
        position = {name: i for i, name in enumerate(names)}
        self.measured_names = tuple(
            c.origin for c in contract.observation if c.source == "measured"
        )
        self.tariff_names = origins(contract, "tariff")
        self.input_names = self.measured_names + self.tariff_names
        tariffs = (f"tariff:{name}" for name in self.tariff_names)
        self._inputs = _positions(position, "", (*self.measured_names, *tariffs))
        self.set_point_names = tuple(s.name for s in contract.set_points)
        self._set_points = _positions(position, "set_point:", self.set_point_names)
        self._applied = _positions(position, "applied:", self.set_point_names)
        self._clock = _positions(position, "clock:", ("local_hour", "weekday", "day_of_year"))
        self._time = position["clock:time_s"]
        self._issue = position["forecast_issue"]
        self._flags = {n: position[f"control:{n}"] for n in ("enable", "override", "external")}
        self._series = origins(contract, "forecast")
        self._n_windows = sum(c.source == "forecast" for c in contract.observation) // max(
            len(self._series), 1
        )
        self._fixed_tariffs = fixed_tariffs(contract, task)
        self.n_measured = len(self.measured_names)

    def read(self, snapshot: Snapshot) -> TickReading:
        """Sort a snapshot into its groups."""
        if snapshot.names is not self._names:
            assert snapshot.names == self._names, "the snapshot follows another tag map"
            # A link gives the same tuple each time: compared name by name once.
            self._names = snapshot.names
        good = np.where(snapshot.quality == _GOOD, snapshot.values, np.nan)
        flags = {name: float(good[at]) for name, at in self._flags.items()}
        override = None if np.isnan(flags["override"]) else flags["override"] > 0.5
        return TickReading(
            inputs=snapshot.values[self._inputs],
            quality=snapshot.quality[self._inputs],
            source_time_s=snapshot.source_time_s[self._inputs],
            clock=good[self._clock],
            plant_time_s=float(good[self._time]),
            arrays=snapshot.arrays,
            forecast=None,
            forecast_issue_s=float(good[self._issue]),
            set_points=good[self._set_points],
            applied=good[self._applied],
            enable=flags["enable"] > 0.5,
            override=override,
            external=flags["external"] > 0.5,
        )

    def tariffs(self, inputs: FloatArray) -> FloatArray:
        """All tariff channels, with what the task fixes in its place; shape ``(n_tariff,)``."""
        tariffs = self._fixed_tariffs.copy()
        tariffs[np.isnan(tariffs)] = inputs[self.n_measured :]
        return tariffs

    @property
    def forecast_shape(self) -> tuple[int, int]:
        """Series and windows."""
        return len(self._series), self._n_windows


class StepMeans:
    """Means over the ticks since the last decision, as the simulator means its outputs.

    Args:
        instant: Inputs of which the last value counts instead, shape ``(n_inputs,)``.
    """

    def __init__(self, instant: BoolArray) -> None:
        self._instant = instant
        self._sum = np.zeros(instant.shape)
        self._count: IntArray = np.zeros(instant.shape, dtype=np.int64)
        self._last = np.zeros(instant.shape)

    def add(self, values: FloatArray, valid: BoolArray) -> None:
        """Take one tick's values; invalid ones stand in only where there is nothing better."""
        self._last = values.copy()
        self._sum += np.where(valid, values, 0.0)
        self._count += valid

    def take(self) -> FloatArray:
        """The means, and begin anew."""
        means = np.where(
            self._instant | (self._count == 0),
            self._last,
            self._sum / np.maximum(self._count, 1),
        )
        self._sum[:] = 0.0
        self._count[:] = 0
        return means

    def save_state(self) -> dict[str, np.ndarray]:
        """Everything that later means depend on, as fresh arrays."""
        return {"sum": self._sum.copy(), "count": self._count.copy(), "last": self._last.copy()}

    def restore_state(self, saved: Mapping[str, np.ndarray]) -> None:
        """Go back to a saved state, exactly."""
        self._sum[:] = saved["sum"]
        self._count[:] = saved["count"]
        self._last = saved["last"].copy()


def clock_of(values: FloatArray) -> Clock:
    """The calendar as the observation builder takes it."""
    return Clock(values[0:1], values[1:2], values[2:3])


def _positions(position: dict[str, int], prefix: str, names: tuple[str, ...]) -> IntArray:
    return np.array([position[prefix + name] for name in names], dtype=np.int64)
