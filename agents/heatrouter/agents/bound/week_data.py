"""What a week brings to every controller alike: series, tables of the plant, its first state."""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.network.pipe_data import build_pipe_data
from heatrouter.envs.network.topology import PipeData, Topology, build_topology
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.consumer_table import consumer_names
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.simulation.outputs import (
    SITE_AMBIENT,
    SITE_GROUND,
    SITE_HOUR,
    SITE_IRRADIANCE,
    SITE_SERIES,
    SITE_WIND,
    output_layout,
)
from heatrouter.envs.simulation.parameter_builder import build_parameters
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.producer_table import producer_units
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import CoolingLoad, Digester, Store
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True, eq=False)
class WeekData:
    """One week of one district; powers of tables in W, temperatures in degC.

    Attributes:
        district: The description.
        task: Objective and clocks.
        net: Index arrays of the network.
        pipes: Data of the pipes.
        par: Tables of the units.
        producers: Names in the order of their table; likewise the other names.
        consumers: With the primary sides of links and heat pumps behind the units.
        stores: Names.
        cooling_loads: Names.
        digesters: Names.
        values: Series by control step, ``(n_steps, n_series)``.
        ground_c: Ground at each burial depth, ``(n_steps, n_levels)``.
        state: First state, by field, of one environment.
        sub_steps: Steps of the simulator in a control step.
        dt_s: Length of a control step, s.
    """

    district: District
    task: Task
    net: Topology
    pipes: PipeData
    par: Parameters
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    stores: tuple[str, ...]
    cooling_loads: tuple[str, ...]
    digesters: tuple[str, ...]
    values: FloatArray
    ground_c: FloatArray
    state: dict[str, FloatArray]
    sub_steps: int
    dt_s: float

    @property
    def n_steps(self) -> int:
        """Control steps."""
        return len(self.values)

    @property
    def hours(self) -> float:
        """Length of a control step, h."""
        return self.dt_s / SECONDS_PER_HOUR

    def site(self, name: str) -> FloatArray:
        """A series of the site, ``(n_steps,)``."""
        return self.values[:, self.par.site_series[SITE_SERIES.index(name)]]

    @property
    def ambient_c(self) -> FloatArray:
        """Outdoor temperature."""
        return self.values[:, self.par.site_series[SITE_AMBIENT]]

    @property
    def ground_series_c(self) -> FloatArray:
        """Ground temperature of the series."""
        return self.values[:, self.par.site_series[SITE_GROUND]]

    @property
    def irradiance_w_m2(self) -> FloatArray:
        """Irradiance."""
        return self.values[:, self.par.site_series[SITE_IRRADIANCE]]

    @property
    def wind_m_s(self) -> FloatArray:
        """Wind."""
        return self.values[:, self.par.site_series[SITE_WIND]]

    @property
    def hour(self) -> FloatArray:
        """Local hour."""
        return self.values[:, self.par.site_series[SITE_HOUR]]

    def series_or_one(self, column: int) -> FloatArray:
        """A series of a fault where the scenario has it, else 1."""
        return self.values[:, column] if column >= 0 else np.ones(self.n_steps)

    def consumers_of(self, kind: int) -> IntArray:
        """Rows of consumers of a kind."""
        return np.flatnonzero(self.par.consumer_index[:, t.CI_KIND] == kind)

    def producers_in(self, circuit: int) -> IntArray:
        """Rows of producers that heat a circuit."""
        return np.flatnonzero(self.par.producer_index[:, t.PI_CIRCUIT] == circuit)

    def is_at(self, circuit: int, rows: IntArray) -> BoolArray:
        """Which consumers of ``rows`` take from a circuit."""
        found: BoolArray = self.par.consumer_index[rows, t.CI_CIRCUIT] == circuit
        return found


class WeekSource:
    """Starts weeks of a district and reads what they bring; the plant is made once.

    Args:
        district: The description.
        task: Objective, clocks, and the rules, which set what the plant does before the first step.
        library: Scenarios.
        seed: Of first states.

    Raises:
        ConfigError: A control step spans several steps of the scenario: the linear programme could
            not follow what happens within it.
    """

    def __init__(
        self,
        district: District,
        task: Task,
        library: ScenarioLibrary,
        *,
        seed: int,
    ) -> None:
        self._batch = DistrictBatch(district, task, library, num_envs=1, seed=seed)
        self._library = self._batch.library
        if self._library.step_s % task.control_dt_s:
            msg = (
                f"control step of {task.control_dt_s:g} s: scenarios have steps of "
                f"{self._library.step_s} s, which must be a whole multiple; shorten control_dt_s"
            )
            raise ConfigError(msg)
        self._net = build_topology(district)
        self._pipes = build_pipe_data(district, self._net)
        self._par = build_parameters(
            district,
            self._library.series,
            self._library.values,
            output_layout(district),
            self._net,
        )

    def week(self, scenario: int, start_step: int, hours: float) -> WeekData:
        """Warm up as an evaluation does, and read series and first state."""
        batch, library, par = self._batch, self._library, self._par
        task, district = batch.task, batch.district
        batch.reset_to(
            np.array([scenario], dtype=np.int64),
            np.array([start_step], dtype=np.int64),
            truncate=False,
        )
        plant = batch.plant
        assert isinstance(plant, Simulation)
        n_steps = round(hours * SECONDS_PER_HOUR / task.control_dt_s)
        at_s = int(plant.time_s[0]) + np.arange(n_steps) * round(task.control_dt_s)
        step = at_s // library.step_s % library.n_steps
        series = library.values[scenario]
        mean = par.ground_mean[scenario]
        ground = series[:, par.site_series[SITE_GROUND]]
        then = (step[:, None] - par.level_lag // library.step_s) % library.n_steps
        return WeekData(
            district=district,
            task=task,
            net=self._net,
            pipes=self._pipes,
            par=par,
            producers=tuple(u.name for u in producer_units(district)),
            consumers=consumer_names(district),
            stores=tuple(u.name for u in district.units if isinstance(u, Store)),
            cooling_loads=tuple(u.name for u in district.units if isinstance(u, CoolingLoad)),
            digesters=tuple(u.name for u in district.units if isinstance(u, Digester)),
            values=series[step],
            ground_c=mean + par.level_ratio * (ground[then] - mean),
            state={name: array[0] for name, array in plant.save_state().items()},
            sub_steps=task.sub_steps,
            dt_s=task.control_dt_s,
        )
