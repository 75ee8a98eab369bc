"""What a policy has seen, so that a service notices what it has not: novelty and drift.

*Novelty* is how far a channel lies outside the range of training, in spans of that range; weather,
market and plant have a limit each. *Drift* is a measured channel that no longer agrees with what
the others say of it, on average over an hour or over a day.

Both limits are conformal: calibrated on days of validation, which neither ranges nor relations were
fitted to, so that a day like those raises an alarm with at most the stated probability (split
conformal prediction with days as the exchangeable unit; Vovk, Gammerman and Shafer, 2005; for
reinforcement learning arXiv:2503.05238). Few statistics against a summary of training follow the
observation that they find most of what large detectors find (arXiv:2510.21638).
"""

import json
from typing import Final, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heatrouter.agents.manifest import MONITOR_FILE
from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError, mistakes_from_details
from heatrouter.envs.units import SECONDS_PER_HOUR

SCHEMA_VERSION: Final = 1

Group = Literal["weather", "market", "plant", "unwatched"]
"""What a channel belongs to; each group has a limit of its own, so that prices, which have no
bound, do not blunt the watch over the weather."""


PHYSICAL: Final[tuple[Group, ...]] = ("weather", "plant")
"""Groups whose novelty leaves the policy out: what it may do to the plant there is not known."""

MARKET: Final[tuple[Group, ...]] = ("market",)
"""Prices beyond those of training are no danger to the plant, but to money where they stay."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Relation(_Frozen):
    """What other channels say of a measured one: offset plus weighted sum, in its unit."""

    channel: str
    predictors: tuple[str, ...]
    weights: tuple[float, ...]
    offset: float
    scales: tuple[float, ...] = Field(
        description="largest mean residual of an ordinary day, one per memory; unit of the channel"
    )


class Monitor(_Frozen):
    """Ranges, relations and limits."""

    schema_version: Literal[1] = SCHEMA_VERSION
    false_alarms_per_day: float = Field(
        gt=0.0, lt=1.0, description="at most, for novelty and for drift each, on days like these"
    )
    calibration_days: int = Field(ge=1)
    groups: tuple[Group, ...] = Field(description="per channel of the observation")
    low: tuple[float, ...] = Field(description="of training, per channel")
    high: tuple[float, ...]
    span: tuple[float, ...] = Field(description="what one unit of novelty is, per channel")
    limits: dict[Group, float] = Field(description="novelty beyond which a group is unknown")
    memories_h: tuple[float, ...] = Field(description="time constants of the means, h")
    relations: tuple[Relation, ...]
    drift_limit: float = Field(gt=0.0, description="mean residual, in scales of its relation")

    def to_json(self) -> bytes:
        """The bytes of ``monitor.json``."""
        content = self.model_dump(mode="json")
        return (json.dumps(content, sort_keys=True, allow_nan=False) + "\n").encode()


def parse_monitor(data: bytes, contract: Contract) -> Monitor:
    """Read a monitor.

    Args:
        data: The bytes of ``monitor.json``.
        contract: What it must fit.

    Raises:
        BundleError: Not a monitor, or one of another contract.
    """
    try:
        monitor = Monitor.model_validate_json(data)
    except ValidationError as error:
        details = [dict(detail) for detail in error.errors(include_url=False)]
        listed = "; ".join(str(mistake) for mistake in mistakes_from_details(details)[:3])
        msg = f"{MONITOR_FILE}: not a monitor ({listed}); export the run again"
        raise BundleError(msg) from None
    names = {channel.name for channel in contract.observation}
    n = len(contract.observation)
    known = all({r.channel, *r.predictors} <= names for r in monitor.relations)
    sizes = {len(monitor.groups), len(monitor.low), len(monitor.high), len(monitor.span)}
    fits = (
        known
        and sizes == {n}
        and all(span > 0.0 for span in monitor.span)
        and all(limit > 0.0 for limit in monitor.limits.values())
        and set(monitor.groups) - {"unwatched"} <= set(monitor.limits)
        and all(memory > 0.0 for memory in monitor.memories_h)
        and all(
            len(r.weights) == len(r.predictors)
            and len(r.scales) == len(monitor.memories_h)
            and all(scale > 0.0 for scale in r.scales)
            for r in monitor.relations
        )
    )
    if not fits:
        msg = f"{MONITOR_FILE}: does not fit the contract of {n} channels; export the run again"
        raise BundleError(msg)
    return monitor


class Finding(NamedTuple):
    """The worst of what was looked at.

    Attributes:
        ratio: Statistic over its limit; above 1 it is an alarm, 0 where nothing was looked at.
        channel: Which channel it is, empty where there is none.
        value: Of that channel; for drift, by how much it is off.
    """

    ratio: float
    channel: str
    value: float


NOTHING: Final = Finding(0.0, "", 0.0)


class MonitorScorer:
    """Judges observations, with plain arrays.

    Args:
        monitor: The monitor.
        contract: Its contract.
    """

    def __init__(self, monitor: Monitor, contract: Contract) -> None:
        names = tuple(channel.name for channel in contract.observation)
        at = {name: i for i, name in enumerate(names)}
        self.monitor = monitor
        self._names = names
        self._low, self._high = np.array(monitor.low), np.array(monitor.high)
        limits = {**monitor.limits, "unwatched": np.inf}
        limit = np.array([limits[group] for group in monitor.groups])
        self._unit = np.array(monitor.span) * limit
        self._groups = np.array(monitor.groups)
        relations = monitor.relations
        self._targets = np.array([at[r.channel] for r in relations], dtype=np.int64)
        self._weights = np.zeros((len(relations), len(names)))
        for row, relation in enumerate(relations):
            self._weights[row, [at[name] for name in relation.predictors]] = relation.weights
        self._needs = self._weights != 0.0
        self._needs[np.arange(len(relations)), self._targets] = True
        self._offsets = np.array([r.offset for r in relations])
        scales = np.array([r.scales for r in relations])
        scales = scales.reshape(len(relations), len(monitor.memories_h)).T
        self._drift_unit = scales * monitor.drift_limit
        hours = np.array(monitor.memories_h)[:, np.newaxis]
        self._gain = 1.0 - np.exp(-contract.control_dt_s / SECONDS_PER_HOUR / hours)

    def novelty_of(self, observation: FloatArray) -> FloatArray:
        """Novelty of every channel over the limit of its group, same shape as the observation."""
        outside = np.maximum(self._low - observation, observation - self._high)
        ratio: FloatArray = np.maximum(outside, 0.0) / self._unit
        return ratio

    def members(self, groups: tuple[Group, ...]) -> BoolArray:
        """Which channels belong to some groups, shape ``(n_observation,)``."""
        among: BoolArray = np.isin(self._groups, groups)
        return among

    def novelty(self, observation: FloatArray, valid: BoolArray) -> Finding:
        """The channel that is furthest from what was seen.

        Args:
            observation: Shape ``(n_observation,)``.
            valid: Channels to look at, same shape: those of a group that may be believed.
        """
        ratio = np.where(valid & np.isfinite(observation), self.novelty_of(observation), 0.0)
        worst = int(np.argmax(ratio))
        return Finding(float(ratio[worst]), self._names[worst], float(observation[worst]))

    def no_drift(self) -> FloatArray:
        """Memory of a watch that begins, shape ``(n_memories, n_relations)``."""
        return np.zeros(self._drift_unit.shape)

    def residuals(self, observation: FloatArray) -> FloatArray:
        """What measured channels show beyond what the others say, ``(..., n_relations)``."""
        told = observation @ self._weights.T + self._offsets
        residual: FloatArray = observation[..., self._targets] - told
        return residual

    def remember(self, memory: FloatArray, residual: FloatArray) -> FloatArray:
        """The means after one more control step.

        Args:
            memory: ``(..., n_memories, n_relations)``.
            residual: ``(..., n_relations)``; NaN keeps the mean as it was.
        """
        change = residual[..., np.newaxis, :] - memory
        kept: FloatArray = memory + self._gain * np.where(np.isnan(change), 0.0, change)
        return kept

    def drift_ratio(self, memory: FloatArray) -> FloatArray:
        """Mean residuals over their limit, same shape as the memory."""
        ratio: FloatArray = np.abs(memory) / self._drift_unit
        return ratio

    def drift(
        self, memory: FloatArray, observation: FloatArray, valid: BoolArray
    ) -> tuple[Finding, FloatArray]:
        """The measured channel that disagrees most with the others, and the new memory.

        Args:
            memory: What the last call returned, or :meth:`no_drift`.
            observation: Of this control step, shape ``(n_observation,)``.
            valid: Channels that may be believed; relations that need others wait.
        """
        if not self._targets.size:
            return NOTHING, memory
        known = valid & np.isfinite(observation)
        residual = self.residuals(np.where(known, observation, 0.0))
        complete = ~(self._needs & ~known).any(axis=1)
        memory = self.remember(memory, np.where(complete, residual, np.nan))
        ratio = self.drift_ratio(memory)
        row, column = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
        channel = self._names[self._targets[column]]
        return Finding(float(ratio[row, column]), channel, float(memory[row, column])), memory
