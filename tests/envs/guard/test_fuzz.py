"""Millions of adversarial ticks, judged from outside; the headline is zero violations."""

from typing import Any

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.guard import GuardLimits, Prediction, Reading, check, initial_memory

_EDGES = np.array(
    [
        0.0, -0.0, 0.149, 0.15, 0.2, 0.25, 0.2999, 0.3, 0.5, 1.0, 1.0001, 64.9, 65.0, 80.0, 95.0,
        95.1, -3.0, 3.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324,
    ]
)  # fmt: skip
_STEPS_S = np.array(
    [0.0, 0.001, 1.0, 1.0, 1.0, 10.0, 60.0, 60.0, 900.0, 900.1, 7200.0, -1.0, -3600.0, np.nan]
)


def _wishes(rng: np.random.Generator, n: int, last: FloatArray) -> FloatArray:
    """Edges, walks round the last value, and full swings, mixed in every row."""
    kind = rng.integers(0, 3, (n, 5))
    edges = rng.choice(_EDGES, (n, 5))
    walk = last + rng.normal(0.0, 0.05, (n, 5))
    swing = np.where(rng.uniform(size=(n, 5)) < 0.5, [0, 0, 0, 65, -3], [1, 1, 1, 95, 3])
    return np.choose(kind, [edges, walk, swing])


def _violations(limits: GuardLimits, judge: type, n: int, ticks: int) -> dict[str, int]:
    rng = np.random.default_rng(20261122)
    memory = initial_memory(limits, np.zeros(n), held_s=0.0)
    watching: Any = judge(memory)
    total: dict[str, int] = {}
    for tick in range(ticks):
        values = rng.choice([80.0, 80.0, 80.0, 97.0, 101.0, 4.0, 1.75, 1.0, np.nan], (n, 3))
        valid = rng.uniform(size=(n, 3)) < 0.97
        reading = Reading(memory.time_s + rng.choice(_STEPS_S, n), values, valid)
        prediction = None
        if tick % 3 == 0:
            prediction = Prediction(
                reading.time_s - rng.choice([0.0, 100.0, 1e4], n),
                np.full(n, 7200.0),
                rng.choice([0.0, 20.0, np.nan], (n, 2)),
                rng.choice([30.0, 1e3, np.nan], (n, 2)),
                rng.uniform(size=n) < 0.9,
            )
        proposal = _wishes(rng, n, memory.set_points)
        executed, _, memory = check(limits, memory, reading, proposal, prediction)
        for name, count in watching.violations(reading, executed).items():
            total[name] = total.get(name, 0) + count
    return total


def test_a_hundred_thousand_ticks(limits: GuardLimits, judge: type) -> None:
    found = _violations(limits, judge, n=500, ticks=400)
    assert len(found) == 6
    assert not any(found.values()), found


@pytest.mark.slow
def test_ten_million_ticks(limits: GuardLimits, judge: type) -> None:
    found = _violations(limits, judge, n=5000, ticks=2000)
    assert not any(found.values()), found


def test_the_judge_sees_what_it_is_there_for(limits: GuardLimits, judge: type) -> None:
    """A judge that never complains proves nothing: without the guard it has to."""
    rng = np.random.default_rng(3)
    memory = initial_memory(limits, np.zeros(50), held_s=0.0)
    watching: Any = judge(memory)
    total: dict[str, int] = {}
    last = memory.set_points
    for tick in range(60):
        values = np.tile([80.0, 4.0, 10.0], (50, 1))
        reading = Reading(
            np.full(50, tick * 0.5 if tick % 7 else -5.0), values, np.ones((50, 3), dtype=np.bool_)
        )
        last = _wishes(rng, 50, last)
        for name, count in watching.violations(reading, last).items():
            total[name] = total.get(name, 0) + count
    assert all(count > 0 for count in total.values()), total
