"""Set the twin up: district, scenario, fan, controller, and the state it goes on from."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.agents.evaluation_controllers import ControllerSettings, Entrant, make_entrants
from heatrouter.agents.protocol import Controller
from heatrouter.agents.twin.fan import fan_library
from heatrouter.envs.errors import ConfigError, StateFileError
from heatrouter.envs.observe.contract_building import build_contract
from heatrouter.envs.runs.prepared_run import one_scenario, start_day_of, task_of, utc_after
from heatrouter.envs.runs.state_file import (
    Arrays,
    StateHeader,
    check_loop,
    fitted,
    read_state,
)
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

MOST_MEMBERS: Final = 100
"""Each member holds a year of all series, about 10 MB."""


@dataclass(frozen=True)
class TwinRequest:
    """What a user asks of the twin.

    Attributes:
        source: Name of a preset or path of a district file.
        state: State file to go on from; the scenario's own warm-up without.
        hours: How far ahead, h, > 0.
        controller: Name of a controller, or ``module:Class``.
        members: Size of the fan, 1 to ``MOST_MEMBERS``; 1 is the scenario alone.
        scenario: ``generated``, ``try``, a name or a file; that of the state if not given.
        data: Folder of the files that a scenario file names.
        start: Day of the scenario, from 1, without a state.
        seed: Of scenario and initial state; that of the state if not given.
        fan_seed: Of the members' errors.
        task: Name of a preset or path of a task file.
        bundle: Folder of a policy.
        constant_price: File of heat prices.
        rules: File of parameters of the rules in the place of the task's.
    """

    source: str
    state: Path | None = None
    hours: float = 72.0
    controller: str = "rules"
    members: int = 20
    scenario: str | None = None
    data: Path | None = None
    start: int | None = None
    seed: int | None = None
    fan_seed: int = 0
    task: str | None = None
    bundle: Path | None = None
    constant_price: Path | None = None
    rules: Path | None = None


@dataclass(frozen=True)
class TwinSetup:
    """A closed loop with one environment per member, and the state it goes on from.

    Attributes:
        district: The district.
        batch: The loop.
        controller: What decides.
        origin: What exactly that is.
        state: For ``run_twin``.
        steps: Control steps ahead.
        start: When the run begins, UTC.
        scenario: Name of the scenario.
        header: Of the state file, where there was one.
    """

    district: District
    batch: DistrictBatch
    controller: Controller
    origin: str
    state: Arrays
    steps: int
    start: datetime
    scenario: str
    header: StateHeader | None


def set_up(district: District, request: TwinRequest) -> TwinSetup:
    """Set the twin up.

    Args:
        district: What `request.source` names.
        request: What is asked.

    Raises:
        ConfigError: Something that was asked does not exist or does not fit.
        StateFileError: The state file cannot be read, or is of another district, task or version.
        BundleError: The policy must not run.
    """
    if request.members > MOST_MEMBERS:
        message = f"{request.members} members; at most {MOST_MEMBERS}, each takes some 10 MB"
        raise ConfigError(message)
    if request.state is not None and request.start is not None:
        message = "--start and --state exclude each other: a state has its own time"
        raise ConfigError(message)
    entrant = make_entrants(
        (request.controller,),
        ControllerSettings(district, request.bundle, request.constant_price, request.rules),
    )[request.controller]
    task = _task(request, entrant)
    header, saved = None, None
    if request.state is not None:
        header, saved = read_state(request.state, district)
        check_loop(request.state, header, build_contract(district, task), task)
    library = _scenario(district, task, request, header)
    seed = _seed(request, header)
    if saved is None:
        first = _first_step(library, request)
        saved = _warmed_up(_batch(district, task, library, seed, traced=False), first)
    fan = fan_library(
        library,
        step=int(saved["plant.time_s"][0]) // library.step_s,
        steps=_steps_that_differ(library, task, request.hours),
        members=request.members,
        seed=request.fan_seed,
    )
    traced = header is not None and header.trace_origins
    batch = _batch(district, task, fan, seed, traced=traced)
    state = fitted(str(request.state or "warm-up"), saved, batch.save_state())
    return TwinSetup(
        district=district,
        batch=batch,
        controller=entrant.controller,
        origin=entrant.origin,
        state=state,
        steps=max(round(request.hours * SECONDS_PER_HOUR / task.control_dt_s), 1),
        start=utc_after(fan, 0, float(state["plant.time_s"][0])),
        scenario=fan.names[0],
        header=header,
    )


def _task(request: TwinRequest, entrant: Entrant) -> Task:
    """The task named, else the policy's, else the preset's; with what decodes the actions."""
    own = entrant.task if request.task is None else None
    task = own or task_of(request.source, request.task)
    return entrant.decodes(task)


def _seed(request: TwinRequest, header: StateHeader | None) -> int:
    if request.seed is not None:
        return request.seed
    return 0 if header is None else header.seed


def _scenario(
    district: District, task: Task, request: TwinRequest, header: StateHeader | None
) -> ScenarioLibrary:
    """The scenario asked for, else that of the state."""
    wanted = request.scenario
    if wanted is None and header is not None:
        wanted = header.scenario_request
    library = one_scenario(
        district, task, scenario=wanted, data=request.data, seed=_seed(request, header)
    )
    asked = request.scenario is not None or request.seed is not None
    if header is not None and not asked and library.names[0] != header.scenario:
        message = (
            f"{request.state}: was saved on scenario {header.scenario!r}, but there is only "
            f"{library.names[0]!r}; name a scenario to go on with: --scenario and --data"
        )
        raise StateFileError(message)
    return library


def _first_step(library: ScenarioLibrary, request: TwinRequest) -> int:
    days = request.hours * SECONDS_PER_HOUR / SECONDS_PER_DAY
    start = start_day_of(library, request.start, days)
    return round((start - 1) * SECONDS_PER_DAY / library.step_s)


def _steps_that_differ(library: ScenarioLibrary, task: Task, hours: float) -> int:
    """Steps of the run and of the last forecast in it."""
    ahead_h = max((end for _, end in task.forecast.window_hours), default=0.0)
    steps = round((hours + ahead_h) * SECONDS_PER_HOUR / library.step_s)
    return min(steps, library.n_steps)


def _batch(
    district: District,
    task: Task,
    library: ScenarioLibrary,
    seed: int,
    *,
    traced: bool,
) -> DistrictBatch:
    def plant(count: int) -> Simulation:
        return Simulation(
            district, library, num_envs=count, sim_dt_s=task.sim_dt_s, trace_origins=traced
        )

    return DistrictBatch(
        district,
        task,
        library,
        num_envs=library.n_scenarios,
        seed=seed,
        make_plant=plant,
    )


def _warmed_up(batch: DistrictBatch, first_step: int) -> Arrays:
    """The state at a step of the scenario, after the warm-up of every episode."""
    start = np.full(1, first_step, dtype=np.int64)
    batch.reset_to(np.zeros(1, dtype=np.int64), start, truncate=False)
    return batch.save_state()
