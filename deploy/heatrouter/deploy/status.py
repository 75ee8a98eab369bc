"""What the service shows of itself: one immutable snapshot per tick, for pages, metrics, health.

The tick makes it of what it has in hand and gives it away; whoever looks at it, however slowly,
looks at a copy and cannot touch the tick.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from heatrouter.deploy.alarm_list import ListedAlarm
from heatrouter.deploy.set_point_overrides import Override
from heatrouter.envs.arrays import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecisionSnapshot:
    """How this tick's set-points came about; arrays in the order of the contract.

    Attributes:
        source: ``rules`` or ``policy``: whose proposal went through the guard.
        policy_refused: The guard refused the policy's proposal; the rules' stands in its place.
        action: The policy's answer on the last observation, shape ``(n_action,)``; None without.
        rules_proposal: Shape ``(n_set_points,)``.
        policy_proposal: Same shape; None without a usable answer.
        proposal: What the guard was asked for, overrides included, same shape.
        executed: What it let through, same shape.
        reasons: Masks of the guard's reasons, same shape.
        written: Whether that was written to the plant.
        decisions: Control steps so far.
    """

    source: str
    policy_refused: bool
    action: FloatArray | None
    rules_proposal: FloatArray | None
    policy_proposal: FloatArray | None
    proposal: FloatArray
    executed: FloatArray
    reasons: tuple[int, ...]
    written: bool
    decisions: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StatusSnapshot:
    """The service after one tick.

    Attributes:
        tick: Its number, from 0.
        time_s: Plant time since the service started, s.
        wall_time: POSIX time, s.
        plant_time_s: The plant's own clock, s; NaN where not known.
        running: False in the last snapshot before the service leaves.
        mode: What the service does.
        target: What a person asked for.
        reason: Why they differ; empty where they do not.
        since_s: When ``mode`` began, on the clock of ``time_s``.
        policy_from_s: Earliest time at which the policy may come back by itself, same clock.
        faults: Present now, each with what it began with.
        latched: Faults that wait for a person.
        enable: The plant permits external set-points.
        override: The plant's operator has taken control.
        external: The plant applies the service's set-points.
        link_connected: Whether the plant answered.
        values: Inputs as control uses them, shape ``(n_inputs,)``; None where nothing was read.
        causes: Why each is not believed, masks, 0 for a valid one.
        age_s: Plant seconds since the source last gave a new sample, same shape.
        applied: Set-points in force at the plant, shape ``(n_set_points,)``.
        decision: None before the first one.
        overrides: Set-points that a person has fixed.
        alarms: Oldest first.
        worker_pid: Process of the policy; None without.
        worker_ready: Whether it would answer.
        bundle: Digest of the bundle that answers; None without a policy.
        counters: What has been counted since the start, by name.
        tick_s: Real seconds that the tick before took; NaN in the first.
        compute_s: The same without waiting for plant and policy.
        answers: The last answers to people, newest last.
    """

    tick: int
    time_s: float
    wall_time: float
    plant_time_s: float
    running: bool
    mode: str
    target: str
    reason: str
    since_s: float
    policy_from_s: float
    faults: Mapping[str, str]
    latched: tuple[str, ...]
    enable: bool
    override: bool
    external: bool
    link_connected: bool
    values: FloatArray | None = None
    causes: tuple[int, ...] = ()
    age_s: FloatArray | None = None
    applied: FloatArray | None = None
    decision: DecisionSnapshot | None = None
    overrides: tuple[Override, ...] = ()
    alarms: tuple[ListedAlarm, ...] = ()
    worker_pid: int | None = None
    worker_ready: bool = False
    bundle: str | None = None
    counters: Mapping[str, int] = field(default_factory=dict)
    tick_s: float = math.nan
    compute_s: float = math.nan
    answers: tuple[Mapping[str, object], ...] = ()


Publish: TypeAlias = Callable[[StatusSnapshot], None]
"""Takes a snapshot; must neither block nor raise."""


def snapshot_json(snapshot: object) -> bytes:
    """A snapshot as JSON; numbers that are none come out as ``NaN``, for our own reader.

    The fields' names are the keys. Arrays become lists.
    """
    return json.dumps(snapshot, default=_plain, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    """What ``json`` does not know: dataclasses with slots, arrays, mappings."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    slots = getattr(type(value), "__slots__", None)
    if slots is None:
        msg = f"a snapshot holds a {type(value).__name__}, which has no JSON form"
        raise TypeError(msg)
    return {name: getattr(value, name) for name in slots}
