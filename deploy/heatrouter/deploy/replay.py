"""Runs the computation of a service again from its audit log, and compares bit for bit.

From the logged inputs and their validity, forecasts, modes, predictions and read-backs follow the
observation, the policy's raw action, the proposal, what the guard let through and why. What the
log says of them is compared, never used, save where a bundle is not at hand: then its actions are
taken from the log, and counted.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.deploy.audit import AuditRecord
from heatrouter.deploy.config import ServiceConfig, ServiceSetup
from heatrouter.deploy.control_cycle import ControlCycle, GuardedStep
from heatrouter.deploy.modes import WRITING, Mode
from heatrouter.deploy.replay_records import START_EVENT, STATE_EVENT, ReplayError, unpacked
from heatrouter.deploy.tick_reading import TickReading
from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.guard import Prediction

Act = Callable[[FloatArray], FloatArray]
"""From an observation, shape ``(n_observation,)``, to the policy's raw action."""

Setups = Callable[[Mapping[str, object]], ServiceSetup]
"""From what a service said of itself when it started to its district, task and contract."""

Policies = Callable[[str], Act | None]
"""From the digest of a bundle to its policy; None where the bundle is not at hand."""

_FLAGS: Final = ("observation", "action", "proposal", "executed", "reasons", "source")


@dataclass(frozen=True, slots=True)
class Difference:
    """Where log and replay part.

    Attributes:
        run: Start of the service, the first is 1.
        tick: Of that run.
        field: What differs.
        index: Where in it; None for what is no array.
        recorded: What the log says.
        replayed: What the replay computes.
    """

    run: int
    tick: int
    field: str
    index: int | None
    recorded: object
    replayed: object

    def __str__(self) -> str:
        """One line for people."""
        at = "" if self.index is None else f"[{self.index}]"
        return (
            f"run {self.run}, tick {self.tick}: {self.field}{at} is {self.recorded!r} in the log, "
            f"{self.replayed!r} in the replay"
        )


@dataclass(slots=True)
class ReplayResult:
    """What a replay found.

    Attributes:
        records: Of the log, all kinds.
        runs: Starts of the service.
        ticks: Ticks whose computation was repeated and compared.
        passed_over: Ticks that cannot be repeated: records were lost before, or the log begins
            in the middle of a run.
        decisions: Policy actions that were computed again.
        decisions_taken: Policy actions taken from the log, since the bundle is not at hand.
        differences: Ticks that differ.
        first: The first difference.
    """

    records: int = 0
    runs: int = 0
    ticks: int = 0
    passed_over: int = 0
    decisions: int = 0
    decisions_taken: int = 0
    differences: int = 0
    first: Difference | None = None

    @property
    def same(self) -> bool:
        """Whether everything that was repeated is the same, and anything was."""
        return self.differences == 0 and self.ticks > 0


def replay(records: Iterable[AuditRecord], setups: Setups, policies: Policies) -> ReplayResult:
    """Replay a log.

    Args:
        records: Of the whole log, checked against its chain by the reader.
        setups: Makes the setup that a run started with.
        policies: Finds policies.

    Raises:
        ReplayError: A setup differs from the one of the log, or a record is of another version.
    """
    replayer = Replayer(setups, policies)
    for record in records:
        replayer.take(record)
    return replayer.result


class Replayer:
    """Follows a log record by record.

    Args:
        setups: Makes the setup that a run started with.
        policies: Finds policies.
    """

    def __init__(self, setups: Setups, policies: Policies) -> None:
        self.result = ReplayResult()
        self._setups = setups
        self._policies = policies
        self._known: dict[str, ServiceSetup] = {}
        self._cycle: ControlCycle | None = None

    def take(self, record: AuditRecord) -> None:
        """Take the next record."""
        self.result.records += 1
        if record.lost_before or record.event == "tick failed":
            # What happened is not known: wait for a state to go on from.
            self._cycle = None
        if record.event == START_EVENT:
            self.result.runs += 1
            self._cycle = self._begin(record)
        elif record.event == STATE_EVENT:
            self._cycle = self._begin(record)
            self._cycle.restore_state(unpacked(record.detail.get("cycle")))
        elif record.event is None:
            if self._cycle is None:
                self.result.passed_over += 1
                return
            try:
                self._tick(self._cycle, record)
            except (KeyError, TypeError, ValueError, IndexError) as error:
                message = f"tick {record.tick}: the record is of another version: {error!r}"
                raise ReplayError(message) from error

    def _begin(self, record: AuditRecord) -> ControlCycle:
        identity = {k: v for k, v in record.detail.items() if k != "cycle"}
        key = json.dumps(identity, sort_keys=True)
        setup = self._known.get(key)
        if setup is None:
            setup = self._known[key] = self._setups(identity)
        cycle = ControlCycle(setup)
        cycle.look_ahead = bool(identity.get("look_ahead", False))
        found = {"contract": setup.contract.digest, "guard_limits": cycle.limits.digest}
        for name, digest in found.items():
            if identity.get(name) != digest:
                message = (
                    f"tick {record.tick}: the service ran with {name.replace('_', ' ')} "
                    f"{str(identity.get(name))[:12]}, here it is {digest[:12]}; replay with the "
                    "description and the version of heatrouter that the service ran with"
                )
                raise ReplayError(message)
        return cycle

    def _tick(self, cycle: ControlCycle, record: AuditRecord) -> None:
        reading = _reading(record, cycle)
        observation: FloatArray | None = None
        if reading is not None:
            if cycle.memory is None:
                _track(cycle, reading, record.time_s)
            valid = np.array(record.quality) == 0
            if cycle.take(reading, reading.inputs, valid) and cycle.memory is not None:
                observation = cycle.observe(record.time_s).astype(np.float64)
        action = None
        if record.action is not None:
            action = self._action(cycle, record)
            cycle.act(action)
        cycle.prediction = _prediction(record)
        cycle.overrides = _overrides(record)
        mode = Mode(record.mode)
        may_write = mode in WRITING
        if reading is None:
            cycle.miss()
        elif cycle.has_to_follow(external=reading.external) and may_write:
            _track(cycle, reading, record.time_s)
        step = cycle.guarded(record.time_s, use_policy=mode is Mode.POLICY or not may_write)
        self._compare(record, observation, action, step)
        if record.written and step is not None:
            cycle.executed(step, _kept(record, step), _written_s(record))
        elif reading is not None:
            _track(cycle, reading, record.time_s)

    def _action(self, cycle: ControlCycle, record: AuditRecord) -> FloatArray:
        """The policy's answer, computed again where its bundle is at hand."""
        assert record.action is not None
        act = self._policies(record.bundle or "")
        if act is None or cycle.observation is None:
            self.result.decisions_taken += 1
            return record.action
        self.result.decisions += 1
        return act(cycle.observation[0])

    def _compare(
        self,
        record: AuditRecord,
        observation: FloatArray | None,
        action: FloatArray | None,
        step: GuardedStep | None,
    ) -> None:
        self.result.ticks += 1
        replayed: dict[str, object] = {
            "observation": observation,
            "action": action,
            "proposal": None if step is None else step.proposal,
            "executed": None if step is None else step.set_points,
            "reasons": None if step is None else step.verdict.reasons[0].astype(np.float64),
            "source": None if step is None else step.source,
        }
        recorded: dict[str, object] = {
            "observation": record.observation,
            "action": record.action,
            "proposal": record.proposal,
            "executed": record.executed,
            "reasons": None if record.reasons is None else np.array(record.reasons, dtype=float),
            "source": record.detail.get("source"),
        }
        for name in _FLAGS:
            unlike = _first_difference(recorded[name], replayed[name])
            if unlike is not None:
                self.result.differences += 1
                if self.result.first is None:
                    run = self.result.runs
                    self.result.first = Difference(run, record.tick, name, *unlike)
                return


def _first_difference(a: object, b: object) -> tuple[int | None, object, object] | None:
    """Where two values differ in any bit, NaN being NaN; None where they do not."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return None if a is b or (isinstance(a, str) and a == b) else (None, a, b)
    if a.shape != b.shape:
        return None, f"{a.size} values", f"{b.size} values"
    unlike = ~((a == b) & (np.signbit(a) == np.signbit(b)) | (np.isnan(a) & np.isnan(b)))
    if not unlike.any():
        return None
    at = int(np.flatnonzero(unlike)[0])
    return at, float(a[at]), float(b[at])


def _reading(record: AuditRecord, cycle: ControlCycle) -> TickReading | None:
    """What the control loop had in hand; None where the plant did not answer."""
    detail = record.detail
    if "inputs" not in detail:
        return None
    inputs, applied = _floats(detail["inputs"]), _floats(detail["applied"])
    forecast = _floats(detail["forecast"]) if "forecast" in detail else None
    return TickReading(
        inputs=inputs,
        quality=np.zeros(inputs.shape, dtype=np.int8),
        source_time_s=np.full(inputs.shape, np.nan),
        clock=_floats(detail["clock"]),
        plant_time_s=float(_floats(detail["plant_time_s"])),
        forecast=None if forecast is None else forecast.reshape(cycle.layout.forecast_shape),
        forecast_issue_s=np.nan,
        set_points=applied,
        applied=applied,
        enable=True,
        override=None,
        external=bool(detail["external"]),
        arrays={},
    )


def _prediction(record: AuditRecord) -> Prediction | None:
    content = record.detail.get("prediction")
    if not isinstance(content, dict):
        return None
    arrays = {name: _floats(value) for name, value in content.items()}
    return Prediction(
        issued_s=arrays["issued_s"],
        horizon_s=arrays["horizon_s"],
        lowest=arrays["lowest"],
        highest=arrays["highest"],
        valid=arrays["valid"] > 0.5,
    )


def _overrides(record: AuditRecord) -> FloatArray | None:
    content = record.detail.get("overrides")
    return None if content is None else _floats(content)


def _kept(record: AuditRecord, step: GuardedStep) -> BoolArray:
    kept = np.zeros(step.set_points.shape, dtype=np.bool_)
    names = record.detail.get("kept", [])
    assert isinstance(names, list)
    kept[[int(i) for i in names]] = True
    return kept


def _written_s(record: AuditRecord) -> float:
    """When the plant had confirmed a write; older logs know the beginning of the tick only."""
    return float(_floats(record.detail.get("written_s", record.time_s)))


def _track(cycle: ControlCycle, reading: TickReading, time_s: float) -> None:
    if bool(np.isfinite(reading.applied).all()):
        cycle.track(reading.applied, time_s)


def _floats(value: object) -> FloatArray:
    numbers: FloatArray = np.array(value, dtype=np.float64)
    return numbers


def recorded_config(identity: Mapping[str, object]) -> ServiceConfig:
    """The settings that a service put on record when it started.

    Raises:
        ReplayError: They are of another version.
    """
    try:
        return ServiceConfig.model_validate(identity["config"])
    except (KeyError, ValueError) as error:
        message = f"the settings on record are of another version: {error}"
        raise ReplayError(message) from error
