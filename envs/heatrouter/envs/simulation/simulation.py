"""The compiled plant, batched: a district on scenarios, advanced by set-points."""

import itertools
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import DistrictError, Mistake, NumericalError, ScenarioError
from heatrouter.envs.network.pipe_data import build_pipe_data
from heatrouter.envs.network.topology import build_topology
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.set_points import set_point_names
from heatrouter.envs.simulation.compile import range_driver, stock_driver
from heatrouter.envs.simulation.consumer_table import consumer_names
from heatrouter.envs.simulation.initial import initialise_env
from heatrouter.envs.simulation.kernel import FLOW_CIRCLE, NO_CONVERGENCE, OK, UNIT_WATER_S
from heatrouter.envs.simulation.outputs import output_layout
from heatrouter.envs.simulation.parameter_builder import build_parameters
from heatrouter.envs.simulation.producer_table import heat_origins
from heatrouter.envs.simulation.state import State, empty_state
from heatrouter.envs.simulation.work import make_work
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Store

FAILURES = {
    NO_CONVERGENCE: "the hydraulics did not converge",
    FLOW_CIRCLE: "the solved flows run in a circle",
}
THREADED_FROM = 4
"""Fewer environments than this run in the caller: handing them to threads costs more."""


class Simulation:
    """A batch of one district's plants, each on its own scenario and clock.

    ``heat_by_origin_kwh`` is the heat that every consumer took in the last call by origin, shape
    (num_envs, n_consumers, n_origins), in the order of ``consumers`` and ``origins``; empty unless
    it is traced.

    Args:
        district: the description.
        library: scenarios with every series that the district needs.
        num_envs: size of the batch.
        sim_dt_s: whole seconds of a sub-step.
        threads: threads of a batch, by default the cores this process may use. Results do not
            depend on it.
        trace_origins: trace which source heated which consumer; ``heat_by_origin_kwh`` holds it.

    Raises:
        DistrictError: if a store's layer is smaller than what a sub-step can move.
        ScenarioError: if the library lacks series.
    """

    def __init__(
        self,
        district: District,
        library: ScenarioLibrary,
        *,
        num_envs: int,
        sim_dt_s: float = 60.0,
        threads: int | None = None,
        trace_origins: bool = False,
    ) -> None:
        self.district = district
        self.library = library
        self.num_envs = num_envs
        self.sim_dt_s = float(sim_dt_s)
        if self.sim_dt_s < 1.0 or self.sim_dt_s != round(self.sim_dt_s):
            message = f"sim_dt_s is {sim_dt_s}; it must be whole seconds, at least 1"
            raise ValueError(message)
        self._layout = output_layout(district)
        self.columns: dict[str, int] = dict(self._layout.columns)
        self.set_point_names = set_point_names(district)
        self._check_layers()
        self._net = build_topology(district)
        self._pipes = build_pipe_data(district, self._net)
        try:
            self._par = build_parameters(
                district,
                library.series,
                library.values,
                self._layout,
                self._net,
                trace_origins=trace_origins,
            )
        except KeyError as error:
            mistake = Mistake(str(error.args[0]), "series is missing; name it in the scenario file")
            subject = f"scenarios of {district.name}"
            raise ScenarioError(subject, [mistake]) from None
        self._state = empty_state(num_envs, self._net, self._par)
        self.origins = heat_origins(district) if trace_origins else ()
        self.consumers = consumer_names(district)
        self.heat_by_origin_kwh: FloatArray = np.zeros(
            (num_envs, len(self.consumers), len(self.origins))
        )
        self._status = np.zeros(num_envs, dtype=np.int64)
        self._unit_s = max(UNIT_WATER_S, self.sim_dt_s)
        self._threads = min(threads or len(os.sched_getaffinity(0)), num_envs)
        threaded = self._threads > 1 and num_envs >= THREADED_FROM
        self._work = [make_work(self._net, self._par) for _ in range(self._threads)]
        self._pool = ThreadPoolExecutor(self._threads) if threaded else None

    def _check_layers(self) -> None:
        density = self.district.circuits[0].density_kg_m3
        mistakes = []
        for i, unit in enumerate(self.district.units):
            if not isinstance(unit, Store):
                continue
            layer = unit.volume_m3 * density / unit.layers
            moved = unit.max_mass_flow_kg_s * self.sim_dt_s
            if moved > layer:
                mistakes.append(
                    Mistake(
                        f"units[{i}].layers",
                        f"{unit.name!r} moves {moved:.0f} kg per {self.sim_dt_s:.0f} s step but a "
                        f"layer holds {layer:.0f} kg; use fewer layers or a shorter sim_dt_s",
                    )
                )
        if mistakes:
            raise DistrictError(self.district.name, tuple(mistakes))

    @property
    def state(self) -> State:
        """The state itself, not a copy."""
        return self._state

    @property
    def time_s(self) -> IntArray:
        """Seconds since the scenario's step 0, shape (num_envs,)."""
        return self._state.time_s

    @property
    def scenario(self) -> IntArray:
        """Index of each environment's scenario, shape (num_envs,)."""
        return self._state.scenario

    def reset(self, envs: IntArray, scenario: IntArray, start_s: IntArray, seeds: IntArray) -> None:
        """Start some environments anew.

        Args:
            envs: indices of the environments, shape (n,).
            scenario: scenario of each, shape (n,).
            start_s: seconds since step 0, shape (n,).
            seeds: decide what a start leaves open (tank level), shape (n,).
        """
        for e, which, start, seed in zip(envs, scenario, start_s, seeds, strict=True):
            initialise_env(
                int(e),
                self._net,
                self._pipes,
                self._par,
                self._state,
                self.library.values,
                int(which),
                int(start),
                self.library.step_s,
                np.random.default_rng(int(seed)),
            )
        stock_driver()(
            np.asarray(envs, dtype=np.int64),
            self._net,
            self._pipes,
            self._par,
            self._state,
            np.zeros(self._net.root.size),
            self._unit_s,
        )

    def advance(self, set_points: FloatArray, sub_steps: int) -> FloatArray:
        """Advance every environment and return its outputs, shape (num_envs, n_columns), fresh.

        Args:
            set_points: in the order of ``set_point_names``, shape (num_envs, n_set_points).
            sub_steps: number of steps of ``sim_dt_s``.

        Raises:
            NumericalError: if hydraulics do not converge or a value is not finite.
            ValueError: if the shape differs or a set-point is not finite.
        """
        out = np.empty((self.num_envs, len(self.columns)))
        points = np.ascontiguousarray(set_points, dtype=np.float64)
        if points.shape != (self.num_envs, len(self.set_point_names)):
            message = (
                f"set_points has shape {points.shape}; it must be "
                f"({self.num_envs}, {len(self.set_point_names)})"
            )
            raise ValueError(message)
        if not np.isfinite(points).all():
            self._refuse(points)
        arguments = (
            self._net,
            self._pipes,
            self._par,
            self._state,
        )
        series = (
            self.library.values,
            points,
            sub_steps,
            self.sim_dt_s,
            self.library.step_s,
            self._layout.aggregation,
            out,
            self.heat_by_origin_kwh,
            self._status,
        )
        driver = range_driver()
        if self._pool is None:
            driver(0, self.num_envs, *arguments, self._work[0], *series)
        else:
            edges = np.linspace(0, self.num_envs, self._threads + 1).astype(int).tolist()
            jobs = [
                self._pool.submit(driver, begin, end, *arguments, work, *series)
                for (begin, end), work in zip(itertools.pairwise(edges), self._work, strict=True)
            ]
            for job in jobs:
                job.result()
        if self._status.any():
            self._raise_failure(out)
        return out

    def _refuse(self, points: FloatArray) -> None:
        """Name the first set-point that is no number: one would spoil the state for good."""
        e, k = (int(i) for i in np.argwhere(~np.isfinite(points))[0])
        message = (
            f"set-point {self.set_point_names[k]!r} is {points[e, k]} in environment {e}; "
            "every set-point must be a finite number"
        )
        raise ValueError(message)

    def _raise_failure(self, out: FloatArray) -> None:
        e = int(np.flatnonzero(self._status != OK)[0])
        code = int(self._status[e])
        step = int(self._state.time_s[e] // self.library.step_s)
        unit = None
        reason = FAILURES.get(code, "")
        if not reason:
            bad = int(np.flatnonzero(~np.isfinite(out[e]))[0])
            name = next(n for n, k in self.columns.items() if k == bad)
            unit, reason = name.split(".")[0], f"{name} is {out[e, bad]}"
        message = f"{reason} in environment {e}; restore a saved state or shorten sim_dt_s"
        raise NumericalError(message, self.district.name, step, unit)

    def save_state(self) -> dict[str, np.ndarray]:
        """A copy of the full state by field name."""
        return {name: array.copy() for name, array in self._state._asdict().items()}

    def restore_state(self, saved: Mapping[str, np.ndarray], envs: IntArray | None = None) -> None:
        """Take back a saved state exactly.

        Args:
            saved: What :meth:`save_state` returned, here or in another batch of this district.
            envs: The environments whose states these are, in order; all if not given.

        Raises:
            ValueError: if fields or shapes differ.
        """
        own = self._state._asdict()
        rows = slice(None) if envs is None else envs
        wrong = [
            name
            for name in own
            if name not in saved or np.asarray(saved[name]).shape != own[name][rows].shape
        ]
        if wrong:
            message = f"saved state does not fit: {', '.join(wrong)} missing or of another shape"
            raise ValueError(message)
        for name, array in own.items():
            array[rows] = saved[name]
