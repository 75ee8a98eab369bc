"""Search for the best constant action: what a price list could do, and where PPO starts.

A policy that does not beat it has learnt nothing from its observations. Cross-entropy search
(Rubinstein 1999): draw candidates around a mean, keep the best, move mean and spread to them. All
candidates of a generation run side by side in one batch, over the same weeks of training
scenarios, so that they differ by nothing but their action.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heatrouter.envs.actuate import denormalise
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.training.batch_protocols import SearchBatch
from heatrouter.training.config import ConstantPriceSettings

SMOOTHING = 0.7
"""Share of the elite in the next mean and spread; the rest stays, against early narrowing."""

SMALLEST_STD = 0.03
"""Of the normalised action: finer differences drown in the spread between weeks."""


@dataclass(frozen=True, slots=True)
class ConstantPrice:
    """The best constant action.

    Attributes:
        normalised: In -1..1, shape ``(n_action,)``.
        values: Channel to value in its unit.
        cost_eur: Mean cost of a trial, €.
        neutral_cost_eur: The same of the neutral action, €.
        history_eur: Best cost after each generation, €.
        trials: How many actions were tried.
    """

    normalised: FloatArray
    values: dict[str, float]
    cost_eur: float
    neutral_cost_eur: float
    history_eur: tuple[float, ...]
    trials: int

    def write(self, path: Path) -> None:
        """Write channel to value as JSON, as ``heatrouter evaluate`` reads it."""
        path.write_text(json.dumps(self.values, indent=1) + "\n", encoding="utf-8")


def search_constant_price(
    batch: SearchBatch,
    starts: tuple[IntArray, IntArray],
    settings: ConstantPriceSettings,
    *,
    seed: int,
    on_generation: Callable[[int, float, float], None] | None = None,
) -> ConstantPrice:
    """Find the constant action of the least mean cost.

    Args:
        batch: Closed loop on training scenarios with ``candidates * weeks`` environments and
            episodes no shorter than a trial.
        starts: Scenario and start step of each week, shape ``(weeks,)`` each.
        settings: Sizes of the search.
        seed: Of the draws.
        on_generation: Called with number, best cost so far and neutral cost after each one.

    Returns:
        The best action that was tried; the neutral one is always among them.
    """
    contract = batch.contract
    count = len(contract.action)
    random = np.random.default_rng(seed)
    mean, std = np.zeros(count), np.full(count, settings.initial_std)
    elite = max(2, round(settings.elite_share * settings.candidates))
    best, best_cost, neutral_cost = np.zeros(count), np.inf, np.inf
    history: list[float] = []
    for generation in range(settings.generations):
        drawn = mean + std * random.standard_normal((settings.candidates, count))
        candidates = np.clip(drawn, -1.0, 1.0)
        # The first one is known to be sensible: neutral at first, later the mean of the elite.
        candidates[0] = mean
        costs = trial_costs(batch, starts, candidates, settings.hours)
        if generation == 0:
            neutral_cost = float(costs[0])
        order = np.argsort(costs, kind="stable")
        if costs[order[0]] < best_cost:
            best, best_cost = candidates[order[0]].copy(), float(costs[order[0]])
        chosen = candidates[order[:elite]]
        mean = (1.0 - SMOOTHING) * mean + SMOOTHING * chosen.mean(axis=0)
        spread = (1.0 - SMOOTHING) * std + SMOOTHING * chosen.std(axis=0)
        std = np.maximum(spread, SMALLEST_STD)
        history.append(best_cost)
        if on_generation is not None:
            on_generation(generation, best_cost, neutral_cost)
    physical = denormalise(contract, best[np.newaxis, :])[0]
    return ConstantPrice(
        normalised=best,
        values={
            channel.name: float(value)
            for channel, value in zip(contract.action, physical, strict=True)
        },
        cost_eur=best_cost,
        neutral_cost_eur=neutral_cost,
        history_eur=tuple(history),
        trials=settings.generations * settings.candidates,
    )


def trial_costs(
    batch: SearchBatch,
    starts: tuple[IntArray, IntArray],
    candidates: FloatArray,
    hours: float,
) -> FloatArray:
    """Run constant actions over the same weeks.

    Args:
        batch: Closed loop with ``len(candidates) * weeks`` environments.
        starts: Scenario and start step of each week.
        candidates: Normalised actions, shape ``(n_candidates, n_action)``.
        hours: Length of a trial.

    Returns:
        Mean cost over the weeks in €, shape ``(n_candidates,)``.
    """
    weeks = starts[0].size
    steps = round(hours * 3600.0 / batch.contract.control_dt_s)
    action = np.repeat(denormalise(batch.contract, candidates), weeks, axis=0)
    batch.reset_to(np.tile(starts[0], len(candidates)), np.tile(starts[1], len(candidates)))
    total = np.zeros(batch.num_envs)
    for _ in range(steps):
        total -= batch.step(action).reward
    costs: FloatArray = total.reshape(len(candidates), weeks).mean(axis=1)
    return costs
