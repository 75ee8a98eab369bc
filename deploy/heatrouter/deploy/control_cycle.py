"""What the guard process computes each tick, without sockets, processes or files.

Two clocks: every tick takes a reading and passes what is wanted through the guard; every
``control_dt_s`` an observation is built from the means of the readings, exactly as in training, the
rules answer it, and the policy's action on it is decoded and held.

The rules always answer, whatever the mode: falling back costs nothing but the choice of the other
proposal.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from heatrouter.deploy.config import ServiceSetup
from heatrouter.deploy.tick_reading import ReadingLayout, StepMeans, TickReading, clock_of
from heatrouter.envs.actuate import ActionDecoder, guard_limits
from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray
from heatrouter.envs.dispatch import DispatchMemory
from heatrouter.envs.guard import (
    GuardMemory,
    Prediction,
    Reading,
    Verdict,
    check,
    initial_memory,
)
from heatrouter.envs.guard.verdict import ReasonArray
from heatrouter.envs.observe import ObservationBuilder

RANGE_TOLERANCE = 1e-4
"""Share of an action's range by which a 32-bit policy may miss a bound without being blamed."""


@dataclass(frozen=True, slots=True)
class GuardedStep:
    """What one tick proposes and what of it may be executed.

    Attributes:
        source: ``rules`` or ``policy``.
        proposal: Shape ``(n_set_points,)``.
        set_points: What may be written, same shape.
        verdict: What the guard changed, and why.
        memory: The guard's memory if all of it is executed.
        policy_refused: The policy's proposal was refused and the rules' stands in its place.
        overrides: What a person has fixed, in the proposal already, NaN elsewhere, same shape;
            None without any.
    """

    source: str
    proposal: FloatArray
    set_points: FloatArray
    verdict: Verdict
    memory: GuardMemory
    policy_refused: bool
    overrides: FloatArray | None = None


class ControlCycle:
    """The state of the computation from tick to tick.

    Args:
        setup: District, task, contract, tags.
    """

    def __init__(self, setup: ServiceSetup) -> None:
        contract = setup.contract
        self.contract = contract
        self.layout = ReadingLayout(contract, setup.task, setup.tags)
        self.limits = guard_limits(setup.district, contract)
        self.decoder = ActionDecoder(setup.district, contract, setup.task.rules)
        self.memory: GuardMemory | None = None
        self.observation: FloatArray | None = None
        self.rules_proposal: FloatArray | None = None
        self.policy_proposal: FloatArray | None = None
        self.action: FloatArray | None = None
        self.decisions = 0
        self.missed = False
        self.look_ahead = False
        self.prediction: Prediction | None = None
        self.overrides: FloatArray | None = None
        self._builder = ObservationBuilder(contract, 1)
        self._rules_memory = self.decoder.initial_memory(1)
        self._policy_memory = self.decoder.initial_memory(1)
        self._means = StepMeans(self._instant_inputs())
        self._ticks_per_step = round(contract.control_dt_s / setup.config.tick_s)
        self._ticks_since = 0
        self._plant_step: float | None = None
        self._clock: FloatArray | None = None
        self._forecast: FloatArray | None = None
        self._measured_now: FloatArray = np.zeros(self.layout.n_measured)
        self._valid_now: BoolArray = np.zeros(self.layout.n_measured, dtype=np.bool_)
        self._action_low, self._action_high = contract.bounds("action")

    # --- every tick ---

    def take(self, reading: TickReading, values: FloatArray, valid: BoolArray) -> bool:
        """Take a judged reading.

        Args:
            reading: As it came.
            values: Inputs with a last good value in the place of what may not be believed,
                shape ``(n_inputs,)``.
            valid: Whether each input may be believed.

        Returns:
            Whether a decision is due.
        """
        self._means.add(values, valid)
        self._measured_now = values[: self.layout.n_measured]
        self._valid_now = valid[: self.layout.n_measured]
        if bool(np.isfinite(reading.clock).all()):
            self._clock = reading.clock
        if reading.forecast is not None:
            self._forecast = reading.forecast
        self._ticks_since += 1
        return self._due(reading.plant_time_s)

    def miss(self) -> None:
        """Note a tick without a reading: what is in force has to be read before it is moved."""
        self.missed = True

    def has_to_follow(self, *, external: bool) -> bool:
        """Whether this tick writes what is in force, unmoved; asked once in a tick with a reading.

        Until the plant confirms that it follows us it may take over any of our writes while its
        own controller still moves the set-points. After a gap the whole time of the gap would be
        made up for in one step.

        Args:
            external: Whether the plant follows the service.
        """
        missed, self.missed = self.missed, False
        return missed or not external

    def _due(self, plant_time_s: float) -> bool:
        """Decide when the plant's clock enters a new control step, as the simulator's steps do.

        The plant's clock may stop or jump: never after less than half a step, never later than
        one and a half.
        """
        step = (
            math.floor(plant_time_s / self.contract.control_dt_s)
            if math.isfinite(plant_time_s)
            else None
        )
        changed = step is not None and step != self._plant_step
        if self.observation is None:
            self._plant_step = step
            return self._clock is not None
        since, whole = self._ticks_since, self._ticks_per_step
        if (changed and 2 * since >= whole) or 2 * since >= 3 * whole:
            self._plant_step = step
            return True
        return False

    def track(self, applied: FloatArray, now_s: float) -> None:
        """Follow the set-points in force while somebody else is in control: bumpless hand-over.

        Args:
            applied: What the plant applies, shape ``(n_set_points,)``, finite.
            now_s: Now.
        """
        time_s = np.array([now_s])
        # How long a unit has run is not known at first: wait the whole dwell, rather than guess.
        fresh = initial_memory(self.limits, time_s, applied[np.newaxis], held_s=0.0)
        if self.memory is not None:
            elapsed = np.maximum(time_s - self.memory.time_s, 0.0)[:, np.newaxis]
            same = fresh.on == self.memory.on
            held_s = np.where(same, self.memory.held_s + elapsed, 0.0)
            fresh = fresh._replace(held_s=held_s, tripped=self.memory.tripped)
        self.memory = fresh

    def guarded(self, now_s: float, *, use_policy: bool) -> GuardedStep | None:
        """Pass what is wanted through the guard; None while nothing is known yet.

        Args:
            now_s: Now.
            use_policy: Whether the policy's proposal is wanted, where there is one.
        """
        if self.memory is None or self.rules_proposal is None or self.observation is None:
            return None
        reading = self.guard_reading(now_s)
        refused = False
        if use_policy and self.policy_proposal is not None:
            step = self._check(
                "policy", self.policy_proposal, self.memory, reading, self.prediction_due()
            )
            if bool(step.verdict.accepted.all()):
                return step
            refused = True
        step = self._check("rules", self.rules_proposal, self.memory, reading)
        return replace(step, policy_refused=refused)

    def executed(self, step: GuardedStep, refused: BoolArray, written_s: float) -> None:
        """Remember what was written; what the plant refused stays as it was.

        Rates count from the moment at which the plant has confirmed the write, not from the tick
        that it began with: a write that was long on its way must not be followed by a large step
        at once, since it is the time between two arrivals that the plant sees.

        Args:
            step: What was written.
            refused: Set-points that the plant refused, shape ``(n_set_points,)``.
            written_s: When the plant had confirmed it, on the clock of the ticks.
        """
        assert self.memory is not None
        before, after = self.memory, step.memory
        kept = refused[np.newaxis]
        time_s = np.maximum(written_s, after.time_s)
        # What was switched just now has been so since then; all else was held meanwhile.
        held_s = np.where(after.held_s > 0.0, after.held_s + (time_s - after.time_s), 0.0)
        self.memory = after._replace(
            set_points=np.where(kept, before.set_points, after.set_points),
            on=np.where(kept, before.on, after.on),
            held_s=np.where(kept, before.held_s, held_s),
            time_s=time_s,
        )

    def prediction_due(self) -> Prediction | None:
        """What the look-ahead says of the policy's proposal; None where none is configured."""
        if not self.look_ahead:
            return None
        return self.prediction or Prediction.missing(1, len(self.limits.predicted))

    def judge_policy(self, now_s: float) -> ReasonArray | None:
        """What the guard would say of the policy's proposal; None where there is none."""
        if self.memory is None or self.policy_proposal is None or self.observation is None:
            return None
        reading, prediction = self.guard_reading(now_s), self.prediction_due()
        step = self._check("policy", self.policy_proposal, self.memory, reading, prediction)
        return step.verdict.reasons

    def guard_reading(self, now_s: float) -> Reading:
        """The last observation with what is measured now in the place of means over the step.

        Interlocks look at it, and so does the watch over novelty.
        """
        assert self.observation is not None
        values = self.observation.copy()
        valid = np.ones(values.shape, dtype=np.bool_)
        # Measured channels come first in every contract.
        values[0, : self.layout.n_measured] = self._measured_now
        valid[0, : self.layout.n_measured] = self._valid_now
        return Reading(np.array([now_s]), values, valid)

    def _check(
        self,
        source: str,
        proposal: FloatArray,
        memory: GuardMemory,
        reading: Reading,
        prediction: Prediction | None = None,
    ) -> GuardedStep:
        if self.overrides is not None:
            # What a person has fixed beats rules and policy, but not the guard.
            proposal = np.where(np.isnan(self.overrides), proposal, self.overrides)
        set_points, verdict, after = check(
            self.limits, memory, reading, proposal[np.newaxis], prediction
        )
        return GuardedStep(
            source,
            proposal,
            set_points[0],
            verdict,
            after,
            policy_refused=False,
            overrides=self.overrides,
        )

    # --- every control step ---

    def observe(self, now_s: float) -> Float32Array:
        """Build this control step's observation and let the rules answer it.

        Returns:
            The observation for the policy, shape ``(n_observation,)``.
        """
        assert self.memory is not None
        assert self._clock is not None
        means = self._means.take()
        self._ticks_since = 0
        forecast = self._forecast
        if forecast is None:
            # The rules look at none of it; the policy is left out while there is none.
            forecast = np.zeros(self.layout.forecast_shape)
        self.observation = self._builder.update(
            means[np.newaxis, : self.layout.n_measured],
            self.memory.set_points,
            self.memory.dwell_remaining_s(self.limits, np.array([now_s])),
            clock_of(self._clock),
            self.layout.tariffs(means)[np.newaxis],
            forecast[np.newaxis],
        )
        proposal, self._rules_memory = self.decoder.rules_proposal(
            self._rules_memory, self.observation
        )
        self.rules_proposal = proposal[0]
        self.action = self.policy_proposal = self.prediction = None
        self.decisions += 1
        observation: Float32Array = self.observation[0].astype(np.float32)
        return observation

    def act(self, action: FloatArray) -> bool:
        """Decode the policy's action on the last observation, and hold it.

        Args:
            action: Shape ``(n_action,)``, physical units.

        Returns:
            False for an action beyond its range, which is not used.
        """
        assert self.observation is not None
        if not self.in_range(action):
            return False
        proposal, self._policy_memory = self.decoder.decode(
            self._policy_memory, self.observation, action[np.newaxis]
        )
        self.action, self.policy_proposal = action, proposal[0]
        return True

    def in_range(self, action: FloatArray) -> bool:
        """Whether an action of shape ``(n_action,)`` is one; a NaN is not."""
        slack = RANGE_TOLERANCE * (self._action_high - self._action_low)
        inside = (action >= self._action_low - slack) & (action <= self._action_high + slack)
        return bool(inside.all())

    def _instant_inputs(self) -> BoolArray:
        kinds = {
            c.origin: c.aggregation == "instant"
            for c in self.contract.observation
            if c.source in {"measured", "tariff"}
        }
        return np.array([kinds[name] for name in self.layout.input_names], dtype=np.bool_)

    # --- the state, for replays that begin in the middle ---

    @property
    def forecast(self) -> FloatArray | None:
        """The forecast in use, shape ``(n_series, n_windows)``; None before there was one."""
        return self._forecast

    def save_state(self) -> dict[str, np.ndarray]:
        """Everything that later ticks depend on, as fresh arrays; what is not known is left out."""
        optional: dict[str, FloatArray | None] = {
            "observation": self.observation,
            "rules_proposal": self.rules_proposal,
            "policy_proposal": self.policy_proposal,
            "action": self.action,
            "clock": self._clock,
            "forecast": self._forecast,
        }
        state: dict[str, np.ndarray] = {
            name: array.copy() for name, array in optional.items() if array is not None
        }
        groups: dict[str, GuardMemory | DispatchMemory | Prediction | None] = {
            "guard": self.memory,
            "rules": self._rules_memory,
            "policy": self._policy_memory,
            "prediction": self.prediction,
        }
        for group, memory in groups.items():
            if memory is not None:
                state |= {f"{group}.{k}": np.array(v) for k, v in memory._asdict().items()}
        state |= {f"builder.{k}": v for k, v in self._builder.save_state().items()}
        state |= {f"means.{k}": v for k, v in self._means.save_state().items()}
        state["measured_now"] = self._measured_now.copy()
        state["valid_now"] = self._valid_now.copy()
        step = math.nan if self._plant_step is None else self._plant_step
        counters = [self._ticks_since, self.decisions, step, self.missed]
        state["counters"] = np.array(counters, dtype=np.float64)
        return state

    def restore_state(self, saved: Mapping[str, np.ndarray]) -> None:
        """Go back to a saved state, exactly."""

        def group(name: str) -> dict[str, np.ndarray]:
            start = f"{name}."
            return {k.removeprefix(start): v for k, v in saved.items() if k.startswith(start)}

        self.observation = saved.get("observation")
        self.rules_proposal = saved.get("rules_proposal")
        self.policy_proposal = saved.get("policy_proposal")
        self.action = saved.get("action")
        self._clock = saved.get("clock")
        self._forecast = saved.get("forecast")
        guard, prediction = group("guard"), group("prediction")
        self.memory = GuardMemory(**guard) if guard else None
        self.prediction = Prediction(**prediction) if prediction else None
        self._rules_memory = DispatchMemory(**group("rules"))
        self._policy_memory = DispatchMemory(**group("policy"))
        self._builder.restore_state(group("builder"))
        self._means.restore_state(group("means"))
        self._measured_now = saved["measured_now"]
        self._valid_now = saved["valid_now"]
        since, decisions, step, missed = saved["counters"].tolist()
        self._ticks_since, self.decisions, self.missed = int(since), int(decisions), bool(missed)
        self._plant_step = None if math.isnan(step) else step
