"""A district on a scenario, ready to be stepped: what every command that simulates sets up."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.envs.arrays import Float32Array
from heatrouter.envs.contract import Parametrisation
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.runs.state_file import StateHeader, loop_digest, write_state
from heatrouter.envs.scenarios.library import ScenarioLibrary, Split
from heatrouter.envs.scenarios.random_events import with_task_events
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_task, preset_names
from heatrouter.envs.spec.rule_parameters import RuleParameters
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_DAY

_log = logging.getLogger(__name__)

DEFAULT_TASK: Final = "energy-web"
GENERATED: Final = "generated"
_USUAL_START: Final = 15


@dataclass(frozen=True)
class PreparedRun:
    """A closed loop of one environment and where it begins.

    Attributes:
        batch: The loop, not yet started.
        library: Its one scenario, with the events of the task.
        plant: The plant of the loop.
        first_step: Step of the library at which the run begins.
        start_day: The same as day of the scenario, from 1.
        steps: Control steps of the run.
        scenario_request: What was asked for as scenario.
        seed: Of scenario and initial state.
    """

    batch: DistrictBatch
    library: ScenarioLibrary
    plant: Simulation
    first_step: int
    start_day: int
    steps: int
    scenario_request: str | None
    seed: int

    @property
    def start_utc(self) -> datetime:
        """When the run begins, UTC."""
        return utc_after(self.library, 0, self.first_step * self.library.step_s)

    def begin(self) -> Float32Array:
        """Warm the plant up and return the first observation, shape ``(1, n_obs)``."""
        first = np.full(1, self.first_step, dtype=np.int64)
        return self.batch.reset_to(np.zeros(1, dtype=np.int64), first, truncate=False)


def task_of(source: str, task: str | None) -> Task:
    """Return the task that a user named, else the preset's, else that of the first preset.

    The last one's rules were tuned for another plant and are left out; a warning says so.

    Raises:
        TaskError: There is no such task, or it has mistakes.
    """
    if task is None and source not in preset_names():
        _log.warning(
            "%s: no task is named, so objective and clocks are those of %r and the rules are not "
            "tuned; name a task of its own with --task (`heatrouter init` writes one to copy)",
            source,
            DEFAULT_TASK,
        )
        return load_task(DEFAULT_TASK).model_copy(update={"rules": RuleParameters()})
    return load_task(task or source)


def one_scenario(
    district: District,
    task: Task,
    *,
    scenario: str | None = None,
    data: Path | None = None,
    seed: int = 0,
) -> ScenarioLibrary:
    """Return a library of one scenario with the events of a task.

    Args:
        district: The description.
        task: Its events and rates of events are put into the scenario.
        scenario: ``generated`` (default), ``try``, or the name or path of a scenario file.
        data: Folder of the files that a scenario file names.
        seed: Of what is generated, >= 0.

    Raises:
        ScenarioError: The scenario does not exist or cannot be used.
    """
    split: Split = "train" if scenario in {None, GENERATED} else "test"
    library = build_library(district, split, 1, seed, data_dir=data, scenario=scenario)
    channels = build_contract(district, task).observation
    return with_task_events(library, district, task, channels)


def start_day_of(library: ScenarioLibrary, start: int | None, days: float) -> int:
    """Return the day on which a run begins: 15 unless given, or 1 where it would pass the end.

    Raises:
        ConfigError: The day lies beyond the scenario.
    """
    length = library.n_steps * library.step_s / SECONDS_PER_DAY
    if start is None:
        start = _USUAL_START if days + _USUAL_START - 1 <= length else 1
    if start - 1 >= length:
        msg = f"--start {start} lies beyond the scenario {library.names[0]!r}, {length:g} days"
        raise ConfigError(msg)
    return start


def prepare_run(
    district: District,
    task: Task,
    *,
    days: float,
    start: int | None = None,
    scenario: str | None = None,
    data: Path | None = None,
    seed: int = 0,
    parametrisation: Parametrisation = "offset",
    trace_origins: bool = False,
) -> PreparedRun:
    """Set up a run of one environment.

    Args:
        district: The description.
        task: Rules, objective and clocks; its own parametrisation does not count.
        days: Length of the run, days, > 0.
        start: Day of the scenario, from 1; see :func:`start_day_of`.
        scenario: See :func:`one_scenario`.
        data: Likewise.
        seed: Of scenario and initial state.
        parametrisation: What the controller's actions mean.
        trace_origins: Whether the plant traces which source heated whom.

    Raises:
        ConfigError: The start lies beyond the scenario.
        ScenarioError: The scenario does not exist or cannot be used.
        TaskError: The task does not fit the district.
    """
    task = task.model_copy(update={"parametrisation": parametrisation})
    library = one_scenario(district, task, scenario=scenario, data=data, seed=seed)
    start = start_day_of(library, start, days)
    plants: list[Simulation] = []

    def plant(count: int) -> Simulation:
        made = Simulation(
            district,
            library,
            num_envs=count,
            sim_dt_s=task.sim_dt_s,
            trace_origins=trace_origins,
        )
        plants.append(made)
        return made

    batch = DistrictBatch(district, task, library, num_envs=1, seed=seed, make_plant=plant)
    return PreparedRun(
        batch=batch,
        library=library,
        plant=plants[0],
        first_step=round((start - 1) * SECONDS_PER_DAY / library.step_s),
        start_day=start,
        steps=max(round(days * SECONDS_PER_DAY / task.control_dt_s), 1),
        scenario_request=scenario,
        seed=seed,
    )


def save_run(path: Path, run: PreparedRun, controller: str) -> StateHeader:
    """Write the present state of a run and return what was said about it.

    Args:
        path: The state file.
        run: The run, begun.
        controller: What ran the plant.

    Raises:
        StateFileError: The file cannot be written.
    """
    batch, time_s = run.batch, int(run.plant.time_s[0])
    header = StateHeader(
        district=batch.district.name,
        district_digest=batch.district.digest,
        loop_digest=loop_digest(batch.contract, batch.task),
        task=batch.task.name,
        scenario=run.library.names[0],
        scenario_request=run.scenario_request,
        seed=run.seed,
        step=time_s // run.library.step_s,
        time_s=time_s,
        time_utc=utc_after(run.library, 0, time_s).isoformat(),
        controller=controller,
        trace_origins=bool(run.plant.origins),
    )
    write_state(path, header, batch.save_state())
    return header


def utc_after(library: ScenarioLibrary, scenario: int, seconds: float) -> datetime:
    """Return the time that lies some seconds after step 0 of a scenario, UTC."""
    first = datetime.fromisoformat(library.start_utc[scenario])
    if first.tzinfo is None:
        first = first.replace(tzinfo=UTC)
    return first.astimezone(UTC) + timedelta(seconds=seconds)
