"""The live twin: the simulator beside the plant, on what is measured and applied.

Each control step it lives through what the plant lived through: measured weather and prices,
set-points in force. Then it is corrected where that is simple: temperatures of stores, rooms and
greenhouses become the measured ones, and the production of factories is scaled by measured over
simulated heat. What is measured of the weather, and these productions, are expected to stay.

This module loads the simulator; only :mod:`.twin_worker` imports it, in a process of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from heatrouter.deploy.history_reading import HistoryRow
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.observe import build_contract
from heatrouter.envs.runs.prepared_run import PreparedRun, one_scenario, save_run
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.simulation.tables import CX_TEMP, SX_TEMP
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Store
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

CHUNK_S: Final = 300.0
"""Least and greatest values are of means over so long: shorter peaks pass unseen."""

MOST_SCALING: Final = 4.0
"""Of a production in one step: a sensor's nonsense is not believed at once."""

LEAST_SHARE: Final = 0.02
"""Simulated heat below this share of the measured one says nothing about the ratio."""

_PRODUCED: Final = ("available_kw", "heat_kw", "cooling_kw")


class Outlook(NamedTuple):
    """What the twin expects while a proposal is in force.

    Attributes:
        horizon_s: How far it reaches, s.
        lowest: Least value of each limited channel, shape ``(n_predicted,)``.
        highest: Greatest, same shape.
    """

    horizon_s: float
    lowest: FloatArray
    highest: FloatArray


@dataclass(frozen=True, slots=True)
class Measured:
    """One control step of the plant.

    Attributes:
        values: Means over the step, or last values, by name; what is not known is left out.
        applied: Set-points in force, shape ``(n_set_points,)``.
    """

    values: Mapping[str, float]
    applied: FloatArray


class LiveTwin:
    """The twin of one plant.

    Args:
        district: The district.
        task: Clocks and observation.
        look_ahead_s: How far a prediction reaches, s.

    Raises:
        ConfigError: District or task cannot be simulated.
    """

    def __init__(self, district: District, task: Task, *, look_ahead_s: float) -> None:
        # Events are for training: what goes wrong with this plant is measured.
        task = task.model_copy(
            update={"parametrisation": "absolute", "events": (), "event_rates": None}
        )
        self.task = task
        self.steps = 0
        library = one_scenario(district, task)
        self._values = library.values.copy()
        self._library = ScenarioLibrary(
            names=library.names,
            split=library.split,
            series=library.series,
            step_s=library.step_s,
            start_utc=library.start_utc,
            values=self._values,
            provenance=library.provenance,
        )
        plants: list[Simulation] = []

        def plant(count: int) -> Simulation:
            plants.append(
                Simulation(district, self._library, num_envs=count, sim_dt_s=task.sim_dt_s)
            )
            return plants[-1]

        self.batch = DistrictBatch(
            district, task, self._library, num_envs=1, seed=0, make_plant=plant
        )
        self._plant = plants[0]
        # What is measured is written here, and nowhere else.
        self._values.setflags(write=True)
        names = [point.name for point in build_contract(district, task).set_points]
        self._plant_order = [names.index(name) for name in self._plant.set_point_names]
        self._columns = self.batch.columns
        self._limited = [self._columns[p.name] for p in self.batch.limits.predicted]
        self._stores = [u.name for u in district.units if isinstance(u, Store)]
        self._layers = [u.layers for u in district.units if isinstance(u, Store)]
        self._chunk = max(1, round(CHUNK_S / task.sim_dt_s))
        self._chunks = max(1, round(look_ahead_s / (self._chunk * task.sim_dt_s)))
        self._ahead = 1 + -(-round(look_ahead_s) // library.step_s)
        self._per_step = max(1, round(task.control_dt_s / library.step_s))

    def begin(self, day_of_year: float, local_hour: float) -> None:
        """Stand at a time of the year, warmed up on a typical year.

        Args:
            day_of_year: 1 to 366.
            local_hour: 0 to 24.
        """
        seconds = (day_of_year - 1.0) * SECONDS_PER_DAY + local_hour * SECONDS_PER_HOUR
        step = int(seconds % (self._library.n_steps * self._library.step_s)) // self._library.step_s
        step -= step % self._per_step
        zero = np.zeros(1, dtype=np.int64)
        self.batch.reset_to(zero, np.array([step], dtype=np.int64), truncate=False)
        self.steps = 0

    def follow(self, measured: Measured) -> None:
        """Live through a control step, and be corrected by what was measured at its end."""
        now = int(self._plant.time_s[0]) // self._library.step_s
        self._write_series(now, self._per_step + self._ahead, measured.values)
        step = self.batch.step(measured.applied[np.newaxis])
        self._scale_production(now + self._per_step, step.outputs[0], measured.values)
        self._correct(measured.values)
        self.steps += 1

    def look_ahead(self, proposal: FloatArray) -> Outlook:
        """What happens if a proposal is executed at once and stays.

        Args:
            proposal: Set-points, shape ``(n_set_points,)``.
        """
        saved = self.batch.save_state()
        set_points = proposal[self._plant_order][np.newaxis]
        course = np.array(
            [
                self._plant.advance(set_points, self._chunk)[0, self._limited]
                for _ in range(self._chunks)
            ]
        )
        self.batch.restore_state(saved)
        horizon_s = self._chunks * self._chunk * self.task.sim_dt_s
        return Outlook(horizon_s, course.min(axis=0), course.max(axis=0))

    def save(self, path: Path) -> None:
        """Write the state for ``heatrouter twin --live``; raises StateFileError."""
        run = PreparedRun(
            batch=self.batch,
            library=self._library,
            plant=self._plant,
            first_step=int(self._plant.time_s[0]) // self._library.step_s,
            start_day=1,
            steps=self.steps,
            scenario_request=None,
            seed=0,
        )
        save_run(path, run, "service")

    def _write_series(self, now: int, steps: int, values: Mapping[str, float]) -> None:
        at = np.arange(now, now + steps) % self._library.n_steps
        for name, value in values.items():
            series = name.removeprefix("site.")
            if name.startswith("site.") and series in self._library.series:
                self._values[0, at, self._library.column(series)] = value

    def _scale_production(self, now: int, outputs: FloatArray, values: Mapping[str, float]) -> None:
        at = np.arange(now, now + self._per_step + self._ahead) % self._library.n_steps
        for series in self._library.series:
            unit, _, quantity = series.rpartition(".")
            if quantity != "level":
                continue
            name = next((n for q in _PRODUCED if (n := f"{unit}.{q}") in values), None)
            if name is None or name not in self._columns:
                continue
            simulated, measured = float(outputs[self._columns[name]]), values[name]
            if simulated <= LEAST_SHARE * max(measured, 1.0):
                continue
            ratio = min(max(measured / simulated, 1.0 / MOST_SCALING), MOST_SCALING)
            column = self._library.column(series)
            level = self._values[0, (now - 1) % self._library.n_steps, column] * ratio
            self._values[0, at, column] = min(max(level, 0.0), 1.0)

    def _correct(self, values: Mapping[str, float]) -> None:
        state = self.batch.save_state()
        store, consumer = state["plant.store"], state["plant.consumer"]
        for i, (name, layers) in enumerate(zip(self._stores, self._layers, strict=True)):
            known = [values.get(f"{name}.{end}_temp_c") for end in ("top", "middle", "bottom")]
            temps = [t for t in known if t is not None]
            if len(temps) == len(known):
                places = [0.0, (layers - 1) / 2.0, layers - 1.0]
                store[0, i, :layers, SX_TEMP] = np.interp(np.arange(layers), places, temps)
        for i, name in enumerate(self._plant.consumers):
            for quantity in ("room_temp_c", "air_temp_c"):
                value = values.get(f"{name}.{quantity}")
                if value is not None:
                    consumer[0, i, CX_TEMP] = value
        self.batch.restore_state(state)


def warm_up(
    twin: LiveTwin,
    rows: Iterable[HistoryRow],
    *,
    plant_time_s: float,
    day_of_year: float,
    local_hour: float,
) -> int:
    """Let a twin live through what the history says of the last hours.

    Args:
        twin: Not begun yet.
        rows: Means of the history, oldest first; those of other clocks are passed over.
        plant_time_s: The plant's clock now.
        day_of_year: The calendar now, 1 to 366.
        local_hour: Likewise, 0 to 24.

    Returns:
        Control steps lived through; where some are missing, the last one stands for them.
    """
    step_s = twin.task.control_dt_s
    past: dict[int, Measured] = {}
    for row in rows:
        ago = round((plant_time_s - row.plant_time_s) / step_s) if row.known.any() else 0
        measured = _measured(row)
        if ago >= 1 and measured is not None:
            past[ago] = measured
    oldest = max(past, default=0)
    back_h = oldest * step_s / SECONDS_PER_HOUR
    days_back = (local_hour - back_h) // 24.0
    twin.begin((day_of_year + days_back - 1.0) % 365.0 + 1.0, (local_hour - back_h) % 24.0)
    last: Measured | None = None
    for ago in range(oldest, 0, -1):
        last = past.get(ago, last)
        assert last is not None
        twin.follow(last)
    return oldest


def _measured(row: HistoryRow) -> Measured | None:
    """A row as the twin takes it; None where set-points in force are not known."""
    names = row.layout.names
    values = {
        name: float(value)
        for name, value, known in zip(names, row.series, row.known, strict=True)
        if known > 0.0 and np.isfinite(value)
    }
    applied = [values.get(f"applied:{name}", np.nan) for name in row.layout.set_points]
    if not np.isfinite(applied).all():
        return None
    inputs = {name: values[name] for name in row.layout.inputs if name in values}
    return Measured(inputs, np.array(applied))
