"""The search finds the best constant action, the same one each time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heatrouter.envs.contract import Contract
from heatrouter.training.config import ConstantPriceSettings
from heatrouter.training.constant_price_search import search_constant_price, trial_costs

SETTINGS = ConstantPriceSettings(generations=6, candidates=12, weeks=3, hours=4.0)
STARTS = (np.zeros(3, dtype=np.int64), np.arange(3, dtype=np.int64))
BEST = np.array([0.5, -0.7])


class Bowl:
    """Costs the squared distance from the best action, plus what each week costs anyway."""

    def __init__(self, contract: Contract, num_envs: int) -> None:
        self.contract, self.num_envs = contract, num_envs
        self.starts: list[Any] = []

    def reset_to(self, scenario: Any, start_step: Any) -> Any:
        self.starts.append((scenario.copy(), start_step.copy()))
        self.week = start_step * 1.0

    def step(self, action: Any) -> Any:
        from heatrouter.envs.actuate import normalise

        distance = ((normalise(self.contract, action) - BEST) ** 2).sum(axis=1)

        class Step:
            reward = -(distance + self.week)

        return Step


def test_it_comes_close_to_the_best(contract: Contract) -> None:
    batch: Any = Bowl(contract, 36)
    found = search_constant_price(batch, STARTS, SETTINGS, seed=1)
    np.testing.assert_allclose(found.normalised, BEST, atol=0.15)
    assert found.cost_eur < found.neutral_cost_eur
    assert list(found.history_eur) == sorted(found.history_eur, reverse=True)
    assert found.trials == 72
    # 16 steps of one control step each: mean over weeks 0, 1, 2 is 1.
    assert found.neutral_cost_eur == pytest.approx(16 * (0.5**2 + 0.7**2 + 1.0))


def test_all_candidates_meet_the_same_weeks(contract: Contract) -> None:
    batch: Any = Bowl(contract, 36)
    search_constant_price(batch, STARTS, SETTINGS, seed=1)
    for scenario, step in batch.starts:
        assert scenario.reshape(12, 3).std(axis=0).max() == 0.0
        np.testing.assert_array_equal(step.reshape(12, 3), np.tile(STARTS[1], (12, 1)))


def test_costs_are_those_of_each_candidate(contract: Contract) -> None:
    batch: Any = Bowl(contract, 6)
    costs = trial_costs(batch, STARTS, np.stack([BEST, -BEST]), hours=1.0)
    expected = 4 * np.array([1.0, 1.0 + 4 * (0.5**2 + 0.7**2)])
    np.testing.assert_allclose(costs, expected)


def test_equal_seeds_find_the_same(make_batch: Callable[..., Any]) -> None:
    found = [search_constant_price(make_batch(36), STARTS, SETTINGS, seed=s) for s in (1, 1, 2)]
    np.testing.assert_array_equal(found[0].normalised, found[1].normalised)
    assert not np.array_equal(found[0].normalised, found[2].normalised)


def test_the_file_is_channel_to_value(contract: Contract, tmp_path: Path) -> None:
    batch: Any = Bowl(contract, 36)
    found = search_constant_price(batch, STARTS, SETTINGS, seed=1)
    found.write(tmp_path / "constant_price.json")
    values = json.loads((tmp_path / "constant_price.json").read_text(encoding="utf-8"))
    assert values == found.values
    assert list(values) == ["tank.price", "main.offset"]
    assert values["tank.price"] == pytest.approx(60.0 + found.normalised[0] * 140.0)


def test_progress_is_told_after_each_generation(contract: Contract) -> None:
    told: list[tuple[int, float, float]] = []
    batch: Any = Bowl(contract, 36)
    search_constant_price(
        batch, STARTS, SETTINGS, seed=1, on_generation=lambda *values: told.append(values)
    )
    assert [number for number, _, _ in told] == list(range(6))
