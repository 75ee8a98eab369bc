"""What an evaluation asks, and the course of the weeks that its report shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from heatrouter.agents.evaluation_controllers import Entrant
from heatrouter.agents.evaluation_results import Week
from heatrouter.agents.evaluation_weeks import representative
from heatrouter.agents.rollout import BatchLike
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.random_events import with_task_events
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR


@dataclass(frozen=True)
class Question:
    """What is to be judged: on which district, by which task, on which weeks.

    Attributes:
        district: The district.
        task: Objective, forecast, clocks and rules; its parametrisation is replaced by each
            controller's, and so are the rules where a controller brings its own.
        library: Scenarios of the split to judge on.
        weeks: The weeks, see :func:`~heatrouter.agents.evaluation_weeks.draw_weeks`.
        hours: Length of a week, h.
        seed: Of weeks, initial states, forecast errors and bootstrap.
        make_batch: Makes the closed loop of a task with a number of environments.
        bound: Gives the cost, €, that no controller can go below in the week at a position; a
            function of a module where several processes compute it.
        bound_origin: What the bound is.
        threads: Of the simulator; the cores that there are if not given. No result depends on it.
    """

    district: District
    task: Task
    library: ScenarioLibrary
    weeks: tuple[Week, ...]
    hours: float
    seed: int
    make_batch: Callable[[Task, int], BatchLike] | None = field(default=None, compare=False)
    bound: "Callable[[Question, int], float] | None" = field(default=None, compare=False)
    bound_origin: str = ""
    threads: int | None = field(default=None, compare=False)

    @property
    def steps(self) -> int:
        """Control steps of a week."""
        return round(self.hours * SECONDS_PER_HOUR / self.task.control_dt_s)

    def batch(self, entrant: Entrant, num_envs: int) -> BatchLike:
        """Make the closed loop for one controller: its actions and rules, all else equal."""
        task = entrant.decodes(self.task)
        if self.make_batch is not None:
            return self.make_batch(task, num_envs)
        # The simulator loads numba, which the tests of everything round it can do without.
        from heatrouter.envs.simulation.district_batch import DistrictBatch
        from heatrouter.envs.simulation.simulation import Simulation

        # Whoever gives a plant of his own adds the task's events himself; they are added once.
        observed = build_contract(self.district, task).observation
        library = with_task_events(self.library, self.district, task, observed)
        return DistrictBatch(
            self.district,
            task,
            library,
            num_envs=num_envs,
            seed=self.seed,
            make_plant=lambda count: Simulation(
                self.district,
                library,
                num_envs=count,
                sim_dt_s=task.sim_dt_s,
                threads=self.threads,
            ),
        )

    def contract(self, entrant: Entrant) -> Contract:
        """What the controller observes and answers."""
        task = entrant.decodes(self.task)
        if self.make_batch is not None:
            return self.make_batch(task, 1).contract
        return build_contract(self.district, task)

    @property
    def examples(self) -> tuple[int, ...]:
        """Weeks whose course the report shows: a winter one and a shoulder one, if there are."""
        found = [
            representative(self.weeks, ("winter",)),
            representative(self.weeks, ("spring", "autumn")),
        ]
        shown = tuple(dict.fromkeys(week for week in found if week is not None))
        return shown or (0,)


@dataclass(frozen=True)
class Examples:
    """The course of the weeks that the report shows.

    Attributes:
        dt_s: Length of a step, s.
        columns: Name to position of the outputs.
        outputs: Controller to week to outputs, ``(n_steps, n_columns)``.
    """

    dt_s: float
    columns: Mapping[str, int]
    outputs: Mapping[str, Mapping[int, FloatArray]]
