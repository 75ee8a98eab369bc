"""Make a monitor: ranges and relations from training, limits from days of validation.

Relations are chosen channel by channel by orthogonal matching pursuit on the correlations (Pati,
Rezaiifar and Krishnaprasad, 1993), so that a few named channels speak for each measured one.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from heatrouter.agents.monitor import (
    MARKET,
    PHYSICAL,
    Group,
    Monitor,
    MonitorScorer,
    Relation,
)
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.contract import Channel, Contract
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.units import SECONDS_PER_DAY

FALSE_ALARMS_PER_DAY: Final = 1.0 / 30.0
MEMORIES_H: Final = (1.0, 24.0)
PREDICTORS: Final = 8

LEAST_SPAN: Final = 0.1
"""Of a channel's range in the contract: what hardly moved in training may move by some of it."""

LEAST_LIMIT: Final = 0.02
"""Spans beyond the range of training that are never called new: resolution and rounding."""

ORDINARY_QUANTILE: Final = 0.99
"""Of days of training, by which the residuals of different channels are made comparable."""

LEAST_EXPLAINED: Final = 0.5
"""Share of a channel's variance that the others must explain to watch over it."""

_RIDGE: Final = 1e-6
_OF_PLANT: Final = ("measured", "lagged", "executed")
_AT_REST: Final = ("kW", "kg/s", "1")
_WEATHER: Final = ("ambient_temp_c", "irradiance_w_m2", "wind_speed_m_s", "ground_temp_c")


def group_of(channel: Channel) -> Group:
    """Which limit a channel is held to; clock and dwell are known by construction."""
    origin = channel.origin.removeprefix("site.")
    if channel.source in {"clock", "dwell"}:
        return "unwatched"
    if origin in _WEATHER:
        return "weather"
    return "market" if channel.source in {"tariff", "forecast"} else "plant"


def fit_monitor(
    contract: Contract,
    seen: Sequence[FloatArray],
    calibration: Sequence[FloatArray],
    years: Mapping[str, FloatArray],
    false_alarms_per_day: float = FALSE_ALARMS_PER_DAY,
) -> Monitor:
    """Fit ranges and relations, then calibrate the limits.

    Args:
        contract: What is observed.
        seen: Observations of training, one array per controller, each
            ``(n_steps, n_runs, n_observation)`` with whole days.
        calibration: The same of validation.
        years: Least and greatest value of exogenous series in each scenario of training, by name,
            ``(n_scenarios, 2)``: what the policy was trained on is more than the runs here.
        false_alarms_per_day: Probability that is stated: for novelty of weather and plant
            together, of the market, and for drift, each.

    Raises:
        ConfigError: Too few days of validation for this probability.
    """
    flat = np.concatenate([values.reshape(-1, values.shape[-1]) for values in seen])
    low, high = flat.min(axis=0), flat.max(axis=0)
    for i, channel in enumerate(contract.observation):
        known = years.get(channel.origin.removeprefix("site."))
        if known is not None:
            low[i], high[i] = min(low[i], known[:, 0].min()), max(high[i], known[:, 1].max())
        if channel.source in _OF_PLANT and channel.unit in _AT_REST:
            # Outages are rare in the runs simulated here; no unit at rest is anything new.
            low[i], high[i] = min(low[i], 0.0), max(high[i], 0.0)
    contract_low, contract_high = contract.bounds("observation")
    span = np.maximum(high - low, LEAST_SPAN * (contract_high - contract_low))
    groups = tuple(group_of(channel) for channel in contract.observation)
    watched = sorted(set(groups) - {"unwatched"})
    days = min(_days(contract, values).shape[0] for values in calibration)
    monitor = Monitor(
        false_alarms_per_day=false_alarms_per_day,
        calibration_days=days,
        groups=groups,
        low=_numbers(low),
        high=_numbers(high),
        span=_numbers(span),
        limits=dict.fromkeys(watched, 1.0),
        memories_h=MEMORIES_H,
        relations=_relations(contract, seen, flat),
        drift_limit=1.0,
    )
    least = _between_years(contract, groups, span, years)
    return _calibrated(monitor, contract, calibration, least)


def _between_years(
    contract: Contract, groups: tuple[Group, ...], span: FloatArray, years: Mapping[str, FloatArray]
) -> dict[Group, float]:
    """By how much a year of training goes beyond all others, at most, in spans, per group.

    Days of one year share its prices and its winter, so days of a few years of validation say too
    little about another year. A new year goes further than this with a probability of about one
    in the number of years.
    """
    least: dict[Group, float] = {}
    for i, channel in enumerate(contract.observation):
        known = years.get(channel.origin.removeprefix("site."))
        if known is None or known.shape[0] < 2:  # one year is beyond no other
            continue
        lows, highs = np.sort(known[:, 0]), np.sort(known[:, 1])
        beyond = float(max(lows[1] - lows[0], highs[-1] - highs[-2]) / span[i])
        least[groups[i]] = max(least.get(groups[i], 0.0), beyond)
    return least


def conformal_limit(scores: FloatArray, false_alarms: float) -> float:
    """The least limit that another score exceeds with at most this probability.

    ``ceil((n + 1) (1 - p))``-th smallest of n scores.

    Raises:
        ConfigError: Too few scores to say anything about this probability.
    """
    rank = math.ceil((scores.size + 1) * (1.0 - false_alarms))
    if rank > scores.size:
        needed = math.ceil(1.0 / false_alarms) - 1
        msg = f"{scores.size} days of validation, a limit needs {needed}; take more or longer runs"
        raise ConfigError(msg)
    return float(np.sort(scores)[rank - 1])


def _calibrated(
    monitor: Monitor,
    contract: Contract,
    calibration: Sequence[FloatArray],
    least: Mapping[Group, float],
) -> Monitor:
    """The highest of the controllers' limits: the stated probability holds for each of them."""
    false_alarms = monitor.false_alarms_per_day
    scorer = MonitorScorer(monitor, contract)
    limits: dict[Group, float] = {}
    watched = list(monitor.limits)
    for group in watched:
        columns = np.array([name == group for name in monitor.groups])
        found = [
            conformal_limit(
                _days(contract, scorer.novelty_of(values)[..., columns]).max(axis=(1, 2)),
                false_alarms / _sharing(group, watched),
            )
            for values in calibration
        ]
        limits[group] = max(*found, least.get(group, 0.0), LEAST_LIMIT)
    drift = [
        conformal_limit(
            _days(contract, drift_course(scorer, values)).max(axis=(1, 2)), false_alarms
        )
        for values in calibration
    ]
    return monitor.model_copy(update={"limits": limits, "drift_limit": max(*drift, _RIDGE)})


def _sharing(group: Group, watched: Sequence[Group]) -> int:
    """How many groups share the probability that is stated: those with the same consequence."""
    same = PHYSICAL if group in PHYSICAL else MARKET
    return sum(other in same for other in watched)


def drift_course(scorer: MonitorScorer, values: FloatArray) -> FloatArray:
    """Worst drift ratio of each step and run, ``(n_steps, n_runs, 1)``, from no drift at first."""
    memory = np.zeros((values.shape[1], *scorer.no_drift().shape))
    course = np.zeros((*values.shape[:2], 1))
    if not memory.size:
        return course
    for step, residual in enumerate(scorer.residuals(values)):
        memory = scorer.remember(memory, residual)
        course[step, :, 0] = scorer.drift_ratio(memory).max(axis=(1, 2))
    return course


def _relations(
    contract: Contract, seen: Sequence[FloatArray], flat: FloatArray
) -> tuple[Relation, ...]:
    mean, std = flat.mean(axis=0), flat.std(axis=0)
    low, high = contract.bounds("observation")
    moves = std > 1e-4 * (high - low)
    scaled = (flat - mean) / np.where(moves, std, 1.0)
    correlation = scaled.T @ scaled / len(scaled)
    channels = contract.observation
    found = []
    for i, channel in enumerate(channels):
        if channel.source != "measured" or not moves[i]:
            continue
        # A sensor's own past drifts with it and would confirm it.
        allowed = np.array(
            [
                j
                for j, other in enumerate(channels)
                if moves[j] and other.source != "dwell" and other.origin != channel.origin
            ],
            dtype=np.int64,
        )
        chosen, weights = _pursue(correlation, i, allowed)
        if float(correlation[chosen, i] @ weights) < LEAST_EXPLAINED:
            continue
        physical = weights * std[i] / std[chosen]
        offset = float(mean[i] - physical @ mean[chosen])
        found.append((channel.name, chosen, physical, offset))
    names = [channel.name for channel in channels]
    plain = [
        Relation(
            channel=name,
            predictors=tuple(names[j] for j in chosen),
            weights=_numbers(weights),
            offset=offset,
            scales=(1.0,) * len(MEMORIES_H),
        )
        for name, chosen, weights, offset in found
    ]
    return _scaled(contract, plain, seen)


def _pursue(correlation: FloatArray, target: int, allowed: IntArray) -> tuple[IntArray, FloatArray]:
    """Choose the channels that say most of one, one after the other; and their weights."""
    chosen: IntArray = np.zeros(0, dtype=np.int64)
    weights: FloatArray = np.zeros(0)
    for _ in range(min(PREDICTORS, allowed.size)):
        left = correlation[allowed, target] - correlation[np.ix_(allowed, chosen)] @ weights
        left[np.isin(allowed, chosen)] = 0.0
        chosen = np.append(chosen, allowed[np.argmax(np.abs(left))])
        inner = correlation[np.ix_(chosen, chosen)] + _RIDGE * np.eye(chosen.size)
        weights = np.linalg.solve(inner, correlation[chosen, target]).astype(np.float64)
    return chosen, weights


def _scaled(
    contract: Contract, relations: list[Relation], seen: Sequence[FloatArray]
) -> tuple[Relation, ...]:
    """Give each relation the size of its residuals on ordinary days."""
    n = len(contract.observation)
    unwatched: Group = "unwatched"
    bare = Monitor(
        false_alarms_per_day=0.5,
        calibration_days=1,
        groups=(unwatched,) * n,
        low=(0.0,) * n,
        high=(0.0,) * n,
        span=(1.0,) * n,
        limits={},
        memories_h=MEMORIES_H,
        relations=tuple(relations),
        drift_limit=1.0,
    )
    if not relations:
        return ()
    scorer = MonitorScorer(bare, contract)
    worst = []
    for values in seen:
        memory = np.zeros((values.shape[1], *scorer.no_drift().shape))
        course = []
        for residual in scorer.residuals(values):
            memory = scorer.remember(memory, residual)
            course.append(np.abs(memory))
        worst.append(_days(contract, np.array(course)).max(axis=1))
    scales = np.quantile(np.concatenate(worst), ORDINARY_QUANTILE, axis=0)
    low, high = contract.bounds("observation")
    at = {channel.name: i for i, channel in enumerate(contract.observation)}
    # Simulated sensors agree to the last digit; no real ones do.
    least = [1e-3 * (high - low)[at[relation.channel]] for relation in relations]
    scales = np.maximum(scales, least)
    return tuple(
        relation.model_copy(update={"scales": _numbers(scales[:, k])})
        for k, relation in enumerate(relations)
    )


def _days(contract: Contract, course: FloatArray) -> FloatArray:
    """Cut runs into days: ``(n_steps, n_runs, ...)`` to ``(n_days, steps_per_day, ...)``."""
    steps = round(SECONDS_PER_DAY / contract.control_dt_s)
    whole = course.shape[0] // steps
    runs_first = np.moveaxis(course[: whole * steps], 1, 0)
    return runs_first.reshape(-1, steps, *course.shape[2:])


def _numbers(values: FloatArray) -> tuple[float, ...]:
    return tuple(values.tolist())
