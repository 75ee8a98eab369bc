"""The closed loop that every rollout steps: plant, observation, action, guard and objective."""

from collections.abc import Mapping

import numpy as np

from heatrouter.envs.actuate import ActionDecoder, guard_limits
from heatrouter.envs.arrays import Float32Array, FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch import DispatchMemory, heating_curve
from heatrouter.envs.guard import GuardMemory, Reading, Verdict, check, initial_memory
from heatrouter.envs.objective import Objective
from heatrouter.envs.observe import ObservationBuilder, build_contract
from heatrouter.envs.observe.selection import fixed_channels, raw_columns
from heatrouter.envs.observe.sensor_faults import SensorFaults
from heatrouter.envs.scenarios.forecast import Forecaster
from heatrouter.envs.scenarios.forecast_blocks import ForecastBlocks
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.random_events import with_task_events
from heatrouter.envs.simulation.batch_step import BatchStep, MakePlant, plant_order, with_rows
from heatrouter.envs.simulation.episode_starts import EpisodeStarts
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.simulation.warm_up import WARM_UP_STEPS, Nursery
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR

_ENDLESS = np.iinfo(np.int64).max // 2


class DistrictBatch:
    """Simulation, observation, action decoding, guard and objective, for many environments.

    Episodes are truncated after the task's ``episode_hours`` and never terminated; a new one
    starts in the same step. Every environment draws its scenarios from a stream of its own.

    Args:
        district: The description.
        task: Observation, action, rules, objective and clocks.
        library: The scenarios.
        num_envs: Number of environments.
        seed: Of starts and initial states.
        first_env: Number of the first environment, for batches that are parts of a larger one.
        make_plant: Makes the plant; the compiled simulation if not given.

    Raises:
        TaskError: The task does not fit the district.
        ScenarioError: The scenarios lack series or are shorter than an episode.
    """

    def __init__(
        self,
        district: District,
        task: Task,
        library: ScenarioLibrary,
        *,
        num_envs: int,
        seed: int,
        first_env: int = 0,
        make_plant: MakePlant | None = None,
    ) -> None:
        self.district = district
        self.task = task
        self.num_envs = num_envs
        self.contract: Contract = build_contract(district, task)
        library = with_task_events(library, district, task, self.contract.observation)
        self.library = library
        self.decoder = ActionDecoder(district, self.contract, task.rules)
        self.limits = guard_limits(district, self.contract)
        make = make_plant or (
            lambda count: Simulation(district, library, num_envs=count, sim_dt_s=task.sim_dt_s)
        )
        self.plant = make(num_envs)
        self.columns: dict[str, int] = dict(self.plant.columns)
        self._nursery = Nursery(make, task.sub_steps)
        self._sub_steps = task.sub_steps
        self._plant_order = plant_order(self.contract, self.plant)
        self._objective = Objective.build(district, task, self.columns)
        self._forecaster = Forecaster(library, task.forecast)
        self._forecasts = ForecastBlocks(self._forecaster, num_envs)
        self._ambient = library.values[:, :, library.column("ambient_temp_c")]
        self._raw_at = raw_columns(self.contract, self.columns)
        self._fixed_at, self._fixed = fixed_channels(self.contract, task)
        self._episode_steps = max(
            round(task.episode_hours * SECONDS_PER_HOUR / task.control_dt_s), 1
        )
        self._starts = EpisodeStarts(
            library,
            episode_steps=self._episode_steps,
            control_dt_s=task.control_dt_s,
            num_envs=num_envs,
            seed=seed,
            first_env=first_env,
        )
        self._builder = ObservationBuilder(self.contract, num_envs)
        self._every = np.arange(num_envs)
        self._faults = (
            SensorFaults(self.contract, library.sensor_events, num_envs)
            if any(library.sensor_events)
            else None
        )
        self._valid = np.ones((num_envs, len(self.contract.observation)), dtype=np.bool_)
        self._dispatch = self.decoder.initial_memory(num_envs)
        self._guard = initial_memory(self.limits, np.zeros(num_envs))
        self._stock = np.zeros((num_envs, 2))
        self._now_s = np.zeros(num_envs)
        self._observation = np.zeros((num_envs, len(self.contract.observation)))
        self._steps_left = np.zeros(num_envs, dtype=np.int64)

    @property
    def observation(self) -> FloatArray:
        """The present observations, ``(num_envs, n_obs)``, a copy; float32 values in 64 bits."""
        return self._observation.copy()

    @property
    def steps_left(self) -> IntArray:
        """Steps to the end of each episode, a copy."""
        return self._steps_left.copy()

    def reset(self, seed: int | None = None) -> Float32Array:
        """Start every environment on a random scenario, with first episodes of random length.

        Args:
            seed: Begins all random streams anew; they go on if not given.
        """
        if seed is not None:
            self._starts.reseed(seed)
        scenario, start_step, seeds = self._starts.draw(self._every)
        self._begin(self._every, scenario, start_step, seeds)
        self._steps_left = self._starts.stagger()
        return self._observation.astype(np.float32)

    def reset_to(
        self, scenario: IntArray, start_step: IntArray, *, truncate: bool = True
    ) -> Float32Array:
        """Start every environment at a given step of a given scenario.

        Equal starts have equal initial states, in every environment and each time.

        Args:
            scenario: Index in the library, ``(num_envs,)``.
            start_step: Step of the library, ``(num_envs,)``.
            truncate: Whether the episode ends after the task's ``episode_hours``, and a random
                one follows.
        """
        seeds = self._starts.seeds_of(scenario, start_step)
        self._begin(self._every, scenario, start_step, seeds)
        self._steps_left = np.full(
            self.num_envs, self._episode_steps if truncate else _ENDLESS, dtype=np.int64
        )
        return self._observation.astype(np.float32)

    def step(self, action: FloatArray) -> BatchStep:
        """Decide, guard, execute, observe and price one control step.

        Args:
            action: Physical units, ``(num_envs, n_action)``.
        """
        proposal, self._dispatch = self.decoder.decode(self._dispatch, self._observation, action)
        executed, verdict = self._guarded(proposal)
        outputs = self.plant.advance(self._to_plant(executed), self._sub_steps)
        terms, self._stock = self._objective.terms(outputs, self._stock, self.task.control_dt_s)
        time_s = self.plant.time_s
        self._now_s = time_s.astype(np.float64)
        forecast = self._forecasts.windows_at(self.plant.scenario, time_s // self.library.step_s)
        raw = self._raw(outputs)
        if self._faults is not None:
            self._valid = self._faults.apply(
                raw, self.plant.scenario, time_s % (self.library.n_steps * self.library.step_s)
            )
        observation, self._observation = self._builder.advance(
            raw,
            self._guard.set_points,
            self._guard.dwell_remaining_s(self.limits, self._now_s),
            forecast,
        )
        final_observation = observation
        self._steps_left -= 1
        truncated = self._steps_left <= 0
        if np.count_nonzero(truncated):
            ended = np.flatnonzero(truncated)
            observation = observation.copy()
            self._begin(ended, *self._starts.draw(ended))
            self._steps_left[ended] = self._episode_steps
            observation[ended] = self._observation[ended]
        return BatchStep(
            observation=observation,
            reward=-terms.sum(axis=1),
            truncated=truncated,
            final_observation=final_observation,
            term_values=terms,
            outputs=outputs,
            set_points=executed,
            proposal=proposal,
            verdict=verdict,
        )

    @property
    def dispatch_memory(self) -> DispatchMemory:
        """What dispatch remembers of each environment, a copy."""
        return self._dispatch.of(self._every)

    def rules_proposal(self) -> FloatArray:
        """What the rules would propose now, ``(num_envs, n_set_points)``; changes nothing."""
        return self.decoder.rules_proposal(self._dispatch, self._observation)[0]

    def save_state(self) -> dict[str, np.ndarray]:
        """Everything that later steps depend on, as fresh arrays."""
        parts: dict[str, Mapping[str, np.ndarray]] = {
            "plant": self.plant.save_state(),
            "builder": self._builder.save_state(),
            "dispatch": self._dispatch._asdict(),
            "guard": self._guard._asdict(),
        }
        saved = {
            f"{part}.{name}": np.array(value)
            for part, arrays in parts.items()
            for name, value in arrays.items()
        }
        if self._faults is not None:
            saved |= {f"faults.{name}": array for name, array in self._faults.save_state().items()}
            saved["valid"] = self._valid.copy()
        saved["stock"] = self._stock.copy()
        saved["observation"] = self._observation.copy()
        saved["steps_left"] = self._steps_left.copy()
        saved["random"] = self._starts.save_state()
        return saved

    def restore_state(self, saved: Mapping[str, np.ndarray]) -> None:
        """Go back to a saved state, exactly."""

        def part(name: str) -> dict[str, np.ndarray]:
            prefix = f"{name}."
            return {
                key.removeprefix(prefix): np.array(value)
                for key, value in saved.items()
                if key.startswith(prefix)
            }

        self.plant.restore_state(part("plant"))
        self._builder.restore_state(part("builder"))
        self._dispatch = DispatchMemory(**part("dispatch"))
        self._guard = GuardMemory(**part("guard"))
        if self._faults is not None:
            self._faults.restore_state(part("faults"))
            self._valid = np.array(saved["valid"])
        self._stock = np.array(saved["stock"])
        self._observation = np.array(saved["observation"])
        self._steps_left = np.array(saved["steps_left"])
        self._starts.restore_state(saved["random"])
        self._now_s = self.plant.time_s.astype(np.float64)

    def _guarded(self, proposal: FloatArray) -> tuple[FloatArray, Verdict]:
        if self.task.guard:
            reading = Reading(self._now_s, self._observation, self._valid)
            executed, verdict, self._guard = check(
                self.limits, self._guard, reading, proposal, None
            )
            return executed, verdict
        finite = np.isfinite(proposal)
        executed = np.where(finite, proposal, self._guard.set_points)
        executed = np.minimum(np.maximum(executed, self.limits.low), self.limits.high)
        memory = initial_memory(self.limits, self._now_s, executed)
        self._guard = memory._replace(set_points=executed)
        verdict = Verdict(
            np.zeros(proposal.shape, dtype=np.uint16),
            np.asarray(finite.all(axis=1)),
            np.zeros(proposal.shape),
        )
        return executed.copy(), verdict

    def _begin(
        self, envs: IntArray, scenario: IntArray, start_step: IntArray, seeds: IntArray
    ) -> None:
        """Start episodes of some environments, up to and with their first observation."""
        # before step 0 the scenario's end stands in, as it does after its last step
        lead_s = round(WARM_UP_STEPS * self.task.control_dt_s)
        start_s = start_step * self.library.step_s - lead_s
        set_points = self._first_set_points(scenario, start_step)
        outputs = self._nursery.begin(
            self.plant, envs, scenario, start_s, seeds, self._to_plant(set_points)
        )
        time_s = self.plant.time_s[envs]
        now_s = time_s.astype(np.float64)
        guard = initial_memory(self.limits, now_s - self.task.control_dt_s, set_points)
        self._guard = GuardMemory(*with_rows(self._guard, envs, guard))
        dispatch = self.decoder.initial_memory(len(envs))
        self._dispatch = DispatchMemory(*with_rows(self._dispatch, envs, dispatch))
        self._stock[envs] = self._objective.stock_values(outputs)
        self._now_s[envs] = now_s
        forecast = self._forecaster.windows_at(
            self.plant.scenario[envs], time_s // self.library.step_s
        )
        raw = self._raw(outputs)
        if self._faults is not None:
            # a fault that was there before shows from the first step on
            self._faults.begin(envs, raw)
            self._valid[envs] = True
        _, self._observation[envs] = self._builder.begin(
            envs,
            raw,
            guard.set_points,
            guard.dwell_remaining_s(self.limits, now_s),
            forecast.reshape(len(envs), -1),
        )

    def _first_set_points(self, scenario: IntArray, start_step: IntArray) -> FloatArray:
        """Waste heat in, machines off, supply by the heating curve."""
        plan = self.decoder.plan
        ambient = self._ambient[scenario, start_step % self._ambient.shape[1]]
        set_points = np.tile(plan.set_point_safe, (len(scenario), 1))
        curve = heating_curve(plan, self.decoder.rules, ambient)
        set_points[:, set_points.shape[1] - plan.n_circuits :] = curve
        return set_points

    def _to_plant(self, set_points: FloatArray) -> FloatArray:
        if self._plant_order is None:
            return set_points
        return set_points.take(self._plant_order, axis=1)

    def _raw(self, outputs: FloatArray) -> FloatArray:
        """What the observation takes from outputs, in its place; a fresh array."""
        raw = outputs.take(self._raw_at, axis=1)
        if self._fixed_at.size:
            raw[:, self._fixed_at] = self._fixed
        return raw
